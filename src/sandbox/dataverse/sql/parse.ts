import { errors } from "../errors.ts";
import { type Token, tokensOf } from "./tokens.ts";

/** A column, with the alias or table it is qualified by. Names are lower case. */
export type Ref = { table: string | undefined; column: string };
/** What is selected: a column, or an aggregate of one (undefined: `COUNT(*)`). */
export type Item = {
  ref: Ref | undefined;
  aggregate: string | undefined;
  distinct: boolean;
  alias: string | undefined;
};
export type Join = { table: string; alias: string; outer: boolean; left: Ref; right: Ref };
export type Test =
  | { kind: "all" | "any"; tests: Test[] }
  | { kind: "compare"; ref: Ref; operator: string; values: string[] };
export type Select = {
  distinct: boolean;
  top: number | undefined;
  items: Item[];
  from: { table: string; alias: string };
  joins: Join[];
  where: Test | undefined;
  groupBy: Ref[];
  orderBy: { ref: Ref; descending: boolean }[];
  /** `OFFSET first ROWS FETCH NEXT rows ROWS ONLY`. */
  window: { first: number; rows: number } | undefined;
};

const AGGREGATES = ["COUNT", "SUM", "AVG", "MIN", "MAX"];
const COMPARISONS: Record<string, string> = {
  "=": "eq",
  "!=": "ne",
  "<>": "ne",
  "<": "lt",
  "<=": "le",
  ">": "gt",
  ">=": "ge",
};
const RESERVED = new Set(
  "SELECT DISTINCT TOP FROM WHERE GROUP ORDER BY AND OR NOT IN LIKE BETWEEN IS NULL JOIN INNER LEFT RIGHT FULL CROSS OUTER ON AS ASC DESC HAVING UNION OFFSET FETCH EXISTS".split(
    " ",
  ),
);
const MOST_NESTED = 50;

