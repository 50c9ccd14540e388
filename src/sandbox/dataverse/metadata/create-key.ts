import { emptyKey } from "../build.ts";
import { errors } from "../errors.ts";
import type { Column, KeyIndex, Kind, Table } from "../model.ts";
import { buildKey } from "../records/keys.ts";
import { labelText } from "./label.ts";
import { changed, customName, type Maker } from "./maker.ts";

/** Limits of keys (dataverse.md section 3). */
const MOST_KEYS = 10;
const MOST_COLUMNS = 16;
const MOST_BYTES = 900;
const ALLOWED: Partial<Record<Kind, (column: Column) => number>> = {
  text: (column) => (column.max ?? 100) * 2,
  decimal: () => 17,
  int: () => 4,
  choice: () => 4,
  date: () => 8,
  datetime: () => 8,
  zoneless: () => 8,
  lookup: () => 16,
  customer: () => 16,
};

/**
 * `POST EntityDefinitions(...)/Keys`: `{SchemaName, DisplayName, KeyAttributes: [...]}`. The index is built at once;
 * its status still reads `Pending` first, since clients must be ready for that.
 */
export function createKey(maker: Maker, table: Table, body: Record<string, unknown>): KeyIndex {
  if (table.partition !== undefined) throw errors.elastic("alternate keys of one's own");
  const schema = customName(maker, body.SchemaName, "key");
  const attributes = body.KeyAttributes;
  if (!Array.isArray(attributes) || attributes.length === 0)
    throw errors.badSchema("KeyAttributes must list the columns.");
  const columns = attributes.map((name) => keyColumn(table, name));
  const name = schema.toLowerCase();
  if (table.keys.some((key) => key.name === name)) throw errors.keyNameExists(name, table.name);
  if (table.keys.some((key) => sameColumns(key.columns, columns))) throw errors.sameKeyExists();
  if (table.keys.length >= MOST_KEYS) throw errors.badSchema(`A table cannot have more than ${MOST_KEYS} keys.`);
  if (columns.length > MOST_COLUMNS) throw errors.badSchema(`A key cannot have more than ${MOST_COLUMNS} columns.`);
  const bytes = columns.reduce((sum, column) => sum + ALLOWED[column.kind]!(column), 0);
  if (bytes > MOST_BYTES)
    throw errors.badSchema(`The columns of the key take ${bytes} bytes, more than ${MOST_BYTES}.`);

  const label = labelText(body.DisplayName) ?? schema;
  const key = emptyKey(
    table,
    name,
    schema,
    label,
    columns.map((column) => column.name),
  );
  beginIndex(maker, table, key);
  table.keys.push(key);
  changed(maker.environment, table);
  return key;
}

function keyColumn(table: Table, name: unknown): Column {
  const column = typeof name === "string" ? table.columns.get(name) : undefined;
  if (!column) throw errors.noSuchProperty(String(name), table.name);
  if (!column.create || !column.update) throw errors.keyColumn(column.name, column.id);
  if (!ALLOWED[column.kind] || column.secured) {
    throw errors.badSchema(`The column '${column.name}' is of a type that keys do not allow.`);
  }
  return column;
}

function sameColumns(a: Column[], b: Column[]): boolean {
  return a.length === b.length && a.every((column) => b.includes(column));
}

/** Builds the index, and lets its status begin with `Pending`. */
function beginIndex(maker: Maker, table: Table, key: KeyIndex): void {
  key.clock = maker.environment.clock;
  key.created = maker.environment.clock.now();
  key.reads = 0;
  key.failed = false;
  key.rows.clear();
  buildKey(table, key);
}

/** `ReactivateEntityKey`: another try at the index of a key that failed (define-alternate-keys-entity.md). */
export function reactivateKey(maker: Maker, body: Record<string, unknown>): void {
  const table = maker.environment.tables.get(String(body.EntityLogicalName));
  if (!table) throw errors.missing("EntityMetadata", String(body.EntityLogicalName));
  const key = table.keys.find((each) => each.name === body.EntityKeyLogicalName);
  if (!key) throw errors.missing("EntityKeyMetadata", String(body.EntityKeyLogicalName));
  if (!key.failed) throw errors.badSchema(`The key '${key.name}' has not failed.`);
  beginIndex(maker, table, key);
  changed(maker.environment, table);
}
