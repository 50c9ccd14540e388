import { own } from "../../own.ts";
import { comparable } from "../collation.ts";
import { errors } from "../errors.ts";
import { GUID } from "../guids.ts";
import { foldForLike, likeTest } from "../like.ts";
import type { Column } from "../model.ts";
import { isDay, toInstant } from "../records/values.ts";
import type { Cell } from "../row.ts";
import type { Call, Comparison, Expression, Lambda, LiteralKind, Operand } from "./syntax.ts";

/** What a path in a query leads to: how to read it, and its type for checking literals against. */
export type Field<T> = {
  type: "string" | "number" | "boolean" | "guid" | "date" | "datetime";
  get(item: T): Cell;
  /** Of a table's row: the column at the end of the path. */
  column?: Column;
};

/** Finds the field of a path; throws "Could not find a property named ..." */
export type Resolve<T> = (path: string[]) => Field<T>;

/** SQL's three values: a comparison with nothing is neither true nor false (section 6: `ne` leaves out nulls). */
export type Truth = boolean | null;
export type Test<T> = (item: T) => Truth;

/** What only rows of tables have: collections to look into, and Dataverse's own functions. */
export type Powers<T> = { lambda(lambda: Lambda): Test<T>; call(call: Call): Test<T> };

/** Compiles a filter; the result says whether an item is in. Throws when a name or a type is wrong. */
export function compileFilter<T>(
  expression: Expression,
  resolve: Resolve<T>,
  powers?: Powers<T>,
): (item: T) => boolean {
  const test = compile(expression, resolve, powers);
  return (item) => test(item) === true;
}

function compile<T>(expression: Expression, resolve: Resolve<T>, powers: Powers<T> | undefined): Test<T> {
  const compiled = (part: Expression) => compile(part, resolve, powers);
  switch (expression.kind) {
    case "and":
      return conjunction(expression.parts.map(compiled));
    case "or":
      return oneOf(expression.parts, resolve) ?? disjunction(expression.parts.map(compiled));
    case "not": {
      const part = compiled(expression.part);
      return (item) => {
        const truth = part(item);
        return truth === null ? null : !truth;
      };
    }
    case "compare":
      return comparison(expression.operator, expression.left, expression.right, resolve);
    case "text":
      return textTest(expression.test, expression.left, expression.right, resolve);
    case "lambda":
      if (!powers) throw errors.queryNode(expression.quantifier === "any" ? "Any" : "All");
      return powers.lambda(expression);
    case "call":
      if (!powers) throw errors.unknownFunction(`Microsoft.Dynamics.CRM.${expression.name}`);
      return powers.call(expression);
    case "operand": {
      const { get, type } = operandField(expression.operand, resolve);
      if (type !== "boolean") throw errors.badQuery("The $filter expression must evaluate to a single boolean value.");
      return (item) => get(item) as Truth;
    }
  }
}

function conjunction<T>(tests: Test<T>[]): Test<T> {
  return (item) => {
    let truth: Truth = true;
    for (const test of tests) {
      const each = test(item);
      if (each === false) return false;
      if (each === null) truth = null;
    }
    return truth;
  };
}

function disjunction<T>(tests: Test<T>[]): Test<T> {
  return (item) => {
    let truth: Truth = false;
    for (const test of tests) {
      const each = test(item);
      if (each === true) return true;
      if (each === null) truth = null;
    }
    return truth;
  };
}

/** `a eq 1 or a eq 2 or ...`, which clients send by the hundred, becomes one look into a set. */
function oneOf<T>(parts: Expression[], resolve: Resolve<T>): Test<T> | undefined {
  const values: unknown[] = [];
  let path: string[] | undefined;
  for (const part of parts) {
    if (part.kind !== "compare" || part.operator !== "eq" || part.left.kind !== "path") return undefined;
    if (part.right.kind !== "literal" || part.right.value === null) return undefined;
    if (path !== undefined && path.join("/") !== part.left.path.join("/")) return undefined;
    path = part.left.path;
    comparison("eq", part.left, part.right, resolve);
    values.push(part.right.value);
  }
  return path && membership(resolve(path), values, false);
}

/** Whether a value is one of a list, or with `negated` none of it. An empty value is neither. */
export function membership<T>(field: Field<T>, values: unknown[], negated: boolean): Test<T> {
  const wanted = new Set(values.map((value) => comparable(memberValue(field, value))));
  return (item) => {
    const value = field.get(item);
    return value === null ? null : wanted.has(comparable(value)) !== negated;
  };
}

/** Members of a list come as texts, whatever the column's type (section 6). */
export function memberValue<T>(field: Field<T>, value: unknown): Cell {
  const text = typeof value === "object" ? JSON.stringify(value) : String(value);
  const fitting = typed(field.type, text);
  if (fitting !== undefined) return fitting;
  throw errors.badQuery(`The value '${text.slice(0, 100)}' is not of the type '${EDM[field.type]}'.`);
}

