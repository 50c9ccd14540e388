import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { useSyncedWorld } from "../../test/synced-world.ts";
import { compact, sizeOfState } from "./compact.ts";
import { stateSteps } from "./doctor.ts";
import { openDuck } from "./duck.ts";
import { dying } from "./dying.test-data.ts";
import { layout, runFiles } from "./layout.ts";
import { repair } from "./repair.ts";
import { applyRetention } from "./retention.ts";

const synced = useSyncedWorld();
const retention = { plans: 10, outcomes: 60, beforeImages: 30 };
const day = 24 * 3600_000;

const say = async (name: string) => {
  synced.world.source = [{ id: "1", code: "A", name, born: null }];
  await synced.run();
  return synced.last();
};

test("old before-images go, then whole runs; the latest run and one that did not end stay, and undo says it", async () => {
  const [first, second, third] = [await say("x"), await say("y"), await say("z")];
  const at = layout(synced.folder, "");
  const dead = join(at.runs, "run-0");
  mkdirSync(dead);
  for (const name of ["touched.parquet", "journal.ndjson"]) writeFileSync(join(dead, name), "");
  expect(await applyRetention(at, retention, Date.now())).toEqual({ removed: 0, emptied: 0 });
  expect(await applyRetention(at, retention, Date.now() + 31 * day)).toEqual({ removed: 0, emptied: 2 });
  expect(readdirSync(join(at.runs, first!)).sort()).toEqual(["done.json", "job.json", "outcome.parquet", "plan.json"]);
  expect(existsSync(join(at.runs, third!, "change-2-update.parquet"))).toBe(true);
  expect(existsSync(join(dead, "touched.parquet"))).toBe(true);
  await expect(synced.undo(second!)).rejects.toMatchObject({ code: "not_undoable", message: /before-images are gone/ });
  expect((await synced.undo(third!, { dryRun: true })).plan).toMatchObject({ update: 1 });
  const shown = synced.last();
  expect(await applyRetention(at, retention, Date.now() + 61 * day)).toMatchObject({ removed: 5 });
  expect(readdirSync(at.runs).filter((name) => [first, second, shown].includes(name))).toEqual([]);
  expect(existsSync(join(synced.folder, "removing"))).toBe(false);
});

test("runs that sent nothing go too, but the latest, and the latest that sent something", async () => {
  const wrote = await say("x");
  for (let i = 0; i < 3; i++) await say("x");
  const at = layout(synced.folder, "");
  await synced.other("verify");
  expect(await applyRetention(at, retention, Date.now() + 400 * day)).toMatchObject({ removed: 3 });
  expect(readdirSync(at.runs)).toEqual([wrote, "run-4"]);
});

test("the oldest go first, so that whatever stops it leaves no run without those after it", async () => {
  const [first, second, third] = [await say("a"), await say("b"), await say("c")];
  await say("d");
  const at = layout(synced.folder, "");
  const touched = (run: string) => join(at.runs, run, "touched.parquet");
  rmSync(touched(second!));
  mkdirSync(touched(second!));
  await expect(applyRetention(at, retention, Date.now() + 31 * day)).rejects.toThrow();
  expect([first, third].map((run) => existsSync(touched(run!)))).toEqual([false, true]);
});

test("a run that was being emptied by a process that died is emptied by the next; a verification tells its differences on", async () => {
  const half = await say("a");
  await say("b");
  await synced.other("verify");
  await say("b");
  const at = layout(synced.folder, "");
  rmSync(join(at.runs, half, "touched.parquet"));
  expect(await applyRetention(at, retention, Date.now() + 31 * day)).toEqual({ removed: 0, emptied: 1 });
  expect(readdirSync(join(at.runs, half)).sort()).toEqual(["done.json", "job.json", "outcome.parquet", "plan.json"]);
  expect(readdirSync(join(at.runs, "run-3"))).toContain("difference.parquet");
  expect(await applyRetention(at, retention, Date.now() + 31 * day)).toEqual({ removed: 0, emptied: 0 });
});

test("while an older run can be undone those after it that wrote stay, and it tells their values from its own", async () => {
  await say("a");
  const of = await say("b");
  const later = [await say("c"), await say("b")];
  await say("b");
  await say("d");
  const at = layout(synced.folder, "");
  const put = (Date.now() + 31 * day) / 1000;
  utimesSync(join(at.runs, of, "done.json"), put, put);
  expect(await applyRetention(at, retention, Date.now() + 31 * day)).toEqual({ removed: 0, emptied: 2 });
  expect((await synced.undo(of, { dryRun: true })).problems).toMatchObject([{ code: "undo_later", rows: 1 }]);
  expect(await applyRetention(at, retention, Date.now() + 62 * day)).toMatchObject({ emptied: 1 });
  expect(later.map((run) => existsSync(join(at.runs, run, "touched.parquet")))).toEqual([false, false]);
});

test("a run is not undone where nothing tells what a later one wrote; one that wrote nothing is in nobody's way", async () => {
  await say("a");
  const of = await say("b");
  const later = await say("c");
  const idle = await say("c");
  const at = layout(synced.folder, "");
  for (const name of readdirSync(join(at.runs, idle)))
    if (!["job.json", "plan.json", "done.json", "outcome.parquet"].includes(name))
      rmSync(join(at.runs, idle, name), { recursive: true });
  expect((await synced.undo(of, { dryRun: true })).problems).toMatchObject([{ code: "undo_later" }]);
  rmSync(join(at.runs, later, "touched.parquet"));
  await expect(synced.undo(of)).rejects.toMatchObject({
    code: "not_undoable",
    message: `The run ${of} cannot be undone. The run ${later} wrote after it, and its before-images are gone: which values are its own nobody can tell.`,
  });
  expect([...synced.world.crm.values()].map(({ values }) => values.name)).toEqual(["c"]);
});

