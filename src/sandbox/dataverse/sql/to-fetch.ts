import type { Environment } from "../environment.ts";
import { errors } from "../errors.ts";
import { fetchErrors } from "../fetchxml/errors.ts";
import type { Aggregate, Attribute, Condition, Fetch, Filter, Link, Source } from "../fetchxml/syntax.ts";
import type { Item, Ref, Select, Test } from "./parse.ts";

const MOST_ROWS = 5000;
const MOST_CONDITIONS = 500;
const NEGATIONS = new Set(["ne", "not-like", "not-in", "not-between"]);

/** A table of the query by its alias; undefined `entity`: the one behind FROM. */
type Bound = { alias: string; entity: string | undefined; source: Source };

/**
 * The same query as FetchXML says it, which answers it. Throws 400 for names that lead nowhere.
 * Source: webapi/query/sql.md.
 */
export function fetchOf(environment: Environment, select: Select): Fetch {
  const bounds = bind(environment, select);
  const root = bounds[0]!;
  const find = (ref: Ref): Bound => findBound(environment, bounds, ref);
  const aggregate = select.groupBy.length > 0 || select.items.some((item) => item.aggregate !== undefined);
  const keys = new Map<Item, string>();
  for (const item of select.items) addItem(environment, select, item, keys, find);
  if (select.where) {
    const left = { conditions: MOST_CONDITIONS };
    root.source.filters.push(filterOf({ kind: "all", tests: [select.where] }, find, left));
  }
  for (const { ref, descending } of select.orderBy) {
    const named = select.items.find((item) => ref.table === undefined && item.alias?.toLowerCase() === ref.column);
    const meant = named?.ref ?? ref;
    const grouped = named ?? select.items.find((item) => item.ref !== undefined && sameColumn(find, item.ref, meant));
    if (aggregate && !grouped) throw errors.badQuery(`The ORDER BY column '${ref.column}' is not selected.`);
    root.source.orders.push({
      attribute: aggregate ? undefined : meant.column,
      alias: aggregate ? keys.get(grouped!) : undefined,
      entityName: aggregate ? undefined : find(meant).entity,
      descending,
    });
  }
  return {
    entity: root.source,
    aggregate,
    aggregateLimit: undefined,
    distinct: select.distinct,
    ...extent(select),
    cookie: undefined,
    total: false,
    rawOrder: true,
  };
}

/** TOP and OFFSET ... FETCH. The page leaves them out, Microsoft's SDK for Python sends them. */
function extent({ top, window }: Select): Pick<Fetch, "top" | "count" | "page"> {
  if (top !== undefined && (top > MOST_ROWS || window)) throw errors.badQuery(`TOP must be at most ${MOST_ROWS}.`);
  if (!window) return { top, count: undefined, page: 1 };
  const { first, rows } = window;
  if (rows < 1 || rows > MOST_ROWS) throw errors.badQuery(`FETCH NEXT must be between 1 and ${MOST_ROWS}.`);
  if (first % rows !== 0) throw errors.notBuilt("An OFFSET that is no multiple of FETCH NEXT");
  return { top: undefined, count: rows, page: first / rows + 1 };
}

function bind(environment: Environment, { from, joins }: Select): Bound[] {
  const bounds: Bound[] = [{ alias: from.alias, entity: undefined, source: sourceOf(from.table, undefined) }];
  for (const { table, alias, outer, left, right } of joins) {
    if (bounds.some((bound) => bound.alias === alias)) throw fetchErrors.sameAlias(alias);
    const [own, other] = left.table === alias ? [left, right] : [right, left];
    if (own.table !== alias) throw errors.badQuery(`The JOIN of '${alias}' must compare one of its columns.`);
    const parent = findBound(environment, bounds, other);
    const source = sourceOf(table, alias);
    const link: Link = Object.assign(source, {
      from: own.column,
      to: other.column,
      type: outer ? "outer" : "inner",
    } as const);
    parent.source.links.push(link);
    bounds.push({ alias, entity: alias, source: link });
  }
  return bounds;
}

