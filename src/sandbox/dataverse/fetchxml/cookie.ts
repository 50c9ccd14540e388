import { escapeXml } from "../../escape-xml.ts";
import { ODataError } from "../errors.ts";
import { isNumber, type Table } from "../model.ts";
import { type Cell, type Row, SEQUENCE } from "../row.ts";
import { fetchErrors } from "./errors.ts";
import type { Field } from "./field.ts";
import type { Bound } from "./tables.ts";
import { parseXml } from "./xml.ts";

/** One column the result is sorted by. */
export type SortKey = { bound: Bound; field: Field; descending: boolean };

/** Where a page ended: the values of its last row's sort columns, and that row's place in the table. */
export type Cookie = { values: Cell[]; sequence: number };

type End = { id: string; values: Cell[] };

/**
 * The annotation fetchxmlpagingcookie: an element whose `pagingcookie` is URL-encoded twice; decoded it names first and
 * last row of the page (dataverse.md section 6, page page-results).
 */
export function writeCookie(page: number, table: Table, keys: SortKey[], last: End, first: End): string {
  const sorted = keys.map(({ field }, n) => {
    return `<${field.name}${attribute("last", last.values[n]!)}${attribute("first", first.values[n]!)} />`;
  });
  const braced = (id: string) => `{${id.toUpperCase()}}`;
  const key = `<${table.idColumn} last="${braced(last.id)}" first="${braced(first.id)}" />`;
  const inner = encodeTwice(`<cookie page="${page}">${sorted.join("")}${key}</cookie>`);
  return `<cookie pagenumber="${page + 1}" pagingcookie="${inner}" istracking="False" />`;
}

function attribute(name: string, value: Cell): string {
  return value === null ? ` ${name}null="1"` : ` ${name}="${escapeXml(String(value))}"`;
}

function encodeTwice(text: string): string {
  const lower = (encoded: string) => encoded.replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase());
  return lower(encodeURIComponent(lower(encodeURIComponent(text))));
}

/** Reads what a client put into `paging-cookie`. Throws 400 for anything that is not a cookie of such a query. */
export function readCookie(text: string, table: Table, keys: SortKey[]): Cookie {
  try {
    const { name, children } = parseXml(text);
    const key = children.at(-1);
    const id = /^\{?([0-9a-fA-F-]{36})\}?$/.exec(key?.attributes.get("last") ?? "")?.[1]?.toLowerCase();
    const fits = children.length === keys.length + 1 && keys.every(({ field }, n) => children[n]!.name === field.name);
    if (name === "cookie" && key?.name === table.idColumn && id !== undefined && fits) {
      const values = keys.map(({ field }, n) => cellOf(field.kind, children[n]!.attributes.get("last")));
      return { values, sequence: placeOf(table, id) };
    }
  } catch (error) {
    if (!(error instanceof ODataError)) throw error;
  }
  throw fetchErrors.cookie();
}

function cellOf(kind: string, text: string | undefined): Cell {
  if (text === undefined) return null;
  if (kind === "bool") return text === "true";
  return isNumber(kind) ? Number(text) : text;
}

/** A row that was deleted meanwhile still has its place while the table remembers it; else the page starts over. */
function placeOf(table: Table, id: string): number {
  const row: Row | undefined = table.byId.get(id) ?? table.rows.find((each) => each[0] === id);
  return row === undefined ? 0 : (row[SEQUENCE] as number);
}
