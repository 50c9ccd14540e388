import { ambiguousDate, contradiction } from "../../../core/date-detection.ts";
import { readDateSql, readFormat, readIsoSql } from "../../../core/dates.ts";
import { SluiceError } from "../../../core/errors.ts";
import type { LineInput, Reading } from "./conversion.ts";
import { kindOf, sourceMoment } from "./source-text.ts";

/**
 * Days and instants. Text is read by the line's formats, else the source's, else as ISO 8601; what does not fit whole
 * is refused. A day is the day as written; an instant without offset is UTC. Dataverse holds 1753 to 9999.
 * @throws SluiceError ambiguous_date, mapping_unfit
 */
export function readMoment(input: LineInput, x: string): Reading {
  const { source, line, column } = input;
  const typed = source !== null && kindOf(source.type) === "moment" && line.values === undefined;
  const formats = typed ? [] : formatsOf(input);
  const text = formats.length === 0 ? readIsoSql(x) : readDateSql(x, formats);
  // What `values` writes stands in ISO form, whatever the source's.
  const either = formats.length > 0 && line.values ? `coalesce(${text}, ${readIsoSql(x)})` : `(${text})`;
  const moment = typed ? sourceMoment(column, source.type) : either;
  const day = `strftime(${moment}, '%Y-%m-%d')`;
  const instant = `strftime(${moment}, '%Y-%m-%dT%H:%M:%SZ')`;
  // In ISO form a day is the day as written, whatever the offset behind it.
  const written = `CASE WHEN ${moment} IS NOT NULL THEN left(${x}, 10) END`;
  const dayOf = typed || formats.length > 0 ? day : written;
  return {
    value: input.target.type === "date" ? dayOf : instant,
    fine: `(${moment} BETWEEN TIMESTAMP '1753-01-01' AND TIMESTAMP '9999-12-31 23:59:59.999999')`,
    faults: [
      [`${moment} IS NULL`, "bad_date"],
      ["true", "date_out_of_range"],
    ],
  };
}

function formatsOf(input: LineInput): string[] {
  const { source, line, target, place } = input;
  const problem = (message: string) => new SluiceError("mapping_unfit", `${target.name}: ${message}.`, { place });
  if (source === null) return [];
  if (line.formats) {
    const read = line.formats.map((text) => {
      const format = readFormat(text);
      if ("problem" in format) throw problem(format.problem);
      return format.strptime;
    });
    const twins = contradiction(read);
    if (twins) throw problem(`${twins.join(" and ")} read the same text as two different days; only one can hold`);
    return read;
  }
  if (["number", "boolean"].includes(kindOf(source.type))) {
    throw new SluiceError(
      "mapping_unfit",
      `${target.name} takes dates, but \`${source.name}\` holds ${kindOf(source.type)}s.`,
      {
        remedy: `Say how they are to be read, for example \`${target.name}: { from: ${source.name}, formats: [yyyyMMdd] }\`.`,
        place,
      },
    );
  }
  if (input.ambiguous) {
    throw ambiguousDate(
      source.name,
      input.ambiguous,
      (f) => `${target.name}: { from: ${source.name}, formats: [${f}] }`,
      place,
    );
  }
  return input.dates ?? [];
}
