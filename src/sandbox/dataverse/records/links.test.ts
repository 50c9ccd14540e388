import { beforeEach, expect, test } from "vitest";
import { useSandbox } from "../../raw-client.test-data.ts";

// References (1:N and N:N), dataverse.md section 4 and associate-disassociate-entities-using-web-api.md.
const client = useSandbox();
const ACCOUNT = "aaaaaaaa-0000-4000-8000-000000000001";
const CONTACT = "cccccccc-0000-4000-8000-000000000001";
const SECOND = "cccccccc-0000-4000-8000-000000000002";
const LIST = "11111111-0000-4000-8000-000000000001";
const LEAD = "eeeeeeee-0000-4000-8000-000000000001";
const codeOf = (answer: { status: number; json: { error: { code: string } } }) => [
  answer.status,
  answer.json?.error?.code,
];
const id = (set: string, row: string) => ({
  "@odata.id": `${client.sandbox.env.BASE_URL}/api/data/v9.2/${set}(${row})`,
});
const refs = async (path: string) =>
  (await client.api("GET", `${path}/$ref`)).json.value.map((each: Record<string, string>) =>
    each["@odata.id"]!.slice(-37, -1),
  );

beforeEach(async () => {
  await client.api("POST", "accounts", { accountid: ACCOUNT, name: "Contoso" });
  await client.api("POST", "contacts", { contactid: CONTACT, lastname: "A" });
  await client.api("POST", "contacts", { contactid: SECOND, lastname: "B" });
  await client.api("POST", "lists", { listid: LIST, listname: "L", createdfromcode: 2 });
  await client.api("POST", "leads", { leadid: LEAD, lastname: "L", subject: "s" });
});

test("POST collection/$ref: a child of a 1:N relationship gets its lookup", async () => {
  const path = `accounts(${ACCOUNT})/contact_customer_accounts`;
  const done = await client.api("POST", `${path}/$ref`, id("contacts", CONTACT));
  expect([done.status, done.text]).toEqual([204, ""]);
  const { json } = await client.api("GET", `contacts(${CONTACT})?$select=_parentcustomerid_value`);
  expect(json._parentcustomerid_value).toBe(ACCOUNT);
  expect(await refs(path)).toEqual([CONTACT]);
});

test("POST collection/$ref: a pair of an N:N relationship, seen from both ends", async () => {
  expect(
    (await client.api("POST", `contacts(${CONTACT})/contactleads_association/$ref`, id("leads", LEAD))).status,
  ).toBe(204);
  expect(await refs(`contacts(${CONTACT})/contactleads_association`)).toEqual([LEAD]);
  expect(await refs(`leads(${LEAD})/contactleads_association`)).toEqual([CONTACT]);
  const again = await client.api("POST", `leads(${LEAD})/contactleads_association/$ref`, id("contacts", CONTACT));
  expect(codeOf(again)).toEqual([412, "0x80040237"]);
});

test("POST collection/$ref: members of a marketing list are listmember rows (section 11)", async () => {
  await client.api("POST", `lists(${LIST})/listcontact_association/$ref`, { "@odata.id": `contacts(${CONTACT})` });
  const { json } = await client.api("GET", "listmembers?$select=_entityid_value,entitytype,_listid_value");
  expect(json.value).toMatchObject([{ _entityid_value: CONTACT, entitytype: "contact", _listid_value: LIST }]);
  expect(await refs(`lists(${LIST})/listaccount_association`)).toEqual([]);
  expect(await refs(`contacts(${CONTACT})/listcontact_association`)).toEqual([LIST]);
});

test.each([
  ["no such row", { "@odata.id": `contacts(${ACCOUNT})` }, 404, "0x80040217"],
  ["another table", { "@odata.id": `accounts(${ACCOUNT})` }, 400, "0x80048d19"],
  ["no reference", {}, 400, "0x80048d19"],
  ["a number", { "@odata.id": 5 }, 400, "0x80048d19"],
  ["no such set", { "@odata.id": `nope(${ACCOUNT})` }, 404, "0x8006088a"],
])("POST collection/$ref: refused: %s", async (_name, body, status, code) => {
  expect(codeOf(await client.api("POST", `lists(${LIST})/listcontact_association/$ref`, body))).toEqual([status, code]);
});

test("DELETE collection(id)/$ref: takes a child or a pair out", async () => {
  const children = `accounts(${ACCOUNT})/contact_customer_accounts`;
  const members = `lists(${LIST})/listcontact_association`;
  for (const path of [children, members]) {
    await client.api("POST", `${path}/$ref`, id("contacts", CONTACT));
    await client.api("POST", `${path}/$ref`, id("contacts", SECOND));
    expect((await client.api("DELETE", `${path}(${CONTACT})/$ref`)).status).toBe(204);
    expect(await refs(path)).toEqual([SECOND]);
  }
  // What is not in the collection is no error; what does not exist is.
  expect((await client.api("DELETE", `${members}(${CONTACT})/$ref`)).status).toBe(204);
  expect(codeOf(await client.api("DELETE", `${members}(${ACCOUNT})/$ref`))).toEqual([404, "0x80040217"]);
});

