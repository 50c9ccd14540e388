import { random } from "../../examples/generator/random.ts";
import { playDay } from "./day.ts";
import { afterDay, beforehand, type Expected } from "./expected.ts";
import type { Lane } from "./lane.ts";
import { nothingPlayed, type Played, type Trial, wantsMore } from "./played.ts";
import type { Policies } from "./project.ts";
import { firstDay, nextDay } from "./source.ts";
import { takeBack } from "./take-back.ts";

/** After so many days of a history, something is not as it should be. */
const mostDays = 40;
const fewestDays = 4;

/** What a history is played with: half have alternate keys, a third a partial mirror, all ways of leaving come in turn. */
export const policiesOf = (history: number): Policies => ({
  keyed: history % 2 === 0,
  mirror: history % 3 === 2 ? "touched" : "auto",
  onLeave: (["deactivate", "delete", "clear", "nothing"] as const)[Math.floor(history / 2) % 4]!,
});

/**
 * Plays one history: days of a source's life, each run until there is nothing left to do, with as many kills as the trial
 * wants. After each day Dynamics must hold what the model says.
 * @throws Error that tells the day, what happened on it, and what is wrong.
 */
export async function playHistory(
  lane: Lane,
  trial: Trial,
  history: number,
  tell: (line: object) => void,
): Promise<Played> {
  const policies = policiesOf(history);
  const seed = trial.seed * 1000 + history;
  const r = random(seed, "chaos");
  await lane.begin(policies);
  let source = firstDay(seed, trial.rows);
  let expected: Expected = beforehand(source);
  await seedByHand(lane, expected);
  const played = nothingPlayed();
  const pace = { ms: 2000 + trial.rows / 2, writes: Math.ceil(trial.rows / 400) + 3 };
  let approve = false;
  while (played.days < fewestDays || wantsMore(trial, played)) {
    if (++played.days > mostDays) throw new Error(`after ${mostDays} days only ${played.killed} runs were killed`);
    const after = afterDay(expected, source, policies.onLeave);
    const notes: string[] = [];
    const undone = r.chance(0.3) || played.days === 2;
    const day = { lane, trial, r, source, played, pace, notes };
    try {
      const run = await playDay({ ...day, after }, { calm: undone, approve });
      expected = undone ? await takeBack(day, run, expected, after) : after;
    } catch (thrown) {
      throw new Error(`day ${played.days} (${notes.join("; ")}): ${(thrown as Error).message}`, { cause: thrown });
    }
    approve = undone;
    tell({ day: played.days, ...after.needed, killed: played.killed, notes });
    source = nextDay(seed, source, (n) => expected.contacts.get(n)?.active === false);
  }
  if (!approve) await historyTold(lane, played);
  return played;
}

/** One more run has nothing to do, and the history knows each run with its end. */
async function historyTold(lane: Lane, played: Played): Promise<void> {
  const { result } = await lane.command("run");
  if (result.totals?.writes !== 0) throw new Error(`a run without anything to do: ${JSON.stringify(result)}`);
  const { result: list } = await lane.command("runs", "--limit", "1000");
  const told = list.runs ?? [];
  const open = told.filter((run) => run.status === "running");
  const finished = told.filter((run) => run.sync === "people" && run.status === "finished");
  if (open.length > 0 || finished.length < played.days || told.length < played.runs - played.killed)
    throw new Error(`the history of ${played.runs} runs tells ${told.length}, ${open.length} of them open`);
}

async function seedByHand(lane: Lane, { contacts, accounts }: Expected): Promise<void> {
  const people = [...contacts].map(([n, { lastname, jobtitle }]) => ({
    externaluseridentifier: `${n}`,
    lastname,
    jobtitle,
  }));
  const firms = accounts.flatMap((name, n) => (name === "" ? [] : [{ accountnumber: `F${n}`, name, telephone1: "1" }]));
  await lane.control("seed", { table: "contact", rows: people });
  await lane.control("seed", { table: "account", rows: firms });
  await lane.control("seed", { table: "list", rows: [{ listname: "VIP", createdfromcode: 2, type: false }] });
}
