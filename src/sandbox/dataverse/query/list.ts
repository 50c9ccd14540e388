import { firstAfter } from "../build.ts";
import { errors } from "../errors.ts";
import type { Table } from "../model.ts";
import { isAlive, type Row, SEQUENCE } from "../row.ts";
import { pageBytes } from "../wire/page-buffer.ts";
import type { Preferences } from "../wire/prefer.ts";
import { type RowWriter, rowWriter } from "../wire/row-writer.ts";
import { type Cookie, readCookie, writeCookie, writeDeltaToken } from "./cookie.ts";
import { checkTrackedOptions } from "./delta.ts";
import { expansion, shownColumns } from "./expand.ts";
import type { Reader } from "./fields.ts";
import { PAGE_SIZE, type QueryOptions } from "./options.ts";
import { type Order, orderedPage, orderValues, parseOrder } from "./order.ts";
import { cachedRows } from "./page-cache.ts";
import { type RowFilter, rowFilter } from "./row-filter.ts";

/**
 * `base` is the address of the Web API, `path` what follows it and leads here: a table's set, or a collection of one
 * row, whose `rows` are then given in order of creation.
 */
export type ListRequest = Reader & {
  table: Table;
  path: string;
  rows?: Row[];
  options: QueryOptions;
  prefer: Preferences;
  base: string;
  query: string;
};

/** The JSON of one page of a table. Source: dataverse.md sections 6 and 10. */
export function listPage(request: ListRequest): Buffer | Buffer[] {
  const { environment, table, options, prefer, base } = request;
  const cookie = options.skiptoken === undefined ? undefined : readCookie(options.skiptoken);
  const tracked = prefer.trackChanges || cookie?.version !== undefined;
  if (request.rows && (tracked || options.deltatoken !== undefined)) throw errors.trackedCollection();
  if (tracked) checkTrackedOptions(environment, table, options);
  const version = cookie?.version ?? environment.version;

  const filter = listFilter(request);
  const order = parseOrder(request, table, options.orderby, options.aliases);
  const expand = expansion(request, table, options.expand, prefer, base);
  const columns = shownColumns(table, options.select, expand);
  // $top does not count where the client pages (section 6).
  const top = prefer.maxPageSize === undefined ? options.top : undefined;
  const size = Math.min(top ?? prefer.maxPageSize ?? PAGE_SIZE, PAGE_SIZE);
  const write = rowWriter(environment, table, columns, prefer);
  const all = request.rows ?? filter?.among ?? table.rows;
  // What depends on nothing but the row itself can be kept as bytes.
  const plain = !filter && !expand && order.length === 0 && prefer.annotations === undefined && all === table.rows;
  const stretch =
    plain && !columns.some((column) => column.computed)
      ? cachedRows(table, selectText(options.select), write, cookie ? firstAfter(all, cookie.after) : 0, size)
      : undefined;
  const { rows, more, last } = stretch ? { ...stretch, rows: [] } : pageOf(all, filter?.passes, order, cookie, size);

  const context = `${base}/$metadata#${table.set}${contextText(options.select, expand?.context)}`;
  const before = `{"@odata.context":${JSON.stringify(context)}${countText(request, filter)},"value":[`;
  let after = "]";
  if (more && last && top === undefined) {
    const following: Cookie = {
      page: (cookie?.page ?? 1) + 1,
      after: last[SEQUENCE] as number,
      ...(order.length > 0 ? { values: orderValues(order, last) } : {}),
      ...(tracked ? { version } : {}),
    };
    after += `,"@odata.nextLink":${JSON.stringify(nextLink(request, writeCookie(following)))}`;
  } else if (tracked) {
    after += `,"@odata.deltaLink":${JSON.stringify(deltaLink(request, version))}`;
  }
  if (stretch) return joined(before, stretch.bytes, `${after}}`);
  return pageBytes(before, written(rows, write, expand?.prepare(rows)), `${after}}`);
}

/** Each stretch ends with the comma that belongs between rows; the last one is too much. */
function joined(before: string, stretch: Buffer[], after: string): Buffer[] {
  const last = stretch.pop();
  const rows = last ? [...stretch, last.subarray(0, -1)] : [];
  return [Buffer.from(before), ...rows, Buffer.from(after)];
}

function* written(rows: Row[], write: RowWriter, more: ((row: Row) => string) | undefined): Generator<string> {
  for (const row of rows) yield write(row, undefined, more?.(row));
}

/** The filter of a request, or undefined when every row is in. */
export function listFilter(request: ListRequest): RowFilter | undefined {
  const { table, options } = request;
  return options.filter === undefined ? undefined : rowFilter(request, table, options.filter, options.aliases);
}

/** `(a,b)` as @odata.context names the selected columns. */
export function selectText(select: string[] | undefined): string {
  return contextText(select, undefined);
}

/** The same with what is expanded behind them: `(a,b,lookup(c))`. */
export function contextText(select: string[] | undefined, expanded: string[] | undefined): string {
  const names = [...(select ?? []), ...(expanded ?? [])];
  return select === undefined && expanded === undefined ? "" : `(${names.join(",")})`;
}

function countText(request: ListRequest, filter: RowFilter | undefined): string {
  const { options, prefer } = request;
  const total = options.count ? countRows(request, filter) : -1;
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

/** How many rows there are for a request, all pages together. */
export function countRows({ table, rows }: ListRequest, filter: RowFilter | undefined): number {
  if (!filter) return rows?.length ?? table.byId.size;
  let count = 0;
  for (const row of rows ?? filter.among ?? table.rows) if (isAlive(row) && filter.passes(row)) count++;
  return count;
}

function pageOf(
  all: Row[],
  filter: ((row: Row) => boolean) | undefined,
  order: Order,
  cookie: Cookie | undefined,
  size: number,
): { rows: Row[]; last: Row | undefined; more: boolean } {
  const rows: Row[] = [];
  if (order.length === 0) {
    for (let at = cookie ? firstAfter(all, cookie.after) : 0; at < all.length; at++) {
      const row = all[at]!;
      if (!isAlive(row) || (filter && !filter(row))) continue;
      if (rows.length === size) return { rows, last: rows.at(-1), more: true };
      rows.push(row);
    }
    return { rows, last: rows.at(-1), more: false };
  }
  const page = orderedPage(
    all.filter((row) => isAlive(row) && (!filter || filter(row))),
    order,
    cookie,
    size,
  );
  return { ...page, last: page.rows.at(-1) };
}

/** The request's own address with the cookie instead of an older one. */
export function nextLink({ base, path, query }: ListRequest, cookie: string): string {
  const kept = query.split("&").filter((part) => part !== "" && !/^(\$|%24)skiptoken=/i.test(part));
  return `${base}/${path}?${[...kept, `$skiptoken=${cookie}`].join("&")}`;
}

/** Where the changes after `version` are read; `$select` is fixed in it (section 10). */
export function deltaLink({ environment, base, table, options }: ListRequest, version: number): string {
  const select = options.select === undefined ? "" : `$select=${options.select.join(",")}&`;
  return `${base}/${table.set}?${select}$deltatoken=${encodeURIComponent(writeDeltaToken(version, new Date(environment.clock.now())))}`;
}
