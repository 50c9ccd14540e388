import { expect, test } from "vitest";
import { peopleSync, useWorkbench } from "../workbench.ts";

/** A record that a run deleted is not made anew beside one that has taken its place since. */

const bench = useWorkbench();
const leaving = { onLeave: "delete", allowDelete: true, leaveLimit: 10, deleteLimit: 10 };
const person = (id: string) => ({ id, name: `Name ${id}`, email: `${id}@example.com` });
const byMara = (id: string) => bench.person("POST", "contacts", { externaluseridentifier: id, lastname: "Mara's" });
const there = async () =>
  (await bench.rows("contact"))
    .map((row) => `${row.externaluseridentifier as string} ${row.lastname as string}`)
    .sort();

test.each([false, true])("somebody has made another with its match value (with a key: %s)", async (keyed) => {
  await bench.begin({ "syncs/people.yaml": peopleSync(leaving) }, { keyed });
  bench.source("people", ["1", "2", "3"].map(person));
  await bench.run();
  bench.source("people", [person("1")]);
  expect(await bench.run()).toMatchObject({ deleted: 2 });
  const { contactid } = await byMara("2");
  const reason = { code: "undo_made_since", column: "externaluseridentifier", rows: 1, keys: ["2"] };
  const shown = await bench.undo({ sync: "people" }, { dryRun: true });
  expect(shown).toMatchObject({ plan: { create: 1, excluded: 1 }, problems: [reason] });
  const undone = await bench.undo({ run: shown.of });
  expect(undone).toMatchObject({ counts: { received: 2, created: 1, excluded: 1, writes: 1 }, problems: [reason] });
  expect(undone.problems[0]!.example).toContain(contactid as string);
  expect(await there()).toEqual(["1 Name 1", "2 Mara's", "3 Name 3"]);
  // Once hers is gone the deleted one can come back.
  await bench.person("DELETE", `contacts(${contactid as string})`);
  expect((await bench.undo({ run: shown.of })).counts).toMatchObject({ created: 1, unchanged: 1, excluded: 0 });
  expect(await there()).toEqual(["1 Name 1", "2 Name 2", "3 Name 3"]);
});

test("one that had stood beside it before the run keeps nobody from coming back", async () => {
  await bench.begin({ "syncs/people.yaml": peopleSync(leaving) }, { keyed: false });
  bench.source("people", ["1", "2"].map(person));
  await bench.run();
  const { now } = await bench.control<{ now: string }>("GET", "clock");
  await bench.control("POST", "clock", { set: new Date(Date.parse(now) - 600_000).toISOString() });
  const hers = { externaluseridentifier: "2", lastname: "Mara's" };
  await bench.control("POST", "seed", { table: "contact", rows: [hers] });
  await bench.control("POST", "clock", { reset: true });
  bench.source("people", [person("1")]);
  expect(await bench.run()).toMatchObject({ deleted: 1 });
  expect(await bench.undo({ sync: "people" })).toMatchObject({ counts: { created: 1 }, problems: [] });
  expect(await there()).toEqual(["1 Name 1", "2 Mara's", "2 Name 2"]);
});

test.each([false, true])("what pointed at such a record comes back without that (mapped: %s)", async (mapped) => {
  const boss = { from: "boss", lookup: { object: "contact", by: "externaluseridentifier", missing: "null" } };
  const mapping = mapped ? { parentcustomerid: boss } : {};
  await bench.begin({ "syncs/people.yaml": peopleSync({ ...leaving, mapping }) }, { keyed: false });
  const all = ["1", "2", "3"].map((id) => ({ ...person(id), boss: id === "3" ? "2" : null }));
  bench.source("people", all);
  await bench.run();
  const [, two, three] = (await bench.rows("contact")).sort((a, b) => `${a.lastname}`.localeCompare(`${b.lastname}`));
  if (!mapped)
    await bench.person("PATCH", `contacts(${three!.contactid})`, {
      "parentcustomerid_contact@odata.bind": `/contacts(${two!.contactid})`,
    });
  bench.source("people", all.slice(0, 1));
  expect(await bench.runThroughFaults()).toMatchObject({ deleted: 2 });
  await byMara("2");
  const undone = await bench.undo({ sync: "people" });
  expect(undone.counts).toMatchObject({ received: 2, created: 1, excluded: 1, rejected: 0 });
  expect(undone.problems).toMatchObject([
    { code: "undo_made_since", keys: ["2"] },
    { code: "undo_parent_gone", column: "parentcustomerid", keys: ["3"] },
  ]);
  expect(await there()).toEqual(["1 Name 1", "2 Mara's", "3 Name 3"]);
});
