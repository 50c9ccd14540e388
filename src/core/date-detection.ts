import { conflict, readFormat, showFormat } from "./dates.ts";
import { type Place, SluiceError } from "./errors.ts";

/**
 * What one way of writing dates looks like in a column: `shape` is the text with every run of digits as one 9; per run
 * the shortest, the longest and the greatest number met; `sample` is one of the texts.
 */
export type ShapeStat = { shape: string; runs: { short: number; long: number; max: number }[]; sample: string };

/** A text that can be read in two ways, or a column that mixes ways of writing: the person must say which. */
export type Ambiguity = { value: string; readings: string[]; formats: string[] };

export type Detected = { formats: string[] } | { ambiguous: Ambiguity } | null;

/** A text this pattern (RE2) does not fit is never taken for a date. Two-digit years are not detected: declare `yy`. */
export const dateShapePattern =
  "(?:\\d{1,2}[-/.]\\d{1,2}[-/.]\\d{4}|\\d{4}[-/.]\\d{1,2}[-/.]\\d{1,2})(?:[T ]\\d{1,2}:\\d{2}(?::\\d{2})?)?";

/**
 * The strptime format of a column's dates from the shapes met in ALL its values. One order of day and month must be
 * proven by a value above 12 and contradicted by none; several shapes must each be proven, and are still mixed ways of
 * writing, so that the person is asked.
 */
export function detectDateFormats(shapes: readonly ShapeStat[]): Detected {
  if (shapes.length === 0) return null;
  const all = shapes.map((s) => candidates(s));
  if (all.some((c) => c.length === 0)) return null;
  if (shapes.length === 1) {
    const [only] = all as [string[]];
    if (only.length === 1) return { formats: only };
    return { ambiguous: { ...both(shapes[0] as ShapeStat, only), formats: only.map(showFormat) } };
  }
  const value = shapes.map((s) => s.sample).join("` and `");
  return { ambiguous: { value, readings: [], formats: all.map((c) => showFormat(c[0] as string)) } };
}

/** All formats that every text of this shape fits. */
function candidates(stat: ShapeStat): string[] {
  const runs = stat.runs;
  const yearFirst = runs[0]?.short === 4;
  const orders = yearFirst
    ? [["yyyy", "M", "d"]]
    : [
        ["d", "M", "yyyy"],
        ["M", "d", "yyyy"],
      ];
  const time = ["H", "m", "s"];
  const padded = runs.slice(0, 3).every((r) => r.short >= 2);
  const found: string[] = [];
  for (const order of orders) {
    const letters = [...order, ...time];
    let i = 0;
    let fits = true;
    const text = stat.shape.replaceAll(/9|[A-Za-z]/g, (c) => {
      if (c !== "9") return `'${c}'`;
      const run = runs[i];
      const letter = letters[i++];
      if (!run || !letter) {
        fits = false;
        return "";
      }
      if (letter === "yyyy") fits &&= run.short === 4 && run.long === 4;
      else fits &&= run.long <= 2 && run.max <= (limit[letter] as number);
      const two = "dM".includes(letter) ? padded : run.short === 2;
      return letter !== "yyyy" && two ? letter + letter : letter;
    });
    const format = fits ? readFormat(text) : null;
    if (format && "strptime" in format) found.push(format.strptime);
  }
  return found;
}
const limit: Record<string, number> = { d: 31, M: 12, H: 23, m: 59, s: 59 };

function both(stat: ShapeStat, formats: string[]): { value: string; readings: string[] } {
  const numbers = stat.sample.split(/\D+/).map(Number);
  const name = (month: number) => months[month - 1] ?? "?";
  return {
    value: stat.sample,
    readings: formats.map((f) => {
      const dayFirst = /^%-?d/.test(f);
      const [day, month] = dayFirst ? [numbers[0], numbers[1]] : [numbers[1], numbers[0]];
      return `${day} ${name(month ?? 0)} ${numbers[2]}`;
    }),
  };
}
const months = "January February March April May June July August September October November December".split(" ");

/**
 * The error for a column whose dates nobody may guess. `line` writes the line to add from the formats in it, such as
 * "birthdate: { from: BirthDate, formats: [d/M/yyyy] }".
 */
export function ambiguousDate(
  column: string,
  found: Ambiguity,
  line: (formats: string) => string,
  place?: Place,
): SluiceError {
  const said =
    found.readings.length > 0
      ? `The dates of \`${column}\` can be read in two ways: \`${found.value}\` is ${found.readings.join(" or ")}.`
      : `The dates of \`${column}\` are written in more than one way, such as \`${found.value}\`.`;
  const remedy =
    found.readings.length > 0
      ? `Declare which one holds: ${found.formats.map((f) => `\`${line(f)}\``).join(" or ")}.`
      : `Declare every way, for example \`${line(found.formats.join(", "))}\`; check the order of day and month in each.`;
  return new SluiceError("ambiguous_date", said, { remedy, place });
}

/** Declared formats must not contradict each other: `d/M/yyyy` and `M/d/yyyy` cannot both hold in one column. */
export function contradiction(strptime: readonly string[]): [string, string] | null {
  for (const [i, a] of strptime.entries()) {
    const b = strptime.slice(i + 1).find((other) => conflict(a, other));
    if (b !== undefined) return [showFormat(a), showFormat(b)];
  }
  return null;
}
