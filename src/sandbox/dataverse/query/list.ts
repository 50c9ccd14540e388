import { firstAfter } from "../build.ts";
import { compare } from "../collation.ts";
import type { Environment } from "../environment.ts";
import { errors } from "../errors.ts";
import { type Column, read, type Table } from "../model.ts";
import { type Cell, isAlive, type Row, SEQUENCE } from "../row.ts";
import { pageBytes } from "../wire/page-buffer.ts";
import type { Preferences } from "../wire/prefer.ts";
import { rowWriter, selectedColumns } from "../wire/row-writer.ts";
import { type Cookie, readCookie, writeCookie, writeDeltaToken } from "./cookie.ts";
import { checkTrackedOptions } from "./delta.ts";
import { compileFilter } from "./evaluate.ts";
import { queryColumn, rowFields } from "./fields.ts";
import type { QueryOptions } from "./options.ts";
import { cachedRows } from "./page-cache.ts";
import { parseFilter } from "./parser.ts";

/** Dataverse's page size, and the most $top and $count give (dataverse.md section 6). */
export const PAGE_SIZE = 5000;

type Order = { column: Column; descending: boolean }[];

/** `base` is the address of the Web API; `address` the request's own, without its query, for links. */
export type ListRequest = {
  environment: Environment;
  table: Table;
  options: QueryOptions;
  prefer: Preferences;
  base: string;
  query: string;
};

/** The JSON of one page of a table. Source: dataverse.md sections 6 and 10. */
export function listPage(request: ListRequest): Buffer {
  const { environment, table, options, prefer, base } = request;
  const cookie = options.skiptoken === undefined ? undefined : readCookie(options.skiptoken);
  const tracked = prefer.trackChanges || cookie?.version !== undefined;
  if (tracked) checkTrackedOptions(table, options);
  if (options.expand !== undefined) throw errors.notBuilt("The query option $expand");
  const version = cookie?.version ?? environment.version;

  const columns = selectedColumns(table, options.select);
  const filter = rowFilter(request);
  const order = parseOrder(table, options.orderby);
  // $top does not count where the client pages (section 6).
  const top = prefer.maxPageSize === undefined ? options.top : undefined;
  const size = Math.min(top ?? prefer.maxPageSize ?? PAGE_SIZE, PAGE_SIZE);
  const write = rowWriter(environment, table, columns, prefer);
  // What depends on nothing but the row itself can be kept as bytes.
  const plain = !filter && order.length === 0 && prefer.annotations === undefined;
  const stretch =
    plain && !columns.some((column) => column.computed)
      ? cachedRows(table, selectText(options.select), write, cookie ? firstAfter(table.rows, cookie.after) : 0, size)
      : undefined;
  const { rows, more, last } = stretch ? { ...stretch, rows: [] } : pageOf(table, filter, order, cookie, size);

  const before = `{"@odata.context":${JSON.stringify(`${base}/$metadata#${table.set}${selectText(options.select)}`)}${countText(request, filter)},"value":[`;
  let after = "]";
  if (more && last && top === undefined) {
    const following: Cookie = {
      page: (cookie?.page ?? 1) + 1,
      after: last[SEQUENCE] as number,
      ...(order.length > 0 ? { values: order.map(({ column }) => read(last, column)) } : {}),
      ...(tracked ? { version } : {}),
    };
    after += `,"@odata.nextLink":${JSON.stringify(nextLink(request, writeCookie(following)))}`;
  } else if (tracked) {
    after += `,"@odata.deltaLink":${JSON.stringify(deltaLink(request, version))}`;
  }
  return stretch ? joined(before, stretch.bytes, `${after}}`) : pageBytes(before, written(rows, write), `${after}}`);
}

/** Each stretch ends with the comma that belongs between rows; the last one is too much. */
function joined(before: string, stretch: Buffer[], after: string): Buffer {
  const last = stretch.pop();
  const rows = last ? [...stretch, last.subarray(0, -1)] : [];
  return Buffer.concat([Buffer.from(before), ...rows, Buffer.from(after)]);
}

function* written(rows: Row[], write: (row: Row) => string): Generator<string> {
  for (const row of rows) yield write(row);
}

/** The filter of a request, or undefined when every row is in. */
export function rowFilter({ environment, table, options }: ListRequest): ((row: Row) => boolean) | undefined {
  if (options.filter === undefined) return undefined;
  return compileFilter(parseFilter(options.filter, options.aliases), rowFields(environment, table));
}

