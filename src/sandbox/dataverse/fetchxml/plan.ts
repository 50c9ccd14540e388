import { comparable } from "../collation.ts";
import { isNumber } from "../model.ts";
import { notInElastic, requireJoinable } from "../query/fields.ts";
import { requirePrivilege } from "../records/privileges.ts";
import type { Actor } from "../records/transaction.ts";
import { isAlive, type Row } from "../row.ts";
import { fetchErrors } from "./errors.ts";
import { type Field, fieldOf } from "./field.ts";
import { type Compiled, expand, hasMatch, type Join, MOST_STEPS, type Tuple, type TupleTest } from "./join.ts";
import { type Scope, valueTest } from "./operators.ts";
import type { Condition, Fetch, Filter, Link } from "./syntax.ts";
import { type Bound, bindLink, bindSource } from "./tables.ts";

/** A query looked up and compiled: what it reads, and the joined rows it finds. */
export type Plan = {
  fetch: Fetch;
  scope: Scope;
  root: Bound;
  /** The tables of entity and links by their place in a tuple; those of links within filters come behind. */
  bounds: Bound[];
  /** Links that can give one row of the entity several times. */
  multiplies: boolean;
  /** Calls `visit` for every joined row, in order of the entity's rows, until it says false. */
  each: (rows: Iterable<Row>, visit: (tuple: Tuple) => boolean) => void;
};

type Context = { scope: Scope; bounds: Bound[]; steps: { left: number } };

/** Compiles a query. Throws the documented 400s, and 403 without Read on one of its tables. */
export function planFetch(fetch: Fetch, scope: Scope, actor: Actor): Plan {
  const bounds: Bound[] = [];
  const root = bindSource(scope.environment, fetch.entity, bounds);
  const context: Context = { scope, bounds, steps: { left: MOST_STEPS } };
  const filter = allOf(root.source.filters.map((each) => compileFilter(each, root, context)));
  const joins = root.links.flatMap((link) => flatJoins(link, context));
  if (bounds.length > 1) requireJoinable(...bounds.map(({ table }) => table));
  for (const { table } of bounds) requirePrivilege({ environment: scope.environment, actor }, table, "Read");
  const multiplies = joins.some(({ bound }) => multiplying(bound));
  const before = filter?.local ? filter.test : undefined;
  const after = filter?.local ? undefined : filter?.test;
  const each: Plan["each"] = (rows, visit) => {
    const tuple: Tuple = [];
    for (const row of rows) {
      tuple[0] = row;
      if (!isAlive(row) || (before && !before(tuple))) continue;
      if (!expand(joins, 0, tuple, () => (after && !after(tuple)) || visit(tuple))) return;
    }
  };
  return { fetch, scope, root, bounds, multiplies, each };
}

function multiplying({ join, table }: Bound): boolean {
  return (join!.type === "inner" || join!.type === "outer") && join!.from.name !== table.idColumn;
}

/** A link and the links below it in the order they are joined; below a semi-join they stay with it. */
function flatJoins(bound: Bound, context: Context): Join[] {
  const semi = bound.join!.type === "exists" || bound.join!.type === "in";
  if (semi) return [semiJoin(bound, context)];
  return [joinOf(bound, [], context), ...bound.links.flatMap((link) => flatJoins(link, context))];
}

/** A link that is only looked into: the links below it belong to it. */
function semiJoin(bound: Bound, context: Context): Join {
  const links = bound.links.map((link) => semiJoin(link, context));
  return joinOf(bound, links, context);
}

function joinOf(bound: Bound, links: Join[], context: Context): Join {
  const filter = allOf(bound.source.filters.map((each) => compileFilter(each, bound, context)));
  return { bound, filter, links, index: undefined, steps: context.steps };
}

const isLocal = (join: Join): boolean => join.filter?.local !== false && join.links.every(isLocal);

