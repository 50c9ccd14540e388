import { anyId, type Exchange } from "./replay.ts";

/** What Microsoft's sample of metadata operations sends: a table of bank accounts, its columns and relationships. */

export const TABLE = "v9.2/EntityDefinitions(LogicalName='sample_bankaccount')";
export const COLUMNS = `${TABLE}/Attributes`;
export const SOLUTION = { "MSCRM.SolutionUniqueName": "examplesolution", "If-None-Match": "null" };
export const STRONG = { Consistency: "Strong" };
export const NONE = {
  Value: "None",
  CanBeChanged: false,
  ManagedPropertyLogicalName: "canmodifyrequirementlevelsettings",
};

/** A label as the sample sends it, and as it comes back. */
export const text = (label: string) => {
  const one = { "@odata.type": "Microsoft.Dynamics.CRM.LocalizedLabel", Label: label, LanguageCode: 1033 };
  return { "@odata.type": "Microsoft.Dynamics.CRM.Label", LocalizedLabels: [one], UserLocalizedLabel: one };
};
export const shown = (label: string) => {
  const one = { Label: label, LanguageCode: 1033, IsManaged: false, MetadataId: anyId, HasChanged: null };
  return { LocalizedLabels: [one], UserLocalizedLabel: one };
};
const options = (...labels: string[]) => labels.map((label, n) => ({ Value: 727000000 + n, Label: text(label) }));
export const column = (type: string, name: string, more: object) => ({
  "@odata.type": `Microsoft.Dynamics.CRM.${type}AttributeMetadata`,
  AttributeType: type,
  AttributeTypeName: { Value: `${type}Type` },
  Description: text(`${type} Attribute`),
  DisplayName: text(`Sample ${type}`),
  RequiredLevel: NONE,
  SchemaName: `sample_${name}`,
  ...more,
});
export const post = (path: string, body: object): Exchange["request"] => ["POST", path, body, SOLUTION];
export const of = (type: string, name: string) =>
  `${COLUMNS}(LogicalName='sample_${name}')/Microsoft.Dynamics.CRM.${type}AttributeMetadata`;

export const BOOLEAN = column("Boolean", "Boolean", {
  DefaultValue: false,
  OptionSet: {
    "@odata.type": "Microsoft.Dynamics.CRM.BooleanOptionSetMetadata",
    TrueOption: { Value: 1, Label: text("True") },
    FalseOption: { Value: 0, Label: text("False") },
    OptionSetType: "Boolean",
  },
});
export const CHOICE = column("Picklist", "Choice", {
  SourceTypeMask: 0,
  OptionSet: {
    "@odata.type": "Microsoft.Dynamics.CRM.OptionSetMetadata",
    Options: options("Bravo", "Delta", "Alpha", "Charlie", "Foxtrot"),
    IsGlobal: false,
    OptionSetType: "Picklist",
  },
});
export const COLORS = {
  "@odata.type": "Microsoft.Dynamics.CRM.OptionSetMetadata",
  Options: options("Red", "Yellow", "Green"),
  Description: text("Color Choice"),
  DisplayName: text("Colors"),
  Name: "sample_colors",
  OptionSetType: "Picklist",
};
const MENU = (label: string) => ({ Behavior: "UseLabel", Group: "Details", Label: text(label), Order: 10000 });
export const CASCADE = {
  Assign: "NoCascade",
  Delete: "RemoveLink",
  Merge: "Cascade",
  Reparent: "NoCascade",
  Share: "NoCascade",
  Unshare: "NoCascade",
  RollupView: "NoCascade",
};
export const RELATED = {
  "@odata.type": "Microsoft.Dynamics.CRM.OneToManyRelationshipMetadata",
  AssociatedMenuConfiguration: MENU("Related Bank Accounts"),
  CascadeConfiguration: CASCADE,
  ReferencedAttribute: "accountid",
  ReferencedEntity: "account",
  ReferencingEntity: "sample_bankaccount",
  Lookup: column("Lookup", "RelatedAccountId", { Format: "None" }),
  IsValidForAdvancedFind: false,
  SchemaName: "sample_Account_BankAccounts",
};
export const CUSTOMER = {
  Lookup: {
    ...column("Lookup", "CustomerId", { Targets: ["account", "contact"] }),
    "@odata.type": "Microsoft.Dynamics.CRM.ComplexLookupAttributeMetadata",
  },
  OneToManyRelationships: ["Account", "Contact"].map((end) => ({
    "@odata.type": "Microsoft.Dynamics.CRM.ComplexOneToManyRelationshipMetadata",
    ReferencedEntity: end.toLowerCase(),
    ReferencingEntity: "sample_bankaccount",
    SchemaName: `sample_BankAccount_Customer_${end}`,
  })),
  SolutionUniqueName: "examplesolution",
};
export const PAIRS = {
  "@odata.type": "Microsoft.Dynamics.CRM.ManyToManyRelationshipMetadata",
  Entity1AssociatedMenuConfiguration: MENU("Bank Accounts"),
  Entity1LogicalName: "sample_bankaccount",
  Entity2AssociatedMenuConfiguration: MENU("Contacts"),
  Entity2LogicalName: "contact",
  IntersectEntityName: "sample_sample_BankAccounts_Contacts",
  IsValidForAdvancedFind: false,
  SchemaName: "sample_sample_BankAccounts_Contacts",
};
