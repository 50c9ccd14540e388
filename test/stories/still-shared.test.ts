import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { peopleSync, type Row, useWorkbench } from "../workbench.ts";

/** No record is deleted while another sync has a row that is there and whose record it is, too. */

const bench = useWorkbench();
const leaving = { onLeave: "delete", allowDelete: true, leaveLimit: "100 %" };
/** The sync of guests, into contacts as well: it finds people by their number, and writes another column. */
const guestsSync = (more: Row = {}) =>
  JSON.stringify({
    model: "guests",
    to: "crm",
    object: "contact",
    match: "externaluseridentifier",
    mapping: { externaluseridentifier: "no", jobtitle: "job" },
    leaveLimit: "100 %",
    ...more,
  });
const people = (...ids: number[]) => ids.map((n) => ({ id: String(n), name: `Name ${n}`, email: null }));
const guests = (...ids: number[]) => ids.map((n) => ({ no: String(n), job: `Job ${n}` }));
/** Two people, of whom the second is a guest. */
async function begin(more: Row = {}): Promise<void> {
  await bench.begin(
    {
      "models/guests.yaml": "connection: data\ntable: guests\nkey: no\n",
      "syncs/guests.yaml": guestsSync(more),
      "syncs/people.yaml": peopleSync(leaving),
    },
    { columns: [{ name: "new_all", title: "All", type: "text", maxLength: 100 }] },
  );
  bench.source("people", people(1, 2));
  bench.source("guests", guests(2));
}
const ran = async () => {
  await bench.run("people");
  expect(await bench.run("guests")).toMatchObject({ created: 0, updated: 1 });
};
const contacts = async () =>
  Object.fromEntries((await bench.rows("contact")).map((row) => [String(row.externaluseridentifier), row.contactid]));
const held = (detail: string) => ({
  key: "2",
  status: "excluded",
  code: "still_shared",
  message: expect.stringContaining(`its record belongs ${detail}, too`),
});

test("a person who left one sync stays as long as another has the row", async () => {
  await begin();
  await ran();
  const before = await contacts();
  bench.source("people", people(1));
  const { plans } = await bench.plan("people");
  expect(plans).toMatchObject([
    {
      received: 2,
      plan: { delete: 0, excluded: 1, unchanged: 1 },
      problems: [{ code: "still_shared", keys: ["2"], again: "in every run" }],
    },
  ]);
  for (const _ of [1, 2]) {
    const done = await bench.run("people");
    expect(done).toMatchObject({ received: 2, deleted: 0, excluded: 1, unchanged: 1, writes: 0 });
    expect(done.problems).toMatchObject([held("to the row 2 of the sync guests")]);
    expect(await bench.run("guests")).toMatchObject({ unchanged: 1, writes: 0 });
  }
  expect(await contacts()).toEqual(before);
  bench.source("guests", guests(3));
  expect(await bench.run("guests")).toMatchObject({ created: 1 });
  expect(await bench.run("people")).toMatchObject({ received: 2, deleted: 1, unchanged: 1, excluded: 0, writes: 1 });
  expect(Object.keys(await contacts())).toEqual(["1", "3"]);
  expect(await bench.run()).toMatchObject({ received: 2, unchanged: 2, writes: 0 });
});

test.each(["all", "none"])(
  "who leaves both syncs that delete is not waited for by each of them (%s)",
  async (mirror) => {
    await begin(leaving);
    bench.write("syncs/people.yaml", peopleSync({ ...leaving, mirror }));
    await ran();
    bench.source("people", people(1));
    bench.source("guests", guests(1));
    const first = await bench.run("people");
    expect(first).toMatchObject({ deleted: 0, excluded: 1, writes: 0 });
    expect(await bench.run("guests")).toMatchObject({ received: 2, updated: 1, deleted: 1, excluded: 0, writes: 2 });
    expect(Object.keys(await contacts())).toEqual(["1"]);
    // Without a look at the records the delete is sent, and finds nothing.
    expect(await bench.run("people")).toMatchObject({ excluded: 0, failed: 0, rejected: 0, writes: 0 });
    for (const _ of [1, 2]) expect(await bench.run()).toMatchObject({ received: 2, unchanged: 2, writes: 0 });
  },
);

