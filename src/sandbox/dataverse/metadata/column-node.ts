import type { Environment } from "../environment.ts";
import { type Column, isProperty, type Kind, type Table } from "../model.ts";
import { digitsOf } from "../records/values.ts";
import { label, madeOn, managed } from "./label.ts";
import type { MetadataNode } from "./node.ts";
import { columnOptionSet } from "./option-set-node.ts";

/** AttributeType, AttributeTypeName and the derived metadata type of each kind (dataverse.md section 3). */
const TYPES: Record<Kind, [string, string, string]> = {
  text: ["String", "StringType", "StringAttributeMetadata"],
  memo: ["Memo", "MemoType", "MemoAttributeMetadata"],
  int: ["Integer", "IntegerType", "IntegerAttributeMetadata"],
  bigint: ["BigInt", "BigIntType", "BigIntAttributeMetadata"],
  decimal: ["Decimal", "DecimalType", "DecimalAttributeMetadata"],
  double: ["Double", "DoubleType", "DoubleAttributeMetadata"],
  money: ["Money", "MoneyType", "MoneyAttributeMetadata"],
  bool: ["Boolean", "BooleanType", "BooleanAttributeMetadata"],
  datetime: ["DateTime", "DateTimeType", "DateTimeAttributeMetadata"],
  zoneless: ["DateTime", "DateTimeType", "DateTimeAttributeMetadata"],
  date: ["DateTime", "DateTimeType", "DateTimeAttributeMetadata"],
  choice: ["Picklist", "PicklistType", "PicklistAttributeMetadata"],
  choices: ["Virtual", "MultiSelectPicklistType", "MultiSelectPicklistAttributeMetadata"],
  state: ["State", "StateType", "StateAttributeMetadata"],
  status: ["Status", "StatusType", "StatusAttributeMetadata"],
  lookup: ["Lookup", "LookupType", "LookupAttributeMetadata"],
  customer: ["Customer", "CustomerType", "LookupAttributeMetadata"],
  owner: ["Owner", "OwnerType", "LookupAttributeMetadata"],
  guid: ["Uniqueidentifier", "UniqueidentifierType", "UniqueIdentifierAttributeMetadata"],
  entityname: ["EntityName", "EntityNameType", "EntityNameAttributeMetadata"],
  managed: ["ManagedProperty", "ManagedPropertyType", "ManagedPropertyAttributeMetadata"],
  virtual: ["Virtual", "VirtualType", "AttributeMetadata"],
  image: ["Virtual", "ImageType", "ImageAttributeMetadata"],
  file: ["Virtual", "FileType", "FileAttributeMetadata"],
  party: ["PartyList", "PartyListType", "LookupAttributeMetadata"],
};

/** The type of metadata a column is shown as: `StringAttributeMetadata`. */
export function derivedType(column: Column): string {
  return TYPES[column.kind][2];
}

/** A column as AttributeMetadata and its derived type. */
export function columnNode(environment: Environment, table: Table, column: Column, number: number): MetadataNode {
  const [type, typeName, derived] = TYPES[column.kind];
  const hasOptions =
    column.options !== undefined || ["choice", "choices", "state", "status", "bool"].includes(column.kind);
  const securable = column.custom && column.name !== table.idColumn && column.name !== table.nameColumn;
  return {
    type: derived,
    properties: {
      MetadataId: column.id,
      HasChanged: null,
      AttributeOf: column.of ?? null,
      AttributeType: type,
      AttributeTypeName: { Value: typeName },
      ColumnNumber: number,
      Description: label(column.description),
      DisplayName: label(column.label, column.words),
      EntityLogicalName: table.name,
      IsCustomAttribute: column.custom,
      IsLogical: column.logical,
      IsManaged: !column.custom,
      IsPrimaryId: column.name === table.idColumn,
      IsPrimaryName: column.name === table.nameColumn,
      IsSecured: column.secured,
      IsSearchable: false,
      IsFilterable: false,
      IsRetrievable: true,
      IsValidForAdvancedFind: managed(column.of === undefined, "canmodifysearchsettings"),
      IsValidForCreate: column.create,
      IsValidForRead: column.writeOnly !== true,
      IsValidForUpdate: column.update,
      IsValidODataAttribute: isProperty(column),
      LogicalName: column.name,
      RequiredLevel: managed(column.level, "canmodifyrequirementlevelsettings"),
      SchemaName: column.schema,
      SourceType: column.custom && type !== "Uniqueidentifier" ? 0 : null,
      AutoNumberFormat: column.autoNumber ?? null,
      CanBeSecuredForCreate: securable,
      CanBeSecuredForRead: securable,
      CanBeSecuredForUpdate: securable,
      CanModifyAdditionalSettings: managed(true, "canmodifyadditionalsettings"),
      DeprecatedVersion: null,
      ExternalName: null,
      InheritsFrom: null,
      IntroducedVersion: column.custom ? "1.0.0.0" : "5.0.0.0",
      IsAuditEnabled: managed(column.audited === true, "canmodifyauditsettings"),
      IsCustomizable: managed(true, "iscustomizable"),
      IsDataSourceSecret: false,
      IsGlobalFilterEnabled: managed(false, "canmodifyglobalfiltersettings"),
      IsRenameable: managed(true, "isrenameable"),
      IsRequiredForForm: column.level === "SystemRequired" || column.level === "ApplicationRequired",
      IsSortableEnabled: managed(false, "canmodifyissortablesettings"),
      IsValidForForm: isProperty(column),
      IsValidForGrid: isProperty(column),
      CreatedOn: madeOn(column.made),
      ModifiedOn: madeOn(column.made),
      Settings: [],
      LinkedAttributeId: null,
    },
    typed: derived === "AttributeMetadata" ? {} : typedProperties(table, column),
    navigations: {},
    typedNavigations: hasOptions
      ? {
          OptionSet: () => columnOptionSet(environment, table, column),
          GlobalOptionSet: () => (column.global === undefined ? null : columnOptionSet(environment, table, column)),
        }
      : {},
  };
}

