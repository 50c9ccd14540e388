import { expect, test } from "vitest";
import { peopleSync, type Row, type SourceRow, useWorkbench } from "../workbench.ts";

/** A cell of nothing but blanks names no parent, whatever the lookup says of those that are missing. */

const bench = useWorkbench();
const blanks = [" ", "   ", "\u00a0", "\u2003 "];
const person = (id: string, more: SourceRow) => ({ id, name: `Name ${id}`, email: null, ...more });
const sync = (mapping: Row, more: Row = {}) => ({ "syncs/people.yaml": peopleSync({ mapping, ...more }) });
const contacts = async () =>
  Object.fromEntries((await bench.rows("contact")).map((row) => [String(row.externaluseridentifier), row]));
const firms = (...of: (string | null)[]) =>
  bench.source(
    "people",
    of.map((firm, i) => person(`${i + 1}`, { firm })),
  );

test.each(["reject", "null", "create"])("with missing: %s nothing is looked for, and nothing made", async (missing) => {
  for (const empty of ["clear", "skip"]) {
    const line = { from: "firm", empty, lookup: { object: "account", by: "accountnumber", missing } };
    await bench.begin(sync({ parentcustomerid: line }));
    const { accountid } = await bench.person("POST", "accounts", { name: "First", accountnumber: "F1" });
    firms(...blanks, null, "F1");
    expect((await bench.plan()).totals).toMatchObject({ create: 6, rejected: 0, parents: 0 });
    expect(await bench.run()).toMatchObject({ received: 6, created: 6, rejected: 0, parents: 0, writes: 6 });
    expect(await bench.rows("account")).toHaveLength(1);
    expect(await bench.run()).toMatchObject({ unchanged: 6, writes: 0 });

    // Where somebody is named no longer, the column is cleared, or left alone.
    firms(...blanks, null, " ");
    expect(await bench.run()).toMatchObject(empty === "skip" ? { unchanged: 6, writes: 0 } : { updated: 1, writes: 1 });
    const now = (await contacts())["6"]!._parentcustomerid_value;
    expect(now).toBe(empty === "skip" ? accountid : undefined);
    expect(await bench.run()).toMatchObject({ unchanged: 6, writes: 0 });
    expect((await bench.verify()).syncs[0]).toMatchObject({ differences: 0 });
  }
});

test("of several columns, one of blanks: nothing is looked for", async () => {
  const by = { accountnumber: "firm", address1_city: "town" };
  await bench.begin(sync({ parentcustomerid: { lookup: { object: "account", by, missing: "create" } } }), {
    keyed: false,
  });
  const rows = [" ", "\u00a0", null, "Ulm"].map((town, i) => person(`${i + 1}`, { firm: "F1", town }));
  bench.source("people", rows);
  expect(await bench.run()).toMatchObject({ created: 4, parents: 1, rejected: 0, writes: 5 });
  expect(await bench.rows("account")).toMatchObject([{ accountnumber: "F1", address1_city: "Ulm" }]);
  expect(await bench.run()).toMatchObject({ unchanged: 4, rejected: 0, writes: 0 });
});

test("of several ways, one of blanks is passed", async () => {
  const ways = [
    { object: "account", from: "firm", by: "accountnumber" },
    { object: "contact", from: "boss", by: "emailaddress1", missing: "null" },
  ];
  await bench.begin(sync({ parentcustomerid: { lookup: ways } }));
  const boss = await bench.person("POST", "contacts", { lastname: "Boss", emailaddress1: "boss@example.com" });
  bench.source("people", [
    person("1", { firm: " ", boss: "boss@example.com" }),
    person("2", { firm: "F9", boss: " " }),
    person("3", { firm: "F9", boss: "nobody@example.com" }),
    person("4", { firm: " ", boss: " " }),
  ]);
  const ran = await bench.run();
  expect(ran).toMatchObject({ created: 3, rejected: 1 });
  // The way that says nothing is not told of, either.
  expect(ran.problems).toMatchObject([{ key: "2", code: "parent_missing" }]);
  expect(ran.problems[0]?.message).toContain('"F9" to point at. It looks for an existing account by accountnumber;');
  expect((await contacts())["1"]).toMatchObject({ _parentcustomerid_value: boss.contactid });
  expect(await bench.run()).toMatchObject({ unchanged: 3, rejected: 1, writes: 0 });
});

