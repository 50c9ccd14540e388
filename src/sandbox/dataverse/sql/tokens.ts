import { errors } from "../errors.ts";

/** `name`: in brackets or double quotes, never a keyword. */
export type Token = { kind: "word" | "name" | "text" | "number" | "sign" | "end"; text: string };

const TOKEN =
  /\s+|--[^\n]*|\/\*[\s\S]*?\*\/|N?'((?:[^']|'')*)'|(-?\d+(?:\.\d+)?)|\[([^\]]+)\]|"([^"]+)"|([A-Za-z_]\w*)|(<>|!=|<=|>=|[=<>(),.*;])/y;

/** The words of a SQL text, comments left out. Throws 400 for a sign that is in none. */
export function tokensOf(sql: string): Token[] {
  const tokens: Token[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < sql.length) {
    const at = TOKEN.lastIndex;
    const match = TOKEN.exec(sql);
    if (!match) throw errors.badQuery(`Incorrect syntax near '${sql.slice(at, at + 20)}'.`);
    const [, text, number, bracketed, quoted, word, sign] = match;
    const name = bracketed ?? quoted;
    if (text !== undefined) tokens.push({ kind: "text", text: text.replaceAll("''", "'") });
    else if (number !== undefined) tokens.push({ kind: "number", text: number });
    else if (name !== undefined) tokens.push({ kind: "name", text: name });
    else if (word !== undefined) tokens.push({ kind: "word", text: word });
    else if (sign !== undefined) tokens.push({ kind: "sign", text: sign });
  }
  tokens.push({ kind: "end", text: "" });
  return tokens;
}
