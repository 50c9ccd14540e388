import { expect, test } from "vitest";
import { useSandbox } from "../../raw-client.test-data.ts";

// Everything here: query-metadata-web-api.md and dataverse.md section 3.
const client = useSandbox();
const CRM = "Microsoft.Dynamics.CRM";

test("RelationshipDefinitions: by SchemaName and id, cast to either kind, filtered", async () => {
  const one = await client.api("GET", "RelationshipDefinitions(SchemaName='contact_customer_accounts')");
  expect(one.json).toMatchObject({
    "@odata.type": `#${CRM}.OneToManyRelationshipMetadata`,
    SchemaName: "contact_customer_accounts",
    RelationshipType: "OneToManyRelationship",
    ReferencingAttribute: "parentcustomerid",
  });
  const byId = await client.api("GET", `RelationshipDefinitions(${one.json.MetadataId})?$select=SchemaName`);
  expect(byId.json.SchemaName).toBe("contact_customer_accounts");
  const cast = await client.api(
    "GET",
    `RelationshipDefinitions/${CRM}.OneToManyRelationshipMetadata?$select=ReferencingAttribute,CascadeConfiguration&$filter=ReferencedEntity eq 'account' and ReferencingEntity eq 'contact'`,
  );
  expect(cast.json.value.map((each: { ReferencingAttribute: string }) => each.ReferencingAttribute)).toContain(
    "parentcustomerid",
  );
  expect(cast.json.value[0].CascadeConfiguration).toHaveProperty("Delete");
  const pairs = await client.api("GET", `RelationshipDefinitions/${CRM}.ManyToManyRelationshipMetadata`);
  expect(pairs.json.value).toContainEqual(
    expect.objectContaining({ SchemaName: "listcontact_association", IntersectEntityName: "listmember" }),
  );
  expect((await client.api("GET", "RelationshipDefinitions?$select=ReferencingAttribute")).status).toBe(400);
  expect((await client.api("GET", "RelationshipDefinitions(SchemaName='nope')")).status).toBe(404);
});

test("EntityDefinitions: $filter within $expand", async () => {
  const { json } = await client.api(
    "GET",
    `EntityDefinitions(LogicalName='contact')?$select=LogicalName&$expand=Attributes($select=LogicalName;$filter=AttributeType eq ${CRM}.AttributeTypeCode'State')`,
  );
  expect(json.Attributes).toEqual([
    expect.objectContaining({ LogicalName: "statecode", "@odata.type": `#${CRM}.StateAttributeMetadata` }),
  ]);
});

test("EntityDefinitions: attributes without a cast and $select carry their own type's properties", async () => {
  const { json } = await client.api(
    "GET",
    "EntityDefinitions(LogicalName='contact')/Attributes(LogicalName='lastname')",
  );
  expect(json).toMatchObject({
    "@odata.type": `#${CRM}.StringAttributeMetadata`,
    MaxLength: 50,
    Format: "Text",
    IsPrimaryId: false,
    IsPrimaryName: false,
  });
});

// The types' own pages: EntityMetadata, StateOptionMetadata, StatusOptionMetadata, ManyToManyRelationshipMetadata.
test("EntityDefinitions: what is told of the primary columns, of activities, states and pairs", async () => {
  const contact = "EntityDefinitions(LogicalName='contact')";
  const read = async (path: string) => (await client.api("GET", path)).json;
  expect(await read(`${contact}/Attributes(LogicalName='contactid')`)).toMatchObject({ IsPrimaryId: true });
  expect(await read(`${contact}/Attributes(LogicalName='fullname')`)).toMatchObject({ IsPrimaryName: true });
  expect(await read(`${contact}?$select=IsActivity,ActivityTypeMask`)).toMatchObject({
    IsActivity: false,
    ActivityTypeMask: 0,
  });
  expect(await read(`${contact}?$select=IsManaged`)).toMatchObject({ IsManaged: true });
  expect(await read(`${contact}/Attributes(LogicalName='gendercode')`)).toMatchObject({ DefaultFormValue: -1 });
  expect(await read("EntityDefinitions(LogicalName='task')?$select=IsActivity,ActivityTypeMask")).toMatchObject({
    IsActivity: true,
    ActivityTypeMask: 1,
  });
  const optionsOf = async (column: string, type: string) =>
    (await read(`${contact}/Attributes(LogicalName='${column}')/${CRM}.${type}?$expand=OptionSet`)).OptionSet.Options;
  expect(await optionsOf("statuscode", "StatusAttributeMetadata")).toMatchObject([
    { Value: 1, State: 0 },
    { Value: 2, State: 1 },
  ]);
  const [active, inactive] = await optionsOf("statecode", "StateAttributeMetadata");
  expect([active, inactive]).toMatchObject([
    { Value: 0, DefaultStatus: 1, InvariantName: "Active" },
    { Value: 1, DefaultStatus: 2, InvariantName: "Inactive" },
  ]);
  const [first] = await optionsOf("gendercode", "PicklistAttributeMetadata");
  for (const option of [active, first]) expect(option).not.toHaveProperty("State");
  const pairs = `RelationshipDefinitions(SchemaName='listcontact_association')/${CRM}.ManyToManyRelationshipMetadata`;
  expect(await read(pairs)).toMatchObject({ IsCustomRelationship: false });
});

test.each([
  ["EntityDefinitions(LogicalName='contact')/Attributes(LogicalName='gendercode')/LogicalName/x", 404],
  ["EntityDefinitions(LogicalName='contact')/constructor", 404],
  ["EntityDefinitions?$select=__proto__", 400],
  ["EntityDefinitions?$filter=constructor eq 1", 400],
  ["EntityDefinitions?$expand=Attributes($top=1)", 400],
  ["EntityDefinitions(5)", 400],
  [`EntityDefinitions/${CRM}.StringAttributeMetadata`, 400],
  ["GlobalOptionSetDefinitions(Name='nope')", 404],
])("strange address %s is a %i", async (path, status) => {
  expect((await client.api("GET", path)).status).toBe(status);
});