function typedProperties(table: Table, column: Column): Record<string, unknown> {
  const [min, max] = column.range ?? [undefined, undefined];
  switch (column.kind) {
    case "text":
      return {
        MaxLength: column.max ?? 100,
        Format: column.format === "Json" ? "Text" : (column.format ?? "Text"),
        FormatName: { Value: column.format ?? "Text" },
        ImeMode: "Auto",
        DatabaseLength: (column.max ?? 100) * 2,
        IsLocalizable: false,
        YomiOf: null,
      };
    case "memo":
      return {
        MaxLength: column.max ?? 2000,
        Format: column.format === "Json" ? "Text" : (column.format ?? "TextArea"),
        FormatName: { Value: column.format ?? "TextArea" },
        ImeMode: "Auto",
        IsLocalizable: false,
      };
    case "int":
      return { MinValue: min ?? -2147483648, MaxValue: max ?? 2147483647, Format: column.format ?? "None" };
    case "bigint":
      return { MinValue: exact("-9223372036854775808"), MaxValue: exact("9223372036854775807") };
    case "decimal":
      return {
        MinValue: min ?? -100000000000,
        MaxValue: max ?? 100000000000,
        Precision: column.precision ?? 10,
        ImeMode: "Disabled",
      };
    case "double":
      return {
        MinValue: min ?? -100000000000,
        MaxValue: max ?? 100000000000,
        Precision: digitsOf(column),
        ImeMode: "Disabled",
      };
    case "money":
      return {
        MinValue: min ?? -922337203685477,
        MaxValue: max ?? 922337203685477,
        Precision: column.precision ?? 2,
        PrecisionSource: column.source ?? 0,
        IsBaseCurrency: column.name.endsWith("_base"),
        CalculationOf: column.name.endsWith("_base") ? column.name.slice(0, -"_base".length) : null,
        ImeMode: "Disabled",
      };
    case "bool":
      return { DefaultValue: column.initial ?? false };
    case "date":
    case "datetime":
    case "zoneless":
      return {
        Format: column.format ?? (column.kind === "date" ? "DateOnly" : "DateAndTime"),
        DateTimeBehavior: {
          Value: { date: "DateOnly", datetime: "UserLocal", zoneless: "TimeZoneIndependent" }[column.kind],
        },
        CanChangeDateTimeBehavior: managed(false, "canchangedatetimebehavior"),
        ImeMode: "Inactive",
        MinSupportedValue: "1753-01-01T00:00:00Z",
        MaxSupportedValue: "9999-12-30T23:59:59Z",
      };
    case "choice":
    case "choices":
    case "state":
    case "status":
      return { DefaultFormValue: column.initial ?? (column.kind === "state" ? 0 : -1) };
    case "lookup":
    case "customer":
    case "owner":
    case "party":
      return { Targets: column.targets ?? [], Format: "None" };
    case "entityname":
      return { DefaultFormValue: -1, IsEntityReferenceStored: false };
    case "image":
      return {
        IsPrimaryImage: column.name === table.primaryImage,
        MaxHeight: 144,
        MaxWidth: 144,
        CanStoreFullImage: column.full === true,
        MaxSizeInKB: column.maxKb,
      };
    case "file":
      return { MaxSizeInKB: column.maxKb };
    default:
      return {};
  }
}

/** A number in JSON that no JavaScript number can hold. */
function exact(digits: string): unknown {
  return (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON(digits);
}
