import { z } from "zod";

/** The metadata answers we read, checked at the door (dataverse.md section 3). Only what is used is listed. */

const labels = z
  .object({
    UserLocalizedLabel: z.object({ Label: z.string() }).nullish(),
    LocalizedLabels: z.array(z.object({ Label: z.string() })).nullish(),
  })
  .nullish();

/** The text in the caller's language; another where there is none. */
const label = labels.transform((l) => l?.UserLocalizedLabel?.Label ?? l?.LocalizedLabels?.[0]?.Label ?? null);

/** The texts in every installed language, each once, the caller's first. */
const everyLabel = labels.transform((l) => [
  ...new Set([l?.UserLocalizedLabel, ...(l?.LocalizedLabels ?? [])].flatMap((one) => (one ? [one.Label] : []))),
]);

export const table = z.object({
  LogicalName: z.string(),
  SchemaName: z.string(),
  EntitySetName: z.string().nullish(),
  PrimaryIdAttribute: z.string().nullish(),
  PrimaryNameAttribute: z.string().nullish(),
  TableType: z.string().nullish(),
  ChangeTrackingEnabled: z.boolean().nullish(),
  IsOptimisticConcurrencyEnabled: z.boolean().nullish(),
  IsActivity: z.boolean().nullish(),
  OwnershipType: z.string().nullish(),
  DisplayName: label,
});
export type Table = z.infer<typeof table>;

/** `TableType` came with 9.2; older paths refuse to select it. */
export const tableFields = (version: string) =>
  `LogicalName,SchemaName,EntitySetName,PrimaryIdAttribute,PrimaryNameAttribute,ChangeTrackingEnabled,IsOptimisticConcurrencyEnabled,IsActivity,OwnershipType,DisplayName${version === "9.2" ? ",TableType" : ""}`;

const attribute = z.object({
  MetadataId: z.string().nullish(),
  LogicalName: z.string(),
  AttributeType: z.string().nullish(),
  AttributeTypeName: z.object({ Value: z.string() }).nullish(),
  AttributeOf: z.string().nullish(),
  DisplayName: label,
  RequiredLevel: z.object({ Value: z.string() }).nullish(),
  IsValidForCreate: z.boolean().nullish(),
  IsValidForUpdate: z.boolean().nullish(),
  IsValidForRead: z.boolean().nullish(),
  IsSecured: z.boolean().nullish(),
  SourceType: z.number().nullish(),
});
export type Attribute = z.infer<typeof attribute>;

export const key = z.object({
  LogicalName: z.string(),
  KeyAttributes: z.array(z.string()),
  EntityKeyIndexStatus: z.string(),
});

const relationship = z.object({
  ReferencingAttribute: z.string(),
  ReferencedEntity: z.string(),
  ReferencingEntityNavigationPropertyName: z.string().nullish(),
});
export type Relationship = z.infer<typeof relationship>;

const manyToMany = z.object({
  SchemaName: z.string(),
  IntersectEntityName: z.string(),
  Entity1LogicalName: z.string(),
  Entity1NavigationPropertyName: z.string().nullish(),
  Entity2LogicalName: z.string(),
  Entity2NavigationPropertyName: z.string().nullish(),
});

/** Of a one-to-many relationship whose many are an activity's parties. */
export const toParties = z.object({ ReferencedEntityNavigationPropertyName: z.string().nullish() });

const option = z.object({ Value: z.number(), Label: everyLabel, State: z.number().nullish() });

const optionSet = z
  .object({ Options: z.array(option).nullish(), TrueOption: option.nullish(), FalseOption: option.nullish() })
  .nullish();

/** What casts add to an attribute: any of these, by type. */
export const detail = z.object({
  LogicalName: z.string(),
  MaxLength: z.number().nullish(),
  MinValue: z.number().nullish(),
  MaxValue: z.number().nullish(),
  Precision: z.number().nullish(),
  PrecisionSource: z.number().nullish(),
  Format: z.string().nullish(),
  FormatName: z.object({ Value: z.string() }).nullish(),
  DateTimeBehavior: z.object({ Value: z.string() }).nullish(),
  Targets: z.array(z.string()).nullish(),
  OptionSet: optionSet,
  GlobalOptionSet: optionSet,
});
export type Detail = z.infer<typeof detail>;

const keyFields = "LogicalName,KeyAttributes,EntityKeyIndexStatus";
const attributeFields =
  "LogicalName,AttributeType,AttributeTypeName,AttributeOf,DisplayName,RequiredLevel,IsValidForCreate,IsValidForUpdate,IsValidForRead,IsSecured,SourceType";
const relationshipFields = "ReferencingAttribute,ReferencedEntity,ReferencingEntityNavigationPropertyName";
const manyToManyFields =
  "SchemaName,IntersectEntityName,Entity1LogicalName,Entity1NavigationPropertyName,Entity2LogicalName,Entity2NavigationPropertyName";

export const definition = table.extend({
  Attributes: z.array(attribute),
  Keys: z.array(key),
  ManyToOneRelationships: z.array(relationship),
  ManyToManyRelationships: z.array(manyToMany),
});
export type Definition = z.infer<typeof definition>;

export const definitionQuery = (version: string) =>
  `$select=${tableFields(version)}&$expand=Attributes($select=${attributeFields}),Keys($select=${keyFields}),ManyToOneRelationships($select=${relationshipFields}),ManyToManyRelationships($select=${manyToManyFields})`;
export const keysQuery = `$select=${keyFields}`;

const choices = "$select=LogicalName&$expand=OptionSet($select=Options),GlobalOptionSet($select=Options)";

/** Type-specific properties need one request a type. */
export const casts: [type: string, query: string][] = [
  ["String", "$select=LogicalName,MaxLength,FormatName"],
  ["Memo", "$select=LogicalName,MaxLength"],
  ["Integer", "$select=LogicalName,MinValue,MaxValue"],
  ["BigInt", "$select=LogicalName,MinValue,MaxValue"],
  ["Decimal", "$select=LogicalName,MinValue,MaxValue,Precision"],
  ["Double", "$select=LogicalName,MinValue,MaxValue,Precision"],
  ["Money", "$select=LogicalName,MinValue,MaxValue,Precision,PrecisionSource"],
  ["DateTime", "$select=LogicalName,DateTimeBehavior,Format"],
  ["Lookup", "$select=LogicalName,Targets"],
  ["Picklist", choices],
  ["MultiSelectPicklist", choices],
  ["State", "$select=LogicalName&$expand=OptionSet($select=Options)"],
  ["Status", "$select=LogicalName&$expand=OptionSet($select=Options)"],
  ["Boolean", "$select=LogicalName&$expand=OptionSet"],
];

export const list = <T extends z.ZodType>(row: T) => z.object({ value: z.array(row) });

export const whoAmI = z.object({ OrganizationId: z.string(), UserId: z.string() });
