import { expect, test } from "vitest";
import { peopleSync, type SourceRow, useWorkbench } from "../workbench.ts";

/** Somebody has a column keep more or fewer digits after the point: no value is another for that. */

const bench = useWorkbench();
const attribute = "EntityDefinitions(LogicalName='contact')/Attributes(LogicalName='new_amt')";
const keeps = (digits: number, type = "Decimal") =>
  bench.person("PUT", attribute, {
    "@odata.type": `Microsoft.Dynamics.CRM.${type}AttributeMetadata`,
    SchemaName: "new_Amt",
    Precision: digits,
  });
const column = (digits: number) => ({
  columns: [{ name: "new_Amt", title: "Amount", type: "decimal" as const, precision: digits }],
});
const sync = (line: object = {}, more: object = {}) => ({
  "syncs/people.yaml": peopleSync({ mapping: { new_amt: { from: "amt", ...line } }, ...more }),
});
const person = (id: string, amt = "1.5"): SourceRow => ({ id, name: `Name ${id}`, email: `${id}@example.com`, amt });
const people = (amt?: string, n = 3) => Array.from({ length: n }, (_, i) => person(`${i + 1}`, amt));
const amounts = async () =>
  Object.fromEntries((await bench.rows("contact")).map((r) => [r.externaluseridentifier, r.new_amt]));
const warnings = async () => (await bench.plan()).plans.flatMap((one) => one.warnings);
const idOf = async (key: string) =>
  (await bench.rows("contact")).find((r) => r.externaluseridentifier === key)!.contactid as string;

test.each([
  [2, 4, "auto"],
  [4, 2, "auto"],
  [0, 2, "auto"],
  [2, 0, "auto"],
  [2, 4, "touched"],
  [2, 4, "none"],
] as const)(
  "from %i digits to %i, mirror %s: nothing is written, and verify finds nothing",
  async (from, to, mirror) => {
    await bench.begin(sync({}, { mirror }), column(from));
    bench.source("people", people("7", 30));
    await bench.run();
    await keeps(to);
    expect(await bench.verify()).toMatchObject({ differences: 0 });
    expect(await bench.run()).toMatchObject({ writes: 0, unchanged: 30 });
    await keeps(from);
    expect(await bench.run()).toMatchObject({ writes: 0, unchanged: 30 });
    expect(await bench.verify()).toMatchObject({ differences: 0 });
  },
);

test("the change is told once; what the source says in more digits is sent, and then all is as before", async () => {
  await bench.begin(sync(), column(2));
  bench.source("people", [...people("1.5"), person("4", "1.2567")]);
  await bench.run();
  await keeps(4);
  expect(await warnings()).toEqual([
    "contact.new_amt keeps 4 digits after the point now, no longer 2: values of the source that have more than 2 are sent once more.",
  ]);
  expect(await bench.run()).toMatchObject({ updated: 1, unchanged: 3 });
  expect(await amounts()).toMatchObject({ 1: 1.5, 4: 1.2567 });
  expect(await warnings()).toEqual([]);
  await keeps(2);
  expect(await warnings()).toEqual(["contact.new_amt keeps 2 digits after the point now, no longer 4."]);
  expect(await bench.run()).toMatchObject({ writes: 0 });
  expect(await bench.run()).toMatchObject({ writes: 0 });
  expect(await bench.verify()).toMatchObject({ differences: 0 });
});

test.each(["Money", "Double"])("a column of type %s, more digits and fewer", async (kind) => {
  await bench.begin(sync());
  await bench.person("POST", attribute.replace(/\(LogicalName='new_amt'\)$/, ""), {
    "@odata.type": `Microsoft.Dynamics.CRM.${kind}AttributeMetadata`,
    SchemaName: "new_Amt",
    Precision: 3,
    ...(kind === "Money" && { PrecisionSource: 0 }),
  });
  bench.source("people", people("1.125"));
  await bench.run();
  for (const digits of [4, 2]) {
    await keeps(digits, kind);
    expect(await bench.verify()).toMatchObject({ differences: 0 });
    expect(await bench.run()).toMatchObject({ writes: 0, unchanged: 3 });
  }
});

