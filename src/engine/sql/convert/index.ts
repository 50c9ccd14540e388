import { isBlankSql, trimSql } from "../../../core/blanks.ts";
import { canonSql } from "../../../core/canon.ts";
import { checkLine } from "./check.ts";
import type { Conversion, LineInput, Reading } from "./conversion.ts";
import { readMoment } from "./moment.ts";
import { readNumber } from "./number.ts";
import { readBoolean, readOption, readOptions } from "./options.ts";
import { kindOf, sourceText } from "./source-text.ts";
import { readText } from "./text.ts";

export type { Conversion, LineInput } from "./conversion.ts";
export { limitOf } from "./limits.ts";

/**
 * A mapping line as SQL over the source row: what the column shall hold, and why not. All that Dataverse would refuse
 * is found here (dataverse.md section 5); nothing is guessed. For a lookup, `want` is the parent's key as text, trimmed:
 * who that is, is for the engine to find out.
 * @throws SluiceError mapping_unfit, unknown_target, ambiguous_date: the line cannot work for any row
 */
export function convertLine(input: LineInput): Conversion {
  checkLine(input);
  const { target, line, source } = input;
  const written = source === null ? quoted(String(line.value ?? "")) : sourceText(input.column, source.type);
  const meant = mappedValues(input, written);
  const empty = target.type === "text" ? `coalesce(${meant}, '') = ''` : isBlankSql(meant);
  const reading = read(input, target.type === "text" ? meant : trimSql(meant));
  const skips = line.empty === "skip" && source !== null;
  const arms = reading.faults.map(([condition, code]) => `WHEN ${condition} THEN '${code}'`);
  const whenEmpty = target.required && !skips ? "'required_empty'" : "NULL";
  return {
    want: `CASE WHEN ${empty} THEN NULL ELSE ${reading.value} END`,
    bad: `CASE WHEN ${empty} THEN ${whenEmpty} ${arms.join(" ")} END`,
    skip: skips ? `(${isBlankSql(written)} AND ${empty})` : "false",
  };
}

/** `values`: by the text without blanks around; a text that is not listed stays as it is. */
function mappedValues({ line }: LineInput, written: string): string {
  const values = Object.entries(line.values ?? {});
  if (values.length === 0) return written;
  const arms = values.map(
    ([from, to]) => `WHEN ${quoted(from.trim())} THEN ${to === null ? "NULL" : quoted(String(to))}`,
  );
  return `(CASE coalesce(${trimSql(written)}, '') ${arms.join(" ")} ELSE ${written} END)`;
}

function read(input: LineInput, x: string): Reading {
  const { target, line, source } = input;
  switch (target.type) {
    case "text":
      return readText(target, line, x);
    case "integer":
    case "decimal":
    case "money":
    case "double": {
      const plain = source === null || kindOf(source.type) === "number";
      return readNumber(target, plain ? "." : line.decimal, x);
    }
    case "boolean":
      return readBoolean(target, x);
    case "choice":
    case "state":
    case "status":
      return readOption(target, x);
    case "choices":
      return readOptions(target, x);
    case "date":
    case "datetime":
      return readMoment(input, x);
    case "guid":
      return { value: canonSql(target, x), faults: [[`NOT regexp_full_match(${x}, '${guidPattern}')`, "bad_guid"]] };
    default:
      return { value: x, faults: [] };
  }
}
const guidPattern =
  "[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|\\{[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\\}";

function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
