import type { Reply } from "../../http/exchange.ts";
import type { Operation } from "../../operation.ts";
import { errors, ODataError } from "../errors.ts";
import { answerFetch } from "../fetchxml/answer.ts";
import type { Page } from "../fetchxml/page.ts";
import type { Fetch } from "../fetchxml/syntax.ts";
import { parseXml } from "../fetchxml/xml.ts";
import type { Table } from "../model.ts";
import { NOT_BUILT, pairs } from "../query/options.ts";
import type { ApiRequest } from "../request.ts";
import type { Row } from "../row.ts";
import { parseSelect } from "./parse.ts";
import { fetchOf } from "./to-fetch.ts";

/** The SQL of a request, or undefined. */
export function sqlOf(query: string): string | undefined {
  if (!query.includes("sql=")) return undefined;
  return pairs(query).find(([name]) => name === "sql")?.[1];
}

/**
 * Answers `GET /{set}?sql=SELECT ...`, in pages by odata.maxpagesize and @odata.nextLink. Source: webapi/query/sql.md;
 * what the SDK for Python offers beyond it: TOP and OFFSET ... FETCH.
 */
export function sqlReply(request: ApiRequest, table: Table, sql: string, within?: Row[]): Reply {
  const select = parseSelect(sql);
  const fetch = fetchOf(request.environment, select);
  const given = pairs(request.call.query);
  const absent = given.find(([name]) => NOT_BUILT.has(name));
  if (absent) throw errors.notBuilt(`The query option ${absent[0]}`);
  const odd = given.find(([name]) => name.startsWith("$") && name !== "$skiptoken");
  if (odd) throw errors.badQuery(`The query parameter ${odd[0]} cannot be used with sql.`);
  const paged = select.top === undefined && select.window === undefined;
  if (!paged) return answerFetch(request, table, fetch, within);
  const token = given.find(([name]) => name === "$skiptoken")?.[1];
  const place = token === undefined ? {} : placeOf(token);
  const count = request.prefer.maxPageSize;
  const next = (page: Page): string | undefined => {
    if (!page.more) return undefined;
    const number = (place.page ?? 1) + 1;
    const cookie = page.cookie ?? `<cookie pagenumber="${number}" istracking="False" />`;
    return `${request.base}/${table.set}?sql=${encodeURIComponent(sql)}&$skiptoken=${encodeURIComponent(cookie)}`;
  };
  return answerFetch(request, table, { ...fetch, count, ...place }, within, next);
}

/** The page a $skiptoken names. Throws 400 for one that is none of ours. */
function placeOf(token: string): Partial<Fetch> {
  try {
    const { name, attributes } = parseXml(token);
    const page = /^\d{1,9}$/.exec(attributes.get("pagenumber") ?? "")?.[0];
    if (name === "cookie" && page !== undefined && page !== "0") {
      const inner = attributes.get("pagingcookie");
      const cookie = inner === undefined ? undefined : decodeURIComponent(decodeURIComponent(inner));
      return { page: Number(page), cookie };
    }
  } catch (error) {
    if (!(error instanceof ODataError || error instanceof URIError)) throw error;
  }
  throw errors.badQuery("Malformed XML in the Paging Cookie");
}

const SOURCE = "webapi/query/sql.md";

/** SQL as the support matrix lists it. */
export const SQL_OPERATIONS: Operation[] = [
  {
    name: "sql",
    does: "one SELECT of named columns, with aliases; DISTINCT; pages by odata.maxpagesize",
    source: SOURCE,
  },
  { name: "sql JOIN", does: "INNER and LEFT, of several tables, also of one with itself", source: SOURCE },
  {
    name: "sql WHERE",
    does: "columns against literals: comparisons, LIKE, IN, BETWEEN, IS NULL, AND, OR",
    source: SOURCE,
  },
  { name: "sql ORDER BY", does: "by columns or their aliases", source: SOURCE },
  { name: "sql GROUP BY", does: "COUNT, SUM, AVG, MIN and MAX, of groups or of all rows", source: SOURCE },
  {
    name: "sql TOP",
    does: "at most so many rows; OFFSET ... FETCH NEXT by whole pages",
    source: "sdk-python/query.md",
  },
];
