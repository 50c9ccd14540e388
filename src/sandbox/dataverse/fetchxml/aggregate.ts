import { comparable, compare } from "../collation.ts";
import { isLookup, readTarget } from "../model.ts";
import { fiscalPeriodOf } from "../query/date-ranges.ts";
import { digitsOf, roundTo } from "../records/values.ts";
import type { Cell, Row } from "../row.ts";
import { formattedValue } from "../wire/formatted.ts";
import type { Preferences } from "../wire/prefer.ts";
import { writeValue } from "../wire/row-writer.ts";
import { ATTRIBUTE_NAME, FORMATTED } from "./columns.ts";
import { fetchErrors } from "./errors.ts";
import { type Field, fieldOf } from "./field.ts";
import type { Tuple } from "./join.ts";
import type { Plan } from "./plan.ts";
import type { Attribute, DatePart } from "./syntax.ts";
import type { Bound } from "./tables.ts";

/** Rows an aggregate may go over (page aggregate-data). */
const LIMIT = 50_000;

type Part = { alias: string; attribute: Attribute; bound: Bound; field: Field };
type Sum = { count: number; total: number; least: Cell; most: Cell; distinct: Set<Cell> | undefined };
/** One group: a joined row of it, for annotations, and the sums by part. */
type Group = { tuple: Tuple; keys: Cell[]; sums: Sum[] };

/** One row of the result: the value and its annotations by alias. */
type Result = Map<string, { value: Cell; text: string; annotations: [string, string | undefined][] }>;

/**
 * The rows of an aggregate query as JSON texts. Throws 0x8004e023 above the limit of rows. Source: page aggregate-data.
 */
export function aggregateRows(plan: Plan, prefer: Preferences): string[] {
  const parts = partsOf(plan);
  const groupParts = parts.filter(({ attribute }) => attribute.groupBy);
  const sumParts = parts.filter(({ attribute }) => attribute.aggregate !== undefined);
  const results = groupsOf(plan, groupParts, sumParts).map((group) => resultOf(plan, groupParts, sumParts, group));
  sortResults(plan, parts, results);
  return results.map((result) => written(result, prefer));
}

function partsOf(plan: Plan): Part[] {
  const aliases = new Set<string>();
  const parts = plan.bounds.flatMap((bound) =>
    bound.source.attributes.map((attribute): Part => {
      const { alias, aggregate, groupBy, datePart, xml } = attribute;
      const field = fieldOf(plan.scope.environment, bound.table, attribute.name);
      if (aggregate === undefined && !groupBy) throw fetchErrors.neitherGroupNorAggregate(xml);
      if (alias === undefined) throw fetchErrors.aggregateWithoutAlias(xml);
      if (aliases.has(alias)) throw fetchErrors.sameAlias(alias);
      aliases.add(alias);
      const numeric = ["int", "bigint", "decimal", "double", "money"].includes(field.kind);
      if ((aggregate === "sum" || aggregate === "avg") && !numeric) throw fetchErrors.aggregate(aggregate, xml);
      const dated = ["date", "datetime", "zoneless"].includes(field.kind);
      if (groupBy && dated !== (datePart !== undefined)) throw fetchErrors.dateGrouping(xml);
      return { alias, attribute, bound, field };
    }),
  );
  if (parts.length === 0) throw fetchErrors.neitherGroupNorAggregate(plan.root.source.name);
  return parts;
}

const emptySum = (distinct: boolean): Sum => ({
  count: 0,
  total: 0,
  least: null,
  most: null,
  distinct: distinct ? new Set() : undefined,
});

function groupsOf(plan: Plan, groupParts: Part[], sumParts: Part[]): Group[] {
  const groups = new Map<string, Group>();
  const start = (tuple: Tuple, keys: Cell[]): Group => ({
    tuple,
    keys,
    sums: sumParts.map(({ attribute }) => emptySum(attribute.distinct)),
  });
  const limit = Math.min(plan.fetch.aggregateLimit ?? LIMIT, LIMIT);
  let rows = 0;
  plan.each(plan.root.table.rows, (tuple) => {
    if (++rows > limit) throw fetchErrors.aggregateLimit();
    const keys = groupParts.map((part) => groupKey(part, tuple));
    const text = JSON.stringify(keys.map(comparable));
    const group = groups.get(text) ?? start(tuple.slice(), keys);
    groups.set(text, group);
    for (const [n, part] of sumParts.entries()) add(group.sums[n]!, part, valueIn(part, tuple));
    return true;
  });
  // Without groups there is one row, also over nothing.
  if (groups.size === 0 && groupParts.length === 0) return [start([], [])];
  return [...groups.values()];
}

function valueIn({ bound, field }: Part, tuple: Tuple): Cell {
  const row = tuple[bound.index];
  return row === undefined ? null : field.get(row);
}

/** `count` counts rows, all others what is not empty. */
function add(sum: Sum, { attribute }: Part, value: Cell): void {
  if (attribute.aggregate === "count") sum.count++;
  if (value === null || attribute.aggregate === "count") return;
  if (sum.distinct) {
    const same = comparable(value);
    if (sum.distinct.has(same)) return;
    sum.distinct.add(same);
  }
  sum.count++;
  if (typeof value === "number") sum.total += value;
  if (sum.least === null || compare(value, sum.least) < 0) sum.least = value;
  if (sum.most === null || compare(value, sum.most) > 0) sum.most = value;
}

