import { digits, holdsDigits } from "../../../core/canon.ts";
import { scientificSql, shortestDoubleSql } from "../../../core/numbers.ts";
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
const apostrophes = "['\\x{2019}]";

/**
 * Which texts are numbers: a sign, digits with or without well-formed thousands groups of one kind, the decimal sign
 * that is declared and digits behind it; money with a currency sign in front or behind. Everything else is refused, for
 * it could be read in two ways.
 */
function numberShape(type: ColumnType, decimal: "." | ",", behind: "[0-9]*" | "0*"): string {
  const [point, comma] = decimal === "." ? ["\\.", ","] : [",", "\\."];
  const groups = [comma, blanksInside, apostrophes].map((s) => `(?:${s}[0-9]{3})+`).join("|");
  const body = `(?:(?:[0-9]+|[1-9][0-9]{0,2}(?:${groups}))(?:${point}${behind})?|${point}[0-9]+)`;
  if (type !== "money") return `[+-]?${body}`;
  const sign = `${blanksInside}*\\p{Sc}${blanksInside}*`;
  return `(?:[+-]?|[+-]?${sign}|${sign}[+-])${body}|[+-]?${body}${blanksInside}*\\p{Sc}`;
}

/** Scientific notation with one digit before the point, as spreadsheets and programs write it. */
const scientific = "[+-]?[0-9](?:\\.[0-9]+)?[eE][+-]?[0-9]{1,3}";

type Rounding = "nearest" | "down" | "reject";

/**
 * Numbers for integer, decimal, money and double columns. More digits than the column holds are rounded to the nearest,
 * halves away from zero, as Dataverse does; a whole-number column takes whole numbers only, unless the line says otherwise.
 */
export function readNumber(target: Column, decimal: "." | ",", rounding: Rounding | undefined, x: string): Reading {
  const kind = kindFor(target, rounding);
  const range = rangeOf(target).map((n) => (Number.isInteger(n) ? BigInt(n).toString() : String(n)));
  const fits = (behind: "[0-9]*" | "0*") =>
    `regexp_full_match(${x}, ${quoted(numberShape(target.type, decimal, behind))})`;
  const isScientific = decimal === "." ? `regexp_full_match(${x}, '${scientific}')` : "false";
  const isNumber = `(${fits("[0-9]*")} OR ${isScientific})`;
  const isWhole = `(${fits("0*")} OR ${isScientific})`;
  // Groups, currency and plus go; what is left are digits, one point and minus.
  const bare =
    decimal === "."
      ? `regexp_replace(${x}, '[^0-9.-]', '', 'g')`
      : `replace(regexp_replace(${x}, '[^0-9,-]', '', 'g'), ',', '.')`;
  const read = (of: Kind["read"]) =>
    `CASE WHEN regexp_full_match(${x}, '${kind.plain(decimal)}') THEN ${of(x, false)} ` +
    `WHEN ${fits(kind.behind)} THEN ${of(bare, false)} WHEN ${isScientific} THEN ${of(`ltrim(${x}, '+')`, true)} END`;
  const faults: Reading["faults"] = [[`NOT ${isNumber}`, "bad_number"]];
  if (target.type === "integer" && !rounds(rounding)) faults.push([`NOT ${isWhole}`, "not_whole"]);
  else if (rounding === "reject" && holdsDigits(target)) {
    // Where what is left of it is within the range, the digits behind the point are too many.
    const cut = kindFor(target, "down");
    faults.push([`coalesce(${read((n, e) => cut.read(n, e))} BETWEEN ${range.join(" AND ")}, false)`, "too_precise"]);
  }
  return {
    value: read((n, e) => kind.text(n, e)),
    fine: read((n, e) => `${kind.read(n, e)} BETWEEN ${range.join(" AND ")}`),
    faults: [...faults, ["true", "out_of_range"]],
  };
}

/** What a type of number makes of digits `n`, or of a text in scientific form: a number, and its canonical text. */
type Kind = {
  plain(decimal: "." | ","): string;
  behind: "[0-9]*" | "0*";
  read(n: string, scientific: boolean): string;
  text(n: string, scientific: boolean): string;
};

function kindFor(target: Column, rounding: Rounding | undefined): Kind {
  const plain = (decimal: "." | ",") => (decimal === "." ? "-?[0-9]+(?:\\.[0-9]+)?" : "-?[0-9]+");
  if (target.type === "integer" && !rounds(rounding)) return whole;
  if (!holdsDigits(target)) {
    return { plain, behind: "[0-9]*", read: (n) => `TRY_CAST(${n} AS DOUBLE)`, text: shortestDoubleSql };
  }
  const scale = target.type === "integer" ? 0 : digits(target);
  const most = Math.max(...rangeOf(target).map(Math.abs));
  // What does not fit 18 digits is out of range anyway, and DuckDB casts 38 fifty times slower.
  const width = most < 10 ** (18 - scale) ? 18 : 38;
  const read = (n: string, e: boolean) =>
    `TRY_CAST(${kept(e ? exponentGone(n, rounding, scale) : n)} AS DECIMAL(${width}, ${scale}))`;
  const kept = (n: string) => {
    if (rounding === "down") return `regexp_replace(${n}, '(\\.[0-9]{${scale}})[0-9]*$', '\\1')`;
    if (rounding === "reject")
      return `CASE WHEN NOT regexp_matches(${n}, '\\.[0-9]{${scale}}[0-9]*[1-9]') THEN ${n} END`;
    return n;
  };
  const text = (n: string, e: boolean) => `CAST(${read(n, e)} AS VARCHAR)`;
  const short = (n: string, e: boolean) => shortestDoubleSql(text(n, e));
  return { plain, behind: "[0-9]*", read, text: target.type === "double" ? short : text };
}

/** A cast to BIGINT would round, so only digits without a fraction come here; a double is whole or it is not. */
const whole: Kind = {
  plain: () => "-?[0-9]+",
  behind: "0*",
  read: (n, e) => {
    const double = `TRY_CAST(${n} AS DOUBLE)`;
    return e
      ? `CASE WHEN trunc(${double}) = ${double} THEN TRY_CAST(${double} AS BIGINT) END`
      : `TRY_CAST(${n} AS BIGINT)`;
  },
  text: (n, e) => `CAST(${whole.read(n, e)} AS VARCHAR)`,
};

const rounds = (rounding: Rounding | undefined): boolean => rounding === "nearest" || rounding === "down";

/** A number in scientific form as plain digits: those the column holds, or all where the rest is looked at. */
function exponentGone(n: string, rounding: Rounding | undefined, scale: number): string {
  if (rounding === undefined || rounding === "nearest") return scientificSql(n, scale);
  return `CASE WHEN regexp_matches(${n}, '[eE]-') THEN ${scientificSql(n, 36)} ELSE ${scientificSql(n, 18)} END`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