test("whose records hang on one another, in a circle even, go once both rows have left", async () => {
  await begin(leaving);
  bench.source("people", people(1, 2, 3, 4));
  bench.source("guests", guests(5, 6, 7));
  await bench.run();
  const ids = await contacts();
  // Person 2 and guest 5 hang on each other, guest 6 hangs on person 3, and person 4 on guest 7.
  for (const [below, above] of [
    [2, 5],
    [5, 2],
    [6, 3],
    [4, 7],
  ] as const)
    await bench.person("PATCH", `contacts(${ids[below]})`, {
      "parentcustomerid_contact@odata.bind": `/contacts(${ids[above]})`,
    });
  bench.source("people", people(1));
  bench.source("guests", guests(8));
  expect(await bench.run("people")).toMatchObject({ deleted: 1, excluded: 2, writes: 1 });
  expect(await bench.run("guests")).toMatchObject({ created: 1, deleted: 3, excluded: 0 });
  expect(await bench.run()).toMatchObject({ received: 3, deleted: 1, unchanged: 2, excluded: 0, writes: 1 });
  expect(Object.keys(await contacts())).toEqual(["1", "8"]);
  expect(await bench.run()).toMatchObject({ received: 2, unchanged: 2, writes: 0 });
});

test("a row that comes back is linked as ever", async () => {
  await begin(leaving);
  await ran();
  const before = await contacts();
  bench.source("people", people(1));
  await bench.run("people");
  bench.source("people", people(1, 2));
  bench.source("guests", guests(1));
  await bench.run("people");
  const waits = await bench.run("guests");
  expect(waits).toMatchObject({ updated: 1, deleted: 0, excluded: 1 });
  expect(waits.problems).toMatchObject([held("to the row 2 of the sync people")]);
  expect(await contacts()).toEqual(before);
});

test("a sync that has never run has no record; of one that was broken off nobody can tell", async () => {
  await begin();
  await bench.run("people");
  bench.source("people", people(1));
  expect(await bench.run("people")).toMatchObject({ deleted: 1, excluded: 0 });
  bench.source("people", people(1, 2));
  await bench.run("people");
  await bench.run("guests");
  const runs = join(bench.folder, ".sluice/default/guests/runs");
  rmSync(join(runs, readdirSync(runs).sort().at(-1)!, "done.json"));
  bench.source("people", people(1));
  const waits = await bench.run("people");
  expect(waits.problems).toMatchObject([held("perhaps to a row of the sync guests")]);
  bench.source("guests", guests(1));
  await bench.run("guests");
  expect(await bench.run("people")).toMatchObject({ deleted: 1, excluded: 0 });
});

test.each(["all", "touched", "none"])("the same with `mirror: %s`", async (mirror) => {
  await begin();
  bench.write("syncs/people.yaml", peopleSync({ ...leaving, mirror }));
  await ran();
  bench.source("people", people(1));
  for (const _ of [1, 2]) expect(await bench.run("people")).toMatchObject({ excluded: 1, unchanged: 1, writes: 0 });
  bench.source("people", people(1, 2));
  expect(await bench.run("people")).toMatchObject({ received: 2, unchanged: 2, writes: 0 });
});

test.each(["all", "touched", "none"])(
  "nor is a record put to rest that another sync's row has; what is left of audiences is left at once (%s)",
  async (mirror) => {
    await begin();
    const settings = { onLeave: "deactivate", leaveLimit: "100 %", mirror };
    bench.write("audiences/all.yaml", "model: people\nwhere: id <> '0'\n");
    bench.write("syncs/people.yaml", peopleSync({ ...settings, audiences: { all: { column: "new_all" } } }));
    const state = async (key: string) => {
      const row = (await bench.rows("contact")).find((each) => each.externaluseridentifier === key)!;
      return [row.statecode, row.new_all];
    };
    bench.source("people", people(1, 2, 3));
    await ran();
    bench.source("people", people(1));
    const { plans } = await bench.plan("people");
    expect(plans).toMatchObject([
      { received: 3, plan: { update: 1, excluded: 1, unchanged: 1, deactivate: 1, exit: 2 } },
    ]);
    const first = await bench.run("people");
    expect(first).toMatchObject({ received: 3, updated: 1, excluded: 1, unchanged: 1, writes: 3 });
    expect(first.problems).toMatchObject([held("to the row 2 of the sync guests")]);
    expect([await state("2"), await state("3")]).toEqual([
      [0, "exited"],
      [1, "exited"],
    ]);
    expect(await bench.run()).toMatchObject({ received: 3, excluded: 1, unchanged: 2, writes: 0 });
    bench.source("people", people(1, 2));
    expect(await bench.run("people")).toMatchObject({ received: 2, updated: 1, unchanged: 1, excluded: 0, writes: 1 });
    bench.source("people", people(1));
    expect(await bench.run("people")).toMatchObject({ excluded: 1, writes: 1 });
    bench.source("guests", guests(3));
    await bench.run("guests");
    expect(await bench.run("people")).toMatchObject({ received: 2, updated: 1, unchanged: 1, excluded: 0, writes: 1 });
    expect(await state("2")).toEqual([1, "exited"]);
    expect(await bench.run()).toMatchObject({ received: 2, unchanged: 2, writes: 0 });
  },
);