/** Reads one SELECT statement. Throws 400 for anything the page does not offer. Source: webapi/query/sql.md. */
export function parseSelect(sql: string): Select {
  const tokens = tokensOf(sql);
  let at = 0;
  const next = (): Token => tokens[at]!;
  const wrong = () => errors.badQuery(`Incorrect syntax near '${next().text.slice(0, 50) || "end of query"}'.`);
  const is = (text: string): boolean =>
    next().text.toUpperCase() === text && (next().kind === "word" || next().kind === "sign");
  const take = (text: string): boolean => {
    if (!is(text)) return false;
    at++;
    return true;
  };
  const need = (...texts: string[]): void => {
    for (const text of texts) if (!take(text)) throw wrong();
  };
  const name = (): string => {
    const { kind, text } = next();
    const free = kind === "name" || (kind === "word" && !RESERVED.has(text.toUpperCase()));
    if (!free) throw wrong();
    at++;
    return text;
  };
  const whole = (): number => {
    const { kind, text } = next();
    if (kind !== "number" || !/^\d{1,9}$/.test(text)) throw wrong();
    at++;
    return Number(text);
  };
  const list = <T>(one: () => T): T[] => {
    const found = [one()];
    while (take(",")) found.push(one());
    return found;
  };

  const ref = (first = name()): Ref =>
    take(".")
      ? { table: first.toLowerCase(), column: name().toLowerCase() }
      : { table: undefined, column: first.toLowerCase() };
  const alias = (): string | undefined =>
    take("AS") || next().kind === "name" || (next().kind === "word" && !RESERVED.has(next().text.toUpperCase()))
      ? name()
      : undefined;
  const item = (): Item => {
    if (is("*")) throw errors.badQuery("SELECT * is not supported. Name each column.");
    const first = name();
    if (!take("(")) return { ref: ref(first), aggregate: undefined, distinct: false, alias: alias() };
    const aggregate = first.toUpperCase();
    if (!AGGREGATES.includes(aggregate)) throw errors.badQuery(`The function '${first}' is not supported.`);
    const distinct = take("DISTINCT");
    const column = aggregate === "COUNT" && !distinct && take("*") ? undefined : ref();
    need(")");
    return { ref: column, aggregate, distinct, alias: alias() };
  };
  const source = () => {
    const table = name().toLowerCase();
    return { table, alias: (alias() ?? table).toLowerCase() };
  };
  const join = (): Join | undefined => {
    for (const kind of ["RIGHT", "FULL", "CROSS"])
      if (is(kind)) throw errors.badQuery(`${kind} JOIN is not supported.`);
    const outer = take("LEFT");
    if (outer) take("OUTER");
    else if (!take("INNER") && !is("JOIN")) return undefined;
    need("JOIN");
    const joined = source();
    need("ON");
    const bracket = take("(");
    const left = ref();
    need("=");
    const right = ref();
    if (bracket) need(")");
    return { ...joined, outer, left, right };
  };
  const literal = (): string => {
    const { kind, text } = next();
    if (kind !== "text" && kind !== "number")
      throw errors.badQuery("A WHERE clause must compare a column with a literal value.");
    at++;
    return text;
  };
  const comparison = (): Test => {
    if (next().kind === "text" || next().kind === "number" || is("EXISTS") || is("NOT")) {
      throw errors.badQuery("A WHERE clause must compare a column with a literal value.");
    }
    const column = ref();
    const compare = (operator: string, values: string[] = []): Test => ({
      kind: "compare",
      ref: column,
      operator,
      values,
    });
    if (take("IS")) {
      const negated = take("NOT");
      need("NULL");
      return compare(negated ? "not-null" : "null");
    }
    const negated = take("NOT");
    if (take("LIKE")) return compare(negated ? "not-like" : "like", [literal()]);
    if (take("BETWEEN")) {
      const low = literal();
      need("AND");
      return compare(negated ? "not-between" : "between", [low, literal()]);
    }
    if (take("IN")) {
      need("(");
      const values = list(literal);
      need(")");
      return compare(negated ? "not-in" : "in", values);
    }
    const operator = negated || next().kind !== "sign" ? undefined : COMPARISONS[next().text];
    if (operator === undefined) throw wrong();
    at++;
    // Nothing equals NULL, nor differs from it.
    if (take("NULL")) return { kind: "all", tests: [compare("null"), compare("not-null")] };
    return compare(operator, [literal()]);
  };
  const condition = (depth: number): Test => {
    if (depth > MOST_NESTED) throw errors.badQuery("The WHERE clause is nested too deeply.");
    const factor = (): Test => {
      if (!take("(")) return comparison();
      const inner = condition(depth + 1);
      need(")");
      return inner;
    };
    const term = (): Test => {
      const tests = [factor()];
      while (take("AND")) tests.push(factor());
      return tests.length === 1 ? tests[0]! : { kind: "all", tests };
    };
    const tests = [term()];
    while (take("OR")) tests.push(term());
    return tests.length === 1 ? tests[0]! : { kind: "any", tests };
  };

  need("SELECT");
  const distinct = take("DISTINCT");
  let top: number | undefined;
  if (take("TOP")) {
    const bracket = take("(");
    top = whole();
    if (bracket) need(")");
  }
  const items = list(item);
  need("FROM");
  const from = source();
  if (is(",")) throw errors.badQuery("CROSS JOIN is not supported.");
  const joins: Join[] = [];
  for (let found = join(); found; found = join()) joins.push(found);
  const where = take("WHERE") ? condition(0) : undefined;
  const by = <T>(word: string, one: () => T): T[] => {
    if (!take(word)) return [];
    need("BY");
    return list(one);
  };
  const groupBy = by("GROUP", () => ref());
  for (const word of ["HAVING", "UNION"]) if (is(word)) throw errors.badQuery(`${word} is not supported.`);
  const orderBy = by("ORDER", () => {
    const column = ref();
    const descending = take("DESC");
    if (!descending) take("ASC");
    return { ref: column, descending };
  });
  let window: Select["window"];
  if (take("OFFSET")) {
    const first = whole();
    need(is("ROW") ? "ROW" : "ROWS", "FETCH", is("FIRST") ? "FIRST" : "NEXT");
    const rows = whole();
    need(is("ROW") ? "ROW" : "ROWS", "ONLY");
    window = { first, rows };
  }
  take(";");
  if (next().kind !== "end") throw wrong();
  return { distinct, top, items, from, joins, where, groupBy, orderBy, window };
}
