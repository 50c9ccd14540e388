import { rmSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { sluice } from "../sluice-process.ts";
import { peopleSync, type Row, useWorkbench } from "../workbench.ts";

/**
 * `overriddencreatedon`, sent with a create, back-dates `createdon` and itself says when the record was really made: it never reads as it was sent,
 * and `createdon` then tells nothing of when the record came to be.
 */

const bench = useWorkbench();
const row = (id: string) => ({ id, name: `Name ${id}`, email: `p${id}@example.com`, since: "2001-02-03T12:00:00Z" });
const people = ["1", "2"].map(row);
const creates = { method: "POST", path: "Multiple" };
const since = { overriddencreatedon: { from: "since", write: "on create" } };
const leaving = { onLeave: "delete", allowDelete: true, leaveLimit: 10, deleteLimit: 10 };
const begin = (more: Row = {}, keyed = true) =>
  bench.begin({ "syncs/people.yaml": peopleSync({ mapping: since, ...more }) }, { keyed });
const made = async () => (await bench.rows("contact")).map((one) => one.createdon);
const old = "2001-02-03T12:00:00Z";

/** A run whose creates are done, killed before it hears of it. */
async function killedBeforeTheAnswer(): Promise<string> {
  await bench.control("POST", "faults", { match: creates, times: 1, resetAfter: true });
  await bench.control("POST", "faults", {
    match: { method: "GET", path: "contacts" },
    nth: 2,
    times: 1_000_000,
    status: 429,
    retryAfter: 1,
  });
  const run = sluice(bench, "run", "--json");
  while ((await bench.rows("contact")).length < people.length) await new Promise((done) => setTimeout(done, 50));
  await new Promise((done) => setTimeout(done, 300));
  run.kill();
  await run.ended;
  await bench.control("DELETE", "faults");
  return bench.latest();
}

test.each([
  ["upsert", true],
  ["upsert", false],
  ["create", true],
  ["create", false],
])("a create whose answer got lost is known by the rest (mode %s, a key: %s)", async (mode, keyed) => {
  await begin({ mode }, keyed);
  bench.source("people", people);
  await bench.control("POST", "faults", { match: creates, nth: 1, resetAfter: true });
  expect(await bench.runThroughFaults()).toMatchObject({ created: 2, failed: 0 });
  expect(await made()).toEqual([old, old]);
  const run = bench.latest();
  expect(await bench.run()).toMatchObject({ unchanged: 2, writes: 0 });
  expect(await bench.verify()).toMatchObject({ differences: 0 });
  expect((await bench.undo({ run }, { deleteCreated: true })).counts).toMatchObject({ received: 2, deleted: 2 });
});

test.each([
  [true, true],
  [true, false],
  [false, true],
  [false, false],
])(
  "so is one of a run that died, which can be taken back (a key: %s, its journal is there: %s)",
  async (keyed, journal) => {
    await begin({ mode: "create" }, keyed);
    bench.source("people", people);
    const run = await killedBeforeTheAnswer();
    if (!journal) rmSync(join(bench.folder, ".sluice/default/people/runs", run, "journal.ndjson"));
    expect(await bench.run()).toMatchObject({ created: 0, unchanged: 2, rejected: 0, writes: 0 });
    expect((await bench.runs()).find(({ id }) => id === run)).toMatchObject({ status: "interrupted" });
    expect(await bench.run()).toMatchObject({ unchanged: 2, writes: 0 });
    expect(await bench.verify()).toMatchObject({ differences: 0 });
    expect((await bench.undo({ run }, { deleteCreated: true })).counts).toMatchObject({ received: 2, deleted: 2 });
  },
);

test("what another client back-dates is made since the run all the same, and no double comes back beside it", async () => {
  await begin({ ...leaving, mapping: {} }, false);
  bench.source("people", people);
  await bench.run();
  bench.source("people", people.slice(0, 1));
  expect(await bench.run()).toMatchObject({ deleted: 1 });
  const hers = { externaluseridentifier: "2", lastname: "Mara's", overriddencreatedon: old };
  await bench.person("POST", "contacts", hers);
  expect(await bench.undo({ sync: "people" })).toMatchObject({
    counts: { received: 1, created: 0, excluded: 1 },
    problems: [{ code: "undo_made_since", keys: ["2"] }],
  });
});

test("a record made anew is back-dated to nothing: that takes a privilege of its own", async () => {
  await begin(leaving);
  bench.source("people", people);
  await bench.run();
  bench.source("people", people.slice(0, 1));
  expect(await bench.run()).toMatchObject({ deleted: 1 });
  expect(await bench.undo({ sync: "people" })).toMatchObject({ counts: { created: 1 }, problems: [] });
  const back = (await bench.rows("contact")).find((one) => one.externaluseridentifier === "2");
  expect(back).not.toHaveProperty("overriddencreatedon");
  bench.source("people", people);
  expect(await bench.approve("undone")).toMatchObject({ unchanged: 2, writes: 0 });
});
