import { expect, test } from "vitest";
import { useSandbox } from "../../raw-client.test-data.ts";

// Types on the wire, dataverse.md sections 5 and 14.
const client = useSandbox();

async function written(body: object, column: string, table = "contacts") {
  const answer = await client.api("POST", `${table}?$select=${column}`, body, { Prefer: "return=representation" });
  expect(answer.status, answer.text).toBe(201);
  return answer;
}

test.each([
  ["empty text becomes null", "jobtitle", "", null],
  ["blanks stay as they are", "jobtitle", "  x ", "  x "],
  ["length counts UTF-16 units", "lastname", "\u{1F600}".repeat(25), "\u{1F600}".repeat(25)],
  ["integers", "numberofchildren", 0, 0],
  ["doubles are rounded to five digits", "address1_latitude", 1.123456, 1.12346],
  ["money is rounded to the currency's digits", "creditlimit", 1.005, 1.01],
  ["money keeps whole numbers", "creditlimit", 5000000, 5000000],
  ["days", "birthdate", "2000-02-29", "2000-02-29"],
  [
    "instants are UTC, to the second",
    "adx_identity_lastsuccessfullogin",
    "2023-04-07T23:59:01.9+02:00",
    "2023-04-07T21:59:01Z",
  ],
  ["instants without zone are UTC", "adx_identity_lastsuccessfullogin", "2023-04-07T23:59:01", "2023-04-07T23:59:01Z"],
  [
    "ids in lower case",
    "address1_addressid",
    "ABCDEF00-0000-4000-8000-00000000000A",
    "abcdef00-0000-4000-8000-00000000000a",
  ],
  ["booleans", "donotemail", true, true],
  ["null clears anything", "gendercode", null, null],
])("%s", async (_name, column, value, stored) => {
  expect((await written({ [column]: value }, column)).json[column]).toBe(stored);
});

test("money is printed with four decimals, its base and its currency come along", async () => {
  const answer = await written({ creditlimit: 12.5 }, "creditlimit,creditlimit_base,exchangerate");
  expect(answer.text).toContain('"creditlimit":12.5000');
  expect(answer.json._transactioncurrencyid_value).toMatch(/^[0-9a-f-]{36}$/);
  const { json } = await client.api(
    "GET",
    "transactioncurrencies?$filter=isocurrencycode eq 'EUR'&$select=transactioncurrencyid",
  );
  const euro = {
    creditlimit: 9,
    "transactioncurrencyid@odata.bind": `/transactioncurrencies(${json.value[0].transactioncurrencyid})`,
  };
  expect((await written(euro, "creditlimit_base,exchangerate")).json).toMatchObject({
    creditlimit_base: 10,
    exchangerate: 0.9,
  });
});

test.each([
  [
    "text too long",
    { lastname: "x".repeat(51) },
    "0x80044331",
    "A validation error occurred.  The length of the 'lastname' attribute of the 'contact' entity exceeded the maximum allowed length of '50'.",
  ],
  ["integer out of range", { numberofchildren: -1 }, "0x8004432f", "numberofchildren"],
  [
    "integer as text",
    { numberofchildren: "x" },
    "0x80048d19",
    "Cannot convert the literal 'x' to the expected type 'Edm.Int32'",
  ],
  ["fraction as integer", { numberofchildren: 1.5 }, "0x80048d19", "Edm.Int32"],
  ["money out of range", { creditlimit: -1 }, "0x80044330", "creditlimit"],
  ["money as text", { creditlimit: "5" }, "0x80048d19", "Edm.Decimal"],
  ["number as text column", { lastname: 5 }, "0x80048d19", "Edm.String"],
  [
    "unknown option",
    { gendercode: 9 },
    "0x8004431a",
    "The value 9 of 'gendercode' on record of type 'contact' is outside the valid range. Accepted Values: 1,2",
  ],
  ["day with a time", { birthdate: "1980-05-31T00:00:00Z" }, "0x80048d19", "Edm.Date"],
  ["day that does not exist", { birthdate: "1981-02-29" }, "0x80048d19", "Edm.Date"],
  ["day before 1753", { birthdate: "1752-12-31" }, "0x80040203", "1753"],
  ["instant that is none", { lastonholdtime: "yesterday" }, "0x80048d19", "Edm.DateTimeOffset"],
  ["instant as number", { lastonholdtime: 5 }, "0x80048d19", "Edm.DateTimeOffset"],
  ["instant before 1753", { lastonholdtime: "1752-12-31T23:59:59Z" }, "0x80040203", "1753"],
  ["boolean as number", { donotemail: 1 }, "0x80048d19", "Edm.Boolean"],
  ["id in braces", { address1_addressid: "{ABCDEF00-0000-4000-8000-00000000000A}" }, "0x80048d19", "Edm.Guid"],
  [
    "unknown property",
    { Name: "x" },
    "0x80048d19",
    "Invalid property 'Name' was found in entity 'Microsoft.Dynamics.CRM.contact'.",
  ],
  ["display companion", { owneridname: "x" }, "0x80048d19", "owneridname"],
  ["lookup value written directly", { _parentcustomerid_value: null }, "0x80060888", "Navigation properties"],
])("refused: %s", async (_name, body, code, text) => {
  const answer = await client.api("POST", "contacts", body);
  expect([answer.status, answer.json.error.code]).toEqual([400, code]);
  expect(answer.json.error.message).toContain(text);
  expect((await client.api("GET", "contacts/$count")).text).toBe("0");
});

