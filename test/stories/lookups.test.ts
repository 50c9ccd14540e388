import { expect, test } from "vitest";
import { peopleSync, type Row, useWorkbench } from "../workbench.ts";

/** Every way a lookup can find its parent: by several columns, into several tables, by owner. */

const bench = useWorkbench();

const contacts = async () =>
  Object.fromEntries((await bench.rows("contact")).map((row) => [String(row.externaluseridentifier), row]));
const create = async (set: string, row: Row, id: string) => (await bench.person("POST", set, row))[id] as string;

test("into accounts or contacts, whichever is found first: the record says which, and changes from one to the other", async () => {
  const ways = [
    { object: "account", from: "firm", by: "accountnumber" },
    { object: "contact", from: "boss", by: "emailaddress1" },
  ];
  await bench.begin({ "syncs/people.yaml": peopleSync({ mapping: { parentcustomerid: { lookup: ways } } }) });
  const account = await create("accounts", { name: "First", accountnumber: "F1" }, "accountid");
  const boss = await create("contacts", { lastname: "Boss", emailaddress1: "boss@example.com" }, "contactid");
  const person = (id: string, firm: string | null, by: string | null) => ({
    id,
    name: `Name ${id}`,
    email: null,
    firm,
    boss: by,
  });
  bench.source("people", [
    person("1", "F1", "boss@example.com"),
    person("2", null, "BOSS@example.com"),
    person("3", null, null),
    person("4", "F9", "boss@example.com"),
    person("5", "F9", null),
    person("6", "F9", "nobody@example.com"),
  ]);
  const first = await bench.run();
  expect(first).toMatchObject({ created: 4, rejected: 2 });
  expect(first.problems).toMatchObject([
    { key: "5", code: "parent_missing", column: "parentcustomerid" },
    { key: "6", code: "parent_missing" },
  ]);
  expect(first.problems[0]?.message).toContain('"F9" to point at. It looks for an existing account by accountnumber;');
  expect(first.problems[1]?.message).toContain("an existing account by accountnumber or contact by emailaddress1;");
  expect(first.problems[1]?.message).toContain('"nobody@example.com"');
  const there = await contacts();
  expect(there["1"]).toMatchObject({ _parentcustomerid_value: account });
  expect(there["2"]).toMatchObject({ _parentcustomerid_value: boss });
  expect(there["3"]).not.toHaveProperty("_parentcustomerid_value");
  expect(there["4"]).toMatchObject({ _parentcustomerid_value: boss });
  expect(await bench.run()).toMatchObject({ unchanged: 4, rejected: 2, writes: 0 });

  // From one table to the other, back to nothing, and a parent that would have gone first comes.
  await bench.person("POST", "accounts", { name: "Ninth", accountnumber: "F9" });
  bench.source("people", [
    person("1", null, "boss@example.com"),
    person("2", null, null),
    person("3", "F1", null),
    person("4", "F9", "boss@example.com"),
    person("5", "F9", null),
  ]);
  expect(await bench.run()).toMatchObject({ updated: 4, created: 1, rejected: 0, writes: 5 });
  const after = await contacts();
  const ninth = (await bench.rows("account")).find((row) => row.accountnumber === "F9")!.accountid;
  expect(after["1"]).toMatchObject({ _parentcustomerid_value: boss });
  expect(after["2"]).not.toHaveProperty("_parentcustomerid_value");
  expect(after["3"]).toMatchObject({ _parentcustomerid_value: account });
  expect(after["4"]).toMatchObject({ _parentcustomerid_value: ninth });
  expect(await bench.run()).toMatchObject({ unchanged: 5, writes: 0 });

  // A person moves it to another table: drift like any other.
  const { contactid } = after["3"]!;
  await bench.person("PATCH", `contacts(${contactid})`, {
    "parentcustomerid_contact@odata.bind": `/contacts(${boss})`,
  });
  expect(await bench.run()).toMatchObject({ updated: 1, writes: 1 });
  expect((await contacts())["3"]).toMatchObject({ _parentcustomerid_value: account });
});

