import type { Environment } from "../environment.ts";
import { errors } from "../errors.ts";
import { imageBytes } from "../files/image.ts";
import { type Column, isLookup, isProperty, propertyName, type Table } from "../model.ts";
import { type CollectionNavigation, collectionNavigation, isAbsentCollection } from "../relationships.ts";
import { type Cell, idOf, type Row } from "../row.ts";
import { findRow, missing, parseReference } from "./references.ts";
import { storedValue } from "./values.ts";

/** A body, checked: the columns it writes, in order. `targets` names the table of a lookup. */
export type Draft = {
  columns: Column[];
  values: Cell[];
  targets: (string | undefined)[];
  /** Related rows in the body of a new row (deep insert). */
  nested?: Nested[];
  /** Images in the body, before they are ids; null empties the column. */
  images?: { column: Column; bytes: Buffer | null }[];
};

/** What a new row brings along: a row for a lookup to hold, or members of a collection, new ones and known ones. */
export type Nested =
  | { kind: "lookup"; column: Column; target: Table; body: Record<string, unknown> }
  | { kind: "collection"; collection: CollectionNavigation; bodies: Record<string, unknown>[]; rows: Row[] };

type Property =
  | { kind: "column"; column: Column }
  | { kind: "image"; column: Column }
  | { kind: "bind"; column: Column; target: string }
  | { kind: "navigation"; column: Column; target: string }
  | { kind: "lookup value" }
  | { kind: "ignored" };

const compiled = new WeakMap<Table, { shape: number; properties: Map<string, Property> }>();

/** Every name a body of this table may contain; compiled again when the schema changes. */
function propertiesOf(table: Table): Map<string, Property> {
  const known = compiled.get(table);
  if (known?.shape === table.shape) return known.properties;
  const properties = new Map<string, Property>();
  for (const column of table.columns.values()) {
    if (!isProperty(column)) continue;
    const kind = column.kind === "image" ? "image" : "column";
    properties.set(propertyName(column), isLookup(column) ? { kind: "lookup value" } : { kind, column });
  }
  for (const relation of table.relations) {
    const column = table.columns.get(relation.column);
    if (!column || !isLookup(column)) continue;
    properties.set(`${relation.navigation}@odata.bind`, { kind: "bind", column, target: relation.target });
    properties.set(relation.navigation, { kind: "navigation", column, target: relation.target });
  }
  compiled.set(table, { shape: table.shape, properties });
  return properties;
}

/**
 * Checks a body against the table and normalises its values. Throws the first documented error.
 * Columns that this operation cannot set are passed over in silence, as the service does with what it keeps itself
 * (dataverse.md section 5). `all` is for seeds, which may set every column.
 */
export function draftOf(
  environment: Environment,
  table: Table,
  body: Record<string, unknown>,
  operation: "create" | "update",
  all = false,
): Draft {
  const properties = propertiesOf(table);
  const draft: Draft = { columns: [], values: [], targets: [] };
  for (const name in body) {
    const property = properties.get(name);
    if (property === undefined) {
      if (!name.startsWith("@")) other(environment, table, draft, name, body[name], operation, properties);
      continue;
    }
    const value = body[name];
    if (property.kind === "column") {
      const column = property.column;
      const stored = storedValue(table, column, value);
      const settable = operation === "create" ? column.create : column.update;
      if (!settable && !all && column.name !== table.idColumn) continue;
      draft.columns.push(column);
      draft.values.push(stored);
      draft.targets.push(undefined);
    } else if (property.kind === "bind") {
      bind(environment, table, draft, property, value, operation, all);
    } else if (property.kind === "navigation") {
      if (value === null) bind(environment, table, draft, property, null, operation, all);
      else nest(environment, table, draft, name, property, value, operation);
    } else if (property.kind === "lookup value") {
      throw errors.directLookup();
    } else if (property.kind === "image") {
      const { column } = property;
      draft.images = [...(draft.images ?? []), { column, bytes: imageBytes(table, value) }];
    }
  }
  return draft;
}

