import { isoDatePattern, isoOffsetPattern, isoTimePattern, readIsoSql } from "./dates.ts";
import { numberPattern, plainDecimal, plainDecimalSql, shortestDouble, shortestDoubleSql } from "./numbers.ts";
import type { Column, ColumnType } from "./schema.ts";

/**
 * The canonical text of a value, by column type: equal values have equal texts, whichever side they come from. Meant for
 * values that are valid (read from the destination, or converted); any other text is left as it is. Empty text is null.
 * Blanks are kept: Dataverse keeps them too when a row comes by its API (only its forms strip them).
 */
type Canon = { sql(column: Column, x: string): string; value(column: Column, x: string): string };

const isNumber = new RegExp(`^${numberPattern}$`);

const asIs: Canon = { sql: (_, x) => x, value: (_, x) => x };

/** 7 for +7 and 007. What is canonical already, nearly everything, is told by a cast, at a seventh of the cost. */
const whole: Canon = {
  sql: (_, x) =>
    `CASE WHEN TRY_CAST(${x} AS BIGINT)::VARCHAR = ${x} THEN ${x} WHEN regexp_full_match(${x}, '[+-]?[0-9]+') ` +
    `THEN regexp_replace(regexp_replace(${x}, '^\\+?(-?)0*([0-9])', '\\1\\2'), '^-0$', '0') ELSE ${x} END`,
  value: (_, x) => (/^[+-]?\d+$/.test(x) ? x.replace(/^\+?(-?)0*(\d)/, "$1$2").replace(/^-0$/, "0") : x),
};

/** Plain digits with exactly `precision` after the point, halves away from zero: 5000.0 and 5000.000 are 5000.00. */
const fixed: Canon = {
  sql: (column, x) => `coalesce(${plainDecimalSql(x, digits(column))}, ${x})`,
  value: (column, x) => plainDecimal(x, digits(column)) ?? x,
};

/**
 * The shortest text that means the same double, without a point where it is whole: of the number rounded as `fixed` rounds
 * it, where it is known to how many digits.
 */
const floating: Canon = {
  sql: ({ precision }, x) => {
    const kept = precision === undefined ? x : `coalesce(${plainDecimalSql(x, precision)}, ${x})`;
    return `CASE WHEN regexp_full_match(${x}, '${numberPattern}') THEN coalesce(${shortestDoubleSql(kept)}, ${x}) ELSE ${x} END`;
  },
  value: ({ precision }, x) => {
    if (!isNumber.test(x)) return x;
    const kept = precision === undefined ? null : plainDecimal(x, precision);
    return shortestDouble(Number(kept ?? x));
  },
};

const truths = new Map([
  ["true", "true"],
  ["1", "true"],
  ["false", "false"],
  ["0", "false"],
]);

const truth: Canon = {
  sql: (_, x) =>
    `CASE lower(${x}) WHEN 'true' THEN 'true' WHEN '1' THEN 'true' WHEN 'false' THEN 'false' WHEN '0' THEN 'false' ELSE ${x} END`,
  value: (_, x) => truths.get(x.toLowerCase()) ?? x,
};

/** YYYY-MM-DD; a time behind it is dropped. */
const day: Canon = {
  sql: (_, x) => `CASE WHEN regexp_full_match(${x}, '${isoDatePattern}[T ].*') THEN left(${x}, 10) ELSE ${x} END`,
  value: (_, x) => (new RegExp(`^${isoDatePattern}[T ].*$`).test(x) ? x.slice(0, 10) : x),
};

const moment = `${isoTimePattern}${isoOffsetPattern}?`;
const isMoment = new RegExp(`^(?:${moment})$`);

/** YYYY-MM-DDTHH:MM:SSZ in UTC, to the second; fractions are dropped, no offset means UTC. */
const instant: Canon = {
  sql: (_, x) =>
    `CASE WHEN regexp_full_match(${x}, '${isoDatePattern}T[0-9:]{8}Z') THEN ${x} WHEN regexp_full_match(${x}, '${isoDatePattern}|${moment}') ` +
    `THEN coalesce(strftime(${readIsoSql(x)}, '%Y-%m-%dT%H:%M:%SZ'), ${x}) ELSE ${x} END`,
  value: (_, x) => instantOf(x) ?? x,
};

const guidPattern = "\\{?[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\\}?";
const isGuid = new RegExp(`^${guidPattern}$`);

