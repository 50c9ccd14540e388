import { beforeEach, expect, test } from "vitest";
import { idIn, useSandbox } from "../../raw-client.test-data.ts";
import { label, text } from "./definitions.test-data.ts";

// create-update-entity-relationships-using-web-api.md, create-update-entity-definitions-using-web-api.md,
// create-update-optionsets.md, multitable-lookup.md, and dataverse.md section 3.
const client = useSandbox();
const CRM = "Microsoft.Dynamics.CRM";
const oneToMany = (more: object = {}) => ({
  SchemaName: "new_contact_new_bankaccount",
  "@odata.type": `${CRM}.OneToManyRelationshipMetadata`,
  CascadeConfiguration: { Assign: "Cascade", Delete: "Cascade", Merge: "Cascade" },
  ReferencedAttribute: "contactid",
  ReferencedEntity: "contact",
  ReferencingEntity: "new_bankaccount",
  Lookup: {
    "@odata.type": `${CRM}.LookupAttributeMetadata`,
    SchemaName: "new_AccountOwner",
    DisplayName: label("Account Owner"),
    RequiredLevel: { Value: "ApplicationRequired" },
  },
  ...more,
});
const table = "EntityDefinitions(LogicalName='new_bankaccount')";
const create = (path: string, body: unknown) => client.api("POST", path, body);

beforeEach(async () => {
  const made = await create("EntityDefinitions", {
    "@odata.type": `${CRM}.EntityMetadata`,
    SchemaName: "new_BankAccount",
    DisplayName: label("Bank Account"),
    DisplayCollectionName: label("Bank Accounts"),
    OwnershipType: "UserOwned",
    Attributes: [text("new_Name", { IsPrimaryName: true })],
  });
  expect(made.status).toBe(204);
});

test("RelationshipDefinitions: a 1:N relationship brings its lookup, both navigations and its delete rule", async () => {
  const made = await create("RelationshipDefinitions", oneToMany());
  expect(made.status).toBe(204);
  expect(made.headers["odata-entityid"]).toMatch(/\/RelationshipDefinitions\([0-9a-f-]{36}\)$/);
  const shown = await client.api("GET", `RelationshipDefinitions(${idIn(made)})/${CRM}.OneToManyRelationshipMetadata`);
  expect(shown.json).toMatchObject({
    ReferencingAttribute: "new_accountowner",
    ReferencingEntityNavigationPropertyName: "new_AccountOwner",
    ReferencedEntityNavigationPropertyName: "new_contact_new_bankaccount",
    CascadeConfiguration: { Delete: "Cascade", Assign: "Cascade", Share: "NoCascade" },
    IsCustomRelationship: true,
  });
  const owner = await create("contacts", { lastname: "Owner" });
  const account = await create("new_bankaccounts", {
    new_name: "A",
    "new_AccountOwner@odata.bind": `/contacts(${idIn(owner)})`,
  });
  const read = await client.api("GET", `new_bankaccounts(${idIn(account)})?$select=_new_accountowner_value`);
  expect(read.json._new_accountowner_value).toBe(idIn(owner));
  await client.api("DELETE", `contacts(${idIn(owner)})`);
  expect((await client.api("GET", `new_bankaccounts(${idIn(account)})`)).status).toBe(404);
});

test("RelationshipDefinitions: PUT changes the delete rule, DELETE takes the lookup away, PATCH is no verb", async () => {
  const path = `RelationshipDefinitions(${idIn(await create("RelationshipDefinitions", oneToMany()))})`;
  expect((await client.api("PATCH", path, {})).status).toBe(405);
  const changes = { ...oneToMany(), CascadeConfiguration: { Delete: "Restrict" } };
  expect((await client.api("PUT", path, changes, { "MSCRM.MergeLabels": "true" })).status).toBe(204);
  const { json } = await client.api("GET", `${path}/${CRM}.OneToManyRelationshipMetadata?$select=CascadeConfiguration`);
  expect(json.CascadeConfiguration.Delete).toBe("Restrict");
  expect((await client.api("DELETE", path)).status).toBe(204);
  expect((await client.api("GET", `${table}/Attributes(LogicalName='new_accountowner')`)).status).toBe(404);
  expect((await client.api("GET", "new_bankaccounts?$select=_new_accountowner_value")).status).toBe(400);
  expect((await client.api("DELETE", "RelationshipDefinitions(SchemaName='contact_customer_accounts')")).status).toBe(
    400,
  );
});

