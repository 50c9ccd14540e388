import { digits } from "../../../core/canon.ts";
import { explain } from "../../../core/reasons.ts";
import type { Column } from "../../../core/schema.ts";
import { rangeOf } from "./number.ts";

/**
 * What a column takes, in words, where a reason is about that; null otherwise. For `explain`'s `limit`. `formats`: how
 * its dates are written, as people declare them; ISO 8601 where none are given.
 */
export function limitOf(target: Column, code: string, formats: readonly string[] = []): string | null {
  if (code === "bad_date") return formats.length > 0 ? formats.join(" or ") : "ISO 8601, such as 1976-01-25";
  if (code === "too_long") return target.maxLength === undefined ? null : String(target.maxLength);
  if (code === "out_of_range") return rangeOf(target).map(plain).join(" to ");
  if (code === "too_precise") return `${digits(target)} of them`;
  if (code !== "not_an_option") return null;
  const options = (target.choices ?? []).map((c) => `${c.value} (${c.label})`);
  return options.length > 12
    ? `${options.slice(0, 12).join(", ")} and ${options.length - 12} more`
    : options.join(", ");
}

/** Digits without exponent. The greatest whole number of 64 bits is one less than the double nearest to it. */
function plain(limit: number): string {
  if (!Number.isInteger(limit)) return String(limit);
  return (limit === 2 ** 63 ? BigInt(limit) - 1n : BigInt(limit)).toString();
}

/** The sentence for a value that does not fit a column. */
export function explainFor(target: Column, code: string, value: string): string {
  return explain(code, { column: target.name, value, limit: limitOf(target, code) });
}
