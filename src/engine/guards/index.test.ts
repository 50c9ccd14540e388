import { expect, test } from "vitest";
import type { GuardCode } from "../../core/guards.ts";
import { settleGuards } from "./index.ts";
import type { Finding } from "./rules.ts";

const finding = (code: GuardCode, more: Partial<Finding> = {}): Finding => ({
  code,
  message: `${code} stands.`,
  look: "Look.",
  ...more,
});
const both = [
  finding("too_many_leaves", { setting: "leaveLimit" }),
  finding("audience_empty", { place: "audiences/vip.yaml" }),
];
const approval = (...codes: GuardCode[]) => ({ codes, by: "Ana", at: "2026-01-01T00:00:00Z" });
const command = "`sluice run people --approve too_many_leaves,audience_empty`";

test("where nothing stands nothing stops", () => {
  expect(settleGuards({ sync: "people" }, [])).toEqual({ standing: [], approved: [], idle: [] });
});

test("the error tells all that stands, each where it is, and the one command that approves them all", () => {
  const { stop, standing } = settleGuards({ sync: "people" }, both);
  expect(standing.map((g) => g.code)).toEqual(["too_many_leaves", "audience_empty"]);
  expect(stop).toMatchObject({
    code: "too_many_leaves",
    place: { file: "syncs/people.yaml", path: ["leaveLimit"] },
    others: [{ code: "audience_empty", place: { file: "audiences/vip.yaml" } }],
  });
  expect(stop!.remedy).toBe(
    `Look. Nothing was sent. If this is meant, approve it for one run: ${command}, or raise \`leaveLimit\`.`,
  );
  expect(stop!.others[0]!.remedy).toContain(`${command}.`);
});

test("what is approved does not stop; the rest does, and what did not stand is told", () => {
  const half = settleGuards({ sync: "people", approval: approval("too_many_leaves", "undone") }, both);
  expect(half).toMatchObject({
    approved: [{ code: "too_many_leaves" }],
    stop: { code: "audience_empty", others: [] },
    idle: ["undone"],
  });
  const all = settleGuards({ sync: "people", approval: approval("too_many_leaves", "audience_empty") }, both);
  expect(all.stop).toBeUndefined();
  expect(all.idle).toEqual([]);
});

test("whoever applies a plan, or is about some rows, is not told to run all of the sync", () => {
  const apply = { plan: "P", folder: "/state/runs/P", maxMoved: 0.01 };
  for (const job of [
    { sync: "people", apply },
    { sync: "people", only: { code: "refused" } },
  ])
    expect(settleGuards(job, both).stop!.remedy).toContain(
      "approve it for one run: the same command with `--approve too_many_leaves,audience_empty`, or raise",
    );
});
