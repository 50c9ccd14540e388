import { fold } from "../collation.ts";
import { errors } from "../errors.ts";
import { type Column, type KeyIndex, read, type Table } from "../model.ts";
import { type Cell, idOf, isAlive, type Row } from "../row.ts";

/** A key shows `Pending` on its first reading; it works from then on, or this long after its creation. */
const INDEX_BUILD_MS = 20;

export type KeyStatus = "Pending" | "Active" | "Failed";

/** The status a reader of metadata sees; reading it is what moves a new key on (docs/sandbox.md says so). */
export function readKeyStatus(key: KeyIndex): KeyStatus {
  if (key.failed) return "Failed";
  const status = isUsable(key) ? "Active" : "Pending";
  key.reads++;
  return status;
}

export function isUsable(key: KeyIndex): boolean {
  if (key.failed) return false;
  return key.reads > 0 || key.clock === undefined || key.clock.now() - key.created >= INDEX_BUILD_MS;
}

/** The index entry of a row, or undefined when a key column is empty: such rows the key does not cover (section 4). */
export function entryOf(key: KeyIndex, row: Row): string | undefined {
  if (key.columns.length === 1) return part(read(row, key.columns[0]!));
  return entryFrom(key.columns.map((column) => read(row, column)));
}

export function entryFrom(values: Cell[]): string | undefined {
  const parts = values.map(part);
  return parts.some((each) => each === undefined) ? undefined : parts.join("\u0001");
}

function part(value: Cell): string | undefined {
  if (value === null) return undefined;
  return typeof value === "string" ? fold(value) : String(value);
}

/** Puts a new row into every key. Throws before anything is changed when a value is taken. */
export function enterKeys(table: Table, row: Row): void {
  const { keys } = table;
  if (keys.length === 0) return;
  const entries = keys.map((key) => (key.failed ? undefined : entryOf(key, row)));
  for (let n = 0; n < keys.length; n++) refuseTaken(keys[n]!, entries[n], row);
  for (let n = 0; n < keys.length; n++) if (entries[n] !== undefined) keys[n]!.rows.set(entries[n]!, row);
}

export function leaveKeys(table: Table, row: Row): void {
  for (const key of table.keys) {
    const entry = entryOf(key, row);
    if (entry !== undefined && key.rows.get(entry) === row) key.rows.delete(entry);
  }
}

function refuseTaken(key: KeyIndex, entry: string | undefined, row: Row): void {
  const holder = entry === undefined ? undefined : key.rows.get(entry);
  if (holder === undefined || holder === row) return;
  const values = key.columns.map((column): [string, string] => [column.name, String(read(row, column))]);
  const labels = key.columns.map((column) => column.label || column.name).join(", ");
  throw errors.duplicateKey(key.label, labels, values, idOf(holder));
}

/** Fills the index of a new key from the rows there are; clashing rows make it `Failed`. */
export function buildKey(table: Table, key: KeyIndex): void {
  for (const row of table.rows) {
    const entry = isAlive(row) ? entryOf(key, row) : undefined;
    if (entry === undefined) continue;
    if (key.rows.has(entry)) key.failed = true;
    else key.rows.set(entry, row);
  }
  if (key.failed) key.rows.clear();
}

/** The usable key made of exactly these columns, in any order. */
export function findKey(table: Table, columns: Column[]): KeyIndex | undefined {
  return table.keys.find(
    (key) =>
      isUsable(key) && key.columns.length === columns.length && key.columns.every((column) => columns.includes(column)),
  );
}
