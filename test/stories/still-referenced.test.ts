import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { inProcess } from "../in-process.ts";
import { peopleSync, type Row, type SourceRow, useWorkbench, withFirms } from "../workbench.ts";

/** No record is deleted while the destination would delete with it the record of a row that is there. */

const bench = useWorkbench();
const leaving = { onLeave: "delete", allowDelete: true };
const ofFirm = { parentcustomerid: { from: "firm", lookup: { object: "account", by: "accountnumber" } } };
const firmsSync = (more: Row = {}) =>
  JSON.stringify({
    model: "firms",
    to: "crm",
    object: "account",
    match: "accountnumber",
    mapping: { accountnumber: "no", name: "title" },
    ...leaving,
    ...more,
  });
const firms = (...numbers: number[]) => numbers.map((n) => ({ no: `F${n}`, title: `Firm ${n}` }));
const person = (n: number, firm: number | null): SourceRow => ({
  id: String(n),
  name: `Name ${n}`,
  email: null,
  firm: firm === null ? null : `F${firm}`,
});
/** Two firms, and a person in each. */
async function begin(people: Row = {}): Promise<void> {
  await bench.begin({
    ...withFirms,
    "syncs/firms.yaml": firmsSync(),
    "syncs/people.yaml": peopleSync({ mapping: ofFirm, ...people }),
  });
  bench.source("firms", firms(1, 2));
  bench.source("people", [person(1, 1), person(2, 2)]);
  expect(await bench.run()).toMatchObject({ created: 4 });
}
const contacts = async () =>
  Object.fromEntries((await bench.rows("contact")).map((row) => [String(row.externaluseridentifier), row.contactid]));
const accounts = async () => (await bench.rows("account")).map((row) => String(row.accountnumber)).sort();
const held = (key = "F2") => ({ key, status: "excluded", code: "still_referenced" });

test("a firm that is gone, whose person moved to another, goes once the person has moved", async () => {
  await begin();
  const before = await contacts();
  bench.source("firms", firms(1));
  bench.source("people", [person(1, 1), person(2, 1)]);
  const { plans } = await bench.plan("firms");
  expect(plans).toMatchObject([
    {
      received: 2,
      plan: { delete: 0, excluded: 1, unchanged: 1 },
      problems: [{ code: "still_referenced", keys: ["F2"], again: "in every run" }],
    },
  ]);
  for (const _ of [1, 2]) {
    const alone = await bench.run("firms");
    expect(alone).toMatchObject({ received: 2, deleted: 0, excluded: 1, unchanged: 1, writes: 0 });
    expect(alone.problems).toMatchObject([
      { ...held(), message: expect.stringContaining("that of 1 row of the sync people (such as 2)") },
    ]);
  }
  const first = await bench.run();
  expect(first.of.firms).toMatchObject({ received: 2, deleted: 0, excluded: 1, unchanged: 1, writes: 0 });
  expect(first.of.people).toMatchObject({ received: 2, updated: 1, unchanged: 1, writes: 1 });
  expect(await bench.run()).toMatchObject({ received: 4, deleted: 1, unchanged: 3, excluded: 0, writes: 1 });
  expect(await contacts()).toEqual(before);
  expect(await accounts()).toEqual(["F1"]);
  expect(await bench.run()).toMatchObject({ received: 3, unchanged: 3, writes: 0 });
});

test("a firm and its people that leave together: the people go first, and then the firm", async () => {
  await begin(leaving);
  bench.source("firms", firms(1));
  bench.source("people", [person(1, 1)]);
  const first = await bench.run();
  expect(first.of.firms).toMatchObject({ deleted: 0, excluded: 1, writes: 0 });
  expect(first.of.people).toMatchObject({ deleted: 1, unchanged: 1, writes: 1 });
  expect(await bench.run()).toMatchObject({ received: 3, deleted: 1, unchanged: 2, writes: 1 });
  expect(await accounts()).toEqual(["F1"]);
  expect(await bench.run()).toMatchObject({ received: 2, unchanged: 2, writes: 0 });
});

