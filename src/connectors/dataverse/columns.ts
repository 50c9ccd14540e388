import type { Choice, Column, ColumnType, LookupTarget, ManyToMany } from "../../core/schema.ts";
import type { Attribute, Definition, Detail, Relationship, Table } from "./answers.ts";
import type { MoneyDigits } from "./ground.ts";
import { participation } from "./parties.ts";

/** Attribute type names (without the ending "Type") and what they are to us; all others are `other`. */
const types: Record<string, ColumnType> = {
  String: "text",
  Memo: "text",
  Integer: "integer",
  BigInt: "integer",
  Decimal: "decimal",
  Money: "money",
  Double: "double",
  Boolean: "boolean",
  DateTime: "datetime",
  Picklist: "choice",
  MultiSelectPicklist: "choices",
  State: "state",
  Status: "status",
  Lookup: "lookup",
  Customer: "lookup",
  Owner: "lookup",
  Uniqueidentifier: "guid",
  PartyList: "parties",
};

/** What `SourceType` says, from 1 on (AttributeMetadata.SourceType). */
const sources = ["calculated", "rollup", "formula", "prompt"] as const;

/** String formats that say what a text is; the others say nothing of interest. `Phone` writes as a link, `PhoneNumber` not. */
const formats: Record<string, Column["format"]> = {
  Email: "email",
  Phone: "phone",
  PhoneNumber: "phone",
  Url: "url",
  TextArea: "multiline",
};

/** SystemRequired columns of these kinds get a value from the server when a create says nothing. */
const defaulted = new Set(["Owner", "State", "Status", "Boolean", "Uniqueidentifier"]);

/** Never empty, also where the table's definition does not say so: that of a status does not. */
const filled = new Set(["Owner", "State", "Status"]);

/**
 * The columns of a table, by name. Left out: virtual companions (`owneridname`), which are in the metadata but not in
 * the rows, and what cannot be read nor written. Source: dataverse.md sections 3 to 5.
 */
