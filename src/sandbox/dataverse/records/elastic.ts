import type { Environment } from "../environment.ts";
import { errors } from "../errors.ts";
import { read, type Table } from "../model.ts";
import type { Row } from "../row.ts";
import { type Draft, drafted, setDrafted } from "./draft.ts";
import { partitionedKey } from "./partition.ts";

// What writing differs by in elastic tables, those that have a `partition`.

/** Under what a new row will stand in `byId`. */
export function draftedKey(table: Table, draft: Draft, id: string): string {
  return partitionedKey(id, drafted(draft, table.partition!) ?? null);
}

/** Columns of the format Json hold JSON (create-elastic-tables.md); a drafted value that is none throws 400. */
export function checkJson(table: Table, draft: Draft): void {
  for (const [n, column] of draft.columns.entries()) {
    const value = draft.values[n];
    if (column.format !== "Json" || typeof value !== "string") continue;
    try {
      JSON.parse(value);
    } catch {
      throw errors.notJson(table.name, column.name);
    }
  }
}

/**
 * An upsert puts its whole payload in the place of the row that is there (use-elastic-tables.md): what it does not name
 * gets its default, or is emptied. The server's own columns and the owner stay.
 */
export function emptyRest(table: Table, draft: Draft): void {
  for (const column of table.columns.values()) {
    if (column.slot < 0 || !column.update || column.computed || column.kind === "owner") continue;
    if (drafted(draft, column) === undefined) setDrafted(draft, column, column.initial ?? null);
  }
}

/** Remembers when the row vanishes, if it is to, so that nothing is looked for before the first one does. */
export function noteExpiry(environment: Environment, table: Table, row: Row): void {
  const end = expiryOf(table, row);
  if (end !== undefined) environment.nextExpiry = Math.min(environment.nextExpiry ?? end, end);
}

/** When a row vanishes, in milliseconds: `ttlinseconds` after its last change; undefined where it stays. */
export function expiryOf(table: Table, row: Row): number | undefined {
  const ttl = read(row, table.columns.get("ttlinseconds")!);
  if (typeof ttl !== "number") return undefined;
  return Date.parse(String(read(row, table.columns.get("modifiedon")!))) + ttl * 1000;
}
