import { trimSql } from "../../../core/blanks.ts";
import type { MappingLine } from "../../../core/project.ts";
import type { Column } from "../../../core/schema.ts";
import type { Reading } from "./conversion.ts";
import { readFormatted } from "./formatted.ts";

/**
 * Text as it is, blanks and all, unless the line asks for a form: Dataverse asks for none. Its lengths count UTF-16 units
 * (dataverse.md section 5), DuckDB's `length` counts signs.
 */
export function readText(target: Column, line: MappingLine, x: string, once: string | undefined): Reading {
  if (line.format === undefined) return fitted(target, line, x);
  const formatted = readFormatted(line.format, line.country, trimSql(x));
  const dear = line.format === "phone" && once !== undefined;
  const { value, fine } = dear ? { value: once, fine: `(${once} IS NOT NULL)` } : formatted;
  const fits = fitted(target, line, value);
  return {
    value: fits.value,
    fine: `(${fine} AND ${fits.fine})`,
    faults: [...formatted.faults.map(([, code]): Fault => [`NOT ${fine}`, code]), ...fits.faults],
    ...(dear && { once: formatted.value }),
  };
}
type Fault = Reading["faults"][number];

function fitted(target: Column, line: MappingLine, x: string): Reading {
  const limit = target.maxLength;
  if (limit === undefined) return { value: x, fine: "true", faults: [] };
  if (line.tooLong === "truncate") return { value: cutTo(x, limit), fine: "true", faults: [] };
  return { value: x, fine: `NOT ${isLonger(x, limit)}`, faults: [["true", "too_long"]] };
}

/**
 * A text never has more UTF-16 units than bytes, nor fewer than signs, so nearly every text is judged by these alone. A
 * CASE, for AND would compute both sides for every row.
 */
function isLonger(x: string, limit: number): string {
  return `(CASE WHEN strlen(${x}) <= ${limit} THEN false WHEN length(${x}) > ${limit} THEN true ELSE ${utf16Length(x)} > ${limit} END)`;
}

/** SQL of the length of a text as Dataverse counts it. */
export const utf16Length = (x: string): string => `length(${x}) + ${pairs(x)}`;

/** The signs that take two UTF-16 units (emoji and the like). */
const wide = "\\x{10000}-\\x{10ffff}";

/** How many of these there are. */
function pairs(x: string): string {
  return `length(regexp_replace(${x}, '[^${wide}]+', '', 'g'))`;
}

/**
 * SQL of the longest part of a text from its start, of whole signs, that has no more UTF-16 units than `limit`. With a sign put
 * behind each that takes two units, signs are units: so many of two as stand within the limit then, whole or in part, so
 * many signs fewer fit.
 */
export function cutTo(x: string, limit: number): string {
  const first = `left(${x}, ${limit})`;
  const units = `regexp_replace(${first}, '[${wide}]', '\\0.', 'g')`;
  return `CASE WHEN NOT ${isLonger(x, limit)} THEN ${x} WHEN regexp_matches(${first}, '[${wide}]') THEN left(${x}, ${limit} - ${pairs(`left(${units}, ${limit})`)}) ELSE ${first} END`;
}
