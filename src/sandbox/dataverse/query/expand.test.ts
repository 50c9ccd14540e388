import { beforeEach, expect, test } from "vitest";
import { useSandbox } from "../../raw-client.test-data.ts";
import { ACCOUNT, CONTACT, createFamily, LIST, numbers } from "./family.test-data.ts";

// query/join-tables.md of Microsoft's documentation, and dataverse.md section 6.
const client = useSandbox();
beforeEach(() => createFamily(client));

const get = (path: string, prefer?: string) =>
  client.api("GET", path, undefined, prefer === undefined ? {} : { Prefer: prefer });
const base = () => `${client.sandbox.origin}/api/data/v9.2/`;

test("$expand: a lookup gives the row without an etag, null where it is empty, and is named in the context", async () => {
  const { json } = await get("accounts?$select=name&$expand=primarycontactid($select=fullname)&$orderby=name");
  expect(json["@odata.context"]).toBe(`${base()}$metadata#accounts(name,primarycontactid(fullname))`);
  const shared = { fullname: "Ada Byron", contactid: CONTACT(1) };
  expect(json.value.map((each: Record<string, unknown>) => each.primarycontactid)).toEqual([shared, shared, null]);
});

test("$expand: a single row, with nothing selected", async () => {
  const { json } = await get(`contacts(${CONTACT(1)})?$expand=parentcustomerid_account`);
  expect(json["@odata.context"]).toBe(`${base()}$metadata#contacts(parentcustomerid_account())/$entity`);
  expect(json.parentcustomerid_account).toMatchObject({ accountid: ACCOUNT(1), name: "Contoso", address1_city: null });
  // retrieve-entity-using-web-api.md prints it here, query/join-tables.md does not in lists.
  expect(json.parentcustomerid_account["@odata.etag"]).toMatch(/^W\/"\d+"$/);
  expect(json.parentcustomerid_contact).toBeUndefined();
});

test("$expand: a lookup of several targets is null for the other ones", async () => {
  const { json } = await get(
    `contacts?$select=fullname&$filter=contactid eq ${CONTACT(5)}&$expand=parentcustomerid_account($select=name),parentcustomerid_contact($select=fullname)`,
  );
  expect(json.value[0]).toMatchObject({
    parentcustomerid_account: null,
    parentcustomerid_contact: { fullname: "Ada Byron" },
  });
});

// As the sandbox's list of differences says: the filter of a lookup decides whether the row is shown.
test("$expand: a $filter within makes a lookup null where its row does not pass", async () => {
  const { json } = await get(
    "contacts?$select=_parentcustomerid_value&$orderby=contactid&$filter=_parentcustomerid_value ne null&$expand=parentcustomerid_account($select=name;$filter=name eq 'Contoso')",
  );
  const shown = json.value.map((each: Record<string, unknown>) => each.parentcustomerid_account);
  const firms = json.value.map((each: Record<string, unknown>) => each._parentcustomerid_value);
  expect(new Set(firms).size).toBeGreaterThan(1);
  expect(shown).toEqual(
    firms.map((firm: unknown) => (firm === ACCOUNT(1) ? { name: "Contoso", accountid: ACCOUNT(1) } : null)),
  );
});

