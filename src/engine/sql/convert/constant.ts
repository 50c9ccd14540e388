import { canonValue, digits, holdsDigits } from "../../../core/canon.ts";
import { numberPattern, plainDecimal } from "../../../core/numbers.ts";
import type { MappingLine } from "../../../core/project.ts";
import type { ReasonCode } from "../../../core/reasons.ts";
import type { Column } from "../../../core/schema.ts";
import { isFormatted } from "./formatted.ts";
import { rangeOf } from "./number.ts";
import { booleanWords, optionWords, small } from "./options.ts";

/**
 * Whether a value written into the mapping itself fits its column: what a row would be rejected for is found before any
 * row is read. Numbers and dates must stand in their plain form (1234.5, 2020-01-31).
 */
export function constantFault(target: Column, line: MappingLine, text: string): ReasonCode | null {
  if (text === "") return null;
  const trimmed = text.trim();
  switch (target.type) {
    case "text":
      if (line.format && !isFormatted(line.format, line.country, trimmed)) return `bad_${line.format}`;
      return text.length > (target.maxLength ?? Number.POSITIVE_INFINITY) ? "too_long" : null;
    case "integer":
    case "decimal":
    case "money":
    case "double":
      return numberFault(target, line, trimmed);
    case "boolean":
      return booleanWords(target.choices ?? []).meaning.has(small(text)) ? null : "bad_boolean";
    case "choice":
    case "state":
    case "status":
      return optionFault(target, text);
    case "choices":
      return (
        text
          .split(line.delimiter ?? (text.includes(";") ? ";" : ","))
          .map((t) => optionFault(target, t))
          .find((f) => f !== null) ?? null
      );
    case "date":
    case "datetime":
      return dateFault(target, trimmed);
    case "guid":
      return /^\{?[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\}?$/i.test(trimmed) ? null : "bad_guid";
    default:
      return null;
  }
}

function numberFault(target: Column, { rounding }: MappingLine, text: string): ReasonCode | null {
  if (!new RegExp(`^${numberPattern}$`).test(text)) return "bad_number";
  const value = target.type === "integer" || !holdsDigits(target) ? text : plainDecimal(text, digits(target));
  const [min, max] = rangeOf(target);
  if (value === null || Number(value) < min || Number(value) > max) return "out_of_range";
  if (target.type === "integer" && !Number.isInteger(Number(text)))
    return (rounding ?? "reject") === "reject" ? "not_whole" : null;
  // As many digits behind the point as 38 leave.
  const room = 38 - value.replace(/^-|\..*$/g, "").length;
  return rounding === "reject" && plainDecimal(text, room) !== plainDecimal(value, room) ? "too_precise" : null;
}

function optionFault(target: Column, text: string): ReasonCode | null {
  const words = optionWords(target.choices ?? []);
  if (words.ambiguous.includes(small(text))) return "ambiguous_option";
  return words.meaning.has(small(text)) ? null : "not_an_option";
}

function dateFault(target: Column, text: string): ReasonCode | null {
  const canonical = canonValue({ ...target, type: "datetime" }, text);
  if (!/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/.test(canonical ?? "") || Number.isNaN(Date.parse(canonical ?? "")))
    return "bad_date";
  return (canonical as string) < "1753" ? "date_out_of_range" : null;
}
