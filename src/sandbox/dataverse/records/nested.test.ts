import { expect, test } from "vitest";
import { idIn, useSandbox } from "../../raw-client.test-data.ts";

// Deep insert and binds: create-entity-web-api.md, dataverse.md section 4.
const client = useSandbox();
const codeOf = (answer: { status: number; json: { error: { code: string } } }) => [
  answer.status,
  answer.json?.error?.code,
];
const rows = async (path: string) => (await client.api("GET", path)).json.value;
const id = (answer: { headers: Record<string, string | string[] | undefined> }) => idIn(answer as never);

test("Deep insert: the example of the documentation makes four rows", async () => {
  const made = await client.api("POST", "accounts", {
    name: "Sample Account",
    primarycontactid: { firstname: "John", lastname: "Smith" },
    opportunity_customer_accounts: [
      { name: "Opportunity associated to Sample Account", Opportunity_Tasks: [{ subject: "Task associated" }] },
    ],
  });
  expect([made.status, made.text]).toEqual([204, ""]);
  const [contact] = await rows("contacts?$select=fullname");
  const account = (await client.api("GET", `accounts(${id(made)})?$select=_primarycontactid_value`)).json;
  expect(account._primarycontactid_value).toBe(contact.contactid);
  const [opportunity] = await rows("opportunities?$select=_customerid_value");
  expect(opportunity._customerid_value).toBe(id(made));
  const [task] = await rows("tasks?$select=_regardingobjectid_value");
  expect(task._regardingobjectid_value).toBe(opportunity.opportunityid);
});

test("Deep insert: members of a many-to-many collection are made and associated", async () => {
  const made = await client.api("POST", "lists", {
    listname: "L",
    createdfromcode: 2,
    listcontact_association: [{ lastname: "A" }, { lastname: "B" }],
  });
  expect(made.status).toBe(204);
  expect((await client.api("GET", `lists(${id(made)})/listcontact_association/$ref`)).json.value).toHaveLength(2);
});

test("Deep insert: a mistake at the bottom undoes everything", async () => {
  const refused = await client.api("POST", "accounts", {
    name: "A",
    contact_customer_accounts: [{ lastname: "fine" }, { lastname: "bad", nope: 1 }],
  });
  expect(codeOf(refused)).toEqual([400, "0x80048d19"]);
  expect(await rows("accounts")).toEqual([]);
  expect(await rows("contacts")).toEqual([]);
});

test("Deep insert: works with PATCH that creates, and in CreateMultiple", async () => {
  const body = { name: "A", primarycontactid: { lastname: "C" } };
  const path = "accounts(aaaaaaaa-0000-4000-8000-000000000001)";
  expect((await client.api("PATCH", path, body)).status).toBe(204);
  const target = { "@odata.type": "Microsoft.Dynamics.CRM.account", ...body };
  const bulk = await client.api("POST", "accounts/Microsoft.Dynamics.CRM.CreateMultiple", { Targets: [target] });
  expect(bulk.status).toBe(200);
  expect(await rows("contacts")).toHaveLength(2);
  // An update creates nothing: the body of OData 4.0's PATCH holds no related rows.
  expect(codeOf(await client.api("PATCH", path, body))).toEqual([400, "0x80048d19"]);
  expect(codeOf(await client.api("PATCH", path, { contact_customer_accounts: [] }))).toEqual([400, "0x80048d19"]);
});

test.each([
  ["a text for a lookup", { primarycontactid: "x" }],
  ["an array for a lookup", { primarycontactid: [] }],
  ["an object for a collection", { contact_customer_accounts: {} }],
  ["null for a collection", { contact_customer_accounts: null }],
  ["a number among the members", { contact_customer_accounts: [1] }],
  ["no array of references", { "contact_customer_accounts@odata.bind": "contacts(1)" }],
  ["a new owner", { ownerid: { lastname: "x" } }],
])("Deep insert: refused: %s", async (_name, more) => {
  expect(codeOf(await client.api("POST", "accounts", { name: "A", ...more }))).toEqual([400, "0x80048d19"]);
});

