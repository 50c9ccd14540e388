import { errors } from "../errors.ts";
import type { Expression, Query } from "./syntax.ts";

/** Values of `@name` in a query. */
export type Parameters = Map<string, unknown>;
/** A row as Cosmos DB holds it: `id`, `ttl`, and the columns in `props`. */
export type Item = Record<string, unknown>;

type Value = (item: Item) => unknown;

const text = (work: (a: string, b: string) => boolean) => (a: unknown, b: unknown, ignoresCase: unknown) => {
  if (typeof a !== "string" || typeof b !== "string") return undefined;
  return ignoresCase === true ? work(a.toLowerCase(), b.toLowerCase()) : work(a, b);
};
const ofText = (work: (a: string) => unknown) => (a: unknown) => (typeof a === "string" ? work(a) : undefined);

const FUNCTIONS: Record<string, (...values: unknown[]) => unknown> = {
  CONTAINS: text((a, b) => a.includes(b)),
  STARTSWITH: text((a, b) => a.startsWith(b)),
  ENDSWITH: text((a, b) => a.endsWith(b)),
  IS_DEFINED: (a) => a !== undefined,
  IS_NULL: (a) => a === null,
  LOWER: ofText((a) => a.toLowerCase()),
  UPPER: ofText((a) => a.toUpperCase()),
  LENGTH: ofText((a) => a.length),
  ARRAY_CONTAINS: (a, b) => (Array.isArray(a) ? a.some((each) => compared("=", each, b) === true) : undefined),
};

/** What a query finds, in its order, with TOP, OFFSET and LIMIT. Throws 400 for parameters that have no value, 501 for functions that are not built. */
export function findItems(query: Query, items: Iterable<Item>, parameters: Parameters): unknown[] {
  const where = query.where && compile(query.where, parameters);
  const order = query.order.map(({ by, descending }) => ({ get: compile(by, parameters), descending }));
  const select = query.select?.map(({ name, value }) => ({ name, get: compile(value, parameters) }));
  let found: Item[] = [];
  for (const item of items) if (where === undefined || where(item) === true) found.push(item);
  if (order.length > 0) {
    const keyed = found.map((item) => ({ item, keys: order.map(({ get }) => get(item)) }));
    keyed.sort((a, b) => {
      for (const [n, { descending }] of order.entries()) {
        const difference = ranked(a.keys[n], b.keys[n]);
        if (difference !== 0) return descending ? -difference : difference;
      }
      return 0;
    });
    found = keyed.map(({ item }) => item);
  }
  let results = found.map((item) => (select === undefined ? item : shown(item, select, query.value)));
  if (query.value) results = results.filter((each) => each !== undefined);
  if (query.distinct) results = [...new Map(results.map((each) => [JSON.stringify(each), each])).values()];
  const end = query.limit === undefined ? undefined : query.offset + query.limit;
  return results.slice(query.offset, end).slice(0, query.top);
}

function shown(item: Item, select: { name: string; get: Value }[], value: boolean): unknown {
  if (value) return select[0]!.get(item);
  return Object.fromEntries(select.map(({ name, get }) => [name, get(item)]).filter(([, each]) => each !== undefined));
}

function compile(expression: Expression, parameters: Parameters): Value {
  const compiled = (part: Expression) => compile(part, parameters);
  switch (expression.kind) {
    case "literal":
      return () => expression.value;
    case "parameter": {
      if (!parameters.has(expression.name))
        throw errors.badParameter("QueryParameters", `${expression.name} is missing`);
      const value = parameters.get(expression.name);
      return () => value;
    }
    case "path":
      return (item) => expression.path.reduce<unknown>(within, item);
    case "call": {
      const { name } = expression;
      const work = Object.hasOwn(FUNCTIONS, name) ? FUNCTIONS[name]! : undefined;
      if (!work) throw errors.notBuilt(`The function ${name.slice(0, 50)} in a query of ExecuteCosmosSqlQuery`);
      const values = expression.arguments.map(compiled);
      return (item) => work(...values.map((value) => value(item)));
    }
    case "not": {
      const part = compiled(expression.part);
      return (item) => {
        const value = part(item);
        return typeof value === "boolean" ? !value : undefined;
      };
    }
    case "and":
    case "or": {
      const [left, right] = [compiled(expression.left), compiled(expression.right)];
      const decides = expression.kind === "or";
      return (item) => {
        const a = left(item);
        if (a === decides) return decides;
        const b = right(item);
        if (b === decides) return decides;
        return a === !decides && b === !decides ? !decides : undefined;
      };
    }
    case "compare": {
      const [left, right] = [compiled(expression.left), compiled(expression.right)];
      return (item) => compared(expression.operator, left(item), right(item));
    }
    case "in": {
      const value = compiled(expression.value);
      const list = expression.list.map(compiled);
      return (item) => {
        const held = value(item);
        return held === undefined ? undefined : list.some((each) => compared("=", held, each(item)) === true);
      };
    }
  }
}

function within(value: unknown, name: string | number): unknown {
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) return undefined;
  return (value as Record<string | number, unknown>)[name];
}

/** Values of two types are neither equal nor in an order: the comparison is undefined, and no row is found by it. */
function compared(operator: string, a: unknown, b: unknown): boolean | undefined {
  if (a === undefined || b === undefined || kindOf(a) !== kindOf(b)) return undefined;
  if (operator === "=" || operator === "!=") {
    const same = typeof a === "object" ? JSON.stringify(a) === JSON.stringify(b) : a === b;
    return same === (operator === "=");
  }
  if (typeof a === "object") return undefined;
  const difference = ranked(a, b);
  if (operator === "<") return difference < 0;
  if (operator === "<=") return difference <= 0;
  return operator === ">" ? difference > 0 : difference >= 0;
}

const ORDER = ["undefined", "null", "boolean", "number", "string", "array", "object"];

function kindOf(value: unknown): string {
  return value === null ? "null" : Array.isArray(value) ? "array" : typeof value;
}

/** The order of ORDER BY: by type, then by value. */
function ranked(a: unknown, b: unknown): number {
  const difference = ORDER.indexOf(kindOf(a)) - ORDER.indexOf(kindOf(b));
  if (difference !== 0 || a === b || typeof a === "object" || a === undefined) return difference;
  return (a as string) < (b as string) ? -1 : 1;
}
