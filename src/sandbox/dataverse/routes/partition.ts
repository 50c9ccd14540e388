import type { Operation } from "../../operation.ts";
import { type Column, read, type Table } from "../model.ts";
import { pairs } from "../query/options.ts";
import { partitionedKey, rowKey } from "../records/partition.ts";
import { type KeyPredicate, parsePredicate } from "../records/references.ts";
import { storedValue } from "../records/values.ts";
import type { ApiRequest } from "../request.ts";
import { idOf, isAlive, type Row } from "../row.ts";

const SOURCE = "elastic-tables.md; use-elastic-tables.md";

/** What rows of elastic tables have of their own, for the support matrix. */
export const ELASTIC_OPERATIONS: Operation[] = [
  {
    name: "partitionId",
    does: "in elastic tables, on GET and DELETE: the partition of a row, or of a list; no effect on other requests",
    source: SOURCE,
  },
  {
    name: "partitionid",
    does: "with the id, what identifies a row of an elastic table: in bodies and as key; empty, the id itself is its partition",
    source: SOURCE,
  },
  { name: "ttlinseconds", does: "a row vanishes so many seconds after its last change", source: SOURCE },
  {
    name: "Elastic upsert",
    does: "PATCH without If-Match puts the body in the place of the whole row",
    source: SOURCE,
  },
  { name: "x-ms-session-token", does: "comes with every write but DELETE", source: SOURCE },
  { name: "MSCRM.SessionToken", does: "accepted: reads always see the newest writes", source: SOURCE },
  {
    name: "No transactions",
    does: "a failed change set or step leaves rows of elastic tables written",
    source: SOURCE,
  },
];

/** The key in an address; in an elastic table `?partitionId=` goes with an id alone. Throws like `parsePredicate`. */
export function addressedKey(request: ApiRequest, table: Table, text: string): KeyPredicate {
  const key = parsePredicate(table, text);
  const partition = "id" in key && key.partition === undefined ? partitionAsked(request, table) : undefined;
  return partition === undefined ? key : { ...key, partition };
}

/** The key of a PATCH or of a bulk item: the body says the partition where the key does not. Throws 400 for no text. */
export function bodyPartition(table: Table, key: KeyPredicate, body: Record<string, unknown>): KeyPredicate {
  if (table.partition === undefined || !("id" in key) || key.partition !== undefined) return key;
  const partition = storedValue(table, table.partition, body[table.partition.name] ?? null);
  return typeof partition === "string" ? { ...key, partition } : key;
}

/** The rows of the partition a list is to be of; undefined: of all. */
export function partitionRows(request: ApiRequest, table: Table): Row[] | undefined {
  const partition = partitionAsked(request, table);
  if (partition === undefined) return undefined;
  return table.rows.filter((row) => isAlive(row) && rowKey(table, row) === partitionedKey(idOf(row), partition));
}

/** The URL parameter `partitionId` of a GET or DELETE, with quotes or without (the page shows both). */
function partitionAsked(request: ApiRequest, table: Table): string | undefined {
  const { method, query } = request.call;
  if (table.partition === undefined || (method !== "GET" && method !== "DELETE")) return undefined;
  const given = pairs(query).find(([name]) => name === "partitionId")?.[1];
  const text = given && (/^'(.*)'$/s.exec(given)?.[1]?.replaceAll("''", "'") ?? given);
  return text === "" ? undefined : text;
}

/** The address of a new row: by the key with a partition of its own (ElasticTableOperations sample), else by its id. */
export function rowAddress(table: Table, row: Row): string {
  const partition = table.partition === undefined ? null : read(row, table.partition);
  if (partition === null) return `${table.set}(${idOf(row)})`;
  const literal = encodeURIComponent(String(partition).replaceAll("'", "''"));
  return `${table.set}(${table.idColumn}=${idOf(row)},partitionid='${literal}')`;
}

/** What a row of an elastic table shows besides the selected columns when it is read alone (the same sample). */
export function shownBesides(table: Table): Column[] {
  if (table.partition === undefined) return [];
  return ["versionnumber", "partitionid", "ownerid", "owningbusinessunit"].flatMap(
    (name) => table.columns.get(name) ?? [],
  );
}

/** The header that answers writes to elastic tables, but not deletions (use-elastic-tables.md, a known issue there). */
export function sessionToken(request: ApiRequest, table: Table): Record<string, string> {
  if (table.partition === undefined) return {};
  return { "x-ms-session-token": `240:8#${request.environment.version}#7=-1` };
}
