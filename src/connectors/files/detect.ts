import { trimSql } from "../../core/blanks.ts";
import { type Detected, dateShapePattern, detectDateFormats, type ShapeStat } from "../../core/date-detection.ts";
import { isoDatePattern, readIsoSql } from "../../core/dates.ts";
import { type Duck, ident, literal } from "./duck.ts";
import type { RawColumn, Relation } from "./relation.ts";

/** What every value of a text column is, beyond text. `digits` and `scale`: before and after the decimal point. */
export type Found =
  | { kind: "text" | "integer" | "boolean" | "date" | "timestamp" }
  | { kind: "decimal"; digits: number; scale: number }
  | { kind: "dates"; detected: NonNullable<Detected> };

/**
 * A type is found only if EVERY value fits its plainest form: 007, +5 and 18-digit-and-longer numbers stay text, for
 * they are phone numbers, postal codes and ids.
 */
const tests = {
  integer: (t: string) => `regexp_full_match(${t}, '0|-?[1-9][0-9]{0,17}')`,
  decimal: (t: string) => `regexp_full_match(${t}, '-?(?:0|[1-9][0-9]{0,17})(?:\\.[0-9]{1,12})?')`,
  boolean: (t: string) => `lower(${t}) IN ('true', 'false')`,
  date: (t: string) => `regexp_full_match(${t}, '${isoDatePattern}') AND TRY_CAST(${t} AS DATE) IS NOT NULL`,
  timestamp: (t: string) => `(${readIsoSql(t)}) IS NOT NULL`,
  shape: (t: string) => `regexp_full_match(${t}, ${literal(dateShapePattern)})`,
};
type Test = keyof typeof tests;
const all = Object.keys(tests) as Test[];

/** Rows that rule most tests out before the whole table is read: one value that does not fit is proof. */
const sampleRows = 1000;

/**
 * Reads every value of a text file once (so that a broken row anywhere is found now) and tells the types of its
 * columns. `extra` are aggregates of the caller's, computed in the same pass.
 */
export async function detect(
  duck: Duck,
  relation: Pick<Relation, "from">,
  columns: readonly RawColumn[],
  extra: string[] = [],
): Promise<{ found: Map<string, Found>; extra: Record<string, unknown> }> {
  const possible = columns.flatMap((c) =>
    c.detect === "none" ? [] : (c.detect === "dates" ? dateTests : all).map((t) => [c, t] as const),
  );
  const sample = `(SELECT * FROM ${relation.from} LIMIT ${sampleRows})`;
  const open = await survivors(duck, sample, possible, [], []);
  const counted = columns.filter((c) => c.detect === "all").map((c) => `count(${ident(c.name)})`);
  const whole = await survivors(duck, relation.from, open.pairs, counted, extra);
  const found = new Map<string, Found>();
  for (const column of columns) {
    const passed = new Set(whole.pairs.filter(([c]) => c === column).map(([, t]) => t));
    if (passed.has("integer")) found.set(column.name, { kind: "integer" });
    else if (passed.has("decimal")) found.set(column.name, await decimal(duck, relation.from, column));
    else if (passed.has("boolean")) found.set(column.name, { kind: "boolean" });
    else if (passed.has("date")) found.set(column.name, { kind: "date" });
    else if (passed.has("timestamp")) found.set(column.name, { kind: "timestamp" });
    else if (passed.has("shape")) found.set(column.name, await dates(duck, relation.from, column));
    else found.set(column.name, { kind: "text" });
  }
  return { found, extra: whole.extra };
}
const dateTests: Test[] = ["date", "timestamp", "shape"];

type Pair = readonly [RawColumn, Test];

async function survivors(duck: Duck, from: string, pairs: readonly Pair[], counts: string[], extra: string[]) {
  const trimmed = [...new Set(pairs.map(([c]) => c))];
  const alias = (c: RawColumn) => ident(`trimmed ${trimmed.indexOf(c)}`);
  const values = trimmed.map((c) => `nullif(${trimSql(ident(c.name))}, '') AS ${alias(c)}`);
  const checks = pairs.map(([c, t]) => `bool_and(${tests[t](alias(c))}) FILTER (${alias(c)} IS NOT NULL)`);
  const named = [...checks.map((c, i) => `${c} AS t${i}`), ...counts.map((c, i) => `${c} AS n${i}`), ...extra];
  if (named.length === 0) return { pairs: [], extra: {} };
  const whole = values.length === 0 ? from : `(SELECT *, ${values.join(", ")} FROM ${from})`;
  const [row] = await duck.rows<Record<string, unknown>>(`SELECT ${named.join(", ")} FROM ${whole}`);
  return { pairs: pairs.filter((_, i) => row?.[`t${i}`] === true), extra: row ?? {} };
}

async function decimal(duck: Duck, from: string, column: RawColumn): Promise<Found> {
  const value = trimSql(ident(column.name));
  const [row] = await duck.rows<{ digits: number; scale: number }>(
    `SELECT max(length(regexp_extract(${value}, '[0-9]+')))::INT AS digits, ` +
      `max(length(regexp_extract(${value}, '\\.([0-9]+)', 1)))::INT AS scale FROM ${from}`,
  );
  return { kind: "decimal", digits: row?.digits ?? 1, scale: row?.scale ?? 0 };
}

async function dates(duck: Duck, from: string, column: RawColumn): Promise<Found> {
  const runs = [1, 2, 3, 4, 5, 6].map(
    (i) => `min(length(r[${i}])), max(length(r[${i}])), max(TRY_CAST(r[${i}] AS INT))`,
  );
  const names = runs.flatMap((_, i) => [`s${i}`, `l${i}`, `m${i}`]);
  const aggregates = runs
    .join(", ")
    .split(/, (?=m)/)
    .map((a, i) => `${a} AS ${names[i]}`);
  const value = trimSql(ident(column.name));
  const rows = await duck.rows<Record<string, string | number | null>>(
    `SELECT regexp_replace(v, '[0-9]+', '9', 'g') AS shape, ${aggregates.join(", ")}, ` +
      `coalesce(min(v) FILTER (r[1]::INT <> r[2]::INT), min(v)) AS sample ` +
      `FROM (SELECT ${value} AS v, regexp_extract_all(${value}, '[0-9]+') AS r FROM ${from}) WHERE v <> '' GROUP BY shape ORDER BY shape`,
  );
  const stats = rows.map(
    (row): ShapeStat => ({
      shape: String(row.shape),
      sample: String(row.sample),
      runs: runs.flatMap((_, i) =>
        row[`s${i}`] === null
          ? []
          : [{ short: Number(row[`s${i}`]), long: Number(row[`l${i}`]), max: Number(row[`m${i}`]) }],
      ),
    }),
  );
  const detected = detectDateFormats(stats);
  return detected ? { kind: "dates", detected } : { kind: "text" };
}
