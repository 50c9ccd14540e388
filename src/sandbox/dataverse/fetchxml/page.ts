import { firstAfter } from "../build.ts";
import { compare } from "../collation.ts";
import { isLookup } from "../model.ts";
import { notInElastic } from "../query/fields.ts";
import { PAGE_SIZE } from "../query/options.ts";
import { type Cell, idOf, type Row, SEQUENCE } from "../row.ts";
import { type Cookie, readCookie, type SortKey, writeCookie } from "./cookie.ts";
import { fetchErrors } from "./errors.ts";
import { fieldOf, sortField } from "./field.ts";
import type { Tuple } from "./join.ts";
import { boundNamed, type Plan } from "./plan.ts";

/** Without a cookie no page may end beyond this row (page page-results). */
const SIMPLE_PAGING_END = 50_000;

/** `cookie` is the annotation for the next page, undefined on the last one and where rows cannot be found again. */
export type Page = { tuples: Tuple[]; more: boolean; cookie: string | undefined; total: number | undefined };

/** Finds the rows of the page that is asked for. `distinct` gives the text two rows are the same by. */
export function pageOf(plan: Plan, total: boolean, distinct: ((tuple: Tuple) => string) | undefined): Page {
  const { fetch, root } = plan;
  const size = Math.min(fetch.top ?? fetch.count ?? PAGE_SIZE, PAGE_SIZE);
  const keys = sortKeys(plan);
  const cookie = fetch.cookie === undefined ? undefined : readCookie(fetch.cookie, root.table, keys);
  if (!cookie && fetch.page * size > Math.max(SIMPLE_PAGING_END, size)) throw fetchErrors.pageTooHigh();
  // A cookie names a row of the entity: where a row comes several times, or goes into one with others, pages are counted.
  // By its id alone a row of an elastic table cannot be told from one in another partition.
  const unique = root.table.partition === undefined && !plan.multiplies && !distinct;
  const seeks = unique && keys.every(({ bound }) => bound === root);
  const anchor = seeks ? cookie : undefined;
  const found = collect(plan, { keys, anchor, distinct, enough: total ? undefined : fetch.page * size + 1 });
  const start = anchor ? 0 : (fetch.page - 1) * size;
  const tuples = found.tuples.slice(start, start + size);
  const more = fetch.top === undefined && found.tuples.length > start + size;
  return {
    tuples,
    more,
    cookie: more && tuples.length > 0 ? nextCookie(plan, keys, tuples) : undefined,
    total: total ? found.seen : undefined,
  };
}

function sortKeys(plan: Plan): SortKey[] {
  const { environment } = plan.scope;
  // The entity's orders go before those of links, whatever stands first (page order-rows).
  return plan.bounds.flatMap((own) =>
    own.source.orders.map(({ attribute, alias, entityName, descending }) => {
      const bound = entityName === undefined ? own : boundNamed(entityName, plan.bounds);
      const name = attribute ?? bound.source.attributes.find((each) => each.alias === alias)?.name;
      if (name === undefined) throw fetchErrors.noAlias(alias!);
      const field = fieldOf(environment, bound.table, name);
      if (isLookup(field.column)) notInElastic(bound.table, "ordering by lookup columns");
      return { bound, field: sortField(environment, bound.table, field, plan.fetch.rawOrder), descending };
    }),
  );
}

type Wanted = {
  keys: SortKey[];
  anchor: Cookie | undefined;
  distinct: ((tuple: Tuple) => string) | undefined;
  /** As many rows as are needed when they come in the right order by themselves. */
  enough: number | undefined;
};

function collect(plan: Plan, { keys, anchor, distinct, enough }: Wanted): { tuples: Tuple[]; seen: number } {
  const { rows } = plan.root.table;
  const ordered = keys.length > 0;
  const known = new Set<string>();
  const tuples: Tuple[] = [];
  const values = new Map<Tuple, Cell[]>();
  let seen = 0;
  const from = anchor && !ordered && enough !== undefined ? rows.slice(firstAfter(rows, anchor.sequence)) : rows;
  plan.each(from, (tuple) => {
    if (distinct) {
      const text = distinct(tuple);
      if (known.has(text)) return true;
      known.add(text);
    }
    seen++;
    const sequence = tuple[0]![SEQUENCE] as number;
    const held = ordered ? valuesOf(keys, tuple) : [];
    if (anchor && rank(keys, held, sequence, anchor) <= 0) return true;
    const kept = tuple.slice();
    tuples.push(kept);
    if (ordered) values.set(kept, held);
    return ordered || enough === undefined || tuples.length < enough;
  });
  if (ordered) {
    tuples.sort((a, b) => {
      const at = { values: values.get(b)!, sequence: b[0]![SEQUENCE] as number };
      return rank(keys, values.get(a)!, a[0]![SEQUENCE] as number, at);
    });
  }
  return { tuples, seen };
}

function valuesOf(keys: SortKey[], tuple: Tuple): Cell[] {
  return keys.map(({ bound, field }) => {
    const row = tuple[bound.index];
    return row === undefined ? null : field.get(row);
  });
}

function rank(keys: SortKey[], values: Cell[], sequence: number, other: { values: Cell[]; sequence: number }): number {
  for (const [n, { descending }] of keys.entries()) {
    const difference = compare(values[n], other.values[n]);
    if (difference !== 0) return descending ? -difference : difference;
  }
  return sequence - other.sequence;
}

function nextCookie(plan: Plan, keys: SortKey[], tuples: Tuple[]): string {
  const [first, last] = [tuples[0]!, tuples.at(-1)!];
  const ends = [last, first].map((tuple) => ({ id: idOf(tuple[0] as Row), values: valuesOf(keys, tuple) }));
  return writeCookie(plan.fetch.page, plan.root.table, keys, ends[0]!, ends[1]!);
}
