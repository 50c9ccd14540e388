import { expect, test } from "vitest";
import { useSandbox } from "../../raw-client.test-data.ts";

// Everything here: dataverse.md section 3.
const client = useSandbox();
const contact = "EntityDefinitions(LogicalName='contact')";
const cast = (type: string) => `${contact}/Attributes/Microsoft.Dynamics.CRM.${type}AttributeMetadata`;

test("tables are listed with the selected fields and MetadataId", async () => {
  const { json } = await client.api("GET", "EntityDefinitions?$select=LogicalName,EntitySetName,ObjectTypeCode");
  const found = json.value.find((each: { LogicalName: string }) => each.LogicalName === "opportunity");
  expect(found).toEqual({
    LogicalName: "opportunity",
    EntitySetName: "opportunities",
    ObjectTypeCode: 3,
    MetadataId: expect.any(String),
  });
  const byId = await client.api(
    "GET",
    `EntityDefinitions(${found.MetadataId})?$select=PrimaryIdAttribute,ChangeTrackingEnabled`,
  );
  expect(byId.json).toMatchObject({ PrimaryIdAttribute: "opportunityid", MetadataId: found.MetadataId });
});

test.each([
  ["LogicalName eq 'contact'", ["contact"]],
  [
    "OwnershipType eq Microsoft.Dynamics.CRM.OwnershipTypes'OrganizationOwned' and IsActivity eq false and startswith(LogicalName,'trans')",
    ["transactioncurrency"],
  ],
  ["CanCreateAttributes/Value eq true and ObjectTypeCode lt 3", ["account", "contact"]],
])("tables filtered by %s", async (filter, names) => {
  const { json } = await client.api("GET", `EntityDefinitions?$select=LogicalName&$filter=${filter}`);
  const found = json.value.map((each: { LogicalName: string }) => each.LogicalName);
  expect(found).toEqual(expect.arrayContaining(names));
});

test("expanded attributes hold what all attributes share, companions included", async () => {
  const { json } = await client.api(
    "GET",
    `${contact}?$select=LogicalName&$expand=Attributes($select=LogicalName,AttributeType,AttributeTypeName,RequiredLevel,IsValidForCreate,AttributeOf),Keys,ManyToOneRelationships($select=ReferencingAttribute,ReferencedEntity,ReferencingEntityNavigationPropertyName),OneToManyRelationships,ManyToManyRelationships`,
  );
  const named = (name: string) => json.Attributes.find((each: { LogicalName: string }) => each.LogicalName === name);
  expect(named("lastname")).toMatchObject({
    "@odata.type": "#Microsoft.Dynamics.CRM.StringAttributeMetadata",
    AttributeType: "String",
    AttributeTypeName: { Value: "StringType" },
    RequiredLevel: { Value: "ApplicationRequired", ManagedPropertyLogicalName: "canmodifyrequirementlevelsettings" },
    IsValidForCreate: true,
    AttributeOf: null,
  });
  expect(named("lastname")).not.toHaveProperty("MaxLength");
  expect(named("owneridname").AttributeOf).toBe("ownerid");
  const parents = json.ManyToOneRelationships.filter(
    (each: { ReferencingAttribute: string }) => each.ReferencingAttribute === "parentcustomerid",
  );
  expect(
    parents.map(
      (each: { ReferencingEntityNavigationPropertyName: string }) => each.ReferencingEntityNavigationPropertyName,
    ),
  ).toEqual(["parentcustomerid_account", "parentcustomerid_contact"]);
  expect(json.OneToManyRelationships.length).toBeGreaterThan(1);
  expect(json.ManyToManyRelationships.length).toBe(6);
});