test("RelationshipDefinitions: an N:N relationship brings its intersect table", async () => {
  const made = await create("RelationshipDefinitions", {
    SchemaName: "new_accounts_campaigns",
    "@odata.type": `${CRM}.ManyToManyRelationshipMetadata`,
    Entity1LogicalName: "account",
    Entity2LogicalName: "campaign",
    IntersectEntityName: "new_accounts_campaigns",
  });
  expect(made.status).toBe(204);
  const one = await create("accounts", { name: "A" });
  const two = await create("campaigns", { name: "C" });
  const reference = { "@odata.id": `${client.sandbox.origin}/api/data/v9.2/campaigns(${idIn(two)})` };
  const linked = await create(`accounts(${idIn(one)})/new_accounts_campaigns/$ref`, reference);
  expect(linked.status).toBe(204);
  const pairs = await client.api("GET", "new_accounts_campaignscollection");
  expect(pairs.json.value).toHaveLength(1);
  const shown = await client.api("GET", "EntityDefinitions(LogicalName='new_accounts_campaigns')?$select=IsIntersect");
  expect(shown.json.IsIntersect).toBe(true);
  expect((await client.api("DELETE", `RelationshipDefinitions(${idIn(made)})`)).status).toBe(204);
  expect((await client.api("GET", "new_accounts_campaignscollection")).status).toBe(404);
});

test.each([
  ["no type", { "@odata.type": undefined }],
  ["no prefix", { SchemaName: "relationship" }],
  ["a list for a name", { SchemaName: ["new_a_b"] }],
  ["no lookup", { Lookup: undefined }],
  ["no such table", { ReferencedEntity: "nope" }],
  ["wrong cascade", { CascadeConfiguration: { Delete: "Explode" } }],
  ["navigation taken", { ReferencingEntityNavigationPropertyName: "new_name" }],
])("a relationship is refused: %s", async (_name, change) => {
  const answer = await create("RelationshipDefinitions", oneToMany(change));
  expect([answer.status, answer.json.error.code]).toEqual([400, "0x80040203"]);
  expect((await client.api("GET", `${table}/Attributes(LogicalName='new_accountowner')`)).status).toBe(404);
});

test("CreateCustomerRelationships: one column that leads to accounts and contacts", async () => {
  const body = {
    OneToManyRelationships: ["account", "contact"].map((target) => ({
      SchemaName: `new_bankaccount_customer_${target}`.replace("new_", "new_c"),
      ReferencedEntity: target,
      ReferencingEntity: "new_bankaccount",
    })),
    Lookup: { "@odata.type": `${CRM}.ComplexLookupAttributeMetadata`, SchemaName: "new_CustomerId" },
  };
  const made = await create("CreateCustomerRelationships", body);
  expect(made.status).toBe(200);
  expect(made.json.RelationshipIds).toHaveLength(2);
  const { json } = await client.api("GET", `${table}/Attributes(${made.json.AttributeId})`);
  expect(json).toMatchObject({ AttributeType: "Customer", Targets: ["account", "contact"] });
  const account = await create("accounts", { name: "A" });
  const row = await create("new_bankaccounts", { "new_CustomerId_account@odata.bind": `/accounts(${idIn(account)})` });
  expect(row.status).toBe(204);
});

