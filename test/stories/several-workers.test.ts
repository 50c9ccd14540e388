import { cpSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { sql } from "kysely";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Control, openControl } from "../../src/store/control.ts";
import { takeLock } from "../../src/store/lock.ts";
import { type Postgres, startPostgres } from "../postgres.ts";
import { type Ended, sluice } from "../sluice-process.ts";
import { type Logged, peopleSync, useWorkbench, withFirms } from "../workbench.ts";

/** Several workers, each a process, with one state folder and one PostgreSQL server. */

const bench = useWorkbench();
let postgres: Postgres;
let control: Control;
beforeAll(async () => {
  postgres = await startPostgres();
  control = await openControl(bench.folder, postgres.url);
});
afterAll(async () => {
  await control?.destroy();
  await postgres?.close();
});

const worker = (...words: string[]) => {
  const env = { ...bench.sandbox.env, DATABASE_URL: postgres.url };
  return sluice({ folder: bench.folder, sandbox: { env } }, ...words, "--json");
};
const ask = async (...words: string[]) => (await worker(...words).ended).last;
const folderOf = (sync: string) => join(bench.folder, ".sluice", "default", sync);
const writes = async () => {
  const { requests } = await bench.control<{ requests: Logged[] }>("GET", "requests");
  return requests.filter((each) => each.write);
};
const people = (count: number, name = "Name") =>
  Array.from({ length: count }, (_, n) => ({ id: `${n}`, name: `${name} ${n}`, email: null }));

/**
 * A run that has made 480 of 500 people and stands still before it has changed the other 20. These go in one request, the last
 * wave's only one: once that is refused nothing is under way, and the next is sent seconds later.
 */
async function halfDone() {
  for (const table of ["run", "lease"] as const) await control.deleteFrom(table).execute(); // of the story before
  await bench.begin();
  bench.source("people", people(20, "Old name"));
  expect(await ask("run", "people")).toMatchObject({ totals: { created: 20 } });
  await control.deleteFrom("run").execute();
  bench.source("people", people(500));
  const match = { method: "POST", path: "UpdateMultiple" };
  await bench.control("POST", "faults", { match, times: 1_000_000, status: 429, retryAfter: 5 });
  await bench.control("POST", "requests/clear");
  const run = worker("run", "people");
  while (!(await writes()).some(({ status }) => status === 429));
  return run;
}

test("two runs on one connection have the places of one: none is ever refused for too many at once", async () => {
  await bench.begin({ ...withFirms, "syncs/people.yaml": peopleSync() });
  bench.source("people", people(6000));
  bench.source(
    "firms",
    people(6000).map(({ id, name }) => ({ no: id, title: name })),
  );
  await bench.control("POST", "limits", { profile: "documented", dopHint: 52 });
  await bench.control("POST", "requests/clear");
  // Both begin to send when both have been told their part.
  const held = ["people", "firms"].map((sync) => takeLock(folderOf(sync), "test"));
  // Where the other takes long to start, the first has given up waiting for its folder.
  const patient = async (sync: string): Promise<Ended> => {
    const done = await worker("run", sync).ended;
    return done.last.error?.code === "state_locked" ? patient(sync) : done;
  };
  const runs = Promise.all([patient("people"), patient("firms")]);
  for (let parts: number[] = []; String(parts) !== "0.5,0.5"; )
    parts = (
      await control
        .selectFrom("connection_share")
        .select("part")
        .execute()
        .catch(() => [])
    ).map((s) => s.part);
  for (const lock of held) lock.release();
  let ended = false;
  runs.finally(() => {
    ended = true;
  });
  let most = 0;
  while (!ended) {
    const { users } = await bench.control<{ users: { running: number }[] }>("GET", "limits");
    most = Math.max(most, ...users.map((user) => user.running));
  }
  for (const { status, last } of await runs) {
    expect({ status, error: last.error, ...last.totals }).toMatchObject({
      status: 0,
      error: undefined,
      received: 6000,
      created: 6000,
      writes: 6000,
    });
  }
  expect(new Set((await writes()).map((each) => each.status))).toEqual(new Set([200]));
  expect(most).toBeGreaterThan(26);
  expect(await bench.rows("contact")).toHaveLength(6000);
  expect(await bench.rows("account")).toHaveLength(6000);
  expect(await control.selectFrom("connection_share").selectAll().execute()).toEqual([]);
});

