import type { Environment } from "../environment.ts";
import { errors } from "../errors.ts";
import { listImages } from "../files/image-configs.ts";
import type { Column, Relation, Table } from "../model.ts";
import { derivedType } from "./column-node.ts";
import { levelOf, typeFacts, typeName } from "./create-column.ts";
import { cascadeOf, isElastic } from "./create-relationship.ts";
import { takeFlags } from "./create-table.ts";
import { labelText, renamed } from "./label.ts";
import { type Body, changed, type Maker } from "./maker.ts";

// Updates replace a definition by PUT; labels that are not sent stay (create-update-entity-definitions-using-web-api.md).

/** `PUT EntityDefinitions(...)`: labels, change tracking, duplicate detection. */
export function updateTable({ environment, mergeLabels }: Maker, table: Table, body: Body): void {
  same(body.LogicalName, table.name, "LogicalName");
  same(body.SchemaName, table.schema, "SchemaName");
  Object.assign(table, renamed(table, body.DisplayName, mergeLabels));
  table.plural = labelText(body.DisplayCollectionName) ?? table.plural;
  const description = labelText(body.Description);
  if (description !== undefined) table.description = description;
  if (typeof body.ChangeTrackingEnabled === "boolean") table.tracking = body.ChangeTrackingEnabled;
  takeFlags(table, body);
  table.audited = auditedIn(body) ?? table.audited ?? false;
  const duplicates = (body.IsDuplicateDetectionEnabled as { Value?: unknown } | null | undefined)?.Value;
  if (duplicates === true && table.partition !== undefined) throw errors.elastic("duplicate detection");
  if (typeof duplicates === "boolean") table.duplicates = duplicates;
  changed(environment, table);
}

/** `PUT .../Attributes(...)`: labels, required level, and the bounds of the type; never the type itself or options. */
export function updateColumn(maker: Maker, table: Table, column: Column, body: Body): void {
  same(body.LogicalName, column.name, "LogicalName");
  same(body.SchemaName, column.schema, "SchemaName");
  if (body["@odata.type"] !== undefined) same(typeName(body), derivedType(column), "@odata.type");
  if (body.IsSecured === true && !column.secured) {
    throw errors.notBuilt("A column with column-level security (IsSecured)");
  }
  const level = levelOf(body) ?? column.level;
  if ((level === "SystemRequired") !== (column.level === "SystemRequired")) {
    throw errors.badSchema(`The RequiredLevel of '${column.name}' cannot be changed to or from SystemRequired.`);
  }
  Object.assign(column, boundsOf(maker, column, body));
  if (column.kind === "image" && typeof body.IsPrimaryImage === "boolean")
    choosePrimary(table, column, body.IsPrimaryImage);
  if (column.kind === "image") listImages(maker.environment, table);
  column.level = level;
  column.audited = auditedIn(body) ?? column.audited ?? false;
  Object.assign(column, renamed(column, body.DisplayName, maker.mergeLabels));
  const description = labelText(body.Description);
  if (description !== undefined) column.description = description;
  changed(maker.environment, table);
}

/** Nothing is audited: the setting is kept and shown (auditing/configure.md). */
function auditedIn(body: Body): boolean | undefined {
  const value = (body.IsAuditEnabled as { Value?: unknown } | null | undefined)?.Value;
  return typeof value === "boolean" ? value : undefined;
}

/** Another image can become the primary one; none can stop being it (image-attributes.md, "Update image columns"). */
function choosePrimary(table: Table, column: Column, primary: boolean): void {
  if (primary) table.primaryImage = column.name;
  else if (table.primaryImage === column.name) {
    throw errors.badSchema(`IsPrimaryImage of '${column.name}' cannot be set to false: choose another primary image.`);
  }
}

/** The bounds a body gives, those it leaves out as they were. */
function boundsOf(maker: Maker, column: Column, body: Body): Partial<Column> {
  const [min, max] = column.range ?? [];
  const known: Body = {
    MaxLength: column.max,
    MinValue: min,
    MaxValue: max,
    Precision: column.precision,
    PrecisionSource: column.source,
    FormatName: column.format === undefined ? undefined : { Value: column.format },
    AutoNumberFormat: column.autoNumber,
    MaxSizeInKB: column.maxKb,
    CanStoreFullImage: column.full,
  };
  const given = Object.fromEntries(Object.entries(body).filter(([, value]) => value !== null && value !== undefined));
  if (["text", "memo", "int", "decimal", "double", "money", "image", "file"].includes(column.kind)) {
    return typeFacts(maker, column.kind, { ...known, ...given });
  }
  const initial =
    column.kind === "bool" ? body.DefaultValue : column.kind === "choice" ? body.DefaultFormValue : undefined;
  if (typeof initial !== "boolean" && typeof initial !== "number") return {};
  // The default is written into new rows only: older ones stay as they are.
  return { initial, ...(column.custom ? { implied: null } : {}) };
}

/** `PUT RelationshipDefinitions(...)` of a 1:N relationship: its cascade rules. */
export function updateRelation(environment: Environment, table: Table, relation: Relation, body: Body): void {
  same(body.SchemaName, relation.schema, "SchemaName");
  const elastic = isElastic(table, environment.tables.get(relation.target));
  const rules = cascadeOf(body.CascadeConfiguration, elastic);
  const updated: Relation = { ...relation, ...rules };
  if (typeof body.IsHierarchical === "boolean") updated.hierarchical = body.IsHierarchical;
  table.relations = table.relations.map((each) => (each === relation ? updated : each));
  changed(environment, table);
}

function same(sent: unknown, held: string, property: string): void {
  if (sent === undefined || sent === null || sent === held) return;
  throw errors.badSchema(`${property} cannot be changed: it is '${held}', not '${String(sent).slice(0, 100)}'.`);
}
