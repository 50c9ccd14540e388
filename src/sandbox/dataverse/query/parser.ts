import type { Operation } from "../../operation.ts";
import { errors } from "../errors.ts";
import { isDay, toInstant } from "../records/values.ts";
import { type Token, tokens } from "./lexer.ts";
import type { Call, Comparison, Expression, Lambda, Literal, Operand } from "./syntax.ts";

/** Values of parameter aliases by name (`@p1`), as they stand in the query string. */
export type Aliases = Map<string, string>;

const SOURCE = "query/filter-rows.md";

export const FILTER_OPERATIONS: Operation[] = [
  { name: "eq ne gt ge lt le", does: "compares a column with a value or a column of the same row", source: SOURCE },
  { name: "and or not", does: "joins tests, with brackets; an empty value is neither true nor false", source: SOURCE },
  { name: "contains", does: "text inside a text, with the wildcards `%`, `_`, `[ ]`", source: SOURCE },
  { name: "startswith", does: "text at the start", source: SOURCE },
  { name: "endswith", does: "text at the end", source: SOURCE },
  { name: "Lookup path", does: "columns of rows that lookups lead to, over several steps and casts", source: SOURCE },
  { name: "any", does: "some row of a 1:N or N:N collection passes, or there is one; nested too", source: SOURCE },
  { name: "all", does: "every row of a collection passes", source: SOURCE },
];

const COMPARISONS = new Set(["eq", "ne", "gt", "ge", "lt", "le"]);
const TEXT_TESTS = new Set(["contains", "startswith", "endswith"]);
/** Known to OData 4.0 and refused: only comparisons may join two values (section 6). */
const ARITHMETIC = new Set(["add", "sub", "mul", "div", "mod", "has"]);
const CRM = "Microsoft.Dynamics.CRM.";
/** Deeper nesting than any real query, and far from the end of the stack. */
const MAX_DEPTH = 100;

/**
 * $filter by recursive descent: or, and, not, then comparisons, functions and brackets.
 * Source: dataverse.md section 6. Throws 400 for what is wrong and 501 for what the sandbox does not do.
 */
export function parseFilter(text: string, aliases: Aliases): Expression {
  const parser = { text, list: tokens(text), at: 0, depth: 0, aliases };
  const expression = parseOr(parser);
  if (peek(parser).kind !== "end") throw syntaxError(parser);
  return expression;
}

type Parser = { text: string; list: Token[]; at: number; depth: number; aliases: Aliases };

const peek = (parser: Parser): Token => parser.list[parser.at]!;
/** Stays on the end, so that a text that breaks off is a syntax error and not a missing token. */
const next = (parser: Parser): Token => parser.list[peek(parser).kind === "end" ? parser.at : parser.at++]!;

function syntaxError(parser: Parser): Error {
  return errors.badQuery(`Syntax error at position ${peek(parser).at} in '${parser.text}'.`);
}

function expect(parser: Parser, mark: string): void {
  const token = peek(parser);
  if (token.kind !== "mark" || token.text !== mark) throw syntaxError(parser);
  parser.at++;
}

function isWord(token: Token, word: string): boolean {
  return token.kind === "word" && token.text === word;
}

function parseOr(parser: Parser): Expression {
  return chain(parser, "or", parseAnd);
}

function parseAnd(parser: Parser): Expression {
  return chain(parser, "and", parseNot);
}

function chain(parser: Parser, kind: "and" | "or", part: (parser: Parser) => Expression): Expression {
  const parts = [part(parser)];
  while (isWord(peek(parser), kind)) {
    parser.at++;
    parts.push(part(parser));
  }
  return parts.length === 1 ? parts[0]! : { kind, parts };
}

function parseNot(parser: Parser): Expression {
  if (++parser.depth > MAX_DEPTH) throw errors.badQuery("The recursion limit of the filter has been exceeded.");
  try {
    if (!isWord(peek(parser), "not")) return parseTest(parser);
    parser.at++;
    return { kind: "not", part: parseNot(parser) };
  } finally {
    parser.depth--;
  }
}

function parseTest(parser: Parser): Expression {
  const token = peek(parser);
  if (token.kind === "mark" && token.text === "(") {
    parser.at++;
    const inner = parseOr(parser);
    expect(parser, ")");
    return inner;
  }
  const following = parser.list[parser.at + 1];
  if (token.kind === "word" && following?.kind === "mark" && following.text === "(") return parseCall(parser);
  const left = parseOperand(parser);
  const operator = peek(parser);
  if (operator.kind === "word" && ARITHMETIC.has(operator.text)) throw errors.queryNode("BinaryOperator");
  if (operator.kind !== "word" || !COMPARISONS.has(operator.text)) return { kind: "operand", operand: left };
  parser.at++;
  return { kind: "compare", operator: operator.text as Comparison, left, right: parseOperand(parser) };
}

