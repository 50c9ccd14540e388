import { fold } from "../collation.ts";
import type { Cell, Row } from "../row.ts";
import { isAlive } from "../row.ts";
import { fetchErrors } from "./errors.ts";
import type { Field } from "./field.ts";
import type { Bound } from "./tables.ts";
import { isText } from "./values.ts";

/** One row of the joined tables; a place is empty where an outer link found nothing. */
export type Tuple = (Row | undefined)[];
export type TupleTest = (tuple: Tuple) => boolean;

/** A test, and whether it looks at one table's place only: then it can be applied before the join. */
export type Compiled = { test: TupleTest; local: boolean };

/** A link ready to run. */
export type Join = {
  bound: Bound;
  filter: Compiled | undefined;
  links: Join[];
  /** By the value of `from`: the rows that pass a local filter. Made on first use, once per request. */
  index: Map<string, Row[]> | undefined;
  steps: { left: number };
};

/**
 * Pairs a query may look at: beyond it the real service runs into its time limit (0x80044151). It keeps joins by
 * columns with many equal values from growing without end.
 */
export const MOST_STEPS = 1_500_000;

function joinKey(field: Field, value: Cell): string | undefined {
  if (value === null) return undefined;
  return typeof value === "string" && isText(field) ? fold(value) : String(value);
}

/** Rows of the linked table that belong to the row at the parent's place, filter not yet applied unless it is local. */
function candidates(join: Join, tuple: Tuple): Row[] {
  const { from, to } = join.bound.join!;
  const parent = tuple[join.bound.parent!.index];
  const key = parent && joinKey(to, to.get(parent));
  if (key === undefined) return [];
  if (from.name === join.bound.table.idColumn) {
    const row = join.bound.table.byId.get(key);
    return row === undefined ? [] : [row];
  }
  join.index ??= indexOf(join, from);
  return join.index.get(key) ?? [];
}

function indexOf(join: Join, from: Field): Map<string, Row[]> {
  const index = new Map<string, Row[]>();
  const { bound, filter } = join;
  const local = filter?.local ? filter.test : undefined;
  const place: Tuple = [];
  for (const row of bound.table.rows) {
    if (!isAlive(row)) continue;
    place[bound.index] = row;
    if (local && !local(place)) continue;
    const key = joinKey(from, from.get(row));
    if (key === undefined) continue;
    const rows = index.get(key);
    if (rows) rows.push(row);
    else index.set(key, [row]);
  }
  return index;
}

/** Visits every match of a link: its row is in its place meanwhile. `visit` says whether to go on. */
function eachMatch(join: Join, tuple: Tuple, visit: () => boolean): boolean {
  const { index } = join.bound;
  for (const row of candidates(join, tuple)) {
    if (join.index && --join.steps.left < 0) throw fetchErrors.queryTimeout();
    tuple[index] = row;
    if (join.filter && !(join.index && join.filter.local) && !join.filter.test(tuple)) continue;
    if (!visit()) return false;
  }
  tuple[index] = undefined;
  return true;
}

/** Whether a row of the link (and of the links below it) belongs to the tuple, for `exists`, `in` and filter links. */
export function hasMatch(join: Join, tuple: Tuple): boolean {
  const found = !eachMatch(
    join,
    tuple,
    () => !join.links.every((link) => link.bound.join!.type === "outer" || hasMatch(link, tuple)),
  );
  tuple[join.bound.index] = undefined;
  return found;
}

/** Extends the tuple by the links from number `at` on and visits every result. False: `visit` wants no more. */
export function expand(links: Join[], at: number, tuple: Tuple, visit: () => boolean): boolean {
  const join = links[at];
  if (!join) return visit();
  const { type } = join.bound.join!;
  if (type === "exists" || type === "in") return !hasMatch(join, tuple) || expand(links, at + 1, tuple, visit);
  let found = false;
  let more = true;
  const all = eachMatch(join, tuple, () => {
    found = true;
    more = expand(links, at + 1, tuple, visit);
    return more && type !== "matchfirstrowusingcrossapply";
  });
  if (!all) tuple[join.bound.index] = undefined;
  if (!found && type === "outer") return expand(links, at + 1, tuple, visit);
  return more;
}
