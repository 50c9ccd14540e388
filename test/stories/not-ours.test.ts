import { expect, test } from "vitest";
import { sluice } from "../sluice-process.ts";
import { type Logged, peopleSync, type Row, useWorkbench } from "../workbench.ts";

/**
 * A run cannot tell whether it has made a record, and one is there that holds the very values that were sent: Mara's. Who made
 * a record and when tells whose it is.
 */

const bench = useWorkbench();
const row = (id: string) => ({ id, name: `Name ${id}`, email: `p${id}@example.com` });
const people = ["1", "2"].map(row);
const creates = { method: "POST", path: "Multiple" };

const byMara = () =>
  bench.person("POST", "contacts", {
    ...{ externaluseridentifier: "2", lastname: "Name 2", emailaddress1: "p2@example.com" },
    description: "Mara's",
  });
const there = async () =>
  (await bench.rows("contact"))
    .map((row) => [row.externaluseridentifier, row.description ?? null, row.statecode])
    .sort();

const begin = (more: Row = {}) => bench.begin({ "syncs/people.yaml": peopleSync(more) });
const lost = (how: "resetBefore" | "resetAfter") =>
  bench.control("POST", "faults", { match: creates, nth: 1, [how]: true });

/** A run whose first request to write never arrives, killed while it waits to send it again. */
async function killedBeforeItsCreates(): Promise<void> {
  await bench.control("POST", "faults", { match: creates, times: 1_000_000, status: 429, retryAfter: 1 });
  await bench.control("POST", "requests/clear");
  const run = sluice(bench, "run", "--json");
  for (let asked = false; !asked; ) {
    const { requests } = await bench.control<{ requests: Logged[] }>("GET", "requests");
    asked = requests.some(({ write }) => write);
  }
  run.kill();
  await run.ended;
  await bench.control("DELETE", "faults");
}

test("a create that never arrived, where hers was there before (`mirror: none`): it failed, and undo leaves hers alone", async () => {
  await begin({ mirror: "none" });
  await byMara();
  bench.source("people", people);
  await lost("resetBefore");
  expect(await bench.runThroughFaults()).toMatchObject({ created: 0, failed: 2 });
  const first = bench.latest();
  expect(await bench.run()).toMatchObject({ created: 1, unchanged: 1, failed: 0 });
  const undone = await bench.undo({ run: first }, { deleteCreated: true });
  expect(undone.counts).toMatchObject({ received: 2, deleted: 0, excluded: 2 });
  expect(undone.problems).toMatchObject([
    { code: "undo_found", keys: ["2"] },
    { code: "undo_later", keys: ["1"] },
  ]);
  expect(await there()).toEqual([
    ["1", null, 0],
    ["2", "Mara's", 0],
  ]);
});

test("a create that never arrived, and she is faster than the next run: undo of the first leaves hers alone", async () => {
  await begin();
  bench.source("people", people);
  await lost("resetBefore");
  expect(await bench.runThroughFaults()).toMatchObject({ created: 0, failed: 2 });
  const first = bench.latest();
  await byMara();
  expect(await bench.run()).toMatchObject({ created: 1, unchanged: 1 });
  await bench.undo({ run: first }, { deleteCreated: true });
  expect(await there()).toContainEqual(["2", "Mara's", 0]);
});

test("a run killed before its creates went, and she made one of them: it is hers, whatever leaves or is taken back", async () => {
  await begin();
  bench.source("people", people);
  await killedBeforeItsCreates();
  const dead = bench.latest();
  await byMara();
  expect(await bench.run()).toMatchObject({ created: 1, unchanged: 1 });
  await bench.undo({ run: dead }, { deleteCreated: true });
  expect(await there()).toContainEqual(["2", "Mara's", 0]);
});

test("the same where what is there is left alone: it is never linked, and stays when its row leaves", async () => {
  await begin({ mode: "create", onLeave: "delete", allowDelete: true, leaveLimit: 10 });
  bench.source("people", people);
  await killedBeforeItsCreates();
  await byMara();
  expect(await bench.run()).toMatchObject({ created: 1, rejected: 1 });
  bench.source("people", [row("1")]);
  expect(await bench.run()).toMatchObject({ deleted: 0 });
  expect(await there()).toContainEqual(["2", "Mara's", 0]);
});

test("what we made without hearing of it is ours, and undo takes it back", async () => {
  await begin({ mirror: "none" });
  bench.source("people", people);
  await lost("resetAfter");
  expect(await bench.runThroughFaults()).toMatchObject({ created: 2, failed: 0 });
  const undone = await bench.undo({ run: bench.latest() }, { deleteCreated: true });
  expect(undone.counts).toMatchObject({ received: 2, deleted: 2 });
});