function parseCall(parser: Parser): Expression {
  const name = next(parser).text;
  const path = name.split("/");
  const last = path.pop()!;
  if (path.length > 0 && (last === "any" || last === "all")) return parseLambda(parser, path, last);
  if (TEXT_TESTS.has(name)) {
    expect(parser, "(");
    const left = parseOperand(parser);
    expect(parser, ",");
    const right = parseOperand(parser);
    expect(parser, ")");
    return { kind: "text", test: name as "contains", left, right };
  }
  if (last.startsWith(CRM) && path.length <= 1) {
    return { kind: "call", name: last.slice(CRM.length), scope: path, arguments: parseArguments(parser) };
  }
  if (ODATA_FUNCTIONS.has(name)) throw errors.queryNode("SingleValueFunctionCall");
  throw errors.unknownFunction(name);
}

/** Functions OData 4.0 has and Dataverse refuses: it knows contains, startswith and endswith only (section 6). */
const ODATA_FUNCTIONS = new Set(
  (
    "tolower toupper trim concat length indexof substring year month day hour minute second fractionalseconds date " +
    "time now totaloffsetminutes mindatetime maxdatetime totalseconds round floor ceiling cast isof geo.distance"
  ).split(" "),
);

/** `nav/any(v:test)`, `nav/all(v:test)`, `nav/any()`: without a test only `any` makes sense. */
function parseLambda(parser: Parser, path: string[], quantifier: "any" | "all"): Lambda {
  expect(parser, "(");
  if (quantifier === "any" && peek(parser).text === ")") {
    parser.at++;
    return { kind: "lambda", quantifier, path, variable: undefined, body: undefined };
  }
  const variable = next(parser);
  if (variable.kind !== "word" || variable.text.includes("/")) throw syntaxError(parser);
  expect(parser, ":");
  const body = parseOr(parser);
  expect(parser, ")");
  return { kind: "lambda", quantifier, path, variable: variable.text, body };
}

/** Arguments of Dataverse's own functions come by name, in any order, also as parameter aliases. */
function parseArguments(parser: Parser): Call["arguments"] {
  expect(parser, "(");
  const named: Call["arguments"] = new Map();
  while (peek(parser).text !== ")") {
    if (named.size > 0) expect(parser, ",");
    const name = next(parser);
    if (name.kind !== "word") throw syntaxError(parser);
    expect(parser, "=");
    const [value, from] = resolved(parser, next(parser));
    if (value.kind === "list") named.set(name.text, { kind: "list", values: listValues(value.text, from) });
    else named.set(name.text, literalOf(value, parser));
  }
  expect(parser, ")");
  return named;
}

/** The token itself, or the one its alias stands for; an unassigned alias is null (section 6). */
function resolved(parser: Parser, token: Token): [Token, string] {
  if (token.kind !== "alias") return [token, parser.text];
  const text = parser.aliases.get(token.text) ?? "null";
  const [value, end] = tokens(text);
  if (end?.kind !== "end") throw errors.badQuery(`The value of the parameter alias '${token.text}' is not valid.`);
  return [value!, text];
}

function literalOf(token: Token, parser: Parser): Literal {
  const operand = operandOf(token, parser);
  if (operand.kind !== "literal") throw syntaxError(parser);
  return operand;
}

/** A list is JSON; OData also writes it with single quotes. */
function listValues(text: string, whole: string): unknown[] {
  try {
    return JSON.parse(text.includes('"') ? text : text.replaceAll("'", '"')) as unknown[];
  } catch {
    throw errors.badQuery(
      `Invalid JSON. A comma character ',' was expected in scope 'Array'. Every two elements in an array and properties of an object must be separated by commas. (${whole})`,
    );
  }
}

function parseOperand(parser: Parser): Operand {
  return operandOf(resolved(parser, next(parser))[0], parser);
}

function operandOf(token: Token, parser: Parser): Operand {
  switch (token.kind) {
    case "string":
      return { kind: "literal", type: "string", value: unquote(token.text) };
    case "number":
      return { kind: "literal", type: "number", value: Number(token.text) };
    case "guid":
      return { kind: "literal", type: "guid", value: token.text.toLowerCase() };
    case "date":
      return dateOperand(token.text);
    case "word":
      break;
    default:
      throw errors.badQuery(`Syntax error at position ${token.at} in '${parser.text}'.`);
  }
  if (token.text === "null") return { kind: "literal", type: "null", value: null };
  if (token.text === "true" || token.text === "false") {
    return { kind: "literal", type: "boolean", value: token.text === "true" };
  }
  // An enumeration literal: Microsoft.Dynamics.CRM.OwnershipTypes'UserOwned'.
  const following = peek(parser);
  if (token.text.startsWith(CRM) && following.kind === "string" && following.at === token.at + token.text.length) {
    parser.at++;
    return { kind: "literal", type: "enum", value: unquote(following.text) };
  }
  return { kind: "path", path: token.text.split("/") };
}

function dateOperand(text: string): Operand {
  if (isDay(text)) return { kind: "literal", type: "date", value: text };
  const instant = toInstant(text);
  if (instant === undefined) throw errors.badQuery(`The date '${text}' is not valid.`);
  return { kind: "literal", type: "datetime", value: instant };
}

function unquote(text: string): string {
  return text.slice(1, -1).replaceAll("''", "'");
}
