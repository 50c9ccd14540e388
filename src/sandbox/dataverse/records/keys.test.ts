import { expect, test } from "vitest";
import { addCustomerKey, useSandbox } from "../../raw-client.test-data.ts";

// Alternate keys: dataverse.md section 4, use-alternate-key-reference-record.md.
const client = useSandbox();
const codeOf = (answer: { status: number; json: { error: { code: string } } }) => [
  answer.status,
  answer.json?.error?.code,
];

async function addKey(name: string, columns: string[]): Promise<void> {
  const keys = "EntityDefinitions(LogicalName='contact')/Keys";
  await client.api("POST", keys, { SchemaName: name, KeyAttributes: columns });
  await client.api("GET", keys);
}

test("Alternate key: numbers, choices and dates stand unquoted in the address", async () => {
  await addKey("new_Typed", ["numberofchildren", "gendercode", "birthdate"]);
  await client.api("POST", "contacts", { lastname: "A", numberofchildren: 2, gendercode: 1, birthdate: "1815-12-10" });
  const address = "contacts(numberofchildren=2,gendercode=1,birthdate=1815-12-10)";
  expect((await client.api("GET", `${address}?$select=lastname`)).json.lastname).toBe("A");
  expect((await client.api("PATCH", address, { lastname: "B" })).status).toBe(204);
  expect((await client.api("GET", "contacts/$count")).text).toBe("1");
  const other = "contacts(birthdate=1815-12-10,numberofchildren=3,gendercode=1)";
  const made = await client.api(
    "PATCH",
    `${other}?$select=numberofchildren,birthdate`,
    {},
    { Prefer: "return=representation" },
  );
  expect([made.status, made.json.numberofchildren, made.json.birthdate]).toEqual([201, 3, "1815-12-10"]);
});

test("Alternate key: a decimal counts by its value, not by how it is written", async () => {
  const type = "Microsoft.Dynamics.CRM.DecimalAttributeMetadata";
  const column = { "@odata.type": type, SchemaName: "new_Size", Precision: 2 };
  await client.api("POST", "EntityDefinitions(LogicalName='contact')/Attributes", column);
  await addKey("new_Exact", ["new_size"]);
  await client.api("POST", "contacts", { new_size: 47.5 });
  expect((await client.api("GET", "contacts(new_size=47.50)")).status).toBe(200);
});

test("Alternate key: a row is not covered while one of the columns is empty", async () => {
  await addKey("new_Pair", ["firstname", "lastname"]);
  for (let n = 0; n < 2; n++) expect((await client.api("POST", "contacts", { firstname: "A" })).status).toBe(204);
  const twins = { firstname: "A", lastname: "B" };
  expect((await client.api("POST", "contacts", twins)).status).toBe(204);
  expect(codeOf(await client.api("POST", "contacts", twins))).toEqual([412, "0x80060892"]);
});

test("Alternate key: a violation tells columns, values and the id of the row there is", async () => {
  await addCustomerKey(client);
  const first = await client.api("POST", "contacts", { new_customerno: "A&B" }, { Prefer: "return=representation" });
  const { json } = await client.api("POST", "contacts", { new_customerno: "a&b " });
  expect(json.error.message).toContain("violated. A record with the same value for ");
  expect(json.error.message).toContain("<new_customerno>a&amp;b </new_customerno>");
  expect(json.error.message).toContain(`<Id>${first.json.contactid}</Id>`);
});

test.each([
  ["Zoë", "zoe", true],
  ["Straße", "STRASSE", true],
  ["a", "a   ", true],
  ["a", " a", false],
  ["æ", "ae", false],
])("Alternate key: '%s' and '%s' are the same value: %s", async (one, other, same) => {
  await addCustomerKey(client);
  await client.api("POST", "contacts", { new_customerno: one });
  const second = await client.api("POST", "contacts", { new_customerno: other });
  expect(second.status).toBe(same ? 412 : 204);
});

test("Alternate key: moving a row's value frees the old one", async () => {
  await addCustomerKey(client);
  await client.api("PATCH", "contacts(new_customerno='1')", {});
  const { json } = await client.api("GET", "contacts(new_customerno='1')?$select=contactid");
  await client.api("PATCH", `contacts(${json.contactid})`, { new_customerno: "2" });
  expect(codeOf(await client.api("GET", "contacts(new_customerno='1')"))).toEqual([404, "0x80060891"]);
  expect((await client.api("POST", "contacts", { new_customerno: "1" })).status).toBe(204);
  expect(codeOf(await client.api("PATCH", `contacts(${json.contactid})`, { new_customerno: "1" }))).toEqual([
    412,
    "0x80060892",
  ]);
  expect((await client.api("GET", "contacts(new_customerno='2')")).status).toBe(200);
});

test("@odata.bind: a key of several columns", async () => {
  await addKey("new_Pair", ["firstname", "lastname"]);
  await client.api("POST", "contacts", { firstname: "O'Neil, x", lastname: "(y)" });
  const made = await client.api("POST", "accounts", {
    name: "A",
    "primarycontactid@odata.bind": "/contacts(lastname='(y)',firstname='O''Neil, x')",
  });
  expect(made.status).toBe(204);
  const none = { name: "A", "primarycontactid@odata.bind": "contacts(lastname='(y)',firstname='none')" };
  expect(codeOf(await client.api("POST", "accounts", none))).toEqual([404, "0x80060891"]);
});

test.each([
  "contacts(firstname='a',firstname='b')",
  "contacts(firstname='a')",
  "contacts(firstname='a',lastname='b',jobtitle='c')",
  "contacts(nope='a')",
  "contacts()",
  "contacts(=1)",
  "contacts('a')",
  "contacts(firstname=a,lastname=b)",
  "contacts(firstname='a' lastname='b')",
  "contacts(firstname='a',lastname='b)",
  "contacts(_firstname_value='a',lastname='b')",
  "contacts(parentcustomerid=1)",
  "contacts(1,2,3)",
  "contacts(11111111-1111-1111-1111-11111111111)",
])("Alternate key: %s is a 400", async (address) => {
  await addKey("new_Pair", ["firstname", "lastname"]);
  const answer = await client.api("GET", address);
  expect([answer.status, typeof answer.json.error.code]).toEqual([400, "string"]);
});