test("what `clear` empties no other sync writes, so it is emptied whoever else has the record", async () => {
  await begin();
  bench.write("syncs/people.yaml", peopleSync({ onLeave: "clear", leaveLimit: "100 %" }));
  bench.source("people", [...people(1), { id: "2", name: "Name 2", email: "b@x.example" }]);
  await ran();
  bench.source("people", people(1));
  expect(await bench.run("people")).toMatchObject({ updated: 1, excluded: 0, writes: 1 });
  const row = (await bench.rows("contact")).find((each) => each.externaluseridentifier === "2")!;
  expect(row).toMatchObject({ jobtitle: "Job 2", statecode: 0 });
  expect(row.emailaddress1).toBeUndefined();
  expect(await bench.run()).toMatchObject({ received: 2, unchanged: 2, writes: 0 });
});

test("a row of another sync that would find the record, and has yet to get it, keeps it, too", async () => {
  await begin();
  bench.source("guests", [{ no: "2", job: "j".repeat(200) }]);
  await bench.run("people");
  expect(await bench.run("guests")).toMatchObject({ rejected: 1, writes: 0 });
  const before = await contacts();
  bench.source("people", people(1));
  const waits = await bench.run("people");
  expect(waits).toMatchObject({ received: 2, deleted: 0, excluded: 1, writes: 0 });
  expect(waits.problems).toMatchObject([held("to the row 2 of the sync guests")]);
  bench.source("guests", guests(2));
  expect(await bench.run("guests")).toMatchObject({ created: 0, updated: 1 });
  expect(await contacts()).toEqual(before);
  bench.source("guests", guests(1));
  await bench.run("guests");
  expect(await bench.run("people")).toMatchObject({ deleted: 1, excluded: 0 });
});

test.each([
  ["column", { column: "new_all" }],
  ["list", { list: "VIP" }],
])("an audience (%s) whose one member is held is not asked about before it goes", async (_, target) => {
  await begin();
  await bench.person("POST", "lists", { listname: "VIP", createdfromcode: 2, type: false });
  bench.write("audiences/vip.yaml", "model: people\nwhere: id = '2'\n");
  bench.write("syncs/people.yaml", peopleSync({ ...leaving, audiences: { vip: target } }));
  await ran();
  bench.source("people", people(1));
  for (const _ of [1, 2]) expect(await bench.run("people")).toMatchObject({ excluded: 1, unchanged: 1, writes: 0 });
  bench.source("guests", guests(1));
  await bench.run("guests");
  await expect(bench.run("people")).rejects.toMatchObject({ code: "audience_empty" });
  expect(await contacts()).toHaveProperty("2");
});

test("who is held and may not leave an audience either is told what it waits for", async () => {
  await begin();
  bench.write("audiences/all.yaml", "model: people\nwhere: id <> '0'\n");
  const audiences = { all: { column: "new_all" } };
  bench.write("syncs/people.yaml", peopleSync({ onLeave: "deactivate", leaveLimit: "100 %", audiences }));
  await ran();
  await bench.control("POST", "plugins", { table: "contact", column: "new_all", equals: "exited", throws: "No." });
  bench.source("people", people(1));
  for (const _ of [1, 2]) {
    const { problems } = await bench.run("people");
    expect(problems).toMatchObject([held("to the row 2 of the sync guests")]);
  }
  await bench.control("DELETE", "plugins");
  expect(await bench.run("people")).toMatchObject({ excluded: 1, writes: 1 });
  expect(await bench.run("people")).toMatchObject({ excluded: 1, writes: 0 });
});