test("Deep insert: a body nested too deeply is refused, not a crash", async () => {
  const deep = (levels: number, inner: string): string =>
    `${'{"parentaccountid":'.repeat(levels)}${inner}${"}".repeat(levels)}`;
  expect((await client.api("POST", "accounts", deep(50, '{"name":"A"}'))).status).toBe(204);
  expect(codeOf(await client.api("POST", "accounts", deep(20_000, "{}")))).toEqual([400, "0x80048d19"]);
  expect(await rows("accounts?$select=name")).toHaveLength(51);
});

test("@odata.bind: a list of references fills a collection on creation", async () => {
  const tasks = [];
  for (const subject of ["1", "2"]) tasks.push(id(await client.api("POST", "tasks", { subject })));
  const made = await client.api("POST", "accounts", {
    name: "Sample Account",
    "Account_Tasks@odata.bind": tasks.map((task) => `/tasks(${task})`),
  });
  expect(made.status).toBe(204);
  const found = await rows(`tasks?$filter=_regardingobjectid_value eq ${id(made)}`);
  expect(found).toHaveLength(2);
  const wrong = { name: "B", "Account_Tasks@odata.bind": [`/accounts(${id(made)})`] };
  expect(codeOf(await client.api("POST", "accounts", wrong))).toEqual([400, "0x80048d19"]);
  const missing = { name: "B", "Account_Tasks@odata.bind": [`/tasks(${id(made)})`] };
  expect(codeOf(await client.api("POST", "accounts", missing))).toEqual([404, "0x80040217"]);
});

test("POST collection: creates a child that is bound already", async () => {
  const account = id(await client.api("POST", "accounts", { name: "A" }));
  const path = `accounts(${account})/contact_customer_accounts`;
  const made = await client.api("POST", path, { lastname: "C" });
  expect(made.status).toBe(204);
  expect(made.headers["odata-entityid"]).toMatch(/\/contacts\([0-9a-f-]{36}\)$/);
  const shown = await client.api(
    "POST",
    `${path}?$select=_parentcustomerid_value`,
    {},
    { Prefer: "return=representation" },
  );
  expect(shown.status).toBe(201);
  expect(shown.json._parentcustomerid_value).toBe(account);
  expect((await client.api("POST", `accounts(${account})/name`, {})).status).toBe(405);
  expect(codeOf(await client.api("POST", path, { nope: 1 }))).toEqual([400, "0x80048d19"]);
});

// OData JSON format 4.0, sections 4.5.3 and 8.5: a type that does not fit; an address where a new row was expected.
test("Deep insert: a row of another type, or one that exists, is not taken for a new row of this one", async () => {
  const typed = (table: string) => ({ "@odata.type": `#Microsoft.Dynamics.CRM.${table}` });
  expect((await client.api("POST", "accounts", { ...typed("account"), name: "A" })).status).toBe(204);
  const known = id(await client.api("POST", "contacts", { lastname: "C" }));
  for (const body of [
    { ...typed("contact"), name: "A" },
    { "@odata.type": 7, name: "A" },
    { name: "A", primarycontactid: { ...typed("lead"), lastname: "C" } },
    { name: "A", contact_customer_accounts: [{ ...typed("lead"), lastname: "C" }] },
    { name: "A", primarycontactid: { "@odata.id": `contacts(${known})` } },
    { name: "A", contact_customer_accounts: [{ "@odata.id": `contacts(${known})` }] },
  ]) {
    expect(codeOf(await client.api("POST", "accounts", body))).toEqual([400, "0x80048d19"]);
  }
  expect(codeOf(await client.api("PATCH", `contacts(${known})`, typed("account")))).toEqual([400, "0x80048d19"]);
  expect(await rows("accounts?$select=name")).toHaveLength(1);
  expect(await rows("contacts?$select=lastname")).toHaveLength(1);
});