test("by a key of several columns, compared as their types say", async () => {
  const by = { numberofemployees: "size", name: "firm" };
  await bench.begin({
    "syncs/people.yaml": peopleSync({ mapping: { parentcustomerid: { lookup: { object: "account", by } } } }),
  });
  const small = await create("accounts", { name: "Firm/1", numberofemployees: 7 }, "accountid");
  const large = await create("accounts", { name: "Firm/1", numberofemployees: 700 }, "accountid");
  const person = (id: string, size: string | null, firm: string | null) => ({ id, name: "N", email: null, size, firm });
  bench.source("people", [
    person("1", "007", "firm/1"),
    person("2", "700.0", "FIRM/1"),
    person("3", "70", "Firm/1"),
    person("4", "7", null),
    person("5", "many", "Firm/1"),
  ]);
  const ran = await bench.run();
  expect(ran).toMatchObject({ created: 3, rejected: 2 });
  const [many, missing] = ran.problems.map((p) => p.message).sort();
  expect(many).toContain('"Firm/1, many" is no number');
  expect(missing).toContain(
    'no record for "Firm/1, 70" to point at. It looks for an existing account by name, numberofem',
  );
  expect(await contacts()).toMatchObject({
    1: { _parentcustomerid_value: small },
    2: { _parentcustomerid_value: large },
  });
});

test("a lookup column under its display name is looked up as under its own, and its faults stand on its line", async () => {
  const line = { from: "firm", lookup: { object: "account", by: "accountnumber" } };
  await bench.begin({ "syncs/people.yaml": peopleSync({ mapping: { "company name": line } }) });
  const account = await create("accounts", { name: "First", accountnumber: "F1" }, "accountid");
  bench.source("people", [{ id: "1", name: "N", email: null, firm: "F1" }]);
  expect(await bench.run()).toMatchObject({ created: 1 });
  expect(await contacts()).toMatchObject({ 1: { _parentcustomerid_value: account } });
  bench.write(
    "syncs/people.yaml",
    peopleSync({ mapping: { "marital status": { from: "firm", values: { F1: "Sworn" } } } }),
  );
  await expect(bench.run()).rejects.toMatchObject({
    code: "mapping_unfit",
    place: { line: 1, path: ["mapping", "marital status"] },
  });
});

test("an owner by e-mail, sign-in name or team; disabled and unknown ones are refused by name", async () => {
  await bench.begin({ "syncs/people.yaml": peopleSync({ mapping: { ownerid: "owner" } }) });
  const user = (name: string, more: Row = {}) => ({ domainname: `${name}@contoso.com`, lastname: name, ...more });
  const unit = (await bench.rows("businessunit"))[0]!.businessunitid;
  const at = { "businessunitid@odata.bind": `/businessunits(${unit})` };
  const ana = await create(
    "systemusers",
    { ...user("ana", { internalemailaddress: "ana@example.com" }), ...at },
    "systemuserid",
  );
  const old = await create(
    "systemusers",
    { ...user("old", { internalemailaddress: "old@example.com" }), ...at },
    "systemuserid",
  );
  await bench.person("PATCH", `systemusers(${old})`, { isdisabled: true });
  const team = await create("teams", { name: "Sales", teamtype: 0, ...at }, "teamid");
  await create("teams", { name: "Guests", teamtype: 1, ...at }, "teamid");
  const person = (id: string, owner: string | null) => ({ id, name: `N${id}`, email: null, owner });
  bench.source("people", [
    person("1", "Ana@Example.com"),
    person("2", "ana@contoso.com"),
    person("3", "sales"),
    person("4", "old@example.com"),
    person("5", "guests"),
    person("6", "nobody@example.com"),
  ]);
  const ran = await bench.run();
  expect(ran).toMatchObject({ created: 3, rejected: 3, writes: 3 });
  expect(ran.problems).toMatchObject([
    { key: "4", code: "owner_barred", column: "ownerid" },
    { key: "5", code: "owner_barred" },
    { key: "6", code: "parent_missing" },
  ]);
  expect(ran.problems[0]?.message).toContain('"old@example.com"');
  expect(await contacts()).toMatchObject({
    1: { _ownerid_value: ana },
    2: { _ownerid_value: ana },
    3: { _ownerid_value: team },
  });
  expect(await bench.run()).toMatchObject({ unchanged: 3, rejected: 3, writes: 0 });
  bench.source("people", [person("1", "Sales"), person("2", "ana@contoso.com"), person("3", "sales")]);
  const moved = await bench.run();
  // Together with the other columns: one request, one row written.
  expect(moved).toMatchObject({ updated: 1, writes: 1 });
  expect((await contacts())["1"]).toMatchObject({ _ownerid_value: team });
});

