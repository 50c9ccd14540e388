import type { Operation } from "../../operation.ts";
import { comparable } from "../collation.ts";
import { errors } from "../errors.ts";
import { type Column, isLookup } from "../model.ts";
import { digitsOf, roundTo } from "../records/values.ts";
import { singleNavigation } from "../relationships.ts";
import { type Cell, isAlive, type Row } from "../row.ts";
import { formattedCell } from "../wire/formatted.ts";
import { pageBytes } from "../wire/page-buffer.ts";
import { FORMATTED, writeValue } from "../wire/row-writer.ts";
import { type Aggregate, parseApply } from "./apply-syntax.ts";
import { readCookie, writeCookie } from "./cookie.ts";
import type { Field } from "./evaluate.ts";
import { fieldAt, type Reader } from "./fields.ts";
import { type ListRequest, nextLink } from "./list.ts";
import { PAGE_SIZE } from "./options.ts";
import { ranked } from "./order.ts";
import { rowFilter } from "./row-filter.ts";

const SOURCE = "query/aggregate-data.md";

export const APPLY_OPERATIONS: Operation[] = [
  { name: "$apply aggregate", does: "sum, average, min, max, countdistinct and $count over all rows", source: SOURCE },
  {
    name: "$apply groupby",
    does: "the same by columns, also of linked rows, or distinct values alone",
    source: SOURCE,
  },
  { name: "$apply filter", does: "in front of both; at most 50,000 rows go in", source: SOURCE },
];

/** Rows that may be aggregated (dataverse.md section 6). */
const MOST_ROWS = 50_000;
/** Digits after the point that sums and averages of money show. */
const MONEY_DIGITS = 9;

type Group = { name: string; field: Field<Row> };
type Result = Aggregate & { field: Field<Row> | undefined };
/** What is gathered of one aggregate: how many values, their sum, the ends, and which ones. */
type Sum = { count: number; total: number; least: Cell; most: Cell; distinct: Set<Cell> };
type Bucket = { row: Row | undefined; keys: Cell[]; sums: Sum[] };

/** The JSON of a list with $apply: a row for each group, nothing where a value is empty. Throws 400 (section 6). */
export function applyPage(request: ListRequest): Buffer {
  const { table, options, prefer, base } = request;
  refuseBeside(request);
  const apply = parseApply(options.apply!);
  const groups = apply.groups.map((path) => groupOf(request, table, path));
  const results = apply.aggregates.map((each) => resultOf(request, table, each));
  const filter = apply.filter === undefined ? undefined : rowFilter(request, table, apply.filter, options.aliases);
  const rows = (request.rows ?? filter?.among ?? table.rows).filter(
    (row) => isAlive(row) && (!filter || filter.passes(row)),
  );
  if (rows.length > MOST_ROWS) throw errors.aggregateLimit();

  const order = ordering(options.orderby, groups);
  const buckets = bucketsOf(rows, groups, results).sort(order);
  const start = options.skiptoken === undefined ? 0 : Math.max(0, Math.trunc(readCookie(options.skiptoken).after));
  const top = prefer.maxPageSize === undefined ? options.top : undefined;
  const size = Math.min(top ?? prefer.maxPageSize ?? PAGE_SIZE, PAGE_SIZE);
  const shown = buckets.slice(start, start + size);
  const end = start + shown.length;
  const following = { page: Math.floor(end / Math.max(size, 1)) + 1, after: end };
  const more = top === undefined && end < buckets.length && size > 0;
  const link = more ? `,"@odata.nextLink":${JSON.stringify(nextLink(request, writeCookie(following)))}` : "";
  const count = options.count ? `,"@odata.count":${Math.min(buckets.length, PAGE_SIZE)}` : "";
  const context = JSON.stringify(`${base}/$metadata#${table.set}`);
  return pageBytes(
    `{"@odata.context":${context}${count},"value":[`,
    shown.map((bucket) => written(request, bucket, groups, results)),
    `]${link}}`,
  );
}

function refuseBeside({ options, prefer }: ListRequest): void {
  if (options.filter !== undefined) throw errors.notBuilt("$filter beside $apply (put it into filter(...))");
  if (options.select !== undefined) throw errors.badQuery("The query option $select cannot be used with $apply.");
  if (options.expand !== undefined) throw errors.badQuery("The query option $expand cannot be used with $apply.");
  if (prefer.trackChanges || options.deltatoken !== undefined)
    throw errors.badQuery("The $apply query parameter isn't supported when Change Tracking is enabled.");
}

/** A column to group by. One of a linked row goes by the name of its table: `contact_fullname`. */
function groupOf(reader: Reader, table: ListRequest["table"], path: string[]): Group {
  const field = fieldAt(reader, table, path);
  if (field.type === "datetime" || field.type === "date") {
    throw errors.badQuery(`Grouping by '${path.join("/")}' is not supported: it is a date and time.`);
  }
  if (path.length === 1) return { name: path[0]!, field };
  let target = table;
  for (const name of path.slice(0, -1)) target = singleNavigation(reader.environment, target, name)?.target ?? target;
  return { name: `${target.name}_${path.at(-1)}`, field };
}