test.each([
  ["String", "lastname", { MaxLength: 50, FormatName: { Value: "Text" } }],
  ["String", "emailaddress1", { MaxLength: 100, Format: "Email" }],
  ["Memo", "description", { MaxLength: 2000 }],
  ["Integer", "numberofchildren", { MinValue: 0, MaxValue: 1000000000 }],
  ["Money", "creditlimit", { Precision: 2, PrecisionSource: 2, MinValue: 0 }],
  ["Decimal", "exchangerate", { Precision: 12 }],
  ["Double", "address1_latitude", { Precision: 5, MinValue: -90, MaxValue: 90 }],
  ["DateTime", "birthdate", { DateTimeBehavior: { Value: "DateOnly" }, Format: "DateOnly" }],
  ["DateTime", "createdon", { DateTimeBehavior: { Value: "UserLocal" } }],
  ["Lookup", "parentcustomerid", { Targets: ["account", "contact"] }],
  ["Boolean", "donotemail", { DefaultValue: false }],
])("%s column %s seen through its type", async (type, name, wanted) => {
  const list = await client.api("GET", `${cast(type)}?$filter=LogicalName eq '${name}'`);
  expect(list.json.value).toHaveLength(1);
  expect(list.json.value[0]).toMatchObject(wanted);
  const one = await client.api(
    "GET",
    `${contact}/Attributes(LogicalName='${name}')/Microsoft.Dynamics.CRM.${type}AttributeMetadata`,
  );
  expect(one.json).toMatchObject({ LogicalName: name, ...wanted });
});

test("a type-specific field without a cast is the documented 400", async () => {
  const answer = await client.api("GET", `${contact}/Attributes?$select=MaxLength`);
  expect(answer.status).toBe(400);
  expect(answer.json.error.message).toBe(
    "Could not find a property named 'MaxLength' on type 'Microsoft.Dynamics.CRM.AttributeMetadata'.",
  );
});

test("option sets: choices, booleans, and the tie of status to state", async () => {
  const options = async (type: string, name: string) =>
    (
      await client.api(
        "GET",
        `${cast(type)}?$select=LogicalName&$filter=LogicalName eq '${name}'&$expand=OptionSet,GlobalOptionSet`,
      )
    ).json.value[0];
  const gender = await options("Picklist", "gendercode");
  expect(gender.GlobalOptionSet).toBeNull();
  expect(gender.OptionSet).toMatchObject({ Name: "contact_gendercode", OptionSetType: "Picklist", IsGlobal: false });
  expect(
    gender.OptionSet.Options.map((each: { Value: number; Label: { UserLocalizedLabel: { Label: string } } }) => [
      each.Value,
      each.Label.UserLocalizedLabel.Label,
    ]),
  ).toEqual([
    [1, "Male"],
    [2, "Female"],
  ]);
  expect(
    (await options("Status", "statuscode")).OptionSet.Options.map((each: { State: number }) => each.State),
  ).toEqual([0, 1]);
  expect((await options("State", "statecode")).OptionSet.Options[1]).toMatchObject({
    Value: 1,
    DefaultStatus: 2,
    InvariantName: "Inactive",
  });
  expect((await options("Boolean", "donotemail")).OptionSet).toMatchObject({
    TrueOption: { Value: 1 },
    FalseOption: { Value: 0 },
  });
  const only = await client.api(
    "GET",
    `${contact}/Attributes(LogicalName='gendercode')/Microsoft.Dynamics.CRM.PicklistAttributeMetadata/OptionSet?$select=Options`,
  );
  expect(only.json.Options).toHaveLength(2);
});

test.each([
  ["EntityDefinitions(LogicalName='nope')", 404],
  ["EntityDefinitions(LogicalName='contact')/Attributes(LogicalName='nope')", 404],
  [
    "EntityDefinitions(LogicalName='contact')/Attributes(LogicalName='lastname')/Microsoft.Dynamics.CRM.PicklistAttributeMetadata",
    404,
  ],
  ["EntityDefinitions(LogicalName='contact')/Attributes/Microsoft.Dynamics.CRM.EnumAttributeMetadata", 400],
  ["EntityDefinitions?$top=1", 400],
  ["EntityDefinitions?$select=Nope", 400],
  ["EntityDefinitions?$expand=Nope", 400],
])("%s is a %i", async (path, status) => {
  expect((await client.api("GET", path)).status).toBe(status);
});

test("bulk support is asked of sdkmessagefilters with parameter aliases; UpsertMultiple is never listed", async () => {
  const ask = async (message: string, table: string) =>
    (
      await client.api(
        "GET",
        `sdkmessagefilters?$select=sdkmessagefilterid&$filter=sdkmessageid/name eq @message and primaryobjecttypecode eq @table&@message='${message}'&@table='${table}'`,
      )
    ).json.value.length;
  expect(await ask("CreateMultiple", "contact")).toBe(1);
  expect(await ask("UpdateMultiple", "list")).toBe(1);
  expect(await ask("CreateMultiple", "listmember")).toBe(0);
  expect(await ask("UpsertMultiple", "contact")).toBe(0);
});
