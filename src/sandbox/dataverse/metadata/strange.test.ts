import fc from "fast-check";
import { expect, test } from "vitest";
import { useSandbox } from "../../raw-client.test-data.ts";

// Whatever is sent, the answer is the documented envelope and the fault is the client's (dataverse.md section 14).
const client = useSandbox();
const CRM = "Microsoft.Dynamics.CRM";
const label = { LocalizedLabels: [{ Label: "L", LanguageCode: 1033 }] };
const lookup = {
  "@odata.type": `${CRM}.LookupAttributeMetadata`,
  SchemaName: "new_L",
  RequiredLevel: { Value: "None" },
};
const contact = "EntityDefinitions(LogicalName='contact')";
const one = { SchemaName: "new_r", ReferencedEntity: "account", ReferencingEntity: "contact" };

/** Requests that hold, to be broken one value at a time. */
const REQUESTS: [string, string, Record<string, unknown>][] = [
  [
    "POST",
    "EntityDefinitions",
    {
      SchemaName: "new_T",
      DisplayName: label,
      OwnershipType: "UserOwned",
      Attributes: [
        { "@odata.type": "StringAttributeMetadata", SchemaName: "new_N", IsPrimaryName: true, MaxLength: 9 },
      ],
    },
  ],
  ...[
    "String",
    "Memo",
    "Integer",
    "Decimal",
    "Double",
    "Money",
    "Boolean",
    "DateTime",
    "Picklist",
    "Image",
    "File",
  ].map((type): [string, string, Record<string, unknown>] => [
    "POST",
    `${contact}/Attributes`,
    {
      "@odata.type": `${CRM}.${type}AttributeMetadata`,
      SchemaName: "new_C",
      DisplayName: label,
      Description: label,
      RequiredLevel: { Value: "None" },
      MaxLength: 10,
      MinValue: 0,
      MaxValue: 9,
      Precision: 1,
      FormatName: { Value: "Text" },
      AutoNumberFormat: "A-{SEQNUM:3}",
      DateTimeBehavior: { Value: "UserLocal" },
      DefaultValue: true,
      DefaultFormValue: 1,
      OptionSet: { Options: [{ Value: 1, Label: label }], TrueOption: { Value: 1, Label: label }, FalseOption: {} },
    },
  ]),
  ["POST", `${contact}/Keys`, { SchemaName: "new_K", DisplayName: label, KeyAttributes: ["emailaddress1"] }],
  [
    "POST",
    "RelationshipDefinitions",
    {
      ...one,
      "@odata.type": `${CRM}.OneToManyRelationshipMetadata`,
      CascadeConfiguration: { Delete: "Cascade", Assign: "NoCascade" },
      ReferencingEntityNavigationPropertyName: "new_Nav",
      ReferencedEntityNavigationPropertyName: "new_navs",
      Lookup: lookup,
    },
  ],
  [
    "POST",
    "RelationshipDefinitions",
    {
      "@odata.type": `${CRM}.ManyToManyRelationshipMetadata`,
      SchemaName: "new_mm",
      Entity1LogicalName: "account",
      Entity2LogicalName: "contact",
      IntersectEntityName: "new_mm",
    },
  ],
  ["POST", "CreatePolymorphicLookupAttribute", { OneToManyRelationships: [one], Lookup: lookup }],
  ["POST", "CreateCustomerRelationships", { OneToManyRelationships: [one, one], Lookup: lookup }],
  ["POST", "GlobalOptionSetDefinitions", { Name: "new_g", DisplayName: label, Options: [{ Value: 1, Label: label }] }],
  [
    "POST",
    "InsertOptionValue",
    { EntityLogicalName: "contact", AttributeLogicalName: "gendercode", Label: label, Value: 9 },
  ],
  [
    "POST",
    "InsertStatusValue",
    { EntityLogicalName: "contact", AttributeLogicalName: "statuscode", Label: label, StateCode: 1 },
  ],
  [
    "POST",
    "UpdateOptionValue",
    { EntityLogicalName: "contact", AttributeLogicalName: "gendercode", Label: label, Value: 1 },
  ],
  ["POST", "OrderOption", { EntityLogicalName: "contact", AttributeLogicalName: "gendercode", Values: [2, 1] }],
  ["POST", "ReactivateEntityKey", { EntityLogicalName: "contact", EntityKeyLogicalName: "k" }],
  ["PUT", contact, { LogicalName: "contact", DisplayName: label, IsDuplicateDetectionEnabled: { Value: true } }],
  [
    "PUT",
    `${contact}/Attributes(LogicalName='lastname')`,
    { MaxLength: 50, DisplayName: label, RequiredLevel: { Value: "None" } },
  ],
  [
    "PUT",
    "RelationshipDefinitions(SchemaName='contact_customer_accounts')",
    { CascadeConfiguration: { Delete: "Cascade" } },
  ],
  [
    "POST",
    "BulkDelete",
    {
      JobName: "j",
      StartDateTime: "2020-01-01T00:00:00Z",
      QuerySet: [
        {
          EntityName: "contact",
          Criteria: {
            FilterOperator: "And",
            Conditions: [{ AttributeName: "lastname", Operator: "In", Values: [{ Value: "x" }] }],
            Filters: [{ FilterOperator: "Or", Conditions: [] }],
          },
        },
      ],
    },
  ],
];

const STRANGE = [
  null,
  0,
  -1,
  1.5,
  1e300,
  true,
  "",
  "x",
  "__proto__",
  "constructor",
  "😀".repeat(60),
  [],
  [null],
  [[]],
  {},
  { Value: {} },
];

/** Every place in a body, as a path. */
function places(value: unknown, path: string[] = []): string[][] {
  if (typeof value !== "object" || value === null) return [path];
  const inner = Object.entries(value).flatMap(([name, each]) => places(each, [...path, name]));
  return path.length === 0 ? inner : [path, ...inner];
}

function broken(body: unknown, path: string[], value: unknown): unknown {
  const [name, ...rest] = path;
  if (name === undefined) return value;
  const copy = (Array.isArray(body) ? [...body] : { ...(body as object) }) as Record<string, unknown>;
  if (rest.length === 0 && value === undefined) delete copy[name];
  else copy[name] = broken(copy[name], rest, value);
  return copy;
}

test("definitions with one value broken are refused or taken, never a fault of the server", async () => {
  const cases = REQUESTS.flatMap((request) => places(request[2]).map((path) => ({ request, path })));
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...cases),
      fc.constantFrom(undefined, ...STRANGE),
      async ({ request, path }, value) => {
        const [method, address, body] = request;
        const answer = await client.api(method, address, broken(body, path, value));
        if (answer.status >= 400) {
          expect([400, 404, 405, 412, 501], answer.text).toContain(answer.status);
          expect(typeof answer.json.error.code).toBe("string");
        }
        const read = await client.api("GET", "contacts?$top=1");
        expect(read.status).toBe(200);
      },
    ),
    { numRuns: Number(process.env.CASES ?? 150), seed: 7 },
  );
  expect((await client.api("GET", "$metadata?annotations=true")).status).toBe(200);
  expect((await client.api("GET", "EntityDefinitions?$expand=Attributes")).status).toBe(200);
  expect((await client.api("GET", "contacts")).status).toBe(200);
});