test("CreatePolymorphicLookupAttribute: several targets; one more by a relationship; all or nothing", async () => {
  const relation = (target: string) => ({
    SchemaName: `new_poly_${target}`,
    ReferencedEntity: target,
    ReferencingEntity: "new_bankaccount",
  });
  const lookup = { "@odata.type": `${CRM}.ComplexLookupAttributeMetadata`, SchemaName: "new_Poly" };
  const bad = { OneToManyRelationships: [relation("account"), relation("nope")], Lookup: lookup };
  expect((await create("CreatePolymorphicLookupAttribute", bad)).status).toBe(400);
  const good = { OneToManyRelationships: [relation("account"), relation("contact")], Lookup: lookup };
  expect((await create("CreatePolymorphicLookupAttribute", good)).status).toBe(200);
  const more = { ...oneToMany({ SchemaName: "new_poly_lead", ReferencedEntity: "lead" }), Lookup: lookup };
  expect((await create("RelationshipDefinitions", more)).status).toBe(204);
  const { json } = await client.api(
    "GET",
    `${table}/Attributes(LogicalName='new_poly')/${CRM}.LookupAttributeMetadata?$select=Targets`,
  );
  expect(json.Targets).toEqual(["account", "contact", "lead"]);
  const lead = await create("leads", { lastname: "L" });
  const row = await create("new_bankaccounts", { "new_Poly_lead@odata.bind": `/leads(${idIn(lead)})` });
  const read = await client.api("GET", `new_bankaccounts(${idIn(row)})`, undefined, {
    Prefer: 'odata.include-annotations="*"',
  });
  expect(read.json["_new_poly_value@Microsoft.Dynamics.CRM.lookuplogicalname"]).toBe("lead");
});

test("EntityDefinitions: PUT changes labels and change tracking; DELETE takes the table and lookups to it", async () => {
  const changes = { LogicalName: "new_bankaccount", DisplayName: label("Bank"), ChangeTrackingEnabled: true };
  expect((await client.api("PUT", table, changes, { "MSCRM.MergeLabels": "true" })).status).toBe(204);
  const { json } = await client.api("GET", `${table}?$select=DisplayName,ChangeTrackingEnabled`);
  expect([json.DisplayName.UserLocalizedLabel.Label, json.ChangeTrackingEnabled]).toEqual(["Bank", true]);
  expect((await client.api("PUT", table, { LogicalName: "other" })).status).toBe(400);
  expect((await client.api("PATCH", table, changes)).status).toBe(405);
  const back = oneToMany({ ReferencedEntity: "new_bankaccount", ReferencingEntity: "contact" });
  expect((await create("RelationshipDefinitions", back)).status).toBe(204);
  expect((await client.api("DELETE", table)).status).toBe(204);
  expect((await client.api("GET", "new_bankaccounts")).status).toBe(404);
  expect((await client.api("GET", "contacts?$select=_new_accountowner_value")).status).toBe(400);
  expect(
    (await client.api("GET", "sdkmessagefilters?$filter=primaryobjecttypecode eq 'new_bankaccount'")).json.value,
  ).toEqual([]);
  expect((await client.api("DELETE", "EntityDefinitions(LogicalName='contact')")).status).toBe(400);
});

test("Attributes: PUT changes length, level and label, never type or name", async () => {
  const path = `${table}/Attributes(LogicalName='new_name')`;
  const changes = {
    ...text("new_Name", { MaxLength: 5 }),
    DisplayName: label("Title"),
    RequiredLevel: { Value: "Recommended" },
  };
  expect((await client.api("PUT", path, changes)).status).toBe(204);
  const { json } = await client.api("GET", path);
  expect(json).toMatchObject({ MaxLength: 5, RequiredLevel: { Value: "Recommended" } });
  expect((await create("new_bankaccounts", { new_name: "123456" })).json.error.code).toBe("0x80044331");
  const wrong = { ...changes, "@odata.type": `${CRM}.MemoAttributeMetadata` };
  expect((await client.api("PUT", path, wrong)).status).toBe(400);
  expect((await client.api("PUT", path, { ...changes, SchemaName: "new_Other" })).status).toBe(400);
  expect((await client.api("PUT", path, { ...changes, MaxLength: 0 })).status).toBe(400);
});

