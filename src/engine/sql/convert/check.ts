import { SluiceError } from "../../../core/errors.ts";
import type { ColumnType } from "../../../core/schema.ts";
import { constantFault } from "./constant.ts";
import type { LineInput } from "./conversion.ts";
import { explainFor } from "./limits.ts";
import { kindOf } from "./source-text.ts";

const isNumber = (type: ColumnType) => ["integer", "decimal", "money", "double"].includes(type);
const isMoment = (type: ColumnType) => type === "date" || type === "datetime";

/**
 * What makes a line wrong for every row, found before the first is read.
 * @throws SluiceError unknown_target, mapping_unfit
 */
export function checkLine(input: LineInput): void {
  const { target, line, source, place } = input;
  const { name, type } = target;
  if (type === "other" || type === "parties" || !(target.create || target.update)) {
    throw new SluiceError("unknown_target", `${name} cannot be written; the destination keeps it itself.`, { place });
  }
  const unfit = (message: string, remedy: string) => new SluiceError("mapping_unfit", message, { remedy, place });
  if (line.lookup && type !== "lookup")
    throw unfit(`${name} is of type ${type} and points at no other table.`, "Remove `lookup` from the line.");
  if (!line.lookup && type === "lookup") {
    const example = `${name}: { from: ${line.from ?? "column"}, lookup: { by: accountnumber } }`;
    throw unfit(
      `${name} points at a record of another table.`,
      `Say how that record is found, for example \`${example}\`.`,
    );
  }
  if (line.formats && !isMoment(type))
    throw unfit(`${name} is of type ${type}: it takes no dates.`, "Remove `formats` from the line.");
  if (line.decimal === "," && !isNumber(type))
    throw unfit(`${name} is of type ${type}: it takes no numbers.`, "Remove `decimal` from the line.");
  if (line.tooLong === "truncate" && type !== "text")
    throw unfit(`${name} is of type ${type}: there is nothing to cut.`, "Remove `tooLong` from the line.");
  if (source !== null && kindOf(source.type) === "unreadable") {
    throw unfit(
      `\`${source.name}\` holds values of type ${source.type}, which fit no column.`,
      "Make text of it in the model's SQL.",
    );
  }
  const written = line.value === undefined ? [] : [String(line.value)];
  const results = Object.values(line.values ?? {}).filter((v) => v !== null);
  for (const value of type === "lookup" ? [] : [...written, ...results.map(String)]) {
    const fault = constantFault(target, value);
    if (fault && !(fault === "too_long" && line.tooLong === "truncate")) {
      throw unfit(
        `The mapping writes a value that the column cannot hold. ${explainFor(target, fault, value)}`,
        "Correct the value in the line.",
      );
    }
  }
}