test("of a run that died before it sent anything it is known when its before-images are gone, too", async () => {
  await say("a");
  const of = await say("b");
  const dead = runFiles(join(layout(synced.folder, "").runs, `${of}5`));
  mkdirSync(dirname(dead.job));
  for (const name of ["job.json", "plan.json", "touched.parquet"])
    copyFileSync(synced.file(name), join(dirname(dead.job), name));
  await say("b");
  expect(JSON.parse(readFileSync(dead.done, "utf8"))).toEqual({ status: "interrupted", sent: false });
  rmSync(dead.touched);
  expect(await synced.undo(of)).toMatchObject({ counts: { updated: 1 } });
});

test("a run whose before-images went is not damaged", async () => {
  for (const name of ["x", "y", "z"]) await say(name);
  expect(await applyRetention(layout(synced.folder, ""), retention, Date.now() + 31 * day)).toMatchObject({
    emptied: 2,
  });
  expect(await stateSteps(synced.folder)).toMatchObject([{ step: "state", status: "ok" }]);
});

test("what says that it ended in the future, and an undo that nothing will ever end, keep no later run for ever", async () => {
  const at = layout(synced.folder, "");
  const [first, second] = [await say("x"), await say("y")];
  const ahead = new Date(Date.now() + 300 * day);
  utimesSync(join(at.runs, first, "done.json"), ahead, ahead);
  await expect(synced.undo(second, { through: dying })).rejects.toThrow("dead");
  const undo = join(at.runs, synced.last());
  for (const name of ["z", "x"]) {
    const kept = JSON.parse(readFileSync(join(undo, "job.json"), "utf8"));
    writeFileSync(join(undo, "job.json"), JSON.stringify({ ...kept, table: "another" }));
    await say(name);
    rmSync(join(undo, "done.json"), { force: true });
  }
  await applyRetention(at, retention, Date.now() + 200 * day);
  const whole = readdirSync(at.runs).filter((run) => existsSync(join(at.runs, run, "touched.parquet")));
  expect(whole.map((run) => join(at.runs, run))).toEqual([join(at.runs, first), undo, join(at.runs, synced.last())]);
});

test("an undo that died is told with the command that does the rest", async () => {
  await say("x");
  const of = await say("y");
  await expect(synced.undo(of, { through: dying })).rejects.toThrow("dead");
  expect(await stateSteps(synced.folder)).toMatchObject([
    {
      status: "warning",
      cause: `The undo ${synced.last()} of the run ${of} sent something and did not end.`,
      remedy: `\`sluice undo ${of}\` does the rest.`,
    },
  ]);
  await synced.undo(of);
  expect([...synced.world.crm.values()].map(({ values }) => values.name)).toEqual(["x"]);
  expect(await stateSteps(synced.folder)).toMatchObject([{ step: "state", status: "ok" }]);
});

test("a run that died is told also when it was only looked at since", async () => {
  await say("x");
  synced.world.source = [{ id: "2", code: "B", name: "y", born: null }];
  await expect(synced.run({ through: dying })).rejects.toThrow();
  await synced.other("verify");
  expect((await stateSteps(synced.folder))[0]).toMatchObject({ status: "warning" });
});

test("a state that is mostly empty is written anew, and repair clears away what the dead left", async () => {
  const last = await say("x");
  const at = layout(synced.folder, "");
  const means = { memoryLimit: "256MB", temp: join(synced.folder, "tmp") };
  const duck = await openDuck(means);
  await duck.run(`ATTACH '${at.state}' AS st`);
  for (const name of ["first", "second"]) {
    await duck.run(`CREATE TABLE st.${name} AS SELECT hash(range)::VARCHAR AS x FROM range(400000)`);
    await duck.run("CHECKPOINT st");
  }
  // DuckDB itself cuts off what is free at the end of the file; what is free before that stays.
  await duck.run("DROP TABLE st.first");
  await duck.run("CHECKPOINT st");
  await duck.close();
  const before = await sizeOfState(at, means);
  expect(before.free).toBeGreaterThan(1_000_000);
  expect(await compact(at, means)).toBeUndefined();
  writeFileSync(`${at.state}.new`, "half a copy");
  mkdirSync(join(at.runs, last, "tmp"));
  writeFileSync(join(at.runs, last, "tmp_touched.parquet"), "");
  expect((await stateSteps(synced.folder))[0]).toMatchObject({ status: "ok" });
  utimesSync(join(at.runs, last), new Date(0), new Date(0));
  const steps = await repair(synced.folder, retention, "256MB");
  expect(steps.map((step) => step.status)).toEqual(["ok", "ok", "ok"]);
  expect(steps[1]).toMatchObject({ detail: "3 removed" });
  expect((await sizeOfState(at, means)).size).toBeLessThan(before.size - before.free / 2);
  expect(readdirSync(synced.folder)).not.toContain("rows.duckdb.new");
  expect(await synced.run()).toMatchObject({ unchanged: 1, writes: 0 });
});

test("a damaged state is told, with the way out, and nothing of it is touched", async () => {
  await say("x");
  const { state } = layout(synced.folder, "");
  writeFileSync(state, "not a state");
  const steps = await repair(synced.folder, retention, "256MB");
  expect(steps.at(-1)).toMatchObject({ status: "failed", cause: expect.stringContaining("damaged") });
});
