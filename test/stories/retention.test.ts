import { existsSync, readdirSync, rmSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { sluice } from "../sluice-process.ts";
import { type Logged, useWorkbench } from "../workbench.ts";

const bench = useWorkbench();
const runs = () => join(bench.folder, ".sluice/default/people/runs");
const say = (...names: string[]) =>
  bench.source(
    "people",
    names.map((name, n) => ({ id: String(n + 1), name, email: null, vip: "no" })),
  );
/** The runs that can still be taken back. */
const whole = () => readdirSync(runs()).filter((run) => existsSync(join(runs(), run, "touched.parquet")));
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
  expect(await bench.undo({ run: of }, { dryRun: true })).toMatchObject({ plan: { update: 1 } });
  await bench.run();
  await expect(bench.undo({ run: of })).rejects.toMatchObject({ code: "not_undoable" });
});

test("what an undo takes back is kept with it, so that the rest can be undone, too", async () => {
  await bench.begin();
  say("a", "b");
  await bench.run();
  const first = bench.latest();
  age(40);
  expect(await bench.undo({ run: first })).toMatchObject({ counts: { updated: 2 } });
  const undo = bench.latest();
  expect(whole()).toEqual([first, undo]);
  expect(await bench.undo({ run: first }, { deleteCreated: true })).toMatchObject({ counts: { deleted: 2 } });
  expect(whole()).toEqual([first, undo, bench.latest()]);
  await bench.approve("undone");
  age(40);
  await bench.repair();
  expect(whole()).toEqual([bench.latest()]);
});

test("an undo that is stopped half way can be gone on with, though its run is older than before-images are kept", async () => {
  await bench.begin();
  const many = (name: string) => say(...Array.from({ length: 3000 }, (_, n) => `${name} ${n}`));
  many("Old");
  await bench.run();
  many("New");
  await bench.approve("too_many_changes");
  const of = bench.latest();
  age(40);
  await bench.control("POST", "requests/clear");
  const undo = sluice(bench, "undo", of);
  let writes: Logged[] = [];
  while (writes.length === 0)
    writes = (await bench.control<{ requests: Logged[] }>("GET", "requests")).requests.filter(({ write }) => write);
  undo.interrupt();
  expect((await undo.ended).stderr).toContain("interrupted");
  const isOld = ({ lastname }: { lastname?: unknown }) => String(lastname).startsWith("Old");
  expect((await bench.rows("contact")).every(isOld)).toBe(false);
  await bench.undo({ run: of });
  expect((await bench.rows("contact")).every(isOld)).toBe(true);
});

test("a run that took a record over is kept with its undo, so that to undo that says what it cannot link again", async () => {
  await bench.begin();
  await bench.person("POST", "contacts", { lastname: "Theirs", externaluseridentifier: "1" });
  say("Ours", "Two");
  expect(await bench.approve("first_contact")).toMatchObject({ updated: 1, created: 1 });
  age(40);
  await bench.undo({ run: bench.latest() });
  expect(await bench.undo({ run: bench.latest() })).toMatchObject({
    warnings: [expect.stringContaining("without a link")],
    stops: true,
  });
  await expect(bench.run()).rejects.toMatchObject({ code: "undone" });
});

test("where the run that took a record over is gone, to undo its undo tells the same by the undo alone", async () => {
  await bench.begin();
  await bench.person("POST", "contacts", { lastname: "Theirs", externaluseridentifier: "1" });
  bench.source("people", [{ id: "2", name: "Two", email: null, vip: "no" }]);
  await bench.run();
  say("Ours", "Two b", "Three");
  expect(await bench.approve("first_contact")).toMatchObject({ updated: 2, created: 1 });
  const first = bench.latest();
  await bench.undo({ run: first }, { deleteCreated: true });
  rmSync(join(runs(), first), { recursive: true });
  expect(await bench.undo({ run: bench.latest() })).toMatchObject({
    warnings: expect.arrayContaining([
      expect.stringMatching(/^1 record that run .* had taken over stays without a link/),
    ]),
    stops: true,
  });
});

test("a plan that is kept for no day can still be looked at and applied next", async () => {
  await bench.begin({ "sluice.yaml": "name: T\nretention: { plans: 0 }\n" });
  say("before");
  const plans: string[] = [];
  for (let i = 0; i < 2; i++) plans.push((await bench.plan()).plans[0]!.run);
  expect(readdirSync(runs())).toEqual([plans[1]]);
  const { last } = await sluice(bench, "run", "--plan", plans[1]!, "--json").ended;
  expect(last).toMatchObject({ totals: { created: 1 } });
  expect(readdirSync(runs())).toEqual([last.runs[0].run]);
});
