import { afterEach, expect, test } from "vitest";
import type { Column } from "../../core/schema.ts";
import { type Reply, refusal, type Seen, type Stub, startStub } from "./stub.ts";

let stub: Stub;
afterEach(() => stub.close());

const label = (text: string | null) => ({
  LocalizedLabels: text === null ? [] : [{ Label: text, LanguageCode: 1033 }],
  UserLocalizedLabel: text === null ? null : { Label: text, LanguageCode: 1033 },
});
const table = (LogicalName: string, EntitySetName: string | null, title: string, more = {}) => ({
  MetadataId: "m",
  LogicalName,
  SchemaName: LogicalName[0]!.toUpperCase() + LogicalName.slice(1),
  EntitySetName,
  PrimaryIdAttribute: `${LogicalName}id`,
  PrimaryNameAttribute: "fullname",
  TableType: "Standard",
  ChangeTrackingEnabled: true,
  DisplayName: label(title),
  ...more,
});
const attribute = (LogicalName: string, AttributeType: string, more = {}) => ({
  "@odata.type": `#Microsoft.Dynamics.CRM.${AttributeType}AttributeMetadata`,
  MetadataId: "m",
  LogicalName,
  AttributeType,
  AttributeTypeName: { Value: `${AttributeType}Type` },
  AttributeOf: null,
  DisplayName: label(`Title of ${LogicalName}`),
  RequiredLevel: { Value: "None", CanBeChanged: true },
  IsValidForCreate: true,
  IsValidForUpdate: true,
  IsValidForRead: true,
  ...more,
});
const required = { RequiredLevel: { Value: "SystemRequired" } };
const readOnly = { IsValidForCreate: false, IsValidForUpdate: false };

const tables = [
  table("contact", "contacts", "Contact"),
  table("account", "accounts", "Account", { ChangeTrackingEnabled: false }),
  table("systemuser", "systemusers", "User"),
  table("team", "teams", "Team"),
  table("owner", "owners", "Owner"),
  table("new_box", "new_boxes", "Box", { TableType: "Elastic" }),
  table("new_case", "new_cases", "Box"),
  table("subscriptionclients", null, "Internal"),
];

const attributes = [
  attribute("contactid", "Uniqueidentifier", required),
  attribute("lastname", "String", required),
  attribute("description", "Memo"),
  attribute("numberofchildren", "Integer"),
  attribute("versionnumber", "BigInt", readOnly),
  attribute("creditlimit", "Money"),
  attribute("exchangerate", "Decimal", readOnly),
  attribute("address1_latitude", "Double"),
  attribute("donotemail", "Boolean", required),
  attribute("birthdate", "DateTime"),
  attribute("lastonholdtime", "DateTime"),
  attribute("gendercode", "Picklist", required),
  attribute("new_region", "Picklist"),
  attribute("new_likes", "Virtual", { AttributeTypeName: { Value: "MultiSelectPicklistType" } }),
  attribute("entityimage", "Virtual", { AttributeTypeName: { Value: "ImageType" } }),
  attribute("gendercodename", "Virtual", { AttributeOf: "gendercode", ...readOnly }),
  attribute("statecode", "State", { ...required, IsValidForCreate: false }),
  attribute("statuscode", "Status", { DisplayName: label(null) }),
  attribute("ownerid", "Owner", required),
  attribute("parentcustomerid", "Customer"),
  attribute("msa_managingpartnerid", "Lookup"),
  attribute("new_hidden", "Lookup"),
  attribute("secret", "String", { ...readOnly, IsValidForRead: false }),
];
const relationship = (attribute: string, ReferencedEntity: string, navigation: string) => ({
  MetadataId: "m",
  ReferencingAttribute: attribute,
  ReferencedEntity,
  ReferencingEntityNavigationPropertyName: navigation,
});
const option = (Value: number, text: string, more = {}) => ({ Value, Label: label(text), Color: null, ...more });