/** Lower case, no braces. */
const guid: Canon = {
  sql: (_, x) =>
    `CASE WHEN TRY_CAST(${x} AS UUID)::VARCHAR = ${x} THEN ${x} WHEN regexp_full_match(${x}, '${guidPattern}') THEN lower(trim(${x}, '{}')) ELSE ${x} END`,
  value: (_, x) => (isGuid.test(x) ? x.replaceAll(/[{}]/g, "").toLowerCase() : x),
};

const several = " *-?[0-9]{1,18} *(?:, *-?[0-9]{1,18} *)*";
const isSeveral = new RegExp(`^(?:${several})$`);

/** The chosen values once each, in numeric order, comma-separated. */
const set: Canon = {
  sql: (_, x) =>
    `CASE WHEN regexp_full_match(${x}, '${several}') THEN array_to_string(list_sort(list_distinct(` +
    `list_transform(string_split(${x}, ','), lambda v: CAST(trim(v) AS BIGINT)))), ',') ELSE ${x} END`,
  value: (_, x) => {
    if (!isSeveral.test(x)) return x;
    const values = new Set(x.split(",").map((v) => BigInt(v.trim())));
    return [...values].sort((a, b) => (a < b ? -1 : 1)).join(",");
  },
};

const canons: Record<ColumnType, Canon> = {
  text: asIs,
  integer: whole,
  decimal: fixed,
  money: fixed,
  double: floating,
  boolean: truth,
  date: day,
  datetime: instant,
  choice: whole,
  choices: set,
  state: whole,
  status: whole,
  lookup: guid,
  guid,
  parties: asIs,
  other: asIs,
};

/** SQL: the canonical VARCHAR of the VARCHAR `expr` for a column, NULL where it is null or empty. Never fails. */
export function canonSql(column: Column, expr: string): string {
  return `nullif(${canons[column.type].sql(column, expr)}, '')`;
}

/** The same in TypeScript. */
export function canonValue(column: Column, value: string | null): string | null {
  if (value === null || value === "") return null;
  return canons[column.type].value(column, value) || null;
}

/**
 * SQL: the VARCHAR `kept`, which was canonical when it was put aside, as it is now: the column may keep more or fewer digits by
 * then. Nearly all are as they were, which the place of their point tells at a fraction of the cost.
 */
export function keptSql(column: Column, kept: string): string {
  if (!isFraction(column) || !holdsDigits(column)) return kept;
  const [after, point] = [digits(column), `strpos(${kept}, '.')`];
  const asNow =
    column.type === "double"
      ? `NOT contains(${kept}, 'e') AND (${point} = 0 OR strlen(${kept}) - ${point} <= ${after})`
      : after === 0
        ? `${point} = 0`
        : `${point} > 0 AND ${point} = strlen(${kept}) - ${after}`;
  return `CASE WHEN ${asNow} THEN ${kept} ELSE ${canonSql(column, kept)} END`;
}

const isFraction = ({ type }: Column): boolean => type === "decimal" || type === "money" || type === "double";

/** Whether there is a most of digits after the point. A double has all of its own unless the metadata says how many. */
export function holdsDigits(column: Column): boolean {
  return column.type !== "double" || column.precision !== undefined;
}

/** Digits after the point of a column that `holdsDigits`; Dataverse's most where the metadata does not say. */
export function digits(column: Column): number {
  return column.precision ?? (column.type === "money" ? 4 : 10);
}

function instantOf(x: string): string | null {
  const plain = new RegExp(`^${isoDatePattern}$`).test(x);
  if (!plain && !isMoment.test(x)) return null;
  const [, y, m, d, hh = "0", mm = "0", ss = "0"] = /^(\d{4})-(\d\d)-(\d\d)(?:.(\d\d):(\d\d)(?::(\d\d))?)?/.exec(
    x,
  ) as RegExpExecArray;
  const date = new Date(0);
  date.setUTCFullYear(Number(y), Number(m) - 1, Number(d));
  if (date.getUTCMonth() !== Number(m) - 1 || date.getUTCDate() !== Number(d)) return null;
  date.setUTCHours(Number(hh), Number(mm), Number(ss));
  const offset = plain ? null : /([+-])(\d\d):?(\d\d)$/.exec(x.slice(10));
  if (offset)
    date.setTime(date.getTime() - Number(`${offset[1]}1`) * (Number(offset[2]) * 60 + Number(offset[3])) * 60_000);
  const year = date.getUTCFullYear();
  return year < 0 || year > 9999 ? null : date.toISOString().replace(/\.\d+/, "");
}

export { foldSql, foldValue } from "./fold.ts";