test("a person whose source still names the firm keeps it; a guard counts the delete in the run that does it", async () => {
  await begin();
  bench.write("syncs/firms.yaml", firmsSync({ deleteLimit: 0, leaveLimit: "100 %" }));
  const before = await contacts();
  bench.source("firms", firms(1));
  for (const _ of [1, 2, 3]) {
    const waits = await bench.run();
    expect(waits).toMatchObject({ received: 4, excluded: 1, unchanged: 3, deleted: 0, writes: 0 });
    expect(waits.problems).toMatchObject([held()]);
  }
  bench.source("people", [person(1, 1), person(2, null)]);
  expect(await bench.run()).toMatchObject({ excluded: 1, updated: 1, writes: 1 });
  await expect(bench.run()).rejects.toMatchObject({ code: "too_many_deletes" });
  bench.source("firms", firms(1, 2));
  expect(await bench.run()).toMatchObject({ received: 4, unchanged: 4, excluded: 0, writes: 0 });
  bench.write("syncs/firms.yaml", firmsSync());
  bench.source("firms", firms(1));
  expect(await bench.run()).toMatchObject({ received: 4, deleted: 1, unchanged: 3, writes: 1 });
  expect(await contacts()).toEqual(before);
});

test("a row that is held is there again once its source has it", async () => {
  await begin();
  bench.source("firms", firms(1));
  expect(await bench.run()).toMatchObject({ excluded: 1, writes: 0 });
  expect(await bench.verify()).toMatchObject({ differences: 0 });
  bench.source("firms", [...firms(1), { no: "F2", title: "Back" }]);
  expect(await bench.run()).toMatchObject({ received: 4, updated: 1, unchanged: 3, excluded: 0, writes: 1 });
  expect(await bench.run()).toMatchObject({ received: 4, unchanged: 4, writes: 0 });
});

test("who left another sync, and whom none knows, goes with the firm as ever", async () => {
  await begin();
  const f2 = (await bench.rows("account")).find((row) => row.accountnumber === "F2")!.accountid;
  await bench.person("POST", "contacts", {
    lastname: "By hand",
    "parentcustomerid_account@odata.bind": `/accounts(${f2})`,
  });
  bench.source("people", [person(1, 1)]);
  await bench.run();
  expect(await bench.rows("contact")).toHaveLength(3);
  bench.source("firms", firms(1));
  expect(await bench.run()).toMatchObject({ received: 3, deleted: 1, unchanged: 2, excluded: 0, writes: 1 });
  expect(await bench.rows("contact")).toHaveLength(1);
});

test.each<[string, (folder: string) => void]>([
  ["whose state is lost", (folder) => rmSync(folder, { recursive: true })],
  [
    "whose last run has not ended",
    (folder) => rmSync(join(folder, "runs", readdirSync(join(folder, "runs")).at(-1)!, "done.json")),
  ],
])("a record that may be of a sync %s is a row's until that has run", async (_, harm) => {
  await begin();
  bench.source("people", [person(1, 1)]);
  bench.source("firms", firms(1));
  await bench.run("people");
  harm(join(bench.folder, ".sluice/default/people"));
  const waits = await bench.run("firms");
  expect(waits).toMatchObject({ received: 2, deleted: 0, excluded: 1, writes: 0 });
  expect(waits.problems).toMatchObject([
    { ...held(), message: expect.stringContaining("1 record of contact that may be of the sync people") },
  ]);
  await bench.run("people");
  expect(await bench.run("firms")).toMatchObject({ received: 2, deleted: 1, excluded: 0, writes: 1 });
});

test("a plan that was looked at deletes nothing that has got a person since", async () => {
  await begin();
  const before = await contacts();
  bench.source("people", [person(1, 1), person(2, 1)]);
  await bench.run();
  bench.source("firms", firms(1));
  const { plans } = await bench.plan("firms");
  expect(plans).toMatchObject([{ plan: { delete: 1 } }]);
  bench.source("firms", firms(1, 2));
  bench.source("people", [person(1, 1), person(2, 2)]);
  await bench.run("people");
  bench.source("firms", firms(1));
  const done = await inProcess({ project: bench.folder, variables: bench.sandbox.env }, (client) =>
    client.run({ syncs: [], plan: plans[0]!.run, maxMoved: 1 }),
  );
  expect(done.runs).toMatchObject([{ counts: { received: 2, deleted: 0, excluded: 1, unchanged: 1, writes: 0 } }]);
  expect(await contacts()).toEqual(before);
});

