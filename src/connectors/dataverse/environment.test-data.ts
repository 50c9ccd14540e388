import type { Reply, Seen } from "./stub.ts";

/** An environment of one table in all its types, as the Web API describes it (dataverse.md section 3). */

const label = (text: string | null, german?: string) => ({
  LocalizedLabels: [
    ...(german === undefined ? [] : [{ Label: german, LanguageCode: 1031 }]),
    ...(text === null ? [] : [{ Label: text, LanguageCode: 1033 }]),
  ],
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
  IsOptimisticConcurrencyEnabled: true,
  IsActivity: false,
  OwnershipType: "UserOwned",
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
  table("new_mirror", "new_mirrors", "Mirror", { TableType: "Virtual", OwnershipType: "OrganizationOwned" }),
  table("phonecall", "phonecalls", "Phone Call", { IsActivity: true }),
  table("list", "lists", "Marketing List"),
  table("new_case", "new_cases", "Box"),
  table("subscriptionclients", null, "Internal"),
];

const attributes = [
  attribute("contactid", "Uniqueidentifier", required),
  attribute("lastname", "String", required),
  attribute("emailaddress1", "String", { RequiredLevel: { Value: "ApplicationRequired" }, IsSecured: true }),
  attribute("telephone1", "String"),
  attribute("description", "Memo"),
  attribute("numberofchildren", "Integer"),
  attribute("versionnumber", "BigInt", readOnly),
  attribute("creditlimit", "Money"),
  attribute("listprice", "Money"),
  attribute("annualincome", "Money"),
  attribute("opendeals", "Integer", { SourceType: 2 }),
  attribute("to", "PartyList"),
  attribute("partner", "PartyList"),
  attribute("exchangerate", "Decimal", readOnly),
  attribute("address1_latitude", "Double"),
  attribute("donotemail", "Boolean", required),
  attribute("birthdate", "DateTime"),
  attribute("lastonholdtime", "DateTime"),
  attribute("anniversary", "DateTime"),
  attribute("opensat", "DateTime"),
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
const option = (Value: number, text: string, more = {}, german?: string) => ({
  Value,
  Label: label(text, german),
  Color: null,
  ...more,
});

const casts: Record<string, unknown[]> = {
  String: [
    { LogicalName: "lastname", MaxLength: 50, FormatName: { Value: "Text" } },
    { LogicalName: "emailaddress1", MaxLength: 100, FormatName: { Value: "Email" } },
    { LogicalName: "telephone1", MaxLength: 50, FormatName: { Value: "Phone" } },
  ],
  Memo: [{ LogicalName: "description", MaxLength: 2000 }],
  Integer: [{ LogicalName: "numberofchildren", MinValue: 0, MaxValue: 1_000_000_000 }],
  Money: [
    { LogicalName: "creditlimit", MinValue: 0, MaxValue: 1e14, Precision: 2, PrecisionSource: 0 },
    { LogicalName: "listprice", MinValue: 0, MaxValue: 1e14, Precision: 2, PrecisionSource: 1 },
    { LogicalName: "annualincome", MinValue: 0, MaxValue: 1e14, Precision: 2, PrecisionSource: 2 },
  ],
  Double: [{ LogicalName: "address1_latitude", MinValue: -90, MaxValue: 90, Precision: 5 }],
  DateTime: [
    { LogicalName: "birthdate", DateTimeBehavior: { Value: "DateOnly" } },
    { LogicalName: "lastonholdtime", DateTimeBehavior: { Value: "UserLocal" }, Format: "DateAndTime" },
    { LogicalName: "anniversary", DateTimeBehavior: { Value: "UserLocal" }, Format: "DateOnly" },
    { LogicalName: "opensat", DateTimeBehavior: { Value: "TimeZoneIndependent" }, Format: "DateAndTime" },
  ],
  Lookup: [
    { LogicalName: "ownerid", Targets: ["systemuser", "team"] },
    { LogicalName: "parentcustomerid", Targets: ["account", "contact"] },
    { LogicalName: "msa_managingpartnerid", Targets: ["account"] },
    { LogicalName: "new_hidden", Targets: ["account"] },
    { LogicalName: "to", Targets: ["contact", "systemuser", "resourcespec"] },
  ],
  Picklist: [
    {
      LogicalName: "gendercode",
      OptionSet: { Options: [option(2, "Female", {}, "Weiblich"), option(1, "Male", {}, "Male")] },
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

const pair = (SchemaName: string, one: string, two: string) => ({
  MetadataId: "m",
  SchemaName,
  IntersectEntityName: SchemaName.toLowerCase(),
  Entity1LogicalName: one,
  Entity1NavigationPropertyName: `${SchemaName}_of_${one}1`,
  Entity2LogicalName: two,
  Entity2NavigationPropertyName: `${SchemaName}_of_${two}2`,
});

/** Answers as that environment does. `bulk`: the messages its tables support. */
export function environment(request: Seen, bulk: string[] = ["CreateMultiple", "UpdateMultiple"]): Reply {
  const path = request.path.replace("/api/data/v9.2/", "");
  if (path.startsWith("EntityDefinitions?")) return { body: { value: tables } };
  if (path.startsWith("sdkmessagefilters"))
    return { body: { value: bulk.some((m) => path.includes(`@message='${m}'`)) ? [{ sdkmessagefilterid: "f" }] : [] } };
  if (path === "WhoAmI") return { body: { OrganizationId: "0RG", UserId: "1", BusinessUnitId: "2" } };
  if (path.startsWith("organizations")) return { body: { value: [{ pricingdecimalprecision: 4 }] } };
  if (path.startsWith("transactioncurrencies"))
    return { body: { value: [{ currencyprecision: 2 }, { currencyprecision: 3 }, { currencyprecision: 0 }] } };
  const [, object = "", rest = ""] = /^EntityDefinitions\(LogicalName='(\w+)'\)(.*)$/.exec(path) ?? [];
  const cast = /^\/Attributes\/Microsoft\.Dynamics\.CRM\.(\w+)AttributeMetadata\?/.exec(rest)?.[1];
  if (rest.startsWith("/OneToManyRelationships"))
    return { body: { value: [{ ReferencedEntityNavigationPropertyName: `${object}_activity_parties` }] } };
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
      ManyToManyRelationships: [
        pair("listcontact_association", "list", "contact"),
        pair("new_Friends", "contact", "contact"),
        pair("new_Secret", "contact", "subscriptionclients"),
      ],
    },
  };
}
