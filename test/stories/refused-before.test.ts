import { expect, test } from "vitest";
import { peopleSync, type SourceRow, useWorkbench, withFirms } from "../workbench.ts";

/** What Dynamics would refuse is found before sending, row by row; the others go, and no request fails. */

const bench = useWorkbench();

const columns = [
  { name: "new_Points", title: "Points", type: "decimal" as const, precision: 2 },
  { name: "new_Since", title: "Since", type: "datetime" as const },
];

const mapping = {
  birthdate: { from: "born", formats: ["dd.MM.yyyy"] },
  new_since: "since",
  gendercode: "sex",
  annualincome: "income",
  new_points: "points",
  numberofchildren: "children",
  donotemail: "silent",
  address1_latitude: "latitude",
  parentcustomerid: { from: "firm", lookup: { object: "account", by: "accountnumber" } },
  masterid: "",
};

const good: SourceRow = {
  id: "good",
  name: "x".repeat(50),
  email: "good@example.com",
  born: "31.12.1999",
  since: "2024-01-01T00:00:00Z",
  sex: "Female",
  income: "0.01",
  points: "-12.5",
  children: "0",
  silent: "yes",
  latitude: "-90",
  firm: "F1",
};
const sevenTimes = "🦊".repeat(26);

/** key -> what is wrong with the good row, the column at fault, its reason. */
const faults: [change: SourceRow, column: string, code: string][] = [
  [{ name: "x".repeat(51) }, "lastname", "too_long"],
  [{ name: sevenTimes }, "lastname", "too_long"],
  [{ born: "31.02.1999" }, "birthdate", "bad_date"],
  [{ born: "1999-12-31" }, "birthdate", "bad_date"],
  [{ born: "31.12.1752" }, "birthdate", "date_out_of_range"],
  [{ since: "yesterday" }, "new_since", "bad_date"],
  [{ sex: "Diverse" }, "gendercode", "not_an_option"],
  [{ sex: "3" }, "gendercode", "not_an_option"],
  [{ income: "1.000,00" }, "annualincome", "bad_number"],
  [{ income: "-0.01" }, "annualincome", "out_of_range"],
  [{ points: "100000000000.01" }, "new_points", "out_of_range"],
  [{ children: "2.5" }, "numberofchildren", "not_whole"],
  [{ children: "1000000001" }, "numberofchildren", "out_of_range"],
  [{ silent: "perhaps" }, "donotemail", "bad_boolean"],
  [{ latitude: "90.1" }, "address1_latitude", "out_of_range"],
  [{ firm: "F7" }, "parentcustomerid", "parent_missing"],
];

test("each kind of value that Dynamics refuses: column, value and key are named, the others go", async () => {
  const { masterid: _, ...lines } = mapping;
  await bench.begin({ ...withFirms, "syncs/people.yaml": peopleSync({ mapping: lines }) }, { columns });
  const bad = faults.map(([change], n) => ({ ...good, id: `bad ${String(n).padStart(2, "0")}`, ...change }));
  const fox = { ...good, id: "fox", name: "🦊".repeat(25) };
  bench.source("people", [...bad.slice(0, 8), good, ...bad.slice(8), fox]);
  const ran = await bench.run();
  expect(ran).toMatchObject({ received: bad.length + 3, created: 3, rejected: bad.length, failed: 0, writes: 3 });
  const found = ran.problems.toSorted((a, b) => (a.key < b.key ? -1 : 1));
  expect(found.map(({ key, column, code }) => [key, column, code])).toEqual(
    faults.map(([, column, code], n) => [bad[n]!.id, column, code]),
  );
  for (const [n, { message, column }] of found.entries()) {
    const [value] = Object.values(faults[n]![0]);
    expect(message).toContain(column);
    expect(message).toContain(value!.slice(0, 20));
  }
  expect(ran.log.filter((request) => request.status >= 300)).toEqual([]);
  const contacts = await bench.rows("contact");
  expect(contacts.map((row) => row.externaluseridentifier).sort()).toEqual(["fox", "good"]);

  bench.source(
    "people",
    [...bad.slice(1), good, fox].map((row, n) => (n === 0 ? { ...good, id: row.id! } : row)),
  );
  const second = await bench.run();
  expect(second).toMatchObject({ created: 1, rejected: bad.length - 2, writes: 1 });
});

test("`tooLong: truncate` cuts, and cuts no sign in half", async () => {
  await bench.begin({
    "syncs/people.yaml": peopleSync({ mapping: { lastname: { from: "name", tooLong: "truncate" } } }),
  });
  bench.source("people", [{ id: "1", name: `${"x".repeat(49)}🦊`, email: null }]);
  expect(await bench.run()).toMatchObject({ created: 1, rejected: 0 });
  expect((await bench.rows("contact"))[0]).toMatchObject({ lastname: "x".repeat(49) });
  expect(await bench.run()).toMatchObject({ unchanged: 1, writes: 0 });
});

test("a column that only forms require never rejects; one that the API requires does", async () => {
  await bench.begin(withFirms);
  bench.source("firms", [{ no: "F1", title: null }]);
  bench.source("people", [{ id: "1", name: null, email: null, firm: "F1" }]);
  expect(await bench.run()).toMatchObject({ received: 2, created: 2, rejected: 0, failed: 0 });

  await bench.begin({ "syncs/people.yaml": peopleSync({ mapping: { new_must: "must" } }) });
  await bench.person("POST", "EntityDefinitions(LogicalName='contact')/Attributes", {
    "@odata.type": "Microsoft.Dynamics.CRM.StringAttributeMetadata",
    SchemaName: "new_Must",
    MaxLength: 20,
    RequiredLevel: { Value: "SystemRequired" },
  });
  bench.source("people", [
    { id: "1", name: "Ana", email: null, must: null },
    { id: "2", name: "Ben", email: null, must: "here" },
  ]);
  const ran = await bench.run();
  expect(ran).toMatchObject({ created: 1, rejected: 1, writes: 1 });
  expect(ran.problems).toMatchObject([{ key: "1", column: "new_must", code: "required_empty" }]);
  expect(ran.log.filter((request) => request.status >= 300)).toEqual([]);
});