export function columnsOf(
  definition: Definition,
  details: Map<string, Detail>,
  tables: ReadonlyMap<string, Table>,
  money: MoneyDigits,
): Column[] {
  const relationships = Map.groupBy(definition.ManyToOneRelationships, (r) => r.ReferencingAttribute);
  const columns: Column[] = [];
  for (const attribute of definition.Attributes) {
    if (attribute.AttributeOf) continue;
    const name = attribute.LogicalName;
    const detail = details.get(name);
    const kind = kindOf(attribute);
    let type = types[kind] ?? "other";
    if (type === "datetime" && detail?.DateTimeBehavior?.Value === "DateOnly") type = "date";
    const create = attribute.IsValidForCreate === true;
    const update = attribute.IsValidForUpdate === true;
    if (!create && !update && attribute.IsValidForRead === false) continue;
    const targets =
      type === "lookup"
        ? targetsOf(detail, relationships.get(name) ?? [], tables)
        : type === "parties"
          ? (detail?.Targets ?? []).flatMap((object) => partyOf(object, tables))
          : undefined;
    const computed = sources[(attribute.SourceType ?? 0) - 1];
    // A lookup without a navigation property of its own cannot be bound.
    const writable = type !== "other" && !computed && targets?.length !== 0;
    const level = attribute.RequiredLevel?.Value;
    const required = writable && create && level === "SystemRequired" && !defaulted.has(kind);
    // Parties are made with their activity, and by no update of it (see `partiesOf`).
    const updates = writable && update && type !== "parties" && name !== definition.PrimaryIdAttribute;
    const neverEmpty = updates && !required && (level === "SystemRequired" || filled.has(kind));
    columns.push({
      name,
      title: attribute.DisplayName ?? name,
      ...(attribute.MetadataId != null && { uid: attribute.MetadataId }),
      type,
      required,
      ...(neverEmpty && { neverEmpty }),
      create: writable && create && (type !== "parties" || name in participation),
      update: updates,
      ...(level === "ApplicationRequired" && { requiredInForms: true }),
      ...(computed && { computed }),
      ...(type === "other" && kind && { native: kind }),
      ...(attribute.IsSecured === true && { secured: true }),
      ...detailsOf(type, kind, detail, money),
      ...(targets && { targets }),
    });
  }
  for (const { type, choices } of columns)
    for (const choice of (type === "state" && choices) || []) {
      const message = stateMessages[definition.LogicalName]?.[choice.value];
      if (message) choice.message = message;
    }
  return columns.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** States that an update refuses: 0x80100005 names the message to use instead (opportunity and case, message reference). */
const stateMessages: Record<string, Record<number, string>> = {
  opportunity: { 1: "WinOpportunity", 2: "LoseOpportunity" },
  incident: { 1: "CloseIncident" },
};

/** What depends on the type: lengths, ranges, formats, options. */
function detailsOf(type: ColumnType, kind: string, detail: Detail | undefined, money: MoneyDigits): Partial<Column> {
  if (!detail) return {};
  const { MaxLength, MinValue, MaxValue, Precision, PrecisionSource, FormatName, Format, DateTimeBehavior } = detail;
  const format = kind === "Memo" ? "multiline" : formats[FormatName?.Value ?? ""];
  const precision = (type === "money" && money[PrecisionSource ?? 0]) || Precision;
  const behavior = DateTimeBehavior?.Value;
  const choices = choicesOf(detail);
  return {
    ...(type === "text" && format && { format }),
    ...(type === "datetime" && (behavior === "UserLocal" || behavior === "TimeZoneIndependent") && { behavior }),
    ...(type === "datetime" && Format === "DateOnly" && { dateOnly: true }),
    ...(MaxLength != null && { maxLength: MaxLength }),
    ...(MinValue != null && { min: MinValue }),
    ...(MaxValue != null && { max: MaxValue }),
    ...(precision != null && { precision }),
    ...(choices && { choices }),
  };
}

/** The many-to-many relationships that lead to a table whose rows can be addressed; both ways where it leads to itself. */
export function pairsOf(definition: Definition, tables: ReadonlyMap<string, Table>): ManyToMany[] {
  return definition.ManyToManyRelationships.flatMap((r) => {
    const ends = [
      [r.Entity1LogicalName, r.Entity1NavigationPropertyName, r.Entity2LogicalName],
      [r.Entity2LogicalName, r.Entity2NavigationPropertyName, r.Entity1LogicalName],
    ] as const;
    return ends.flatMap(([from, navigation, object]) => {
      const set = tables.get(object)?.EntitySetName;
      if (from !== definition.LogicalName || !navigation || !set) return [];
      return [{ name: r.SchemaName, navigation, object, set, intersect: r.IntersectEntityName }];
    });
  });
}

/** `AttributeType` says Virtual for multi-select, image and file columns; the type's name tells them apart. */
function kindOf({ AttributeType, AttributeTypeName }: Attribute): string {
  return AttributeTypeName?.Value.replace(/Type$/, "") ?? AttributeType ?? "";
}

function choicesOf(detail: Detail): Choice[] | undefined {
  const set = detail.OptionSet ?? detail.GlobalOptionSet;
  const options = set?.Options ?? [set?.FalseOption, set?.TrueOption].filter((o) => o != null);
  if (!set || options.length === 0) return undefined;
  return options
    .map((o) => ({
      value: o.Value,
      label: o.Label[0] ?? String(o.Value),
      labels: o.Label,
      ...(o.State != null && { state: o.State }),
    }))
    .sort((a, b) => a.value - b.value);
}

/**
 * Where a lookup may point, with the navigation name a write must use: exact, from the relationship. Owner columns have
 * one relationship, to `owner`, for all their targets.
 */
function targetsOf(
  detail: Detail | undefined,
  relationships: Relationship[],
  tables: ReadonlyMap<string, Table>,
): LookupTarget[] {
  const objects = detail?.Targets ?? relationships.map((r) => r.ReferencedEntity);
  return objects.flatMap((object) => {
    const relationship =
      relationships.find((r) => r.ReferencedEntity === object) ??
      relationships.find((r) => r.ReferencedEntity === "owner");
    const navigation = relationship?.ReferencingEntityNavigationPropertyName;
    const set = tables.get(object)?.EntitySetName;
    return navigation && set ? [{ object, set, navigation }] : [];
  });
}

/** A party's row points at its person by a navigation named for the person's table. */
function partyOf(object: string, tables: ReadonlyMap<string, Table>): LookupTarget[] {
  const set = tables.get(object)?.EntitySetName;
  return set ? [{ object, set, navigation: `partyid_${object}` }] : [];
}