test("an empty owner leaves the record to whose it is, or to us where it is made; so does one that goes without", async () => {
  const owner = (...lookup: object[]) => ({
    "syncs/people.yaml": peopleSync({ mapping: { ownerid: lookup.length ? { from: "owner", lookup } : "owner" } }),
  });
  await bench.begin(owner());
  const unit = (await bench.rows("businessunit"))[0]!.businessunitid;
  const at = { "businessunitid@odata.bind": `/businessunits(${unit})` };
  const sales = await create("teams", { name: "Sales", teamtype: 0, ...at }, "teamid");
  const person = (id: string, owner: string | null, name = `N${id}`) => ({ id, name, email: null, owner });
  bench.source("people", [person("1", "Sales"), person("2", null), person("3", "Sales")]);
  expect(await bench.run()).toMatchObject({ created: 3, rejected: 0 });
  const ours = (await contacts())["2"]!._ownerid_value;
  expect(ours).not.toBe(sales);
  bench.source("people", [person("1", null), person("2", null), person("3", null, "Renamed")]);
  expect(await bench.run()).toMatchObject({ updated: 1, unchanged: 2, rejected: 0, writes: 1 });
  expect(await bench.run()).toMatchObject({ unchanged: 3, writes: 0 });
  bench.write("syncs/people.yaml", owner({ object: "team", by: "name", missing: "null" })["syncs/people.yaml"]);
  bench.source("people", [person("1", "Nobody"), person("2", "Sales"), person("3", "Nobody", "Renamed")]);
  expect(await bench.run()).toMatchObject({ updated: 1, unchanged: 2, rejected: 0, writes: 1 });
  expect(await contacts()).toMatchObject({
    1: { _ownerid_value: sales },
    2: { _ownerid_value: sales },
    3: { _ownerid_value: sales, lastname: "Renamed" },
  });
  expect(await bench.run()).toMatchObject({ unchanged: 3, writes: 0 });
});

/** A lookup that the API takes no contact without. */
async function mustPoint(at: string, name: string): Promise<void> {
  const label = { LocalizedLabels: [{ Label: name, LanguageCode: 1033 }] };
  await bench.person("POST", "RelationshipDefinitions", {
    "@odata.type": "Microsoft.Dynamics.CRM.OneToManyRelationshipMetadata",
    SchemaName: `${name}_${at}`,
    ReferencedEntity: at,
    ReferencedAttribute: `${at}id`,
    ReferencingEntity: "contact",
    Lookup: {
      "@odata.type": "Microsoft.Dynamics.CRM.LookupAttributeMetadata",
      SchemaName: name,
      DisplayName: label,
      RequiredLevel: { Value: "SystemRequired" },
    },
  });
}