function compileFilter(filter: Filter, bound: Bound, context: Context): Compiled {
  const parts = [
    ...filter.conditions.map((each) => compileCondition(each, bound, context)),
    ...filter.filters.map((each) => compileFilter(each, bound, context)),
    ...filter.links.map((each) => linkTest(each, bound, context)),
  ];
  if (parts.length === 0) return { test: () => true, local: true };
  if (!filter.any) return allOf(parts)!;
  const tests = parts.map(({ test }) => test);
  return { test: (tuple) => tests.some((test) => test(tuple)), local: parts.every(({ local }) => local) };
}

function allOf(parts: Compiled[]): Compiled | undefined {
  if (parts.length <= 1) return parts[0];
  const tests = parts.map(({ test }) => test);
  return { test: (tuple) => tests.every((test) => test(tuple)), local: parts.every(({ local }) => local) };
}

/**
 * Links within filters (page filter-rows). `not all` means the same as `any`; `all`: there are rows, and none of them
 * passes the filter.
 */
function linkTest(link: Link, parent: Bound, context: Context): Compiled {
  const bound = bindLink(context.scope.environment, parent, link, context.bounds);
  const join = semiJoin(bound, context);
  const anyRow: Join = { ...join, filter: undefined, links: [], index: undefined };
  const tests: Record<string, TupleTest> = {
    "not any": (tuple) => !hasMatch(join, tuple),
    all: (tuple) => hasMatch(anyRow, tuple) && !hasMatch(join, tuple),
  };
  return { test: tests[link.type] ?? ((tuple) => hasMatch(join, tuple)), local: isLocal(join) };
}

const COLUMN_OPERATORS = new Set(["eq", "ne", "gt", "ge", "lt", "le"]);

function compileCondition(condition: Condition, own: Bound, context: Context): Compiled {
  const { scope, bounds } = context;
  const bound = condition.entityName === undefined ? own : boundNamed(condition.entityName, bounds);
  const field = fieldOf(scope.environment, bound.table, condition.attribute);
  if (condition.valueOf !== undefined) return compareColumns(condition, { bound, field }, own, context);
  const label = `${bound.table.name}.${condition.attribute}`;
  const test = valueTest(condition.operator, { scope, table: bound.table, field, label, values: condition.values });
  const { index } = bound;
  return {
    test: (tuple) => {
      const row = tuple[index];
      return test(row === undefined ? null : field.get(row));
    },
    local: bound === own,
  };
}

/** `valueof`: a column of the same row, or `alias.column` of a link (page filter-rows). */
function compareColumns(
  { operator, valueOf: other }: Condition,
  left: { bound: Bound; field: Field },
  own: Bound,
  { scope, bounds }: Context,
): Compiled {
  if (!COLUMN_OPERATORS.has(operator)) throw fetchErrors.operator(operator);
  notInElastic(left.bound.table, "comparing columns");
  const dot = other!.indexOf(".");
  const bound = dot < 0 ? left.bound : boundNamed(other!.slice(0, dot), bounds);
  const field = fieldOf(scope.environment, bound.table, other!.slice(dot + 1));
  const types = [typeof sample(left.field), typeof sample(field)];
  if (types[0] !== types[1]) throw fetchErrors.columnTypes(left.field.name, field.name);
  return {
    test: (tuple) => {
      const [a, b] = [tuple[left.bound.index], tuple[bound.index]];
      const x = a === undefined ? null : comparable(left.field.get(a));
      const y = b === undefined ? null : comparable(field.get(b));
      if (x === null || y === null) return operator === "ne" && x !== y;
      switch (operator) {
        case "eq":
          return x === y;
        case "ne":
          return x !== y;
        case "gt":
          return x > y;
        case "ge":
          return x >= y;
        case "lt":
          return x < y;
        default:
          return x <= y;
      }
    },
    local: left.bound === own && bound === own,
  };
}

/** A value of the type the column's cells have. */
function sample({ kind }: Field): string | number | boolean {
  if (kind === "bool") return true;
  return isNumber(kind) ? 0 : "";
}

/** The table an `entityname` means: by alias, else by the name of the table. */
export function boundNamed(name: string, bounds: Bound[]): Bound {
  const found = bounds.find((each) => each.name === name) ?? bounds.find((each) => each.table.name === name);
  if (!found) throw fetchErrors.noAlias(name);
  return found;
}