test("people under people: one goes with those under it that leave too, and stays for any that does not", async () => {
  const boss = { parentcustomerid: { from: "firm", lookup: { object: "contact", by: "externaluseridentifier" } } };
  await bench.begin({ "syncs/people.yaml": peopleSync({ mapping: boss, ...leaving }) });
  const under = (n: number, above: number | null) => ({
    ...person(n, null),
    firm: above === null ? null : String(above),
  });
  const all = [under(1, null), under(2, 1), under(3, 2), under(4, null), under(5, 4), under(6, null), under(7, 6)];
  bench.source("people", all);
  await bench.run();
  const before = await contacts();
  // 1 and 2 leave above 3; 4 leaves with 5; 6 leaves, and 7 is under nobody from now on.
  bench.source("people", [under(3, 2), under(7, null)]);
  const first = await bench.run();
  expect(first).toMatchObject({ received: 7, excluded: 3, updated: 1, unchanged: 1 });
  expect(first.problems.map(({ key }) => key).sort()).toEqual(["1", "2", "6"]);
  const { 4: _four, 5: _five, ...rest } = before;
  expect(await contacts()).toEqual(rest);
  bench.source("people", [under(3, null), under(7, null)]);
  expect(await bench.run()).toMatchObject({ received: 5, deleted: 1, excluded: 2, updated: 1, unchanged: 1 });
  expect(await bench.run()).toMatchObject({ received: 4, excluded: 0, unchanged: 2 });
  const { 3: three, 7: seven } = before;
  expect(await contacts()).toEqual({ 3: three, 7: seven });
  expect(await bench.run()).toMatchObject({ received: 2, unchanged: 2, writes: 0 });
});

test("who has gone with the record above is deleted, too, but that is no write", async () => {
  await bench.begin({ "syncs/people.yaml": peopleSync({ ...leaving, leaveLimit: "100 %" }) });
  bench.source(
    "people",
    [1, 2, 3, 4, 5].map((n) => person(n, null)),
  );
  await bench.run();
  const ids = await contacts();
  // Whichever is deleted first of all: one of the two goes with the record above its own.
  for (const [below, above] of [
    [1, 2],
    [4, 3],
  ] as const)
    await bench.person("PATCH", `contacts(${ids[below]})`, {
      "parentcustomerid_contact@odata.bind": `/contacts(${ids[above]})`,
    });
  for (const id of [ids[2], ids[3]]) await bench.person("PATCH", `contacts(${id})`, { jobtitle: "Boss" });
  bench.source("people", [person(5, null)]);
  expect(await bench.run()).toMatchObject({ received: 5, deleted: 4, unchanged: 1, excluded: 0, writes: 3 });
  expect(await bench.run()).toMatchObject({ received: 1, unchanged: 1, writes: 0 });
});

test("what hangs on the record by way of another one counts, too, be that no row's", async () => {
  await begin();
  bench.write(
    "syncs/tasks.yaml",
    JSON.stringify({
      model: "tasks",
      to: "crm",
      object: "task",
      match: "subcategory",
      mapping: {
        subcategory: "id",
        subject: "name",
        regardingobjectid: { from: "person", lookup: { object: "contact", by: "externaluseridentifier" } },
      },
    }),
  );
  bench.write("models/tasks.yaml", "connection: data\ntable: tasks\nkey: id\n");
  bench.source("tasks", [{ id: "T1", name: "Call", person: "2" }]);
  bench.source("people", [person(1, 1)]);
  await bench.run("people");
  bench.source("people", [person(1, 1), person(2, 2)]);
  expect(await bench.run()).toMatchObject({ created: 1 });
  bench.source("people", [person(1, 1)]);
  bench.source("firms", firms(1));
  await bench.run("people");
  const waits = await bench.run("firms");
  expect(waits).toMatchObject({ excluded: 1, deleted: 0, writes: 0 });
  expect(waits.problems).toMatchObject([
    { ...held(), message: expect.stringContaining("that of 1 row of the sync tasks (such as T1)") },
  ]);
  bench.source("tasks", [{ id: "T1", name: "Call", person: "1" }]);
  await bench.run("tasks");
  expect(await bench.run("firms")).toMatchObject({ excluded: 0, deleted: 1, writes: 1 });
});

