import { errors } from "../errors.ts";
import { isDay, toInstant } from "../records/values.ts";
import { type Token, tokens } from "./lexer.ts";
import type { Comparison, Expression, Operand } from "./syntax.ts";

/** Values of parameter aliases by name (`@p1`), as they stand in the query string. */
export type Aliases = Map<string, string>;

const COMPARISONS = new Set(["eq", "ne", "gt", "ge", "lt", "le"]);
const TEXT_TESTS = new Set(["contains", "startswith", "endswith"]);
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
  if (operator.kind !== "word" || !COMPARISONS.has(operator.text)) return { kind: "operand", operand: left };
  parser.at++;
  return { kind: "compare", operator: operator.text as Comparison, left, right: parseOperand(parser) };
}

function parseCall(parser: Parser): Expression {
  const name = next(parser).text;
  if (/\/(any|all)$/.test(name)) throw errors.notBuilt(`The lambda operator in '${name}(...)'`);
  if (TEXT_TESTS.has(name)) {
    expect(parser, "(");
    const left = parseOperand(parser);
    expect(parser, ",");
    const right = parseOperand(parser);
    expect(parser, ")");
    return { kind: "text", test: name as "contains", left, right };
  }
  if (name === `${CRM}In` || name === `${CRM}NotIn`) {
    const named = parseArguments(parser);
    const path = named.get("PropertyName");
    const values = named.get("PropertyValues");
    if (path?.kind !== "string" || values?.kind !== "list") throw syntaxError(parser);
    return {
      kind: "in",
      path: unquote(path.text).split("/"),
      values: listValues(parser, values.text),
      negated: name.endsWith("NotIn"),
    };
  }
  if (name.startsWith(CRM) || KNOWN_FUNCTIONS.has(name)) throw errors.notBuilt(`The query function ${name}`);
  throw errors.badQuery(
    `An unknown function with name '${name}' was found. This may also be a function import or a key lookup on a navigation property, which is not allowed.`,
  );
}

/** OData functions Dataverse or OData know and the sandbox does not. */
const KNOWN_FUNCTIONS = new Set(
  "tolower toupper trim concat length indexof substring year month day hour minute second date time now round floor ceiling cast isof".split(
    " ",
  ),
);

function parseArguments(parser: Parser): Map<string, Token> {
  expect(parser, "(");
  const named = new Map<string, Token>();
  for (;;) {
    const name = next(parser).text;
    expect(parser, "=");
    const value = next(parser);
    named.set(name, value.kind === "alias" ? aliasToken(parser, value) : value);
    if (peek(parser).text !== ",") break;
    parser.at++;
  }
  expect(parser, ")");
  return named;
}

function aliasToken(parser: Parser, token: Token): Token {
  const list = tokens(parser.aliases.get(token.text) ?? "null");
  return list[0]!;
}

function listValues(parser: Parser, text: string): unknown[] {
  try {
    return JSON.parse(text.includes('"') ? text : text.replaceAll("'", '"')) as unknown[];
  } catch {
    throw errors.badQuery(`The list ${text} in '${parser.text}' is not valid.`);
  }
}

function parseOperand(parser: Parser): Operand {
  const token = next(parser);
  if (token.kind !== "alias") return operandOf(token, parser);
  // An unassigned alias is null (section 6).
  const [value, end] = tokens(parser.aliases.get(token.text) ?? "null");
  if (end?.kind !== "end") throw errors.badQuery(`The value of the parameter alias '${token.text}' is not valid.`);
  return operandOf(value!, parser);
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
  if (token.text.startsWith(CRM) && following.kind === "string") {
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
