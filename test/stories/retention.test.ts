import { existsSync, readdirSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { useWorkbench } from "../workbench.ts";

const bench = useWorkbench();
const runs = () => join(bench.folder, ".sluice/default/people/runs");
const say = (name: string) => bench.source("people", [{ id: "1", name, email: null, vip: "no" }]);
/** All folders of the sync become older by days. */
const age = (days: number) => {
  const then = new Date(Date.now() - days * 86_400_000);
  for (const name of readdirSync(runs()))
    for (const path of [join(runs(), name, "done.json"), join(runs(), name)])
      if (existsSync(path)) utimesSync(path, then, then);
};

test("a plan, and an undo that is only shown, take nothing from a run that can be undone; a run does", async () => {
  await bench.begin({ "sluice.yaml": "name: T\nretention: { plans: 1, outcomes: 5, beforeImages: 3 }\n" });
  say("before");
  await bench.run();
  say("after");
  await bench.run();
  const of = bench.latest();
  bench.source(
    "people",
    ["1", "2"].map((id) => ({ id, name: "after", email: null, vip: "no" })),
  );
  await bench.plan();
  const plan = bench.latest();
  await bench.run();
  age(4);
  expect(await bench.undo({ run: of }, { dryRun: true })).toMatchObject({ plan: { update: 1 }, warnings: [] });
  expect(existsSync(join(runs(), plan))).toBe(false);
  await bench.plan();
  expect(await bench.undo({ run: of })).toMatchObject({ counts: { updated: 1 } });
  await expect(bench.undo({ run: of })).rejects.toMatchObject({ code: "not_undoable" });
});
