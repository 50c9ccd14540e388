import { beforeEach, expect, test } from "vitest";
import { addCustomerKey, useSandbox } from "../../raw-client.test-data.ts";

// Lookups, dataverse.md section 4.
const client = useSandbox();
const ACCOUNT = "aaaaaaaa-0000-4000-8000-000000000001";
const CONTACT = "cccccccc-0000-4000-8000-000000000001";

beforeEach(async () => {
  await client.api("POST", "accounts", { accountid: ACCOUNT, name: "Contoso", accountnumber: "A1" });
  await client.api("POST", "EntityDefinitions(LogicalName='account')/Keys", {
    SchemaName: "new_No",
    KeyAttributes: ["accountnumber"],
  });
  await client.api("GET", "EntityDefinitions(LogicalName='account')/Keys");
  await client.api("POST", "contacts", { contactid: CONTACT });
});

const parent = async () =>
  (await client.api("GET", `contacts(${CONTACT})?$select=_parentcustomerid_value,_accountid_value`)).json;

test.each([
  ["by id", `/accounts(${ACCOUNT})`],
  ["without slash, in capitals", `accounts(${ACCOUNT.toUpperCase()})`],
  ["by full URL", `http://127.0.0.1/api/data/v9.2/accounts(${ACCOUNT})`],
  ["by alternate key", "/accounts(accountnumber='a1')"],
])("bind %s", async (_name, reference) => {
  expect(
    (await client.api("PATCH", `contacts(${CONTACT})`, { "parentcustomerid_account@odata.bind": reference })).status,
  ).toBe(204);
  expect(await parent()).toMatchObject({ _parentcustomerid_value: ACCOUNT, _accountid_value: ACCOUNT });
});

test.each([
  ["contacts", { ownerid: null }],
  ["opportunities", { "ownerid@odata.bind": null }],
])("the owner of %s cannot be cleared", async (set, cleared) => {
  await client.api("POST", "opportunities", { opportunityid: CONTACT, name: "Deal" });
  const refused = await client.api("PATCH", `${set}(${CONTACT})`, cleared);
  expect(refused).toMatchObject({ status: 400, json: { error: { code: "0x80040203" } } });
});

test("a polymorphic lookup tells its table by annotation only", async () => {
  await client.api("PATCH", `contacts(${CONTACT})`, { "parentcustomerid_account@odata.bind": `/accounts(${ACCOUNT})` });
  const { json } = await client.api("GET", `contacts(${CONTACT})?$select=_parentcustomerid_value`, undefined, {
    Prefer: 'odata.include-annotations="*"',
  });
  expect(json).toMatchObject({
    "_parentcustomerid_value@OData.Community.Display.V1.FormattedValue": "Contoso",
    "_parentcustomerid_value@Microsoft.Dynamics.CRM.lookuplogicalname": "account",
    "_parentcustomerid_value@Microsoft.Dynamics.CRM.associatednavigationproperty": "parentcustomerid_account",
  });
  expect(
    Object.keys((await client.api("GET", `contacts(${CONTACT})?$select=_parentcustomerid_value`)).json).join(),
  ).not.toContain("lookuplogicalname");
});

test.each([
  ["bind null", "PATCH", `contacts(${CONTACT})`, { "parentcustomerid_account@odata.bind": null }],
  ["navigation null", "PATCH", `contacts(${CONTACT})`, { parentcustomerid_account: null }],
  ["DELETE $ref", "DELETE", `contacts(${CONTACT})/parentcustomerid_account/$ref`, undefined],
])("cleared by %s", async (_name, method, path, body) => {
  await client.api("PUT", `contacts(${CONTACT})/parentcustomerid_account/$ref`, {
    "@odata.id": `accounts(${ACCOUNT})`,
  });
  expect((await parent())._parentcustomerid_value).toBe(ACCOUNT);
  expect((await client.api(method, path, body)).status).toBe(204);
  expect((await parent())._parentcustomerid_value).toBeNull();
});

test.each([
  ["no such row", "parentcustomerid_account", `/accounts(${CONTACT})`, 404, "0x80040217"],
  ["no such key", "parentcustomerid_account", "/accounts(accountnumber='none')", 404, "0x80060891"],
  ["wrong navigation name", "parentcustomerid", `/accounts(${ACCOUNT})`, 400, "0x80048d19"],
  ["name in wrong case", "ParentCustomerId_account", `/accounts(${ACCOUNT})`, 400, "0x80048d19"],
  ["wrong table", "parentcustomerid_account", `/contacts(${CONTACT})`, 400, "0x80048d19"],
  ["no such set", "parentcustomerid_account", `/account(${ACCOUNT})`, 404, "0x8006088a"],
  ["no reference", "parentcustomerid_account", "x", 400, "0x80060888"],
  ["no text", "parentcustomerid_account", 5, 400, "0x80048d19"],
])("refused: %s", async (_name, navigation, reference, status, code) => {
  const answer = await client.api("PATCH", `contacts(${CONTACT})`, { [`${navigation}@odata.bind`]: reference });
  expect([answer.status, answer.json.error.code]).toEqual([status, code]);
});

test("the wrong navigation name is explained as the service does", async () => {
  const answer = await client.api("PATCH", `contacts(${CONTACT})`, {
    "parentcustomerid@odata.bind": `/accounts(${ACCOUNT})`,
  });
  expect(answer.json.error.message).toContain(
    "An undeclared property 'parentcustomerid' which only has property annotations in the payload",
  );
});

test("the owner is a user or a team; owninguser and owningteam follow", async () => {
  const team = await client.api("POST", "teams", { name: "T" }, { Prefer: "return=representation" });
  await client.api("PATCH", `contacts(${CONTACT})`, { "ownerid@odata.bind": `/teams(${team.json.teamid})` });
  const { json } = await client.api(
    "GET",
    `contacts(${CONTACT})?$select=_ownerid_value,_owningteam_value,_owninguser_value`,
  );
  expect(json).toMatchObject({
    _ownerid_value: team.json.teamid,
    _owningteam_value: team.json.teamid,
    _owninguser_value: null,
  });
});

test("activities have the suffix in every navigation name", async () => {
  const refused = await client.api("POST", "campaignactivities", { subject: "x", "ownerid@odata.bind": null });
  expect(refused.json.error.code).toBe("0x80048d19");
  const campaign = await client.api("POST", "campaigns", { name: "C" }, { Prefer: "return=representation" });
  const body = {
    subject: "x",
    "regardingobjectid_campaign_campaignactivity@odata.bind": `/campaigns(${campaign.json.campaignid})`,
  };
  expect((await client.api("POST", "campaignactivities", body)).status).toBe(204);
});

test("a lookup in a key is addressed by its value property", async () => {
  await addCustomerKey(client);
  await client.api("POST", "EntityDefinitions(LogicalName='contact')/Keys", {
    SchemaName: "new_Pair",
    KeyAttributes: ["parentcustomerid", "new_customerno"],
  });
  await client.api("GET", "EntityDefinitions(LogicalName='contact')/Keys");
  await client.api("PATCH", `contacts(${CONTACT})`, {
    new_customerno: "1",
    "parentcustomerid_account@odata.bind": `/accounts(${ACCOUNT})`,
  });
  const found = await client.api(
    "GET",
    `contacts(_parentcustomerid_value=${ACCOUNT},new_customerno='1')?$select=contactid`,
  );
  expect(found.json.contactid).toBe(CONTACT);
});
