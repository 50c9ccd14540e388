import { canonSql, digits } from "../../../core/canon.ts";
import { decimalSql } from "../../../core/numbers.ts";
import type { Column } from "../../../core/schema.ts";
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

const groupSigns = [" ", "\u00a0", "\u202f", "'", "\u2019"];

/** The sign that stands between thousands besides blanks and apostrophes, given the decimal sign. */
const groupSignsFor = (decimal: "." | ",") => [decimal === "." ? "," : ".", ...groupSigns];

/**
 * Which texts are numbers: a sign, digits with or without well-formed thousands groups of one kind, the decimal sign
 * that is declared; or scientific. Everything else is refused, for it could be read in two ways.
 */
export function numberShape(decimal: "." | ","): string {
  const point = decimal === "." ? "\\." : ",";
  const groups = groupSignsFor(decimal).map((s) => `(?:[${s}][0-9]{3})+`);
  const plain = `[+-]?(?:[0-9]+|[1-9][0-9]{0,2}(?:${groups.join("|")}))(?:${point}[0-9]*)?`;
  const scientific = "[+-]?[0-9](?:\\.[0-9]+)?[eE][+-]?[0-9]{1,3}";
  return `${plain}|[+-]?${point}[0-9]+${decimal === "." ? `|${scientific}` : ""}`;
}

/**
 * Numbers for integer, decimal, money and double columns. Money may carry a currency sign in front or behind. More
 * digits than the column holds are rounded, as Dataverse does; a whole-number column takes whole numbers only.
 */
export function readNumber(target: Column, decimal: "." | ",", x: string): Reading {
  const bare = target.type === "money" ? withoutCurrency(x) : x;
  const fits = `regexp_full_match(${bare}, ${quoted(numberShape(decimal))})`;
  const plain = `CASE WHEN ${fits} THEN ${plainText(bare, decimal)} END`;
  const [min, max] = rangeOf(target);
  const notNumber: Reading["faults"][number] = [`NOT ${fits}`, "bad_number"];
  if (target.type === "double") {
    const number = `TRY_CAST(${plain} AS DOUBLE)`;
    const value = canonSql(target, plain);
    return { value, faults: [notNumber, [`coalesce(${number} NOT BETWEEN ${min} AND ${max}, true)`, "out_of_range"]] };
  }
  const scale = target.type === "integer" ? 10 : digits(target);
  const number = decimalSql(plain, scale);
  const bound = (limit: number) => `CAST(${quoted(BigInt(Math.trunc(limit)).toString())} AS DECIMAL(38, 0))`;
  const edges = Number.isInteger(min) && Number.isInteger(max) ? [bound(min), bound(max)] : [String(min), String(max)];
  const outside: Reading["faults"][number] = [
    `coalesce((${number}) NOT BETWEEN ${edges[0]} AND ${edges[1]}, true)`,
    "out_of_range",
  ];
  if (target.type !== "integer") return { value: `CAST(${number} AS VARCHAR)`, faults: [notNumber, outside] };
  return {
    value: `CAST(CAST(${number} AS DECIMAL(38, 0)) AS VARCHAR)`,
    faults: [notNumber, [`trunc(${number}) <> (${number})`, "not_whole"], outside],
  };
}

/** "$90,000", "-$5", "5 €": without the currency sign and the blanks about it, once. */
function withoutCurrency(x: string): string {
  const front = `regexp_replace(${x}, '^([+-]?)[ \\x{a0}]*\\p{Sc}[ \\x{a0}]*', '\\1')`;
  return `CASE WHEN regexp_matches(${x}, '^[+-]?[ \\x{a0}]*\\p{Sc}') THEN ${front} ELSE regexp_replace(${x}, '[ \\x{a0}]*\\p{Sc}$', '') END`;
}

/** A text of `numberShape` in the form casts understand: no groups, a point, digits on both sides of it. */
function plainText(x: string, decimal: "." | ","): string {
  const signs = groupSignsFor(decimal).join("");
  const ungrouped = `translate(${x}, ${quoted(`${signs}+`)}, '')`;
  const exponent =
    decimal === "." ? `CASE WHEN regexp_matches(${x}, '[eE]') THEN ltrim(${x}, '+') ELSE ${ungrouped} END` : ungrouped;
  const pointed = decimal === "," ? `replace(${exponent}, ',', '.')` : exponent;
  return `regexp_replace(regexp_replace(${pointed}, '\\.$', ''), '^(-?)\\.', '\\10.')`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
