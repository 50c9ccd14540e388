import { holdsDigits } from "../../../core/canon.ts";
import { SluiceError } from "../../../core/errors.ts";
import type { Column } from "../../../core/schema.ts";
import { constantFault } from "./constant.ts";
import type { LineInput } from "./conversion.ts";
import { explainFor } from "./limits.ts";
import { knowsCountry } from "./phone.ts";
import { kindOf } from "./source-text.ts";
import { nearestZones, zoneName } from "./zone.ts";

const isNumber = ({ type }: Column) => ["integer", "decimal", "money", "double"].includes(type);
const isMoment = ({ type }: Column) => type === "date" || type === "datetime";

/** Keys of a line that only some types know. */
const options = [
  { key: "formats", fits: isMoment, lacks: "dates" },
  { key: "zone", fits: isMoment, lacks: "dates" },
  { key: "rounding", fits: (target: Column) => isNumber(target) && holdsDigits(target), lacks: "digits to round" },
  { key: "delimiter", fits: ({ type }: Column) => type === "choices", lacks: "several values" },
  { key: "currency", fits: ({ type }: Column) => type === "money", lacks: "amounts of money" },
  { key: "format", fits: ({ type }: Column) => type === "text", lacks: "texts of that form" },
] as const;

/**
 * What makes a line wrong for every row, found before the first is read.
 * @throws SluiceError mapping_unfit
 */
export function checkLine(input: LineInput): void {
  const { target, line, source, place } = input;
  const { name, type } = target;
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
  for (const { key, fits, lacks } of options)
    if (line[key] !== undefined && !fits(target))
      throw unfit(`${name} is of type ${type}: it takes no ${lacks}.`, `Remove \`${key}\` from the line.`);
  if (line.decimal === "," && !isNumber(target))
    throw unfit(`${name} is of type ${type}: it takes no numbers.`, "Remove `decimal` from the line.");
  if (line.tooLong === "truncate" && (type !== "text" || line.format !== undefined))
    throw unfit(
      line.format ? `A ${line.format} cannot be cut.` : `${name} is of type ${type}: there is nothing to cut.`,
      "Remove `tooLong` from the line.",
    );
  if (line.zone !== undefined && zoneName(line.zone) === undefined) {
    const near = nearestZones(line.zone).map((z) => `\`${z}\``);
    throw unfit(
      `There is no time zone ${line.zone}.`,
      near.length > 0
        ? `Did you mean ${near.join(" or ")}?`
        : "Zones are called as in Europe/Berlin or America/New_York.",
    );
  }
  if (line.country !== undefined && line.format !== "phone")
    throw unfit("`country` is about phone numbers.", "Add `format: phone` to the line, or remove `country`.");
  if (line.country !== undefined && !knowsCountry(line.country))
    throw unfit(`No country ${line.country} has phone numbers.`, "Use its two letters of ISO 3166, such as DE or GB.");
  const kind = source === null ? "text" : kindOf(source.type);
  if (source !== null && (kind === "unreadable" || (kind === "list" && type !== "choices"))) {
    throw unfit(
      `\`${source.name}\` holds values of type ${source.type}, which ${kind === "list" ? `${name} cannot take` : "fit no column"}.`,
      "Make text of it in the model's SQL.",
    );
  }
  const written = line.value === undefined ? [] : [String(line.value)];
  const results = Object.values(line.values ?? {}).filter((v) => v !== null);
  for (const value of type === "lookup" ? [] : [...written, ...results.map(String)]) {
    const fault = constantFault(target, line, value);
    if (fault && !(fault === "too_long" && line.tooLong === "truncate")) {
      throw unfit(
        `The mapping writes a value that the column cannot hold. ${explainFor(target, fault, value)}`,
        "Correct the value in the line.",
      );
    }
  }
}