function typed(type: Field<unknown>["type"], text: string): Cell | undefined {
  switch (type) {
    case "number":
      return /^\s*-?\d+(\.\d+)?([eE][+-]?\d+)?\s*$/.test(text) ? Number(text) : undefined;
    case "boolean":
      return own<boolean>({ true: true, false: false, "1": true, "0": false }, text.toLowerCase());
    case "guid":
      return GUID.test(text.replace(/^\{|\}$/g, "")) ? text.replace(/^\{|\}$/g, "").toLowerCase() : undefined;
    case "date":
      return isDay(text) ? text : toInstant(text)?.slice(0, 10);
    case "datetime":
      return toInstant(text);
    default:
      return text;
  }
}

function operandField<T>(operand: Operand, resolve: Resolve<T>): Field<T> & { literal?: LiteralKind } {
  if (operand.kind === "path") return resolve(operand.path);
  const { value, type } = operand;
  const fieldType = type === "null" || type === "enum" ? "string" : type;
  return { type: fieldType, get: () => value, literal: type };
}

const EDM = {
  string: "Edm.String",
  number: "Edm.Int32",
  boolean: "Edm.Boolean",
  guid: "Edm.Guid",
  date: "Edm.Date",
  datetime: "Edm.DateTimeOffset",
};

const OPERATOR_NAMES: Record<Comparison, string> = {
  eq: "Equal",
  ne: "NotEqual",
  gt: "GreaterThan",
  ge: "GreaterThanOrEqual",
  lt: "LessThan",
  le: "LessThanOrEqual",
};

function comparison<T>(operator: Comparison, left: Operand, right: Operand, resolve: Resolve<T>): Test<T> {
  const a = operandField(left, resolve);
  const b = operandField(right, resolve);
  if (a.literal === "null" || b.literal === "null") return nullTest(operator, a.literal === "null" ? b : a);
  if (!fits(a, b)) {
    throw errors.badQuery(
      `A binary operator with incompatible types was detected. Found operand types '${EDM[a.type]}' and '${EDM[b.type]}' for operator kind '${OPERATOR_NAMES[operator]}'.`,
    );
  }
  const decide = DECIDE[operator];
  const readA = reader(a, b);
  const readB = reader(b, a);
  return (item) => {
    const x = readA(item);
    const y = readB(item);
    return x === null || y === null ? null : decide(x, y);
  };
}

function nullTest<T>(operator: Comparison, field: Field<T>): Test<T> {
  if (operator === "eq") return (item) => field.get(item) === null;
  if (operator === "ne") return (item) => field.get(item) !== null;
  return () => null;
}

type Typed = { type: keyof typeof EDM; literal?: LiteralKind };

function fits(a: Typed, b: Typed): boolean {
  if (a.type === b.type || a.literal === "enum" || b.literal === "enum") return true;
  // A day is accepted where an instant is compared, not the other way round.
  return (a.literal === "date" && b.type === "datetime") || (b.literal === "date" && a.type === "datetime");
}

function reader<T>(side: Field<T> & Typed, other: Typed): (item: T) => Cell {
  if (side.literal === "date" && other.type === "datetime") {
    const value = `${side.get(undefined as T)}T00:00:00Z`;
    return () => value;
  }
  if (side.type !== "string") return side.get;
  if (side.literal !== undefined) {
    const value = comparable(side.get(undefined as T));
    return () => value;
  }
  return (item) => comparable(side.get(item));
}

type Value = string | number | boolean;
const DECIDE: Record<Comparison, (x: Value, y: Value) => boolean> = {
  eq: (x, y) => x === y,
  ne: (x, y) => x !== y,
  gt: (x, y) => x > y,
  ge: (x, y) => x >= y,
  lt: (x, y) => x < y,
  le: (x, y) => x <= y,
};

function textTest<T>(
  test: "contains" | "startswith" | "endswith",
  left: Operand,
  right: Operand,
  resolve: Resolve<T>,
): Test<T> {
  const a = operandField(left, resolve);
  const b = operandField(right, resolve);
  if (a.type !== "string" || b.type !== "string") {
    throw errors.badQuery(
      `No function signature for the function with name '${test}' matches the specified arguments. The function signatures considered are: ${test}(Edm.String Nullable=true, Edm.String Nullable=true).`,
    );
  }
  const decide = textDecision(test, b.literal === undefined ? undefined : String(b.get(undefined as T) ?? ""));
  return (item) => {
    const x = a.get(item);
    const y = b.get(item);
    return x === null || y === null ? null : decide(foldForLike(String(x)), foldForLike(String(y)));
  };
}

/** `%`, `_` and `[ ]` act as in SQL's LIKE (section 6); text without them is looked for as it is. */
function textDecision(test: "contains" | "startswith" | "endswith", literal: string | undefined) {
  if (literal !== undefined && /[%_[]/.test(literal)) {
    return likeTest(`${test === "startswith" ? "" : "%"}${literal}${test === "endswith" ? "" : "%"}`);
  }
  if (test === "contains") return (x: string, y: string) => x.includes(y);
  return test === "startswith" ? (x: string, y: string) => x.startsWith(y) : (x: string, y: string) => x.endsWith(y);
}
