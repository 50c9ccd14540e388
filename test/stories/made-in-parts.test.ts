import { truncate } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { killedBefore } from "../sluice-process.ts";
import { peopleSync, type Row, useWorkbench } from "../workbench.ts";

/**
 * Some columns of a record are set after it is made. A run that stops in between leaves it without them, also where the
 * sync, or the line, writes nothing of a record that exists: the next run completes what it made.
 */

const bench = useWorkbench();
const completes = { method: "POST", path: "UpdateMultiple" };

const person = (id: string, boss: string | null, state: string | null = null, name = `Name ${id}`) => ({
  ...{ id, name, email: null, boss, state },
});
const pair = [person("1", "2", "Inactive"), person("2", "1"), person("3", null)];
const lookup = { object: "contact", by: "externaluseridentifier" };
const line = (more: Row) => ({
  parentcustomerid: { from: "boss", lookup, ...more },
  statecode: { from: "state", ...more },
});

const onlyCreates = { mapping: line({}), mode: "create" };
const linesOnCreate = { mapping: line({ write: "on create" }) };
const linesWhenEmpty = { mapping: line({ write: "when empty" }) };
/** How a sync, or a line, comes to write nothing of a record that exists. */
const once: [string, boolean, Row][] = [
  ["mode: create", true, onlyCreates],
  ["mode: create", false, onlyCreates],
  ["write: on create", true, linesOnCreate],
  ["write: when empty", true, linesWhenEmpty],
];
const start = (more: Row, keyed = true) => bench.begin({ "syncs/people.yaml": peopleSync(more) }, { keyed });

const there = async () => {
  const rows = await bench.rows("contact");
  const numbers = new Map(rows.map((row) => [row.contactid, row.externaluseridentifier]));
  const boss = (row: Row) => numbers.get(row._parentcustomerid_value as string) ?? null;
  return Object.fromEntries(rows.map((row) => [String(row.externaluseridentifier), [boss(row), row.statecode]]));
};
const idOf = async (number: string) =>
  (await bench.rows("contact")).find((row) => row.externaluseridentifier === number)!.contactid as string;
const complete = { 1: ["2", 1], 2: ["1", 0], 3: [null, 0] };
const bare = { 1: [null, 0], 2: [null, 0], 3: [null, 0] };

/** A run that may not set anything. */
async function stopped(left: Row = bare): Promise<void> {
  await bench.control("POST", "faults", { match: completes, times: 1_000_000, status: 503 });
  await expect(bench.runThroughFaults()).rejects.toMatchObject({ code: "destination_failed" });
  await bench.control("DELETE", "faults");
  expect(await there()).toEqual(left);
}

/** A run that is killed as it waits to set anything. */
async function killed(left: Row = bare): Promise<void> {
  await killedBefore(bench, completes, "run");
  expect(await there()).toEqual(left);
}

for (const [how, end, more] of [
  ["stopped", stopped, onlyCreates],
  ["killed", killed, linesOnCreate],
] as const) {
  test.each(once)(
    `a run ${how} between: the next completes what it made, and then it is complete (%s, a key: %s)`,
    async (_, keyed, more) => {
      await start(more, keyed);
      bench.source("people", pair);
      await end();
      expect((await bench.plan()).totals).toMatchObject({ update: 2, unchanged: 1, rejected: 0 });
      expect(await bench.run()).toMatchObject({ updated: 2, unchanged: 1, writes: 3 });
      expect(await there()).toEqual(complete);
      expect(await bench.run()).toMatchObject({ unchanged: 3, writes: 0 });
      expect(await bench.verify()).toMatchObject({ differences: 0 });
    },
  );

  test(`a run ${how} between, and since then people, or the source, have settled some`, async () => {
    await start(more);
    bench.source("people", [...pair, person("4", "3", "Inactive")]);
    await end({ ...bare, 4: [null, 0] });
    await bench.person("PATCH", `contacts(${await idOf("2")})`, {
      "parentcustomerid_contact@odata.bind": `/contacts(${await idOf("3")})`,
    });
    bench.source("people", [pair[0]!, pair[1]!, pair[2]!, person("4", null)]);
    expect(await bench.run()).toMatchObject({ updated: 1, unchanged: 3, writes: 2 });
    const settled = { ...complete, 2: ["3", 0], 4: [null, 0] };
    expect(await there()).toEqual(settled);
    bench.source("people", [...pair, person("4", "1", "Inactive", "Changed")]);
    await bench.run();
    expect(await there()).toEqual(settled);
    expect(await bench.run()).toMatchObject({ unchanged: 4, writes: 0 });
  });

  test(`a run ${how} between, and then a parent can no longer be found: the row waits for it`, async () => {
    await start(more);
    bench.source("people", pair);
    await end();
    await bench.person("DELETE", `contacts(${await idOf("2")})`);
    bench.source("people", [pair[0]!, pair[2]!]);
    const ran = await bench.run();
    expect(ran).toMatchObject({ received: 2, rejected: 1, unchanged: 1, writes: 0 });
    expect(ran.problems).toMatchObject([{ key: "1", code: "parent_missing", column: "parentcustomerid" }]);
    bench.source("people", [pair[0]!, pair[2]!, person("5", null)]);
    expect(await bench.run()).toMatchObject({ created: 1, rejected: 1, writes: 1 });
    await bench.person("POST", "contacts", { externaluseridentifier: "2", lastname: "Mara's" });
    expect(await bench.run()).toMatchObject({ updated: 1, unchanged: 2, rejected: 0, writes: 2 });
    expect(await there()).toEqual({ 1: ["2", 1], 2: [null, 0], 3: [null, 0], 5: [null, 0] });
    expect(await bench.run()).toMatchObject({ unchanged: 3, writes: 0 });
  });

  test(`a run ${how} between, and its rows leave and come back`, async () => {
    await start({ ...more, leaveLimit: 10 });
    bench.source("people", pair);
    await end();
    bench.source("people", [pair[2]!]);
    await bench.run();
    expect(await bench.run()).toMatchObject({ received: 1, unchanged: 1, writes: 0 });
    bench.source("people", pair);
    expect(await bench.run()).toMatchObject({ received: 3, updated: 2, writes: 3 });
    expect(await there()).toEqual(complete);
  });
}

