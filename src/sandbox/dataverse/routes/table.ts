import type { Reply } from "../../http/exchange.ts";
import { errors } from "../errors.ts";
import { fetchReply, fetchXmlOf } from "../fetchxml/answer.ts";
import type { Table } from "../model.ts";
import { applyPage } from "../query/apply.ts";
import { countChanges } from "../query/delta.ts";
import { deltaPage } from "../query/delta-page.ts";
import { countRows, type ListRequest, listFilter, listPage } from "../query/list.ts";
import { PAGE_SIZE, parseOptions } from "../query/options.ts";
import { requirePrivilege } from "../records/privileges.ts";
import { type ApiRequest, applied, odata } from "../request.ts";
import type { Row } from "../row.ts";
import { sqlOf, sqlReply } from "../sql/answer.ts";
import { createRecord } from "./create.ts";
import { partitionRows } from "./partition.ts";

/** `GET` and `POST /{set}`. */
export function tableRoute(request: ApiRequest, table: Table): Reply {
  if (request.call.method === "GET") {
    const xml = fetchXmlOf(request.call.query);
    if (xml !== undefined) return fetchReply(request, table, xml, partitionRows(request, table));
    const sql = sqlOf(request.call.query);
    if (sql !== undefined) return sqlReply(request, table, sql, partitionRows(request, table));
    return readTable(request, table);
  }
  if (request.call.method === "POST") return createRecord(request, table);
  throw errors.wrongVerb(request.call.method);
}

/** What a list is asked for: a whole table, or with `rows` the collection of one row that `path` leads to. */
export function listRequest(request: ApiRequest, table: Table, path = table.set, rows?: Row[]): ListRequest {
  requirePrivilege(request, table, "Read");
  const { environment, actor, prefer, base } = request;
  const { query } = request.call;
  return { environment, actor, table, path, options: parseOptions(query), prefer, base, query, ...(rows && { rows }) };
}

function readTable(request: ApiRequest, table: Table): Reply {
  const list = listRequest(request, table, table.set, partitionRows(request, table));
  const { apply, deltatoken } = list.options;
  if (list.rows && deltatoken !== undefined) throw errors.trackedCollection();
  const body = apply !== undefined ? applyPage(list) : deltatoken === undefined ? listPage(list) : deltaPage(list);
  return odata(200, body, applied(request, { list: true }));
}

/** `GET /{set}/$count`: plain text, capped like $count (dataverse.md section 6); with a delta token, the changes. */
export function countRoute(request: ApiRequest, table: Table): Reply {
  if (request.call.method !== "GET") throw errors.wrongVerb(request.call.method);
  const list = listRequest(request, table, table.set, partitionRows(request, table));
  const token = list.options.deltatoken;
  if (list.rows && token !== undefined) throw errors.trackedCollection();
  if (list.options.apply !== undefined) throw errors.notBuilt("The query option $apply on /$count");
  return countReply(
    token === undefined ? countRows(list, listFilter(list)) : countChanges(list.environment, table, token),
  );
}

/** The number behind a byte order mark, which the service sends (retrieve-entity-using-web-api.md). */
export function countReply(count: number): Reply {
  return {
    status: 200,
    headers: { "Content-Type": "text/plain", "OData-Version": "4.0" },
    body: `\ufeff${Math.min(count, PAGE_SIZE)}`,
  };
}
