import { beforeEach, expect, test } from "vitest";
import { addCustomerKey, useSandbox } from "../../raw-client.test-data.ts";

// Merge: the page merge-entity-using-web-api, and dataverse.md section 12.
const client = useSandbox();
const id = (n: number) => `${String(n).padStart(8, "0")}-0000-0000-0000-000000000000`;
const account = (n: number, more = {}) => ({
  "@odata.type": "Microsoft.Dynamics.CRM.account",
  accountid: id(n),
  ...more,
});
const merge = (body: Record<string, unknown>) =>
  client.api("POST", "Merge", { PerformParentingChecks: false, ...body });
const refusal = (answer: { status: number; json: { error: { code: string } } }) => [
  answer.status,
  answer.json.error.code,
];

beforeEach(async () => {
  await client.api("POST", "accounts", { accountid: id(1), name: "Account 1" });
  await client.api("POST", "accounts", { accountid: id(2), name: "Account 2", telephone1: "2", address1_city: "B" });
  await client.api("PATCH", `accounts(${id(1)})`, { telephone1: "1" });
});

test("Merge: the page's example; the subordinate becomes inactive and names its master", async () => {
  const answer = await merge({
    Target: account(1, { name: "Account 1" }),
    Subordinate: account(2, { name: "Account 2" }),
    UpdateContent: { "@odata.type": "Microsoft.Dynamics.CRM.account", accountnumber: "1234" },
  });
  expect([answer.status, answer.text]).toEqual([204, ""]);
  // What the target has stays, what it lacks comes from the subordinate.
  const target = await client.api("GET", `accounts(${id(1)})`);
  expect(target.json).toMatchObject({
    name: "Account 1",
    accountnumber: "1234",
    telephone1: "1",
    address1_city: "B",
    statecode: 0,
    merged: false,
  });
  const gone = await client.api("GET", `accounts(${id(2)})`);
  expect(gone.json).toMatchObject({ merged: true, _masterid_value: id(1), statecode: 1, statuscode: 2 });
});

test("related rows move to the target: children, list membership, but no account below itself", async () => {
  const parent = { "parentcustomerid_account@odata.bind": `accounts(${id(2)})` };
  await client.api("POST", "contacts", { contactid: id(3), lastname: "c", ...parent });
  await client.api("PATCH", `accounts(${id(1)})`, { "parentaccountid@odata.bind": `accounts(${id(2)})` });
  await client.api("POST", "lists", { listid: id(4), listname: "l", createdfromcode: 1 });
  for (const n of [1, 2]) {
    await client.api("POST", `lists(${id(4)})/Microsoft.Dynamics.CRM.AddMemberList`, { EntityId: id(n) });
  }
  expect((await merge({ Target: account(1), Subordinate: account(2) })).status).toBe(204);
  const child = await client.api("GET", `contacts(${id(3)})?$select=_parentcustomerid_value`);
  expect(child.json._parentcustomerid_value).toBe(id(1));
  expect(
    (await client.api("GET", `accounts(${id(1)})?$select=_parentaccountid_value`)).json._parentaccountid_value,
  ).toBeNull();
  const members = await client.api("GET", `listmembers?$select=_entityid_value`);
  expect(members.json.value.map((row: { _entityid_value: string }) => row._entityid_value)).toEqual([id(1)]);
});

test("contacts and leads can be merged too; values of alternate keys stay where they are", async () => {
  await addCustomerKey(client);
  await client.api("POST", "contacts", { contactid: id(5), lastname: "a" });
  await client.api("POST", "contacts", { contactid: id(6), lastname: "b", new_customerno: "6" });
  const contact = (n: number) => ({ "@odata.type": "#Microsoft.Dynamics.CRM.contact", contactid: id(n) });
  expect((await merge({ Target: contact(5), Subordinate: contact(6), UpdateContent: null })).status).toBe(204);
  expect((await client.api("GET", `contacts(${id(5)})?$select=new_customerno`)).json.new_customerno).toBeNull();
  for (const n of [7, 8]) await client.api("POST", "leads", { leadid: id(n), lastname: "l", subject: "s" });
  const lead = (n: number) => ({ "@odata.type": "Microsoft.Dynamics.CRM.lead", leadid: id(n) });
  expect((await merge({ Target: lead(7), Subordinate: lead(8) })).status).toBe(204);
  expect((await client.api("GET", `leads(${id(8)})?$select=statecode`)).json.statecode).toBe(2);
});

test("one wrong value of UpdateContent undoes all", async () => {
  const UpdateContent = { "@odata.type": "Microsoft.Dynamics.CRM.account", name: "x".repeat(500) };
  const answer = await merge({ Target: account(1), Subordinate: account(2), UpdateContent });
  expect(refusal(answer)).toEqual([400, "0x80044331"]);
  expect((await client.api("GET", `accounts(${id(2)})?$select=merged`)).json.merged).toBe(false);
});

test("PerformParentingChecks refuses rows with different parents", async () => {
  await client.api("POST", "accounts", { accountid: id(9), name: "P" });
  await client.api("PATCH", `accounts(${id(2)})`, { "parentaccountid@odata.bind": `accounts(${id(9)})` });
  const body = { Target: account(1), Subordinate: account(2) };
  expect((await merge({ ...body, PerformParentingChecks: true })).status).toBe(400);
  expect((await merge(body)).status).toBe(204);
});

test.each([
  ["the same row twice", { Target: account(1), Subordinate: account(1) }, 400],
  ["no type", { Target: { accountid: id(1) }, Subordinate: account(2) }, 400],
  ["no such row", { Target: account(1), Subordinate: account(99) }, 404],
  [
    "another type of content",
    { Target: account(1), Subordinate: account(2), UpdateContent: { "@odata.type": "Microsoft.Dynamics.CRM.contact" } },
    400,
  ],
  ["no target", { Subordinate: account(2) }, 400],
  ["an unknown parameter", { Target: account(1), Subordinate: account(2), More: 1 }, 400],
  ["a flag that is none", { Target: account(1), Subordinate: account(2), PerformParentingChecks: "no" }, 400],
  ["a list for a row", { Target: [], Subordinate: account(2) }, 400],
])("refused: %s", async (_name, body, status) => {
  expect((await merge(body)).status).toBe(status);
});

test("tables that cannot be merged, rows of two tables, rows that are gone already", async () => {
  await client.api("POST", "tasks", { activityid: id(10), subject: "t" });
  await client.api("POST", "contacts", { contactid: id(11), lastname: "c" });
  const task = { "@odata.type": "Microsoft.Dynamics.CRM.task", activityid: id(10) };
  expect((await merge({ Target: task, Subordinate: task })).status).toBe(400);
  const contact = { "@odata.type": "Microsoft.Dynamics.CRM.contact", contactid: id(11) };
  expect((await merge({ Target: account(1), Subordinate: contact })).status).toBe(400);
  await merge({ Target: account(1), Subordinate: account(2) });
  expect((await merge({ Target: account(1), Subordinate: account(2) })).status).toBe(400);
});