test("what firstContact has kept outlives it", async () => {
  await bench.begin(sync({ firstContact: "keep" }), column(2));
  await bench.person("POST", "contacts", {
    externaluseridentifier: "1",
    lastname: "Name 1",
    emailaddress1: "1@example.com",
    new_amt: 9.25,
  });
  bench.source("people", people());
  await bench.run();
  expect(await amounts()).toMatchObject({ 1: 9.25 });
  await keeps(4);
  expect(await bench.run()).toMatchObject({ writes: 0 });
  expect(await amounts()).toMatchObject({ 1: 9.25 });
});

test("so does an edit that drift has kept", async () => {
  await bench.begin(sync({ drift: "keep", conflict: "overwrite" }), column(2));
  bench.source("people", people());
  await bench.run();
  await bench.person("PATCH", `contacts(${await idOf("2")})`, { new_amt: 7.75 });
  await bench.run();
  await keeps(4);
  expect(await bench.run()).toMatchObject({ writes: 0 });
  expect(await amounts()).toMatchObject({ 2: 7.75 });
});

test.each([
  [2, 4],
  [4, 2],
])("matched by it, from %i digits to %i: a person's record is found", async (from, to) => {
  await bench.begin(
    { "syncs/people.yaml": peopleSync({ match: "new_amt", mapping: { new_amt: "amt" } }) },
    { ...column(from), keyed: false },
  );
  await bench.person("POST", "contacts", { externaluseridentifier: "9", lastname: "Mara's", new_amt: 9.25 });
  bench.source("people", [person("1", "1"), person("2", "2"), person("3", "3")]);
  await bench.run();
  await keeps(to);
  // By that of row 4 a record of ours is found, that of row 3, whose key has changed.
  bench.source("people", [person("1", "1"), person("2", "2"), person("4", "3"), person("9", "9.25")]);
  expect(await bench.run()).toMatchObject({ created: 0 });
  expect(await bench.rows("contact")).toHaveLength(4);
  expect(await bench.run()).toMatchObject({ writes: 0 });
});

test("an undo takes back what a run before it wrote, and one after it too", async () => {
  await bench.begin(sync(), column(2));
  bench.source("people", people("1.5"));
  await bench.run();
  bench.source("people", people("2.5"));
  await bench.run();
  const run = bench.latest();
  await keeps(4);
  bench.source("people", [...people("2.5", 2), person("3", "3.125")]);
  await bench.run();
  const last = await bench.undo({ sync: "people" });
  expect(last).toMatchObject({ problems: [], counts: { updated: 1 } });
  expect((await bench.undo({ run })).problems).toEqual([]);
  expect(await amounts()).toEqual({ 1: 1.5, 2: 1.5, 3: 1.5 });
});

test("what lookups find records by is found, too, though nobody reads it anew", async () => {
  const account = attribute.replace("contact", "account");
  const decimal = { "@odata.type": "Microsoft.Dynamics.CRM.DecimalAttributeMetadata", SchemaName: "new_Amt" };
  await bench.begin({
    "syncs/people.yaml": peopleSync({
      mapping: { parentcustomerid: { from: "amt", lookup: { object: "account", by: "new_amt" } } },
    }),
  });
  const made = account.replace(/\(LogicalName='new_amt'\)$/, "");
  await bench.person("POST", made, { ...decimal, Precision: 2 });
  for (const number of [1.5, 2.5]) await bench.person("POST", "accounts", { name: `Firm ${number}`, new_amt: number });
  bench.source("people", [person("1", "1.5")]);
  expect(await bench.run()).toMatchObject({ created: 1, excluded: 0 });
  await bench.person("PUT", account, { ...decimal, Precision: 4 });
  bench.source("people", [person("1", "1.5"), person("2", "2.50")]);
  expect(await bench.run()).toMatchObject({ created: 1, writes: 1, excluded: 0, rejected: 0 });
});