function resultOf(reader: Reader, table: ListRequest["table"], aggregate: Aggregate): Result {
  if (aggregate.method === "$count") return { ...aggregate, field: undefined };
  const field = fieldAt(reader, table, aggregate.path);
  const ends = aggregate.method === "min" || aggregate.method === "max";
  const dated = field.type === "datetime" || field.type === "date";
  if (aggregate.method !== "countdistinct" && field.type !== "number" && !(ends && dated)) {
    throw errors.badQuery(`'${aggregate.path.join("/")}' cannot be aggregated with ${aggregate.method}.`);
  }
  return { ...aggregate, field };
}

function bucketsOf(rows: Row[], groups: Group[], results: Result[]): Bucket[] {
  const buckets = new Map<string, Bucket>();
  const empty = (): Sum => ({ count: 0, total: 0, least: null, most: null, distinct: new Set() });
  // Without groups there is one result, also over nothing.
  if (groups.length === 0) buckets.set("[]", { row: rows[0], keys: [], sums: results.map(empty) });
  for (const row of rows) {
    const keys = groups.map(({ field }) => field.get(row));
    const text = JSON.stringify(keys.map(comparable));
    let bucket = buckets.get(text);
    if (!bucket) {
      bucket = { row, keys, sums: results.map(empty) };
      buckets.set(text, bucket);
    }
    for (const [n, { field, method }] of results.entries()) add(bucket.sums[n]!, method, field ? field.get(row) : 1);
  }
  return [...buckets.values()];
}

function add(sum: Sum, method: Result["method"], value: Cell): void {
  if (value === null) return;
  sum.count++;
  if (typeof value === "number") sum.total += value;
  if (method === "countdistinct") sum.distinct.add(comparable(value));
  if (sum.least === null || value < sum.least) sum.least = value;
  if (sum.most === null || value > sum.most) sum.most = value;
}

/** $orderby by columns that are grouped by; without it by all of them in turn. */
function ordering(text: string | undefined, groups: Group[]): (a: Bucket, b: Bucket) => number {
  const wanted = (text?.split(",") ?? groups.map((group) => group.name)).map((part) => {
    const [name = "", direction = "asc"] = part.trim().split(/\s+/);
    const at = groups.findIndex((group) => group.name === name);
    // The documented answer to $orderby with an aggregate (query/aggregate-data.md).
    if (at < 0) throw errors.queryNode("SingleValueOpenPropertyAccess");
    return { at, sign: direction === "desc" ? -1 : 1 };
  });
  return (a, b) => {
    for (const { at, sign } of wanted) {
      const difference = ranked(comparable(a.keys[at]!), comparable(b.keys[at]!));
      if (difference !== 0) return sign * difference;
    }
    return 0;
  };
}

function written(
  { environment, table, prefer }: ListRequest,
  bucket: Bucket,
  groups: Group[],
  results: Result[],
): string {
  const parts: string[] = [];
  const formatted = prefer.wants(FORMATTED);
  const put = (name: string, text: string, label: string | undefined) => {
    if (label !== undefined && formatted) parts.push(`"${name}@${FORMATTED}":${JSON.stringify(label)}`);
    parts.push(`"${name}":${text}`);
  };
  const label = (column: Column, value: Cell) =>
    bucket.row && formattedCell(environment, table, bucket.row, column, value);
  for (const [n, { name, field }] of groups.entries()) {
    const value = bucket.keys[n]!;
    const column = field.column!;
    if (value === null) continue;
    // Labels of a lookup are names of its row's own links: a column of another table has none of those here.
    const foreign = isLookup(column) && !name.startsWith("_");
    put(name, writeValue(column, value), foreign ? undefined : label(column, value));
  }
  for (const [n, result] of results.entries()) {
    const value = cellOf(result, bucket.sums[n]!);
    const column = result.field?.column;
    if (value === null) continue;
    const counted = result.method === "$count" || result.method === "countdistinct" || !column;
    if (counted) put(result.alias, String(value), Number(value).toLocaleString("en-US"));
    else put(result.alias, aggregateText(column, result, value), label(column, value));
  }
  return `{${parts.join(",")}}`;
}

function aggregateText(column: Column, { method }: Result, value: Cell): string {
  if (column.kind === "money" && (method === "sum" || method === "average"))
    return (value as number).toFixed(MONEY_DIGITS);
  return writeValue(column, value);
}

function cellOf({ method, field }: Result, sum: Sum): Cell {
  const digits = field?.column ? digitsOf(field.column) : 0;
  switch (method) {
    case "sum":
      return roundTo(sum.total, digits);
    case "average": {
      if (sum.count === 0) return null;
      const whole = field?.column?.kind === "int" || field?.column?.kind === "bigint";
      return whole ? Math.trunc(sum.total / sum.count) : roundTo(sum.total / sum.count, digits);
    }
    case "min":
      return sum.least;
    case "max":
      return sum.most;
    case "countdistinct":
      return sum.distinct.size;
    default:
      return sum.count;
  }
}
