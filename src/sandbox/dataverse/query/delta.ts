import type { Operation } from "../../operation.ts";
import type { Environment } from "../environment.ts";
import { errors } from "../errors.ts";
import { read, type Table } from "../model.ts";
import { isAlive, type Row, VERSION } from "../row.ts";
import { type Cookie, readDeltaToken } from "./cookie.ts";
import type { QueryOptions } from "./options.ts";

const source = "dataverse.md section 10";

/** What change tracking can do, for the support matrix. */
export const TRACKING_OPERATIONS: Operation[] = [
  { name: "odata.track-changes", does: "a delta link on the last page of a whole read of a tracked table", source },
  {
    name: "$deltatoken",
    does: "rows changed since, by version, then tombstones of deleted ones; paged like a list",
    source,
  },
  { name: "$count?$deltatoken", does: "how many changes there are", source },
  { name: "ExpireChangeTrackingInDays", does: "how long a token holds, 7 days at first; then 0x80044352", source },
  {
    name: "Change tracking of pairs",
    does: "a many-to-many table is tracked where both ends are, else 0x80072492",
    source,
  },
];

/** Throws unless the table is tracked and the options are ones a tracked read may have (dataverse.md section 10). */
export function checkTrackedOptions(environment: Environment, table: Table, options: QueryOptions): void {
  checkTracked(environment, table);
  const refused = { $filter: options.filter, $orderby: options.orderby, $expand: options.expand, $top: options.top };
  for (const [name, value] of Object.entries(refused)) if (value !== undefined) throw errors.trackingOption(name);
}

/** A table of many-to-many pairs is tracked where both of its ends are (dataverse.md section 10). */
function checkTracked(environment: Environment, table: Table): void {
  if (table.tracking) return;
  if (!table.intersect) throw errors.trackingOff(table.name);
  for (const end of environment.tables.values()) {
    const linked = end.manyToMany.some((link) => link.intersect === table.name);
    if (linked && !end.tracking) throw errors.trackingOffForPairs(table.name, end.name);
  }
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
    for (
      let at = firstAfter(table.logVersions.length, (n) => table.logVersions[n]!, after);
      at < table.log.length;
      at++
    ) {
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
  for (let at = firstAfter(table.deleted.length, (n) => table.deleted[n]!.version, after); ; at++) {
    const each = table.deleted[at];
    if (each === undefined || each.version > version) break;
    // A row made again under the same id is there: its tombstone would take it away from a reader who goes in order.
    if (table.byId.has(each.key)) continue;
    if (full()) return { rows, deleted, version, more: { page, after, version, since, deletions: true } };
    deleted.push(each.key.slice(0, ID_LENGTH));
    after = each.version;
  }
  return { rows, deleted, version, more: undefined };
}

/** How many changes there are after a token, for `/$count?$deltatoken=`. */
export function countChanges(environment: Environment, table: Table, token: string): number {
  checkTracked(environment, table);
  const { rows, deleted } = readChanges(environment, table, token, undefined, Number.POSITIVE_INFINITY);
  return rows.length + deleted.length;
}

const ID_LENGTH = 36;

/** Days a token holds where the organization does not say otherwise (dataverse.md section 10). */
const DEFAULT_DAYS = 7;

function expiryChecked(environment: Environment, { version, issued }: { version: number; issued: number }): number {
  const age = environment.clock.now() - issued;
  const young = age <= daysOf(environment) * 86_400_000;
  if (young && version >= environment.oldestToken && version <= environment.version) return version;
  if (environment.expiredTokens === "all rows") return -1;
  throw errors.tokenExpired();
}

/** The organization's ExpireChangeTrackingInDays. */
function daysOf({ tables, organization }: Environment): number {
  const table = tables.get("organization");
  const row = table?.byId.get(organization);
  const column = table?.columns.get("expirechangetrackingindays");
  const days = row && column ? read(row, column) : null;
  return typeof days === "number" ? days : DEFAULT_DAYS;
}

/** The first of so many ascending versions that is higher than `version`. */
function firstAfter(length: number, versionAt: (n: number) => number, version: number): number {
  let low = 0;
  let high = length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (versionAt(middle) <= version) low = middle + 1;
    else high = middle;
  }
  return low;
}
