import type { Choice, Column, ColumnType, LookupTarget } from "../../core/schema.ts";
import type { Attribute, Definition, Detail, Relationship, Table } from "./answers.ts";

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
};

/** SystemRequired columns of these kinds get a value from the server when a create says nothing. */
const defaulted = new Set(["Owner", "State", "Status", "Boolean", "Uniqueidentifier"]);

/**
 * The columns of a table, by name. Left out: virtual companions (`owneridname`), which are in the metadata but not in
 * the rows, and what cannot be read nor written. Source: dataverse.md sections 3 to 5.
 */
export function columnsOf(
  definition: Definition,
  details: Map<string, Detail>,
  tables: ReadonlyMap<string, Table>,
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
    const targets = type === "lookup" ? targetsOf(detail, relationships.get(name) ?? [], tables) : undefined;
    // A lookup without a navigation property of its own cannot be bound.
    const writable = type !== "other" && targets?.length !== 0;
    const choices = choicesOf(detail);
    columns.push({
      name,
      title: attribute.DisplayName ?? name,
      type,
      required: writable && create && attribute.RequiredLevel?.Value === "SystemRequired" && !defaulted.has(kind),
      create: writable && create,
      update: writable && update && name !== definition.PrimaryIdAttribute,
      ...(detail?.MaxLength != null && { maxLength: detail.MaxLength }),
      ...(detail?.MinValue != null && { min: detail.MinValue }),
      ...(detail?.MaxValue != null && { max: detail.MaxValue }),
      ...(detail?.Precision != null && { precision: detail.Precision }),
      ...(choices && { choices }),
      ...(targets && { targets }),
    });
  }
  return columns.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** `AttributeType` says Virtual for multi-select, image and file columns; the type's name tells them apart. */
function kindOf({ AttributeType, AttributeTypeName }: Attribute): string {
  return AttributeTypeName?.Value.replace(/Type$/, "") ?? AttributeType ?? "";
}

function choicesOf(detail: Detail | undefined): Choice[] | undefined {
  const set = detail?.OptionSet ?? detail?.GlobalOptionSet;
  const options = set?.Options ?? [set?.FalseOption, set?.TrueOption].filter((o) => o != null);
  if (!set || options.length === 0) return undefined;
  return options
    .map((o) => ({ value: o.Value, label: o.Label ?? String(o.Value), ...(o.State != null && { state: o.State }) }))
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