test("Dynamics refuses what is to be set: it is tried again", async () => {
  await start(onlyCreates);
  await bench.control("POST", "plugins", { table: "contact", column: "statecode", equals: 1, throws: "Not yet." });
  bench.source("people", pair);
  const first = await bench.run();
  expect(first).toMatchObject({ created: 2, rejected: 1 });
  expect(first.problems).toMatchObject([{ key: "1", code: "refused", wake: "destination" }]);
  const asked: number[] = [];
  for (let n = 0; n < 4; n++) asked.push((await bench.run()).log.length);
  expect(asked).toEqual([2, 0, 1, 0]);
  await bench.control("DELETE", "plugins");
  for (let n = 0; n < 3; n++) await bench.run();
  expect((await there())[1]).toEqual(["2", 1]);
  expect(await bench.run()).toMatchObject({ unchanged: 3, rejected: 0, writes: 0 });
});

test("once complete it is not written any more, whatever the source says", async () => {
  await start(onlyCreates);
  bench.source("people", pair);
  await killed();
  await bench.run();
  bench.source("people", [person("1", "3", null), person("2", null, "Inactive"), person("3", "1", "Inactive")]);
  expect(await bench.run()).toMatchObject({ unchanged: 3, writes: 0 });
  expect(await there()).toEqual(complete);
});

test("the same plan, tried again, completes them, too", async () => {
  await start(onlyCreates);
  bench.source("people", pair);
  await stopped();
  expect(await bench.resolve({ run: bench.latest(), how: "retry" })).toMatchObject({ updated: 2, writes: 3 });
  expect(await there()).toEqual(complete);
  expect(await bench.run()).toMatchObject({ unchanged: 3, writes: 0 });
});

test.each([
  ["lookup", async () => ({ "parentcustomerid_contact@odata.bind": `/contacts(${await idOf("2")})` })],
  ["state", async () => ({ statecode: 1 })],
] as const)("killed, and a person sets the %s herself, to the same: the rest is set all the same", async (_, hers) => {
  await start(onlyCreates);
  bench.source("people", pair);
  await killed();
  await bench.person("PATCH", `contacts(${await idOf("1")})`, await hers());
  expect(await bench.run()).toMatchObject({ updated: 2, unchanged: 1, writes: 2 });
  expect(await there()).toEqual(complete);
  expect(await bench.run()).toMatchObject({ unchanged: 3, writes: 0 });
  expect(await bench.verify()).toMatchObject({ differences: 0 });
});

test("killed, and a person has put the record into a third state: that stays", async () => {
  const mapping = { subject: "id", description: "name", statecode: "state" };
  const sync = { model: "people", to: "crm", object: "task", match: "subject", mode: "create", mapping };
  await bench.begin({ "syncs/people.yaml": JSON.stringify(sync) }, { keyed: false });
  bench.source("people", [person("1", null, "Completed"), person("2", null, "Completed")]);
  await killedBefore(bench, { method: "POST", path: "$batch", body: "statecode" }, "run");
  const tasks = async () => (await bench.rows("task")).sort((a, b) => (String(a.subject) < String(b.subject) ? -1 : 1));
  await bench.person("PATCH", `tasks(${(await tasks())[0]!.activityid})`, { statecode: 2 });
  await bench.run();
  expect((await tasks()).map((task) => task.statecode)).toEqual([2, 1]);
  expect(await bench.run()).toMatchObject({ unchanged: 2, writes: 0 });
});

test("killed, and of its plan what was to be set is lost: it is set as the source says it now", async () => {
  await start(onlyCreates);
  bench.source("people", pair);
  await killed();
  const file = join(bench.folder, ".sluice/default/people/runs", bench.latest(), "change-3-complete.parquet");
  await truncate(file, 40);
  expect(await bench.run()).toMatchObject({ updated: 2, unchanged: 1, writes: 3 });
  expect(await there()).toEqual(complete);
});

test("what completed them is taken back: the next run does it again", async () => {
  await start(onlyCreates);
  bench.source("people", pair);
  await stopped();
  await bench.run();
  await bench.undo({ sync: "people" });
  expect(await there()).toEqual(bare);
  expect(await bench.approve("undone")).toMatchObject({ updated: 2, writes: 3 });
  expect(await there()).toEqual(complete);
});

test("a rebuild tells that it cannot know what was yet to be set", async () => {
  await start(onlyCreates);
  bench.source("people", pair);
  await stopped();
  const { unknown } = await bench.rebuild("people", { force: true });
  expect(unknown).toContainEqual(expect.stringContaining("parentcustomerid, statecode cannot be told"));
});

test("a state that follows from a status set once is not set again", async () => {
  await start({ mapping: { statuscode: { from: "state", write: "on create" } } });
  bench.source("people", pair);
  await bench.run();
  await bench.person("PATCH", `contacts(${await idOf("1")})`, { statecode: 0 });
  expect(await bench.run()).toMatchObject({ unchanged: 3, writes: 0 });
});