function sourceOf(name: string, alias: string | undefined): Source {
  return { name, alias, all: false, attributes: [], orders: [], filters: [], links: [] };
}

/** Where a column is: in the table it is qualified by, else in the only one that has it. */
function findBound(environment: Environment, bounds: Bound[], { table, column }: Ref): Bound {
  if (table !== undefined) {
    const bound = bounds.find((each) => each.alias === table) ?? bounds.find((each) => each.source.name === table);
    if (!bound) throw errors.badQuery(`The multi-part identifier '${table}.${column}' could not be bound.`);
    return bound;
  }
  if (bounds.length === 1) return bounds[0]!;
  const having = bounds.filter(({ source }) => environment.tables.get(source.name)?.columns.has(column));
  if (having.length === 1) return having[0]!;
  throw errors.badQuery(`${having.length === 0 ? "Invalid" : "Ambiguous"} column name '${column}'.`);
}

function sameColumn(find: (ref: Ref) => Bound, a: Ref, b: Ref): boolean {
  return a.column === b.column && find(a) === find(b);
}

function addItem(
  environment: Environment,
  { items, from, groupBy }: Select,
  item: Item,
  keys: Map<Item, string>,
  find: (ref: Ref) => Bound,
): void {
  const { ref, aggregate, distinct } = item;
  const bound = find(ref ?? { table: from.alias, column: "*" });
  const grouping = items.some((each) => each.aggregate !== undefined) || groupBy.length > 0;
  if (grouping && aggregate === undefined && !groupBy.some((each) => sameColumn(find, each, ref!))) {
    throw errors.badQuery(
      `Column '${ref!.column}' is invalid in the select list because it is not contained in either an aggregate function or the GROUP BY clause.`,
    );
  }
  const plain =
    aggregate === undefined ? ref!.column : [aggregate.toLowerCase(), ref?.column].filter(Boolean).join("_");
  const taken = [...keys.values()].includes(plain);
  const key = item.alias ?? (taken ? `${bound.alias}.${plain}` : plain);
  keys.set(item, key);
  const own = bound.entity === undefined && aggregate === undefined && !grouping;
  bound.source.attributes.push({
    name: ref?.column ?? environment.tables.get(bound.source.name)?.idColumn ?? "",
    alias: own ? item.alias : key,
    aggregate: aggregateOf(item),
    distinct,
    groupBy: grouping && aggregate === undefined,
    datePart: undefined,
    children: false,
    xml: plain,
  } satisfies Attribute);
}

function aggregateOf({ aggregate, ref }: Item): Aggregate | undefined {
  if (aggregate === "COUNT") return ref === undefined ? "count" : "countcolumn";
  return aggregate?.toLowerCase() as Aggregate | undefined;
}

function filterOf(
  test: Test & { kind: "all" | "any" },
  find: (ref: Ref) => Bound,
  left: { conditions: number },
): Filter {
  const filter: Filter = { any: test.kind === "any", conditions: [], filters: [], links: [] };
  for (const each of test.tests) {
    if (each.kind !== "compare") filter.filters.push(filterOf(each, find, left));
    else if (NEGATIONS.has(each.operator)) {
      // In SQL an empty value is not different from another one, in FetchXML it is.
      const known: Test = { kind: "compare", ref: each.ref, operator: "not-null", values: [] };
      const both = [each, known].map((one) => conditionOf(one as Test & { kind: "compare" }, find, left));
      filter.filters.push({ any: false, conditions: both, filters: [], links: [] });
    } else filter.conditions.push(conditionOf(each, find, left));
  }
  return filter;
}

function conditionOf(
  { ref, operator, values }: Test & { kind: "compare" },
  find: (ref: Ref) => Bound,
  left: { conditions: number },
): Condition {
  if (--left.conditions < 0) throw fetchErrors.tooManyConditions();
  return { attribute: ref.column, entityName: find(ref).entity, operator, values, valueOf: undefined };
}
