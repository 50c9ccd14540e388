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
  const isText = target.type === "text";
  const reading = read(input);
  // Most values have no blanks around: they are read as they stand, and only what cannot be is trimmed and read again.
  const again = (of: (x: string) => string) => (isText ? of(meant) : `coalesce(${of(meant)}, ${of(trimSql(meant))})`);
  const empty = isText ? `coalesce(${meant}, '') = ''` : isBlankSql(meant);
  const skips = line.empty === "skip" && source !== null;
  const whenEmpty = `WHEN ${empty} THEN ${target.required && !skips ? "'required_empty'" : "NULL"}`;
  const whenFine = `WHEN ${again(reading.fine)} THEN NULL`;
  const faults = reading.faults(isText ? meant : trimSql(meant)).map(([is, code]) => `WHEN ${is} THEN '${code}'`);
  return {
    want: `nullif(${again(reading.value)}, '')`,
    // Whether a text is blank takes long to tell, and what is fine is none.
    bad: `CASE ${isText ? `${whenEmpty} ${whenFine}` : `${whenFine} ${whenEmpty}`} ${faults.join(" ")} END`,
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

function read(input: LineInput): Reading {
  const { target, line, source } = input;
  switch (target.type) {
    case "text":
      return readText(target, line);
    case "integer":
    case "decimal":
    case "money":
    case "double": {
      const plain = source === null || kindOf(source.type) === "number";
      return readNumber(target, plain ? "." : line.decimal);
    }
    case "boolean":
      return readBoolean(target);
    case "choice":
    case "state":
    case "status":
      return readOption(target);
    case "choices":
      return readOptions(target);
    case "date":
    case "datetime":
      return readMoment(input);
    case "guid":
      return {
        value: (x) => `CASE WHEN regexp_full_match(${x}, '${guidPattern}') THEN ${canonSql(target, x)} END`,
        fine: (x) => `nullif(regexp_full_match(${x}, '${guidPattern}'), false)`,
        faults: () => [["true", "bad_guid"]],
      };
    default:
      return { value: trimSql, fine: (x) => `nullif(${trimSql(x)} <> '', false)`, faults: () => [] };
  }
}
const guidPattern =
  "[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|\\{[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\\}";

function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