/** `(a,b)` as @odata.context names the selected columns. */
export function selectText(select: string[] | undefined): string {
  return select === undefined ? "" : `(${select.join(",")})`;
}

function countText(request: ListRequest, filter: ((row: Row) => boolean) | undefined): string {
  const { options, prefer } = request;
  const total = options.count ? countRows(request.table, filter) : -1;
  let text = options.count ? `,"@odata.count":${Math.min(total, PAGE_SIZE)}` : "";
  if (prefer.wants("Microsoft.Dynamics.CRM.totalrecordcount")) {
    text += `,"@Microsoft.Dynamics.CRM.totalrecordcount":${Math.min(total, PAGE_SIZE)}`;
  }
  if (prefer.wants("Microsoft.Dynamics.CRM.totalrecordcountlimitexceeded")) {
    text += `,"@Microsoft.Dynamics.CRM.totalrecordcountlimitexceeded":${total > PAGE_SIZE}`;
  }
  if (prefer.wants("Microsoft.Dynamics.CRM.globalmetadataversion")) {
    text += `,"@Microsoft.Dynamics.CRM.globalmetadataversion":"${request.environment.metadataVersion}"`;
  }
  return text;
}

export function countRows(table: Table, filter: ((row: Row) => boolean) | undefined): number {
  if (!filter) return table.byId.size;
  let count = 0;
  for (const row of table.rows) if (isAlive(row) && filter(row)) count++;
  return count;
}

function parseOrder(table: Table, text: string | undefined): Order {
  if (text === undefined || text.trim() === "") return [];
  return text.split(",").map((part) => {
    const [name = "", direction = "asc", ...rest] = part.trim().split(/\s+/);
    if (rest.length > 0 || !["asc", "desc"].includes(direction)) {
      throw errors.badQuery(`Syntax error at position ${name.length} in '${part}'.`);
    }
    if (name.includes("/")) throw errors.notBuilt("$orderby by a column of a linked row");
    return { column: queryColumn(table, name), descending: direction === "desc" };
  });
}

function pageOf(
  table: Table,
  filter: ((row: Row) => boolean) | undefined,
  order: Order,
  cookie: Cookie | undefined,
  size: number,
): { rows: Row[]; last: Row | undefined; more: boolean } {
  const rows: Row[] = [];
  if (order.length === 0) {
    for (let at = cookie ? firstAfter(table.rows, cookie.after) : 0; at < table.rows.length; at++) {
      const row = table.rows[at]!;
      if (!isAlive(row) || (filter && !filter(row))) continue;
      if (rows.length === size) return { rows, last: rows.at(-1), more: true };
      rows.push(row);
    }
    return { rows, last: rows.at(-1), more: false };
  }
  const ranked = (values: Cell[], sequence: number, row: Row) => {
    for (const [n, { column, descending }] of order.entries()) {
      const difference = compare(read(row, column), values[n]);
      if (difference !== 0) return descending ? -difference : difference;
    }
    return (row[SEQUENCE] as number) - sequence;
  };
  for (const row of table.rows) {
    if (!isAlive(row) || (filter && !filter(row))) continue;
    if (cookie && ranked(cookie.values ?? [], cookie.after, row) <= 0) continue;
    rows.push(row);
  }
  const keyed = rows.map((row) => ({ row, values: order.map(({ column }) => read(row, column)) }));
  keyed.sort((a, b) => ranked(b.values, b.row[SEQUENCE] as number, a.row));
  const page = keyed.slice(0, size).map((each) => each.row);
  return { rows: page, last: page.at(-1), more: keyed.length > size };
}

/** The request's own address with the cookie instead of an older one. */
function nextLink({ base, table, query }: ListRequest, cookie: string): string {
  const kept = query.split("&").filter((part) => part !== "" && !/^(\$|%24)skiptoken=/i.test(part));
  return `${base}/${table.set}?${[...kept, `$skiptoken=${cookie}`].join("&")}`;
}

/** Where the changes after `version` are read; `$select` is fixed in it (section 10). */
export function deltaLink({ environment, base, table, options }: ListRequest, version: number): string {
  const select = options.select === undefined ? "" : `$select=${options.select.join(",")}&`;
  return `${base}/${table.set}?${select}$deltatoken=${encodeURIComponent(writeDeltaToken(version, new Date(environment.clock.now())))}`;
}