const casts: Record<string, unknown[]> = {
  String: [{ LogicalName: "lastname", MaxLength: 50 }],
  Memo: [{ LogicalName: "description", MaxLength: 2000 }],
  Integer: [{ LogicalName: "numberofchildren", MinValue: 0, MaxValue: 1_000_000_000 }],
  Money: [{ LogicalName: "creditlimit", MinValue: 0, MaxValue: 1e14, Precision: 2 }],
  Double: [{ LogicalName: "address1_latitude", MinValue: -90, MaxValue: 90, Precision: 5 }],
  DateTime: [
    { LogicalName: "birthdate", DateTimeBehavior: { Value: "DateOnly" } },
    { LogicalName: "lastonholdtime", DateTimeBehavior: { Value: "UserLocal" } },
  ],
  Lookup: [
    { LogicalName: "ownerid", Targets: ["systemuser", "team"] },
    { LogicalName: "parentcustomerid", Targets: ["account", "contact"] },
    { LogicalName: "msa_managingpartnerid", Targets: ["account"] },
    { LogicalName: "new_hidden", Targets: ["account"] },
  ],
  Picklist: [
    {
      LogicalName: "gendercode",
      OptionSet: { Options: [option(2, "Female"), option(1, "Male")] },
      GlobalOptionSet: null,
    },
    { LogicalName: "new_region", OptionSet: null, GlobalOptionSet: { Options: [option(100000000, "North")] } },
  ],
  MultiSelectPicklist: [{ LogicalName: "new_likes", OptionSet: { Options: [option(1, "Tea"), option(9, "Jam")] } }],
  State: [
    {
      LogicalName: "statecode",
      OptionSet: { Options: [option(0, "Active", { DefaultStatus: 1 }), option(1, "Inactive")] },
    },
  ],
  Status: [
    {
      LogicalName: "statuscode",
      OptionSet: { Options: [option(1, "Active", { State: 0 }), option(2, "Inactive", { State: 1 })] },
    },
  ],
  Boolean: [
    {
      LogicalName: "donotemail",
      OptionSet: { TrueOption: option(1, "Do Not Allow"), FalseOption: option(0, "Allow") },
    },
  ],
};

function environment(request: Seen, bulk: string[] = ["CreateMultiple", "UpdateMultiple"]): Reply {
  const path = request.path.replace("/api/data/v9.2/", "");
  if (path.startsWith("EntityDefinitions?")) return { body: { value: tables } };
  if (path.startsWith("sdkmessagefilters"))
    return { body: { value: bulk.some((m) => path.includes(`@message='${m}'`)) ? [{ sdkmessagefilterid: "f" }] : [] } };
  const [, object = "", rest = ""] = /^EntityDefinitions\(LogicalName='(\w+)'\)(.*)$/.exec(path) ?? [];
  const cast = /^\/Attributes\/Microsoft\.Dynamics\.CRM\.(\w+)AttributeMetadata\?/.exec(rest)?.[1];
  if (cast) return { body: { value: casts[cast] ?? [] } };
  return {
    body: {
      ...tables.find((t) => t.LogicalName === object),
      Attributes: attributes,
      Keys: [
        { MetadataId: "m", LogicalName: "new_number", KeyAttributes: ["new_no"], EntityKeyIndexStatus: "Active" },
        { MetadataId: "m", LogicalName: "new_other", KeyAttributes: ["a", "b"], EntityKeyIndexStatus: "InProgress" },
      ],
      ManyToOneRelationships: [
        relationship("ownerid", "owner", "ownerid"),
        relationship("parentcustomerid", "account", "parentcustomerid_account"),
        relationship("parentcustomerid", "contact", "parentcustomerid_contact"),
        relationship("msa_managingpartnerid", "account", "msa_managingPartner"),
      ],
    },
  };
}

const column = (columns: Column[], name: string) => columns.find((c) => c.name === name);

test("tables with rows of their own, by name and title", async () => {
  stub = await startStub((r) => environment(r));
  const objects = await stub.session.objects();
  expect(objects).toContainEqual({ name: "new_box", title: "Box" });
  expect(objects.map((o) => o.name)).not.toContain("subscriptionclients");
  await stub.session.objects();
  expect(stub.seen).toHaveLength(1);
});

test("a table: names, keys, abilities", async () => {
  stub = await startStub((r) => environment(r));
  const contact = await stub.session.describe("contact");
  expect(contact).toMatchObject({
    name: "contact",
    title: "Contact",
    set: "contacts",
    id: "contactid",
    label: "fullname",
    can: { bulk: true, deltas: true },
    keys: [
      { name: "new_number", columns: ["new_no"], active: true },
      { name: "new_other", columns: ["a", "b"], active: false },
    ],
  });
  expect(stub.seen.length).toBeLessThanOrEqual(18);
  expect(stub.seen.every((r) => r.path.includes("$select=") || r.path.includes("sdkmessagefilters"))).toBe(true);
});

