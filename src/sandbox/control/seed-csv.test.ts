import { expect, test } from "vitest";
import { targets, useSandbox } from "../raw-client.test-data.ts";

// Names and values are those of the Web API (dataverse.md sections 4 and 5).
const client = useSandbox();
const seed = (table: string, ...lines: string[]) => client.control("POST", `seed?table=${table}`, lines.join("\n"));
const rows = async (table: string) => (await client.control("GET", `rows/${table}`)).json.value;

test("POST seed: a CSV file, every type by its column, empty fields as nothing", async () => {
  const answer = await seed(
    "contact",
    "\ufefflastname,birthdate,numberofchildren,creditlimit,donotemail,gendercode,preferredappointmentdaycode,createdon,statecode,jobtitle",
    '"O\'Hara, Åsa ""x""",1980-05-31,2,10.5,true,Female,1,2020-01-02T03:04:05Z,1,',
    "",
    "Plain,,,,,2,,,,5",
  );
  expect([answer.status, answer.json]).toEqual([200, { rows: 2 }]);
  const [first, second] = await rows("contact");
  expect(first).toMatchObject({
    lastname: 'O\'Hara, Åsa "x"',
    birthdate: "1980-05-31",
    numberofchildren: 2,
    creditlimit: 10.5,
    donotemail: true,
    gendercode: 2,
    preferredappointmentdaycode: 1,
    createdon: "2020-01-02T03:04:05Z",
    statecode: 1,
  });
  expect(first).not.toHaveProperty("jobtitle");
  expect(second).toMatchObject({ gendercode: 2, jobtitle: "5", statecode: 0 });
});

test("POST seed: lookups by reference, by id and by an alternate key of the other table", async () => {
  await client.api("POST", "EntityDefinitions(LogicalName='account')/Keys", {
    SchemaName: "new_No",
    KeyAttributes: ["accountnumber"],
  });
  await client.api("GET", "EntityDefinitions(LogicalName='account')/Keys");
  const made = await client.api(
    "POST",
    "accounts/Microsoft.Dynamics.CRM.CreateMultiple",
    targets([{ name: "A", accountnumber: "it's" }], "account"),
  );
  const [account] = made.json.Ids;
  const heads = [
    "parentcustomerid_account(accountnumber)",
    "parentcustomerid_account@odata.bind",
    "parentcustomerid_account",
  ];
  for (const [head, value] of [
    [heads[0], "it's"],
    [heads[1], `accounts(${account})`],
    [heads[2], account],
  ]) {
    expect((await seed("contacts", `lastname,${head}`, `x,${value}`)).json).toEqual({ rows: 1 });
  }
  expect((await rows("contact")).map((each: Record<string, string>) => each._parentcustomerid_value)).toEqual([
    account,
    account,
    account,
  ]);
});

test.each([
  ["lastname,nope", "a,b", "column 'nope'"],
  ["lastname,lastname", "a,b", "column 'lastname' is there twice"],
  ["firstname,lastname, firstname", "a,b,c", "column 'firstname' is there twice"],
  [
    "parentcustomerid_account,parentcustomerid_account(accountnumber)",
    "a,b",
    "column 'parentcustomerid_account(accountnumber)' is there twice",
  ],
  ["lastname,parentcustomerid", "a,b", "parentcustomerid_account, parentcustomerid_contact"],
  ["lastname,parentcustomerid_account(nope)", "a,b", "no column 'nope'"],
  ["lastname,birthdate", "a,31.05.1980", "line 4, column 'birthdate'"],
  ["lastname,numberofchildren", "a,two", "line 4, column 'numberofchildren': 'two' is no number"],
  ["lastname,gendercode", "a,none", "line 4, column 'gendercode'"],
  ["lastname,gendercode", "a,77", "line 4, column 'gendercode'"],
  ["lastname,donotemail", "a,perhaps", "line 4, column 'donotemail'"],
  ["lastname,jobtitle", `a,${"x".repeat(200)}`, "line 4, column 'jobtitle'"],
  [
    "lastname,parentcustomerid_account",
    "a,99999999-0000-0000-0000-000000000000",
    "line 4, column 'parentcustomerid_account'",
  ],
  ["lastname,jobtitle", "a", "line 4:"],
  ["lastname,jobtitle", '"a,b', "Quote"],
])("POST seed: a fault names its line and column, and nothing is kept: %s / %s", async (head, bad, text) => {
  const good = head.includes("jobtitle") ? "ok,ok" : "ok,";
  const answer = await seed("contact", head, good, good, bad);
  expect(answer.status).toBeGreaterThanOrEqual(400);
  expect(answer.status).toBeLessThan(500);
  expect(answer.json.error.message).toContain(text);
  expect(await rows("contact")).toEqual([]);
});

test("POST seed: no file, no table, odd bytes", async () => {
  expect((await seed("contact", "")).status).toBe(400);
  expect((await seed("nope", "lastname", "x")).status).toBe(400);
  expect((await client.control("POST", "seed?table=contact", Buffer.from([0xff, 0xfe, 0, 1, 2]))).status).toBe(400);
  expect((await seed("contact", "lastname")).json).toEqual({ rows: 0 });
});

test("POST seed: 50,000 lines in one go", async () => {
  const lines = Array.from({ length: 50_000 }, (_, n) => `n${n},${n % 10}`);
  expect((await seed("contact", "lastname,numberofchildren", ...lines)).json).toEqual({ rows: 50_000 });
});
