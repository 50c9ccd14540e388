import { errors } from "../errors.ts";

export type Token =
  | { kind: "word"; text: string; at: number }
  | { kind: "string"; text: string; at: number }
  | { kind: "number"; text: string; at: number }
  | { kind: "guid"; text: string; at: number }
  | { kind: "date"; text: string; at: number }
  | { kind: "alias"; text: string; at: number }
  | { kind: "list"; text: string; at: number }
  | { kind: "mark"; text: "(" | ")" | "," | "=" | ":"; at: number }
  | { kind: "end"; text: ""; at: number };

/** In order of precedence: a GUID may begin like a number, a date too. */
const RULES: [Exclude<Token["kind"], "end">, RegExp][] = [
  ["guid", /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/iy],
  ["date", /\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)?)?/iy],
  ["number", /-?\d+(?:\.\d+)?(?:e[+-]?\d+)?/iy],
  ["string", /'(?:[^']|'')*'/y],
  ["alias", /@\w+/y],
  ["list", /\[(?:"(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|[^\]"'])*\]/y],
  // Not a list, but told as one: its JSON is what is wrong with it.
  ["list", /\[[^\]]*\]/y],
  ["word", /[A-Za-z_$][\w.$]*(?:\/[A-Za-z_$][\w.$]*)*/y],
  ["mark", /[(),=:]/y],
];

/** Splits a $filter or $orderby into tokens; the last is always `end`. Throws the 400 of a query syntax error. */
export function tokens(text: string): Token[] {
  const found: Token[] = [];
  let at = 0;
  for (;;) {
    while (text[at] === " " || text[at] === "\t" || text[at] === "\n" || text[at] === "\r") at++;
    if (at >= text.length) return [...found, { kind: "end", text: "", at }];
    const token = tokenAt(text, at);
    if (!token) throw unreadable(text, at);
    found.push(token);
    at += token.text.length;
  }
}

function tokenAt(text: string, at: number): Token | undefined {
  for (const [kind, rule] of RULES) {
    rule.lastIndex = at;
    const match = rule.exec(text);
    if (match) return { kind, text: match[0], at } as Token;
  }
  return undefined;
}

function unreadable(text: string, at: number): Error {
  const mark = text[at]!;
  if (mark === "'" || mark === "[") {
    return errors.badQuery(`There is an unterminated literal at position ${text.length} in '${text}'.`);
  }
  return errors.badQuery(`Syntax error: character '${mark}' is not valid at position ${at} in '${text}'.`);
}
