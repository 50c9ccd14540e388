import { isBlankSql, trimSql, trimValue } from "../../../core/blanks.ts";
import { canonSql } from "../../../core/canon.ts";
import { checkLine } from "./check.ts";
import type { Conversion, LineInput, Reading } from "./conversion.ts";
import { readMoment } from "./moment.ts";
import { readNumber } from "./number.ts";
import { readBoolean, readOption, readOptions, texts } from "./options.ts";
import { kindOf, sourceText } from "./source-text.ts";
import { readText } from "./text.ts";

export type { Conversion, LineInput } from "./conversion.ts";
export { limitOf } from "./limits.ts";

/**
 * A mapping line as SQL over the source row: what the column shall hold, and why not. All that Dataverse would refuse
 * is found here (dataverse.md section 5); nothing is guessed. For a lookup, `want` is what the parent is looked for by: who
 * that is, is for the engine to find out.
 * @throws SluiceError mapping_unfit, unknown_target, ambiguous_date: the line cannot work for any row
 */
export function convertLine(input: LineInput): Conversion {
  checkLine(input);
  const { target, line, source } = input;
  const isMoment = target.type === "date" || target.type === "datetime";
  const written = source === null ? quoted(String(line.value ?? "")) : sourceText(input.column, source.type, isMoment);
  const isText = target.type === "text";
  const said = mappedValues(input, written);
  const meant = isText && input.sought ? `(CASE WHEN NOT ${isBlankSql(said)} THEN ${said} END)` : said;
  const reading = read(input, isText ? meant : trimSql(meant));
  const asItIs = isText && line.format === undefined;
  const empty = asItIs ? `coalesce(${meant}, '') = ''` : isBlankSql(meant);
  const skips = line.empty === "skip" && source !== null;
  const whenEmpty = target.required && !skips ? "'required_empty'" : "NULL";
  const faults = reading.faults.map(([is, code]) => `WHEN ${is} THEN '${code}'`);
  const failed = input.failed === undefined ? "" : `WHEN ${input.failed} THEN 'expression_failed' `;
  return {
    want: `nullif(${reading.value}, '')`,
    bad: `CASE ${failed}WHEN ${empty} THEN ${whenEmpty} WHEN ${reading.fine} THEN NULL ${faults.join(" ")} END`,
    ...(reading.once !== undefined && { once: reading.once }),
    skip: skips ? `(${isBlankSql(written)} AND ${empty})` : "false",
  };
}

/**
 * `values`: by the text without blanks around; a text that is not listed stays as it is. `true` and `false` stand for True and
 * TRUE, too: in YAML nobody thinks of them as texts.
 */
function mappedValues({ line }: LineInput, written: string): string {
  const said = line.values ?? {};
  const truths = ["true", "false"]
    .filter((t) => t in said)
    .flatMap((t) => [t[0]!.toUpperCase() + t.slice(1), t.toUpperCase()].map((other) => [other, said[t]!] as const));
  const values = [...Object.entries(said), ...truths.filter(([other]) => !(other in said))];
  if (values.length === 0) return written;
  const known = texts(values.map(([from]) => trimValue(from)));
  const becomes = texts(values.map(([, to]) => (to === null ? null : String(to))));
  const value = `coalesce(${trimSql(written)}, '')`;
  return `(CASE WHEN list_contains(${known}, ${value}) THEN (${becomes})[list_position(${known}, ${value})] ELSE ${written} END)`;
}

function read(input: LineInput, x: string): Reading {
  const { target, line, source } = input;
  switch (target.type) {
    case "text":
      return readText(target, line, x, input.once);
    case "integer":
    case "decimal":
    case "money":
    case "double": {
      const plain = source === null || kindOf(source.type) === "number";
      return readNumber(target, plain ? "." : line.decimal, line.rounding, x);
    }
    case "boolean":
      return readBoolean(target, x);
    case "choice":
    case "state":
    case "status":
      return readOption(target, x);
    case "choices":
      return readOptions(target, line, x, source !== null && kindOf(source.type) === "list");
    case "date":
    case "datetime":
      return readMoment(input, x);
    case "guid": {
      const fits = `regexp_full_match(${x}, '${guidPattern}')`;
      return { value: `CASE WHEN ${fits} THEN ${canonSql(target, x)} END`, fine: fits, faults: [["true", "bad_guid"]] };
    }
    default:
      return { value: x, fine: "true", faults: [] };
  }
}
const guidPattern =
  "[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|\\{[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\\}";

function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
