/**
 * One thing of the schema as the Web API shows it: plain properties, and navigations worked out when they are asked
 * for. `typed` are properties of the derived type: to select or filter by them a client must cast.
 */
export type MetadataNode = {
  type: string;
  properties: Record<string, unknown>;
  typed: Record<string, unknown>;
  navigations: Record<string, () => MetadataNode | MetadataNode[] | null>;
  /** Navigations of the derived type. */
  typedNavigations: Record<string, () => MetadataNode | MetadataNode[] | null>;
};

/** A node without a derived type and without navigations. */
export function plainNode(type: string, properties: Record<string, unknown>): MetadataNode {
  return { type, properties, typed: {}, navigations: {}, typedNavigations: {} };
}

/** The types of metadata that others derive from (web-api-metadata type reference). */
export const FAMILIES: Record<string, string[]> = {
  AttributeMetadata: [
    "StringAttributeMetadata",
    "MemoAttributeMetadata",
    "IntegerAttributeMetadata",
    "BigIntAttributeMetadata",
    "DecimalAttributeMetadata",
    "DoubleAttributeMetadata",
    "MoneyAttributeMetadata",
    "BooleanAttributeMetadata",
    "DateTimeAttributeMetadata",
    "PicklistAttributeMetadata",
    "MultiSelectPicklistAttributeMetadata",
    "StateAttributeMetadata",
    "StatusAttributeMetadata",
    "LookupAttributeMetadata",
    "UniqueIdentifierAttributeMetadata",
    "EntityNameAttributeMetadata",
    "ImageAttributeMetadata",
    "FileAttributeMetadata",
    "ManagedPropertyAttributeMetadata",
  ],
  RelationshipMetadataBase: ["OneToManyRelationshipMetadata", "ManyToManyRelationshipMetadata"],
  OptionSetMetadataBase: ["OptionSetMetadata", "BooleanOptionSetMetadata"],
};

/** The declared type of a list that holds such nodes. */
export function baseType(type: string): string {
  for (const base in FAMILIES) if (FAMILIES[base]!.includes(type)) return base;
  return type;
}

/** These navigations are declared with a type that nothing derives from, so nothing needs a cast. */
export function isExact(navigation: string): boolean {
  return navigation.endsWith("Relationships") || navigation === "OptionSet" || navigation === "GlobalOptionSet";
}
