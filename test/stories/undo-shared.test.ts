import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Files } from "../make-project.ts";
import { peopleSync, type Row, type SourceRow, useWorkbench, withFirms } from "../workbench.ts";

/** An undo leaves the records that rows of other syncs have by now, and those with which such records would be deleted. */

const bench = useWorkbench();
const person = (n: number, more: SourceRow = {}): SourceRow => ({
  id: String(n),
  name: `Name ${n}`,
  email: null,
  firm: null,
  ...more,
});
const contacts = async () =>
  Object.fromEntries((await bench.rows("contact")).map((row) => [String(row.externaluseridentifier), row]));
const newest = (sync: string): string =>
  readdirSync(join(bench.folder, ".sluice/default", sync, "runs"))
    .sort()
    .at(-1)!;

/** The sync of guests, into contacts as well: it finds people by their number, and writes another column. */
const withGuests: Files = {
  "models/guests.yaml": "connection: data\ntable: guests\nkey: no\n",
  "syncs/guests.yaml": JSON.stringify({
    model: "guests",
    to: "crm",
    object: "contact",
    match: "externaluseridentifier",
    mapping: { externaluseridentifier: "no", jobtitle: "job" },
  }),
};
/** Two people; the second is taken over by the sync of guests. Answers the run of people. */
async function shared(): Promise<string> {
  await bench.begin({ ...withGuests, "syncs/people.yaml": peopleSync() });
  bench.source("people", [person(1), person(2)]);
  bench.source("guests", [{ no: "2", job: "Guest" }]);
  await bench.run("people");
  const run = bench.latest();
  expect(await bench.run("guests")).toMatchObject({ created: 0, updated: 1 });
  return run;
}
const stays = (rows = 1) => ({
  code: "undo_shared",
  rows,
  keys: ["2"],
  example: expect.stringContaining("belongs to the row 2 of the sync guests, too"),
});

test.each([
  [true, { delete: 1, update: 0, excluded: 1 }, { deleted: 1, updated: 0, excluded: 1 }],
  [false, { delete: 0, update: 1, excluded: 1 }, { deleted: 0, updated: 1, excluded: 1 }],
])(
  "a record that another sync has taken over stays as it is (--delete-created: %s)",
  async (deleteCreated, plan, counts) => {
    const of = await shared();
    const before = (await contacts())["2"];
    const took = newest("guests");
    const shown = await bench.undo({ run: of }, { deleteCreated, dryRun: true });
    expect(shown).toMatchObject({ received: 2, plan, problems: [stays()] });
    const undone = await bench.undo({ run: of }, { deleteCreated });
    expect(undone).toMatchObject({ counts: { received: 2, writes: 1, ...counts }, problems: [stays()] });
    expect((await contacts())["2"]).toEqual(before);
    expect(await bench.run("guests")).toMatchObject({ unchanged: 1, writes: 0 });
    // Once that sync's run is taken back, too, the record is nobody else's.
    expect((await bench.undo({ run: took })).problems).toEqual([]);
    const again = await bench.undo({ run: of }, { deleteCreated });
    expect(again).toMatchObject({ problems: [], counts: { received: 2, unchanged: 1, writes: 1 } });
    const left = await contacts();
    if (deleteCreated) expect(left).toEqual({});
    else expect(left).toMatchObject({ 1: { statecode: 1 }, 2: { statecode: 1 } });
  },
);

test("whose row has left the other sync is nobody else's; of one that was broken off nobody can tell", async () => {
  const of = await shared();
  const guests = join(bench.folder, ".sluice/default/guests");
  rmSync(join(guests, "runs", newest("guests"), "done.json"));
  const waits = await bench.undo({ run: of }, { deleteCreated: true });
  expect(waits).toMatchObject({ counts: { deleted: 0, excluded: 2, writes: 0 }, stops: false });
  expect(waits.problems[0]!.example).toContain("belongs perhaps to a row of the sync guests, too");
  bench.source("guests", [{ no: "3", job: "Guest" }]);
  await bench.run("guests");
  expect((await bench.undo({ run: of }, { deleteCreated: true })).counts).toMatchObject({ deleted: 2, excluded: 0 });
});

test("a sync that has never run holds nothing", async () => {
  await bench.begin({ ...withGuests, "syncs/people.yaml": peopleSync() });
  bench.source("people", [person(1), person(2)]);
  await bench.run("people");
  expect((await bench.undo({ sync: "people" }, { deleteCreated: true })).counts).toMatchObject({ deleted: 2 });
});

const ofFirm = { parentcustomerid: { from: "firm", lookup: { object: "account", by: "accountnumber" } } };
const hangsOn = (sync: string, key: string, such: string) => ({
  code: "undo_referenced",
  rows: 1,
  keys: [key],
  example: expect.stringMatching(`would delete .*that of 1 row of the sync ${sync} .such as ${such}.`),
});

