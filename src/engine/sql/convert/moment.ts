import { ambiguousDate, contradiction } from "../../../core/date-detection.ts";
import { type DateReading, formatReadings, isoReadings, readAs, readFormat } from "../../../core/dates.ts";
import { SluiceError } from "../../../core/errors.ts";
import type { Column } from "../../../core/schema.ts";
import type { LineInput, Reading } from "./conversion.ts";
import { kindOf, sourceMoment } from "./source-text.ts";
import { zoneName } from "./zone.ts";

/**
 * Days and instants. Text is read by the line's formats, else the source's, else as ISO 8601; what does not fit whole
 * is refused. What is written without an offset is meant in the line's `zone`, else in UTC. Dataverse holds 1753 to 9999.
 *
 * What becomes of it is the column's behaviour (dataverse.md section 5; docs/project-files.md, "Dates and times"): an
 * instant, a day, or a time of day that is the same everywhere.
 * @throws SluiceError ambiguous_date, mapping_unfit
 */
export function readMoment(input: LineInput, x: string): Reading {
  const zone = input.line.zone === undefined ? undefined : zoneName(input.line.zone);
  const keeps = keepsWall(input.target);
  const read = readAs(readingsOf(input, x), ({ wall, utc }) => {
    if (keeps) return utc !== null && zone ? wallIn(utc, zone) : wall;
    return utc ?? (zone ? instantIn(wall, zone) : wall);
  });
  const asInstant = zone !== undefined && isInstantOfDay(input.target);
  return {
    value: written(input.target, read, zone),
    // Midnight in the zone may be before the first instant there is. After the last none is: no zone is a day behind.
    fine: asInstant
      ? `(date_trunc('day', ${read}) BETWEEN ${wallIn(first, zone)} AND ${last})`
      : `(${read} BETWEEN ${first} AND ${last})`,
    faults: [
      [`${read} IS NULL`, "bad_date"],
      ["true", "date_out_of_range"],
    ],
  };
}

const first = "TIMESTAMP '1753-01-01'";
const last = "TIMESTAMP '9999-12-31 23:59:59.999999'";

/** Whether a column holds a day as an instant. */
function isInstantOfDay({ type, dateOnly, behavior }: Column): boolean {
  return type !== "date" && dateOnly === true && behavior !== "TimeZoneIndependent";
}

/** Whether a column holds what a clock or a calendar on the wall shows, rather than an instant. */
function keepsWall(target: Column): boolean {
  return target.type === "date" || target.behavior === "TimeZoneIndependent" || target.dateOnly === true;
}

/**
 * A day in a UserLocal column is an instant there, which every reader sees in a zone of their own. In the line's zone it
 * begins at midnight, as forms save it; without one it is put at noon in UTC, for then nobody between UTC-12 and UTC+11
 * sees the day before or after.
 */
function written(target: Column, read: string, zone: string | undefined): string {
  if (target.type === "date") return `CAST(CAST(${read} AS DATE) AS VARCHAR)`;
  const instant = "%Y-%m-%dT%H:%M:%SZ";
  if (!target.dateOnly) return `strftime(${read}, '${instant}')`;
  const midnight = `date_trunc('day', ${read})`;
  if (target.behavior === "TimeZoneIndependent") return `strftime(${midnight}, '${instant}')`;
  return zone === undefined
    ? `strftime(${midnight} + INTERVAL 12 HOUR, '${instant}')`
    : `strftime(${instantIn(midnight, zone)}, '${instant}')`;
}

const instantIn = (wall: string, zone: string) => `((${wall} AT TIME ZONE '${zone}') AT TIME ZONE 'UTC')`;
const wallIn = (utc: string, zone: string) => `((${utc} AT TIME ZONE 'UTC') AT TIME ZONE '${zone}')`;

function readingsOf(input: LineInput, x: string): DateReading[] {
  const { source, line, column } = input;
  if (source !== null && kindOf(source.type) === "moment" && line.values === undefined) {
    const wall = sourceMoment(column, source.type);
    return [{ fits: "true", wall, utc: source.type === "TIMESTAMP WITH TIME ZONE" ? wall : null }];
  }
  const formats = formatsOf(input);
  if (formats.length === 0) return isoReadings(x);
  // What `values` writes stands in ISO form, whatever the source's.
  return [...formatReadings(x, formats), ...(line.values ? isoReadings(x) : [])];
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