test("an owner of blanks leaves the record to whose it is; what may not be empty is refused as empty", async () => {
  await bench.begin(sync({ ownerid: "owner" }));
  bench.source("people", [person("1", { owner: " " }), person("2", { owner: null })]);
  expect(await bench.run()).toMatchObject({ created: 2, rejected: 0, writes: 2 });
  expect(await bench.run()).toMatchObject({ unchanged: 2, writes: 0 });

  const lookup = { object: "account", by: "accountnumber" };
  for (const missing of ["reject", "create"]) {
    await bench.begin(sync({ new_firmid: { from: "firm", lookup: { ...lookup, missing } } }));
    await mustPoint();
    firms(" ", "\u00a0", null);
    const ran = await bench.run();
    expect(ran).toMatchObject({ rejected: 3, parents: 0, writes: 0 });
    expect(ran.problems.map(({ code }) => code)).toEqual(["required_empty", "required_empty", "required_empty"]);
  }
});

/** A lookup to accounts that the API takes no contact without. */
async function mustPoint(): Promise<void> {
  await bench.person("POST", "RelationshipDefinitions", {
    "@odata.type": "Microsoft.Dynamics.CRM.OneToManyRelationshipMetadata",
    SchemaName: "new_firm_contact",
    ReferencedEntity: "account",
    ReferencedAttribute: "accountid",
    ReferencingEntity: "contact",
    Lookup: {
      "@odata.type": "Microsoft.Dynamics.CRM.LookupAttributeMetadata",
      SchemaName: "new_FirmId",
      DisplayName: { LocalizedLabels: [{ Label: "new_FirmId", LanguageCode: 1033 }] },
      RequiredLevel: { Value: "SystemRequired" },
    },
  });
}

test.each(["reject", "null"])(
  "into the sync's own table, missing: %s: rows wait for no row of blanks",
  async (missing) => {
    const lookup = { object: "contact", by: "nickname", missing };
    await bench.begin(sync({ nickname: "nick", parentcustomerid: { from: "boss", lookup } }));
    bench.source("people", [
      person("1", { nick: " ", boss: null }),
      person("2", { nick: "two", boss: " " }),
      person("3", { nick: null, boss: "two" }),
      person("4", { nick: "four", boss: "\u00a0" }),
    ]);
    expect(await bench.run()).toMatchObject({ created: 4, rejected: 0, writes: 5 });
    const there = await contacts();
    expect(there["3"]).toMatchObject({ _parentcustomerid_value: there["2"]!.contactid });
    for (const id of ["1", "2", "4"]) expect(there[id]).not.toHaveProperty("_parentcustomerid_value");
    expect(await bench.run()).toMatchObject({ unchanged: 4, writes: 0 });
  },
);

test("a currency, and what is translated: blanks are what `values` makes of them", async () => {
  const values = { "": "F0", none: " " };
  const lookup = { object: "account", by: "accountnumber" };
  await bench.begin(
    sync({
      annualincome: { from: "income", currency: { from: "currency" } },
      parentcustomerid: { from: "firm", values, lookup },
    }),
  );
  const { accountid } = await bench.person("POST", "accounts", { name: "None", accountnumber: "F0" });
  bench.source("people", [
    person("1", { income: "1", currency: " ", firm: "\u00a0" }),
    person("2", { income: "1", currency: null, firm: "none" }),
  ]);
  expect(await bench.run()).toMatchObject({ created: 2, rejected: 0, writes: 2 });
  const there = await contacts();
  expect(there["1"]).toMatchObject({ _parentcustomerid_value: accountid });
  expect(there["2"]).not.toHaveProperty("_parentcustomerid_value");
  expect(there["1"]!._transactioncurrencyid_value).toBe(there["2"]!._transactioncurrencyid_value);
  expect(await bench.run()).toMatchObject({ unchanged: 2, writes: 0 });
});
