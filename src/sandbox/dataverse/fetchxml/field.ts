import type { Environment } from "../environment.ts";
import { type Column, isLookup, type Kind, read, readTarget, type Table } from "../model.ts";
import type { Cell, Row } from "../row.ts";
import { formattedValue } from "../wire/formatted.ts";
import { fetchErrors } from "./errors.ts";

/**
 * A column as FetchXML names it. Unlike the Web API it also knows the virtual companions (`owneridname`, `statecodename`,
 * `parentcustomeridtype`; dataverse.md section 3): they can be compared and sorted by, but are never returned.
 */
export type Field = { name: string; kind: Kind; column: Column; companion: boolean; get: (row: Row) => Cell };

/** Throws 0x80041103 when the table has no such column; names are case-sensitive. */
export function fieldOf(environment: Environment, table: Table, name: string): Field {
  const column = table.columns.get(name);
  const base = column ? table.columns.get(column.of ?? "") : companionBase(table, name);
  if (base && column?.kind !== "image") return companion(environment, table, base, name);
  if (!column) throw fetchErrors.noAttribute(table.schema, name, table.name);
  return { name, kind: column.kind, column, companion: false, get: (row) => read(row, column) };
}

const NAMED = new Set<Kind>(["choice", "choices", "state", "status", "bool", "lookup", "customer", "owner"]);

/** Not every delivered table lists its companions, but every lookup and choice has them. */
function companionBase(table: Table, name: string): Column | undefined {
  const base = /^(.+?)(?:yominame|name|type)$/.exec(name)?.[1];
  const column = base === undefined ? undefined : table.columns.get(base);
  if (!column || !NAMED.has(column.kind)) return undefined;
  return name.endsWith("type") && !isLookup(column) ? undefined : column;
}

function companion(environment: Environment, table: Table, base: Column, name: string): Field {
  const type = isLookup(base) && name.endsWith("type");
  const get = type
    ? (row: Row) => readTarget(row, base) ?? null
    : (row: Row) => formattedValue(environment, table, row, base) ?? null;
  return { name, kind: "text", column: base, companion: true, get };
}

/** What sorting goes by: the names behind lookups and, unless `raw`, the labels of choices (page order-rows). */
export function sortField(environment: Environment, table: Table, field: Field, raw: boolean): Field {
  const choice = ["choice", "state", "status", "bool"].includes(field.kind);
  if (field.companion || !(isLookup(field.column) || (choice && !raw))) return field;
  return companion(environment, table, field.column, `${field.name}name`);
}