test("columns the server keeps are passed over in silence; createdon can be back-dated", async () => {
  const answer = await written(
    { createdon: "2000-01-01T00:00:00Z", fullname: "x", versionnumber: 1, lastname: "A" },
    "createdon,fullname",
  );
  expect(answer.json.createdon).not.toContain("2000");
  expect(answer.json.fullname).toBe("A");
  const dated = await written({ overriddencreatedon: "2001-02-03T04:05:06Z" }, "createdon,overriddencreatedon");
  expect(dated.json.createdon).toBe("2001-02-03T04:05:06Z");
  expect(dated.json.overriddencreatedon).not.toContain("2001");
});

test("only SystemRequired is enforced: a list needs name and member type, a contact nothing", async () => {
  expect((await client.api("POST", "contacts", {})).status).toBe(204);
  const answer = await client.api("POST", "lists", { listname: "x" });
  expect([answer.status, answer.json.error.code]).toEqual([400, "0x80040203"]);
  expect(answer.json.error.message).toContain("createdfromcode");
  const list = await written({ listname: "x", createdfromcode: 2 }, "type,donotsendonoptout,lockstatus", "lists");
  expect(list.json).toMatchObject({ type: false });
  const cleared = await client.api("PATCH", `lists(${list.json.listid})`, { listname: null });
  expect(cleared.json.error.code).toBe("0x80040203");
});

test("tables that other software fills are only read", async () => {
  const answer = await client.api("POST", "msdynci_segmentmemberships", { msdynci_customerid: "a" });
  expect([answer.status, answer.json.error.code]).toEqual([400, "0x8004022e"]);
});

// State and status.
const ID = "11111111-1111-1111-1111-111111111111";
const pair = async () => {
  const { json } = await client.api("GET", `contacts(${ID})?$select=statecode,statuscode`);
  return [json.statecode, json.statuscode];
};

test("most tables cannot be created inactive: the state is passed over, a status of it refused", async () => {
  await client.api("POST", "contacts", { contactid: ID, statecode: 1 });
  expect(await pair()).toEqual([0, 1]);
  const answer = await client.api("POST", "contacts", { statuscode: 2 });
  expect([answer.status, answer.json.error.code]).toEqual([400, "0x80048408"]);
  expect((await client.api("POST", "leads", { statecode: 2 }, { Prefer: "return=representation" })).json).toMatchObject(
    { statecode: 2, statuscode: 7 },
  );
});

test("a state alone brings its default status; a status must belong to the state", async () => {
  await client.api("POST", "contacts", { contactid: ID });
  await client.api("PATCH", `contacts(${ID})`, { statecode: 1 });
  expect(await pair()).toEqual([1, 2]);
  const answer = await client.api("PATCH", `contacts(${ID})`, { statuscode: 1 });
  expect(answer.json.error).toEqual({
    code: "0x80048408",
    message: `1 is not a valid status code for state code ContactState.Inactive on contact with Id ${ID}.`,
  });
  await client.api("PATCH", `contacts(${ID})`, { statecode: 0, statuscode: 1 });
  expect(await pair()).toEqual([0, 1]);
});

test("each write moves version and modifiedon's author, also when nothing differs; somebody else can be played", async () => {
  await client.api("POST", "contacts", { contactid: ID, lastname: "A" });
  const before = (await client.api("GET", `contacts(${ID})?$select=versionnumber,_modifiedby_value,_createdby_value`))
    .json;
  await client.api("PATCH", `contacts(${ID})`, { lastname: "A" }, { "x-sandbox-user": "Mara" });
  const after = (await client.api("GET", `contacts(${ID})?$select=versionnumber,_modifiedby_value,_createdby_value`))
    .json;
  expect(after.versionnumber).toBeGreaterThan(before.versionnumber);
  expect(after._createdby_value).toBe(before._createdby_value);
  expect(after._modifiedby_value).not.toBe(before._modifiedby_value);
  expect((await client.api("GET", `systemusers(${after._modifiedby_value})?$select=fullname`)).json.fullname).toBe(
    "Mara",
  );
});
