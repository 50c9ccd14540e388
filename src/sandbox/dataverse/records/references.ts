import type { Environment } from "../environment.ts";
import { errors } from "../errors.ts";
import { GUID } from "../guids.ts";
import { type Column, isLookup, isProperty, keyColumnOf, propertyName, type Table } from "../model.ts";
import type { Cell, Row } from "../row.ts";
import { entryFrom, findKey } from "./keys.ts";
import { partitionedKey } from "./partition.ts";
import { storedValue } from "./values.ts";

/** What stands in the brackets of `contacts(...)`: an id, in elastic tables with a partition, or values of key columns by name. */
export type KeyPredicate = { id: string; partition?: string } | { values: { column: Column; value: Cell }[] };

const QUICK = /^\/?([A-Za-z_]\w*)\(([0-9a-fA-F-]{36})\)$/;
const GENERAL = /^(?:https?:\/\/[^/]+)?\/?(?:api\/data\/v\d+\.\d+\/)?([A-Za-z_]\w*)\((.*)\)$/s;

/**
 * A reference in a body, as in `@odata.bind` and `@odata.id`: `/accounts(id)`, `accounts(id)`, the full URL, or an
 * alternate key in the brackets (dataverse.md section 4). Throws when the set or the key is not known.
 */
export function parseReference(environment: Environment, text: string): { table: Table; key: KeyPredicate } {
  const quick = QUICK.exec(text);
  if (quick && GUID.test(quick[2]!)) {
    return { table: tableOfSet(environment, quick[1]!), key: { id: quick[2]!.toLowerCase() } };
  }
  const match = GENERAL.exec(text);
  if (!match) throw errors.badAddress(`The reference '${text.slice(0, 200)}' is not an entity reference.`);
  const table = tableOfSet(environment, match[1]!);
  return { table, key: parsePredicate(table, match[2]!) };
}

/** The table with this entity set. Throws the documented 404. */
export function tableOfSet(environment: Environment, set: string): Table {
  const table = environment.sets.get(set);
  if (!table) throw errors.noSuchSegment(set);
  return table;
}

/** The inside of the brackets of an address. Throws the documented 400 when it names no declared key. */
export function parsePredicate(table: Table, text: string): KeyPredicate {
  const trimmed = text.trim();
  if (GUID.test(trimmed)) return { id: trimmed.toLowerCase() };
  const parts = splitPairs(trimmed);
  if (parts === undefined) throw errors.badAddress("Bad Request - Error in query syntax.");
  const values = parts.map(([name, literal]) => {
    const column = keyColumn(table, name);
    if (!column) throw errors.keyNotDefined(table.name);
    const value = literalValue(table, column, literal);
    // A row without a value is not covered by the key (section 4), so no such row can be meant.
    if (value === null) throw errors.badAddress(`The value of the key property '${name}' must not be null or empty.`);
    return { column, value };
  });
  const [only] = values;
  if (values.length === 1 && only!.column === keyColumnOf(table) && typeof only!.value === "string") {
    return { id: only!.value };
  }
  return (table.partition && partitionKey(table, values)) || { values };
}

/** The key that every elastic table has, of its id and `partitionid` (create-elastic-tables.md, "Alternate keys"). */
function partitionKey(table: Table, values: { column: Column; value: Cell }[]): KeyPredicate | undefined {
  const id = values.find(({ column }) => column.name === table.idColumn)?.value;
  const partition = values.find(({ column }) => column === table.partition)?.value;
  if (values.length !== 2 || typeof id !== "string" || typeof partition !== "string") return undefined;
  return { id, partition };
}

function keyColumn(table: Table, name: string): Column | undefined {
  // use-elastic-tables.md writes the key's column both ways.
  if (table.partition !== undefined && name === "partitionId") return table.partition;
  const plain = table.columns.get(name);
  if (plain && isProperty(plain) && !isLookup(plain)) return plain;
  const inner = /^_(.+)_value$/.exec(name)?.[1];
  const lookup = inner === undefined ? undefined : table.columns.get(inner);
  return lookup && propertyName(lookup) === name ? lookup : undefined;
}

/** `a='x,''y',b=5` as pairs of name and literal; undefined when it does not parse. */
function splitPairs(text: string): [string, string][] | undefined {
  const pairs: [string, string][] = [];
  const pattern = /\s*(\w+)\s*=\s*('(?:[^']|'')*'|[^,']*)\s*(,|$)/y;
  while (pattern.lastIndex < text.length) {
    const match = pattern.exec(text);
    if (!match) return undefined;
    pairs.push([match[1]!, match[2]!.trim()]);
    if (match[3] === "") break;
  }
  return pairs.length === 0 ? undefined : pairs;
}

function literalValue(table: Table, column: Column, literal: string): Cell {
  if (literal === "null") return null;
  if (literal.startsWith("'")) return storedValue(table, column, literal.slice(1, -1).replaceAll("''", "'"));
  const number = Number(literal);
  if (["int", "bigint", "decimal", "double", "money", "choice"].includes(column.kind) && literal !== "") {
    if (!Number.isNaN(number)) return storedValue(table, column, number);
  }
  if (["guid", "lookup", "customer", "owner", "date", "datetime", "zoneless"].includes(column.kind)) {
    return storedValue(table, column, literal);
  }
  throw errors.badAddress(`The value '${literal}' of '${column.name}' is not a literal of its type.`);
}

/** The row, or undefined when there is none. Throws when the columns are no active key of the table. */
export function findRow(table: Table, key: KeyPredicate): Row | undefined {
  if ("id" in key) return table.byId.get(key.partition === undefined ? key.id : partitionedKey(key.id, key.partition));
  const index = findKey(
    table,
    key.values.map((each) => each.column),
  );
  if (!index) throw errors.keyNotDefined(table.name);
  const entry = entryFrom(index.columns.map((column) => key.values.find((each) => each.column === column)!.value));
  return entry === undefined ? undefined : index.rows.get(entry);
}

/** The error for a row that is not there, by the way it was addressed. */
export function missing(table: Table, key: KeyPredicate): Error {
  return "id" in key ? errors.missing(table.name, key.id) : errors.missingByKey(table.name);
}