test("Attributes: money brings its base value and currency; image and file columns their companions", async () => {
  const make = (type: string, name: string) =>
    create(`${table}/Attributes`, { "@odata.type": `${CRM}.${type}AttributeMetadata`, SchemaName: name });
  for (const [type, name] of [
    ["Money", "new_Balance"],
    ["Image", "new_Photo"],
    ["File", "new_Scan"],
  ] as const) {
    expect((await make(type, name)).status).toBe(204);
  }
  const row = await client.api("POST", "new_bankaccounts", { new_balance: 5 }, { Prefer: "return=representation" });
  expect(row.json).toMatchObject({ new_balance: 5, new_balance_base: 5, exchangerate: 1 });
  expect(row.json._transactioncurrencyid_value).toMatch(/-/);
  const names = (await client.api("GET", `${table}/Attributes?$select=LogicalName`)).json.value.map(
    (each: { LogicalName: string }) => each.LogicalName,
  );
  expect(names).toEqual(
    expect.arrayContaining(["new_photo_url", "new_photo_timestamp", "new_photoid", "new_scan_name"]),
  );
  expect((await client.api("DELETE", `${table}/Attributes(LogicalName='new_balance')`)).status).toBe(204);
  expect((await client.api("GET", "new_bankaccounts?$select=new_balance_base")).status).toBe(400);
});

test("AutoNumberFormat: rows that bring no value are numbered from 1000 (autonumber-fields.md)", async () => {
  const pattern = "A-{SEQNUM:6}-{RANDSTRING:3}-{DATETIMEUTC:yyyyMM}";
  const made = await create(`${table}/Attributes`, text("new_No", { AutoNumberFormat: pattern }));
  expect(made.status).toBe(204);
  for (const body of [{}, { new_no: "own" }, {}]) await create("new_bankaccounts", body);
  const { json } = await client.api("GET", "new_bankaccounts?$select=new_no");
  const numbers = json.value.map((each: { new_no: string }) => each.new_no);
  expect(numbers[0]).toMatch(/^A-001000-[0-9A-Z]{3}-\d{6}$/);
  expect(numbers[1]).toBe("own");
  expect(numbers[2]).toMatch(/^A-00100[12]-/);
  const wrong = text("new_Bad", { AutoNumberFormat: "{NOPE:1}" });
  expect((await create(`${table}/Attributes`, wrong)).status).toBe(400);
});

test("ReactivateEntityKey: a key that failed is built again once the rows differ", async () => {
  await create("new_bankaccounts", { new_name: "same" });
  const twin = idIn(await create("new_bankaccounts", { new_name: "same" }));
  await create(`${table}/Keys`, { SchemaName: "new_NameKey", KeyAttributes: ["new_name"] });
  const key = `${table}/Keys(LogicalName='new_namekey')?$select=EntityKeyIndexStatus`;
  const status = async () => (await client.api("GET", key)).json.EntityKeyIndexStatus;
  expect(await status()).toBe("Failed");
  const again = { EntityLogicalName: "new_bankaccount", EntityKeyLogicalName: "new_namekey" };
  await client.api("PATCH", `new_bankaccounts(${twin})`, { new_name: "other" });
  expect((await create("ReactivateEntityKey", again)).status).toBe(204);
  expect(await status()).toMatch(/Pending|Active/);
  expect(await status()).toBe("Active");
  expect((await create("ReactivateEntityKey", again)).status).toBe(400);
});

test("Keys: Pending until read or until the environment's clock has moved on", async () => {
  await create(`${table}/Keys`, { SchemaName: "new_NameKey", KeyAttributes: ["new_name"] });
  await client.control("POST", "clock", { advanceMs: 60_000 });
  const { json } = await client.api("GET", `${table}/Keys`);
  expect(json.value[0].EntityKeyIndexStatus).toBe("Active");
});

test("MSCRM.SolutionUniqueName: an unknown solution is refused, and so is a prefix of no publisher", async () => {
  const answer = await client.api("POST", `${table}/Attributes`, text("new_More"), {
    "MSCRM.SolutionUniqueName": "Nope",
  });
  expect(answer.status).toBe(400);
  const own = {
    uniquename: "Cust",
    friendlyname: "C",
    customizationprefix: "abc",
    customizationoptionvalueprefix: 72_000,
  };
  expect((await create(`${table}/Attributes`, text("abc_More"))).status).toBe(400);
  await create("publishers", own);
  expect((await create(`${table}/Attributes`, text("abc_More"))).status).toBe(204);
});

