import { errors } from "../errors.ts";

/** An expression of Cosmos SQL. A path begins with the alias of the item: `c.props.contoso_value` is `["props", ...]`. */
export type Expression =
  | { kind: "literal"; value: unknown }
  | { kind: "parameter"; name: string }
  | { kind: "path"; path: (string | number)[] }
  | { kind: "call"; name: string; arguments: Expression[] }
  | { kind: "not"; part: Expression }
  | { kind: "and" | "or"; left: Expression; right: Expression }
  | { kind: "compare"; operator: string; left: Expression; right: Expression }
  | { kind: "in"; value: Expression; list: Expression[] };

/** A query over the items of one table. `select` undefined: `SELECT *`; `value`: `SELECT VALUE x`. */
export type Query = {
  distinct: boolean;
  top: number | undefined;
  value: boolean;
  select: { name: string; value: Expression }[] | undefined;
  where: Expression | undefined;
  order: { by: Expression; descending: boolean }[];
  offset: number;
  limit: number | undefined;
};

const TOKEN =
  /\s*(?:("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|(-?\d+(?:\.\d+)?)|(@\w+)|([A-Za-z_]\w*)|(<=|>=|<>|!=|[=<>(),.*[\]]))/y;
const COMPARISONS = new Set(["=", "!=", "<>", "<", "<=", ">", ">="]);
/** Words that end an expression or a list, so that they are no names. */
const RESERVED = new Set("from where order offset and or not in between like as asc desc join group".split(" "));
/** Nested deeper than anybody writes by hand. */
const DEEPEST = 100;
const MOST_TOKENS = 3000;

type Token = { kind: "string" | "number" | "parameter" | "word" | "mark" | "end"; text: string };
const KINDS = ["string", "number", "parameter", "word", "mark"] as const;

/** Parses a query. Throws 400 for what is no query, and 501 for parts of the language that are not built. */
export function parseCosmos(text: string): Query {
  return new Parser(tokens(text)).query();
}

function tokens(text: string): Token[] {
  const found: Token[] = [];
  TOKEN.lastIndex = 0;
  while (text.slice(TOKEN.lastIndex).trim() !== "") {
    const at = TOKEN.lastIndex;
    const match = TOKEN.exec(text);
    if (!match) throw syntaxError(text.slice(at).trim());
    const kind = KINDS[match.slice(1).findIndex((part) => part !== undefined)]!;
    found.push({ kind, text: match[0].trim() });
  }
  if (found.length > MOST_TOKENS) throw errors.badParameter("QueryText", "it is too long");
  return [...found, { kind: "end", text: "" }];
}

const syntaxError = (near: string) => errors.badParameter("QueryText", `syntax error near '${near.slice(0, 50)}'`);
const notBuilt = (what: string) => errors.notBuilt(`${what} in a query of ExecuteCosmosSqlQuery`);

class Parser {
  private at = 0;
  private depth = 0;
  private alias = "c";
  private readonly all: Token[];

  constructor(all: Token[]) {
    this.all = all;
    // The alias stands behind the paths that begin with it.
    const from = all.findIndex((token) => is(token, "from"));
    const named = all[from + 1];
    const last = named && is(all[from + 2], "as") ? all[from + 3] : all[from + 2];
    const second = last?.kind === "word" && !RESERVED.has(last.text.toLowerCase()) ? last : named;
    if (from >= 0 && second?.kind === "word") this.alias = second.text;
  }

  query(): Query {
    this.need("select");
    const distinct = this.took("distinct");
    const top = this.took("top") ? this.count() : undefined;
    const value = this.took("value");
    const select = this.took("*") ? undefined : value ? [{ name: "", value: this.expression() }] : this.items();
    this.need("from");
    this.next("word");
    while (this.now().kind === "word" && (is(this.now(), "as") || !RESERVED.has(this.now().text.toLowerCase())))
      this.at++;
    const where = this.took("where") ? this.expression() : undefined;
    const order: Query["order"] = [];
    if (this.took("order")) {
      this.need("by");
      do {
        const by = this.expression();
        const descending = this.took("desc");
        if (!descending) this.took("asc");
        order.push({ by, descending });
      } while (this.took(","));
    }
    const offset = this.took("offset") ? this.count() : 0;
    const limit = this.took("limit") ? this.count() : undefined;
    const rest = this.now();
    if (["join", "group", "in"].some((word) => is(rest, word))) throw notBuilt(rest.text.toUpperCase());
    if (rest.kind !== "end") throw syntaxError(rest.text);
    return { distinct, top, value, select, where, order, offset, limit };
  }

  private items(): { name: string; value: Expression }[] {
    const items: { name: string; value: Expression }[] = [];
    do {
      const value = this.expression();
      const named = this.took("as") ? this.next("word").text : undefined;
      const last = value.kind === "path" ? value.path.at(-1) : undefined;
      items.push({ name: named ?? (typeof last === "string" ? last : `$${items.length + 1}`), value });
    } while (this.took(","));
    return items;
  }

  private expression(): Expression {
    if (++this.depth > DEEPEST) throw errors.badParameter("QueryText", "it is nested too deeply");
    let left = this.conjunction();
    while (this.took("or")) left = { kind: "or", left, right: this.conjunction() };
    this.depth--;
    return left;
  }

  private conjunction(): Expression {
    let left = this.negation();
    while (this.took("and")) left = { kind: "and", left, right: this.negation() };
    return left;
  }

  private negation(): Expression {
    let negations = 0;
    while (this.took("not")) negations++;
    const part = this.comparison();
    return negations % 2 === 0 ? part : { kind: "not", part };
  }

  private comparison(): Expression {
    const left = this.primary();
    const { text } = this.now();
    if (COMPARISONS.has(text)) {
      this.at++;
      return { kind: "compare", operator: text === "<>" ? "!=" : text, left, right: this.primary() };
    }
    const negated = this.took("not");
    const found = this.membership(left);
    if (negated && !found) throw syntaxError(this.now().text);
    return found === undefined ? left : negated ? { kind: "not", part: found } : found;
  }

  private membership(value: Expression): Expression | undefined {
    if (this.took("in")) {
      this.need("(");
      return { kind: "in", value, list: this.list() };
    }
    if (this.took("between")) {
      const low = this.primary();
      this.need("and");
      const right: Expression = { kind: "compare", operator: "<=", left: value, right: this.primary() };
      return { kind: "and", left: { kind: "compare", operator: ">=", left: value, right: low }, right };
    }
    if (is(this.now(), "like")) throw notBuilt("LIKE");
    return undefined;
  }

  private primary(): Expression {
    if (this.took("(")) {
      const inner = this.expression();
      this.need(")");
      return inner;
    }
    const token = this.now();
    this.at++;
    if (token.kind === "string") return { kind: "literal", value: unquoted(token.text) };
    if (token.kind === "number") return { kind: "literal", value: Number(token.text) };
    if (token.kind === "parameter") return { kind: "parameter", name: token.text };
    if (token.kind !== "word" || RESERVED.has(token.text.toLowerCase())) throw syntaxError(token.text);
    const constants: Record<string, unknown> = { true: true, false: false, null: null, undefined };
    if (Object.hasOwn(constants, token.text)) return { kind: "literal", value: constants[token.text] };
    if (this.took("(")) return { kind: "call", name: token.text.toUpperCase(), arguments: this.list() };
    if (token.text !== this.alias) throw errors.badParameter("QueryText", `'${token.text}' is no name`);
    return { kind: "path", path: this.path() };
  }

  private path(): (string | number)[] {
    const path: (string | number)[] = [];
    for (;;) {
      if (this.took(".")) path.push(this.next("word").text);
      else if (this.took("[")) {
        const token = this.now();
        path.push(token.kind === "string" ? unquoted(token.text) : Number(this.next("number").text));
        if (token.kind === "string") this.at++;
        this.need("]");
      } else return path;
    }
  }

  /** What stands in brackets, the closing one included. */
  private list(): Expression[] {
    const list: Expression[] = [];
    if (this.took(")")) return list;
    do list.push(this.expression());
    while (this.took(","));
    this.need(")");
    return list;
  }

  private count(): number {
    const { text } = this.next("number");
    if (!/^\d{1,9}$/.test(text)) throw syntaxError(text);
    return Number(text);
  }

  private now(): Token {
    return this.all[this.at] ?? this.all.at(-1)!;
  }

  private next(kind: Token["kind"]): Token {
    const token = this.now();
    if (token.kind !== kind) throw syntaxError(token.text);
    this.at++;
    return token;
  }

  private took(text: string): boolean {
    const found = is(this.now(), text);
    if (found) this.at++;
    return found;
  }

  private need(text: string): void {
    if (!this.took(text)) throw syntaxError(this.now().text);
  }
}

function is(token: Token | undefined, text: string): boolean {
  return (token?.kind === "word" || token?.kind === "mark") && token.text.toLowerCase() === text;
}

/** The text of a literal, its escapes as in JSON. */
function unquoted(text: string): string {
  const inner = text.slice(1, -1).replace(/\\.|"/gs, (part) => (part === '"' ? '\\"' : part === "\\'" ? "'" : part));
  try {
    return JSON.parse(`"${inner}"`) as string;
  } catch {
    throw syntaxError(text);
  }
}