test("firms under firms: that relationship deletes nothing, so nothing is held", async () => {
  await begin();
  const above = { parentaccountid: { from: "above", lookup: { object: "account", by: "accountnumber" } } };
  bench.write("syncs/firms.yaml", firmsSync({ mapping: { accountnumber: "no", name: "title", ...above } }));
  const under = (n: number, of: string | null) => ({ no: `F${n}`, title: `Firm ${n}`, above: of });
  bench.source("firms", [under(1, "F3"), under(2, null), under(3, null)]);
  await bench.run();
  bench.source("firms", [under(1, null), under(2, null)]);
  expect(await bench.run("firms")).toMatchObject({ updated: 1, deleted: 1, excluded: 0, unchanged: 1, writes: 2 });
});

test("of many that leave those are held that have somebody", async () => {
  await begin();
  bench.write("syncs/firms.yaml", firmsSync({ leaveLimit: "100 %" }));
  bench.source("firms", firms(1, 2, ...Array.from({ length: 1200 }, (_, n) => n + 3)));
  expect(await bench.run()).toMatchObject({ created: 1200 });
  bench.source("firms", firms(3));
  expect(await bench.run("firms")).toMatchObject({ received: 1202, deleted: 1199, excluded: 2, unchanged: 1 });
  expect(await accounts()).toEqual(["F1", "F2", "F3"]);
});

test("own table: whom this very run would put below a record that leaves, or makes there, holds it", async () => {
  const boss = {
    parentcustomerid: { from: "firm", lookup: { object: "contact", by: "externaluseridentifier", missing: "null" } },
  };
  await bench.begin({ "syncs/people.yaml": peopleSync({ mapping: boss, ...leaving }) });
  const below = (n: number, boss: number | null) => ({ ...person(n, null), firm: boss === null ? null : `${boss}` });
  bench.source("people", [below(1, null), below(2, null), below(3, 1)]);
  await bench.run();
  const before = await contacts();
  bench.source("people", [below(2, 3), below(4, 1)]);
  expect(await bench.run()).toMatchObject({ created: 1, updated: 1, deleted: 0, excluded: 2, writes: 2 });
  expect(await contacts()).toMatchObject(before);
  bench.source("people", [below(2, null), below(4, null)]);
  expect(await bench.run()).toMatchObject({ updated: 2, deleted: 0, excluded: 2 });
  expect(await bench.run()).toMatchObject({ deleted: 2, excluded: 0, unchanged: 2 });
  expect(Object.keys(await contacts()).sort()).toEqual(["2", "4"]);
});

test("the other sync may call its table as it likes", async () => {
  await begin({ object: "Contacts" });
  bench.source("firms", firms(1));
  expect(await bench.run("firms")).toMatchObject({ deleted: 0, excluded: 1 });
});

test("whose state is older than its last run is not believed", async () => {
  await begin();
  const state = join(bench.folder, ".sluice/default/people/rows.duckdb");
  bench.source("people", [person(1, 1)]);
  await bench.run("people");
  const older = readFileSync(state);
  bench.source("people", [person(1, 1), person(3, 2)]);
  await bench.run("people");
  writeFileSync(state, older);
  bench.source("firms", firms(1));
  const done = await bench.run("firms");
  expect(done).toMatchObject({ deleted: 0, excluded: 1 });
  expect(done.problems[0]!.message).toMatch(/that may be of the sync people/);
});

test("where it cannot be told what goes with a record, nothing is deleted", async () => {
  await begin();
  bench.source("firms", firms(1));
  await bench.control("POST", "faults", { match: { path: "OneToManyRelationships" }, times: 1000, status: 403 });
  rmSync(join(bench.folder, ".sluice/default/.schema"), { recursive: true, force: true });
  const run = bench.run("firms");
  await expect(run).rejects.toMatchObject({ code: "not_allowed" });
  await bench.control("DELETE", "faults");
  expect(await accounts()).toEqual(["F1", "F2"]);
});

