import { ambiguousDate, contradiction } from "../../../core/date-detection.ts";
import { isoDatePattern, readDateSql, readFormat, readIsoSql } from "../../../core/dates.ts";
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
  // What `values` writes stands in ISO form, whatever the source's.
  const text = formats.length === 0 ? readIsoSql(x) : readDateSql(x, formats);
  const either = formats.length > 0 && line.values ? `coalesce(${text}, ${readIsoSql(x)})` : text;
  const moment = typed ? sourceMoment(column, source.type) : either;
  const inRange = `(${moment}) >= TIMESTAMP '1753-01-01' AND (${moment}) < TIMESTAMP '10000-01-01'`;
  const faults: Reading["faults"] = [
    [`(${moment}) IS NULL`, "bad_date"],
    [`NOT (${inRange})`, "date_out_of_range"],
  ];
  if (input.target.type === "datetime") return { value: `strftime(${moment}, '%Y-%m-%dT%H:%M:%SZ')`, faults };
  const written = !typed && formats.length === 0;
  const day = `strftime(${moment}, '%Y-%m-%d')`;
  return {
    value: written ? `CASE WHEN regexp_matches(${x}, '^${isoDatePattern}') THEN left(${x}, 10) ELSE ${day} END` : day,
    faults,
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
