import { canonSql, digits } from "../../../core/canon.ts";
import { decimalSql, scientificSql } from "../../../core/numbers.ts";
import type { ReasonCode } from "../../../core/reasons.ts";
import type { Column, ColumnType } from "../../../core/schema.ts";
import type { Reading } from "./conversion.ts";

/** What Dataverse takes where the metadata does not say (dataverse.md section 5). */
const widest: Record<string, [number, number]> = {
  integer: [-2147483648, 2147483647],
  decimal: [-100000000000, 100000000000],
  money: [-922337203685477, 922337203685477],
  double: [-100000000000, 100000000000],
};

/** Smallest and greatest number a column takes. */
export function rangeOf(target: Column): [number, number] {
  const [low, high] = widest[target.type] ?? [0, 0];
  return [target.min ?? low, target.max ?? high];
}

const blanksInside = "[ \\x{a0}\\x{202f}]";
const blanksAround = "[ \\t\\n\\r\\x{a0}]*";
const apostrophes = "['\\x{2019}]";

/**
 * Which texts are numbers: a sign, digits with or without well-formed thousands groups of one kind, the decimal sign
 * that is declared; money with a currency sign in front or behind. Everything else is refused, for it could be read in
 * two ways.
 */
function numberShape(type: ColumnType, decimal: "." | ","): string {
  const [point, comma] = decimal === "." ? ["\\.", ","] : [",", "\\."];
  const groups = [comma, blanksInside, apostrophes].map((s) => `(?:${s}[0-9]{3})+`).join("|");
  const body = `(?:(?:[0-9]+|[1-9][0-9]{0,2}(?:${groups}))(?:${point}[0-9]*)?|${point}[0-9]+)`;
  if (type !== "money") return `${blanksAround}[+-]?${body}${blanksAround}`;
  const sign = `${blanksInside}*\\p{Sc}${blanksInside}*`;
  const signed = `(?:[+-]?|[+-]?${sign}|${sign}[+-])${body}|[+-]?${body}${blanksInside}*\\p{Sc}`;
  return `${blanksAround}(?:${signed})${blanksAround}`;
}

/** Scientific notation with one digit before the point, as spreadsheets and programs write it. */
const scientific = "[+-]?[0-9](?:\\.[0-9]+)?[eE][+-]?[0-9]{1,3}";

/**
 * Numbers for integer, decimal, money and double columns. More digits than the column holds are rounded, as Dataverse
 * does; a whole-number column takes whole numbers only.
 */
export function readNumber(target: Column, decimal: "." | ","): Reading {
  const kind = kinds[target.type] ?? fraction;
  const [min = "", max = ""] = rangeOf(target).map((n) => (Number.isInteger(n) ? BigInt(n).toString() : String(n)));
  const shape = quoted(numberShape(target.type, decimal));
  const isNumber = (x: string) => `regexp_full_match(${x}, ${shape})`;
  const isScientific = (x: string) => (decimal === "." ? `regexp_full_match(${x}, '${scientific}')` : "false");
  // Groups, currency and plus go; what is left are digits, one point and minus.
  const bare = (x: string) =>
    decimal === "."
      ? `regexp_replace(${x}, '[^0-9.-]', '', 'g')`
      : `replace(regexp_replace(${x}, '[^0-9,-]', '', 'g'), ',', '.')`;
  const plain = decimal === "." ? "-?[0-9]+(?:\\.[0-9]+)?" : "-?[0-9]+";
  const read = (x: string, of: (n: string, scientific: boolean) => string) =>
    `CASE WHEN regexp_full_match(${x}, '${plain}') THEN ${of(x, false)} WHEN ${isNumber(x)} THEN ${of(bare(x), false)} ` +
    `WHEN ${isScientific(x)} THEN ${of(`ltrim(${x}, '+')`, true)} END`;
  return {
    value: (x) => read(x, (n, e) => kind.value(target, n, e)),
    fine: (x) => read(x, (n, e) => `coalesce(${kind.within(target, n, e, `BETWEEN ${min} AND ${max}`)}, false)`),
    faults: (x) => {
      const partial = `coalesce(${read(x, (n, e) => (e ? `NOT ${isWholeScientific(n)}` : `NOT ${isWhole(n)}`))}, false)`;
      const notWhole: [string, ReasonCode][] = target.type === "integer" ? [[partial, "not_whole"]] : [];
      return [[`NOT (${isNumber(x)} OR ${isScientific(x)})`, "bad_number"], ...notWhole, ["true", "out_of_range"]];
    },
  };
}

/** What a type of number makes of plain digits `n`, or of a text in scientific form. */
type Kind = {
  value(target: Column, n: string, scientific: boolean): string;
  within(target: Column, n: string, scientific: boolean, range: string): string;
};

const fraction: Kind = {
  value: (target, n, e) => (e ? scientificSql(n, digits(target)) : decimalSql(n, digits(target))),
  within: (target, n, e, range) => {
    const cast = (width: number, text: string) => `TRY_CAST(${text} AS DECIMAL(${width}, ${digits(target)})) ${range}`;
    return e ? cast(38, scientificSql(n, digits(target))) : `coalesce(${cast(18, n)}, ${cast(38, n)})`;
  },
};

/** A cast to BIGINT would round, so whole numbers are told apart first. */
const isWhole = (n: string) => `regexp_full_match(${n}, '-?[0-9]+(?:\\.0*)?')`;
const isWholeScientific = (n: string) => `(trunc(TRY_CAST(${n} AS DOUBLE)) = TRY_CAST(${n} AS DOUBLE))`;
const wholeNumber = (n: string, e: boolean) =>
  e
    ? `CASE WHEN ${isWholeScientific(n)} THEN TRY_CAST(TRY_CAST(${n} AS DOUBLE) AS BIGINT) END`
    : `CASE WHEN ${isWhole(n)} THEN TRY_CAST(${n} AS BIGINT) END`;

const whole: Kind = {
  value: (_, n, e) => `CAST(${wholeNumber(n, e)} AS VARCHAR)`,
  within: (_, n, e, range) => `(${wholeNumber(n, e)}) ${range}`,
};

const double: Kind = {
  value: (target, n) => canonSql(target, n),
  within: (_, n, _e, range) => `TRY_CAST(${n} AS DOUBLE) ${range}`,
};

const kinds: Partial<Record<ColumnType, Kind>> = { integer: whole, double };

function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