test("a lookup that may not be empty goes without no parent: the sync that says so is refused at set-up", async () => {
  const line = (lookup: object) => ({ new_firmid: { from: "firm", lookup: { by: "accountnumber", ...lookup } } });
  await bench.begin({ "syncs/people.yaml": peopleSync({ mapping: line({ missing: "null" }) }) });
  await mustPoint("account", "new_FirmId");
  await bench.person("POST", "accounts", { name: "First", accountnumber: "F1" });
  const person = (id: string, firm: string | null) => ({ id, name: `N${id}`, email: null, firm });
  bench.source("people", [person("1", "F1"), person("2", "F9"), person("3", null)]);
  const refused = { code: "mapping_unfit", message: expect.stringContaining("contact.new_firmid may not be empty") };
  await expect(bench.plan()).rejects.toMatchObject(refused);
  await expect(bench.run()).rejects.toMatchObject(refused);
  expect(await bench.rows("contact")).toEqual([]);
  bench.write("syncs/people.yaml", peopleSync({ mapping: line({}) }));
  const ran = await bench.run();
  expect(ran).toMatchObject({ created: 1, rejected: 2, writes: 1 });
  expect(ran.problems.map(({ code }) => code).sort()).toEqual(["parent_missing", "required_empty"]);
  expect(await bench.run()).toMatchObject({ unchanged: 1, rejected: 2, writes: 0 });
});

test("a lookup into the sync's own table that may not be empty: a row waits until its parent is there", async () => {
  const lookup = { object: "contact", by: "externaluseridentifier" };
  await bench.begin({
    "syncs/people.yaml": peopleSync({ mapping: { new_bossid: { from: "boss", lookup } } }),
  });
  await bench.person("POST", "contacts", { lastname: "Top", externaluseridentifier: "0" });
  await mustPoint("contact", "new_BossId");
  const person = (id: string, boss: string) => ({ id, name: `N${id}`, email: null, boss });
  bench.source("people", [person("1", "0"), person("2", "1"), person("3", "3")]);
  const ran = await bench.run();
  expect(ran).toMatchObject({ created: 1, rejected: 2, writes: 1 });
  expect(ran.problems).toMatchObject([
    { key: "2", code: "parent_missing" },
    { key: "3", code: "parent_missing" },
  ]);
  expect(await bench.run()).toMatchObject({ created: 1, unchanged: 1, rejected: 1, writes: 1 });
  expect(await bench.run()).toMatchObject({ unchanged: 2, rejected: 1, writes: 0 });
});

test("a task is about a contact or an account: names of activities have endings of their own", async () => {
  const ways = [
    { object: "contact", from: "email", by: "emailaddress1" },
    { object: "account", from: "firm", by: "accountnumber" },
  ];
  const mapping = { subject: "id", regardingobjectid: { lookup: ways } };
  const sync = { model: "people", to: "crm", object: "task", match: "subject", mapping };
  await bench.begin({ "syncs/people.yaml": JSON.stringify(sync) });
  const contact = await create("contacts", { lastname: "Ana", emailaddress1: "ana@example.com" }, "contactid");
  const account = await create("accounts", { name: "First", accountnumber: "F1" }, "accountid");
  bench.source("people", [
    { id: "1", name: null, email: "ana@example.com", firm: "F1" },
    { id: "2", name: null, email: null, firm: "F1" },
  ]);
  const ran = await bench.run();
  expect(ran).toMatchObject({ created: 2, rejected: 0, writes: 2 });
  expect(ran.sent.map((row) => Object.keys(row).filter((name) => name.includes("@odata.bind"))).sort()).toEqual([
    ["regardingobjectid_account_task@odata.bind"],
    ["regardingobjectid_contact_task@odata.bind"],
  ]);
  const about = (await bench.rows("task")).map((row) => [row.subject, row._regardingobjectid_value]).sort();
  expect(about).toEqual([
    ["1", contact],
    ["2", account],
  ]);
  expect(await bench.run()).toMatchObject({ unchanged: 2, writes: 0 });
});