test("PublishXml: accepted, changes are published at once", async () => {
  const body = { ParameterXml: "<importexportxml><entities><entity>contact</entity></entities></importexportxml>" };
  expect((await create("PublishXml", body)).status).toBe(204);
  expect((await create("PublishXml", {})).status).toBe(400);
});

test("PublishAllXml: accepted with and without a body", async () => {
  expect((await client.api("POST", "PublishAllXml")).status).toBe(204);
  expect((await create("PublishAllXml", {})).status).toBe(204);
  expect((await client.api("GET", "PublishAllXml")).status).toBe(404);
});

const names = async (path: string) => (await client.api("GET", path)).json.EntityNames;

// entity-relationship-eligibility.md
test("CanBeReferenced: true of a table, and 400 for a name that is none", async () => {
  expect((await client.api("POST", "CanBeReferenced", { EntityName: "account" })).json.CanBeReferenced).toBe(true);
  expect((await client.api("POST", "CanBeReferenced", { EntityName: "nothing" })).status).toBe(400);
  expect((await client.api("POST", "CanBeReferenced", {})).status).toBe(400);
});

test("CanBeReferencing: true of a table", async () => {
  expect((await client.api("POST", "CanBeReferencing", { EntityName: "contact" })).json.CanBeReferencing).toBe(true);
});

test("CanManyToMany: true of a table", async () => {
  expect((await client.api("POST", "CanManyToMany", { EntityName: "contact" })).json.CanManyToMany).toBe(true);
});

test("GetValidManyToMany: names tables", async () => {
  expect(await names("GetValidManyToMany()")).toContain("account");
});

test("GetValidReferencedEntities: names tables", async () => {
  expect(await names("GetValidReferencedEntities(ReferencingEntityName='contact')")).toContain("account");
});

test("GetValidReferencingEntities: names tables", async () => {
  expect(await names("GetValidReferencingEntities(ReferencedEntityName='contact')")).toContain("account");
});

test("RelationshipDefinitions: a table linked with itself has two collections", async () => {
  const made = await create("RelationshipDefinitions", {
    SchemaName: "new_accounts_accounts",
    "@odata.type": `${CRM}.ManyToManyRelationshipMetadata`,
    Entity1LogicalName: "account",
    Entity1NavigationPropertyName: "new_partners",
    Entity2LogicalName: "account",
    Entity2NavigationPropertyName: "new_partnered",
  });
  expect(made.status).toBe(204);
  const [one, two] = [await create("accounts", { name: "1" }), await create("accounts", { name: "2" })];
  const reference = { "@odata.id": `accounts(${idIn(two)})` };
  expect((await create(`accounts(${idIn(one)})/new_partners/$ref`, reference)).status).toBe(204);
  const back = await client.api("GET", `accounts(${idIn(two)})/new_partnered/$ref`);
  expect(back.text).toContain(idIn(one));
});

test("a column made again under the name of a dropped one has an id of its own", async () => {
  const column = `${table}/Attributes(LogicalName='new_note')`;
  const id = async () => (await client.api("GET", `${column}?$select=MetadataId`)).json.MetadataId;
  await create(`${table}/Attributes`, text("new_Note"));
  const first = await id();
  expect((await client.api("DELETE", column)).status).toBe(204);
  await create(`${table}/Attributes`, text("new_Note"));
  expect(await id()).not.toBe(first);
});

test("IsAuditEnabled: of a table and of a column, set by PUT and shown", async () => {
  const column = `${table}/Attributes(LogicalName='new_name')`;
  const shown = async (path: string) => (await client.api("GET", `${path}?$select=IsAuditEnabled`)).json.IsAuditEnabled;
  expect(await shown(table)).toMatchObject({ Value: false });
  const audited = { IsAuditEnabled: { Value: true, CanBeChanged: true } };
  expect((await client.api("PUT", table, audited)).status).toBe(204);
  expect(
    (await client.api("PUT", column, { ...audited, "@odata.type": `${CRM}.StringAttributeMetadata` })).status,
  ).toBe(204);
  await client.api("PUT", table, { DisplayName: label("Account at a bank") });
  expect(await shown(table)).toMatchObject({ Value: true });
  expect(await shown(column)).toMatchObject({ Value: true });
});
