import { expect, test } from "vitest";
import { killedBefore } from "../sluice-process.ts";
import { peopleSync, type Row, type SourceRow, useWorkbench } from "../workbench.ts";

/** Undo of a run that died after it made records, and before it set what can only be set once they are there. */

const bench = useWorkbench();

/** A run of these rows that dies as it is to complete what it has made. Answers its id. */
async function dieBeforeCompleting(mapping: Row, rows: SourceRow[]): Promise<string> {
  await bench.begin({ "syncs/people.yaml": peopleSync({ mapping }) }, { keyed: false });
  bench.source("people", rows);
  await killedBefore(bench, { method: "POST", path: "UpdateMultiple" }, "run");
  expect(await bench.rows("contact")).toHaveLength(rows.length);
  return bench.latest();
}

const person = (id: string, x: string | null) => ({ id, name: id, email: null, x });
const boss = { from: "x", lookup: { object: "contact", by: "externaluseridentifier" } };

test.each<[string, Row, string[], Row]>([
  ["a state", { statecode: "x" }, ["Inactive", "Inactive", "Active"], { statecode: 1, statuscode: 2 }],
  ["a state by its status", { statuscode: "x" }, ["Inactive", "Inactive", "Active"], { statecode: 1, statuscode: 2 }],
  ["a lookup of another row", { parentcustomerid: boss }, ["2", "1", "3"], {}],
])("records that lack %s yet are deactivated, or deleted", async (_, mapping, xs, set) => {
  const run = await dieBeforeCompleting(
    mapping,
    xs.map((x, i) => person(`${i + 1}`, x)),
  );
  // What the run was to set is no change of somebody else's where it is there, either.
  const [first] = await bench.rows("contact");
  await bench.person("PATCH", `contacts(${first!.contactid})`, set);
  const undone = await bench.undo({ run });
  expect(undone).toMatchObject({ counts: { received: 3, excluded: 0 }, problems: [] });
  expect((await bench.rows("contact")).map(({ statecode }) => statecode)).toEqual([1, 1, 1]);
  const deleted = await bench.undo({ run }, { deleteCreated: true });
  expect(deleted).toMatchObject({ counts: { received: 3, deleted: 3 }, problems: [] });
  expect(await bench.rows("contact")).toEqual([]);
});

test("what somebody has set by then keeps the record as it is", async () => {
  const run = await dieBeforeCompleting({ parentcustomerid: boss }, [person("1", "2"), person("2", "1")]);
  const { accountid } = await bench.person("POST", "accounts", { name: "F" });
  const [first] = await bench.rows("contact");
  const bind = { "parentcustomerid_account@odata.bind": `/accounts(${accountid})` };
  await bench.person("PATCH", `contacts(${first!.contactid})`, bind);
  const undone = await bench.undo({ run }, { deleteCreated: true });
  expect(undone).toMatchObject({
    counts: { received: 2, deleted: 1, excluded: 1 },
    problems: [{ code: "undo_changed", keys: [first!.externaluseridentifier] }],
  });
  expect(await bench.rows("contact")).toMatchObject([{ contactid: first!.contactid }]);
});