function groupKey(part: Part, tuple: Tuple): Cell {
  const value = valueIn(part, tuple);
  const { datePart } = part.attribute;
  return typeof value === "string" && datePart !== undefined ? datePartOf(datePart, value) : value;
}

/** The part of a date, in UTC; weeks begin on Sunday and the first holds 1 January. */
function datePartOf(part: DatePart, value: string): number {
  const [year, month, day] = [value.slice(0, 4), value.slice(5, 7), value.slice(8, 10)].map(Number);
  switch (part) {
    case "day":
      return day!;
    case "month":
      return month!;
    case "quarter":
      return Math.ceil(month! / 3);
    case "fiscal-period":
      return year! * 10 + fiscalPeriodOf(value);
    case "week": {
      const start = new Date(`${value.slice(0, 4)}-01-01T00:00:00Z`);
      const days = (Date.parse(`${value.slice(0, 10)}T00:00:00Z`) - start.getTime()) / 86_400_000;
      return Math.floor((days + start.getUTCDay()) / 7) + 1;
    }
    default:
      return year!;
  }
}

function resultOf(plan: Plan, groupParts: Part[], sumParts: Part[], group: Group): Result {
  const result: Result = new Map();
  for (const [n, part] of groupParts.entries()) result.set(part.alias, groupCell(plan, part, group, group.keys[n]!));
  for (const [n, part] of sumParts.entries()) {
    const value = sumValue(part, group.sums[n]!);
    const plain = typeof value === "number" && part.attribute.aggregate?.startsWith("count");
    const column = plain ? undefined : part.field.column;
    const text = column && !part.field.companion ? writeValue(column, value) : JSON.stringify(value);
    const shown = typeof value === "number" ? value.toLocaleString("en-US") : undefined;
    result.set(part.alias, { value, text, annotations: annotationsOf(part, shown) });
  }
  return result;
}

function annotationsOf(part: Part, formatted: string | undefined, target?: string): [string, string | undefined][] {
  return [
    [ATTRIBUTE_NAME, part.field.name],
    [FORMATTED, formatted],
    ["Microsoft.Dynamics.CRM.lookuplogicalname", target],
  ];
}

function groupCell(plan: Plan, part: Part, { tuple }: Group, value: Cell) {
  const { field, bound, attribute } = part;
  if (attribute.datePart !== undefined) {
    const shown = dateLabel(attribute.datePart, value);
    return { value, text: JSON.stringify(value), annotations: annotationsOf(part, shown) };
  }
  const row: Row | undefined = tuple[bound.index];
  const shown =
    row && !field.companion ? formattedValue(plan.scope.environment, bound.table, row, field.column) : undefined;
  const target = row && isLookup(field.column) && !field.companion ? readTarget(row, field.column) : undefined;
  const text = field.companion ? JSON.stringify(value) : writeValue(field.column, value);
  return { value, text, annotations: annotationsOf(part, shown, target) };
}

function dateLabel(part: DatePart, value: Cell): string | undefined {
  if (typeof value !== "number") return undefined;
  if (part === "fiscal-period") return `Quarter ${value % 10} FY${Math.floor(value / 10)}`;
  return part === "fiscal-year" ? `FY${value}` : value.toLocaleString("en-US");
}

/** An empty sum is 0, the others of nothing are empty; the average of whole numbers is one. */
function sumValue({ attribute, field }: Part, sum: Sum): Cell {
  switch (attribute.aggregate) {
    case "sum":
      return roundTo(sum.total, digitsOf(field.column));
    case "avg": {
      if (sum.count === 0) return null;
      const average = sum.total / sum.count;
      return field.kind === "int" || field.kind === "bigint"
        ? Math.trunc(average)
        : roundTo(average, digitsOf(field.column));
    }
    case "min":
      return sum.least;
    case "max":
      return sum.most;
    default:
      return sum.count;
  }
}

/** Only aliases can be sorted by here; without an order groups come sorted by their keys. */
function sortResults(plan: Plan, parts: Part[], results: Result[]): void {
  const orders = plan.bounds.flatMap((bound) => bound.source.orders);
  for (const { alias, attribute } of orders) {
    if (alias === undefined) throw fetchErrors.orderInAggregate(attribute ?? "");
    if (!parts.some((part) => part.alias === alias)) throw fetchErrors.noAlias(alias);
  }
  const groups = parts.filter(({ attribute }) => attribute.groupBy).map(({ alias }) => ({ alias, descending: false }));
  const keys = orders.length > 0 ? orders : groups;
  results.sort((a, b) => {
    for (const { alias, descending } of keys) {
      const difference = compare(sortValue(a, alias!), sortValue(b, alias!));
      if (difference !== 0) return descending ? -difference : difference;
    }
    return 0;
  });
}

const sortValue = (result: Result, alias: string): Cell => result.get(alias)!.value;

function written(result: Result, prefer: Preferences): string {
  const parts: string[] = [];
  for (const [alias, { value, text, annotations }] of result) {
    if (value === null) continue;
    for (const [name, annotation] of annotations) {
      if (annotation === undefined || !prefer.wants(name)) continue;
      parts.push(`${JSON.stringify(`${alias}@${name}`)}:${JSON.stringify(annotation)}`);
    }
    parts.push(`${JSON.stringify(alias)}:${text}`);
  }
  return `{${parts.join(",")}}`;
}
