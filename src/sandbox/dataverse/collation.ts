import type { Cell } from "./row.ts";

const NOT_ASCII = /[^\0-\x7f]/;
const MARKS = /\p{M}/gu;

/**
 * Text as the database compares it: case and accents do not count, neither do trailing blanks (dataverse.md section 6:
 * comparisons ignore case, and accents per collation; SQL Server ignores trailing blanks in `=`).
 */
export function fold(text: string): string {
  let folded = text.toLowerCase();
  if (NOT_ASCII.test(folded)) folded = folded.normalize("NFD").replace(MARKS, "").replaceAll("ß", "ss");
  return folded.endsWith(" ") ? folded.replace(/ +$/, "") : folded;
}

/** A value as comparisons see it: texts without case, accents and trailing blanks. */
export function comparable(value: Cell): Cell {
  return typeof value === "string" ? fold(value) : value;
}

/** Order of two values in $orderby: empty first, text by its folded form. */
export function compare(a: unknown, b: unknown): number {
  if (a === b) return 0;
  if (a === null || a === undefined) return b === null || b === undefined ? 0 : -1;
  if (b === null || b === undefined) return 1;
  const left = typeof a === "string" ? fold(a) : Number(a);
  const right = typeof b === "string" ? fold(b) : Number(b);
  return left < right ? -1 : left > right ? 1 : 0;
}