test("$expand: created by a POST that returns the representation", async () => {
  const answer = await client.api(
    "POST",
    "contacts?$select=lastname&$expand=parentcustomerid_account($select=name)",
    { lastname: "Gray", "parentcustomerid_account@odata.bind": `/accounts(${ACCOUNT(2)})` },
    { Prefer: "return=representation" },
  );
  expect(answer.status).toBe(201);
  expect(answer.json["@odata.context"]).toMatch(/#contacts\(lastname,parentcustomerid_account\(name\)\)\/\$entity$/);
  const etag = expect.stringMatching(/^W\/"\d+"$/);
  expect(answer.json.parentcustomerid_account).toEqual({
    "@odata.etag": etag,
    name: "Fabrikam",
    accountid: ACCOUNT(2),
  });
});

test("$expand collection: rows with etag and lookup, and a link to the same rows without paging", async () => {
  const { json } = await get(
    "accounts?$select=name&$expand=Account_Tasks($select=subject),contact_customer_accounts($select=fullname)&$orderby=name",
    "odata.maxpagesize=1",
  );
  expect(json["@odata.context"]).toBe(
    `${base()}$metadata#accounts(name,Account_Tasks(subject),contact_customer_accounts(fullname))`,
  );
  const [account] = json.value;
  expect(json.value).toHaveLength(1);
  expect(Object.keys(account.Account_Tasks[0])).toEqual([
    "@odata.etag",
    "subject",
    "activityid",
    "_regardingobjectid_value",
  ]);
  expect(account.Account_Tasks.map((each: { subject: string }) => each.subject)).toEqual(["Task 1", "Task 2"]);
  expect(account["Account_Tasks@odata.nextLink"]).toBe(
    `${base()}accounts(${ACCOUNT(1)})/Account_Tasks?$select=subject`,
  );
  expect(account.contact_customer_accounts).toHaveLength(3);
  const again = await get(account["contact_customer_accounts@odata.nextLink"].slice(base().length));
  expect(numbers(again, "contactid")).toEqual([1, 2, 3]);
});

test("$expand collection: $filter, $orderby and $top apply to each row's own list, and stand in its link", async () => {
  const { json } = await get(
    "accounts?$select=name&$orderby=name&$expand=contact_customer_accounts($select=lastname;$filter=jobtitle ne null and lastname ne 'it;s,';$orderby=lastname desc;$top=1)",
  );
  expect(json.value.map((each: { contact_customer_accounts: unknown[] }) => each.contact_customer_accounts)).toEqual([
    [expect.objectContaining({ contactid: CONTACT(1) })],
    [expect.objectContaining({ contactid: CONTACT(4) })],
    [],
  ]);
  const link = json.value[0]["contact_customer_accounts@odata.nextLink"];
  expect(numbers(await get(link.slice(base().length)), "contactid")).toEqual([1]);
});

test("$expand collection: many-to-many from both ends", async () => {
  const lists = await get(`lists?$select=listname&$orderby=listname&$expand=listcontact_association($select=fullname)`);
  expect(
    lists.json.value.map((each: { listcontact_association: { contactid: string }[] }) =>
      each.listcontact_association.map(({ contactid }) => contactid),
    ),
  ).toEqual([[CONTACT(1), CONTACT(4)], [CONTACT(1)]]);
  const contact = await get(
    `contacts(${CONTACT(1)})?$select=fullname&$expand=listcontact_association($select=listname)`,
  );
  expect(contact.json.listcontact_association.map((each: { listid: string }) => each.listid)).toEqual([
    LIST(1),
    LIST(2),
  ]);
  expect(contact.json.listcontact_association[0]["@odata.etag"]).toMatch(/^W\//);
});

test("$expand nested: lookups of lookups, users with both their ids", async () => {
  const { json } = await get(
    "tasks?$select=subject&$filter=regardingobjectid_contact_task/lastname eq 'Byron'&$expand=regardingobjectid_contact_task($select=fullname;$expand=parentcustomerid_account($select=name;$expand=createdby($select=fullname)))",
  );
  expect(json["@odata.context"]).toBe(
    `${base()}$metadata#tasks(subject,regardingobjectid_contact_task(fullname,parentcustomerid_account(name,createdby(fullname))))`,
  );
  expect(json.value[0].regardingobjectid_contact_task).toMatchObject({
    fullname: "Ada Byron",
    parentcustomerid_account: { name: "Contoso", createdby: { fullname: "# Sandbox Application" } },
  });
  const { createdby } = json.value[0].regardingobjectid_contact_task.parentcustomerid_account;
  expect(createdby.ownerid).toBe(createdby.systemuserid);
});

test("$expand nested: collections come in pages, without etag and lookup, and their links go on", async () => {
  const { json } = await get(
    `accounts?$select=name&$orderby=name&$expand=Account_Tasks($select=subject),contact_customer_accounts($select=fullname;$expand=owninguser($select=fullname))`,
    "odata.maxpagesize=1",
  );
  const [account] = json.value;
  expect(account.Account_Tasks.map((each: object) => Object.keys(each))).toEqual([["subject", "activityid"]]);
  expect(account.contact_customer_accounts[0].owninguser.fullname).toBe("# Sandbox Application");
  const seen: number[] = [];
  let link = account["contact_customer_accounts@odata.nextLink"];
  expect(link).toContain("$expand=owninguser($select=fullname)&$skiptoken=%3Ccookie");
  while (link !== undefined) {
    const page = await get(link.slice(base().length), "odata.maxpagesize=1");
    seen.push(...numbers(page, "contactid"));
    link = page.json["@odata.nextLink"];
  }
  expect(seen).toEqual([2, 3]);
});

test("$expand nested: collections of collections", async () => {
  const { json } = await get(
    "accounts?$select=name&$filter=name eq 'Holding'&$expand=account_parent_account($select=name;$expand=contact_customer_accounts($select=lastname;$filter=jobtitle eq 'boss'))",
  );
  const [holding] = json.value;
  expect(
    holding.account_parent_account.map((each: { name: string; contact_customer_accounts: { lastname: string }[] }) => [
      each.name,
      each.contact_customer_accounts.map(({ lastname }) => lastname),
    ]),
  ).toEqual([
    ["Contoso", ["Byron"]],
    ["Fabrikam", ["Dorn"]],
  ]);
});

test("$expand $ref: the address of a lookup's row; a collection has none", async () => {
  const { json } = await get("accounts?$select=name&$expand=primarycontactid/$ref&$filter=name eq 'Contoso'");
  expect(json["@odata.context"]).toBe(`${base()}$metadata#accounts(name,primarycontactid,primarycontactid/$ref())`);
  expect(json.value[0].primarycontactid).toEqual({ "@odata.id": `${base()}contacts(${CONTACT(1)})` });
  const refused = await get("accounts?$expand=Account_Tasks/$ref");
  expect([refused.status, refused.json.error]).toEqual([
    400,
    { code: "0x80060888", message: "Expand with $ref is only supported on lookup type navigation property." },
  ]);
});

test("$expand ownerid: an owner is a principal, of which only the id can be selected", async () => {
  const { json } = await get("accounts?$select=name&$expand=ownerid($select=ownerid)&$top=1");
  expect(json.value[0].ownerid).toEqual({
    "@odata.type": "#Microsoft.Dynamics.CRM.systemuser",
    ownerid: expect.stringMatching(/^[0-9a-f-]{36}$/),
  });
  const whole = await get("accounts?$expand=ownerid&$top=1");
  expect(whole.json.value[0].ownerid).toMatchObject({
    ownerid: json.value[0].ownerid.ownerid,
    fullname: "# Sandbox Application",
  });
  const refused = await get("accounts?$expand=ownerid($select=fullname)");
  expect(refused.json.error.message).toBe(
    "Could not find a property named 'fullname' on type 'Microsoft.Dynamics.CRM.principal'.",
  );
});

test("$expand: annotations are written inside it", async () => {
  const { json } = await get(
    `accounts(${ACCOUNT(1)})?$select=name&$expand=primarycontactid($select=creditlimit,_parentcustomerid_value)`,
    'odata.include-annotations="*"',
  );
  expect(json.primarycontactid).toMatchObject({
    "creditlimit@OData.Community.Display.V1.FormattedValue": "$10.00",
    "_parentcustomerid_value@OData.Community.Display.V1.FormattedValue": "Contoso",
    "_parentcustomerid_value@Microsoft.Dynamics.CRM.associatednavigationproperty": "parentcustomerid_account",
    "_parentcustomerid_value@Microsoft.Dynamics.CRM.lookuplogicalname": "account",
  });
});

const NESTED =
  "Only $select and $filter clause can be provided while doing $expand on many-to-one relationship or nested one-to-many relationship.";

test.each([
  ["nope", "Could not find a property named 'nope' on type 'Microsoft.Dynamics.CRM.account'."],
  ["PrimaryContactId", "Could not find a property named 'PrimaryContactId'"],
  [
    "primarycontactid($select=nope)",
    "Could not find a property named 'nope' on type 'Microsoft.Dynamics.CRM.contact'.",
  ],
  ["primarycontactid($orderby=fullname)", NESTED],
  ["primarycontactid($top=1)", NESTED],
  ["Account_Tasks($top=1),primarycontactid($expand=createdby)", NESTED],
  ["contact_customer_accounts($orderby=fullname;$expand=owninguser)", NESTED],
  ["Account_Tasks($count=true)", "$count"],
  ["Account_Tasks($skip=1)", "$skip"],
  ["Account_Tasks($levels=2)", "$levels"],
  ["Account_Tasks($filter=subject eq @p)", "aliases"],
  ["Account_Tasks($nope=1)", "$nope=1"],
  ["Account_Tasks($top=x)", "$top"],
  ["Account_Tasks($select=subject", "Syntax error"],
  ["Account_Tasks)", "Syntax error"],
  ["*", "Syntax error"],
  ["primarycontactid,primarycontactid", "more than once"],
  ["listaccount_association,primarycontactid", "many-to-many"],
  ["listaccount_association($expand=owninguser)", "many-to-many"],
  ["primarycontactid($expand=listcontact_association)", "many-to-many"],
])("$expand=%s is a 400", async (text, message) => {
  const answer = await client.api("GET", `accounts?$expand=${encodeURIComponent(text)}`);
  expect(answer.status, answer.text).toBe(400);
  expect(answer.json.error.message).toContain(message);
});

test("$expand: at most 15, nested ones counted (join-tables.md; TooManyLinkEntitiesInQuery)", async () => {
  const nested = (depth: number): string => (depth === 0 ? "" : `($expand=createdby${nested(depth - 1)})`);
  expect((await get(`accounts?$top=1&$expand=createdby${nested(14)}`)).status).toBe(200);
  const answer = await get(`accounts?$top=1&$expand=createdby${nested(15)}`);
  expect([answer.status, answer.json.error.code]).toEqual([400, "0x8004430d"]);
});

test("$expand: a table the sandbox lacks is named", async () => {
  const answer = await get("accounts?$expand=sla_account_sla");
  expect([answer.status, answer.json.error.message]).toEqual([501, expect.stringContaining("sla_account_sla")]);
});

test("$expand: reading the other table needs its privilege (section 2)", async () => {
  await client.control("POST", "privileges", { table: "contact", privilege: "Read", allowed: false });
  for (const path of [
    "accounts?$expand=primarycontactid",
    "accounts?$expand=contact_customer_accounts",
    "accounts?$filter=primarycontactid/fullname eq 'x'",
    "accounts?$filter=contact_customer_accounts/any()",
    "accounts?$orderby=primarycontactid/fullname",
    `accounts(${ACCOUNT(1)})/primarycontactid`,
    `accounts(${ACCOUNT(1)})/contact_customer_accounts`,
  ]) {
    const answer = await get(path);
    expect([path, answer.status, answer.json.error.code]).toEqual([path, 403, "0x80040220"]);
  }
});