/** A contact that people made, and its id. */
const byHand = async (number: string, parent: string, set: string): Promise<string> =>
  String(
    (
      await bench.person("POST", "contacts", {
        lastname: "By hand",
        externaluseridentifier: number,
        [`parentcustomerid_${set.slice(0, -1)}@odata.bind`]: `/${set}(${parent})`,
      })
    ).contactid,
  );
const tooLong = "n".repeat(60);

test("a row that has no record yet, and would find one that goes with the firm, keeps it", async () => {
  await begin();
  const f2 = (await bench.rows("account")).find((row) => row.accountnumber === "F2")!.accountid;
  const id = await byHand("x3", String(f2), "accounts");
  bench.source("people", [person(1, 1), { ...person(3, 2), id: "X3", name: tooLong }]);
  expect(await bench.run()).toMatchObject({ rejected: 1, writes: 0 });
  bench.source("firms", firms(1));
  for (const _ of [1, 2]) {
    const waits = await bench.run("firms");
    expect(waits).toMatchObject({ received: 2, deleted: 0, excluded: 1, unchanged: 1, writes: 0 });
    expect(waits.problems).toMatchObject([
      { ...held(), message: expect.stringContaining("that of 1 row of the sync people (such as X3)") },
    ]);
  }
  bench.source("people", [person(1, 1), { ...person(3, 1), id: "X3" }]);
  expect(await bench.run()).toMatchObject({ updated: 1, created: 0, deleted: 0, excluded: 1 });
  expect(await bench.run()).toMatchObject({ deleted: 1, excluded: 0, unchanged: 3, writes: 1 });
  expect(await contacts()).toMatchObject({ X3: id });
  expect(await bench.run()).toMatchObject({ received: 3, unchanged: 3, writes: 0 });
});

test("such a row that leaves holds the firm no more, and no other record does", async () => {
  await begin({ match: ["externaluseridentifier", "parentcustomerid"] });
  const f2 = (await bench.rows("account")).find((row) => row.accountnumber === "F2")!.accountid;
  await byHand("3", String(f2), "accounts");
  bench.source("people", [person(1, 1), { ...person(3, 2), name: tooLong }, { ...person(4, 2), name: tooLong }]);
  expect(await bench.run()).toMatchObject({ rejected: 2 });
  bench.source("firms", firms(1));
  expect(await bench.run("firms")).toMatchObject({ deleted: 0, excluded: 1 });
  bench.source("people", [person(1, 1), { ...person(4, 2), name: tooLong }]);
  await bench.run("people");
  expect(await bench.run("firms")).toMatchObject({ deleted: 1, excluded: 0, writes: 1 });
  expect(Object.keys(await contacts())).toEqual(["1"]);
});

test.each(["all", "touched", "none"])("own table: such a row keeps the record above its own (%s)", async (mirror) => {
  const boss = {
    parentcustomerid: { from: "firm", lookup: { object: "contact", by: "externaluseridentifier", missing: "null" } },
  };
  await bench.begin({ "syncs/people.yaml": peopleSync({ mapping: boss, ...leaving, mirror }) });
  bench.source("people", [person(1, null), person(2, null)]);
  await bench.run();
  const { 1: one } = await contacts();
  await byHand("3", String(one), "contacts");
  const refused = { ...person(3, null), name: tooLong };
  bench.source("people", [person(1, null), person(2, null), refused]);
  expect(await bench.run()).toMatchObject({ rejected: 1, writes: 0 });
  bench.source("people", [person(2, null), refused]);
  for (const _ of [1, 2]) expect(await bench.run()).toMatchObject({ deleted: 0, excluded: 1, rejected: 1, writes: 0 });
  bench.source("people", [person(2, null), person(3, null)]);
  expect(await bench.run()).toMatchObject({ updated: 1, created: 0 });
  await bench.person("PATCH", `contacts(${(await contacts())[3]})`, { "parentcustomerid_account@odata.bind": null });
  expect(await bench.run()).toMatchObject({ deleted: 1, excluded: 0 });
  expect(Object.keys(await contacts())).toEqual(["2", "3"]);
});
