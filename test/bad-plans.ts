import { appendFileSync, mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { inProcess } from "./in-process.ts";
import type { Case, Situation } from "./situation.ts";

const id = "20261121T120000000-abcd";

/** The firms were loaded once, one has changed since, and a plan of that was made; then something is different. */
const planned = (then: (situation: Situation, runs: string) => void) => async (situation: Situation) => {
  const { folder, state, sandbox } = situation;
  await situation.loadFirms();
  writeFileSync(join(folder, "data", "firms.csv"), "no,title\nF1,Changed\n");
  const runs = join(state, "default", "firms", "runs");
  const { plans } = await inProcess({ project: folder, variables: sandbox.env }, (client) =>
    client.plan({ syncs: ["firms"] }),
  );
  renameSync(join(runs, plans[0]!.run), join(runs, id));
  then(situation, runs);
  return undefined;
};

const apply = ["run", "firms", "--plan", id];

/** What can be wrong with a plan that is to be shown or applied. */
export const planCases = {
  plan_incomplete: {
    args: ["changes", id],
    async before({ state }) {
      mkdirSync(join(state, "default", "firms", "runs", id), { recursive: true });
      return undefined;
    },
    says: "was never complete",
  },
  plan_elsewhere: {
    args: ["run", "people", "--plan", id],
    before: planned(() => {}),
    says: `The plan ${id} is of the sync firms, not of people`,
  },
  plan_outdated: {
    args: apply,
    before: planned(({ folder }) => appendFileSync(join(folder, "syncs", "firms.yaml"), "drift: keep\n")),
    says: "was made syncs/firms.yaml changed",
  },
  plan_applied: {
    args: apply,
    before: planned((_, runs) => writeFileSync(join(runs, id, "applied.json"), '{"run":"another"}')),
    says: `The plan ${id} was applied by the run another`,
  },
  plan_moved: {
    args: apply,
    before: planned(({ folder }) => writeFileSync(join(folder, "data", "firms.csv"), "no,title\nF1,Again\n")),
    says: `1 of the 1 row of the plan ${id} would be changed otherwise now, such as F1; at most 1 % may`,
  },
} satisfies Record<string, Case>;
