import type { Reply } from "../../http/exchange.ts";
import type { Operation } from "../../operation.ts";
import { errors } from "../errors.ts";
import { type Column, isProperty, read, type Table } from "../model.ts";
import { pairs } from "../query/options.ts";
import { partitionedKey, rowKey } from "../records/partition.ts";
import { requirePrivilege } from "../records/privileges.ts";
import { type ApiRequest, odata, requireMethod } from "../request.ts";
import { idOf, isAlive, type Row } from "../row.ts";
import type { Segment } from "../wire/address.ts";
import { findItems, type Item, type Parameters } from "./evaluate.ts";
import { parseCosmos } from "./syntax.ts";

export const COSMOS_OPERATIONS: Operation[] = [
  {
    name: "ExecuteCosmosSqlQuery",
    does: "Cosmos SQL over an elastic table: SELECT, WHERE, ORDER BY, OFFSET, parameters, pages; no joins or aggregates",
    source: "query-json-columns-elastic-tables.md; ElasticTableOperations sample",
  },
];

const NAMES = ["QueryText", "EntityLogicalName", "QueryParameters", "PageSize", "PagingCookie", "PartitionId"];
const ARGUMENT = /\s*(\w+)\s*=\s*('(?:[^']|'')*'|@\w+|[^,]*?)\s*(?:,|$)/gs;
const LARGEST_PAGE = 5000;
const EXPANDO = { "@odata.type": "#Microsoft.Dynamics.CRM.expando" };

/** `ExecuteCosmosSqlQuery(QueryText=@p1,EntityLogicalName=@p2,...)`: finds rows of an elastic table, also by what is in JSON columns. */
export function executeCosmosSqlQuery(request: ApiRequest, root: Segment): Reply {
  requireMethod(request, "GET");
  const given = parameters(request, root.key ?? "");
  const table = request.environment.tables.get(String(required(given, "EntityLogicalName")));
  if (!table || table.partition === undefined)
    throw errors.badParameter("EntityLogicalName", "it names no elastic table");
  requirePrivilege(request, table, "Read");
  const query = parseCosmos(String(required(given, "QueryText")));
  const partition = given.get("PartitionId");
  const all = findItems(query, items(table, partition), queryParameters(given.get("QueryParameters")));
  const size = Number(given.get("PageSize") ?? LARGEST_PAGE);
  if (!Number.isInteger(size) || size < 1) throw errors.badParameter("PageSize", "it must be a whole number above 0");
  const start = cookieIn(given.get("PagingCookie"));
  const end = start + Math.min(size, LARGEST_PAGE);
  const body = {
    "@odata.context": `${request.base}/$metadata#expando/$entity`,
    ...EXPANDO,
    PagingCookie: end < all.length ? Buffer.from(JSON.stringify({ after: end })).toString("base64") : "",
    HasMore: end < all.length,
    "Result@odata.type": "#Collection(Microsoft.Dynamics.CRM.expando)",
    Result: all.slice(start, end).map((each) => (isObject(each) ? { ...EXPANDO, ...each } : each)),
  };
  return odata(200, JSON.stringify(body));
}

const isObject = (value: unknown): value is object =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The arguments in the brackets, each a literal or an `@alias` of the query string. */
function parameters(request: ApiRequest, brackets: string): Map<string, unknown> {
  const aliases = new Map(pairs(request.call.query));
  const found = new Map<string, unknown>();
  for (const [, name = "", literal = ""] of brackets.matchAll(ARGUMENT)) {
    if (!NAMES.includes(name)) throw errors.unknownParameter(name, "ExecuteCosmosSqlQuery");
    found.set(name, literalValue(name, literal.startsWith("@") ? aliases.get(literal) : literal));
  }
  return found;
}

function literalValue(name: string, literal: string | undefined): unknown {
  if (literal === undefined || literal === "" || literal === "null") return undefined;
  if (literal.startsWith("'") && literal.endsWith("'") && literal.length > 1) {
    return literal.slice(1, -1).replaceAll("''", "'");
  }
  if (/^\d+$/.test(literal)) return Number(literal);
  // The page writes JSON with single quotes, the sample with double ones.
  for (const text of [literal, literal.replaceAll("'", '"')]) {
    try {
      return JSON.parse(text);
    } catch {}
  }
  throw errors.badParameter(name, "it is no literal");
}

function required(given: Map<string, unknown>, name: string): unknown {
  const value = given.get(name);
  if (value === undefined) throw errors.missingParameter(name, "ExecuteCosmosSqlQuery");
  return value;
}

/** `{"Keys": ["@a"], "Values": [{"Type": "System.Int32", "Value": "5"}]}`: numbers and truth values come as text. */
function queryParameters(given: unknown): Parameters {
  const { Keys: keys = [], Values: values = [] } = (isObject(given) ? given : {}) as Record<string, unknown>;
  if (!Array.isArray(keys) || !Array.isArray(values) || keys.length !== values.length) {
    throw errors.badParameter("QueryParameters", "it must have as many Values as Keys");
  }
  return new Map(keys.map((key, n) => [String(key), typed(values[n])]));
}

function typed(given: unknown): unknown {
  const { Type: type, Value: value } = (isObject(given) ? given : { Value: given }) as Record<string, unknown>;
  if (/^System\.(Int\d\d|Double|Decimal)$/.test(String(type))) return Number(value);
  return type === "System.Boolean" ? String(value).toLowerCase() === "true" : value;
}

function cookieIn(given: unknown): number {
  if (given === undefined) return 0;
  const after = /^\{"after":(\d{1,9})\}$/.exec(Buffer.from(String(given), "base64").toString())?.[1];
  if (after === undefined) throw errors.badParameter("PagingCookie", "it is none that was given out");
  return Number(after);
}

function* items(table: Table, partition: unknown): Generator<Item> {
  const columns = [...table.columns.values()].filter((column) => isProperty(column) && !column.writeOnly);
  for (const row of table.rows) {
    if (!isAlive(row)) continue;
    if (partition !== undefined && rowKey(table, row) !== partitionedKey(idOf(row), String(partition))) continue;
    yield itemOf(row, columns);
  }
}

/** Text from before its column got the format Json stays text. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** Columns without a value are not there; those of the format Json are there as what they hold. */
function itemOf(row: Row, columns: Column[]): Item {
  const props: Record<string, unknown> = {};
  for (const column of columns) {
    const value = read(row, column);
    if (value !== null) props[column.name] = column.format === "Json" ? parsed(String(value)) : value;
  }
  return { id: idOf(row), ...(props.ttlinseconds === undefined ? {} : { ttl: props.ttlinseconds }), props };
}