test("DELETE collection/$ref?$id=: the row is named by its address", async () => {
  const path = `lists(${LIST})/listcontact_association`;
  await client.api("POST", `${path}/$ref`, id("contacts", CONTACT));
  const address = encodeURIComponent(id("contacts", CONTACT)["@odata.id"]);
  expect((await client.api("DELETE", `${path}/$ref?$id=${address}`)).status).toBe(204);
  expect(await refs(path)).toEqual([]);
  expect((await client.api("POST", `${path}/$ref`, id("contacts", CONTACT))).status).toBe(204);
  expect((await client.api("DELETE", `${path}/$ref`)).status).toBe(400);
});

test("PUT lookup/$ref: sets a lookup, DELETE lookup/$ref: clears it, GET lookup/$ref: tells it", async () => {
  const path = `contacts(${CONTACT})/parentcustomerid_account/$ref`;
  expect((await client.api("PUT", path, { "@odata.id": `accounts(${ACCOUNT})` })).status).toBe(204);
  const { json } = await client.api("GET", path);
  expect(json["@odata.context"]).toMatch(/\$metadata#\$ref$/);
  expect(json["@odata.id"]).toMatch(`/api/data/v9.2/accounts(${ACCOUNT})`);
  expect((await client.api("GET", `contacts(${CONTACT})/parentcustomerid_contact/$ref`)).status).toBe(204);
  expect((await client.api("DELETE", path)).status).toBe(204);
  expect((await client.api("GET", path)).status).toBe(204);
  expect((await client.api("POST", path, { "@odata.id": `accounts(${ACCOUNT})` })).status).toBe(405);
});

test("DELETE lookup/$ref: empties it", async () => {
  const path = `contacts(${CONTACT})/parentcustomerid_account/$ref`;
  await client.api("PUT", path, { "@odata.id": `accounts(${ACCOUNT})` });
  await client.api("DELETE", path);
  const { json } = await client.api("GET", `contacts(${CONTACT})?$select=_parentcustomerid_value`);
  expect(json._parentcustomerid_value).toBeNull();
});

test("GET lookup/$ref: the owner's own table is named", async () => {
  const { json } = await client.api("GET", `contacts(${CONTACT})/ownerid/$ref`);
  expect(json["@odata.id"]).toMatch(/\/systemusers\([0-9a-f-]{36}\)$/);
});

test("GET collection/$ref: comes in pages", async () => {
  const path = `lists(${LIST})/listcontact_association/$ref`;
  await client.api("POST", path, id("contacts", CONTACT));
  await client.api("POST", path, id("contacts", SECOND));
  const first = await client.api("GET", path, undefined, { Prefer: "odata.maxpagesize=1" });
  expect(first.json.value).toHaveLength(1);
  const next = String(first.json["@odata.nextLink"]);
  const second = await client.api("GET", next.slice(next.indexOf("/v9.2/") + 6));
  expect(second.json.value).toEqual([id("contacts", SECOND)]);
  expect(second.json).not.toHaveProperty("@odata.nextLink");
});

test("$ref behind what is no navigation property is a 404 that says so", async () => {
  const answer = await client.api("PUT", `contacts(${CONTACT})/lastname/$ref`, {});
  expect(codeOf(answer)).toEqual([404, "0x8006088a"]);
  expect(answer.json.error.message).toBe("The URI segment '$ref' is invalid after the segment 'lastname'.");
});

test("a failed request takes back the pairs it made", async () => {
  const path = `lists(${LIST})/listcontact_association`;
  await client.api("POST", `${path}/$ref`, id("contacts", CONTACT));
  await client.api("DELETE", `${path}(${CONTACT})/$ref`);
  await client.api("POST", `${path}/$ref`, id("contacts", CONTACT));
  expect(await refs(path)).toEqual([CONTACT]);
  await client.api("DELETE", `contacts(${CONTACT})`);
  expect(await refs(path)).toEqual([]);
});

test("POST collection/$ref: a table linked with itself has a collection for each end", async () => {
  const made = await client.api("POST", "RelationshipDefinitions", {
    "@odata.type": "Microsoft.Dynamics.CRM.ManyToManyRelationshipMetadata",
    SchemaName: "new_account_partner",
    Entity1LogicalName: "account",
    Entity2LogicalName: "account",
    Entity1NavigationPropertyName: "new_partners",
    Entity2NavigationPropertyName: "new_partnerof",
    IntersectEntityName: "new_account_partner",
  });
  expect(made.status, made.text).toBe(204);
  const other = "aaaaaaaa-0000-4000-8000-000000000002";
  await client.api("POST", "accounts", { accountid: other, name: "Other" });
  await client.api("POST", `accounts(${ACCOUNT})/new_partners/$ref`, id("accounts", other));
  expect(await refs(`accounts(${ACCOUNT})/new_partners`)).toEqual([other]);
  expect(await refs(`accounts(${ACCOUNT})/new_partnerof`)).toEqual([]);
  expect(await refs(`accounts(${other})/new_partnerof`)).toEqual([ACCOUNT]);
  await client.api("DELETE", `accounts(${other})`);
  expect(await refs(`accounts(${ACCOUNT})/new_partners`)).toEqual([]);
});
