import { errors } from "../errors.ts";
import { wholeNumber } from "./options.ts";

/** One item of $expand, as it was written. `options` are what stood in its brackets. */
export type ExpandItem = { navigation: string; reference: boolean; options: ExpandOptions };

export type ExpandOptions = {
  select: string[] | undefined;
  filter: string | undefined;
  orderby: string | undefined;
  top: number | undefined;
  expand: ExpandItem[];
  /** The options again as a query string, for the link to the whole collection. */
  query: string;
};

/** Options one request may expand, nested ones counted (query/join-tables.md). */
const MOST_EXPANDS = 15;
/** OData has them, Dataverse does not (query/join-tables.md). */
const REFUSED = new Set(["$skip", "$count", "$search", "$levels", "$compute", "$apply", "$format"]);

/** Parses $expand: `a,b($select=c,d;$expand=e),f/$ref`. Throws the documented 400. */
export function parseExpand(text: string): ExpandItem[] {
  return parseItems(text, { items: 0 });
}

function parseItems(text: string, counted: { items: number }): ExpandItem[] {
  return splitOutside(text, ",").map((part) => {
    if (++counted.items > MOST_EXPANDS) throw errors.tooManyExpands();
    return parseItem(part.trim(), counted);
  });
}

function parseItem(part: string, counted: { items: number }): ExpandItem {
  const match = /^([A-Za-z_][\w.]*)(\/\$ref)?\s*(?:\((.*)\))?$/s.exec(part);
  if (!match) throw errors.badQuery(`Syntax error in the $expand query option: '${part}'.`);
  const [, navigation, reference, inside] = match;
  return { navigation: navigation!, reference: reference !== undefined, options: parseOptions(inside ?? "", counted) };
}

function parseOptions(text: string, counted: { items: number }): ExpandOptions {
  const options: ExpandOptions = {
    select: undefined,
    filter: undefined,
    orderby: undefined,
    top: undefined,
    expand: [],
    query: "",
  };
  const kept: string[] = [];
  for (const part of splitOutside(text, ";")) {
    const option = part.trim();
    if (option === "") continue;
    const cut = option.indexOf("=");
    const name = cut < 0 ? option : option.slice(0, cut).trim();
    const value = option.slice(cut + 1).trim();
    if (REFUSED.has(name)) throw errors.badQuery(`The query option ${name} is not supported inside $expand.`);
    if (cut < 0 || value === "") throw errors.badQuery(`Syntax error in the $expand query option: '${option}'.`);
    kept.push(`${name}=${encodeURIComponent(value).replace(/%(?:2C|24|28|29|3D|2F|27|40|3A)/g, decodeURIComponent)}`);
    if (name === "$select") options.select = value.split(",").map((each) => each.trim());
    else if (name === "$filter") options.filter = value;
    else if (name === "$orderby") options.orderby = value;
    else if (name === "$top") options.top = wholeNumber(name, value);
    else if (name === "$expand") options.expand = parseItems(value, counted);
    else throw errors.badQuery(`Term '${option.slice(0, 100)}' is not valid in a $select or $expand expression.`);
  }
  return { ...options, query: kept.join("&") };
}

/** Splits at a mark, but not inside quotes and brackets. Throws 400 when one of those is not closed. */
export function splitOutside(text: string, mark: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let quoted = false;
  let start = 0;
  for (let at = 0; at < text.length; at++) {
    const char = text[at];
    if (char === "'") quoted = !quoted;
    if (quoted) continue;
    if (char === "(") depth++;
    else if (char === ")") depth--;
    else if (char === mark && depth === 0) {
      parts.push(text.slice(start, at));
      start = at + 1;
    }
    if (depth < 0) break;
  }
  if (depth !== 0 || quoted) throw errors.badQuery(`Syntax error: a bracket or quote is not closed in '${text}'.`);
  return [...parts, text.slice(start)];
}
