import type { Reply } from "../../http/exchange.ts";
import type { Operation } from "../../operation.ts";
import { errors } from "../errors.ts";
import { isContent } from "../files/content-store.ts";
import { download } from "../files/download.ts";
import { contentRoute } from "../files/route.ts";
import { read, type Table } from "../model.ts";
import { queryColumn } from "../query/fields.ts";
import { requirePrivilege } from "../records/privileges.ts";
import { updateRow } from "../records/write.ts";
import { type ApiRequest, jsonBody, noContent, odata, transact } from "../request.ts";
import { idOf } from "../row.ts";
import type { Segment } from "../wire/address.ts";
import { requireJson } from "../wire/negotiate.ts";
import { writeValue } from "../wire/row-writer.ts";
import { createInCollection } from "./create.ts";
import { addressedKey, sessionToken } from "./partition.ts";
import { checkIfMatch, existing } from "./record.ts";

const SOURCE = "dataverse.md section 4; update-delete-entities-using-web-api.md";

export const PROPERTY_OPERATIONS: Operation[] = [
  { name: "GET property", does: "one value; 204 when there is none", source: SOURCE },
  { name: "GET property/$value", does: "the bare value as text", source: "retrieve-entity-using-web-api.md" },
  { name: "PUT property", does: "changes one value", source: SOURCE },
  { name: "DELETE property", does: "empties one value", source: SOURCE },
];

/** `GET /{set}(key)/{property}/$value`: the value without any wrapping. */
export function rawValueRoute(request: ApiRequest, table: Table, segment: Segment, name: string): Reply {
  if (request.call.method !== "GET") throw errors.wrongVerb(request.call.method);
  const row = existing(table, addressedKey(request, table, segment.key!));
  const column = queryColumn(table, name);
  if (isContent(column)) return download(request, table, row, column, true);
  requirePrivilege(request, table, "Read");
  const value = read(row, column);
  if (value === null) return noContent(0);
  return { status: 200, headers: { "Content-Type": "text/plain", "OData-Version": "4.0" }, body: String(value) };
}

/** One property of one row: `GET`, `PUT {"value": x}`, `DELETE` (dataverse.md section 4). */
export function propertyRoute(request: ApiRequest, table: Table, segment: Segment, name: string): Reply {
  const key = addressedKey(request, table, segment.key!);
  const row = existing(table, key);
  checkIfMatch(request, table, row, key);
  if (request.call.method === "POST") return createInCollection(request, table, row, name);
  const column = queryColumn(table, name);
  if (isContent(column)) return contentRoute(request, table, row, column);
  requireJson(request.call);
  switch (request.call.method) {
    case "GET": {
      requirePrivilege(request, table, "Read");
      const value = read(row, column);
      if (value === null) return noContent(0);
      const context = `${request.base}/$metadata#${table.set}(${idOf(row)})/${name}`;
      return odata(200, `{"@odata.context":${JSON.stringify(context)},"value":${writeValue(column, value)}}`);
    }
    case "PUT": {
      const body = jsonBody(request, table.set);
      if (!("value" in body)) throw errors.badJson(table.set, "The property 'value' was not found.");
      transact(request, (tx) => updateRow(tx, table, row, { [name]: body.value }));
      return noContent(1, sessionToken(request, table));
    }
    case "DELETE":
      transact(request, (tx) => updateRow(tx, table, row, { [name]: null }));
      return noContent(1, sessionToken(request, table));
    default:
      throw errors.wrongVerb(request.call.method);
  }
}
