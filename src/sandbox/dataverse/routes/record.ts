import type { Reply } from "../../http/exchange.ts";
import type { Operation } from "../../operation.ts";
import { errors } from "../errors.ts";
import type { Table } from "../model.ts";
import { parseOptions } from "../query/options.ts";
import { deleteRow } from "../records/delete.ts";
import { requireType } from "../records/draft.ts";
import { requirePrivilege } from "../records/privileges.ts";
import { findRow, type KeyPredicate, missing } from "../records/references.ts";
import { requireWritable, updateRow, upsertRow } from "../records/write.ts";
import { type ApiRequest, headerOf, jsonBody, noContent, transact } from "../request.ts";
import { etagOf, type Row } from "../row.ts";
import type { Segment } from "../wire/address.ts";
import { addressedKey, bodyPartition, sessionToken } from "./partition.ts";
import { checkRepresentation, representation } from "./representation.ts";

const SOURCE = "dataverse.md section 4; perform-conditional-operations-using-web-api.md";

export const RECORD_OPERATIONS: Operation[] = [
  { name: "GET row", does: "one row by id or alternate key", source: SOURCE },
  { name: "PATCH row", does: "updates a row, or creates it with that id or key (upsert)", source: SOURCE },
  { name: "DELETE row", does: "deletes a row", source: SOURCE },
  { name: "HEAD row", does: "the headers of GET, without the body", source: "HTTP" },
  { name: "Prefer: return=representation", does: "POST 201, PATCH 200 or 201, with the row", source: SOURCE },
  { name: "If-Match", does: "an etag guards against lost updates, * against creating", source: SOURCE },
  { name: "If-None-Match", does: "304 on GET, * on PATCH creates only, null means nothing", source: SOURCE },
  { name: "Alternate key", does: "composite, with lookups, choices, numbers and dates", source: SOURCE },
];

/** `GET`, `PATCH` and `DELETE /{set}(key)`, with the conditions of dataverse.md section 4. */
export function recordRoute(request: ApiRequest, table: Table, segment: Segment): Reply {
  const key = addressedKey(request, table, segment.key!);
  switch (request.call.method) {
    case "GET":
      return retrieve(request, table, key);
    case "PATCH":
      return upsert(request, table, key, segment);
    case "DELETE":
      return remove(request, table, key);
    default:
      throw errors.wrongVerb(request.call.method);
  }
}

/** The addressed row. Throws the documented 404. */
export function existing(table: Table, key: KeyPredicate): Row {
  const row = findRow(table, key);
  if (!row) throw missing(table, key);
  return row;
}

function retrieve(request: ApiRequest, table: Table, key: KeyPredicate): Reply {
  requirePrivilege(request, table, "Read");
  const options = parseOptions(request.call.query);
  checkRepresentation(request, table, options);
  const row = existing(table, key);
  const known = condition(request, "if-none-match");
  if (known !== undefined && request.prefer.annotations === undefined && options.expand === undefined) {
    if (!table.concurrency) throw errors.concurrencyOff(table.name);
    if (names(known, row)) return { status: 304, headers: { "OData-Version": "4.0", ETag: etagOf(row) } };
  }
  return representation(request, table, row, options, 200);
}

function upsert(request: ApiRequest, table: Table, addressed: KeyPredicate, segment: Segment): Reply {
  const body = jsonBody(request, table.set);
  requireType(table, body);
  const key = bodyPartition(table, addressed, body);
  const options = parseOptions(request.call.query);
  checkRepresentation(request, table, options);
  const row = findRow(table, key);
  if (condition(request, "if-none-match") === "*" && row) throw errors.duplicateId();
  checkIfMatch(request, table, row, key);
  // Without the condition the body takes the place of the whole row (use-elastic-tables.md).
  const updatesOnly = table.partition !== undefined && condition(request, "if-match") !== undefined;
  const result = transact(request, (tx) => {
    if (!row || !updatesOnly) return upsertRow(tx, table, row, body, key);
    updateRow(tx, table, row, body);
    return { row, created: false };
  });
  const token = sessionToken(request, table);
  if (request.prefer.representation) {
    const reply = representation(request, table, result.row, options, result.created ? 201 : 200);
    return { ...reply, headers: { ...reply.headers, ...token }, rows: 1 };
  }
  // The key form comes back as it was sent, not as the id (section 4), but for the column of a partition.
  const address = table.partition === undefined ? segment.raw : segment.raw.replace("partitionId=", "partitionid=");
  return noContent(1, { "OData-EntityId": `${request.base}/${address}`, ...token });
}

function remove(request: ApiRequest, table: Table, key: KeyPredicate): Reply {
  const row = existing(table, key);
  checkIfMatch(request, table, row, key);
  requireWritable(request.actor, table, "Delete");
  transact(request, (tx) => deleteRow(tx, table, row));
  return noContent(1);
}

/** `If-Match: *` asks for the row to be there, an etag for that version of it. */
export function checkIfMatch(request: ApiRequest, table: Table, row: Row | undefined, key: KeyPredicate): void {
  const wanted = condition(request, "if-match");
  if (wanted === undefined) return;
  if (!row) throw missing(table, key);
  if (wanted === "*") return;
  if (!table.concurrency) throw errors.concurrencyOff(table.name);
  if (!names(wanted, row)) throw errors.staleVersion();
}

/** Whether a condition means this version of the row: `*`, its etag, or a list that has it. */
function names(condition: string, row: Row): boolean {
  return condition === "*" || condition.split(",").some((each) => each.trim() === etagOf(row));
}

/** A condition header; `null` is what clients send to defeat caches, and means nothing (section 1). */
function condition(request: ApiRequest, name: "if-match" | "if-none-match"): string | undefined {
  const value = headerOf(request, name)?.trim();
  return value === undefined || value === "null" || value === "" ? undefined : value;
}
