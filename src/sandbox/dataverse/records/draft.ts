import type { Environment } from "../environment.ts";
import { errors } from "../errors.ts";
import { type Column, isLookup, isProperty, propertyName, type Table } from "../model.ts";
import { type Cell, idOf } from "../row.ts";
import { findRow, missing, parseReference } from "./references.ts";
import { storedValue } from "./values.ts";

/** A body, checked: the columns it writes, in order. `targets` names the table of a lookup. */
export type Draft = { columns: Column[]; values: Cell[]; targets: (string | undefined)[] };

type Property =
  | { kind: "column"; column: Column }
  | { kind: "bind"; column: Column; target: string }
  | { kind: "navigation"; column: Column }
  | { kind: "collection" }
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
    properties.set(propertyName(column), isLookup(column) ? { kind: "lookup value" } : { kind: "column", column });
  }
  for (const relation of table.relations) {
    const column = table.columns.get(relation.column);
    if (!column || !isLookup(column)) continue;
    properties.set(`${relation.navigation}@odata.bind`, { kind: "bind", column, target: relation.target });
    properties.set(relation.navigation, { kind: "navigation", column });
  }
  for (const link of table.manyToMany) {
    const name = link.first === table.name ? link.firstNavigation : link.secondNavigation;
    properties.set(name, { kind: "collection" });
    properties.set(`${name}@odata.bind`, { kind: "collection" });
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
      if (name.startsWith("@")) continue;
      unknown(table, name, properties);
      continue;
    }
    const value = body[name];
    if (property.kind === "column") {
      const column = property.column;
      const stored = storedValue(table, column, value);
      if (!column[operation] && !all && column.name !== table.idColumn) continue;
      draft.columns.push(column);
      draft.values.push(stored);
      draft.targets.push(undefined);
    } else if (property.kind === "bind") {
      bind(environment, table, draft, property, value, operation, all);
    } else if (property.kind === "navigation") {
      if (value !== null) throw errors.notBuilt(`Deep insert (a nested object in '${name}')`);
      bind(environment, table, draft, property, null, operation, all);
    } else if (property.kind === "collection") {
      throw errors.notBuilt(`Writing the collection '${name}' of ${table.set} within a row`);
    } else if (property.kind === "lookup value") {
      throw errors.directLookup();
    }
  }
  return draft;
}

function unknown(table: Table, name: string, properties: Map<string, Property>): void {
  const at = name.indexOf("@");
  if (at < 0) throw errors.unknownProperty(table.set, name, table.name);
  const base = name.slice(0, at);
  if (name.slice(at) === "@odata.bind") throw errors.wrongNavigation(table.set, base);
  // Annotations of known properties (types, formatted values sent back) mean nothing on writing.
  if (!properties.has(base)) throw errors.wrongNavigation(table.set, base);
}

function bind(
  environment: Environment,
  table: Table,
  draft: Draft,
  property: { column: Column; target?: string },
  value: unknown,
  operation: "create" | "update",
  all: boolean,
): void {
  const { column } = property;
  if (!column[operation] && !all) return;
  let id: string | null = null;
  let target: string | undefined;
  if (value !== null) {
    if (typeof value !== "string") throw errors.wrongType(table.set, value, "Edm.String");
    const reference = parseReference(environment, value);
    target = reference.table.name;
    const allowed = property.target === "owner" ? (column.targets ?? []) : [property.target ?? ""];
    if (!allowed.includes(target)) {
      throw errors.wrongTarget(table.set, value, target, column.name, allowed);
    }
    const row = findRow(reference.table, reference.key);
    if (!row) throw missing(reference.table, reference.key);
    id = idOf(row);
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