/** A name that is none of the table's columns or lookups: a collection, an annotation, or nothing known. */
function other(
  environment: Environment,
  table: Table,
  draft: Draft,
  name: string,
  value: unknown,
  operation: "create" | "update",
  properties: Map<string, Property>,
): void {
  const at = name.indexOf("@");
  const base = at < 0 ? name : name.slice(0, at);
  const annotation = at < 0 ? "" : name.slice(at);
  const collection = collectionNavigation(environment, table, base);
  if (collection && (annotation === "" || annotation === "@odata.bind")) {
    if (operation === "update") throw errors.deepUpdate(table.set, base);
    if (!Array.isArray(value)) throw errors.notNested(table.set, base);
    const members: Nested = { kind: "collection", collection, bodies: [], rows: [] };
    for (const each of value as unknown[]) {
      if (annotation === "") members.bodies.push(nestedBody(table, base, collection.other, each));
      else members.rows.push(referenced(environment, table, base, [collection.other.name], each).row);
    }
    draft.nested = [...(draft.nested ?? []), members];
    return;
  }
  if (isAbsentCollection(table, base)) throw errors.notBuilt(`The table behind '${base}' of ${table.set}`);
  if (annotation === "") throw errors.unknownProperty(table.set, name, table.name);
  // Annotations of known properties (types, formatted values sent back) mean nothing on writing.
  if (annotation === "@odata.bind" || !(collection || properties.has(base))) {
    throw errors.wrongNavigation(table.set, base);
  }
}

function nestedBody(table: Table, name: string, other: Table, value: unknown): Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw errors.notNested(table.set, name);
  // Left alone it would make a new row where one that exists was meant.
  if ("@odata.id" in value) throw errors.nestedReference(table.set, name);
  requireType(other, value as Record<string, unknown>);
  return value as Record<string, unknown>;
}

/** A body that says what it is must be of the table's type. Throws 400. */
export function requireType(table: Table, body: Record<string, unknown>): void {
  const type = body["@odata.type"];
  if (type === undefined || type === `Microsoft.Dynamics.CRM.${table.name}`) return;
  if (type !== `#Microsoft.Dynamics.CRM.${table.name}`) throw errors.otherType(table.set, type, table.name);
}

function nest(
  environment: Environment,
  table: Table,
  draft: Draft,
  name: string,
  { column, target }: { column: Column; target: string },
  value: unknown,
  operation: "create" | "update",
): void {
  if (typeof value !== "object" || Array.isArray(value)) throw errors.notNested(table.set, name);
  if (operation === "update" || target === "owner") throw errors.deepUpdate(table.set, name);
  const other = environment.tables.get(target);
  if (!other) throw errors.notBuilt(`The table '${target}', which '${name}' of ${table.set} leads to,`);
  const body = nestedBody(table, name, other, value);
  draft.nested = [...(draft.nested ?? []), { kind: "lookup", column, target: other, body }];
}

function bind(
  environment: Environment,
  table: Table,
  draft: Draft,
  property: { column: Column; target: string },
  value: unknown,
  operation: "create" | "update",
  all: boolean,
): void {
  const { column } = property;
  if (!column[operation] && !all) return;
  let id: string | null = null;
  let target: string | undefined;
  if (value !== null) {
    const allowed = property.target === "owner" ? (column.targets ?? []) : [property.target];
    const found = referenced(environment, table, column.name, allowed, value);
    target = found.table.name;
    id = idOf(found.row);
  }
  const again = draft.columns.indexOf(column);
  if (again >= 0) {
    // Two navigation names of one polymorphic lookup: the one with a value wins over the one that clears.
    if (id === null) return;
    draft.values[again] = id;
    draft.targets[again] = target;
    return;
  }
  draft.columns.push(column);
  draft.values.push(id);
  draft.targets.push(target);
}

/** The row a reference in a body names. Throws what is documented where it is none of the allowed tables, or missing. */
function referenced(
  environment: Environment,
  table: Table,
  name: string,
  allowed: string[],
  value: unknown,
): { table: Table; row: Row } {
  if (typeof value !== "string") throw errors.wrongType(table.set, value, "Edm.String");
  const reference = parseReference(environment, value);
  const target = reference.table.name;
  if (!allowed.includes(target)) throw errors.wrongTarget(table.set, value, target, name, allowed);
  const row = findRow(reference.table, reference.key);
  if (!row) throw missing(reference.table, reference.key);
  return { table: reference.table, row };
}

/** The value the draft gives a column: undefined when it does not write it. */
export function drafted(draft: Draft, column: Column): Cell | undefined {
  const at = draft.columns.indexOf(column);
  return at < 0 ? undefined : draft.values[at];
}

/** Sets a column in the draft, replacing what stands there; `target` is the table a lookup leads to. */
export function setDrafted(draft: Draft, column: Column, value: Cell, target?: string): void {
  let at = draft.columns.indexOf(column);
  if (at < 0) at = draft.columns.push(column) - 1;
  draft.values[at] = value;
  draft.targets[at] = target;
}

export function dropDrafted(draft: Draft, column: Column): void {
  const at = draft.columns.indexOf(column);
  if (at < 0) return;
  draft.columns.splice(at, 1);
  draft.values.splice(at, 1);
  draft.targets.splice(at, 1);
}
