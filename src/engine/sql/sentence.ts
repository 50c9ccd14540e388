import { type Reason, reasons, wakes } from "../../core/reasons.ts";
import { text } from "../duck.ts";
import { utf16Length } from "./convert/text.ts";

/**
 * SQL of the sentence that `explain` makes, for rows by the million: over the columns `code`, `col`, `value` and
 * `message`, which stands for both `{limit}` and `{detail}`.
 */
export function sentence(): string {
  const arms = Object.entries(reasons).map(([code, reason]) => `WHEN ${text(code)} THEN ${ofReason(reason)}`);
  return `CASE code ${arms.join("\n")} ELSE coalesce(message, code) END`;
}

function ofReason({ message, hint }: Reason): string {
  const always = hint.includes("{limit}") ? "coalesce(message, '') <> ''" : "true";
  return `trim(${filled(message)} || CASE WHEN ${always} THEN ' ' || ${filled(hint)} ELSE '' END)`;
}

const words: Record<string, string> = {
  column: "coalesce(col, 'A column')",
  value: `CASE WHEN value IS NULL THEN 'an empty value' ELSE '"' || CASE WHEN length(value) > 80 THEN left(value, 77) || '...' ELSE value END || '"' END`,
  length: `coalesce(${utf16Length("value")}, 0)::VARCHAR`,
  limit: "coalesce(message, '')",
  detail: "coalesce(message, '')",
};

function filled(template: string): string {
  const parts = template.split(/\{(\w+)\}/).map((part, i) => (i % 2 === 0 ? text(part) : `(${words[part] ?? "''"})`));
  return parts.filter((part) => part !== "''").join(" || ");
}

/** SQL of when a row is tried again, over its column `wake`, in words that follow "tried again". */
export function again(): string {
  const arms = Object.entries(wakes).map(([wake, words]) => `WHEN ${text(wake)} THEN ${text(words)}`);
  return `CASE wake ${arms.join(" ")} END`;
}
