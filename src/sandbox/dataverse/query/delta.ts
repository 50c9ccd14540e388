import type { Environment } from "../environment.ts";
import { errors } from "../errors.ts";
import type { Table } from "../model.ts";
import { isAlive, type Row, VERSION } from "../row.ts";
import { type Cookie, readDeltaToken } from "./cookie.ts";
import type { QueryOptions } from "./options.ts";

/** Throws unless the table is tracked and the options are ones a tracked read may have (dataverse.md section 10). */
export function checkTrackedOptions(table: Table, options: QueryOptions): void {
  if (!table.tracking) throw errors.trackingOff(table.name);
  const refused = { $filter: options.filter, $orderby: options.orderby, $expand: options.expand, $top: options.top };
  for (const [name, value] of Object.entries(refused)) if (value !== undefined) throw errors.trackingOption(name);
}

/** Changes after a token: rows in their present state by version, then deletions. */
export type Changes = { rows: Row[]; deleted: string[]; more: Cookie | undefined; version: number };

/**
 * Reads the changes since a token, or the next page of them. Throws 0x80044352 when the token has expired, unless the
 * environment answers expired tokens with all rows, as older documentation says it does.
 */
export function readChanges(
  environment: Environment,
  table: Table,
  token: string,
  cookie: Cookie | undefined,
  size: number,
): Changes {
  const since = expiryChecked(environment, readDeltaToken(token));
  const version = cookie?.version ?? environment.version;
  const page = (cookie?.page ?? 1) + 1;
  const rows: Row[] = [];
  const deleted: string[] = [];
  const full = () => rows.length + deleted.length >= size;

  let after = cookie?.after ?? since;
  if (!cookie?.deletions) {
    for (let at = firstVersionAfter(table.logVersions, after); at < table.log.length; at++) {
      const row = table.log[at]!;
      const stamp = table.logVersions[at]!;
      if (stamp > version) break;
      if (row[VERSION] !== stamp || !isAlive(row)) continue;
      if (full()) return { rows, deleted, version, more: { page, after, version, since } };
      rows.push(row);
      after = stamp;
    }
    after = since;
  }
  // A full read stands in for an expired token: it says nothing of deletions.
  if (since < 0) return { rows, deleted, version, more: undefined };
  for (const each of table.deleted) {
    if (each.version <= after || each.version > version) continue;
    // Deleted and created again under the same id: the row has been told, and the tombstone would take it away.
    if (table.byId.has(each.id)) continue;
    if (full()) return { rows, deleted, version, more: { page, after, version, since, deletions: true } };
    deleted.push(each.id);
    after = each.version;
  }
  return { rows, deleted, version, more: undefined };
}

/** How many changes there are after a token, for `/$count?$deltatoken=`. */
export function countChanges(environment: Environment, table: Table, token: string): number {
  const { rows, deleted } = readChanges(environment, table, token, undefined, Number.POSITIVE_INFINITY);
  return rows.length + deleted.length;
}

function expiryChecked(environment: Environment, version: number): number {
  if (version >= environment.oldestToken && version <= environment.version) return version;
  if (environment.expiredTokens === "all rows") return -1;
  throw errors.tokenExpired();
}

function firstVersionAfter(versions: number[], version: number): number {
  let low = 0;
  let high = versions.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (versions[middle]! <= version) low = middle + 1;
    else high = middle;
  }
  return low;
}