test("columns: types, limits, choices", async () => {
  stub = await startStub((r) => environment(r));
  const { columns } = await stub.session.describe("contact");
  const types = Object.fromEntries(columns.map((c) => [c.name, c.type]));
  expect(types).toEqual({
    contactid: "guid",
    lastname: "text",
    description: "text",
    numberofchildren: "integer",
    versionnumber: "integer",
    creditlimit: "money",
    exchangerate: "decimal",
    address1_latitude: "double",
    donotemail: "boolean",
    birthdate: "date",
    lastonholdtime: "datetime",
    gendercode: "choice",
    new_region: "choice",
    new_likes: "choices",
    entityimage: "other",
    statecode: "state",
    statuscode: "status",
    ownerid: "lookup",
    parentcustomerid: "lookup",
    msa_managingpartnerid: "lookup",
    new_hidden: "lookup",
  });
  expect(column(columns, "lastname")).toMatchObject({ maxLength: 50, title: "Title of lastname" });
  expect(column(columns, "statuscode")).toMatchObject({
    title: "statuscode",
    choices: [
      { value: 1, label: "Active", state: 0 },
      { value: 2, label: "Inactive", state: 1 },
    ],
  });
  expect(column(columns, "creditlimit")).toMatchObject({ min: 0, max: 1e14, precision: 2 });
  expect(column(columns, "gendercode")?.choices).toEqual([
    { value: 1, label: "Male" },
    { value: 2, label: "Female" },
  ]);
  expect(column(columns, "new_region")?.choices).toEqual([{ value: 100000000, label: "North" }]);
  expect(column(columns, "donotemail")?.choices).toEqual([
    { value: 0, label: "Allow" },
    { value: 1, label: "Do Not Allow" },
  ]);
});

test("lookups have the exact navigation name and the set of each target; what cannot be bound cannot be written", async () => {
  stub = await startStub((r) => environment(r));
  const { columns } = await stub.session.describe("contact");
  expect(column(columns, "parentcustomerid")?.targets).toEqual([
    { object: "account", set: "accounts", navigation: "parentcustomerid_account" },
    { object: "contact", set: "contacts", navigation: "parentcustomerid_contact" },
  ]);
  expect(column(columns, "ownerid")?.targets).toEqual([
    { object: "systemuser", set: "systemusers", navigation: "ownerid" },
    { object: "team", set: "teams", navigation: "ownerid" },
  ]);
  expect(column(columns, "msa_managingpartnerid")?.targets).toEqual([
    { object: "account", set: "accounts", navigation: "msa_managingPartner" },
  ]);
  expect(column(columns, "new_hidden")).toMatchObject({ create: false, update: false, targets: [] });
});

test("required is only what a create fails without", async () => {
  stub = await startStub((r) => environment(r));
  const { columns } = await stub.session.describe("contact");
  expect(columns.filter((c) => c.required).map((c) => c.name)).toEqual(["gendercode", "lastname"]);
  expect(column(columns, "contactid")).toMatchObject({ create: true, update: false });
  expect(column(columns, "statecode")).toMatchObject({ create: false, update: true });
  expect(column(columns, "entityimage")).toMatchObject({ create: false, update: false });
});

test.each(["contact", "Contact", "CONTACTS", "contacts"])("%s is found", async (name) => {
  stub = await startStub((r) => environment(r));
  expect((await stub.session.describe(name)).name).toBe("contact");
});

test("an unknown or ambiguous name is refused with what it might have been", async () => {
  stub = await startStub((r) => environment(r));
  await expect(stub.session.describe("contcat")).rejects.toMatchObject({
    code: "unknown_object",
    message: expect.stringContaining("`contact`"),
  });
  await expect(stub.session.describe("box")).rejects.toMatchObject({
    code: "unknown_object",
    message: 'Several tables are called "box": new_box, new_case.',
  });
  await expect(stub.session.describe("subscriptionclients")).rejects.toMatchObject({ code: "unknown_object" });
});

test("bulk messages: both are needed, not on elastic tables, and who may not look goes without", async () => {
  const can = async (name: string) => (await stub.session.describe(name)).can.bulk;
  stub = await startStub((r) => environment(r, ["CreateMultiple"]));
  expect(await can("contact")).toBe(false);
  await stub.close();
  stub = await startStub((r) => environment(r));
  expect(await can("new_box")).toBe(false);
  await stub.close();
  stub = await startStub((r) =>
    r.path.includes("sdkmessagefilters")
      ? refusal(403, "0x80040220", "is missing prvReadSdkMessageFilter")
      : environment(r),
  );
  expect(await can("contact")).toBe(false);
});

test("a list that failed is asked for again", async () => {
  stub = await startStub((r, n) => (n === 1 ? refusal(403, "0x80072560", "not a member") : environment(r)));
  await expect(stub.session.objects()).rejects.toMatchObject({ code: "not_allowed" });
  expect(await stub.session.objects()).not.toEqual([]);
});