test("a run that stood still while another worker took its sync sends nothing more, folds nothing and says so", async () => {
  const first = await halfDone();
  first.freeze();
  await control.updateTable("lease").set({ until: sql<Date>`now()` }).execute();
  const second = worker("plan", "people");
  // Not without a pause: what was sent before the first stood still is to meet the fault, not what comes after it.
  while (readFileSync(join(folderOf("people"), "lease"), "utf8") !== "2\n") await setImmediate();
  await bench.control("DELETE", "faults");
  await bench.control("POST", "requests/clear");
  first.thaw();
  const runs = join(folderOf("people"), "runs");
  const [, run] = readdirSync(runs).sort();
  expect(await first.ended).toMatchObject({ status: 2, last: { error: { code: "lease_lost" } } });
  expect(readdirSync(join(runs, run!))).not.toContain("done.json");
  expect((await second.ended).last).toMatchObject({ totals: { create: 0, update: 20, unchanged: 480 } });
  expect(await writes()).toEqual([]);
  expect(await ask("run", "people")).toMatchObject({
    totals: { received: 500, created: 0, updated: 20, unchanged: 480 },
  });
  expect(await bench.rows("contact")).toHaveLength(500);
  expect((await ask("runs")).runs.map((run: { status: string; kind: string }) => `${run.kind} ${run.status}`)).toEqual([
    "run finished",
    "plan finished",
    "run failed",
  ]);
});

test("the control database dies under a run: it keeps its sync, goes on, ends well, and is told of afterwards", async () => {
  const run = await halfDone();
  expect(await ask("doctor", "people")).toMatchObject({
    syncs: [{ steps: expect.arrayContaining([expect.objectContaining({ step: "state", status: "skipped" })]) }],
    history: [{ status: "ok" }],
    failed: 0,
  });
  postgres.kill();
  expect(await ask("doctor", "people")).toMatchObject({
    history: [{ status: "failed", cause: expect.stringContaining("127.0.0.1") }],
    failed: 1,
  });
  expect(await ask("run", "people")).toMatchObject({ error: { code: "database_unreachable" } });
  await postgres.start();
  expect(await ask("run", "people")).toMatchObject({ error: { code: "state_locked" } });
  postgres.kill();
  await bench.control("DELETE", "faults");
  expect(await run.ended).toMatchObject({ status: 0, last: { totals: { received: 500, created: 480, writes: 500 } } });
  await postgres.start();
  expect((await ask("runs")).runs).toMatchObject([{ kind: "run", status: "finished", counts: { created: 480 } }]);
  expect(await bench.rows("contact")).toHaveLength(500);
});

test("where the state folder is put back and the server is not, the history tells what the folders lack", async () => {
  for (const table of ["run", "lease"] as const) await control.deleteFrom(table).execute();
  await bench.begin();
  bench.source("people", people(3, "Old"));
  await ask("run", "people");
  const [state, backup] = [join(bench.folder, ".sluice"), join(bench.folder, "backup")];
  cpSync(state, backup, { recursive: true, preserveTimestamps: true });
  bench.source("people", people(3, "New"));
  const { run } = (await ask("run", "people")).runs[0];
  const undo = (await ask("undo", run)).run;
  rmSync(state, { recursive: true });
  cpSync(backup, state, { recursive: true, preserveTimestamps: true });
  const older = expect.stringContaining(`is older than the run ${undo}`);
  expect(await ask("plan", "people")).toMatchObject({ plans: [{ warnings: [older] }] });
  expect(await ask("verify", "people")).toMatchObject({ error: { code: "state_broken", message: older } });
  const steps = expect.arrayContaining([expect.objectContaining({ step: "state", status: "failed", cause: older })]);
  expect(await ask("doctor", "people")).toMatchObject({ syncs: [{ steps }], failed: 1 });
  const gone = { code: "unknown_name", remedy: expect.stringContaining("whose folder is gone") };
  for (const command of ["undo", "rejected"]) expect(await ask(command, run)).toMatchObject({ error: gone });
  expect(await ask("run", "people")).toMatchObject({ runs: [{ warnings: [older], counts: { updated: 3 } }] });
  expect(await ask("plan", "people")).toMatchObject({ plans: [{ warnings: [] }] });
  expect(await ask("doctor", "people")).toMatchObject({ failed: 0 });
});
