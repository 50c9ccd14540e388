import { comparable } from "../collation.ts";
import { errors } from "../errors.ts";
import { isLookup, type Table } from "../model.ts";
import { type Cell, type Row, SEQUENCE } from "../row.ts";
import { linkedName } from "../wire/formatted.ts";
import type { Cookie } from "./cookie.ts";
import { notInElastic, type Reader, rowFields } from "./fields.ts";
import type { Aliases } from "./parser.ts";

/** What rows are put in order by, first things first. Rows alike in all of it follow their creation. */
export type Order = { get(row: Row): Cell; descending: boolean }[];

/**
 * $orderby: columns, also of rows that lookups lead to, and parameter aliases for them. A lookup is sorted by the name
 * of its row, a choice by its number (query/order-rows.md). Throws the documented 400.
 */
export function parseOrder(reader: Reader, table: Table, text: string | undefined, aliases: Aliases): Order {
  if (text === undefined || text.trim() === "") return [];
  const resolve = rowFields(reader, table);
  return text.split(",").map((part) => {
    const [given = "", direction = "asc", ...rest] = part.trim().split(/\s+/);
    const name = given.startsWith("@") ? (aliases.get(given) ?? "null") : given;
    if (rest.length > 0 || !["asc", "desc"].includes(direction) || name === "") {
      throw errors.badQuery(`Syntax error at position ${text.indexOf(part) + name.length} in '${text}'.`);
    }
    if (/[()']/.test(name)) throw errors.queryNode("SingleValueFunctionCall");
    const descending = direction === "desc";
    if (name === "null") return { get: () => null, descending };
    const { get, column } = resolve(name.split("/"));
    const named = column !== undefined && isLookup(column) && !name.includes("/");
    if (named) notInElastic(table, "ordering by lookup columns");
    return { get: named ? (row: Row) => linkedName(reader.environment, row, column) ?? null : get, descending };
  });
}

/** The first `size` rows in order, behind the cookie's row when there is one. */
export function orderedPage(
  rows: Iterable<Row>,
  order: Order,
  cookie: Cookie | undefined,
  size: number,
): { rows: Row[]; more: boolean } {
  const keys = (row: Row) => order.map(({ get }) => comparable(get(row)));
  const compare = (a: Keyed, b: Keyed) => {
    for (const [n, { descending }] of order.entries()) {
      const difference = ranked(a.keys[n] ?? null, b.keys[n] ?? null);
      if (difference !== 0) return descending ? -difference : difference;
    }
    return a.sequence - b.sequence;
  };
  const last = cookie && { keys: (cookie.values ?? []).map(comparable), sequence: cookie.after };
  const found: (Keyed & { row: Row })[] = [];
  let total = 0;
  let worst: Keyed | undefined;
  for (const row of rows) {
    const each = { row, keys: keys(row), sequence: row[SEQUENCE] as number };
    if (last && compare(each, last) <= 0) continue;
    total++;
    if (worst && compare(each, worst) > 0) continue;
    found.push(each);
    // What cannot come onto the page any more is left out now and then, so that no sort is over the whole table.
    if (found.length >= 4 * size + SMALL) {
      found.sort(compare).splice(size);
      worst = found.at(-1);
    }
  }
  found.sort(compare);
  return { rows: found.slice(0, size).map((each) => each.row), more: total > size };
}

/** Fewer rows than this are sorted as they are. */
const SMALL = 1000;

type Keyed = { keys: Cell[]; sequence: number };

/** Nothing comes before everything else. */
export function ranked(a: Cell, b: Cell): number {
  if (a === b) return 0;
  if (a === null) return -1;
  if (b === null) return 1;
  return a < b ? -1 : 1;
}

/** What the row is sorted by, for a cookie that goes on behind it. */
export function orderValues(order: Order, row: Row): Cell[] {
  return order.map(({ get }) => get(row));
}