test("a firm on which a person hangs stays, and is deactivated without the flag; after the person it is deleted", async () => {
  await bench.begin({ ...withFirms, "syncs/people.yaml": peopleSync({ mapping: ofFirm }) });
  bench.source("firms", [
    { no: "F1", title: "Firm 1" },
    { no: "F2", title: "Firm 2" },
  ]);
  bench.source("people", [person(2, { firm: "F2" })]);
  expect(await bench.run()).toMatchObject({ created: 3 });
  const of = newest("firms");
  const before = await contacts();
  for (const dryRun of [true, false]) {
    const done = await bench.undo({ run: of }, { deleteCreated: true, dryRun });
    expect(done).toMatchObject({
      received: 2,
      plan: { delete: 1, excluded: 1 },
      problems: [hangsOn("people", "F2", "2")],
    });
    if (!dryRun) expect(done.counts).toMatchObject({ received: 2, deleted: 1, excluded: 1, writes: 1 });
  }
  expect(await contacts()).toEqual(before);
  expect((await bench.undo({ run: of })).counts).toMatchObject({ updated: 1, unchanged: 1, excluded: 0 });
  expect((await bench.undo({ sync: "people" }, { deleteCreated: true })).counts).toMatchObject({ deleted: 1 });
  expect((await bench.undo({ run: of }, { deleteCreated: true })).counts).toMatchObject({ deleted: 1, excluded: 0 });
  expect(await bench.rows("account")).toEqual([]);
});

test("a firm to which a later run moved a person: that run is taken back first", async () => {
  await bench.begin({ ...withFirms, "syncs/people.yaml": peopleSync({ mapping: ofFirm }) });
  bench.source("firms", [{ no: "F1", title: "Firm 1" }]);
  bench.source("people", [person(1, { firm: "F1" })]);
  await bench.run();
  const before = await contacts();
  bench.source(
    "firms",
    ["F1", "F2"].map((no) => ({ no, title: no === "F1" ? "Firm 1" : "New" })),
  );
  bench.source("people", [person(1, { firm: "F2" })]);
  expect(await bench.run()).toMatchObject({ created: 1, updated: 1 });
  const of = newest("firms");
  expect((await bench.undo({ run: of }, { deleteCreated: true })).problems).toMatchObject([
    hangsOn("people", "F2", "1"),
  ]);
  await bench.undo({ sync: "people" });
  expect((await bench.undo({ run: of }, { deleteCreated: true })).counts).toMatchObject({ deleted: 1, excluded: 0 });
  expect((await contacts())["1"]).toMatchObject({
    contactid: before["1"]!.contactid,
    _parentcustomerid_value: before["1"]!._parentcustomerid_value,
  });
});

const boss = { parentcustomerid: { from: "boss", lookup: { object: "contact", by: "externaluseridentifier" } } };
const under = (n: number, above: number | null, more: Row = {}) =>
  person(n, { boss: above === null ? null : String(above), ...(more as SourceRow) });

test("people under people: all that one run made go at once, but those with somebody whom it did not make", async () => {
  await bench.begin({ ...withGuests, "syncs/people.yaml": peopleSync({ mapping: boss }) });
  bench.source("people", [under(1, null), under(2, 1), under(3, 2), under(4, null)]);
  await bench.run("people");
  const of = bench.latest();
  bench.source("people", [under(1, null), under(2, 1), under(3, 2), under(4, null), under(5, 4)]);
  expect(await bench.run("people")).toMatchObject({ created: 1 });
  const undone = await bench.undo({ run: of }, { deleteCreated: true });
  expect(undone.problems).toMatchObject([hangsOn("people", "4", "5")]);
  expect(undone.counts).toMatchObject({ received: 4, deleted: 3, excluded: 1 });
  expect(Object.keys(await contacts())).toEqual(["4", "5"]);
});

test("whom the run itself had moved there is moved back first, and another undo deletes", async () => {
  await bench.begin({ "syncs/people.yaml": peopleSync({ mapping: boss }) });
  bench.source("people", [under(1, null)]);
  await bench.run();
  const before = await contacts();
  bench.source("people", [under(1, 2), under(2, null)]);
  expect(await bench.run()).toMatchObject({ created: 1, updated: 1 });
  const of = bench.latest();
  const first = await bench.undo({ run: of }, { deleteCreated: true });
  expect(first).toMatchObject({
    problems: [hangsOn("people", "2", "1")],
    counts: { updated: 1, deleted: 0, excluded: 1 },
  });
  const second = await bench.undo({ run: of }, { deleteCreated: true });
  expect(second).toMatchObject({ problems: [], counts: { updated: 0, deleted: 1, unchanged: 1, writes: 1 } });
  expect(Object.keys(await contacts())).toEqual(["1"]);
  expect((await contacts())["1"]!.contactid).toBe(before["1"]!.contactid);
});
