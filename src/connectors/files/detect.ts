import { trimSql, trimValue } from "../../core/blanks.ts";
import { type Detected, dateShapePattern, detectDateFormats, type ShapeStat } from "../../core/date-detection.ts";
import { isoDatePattern, isoOffsetPattern, isoTimePattern, readIsoSql } from "../../core/dates.ts";
import { type Duck, ident, literal } from "./duck.ts";
import type { RawColumn, Relation } from "./relation.ts";

/** What every value of a text column is, beyond text. `digits` and `scale`: before and after the decimal point. */
export type Found =
  | { kind: "text" | "integer" | "boolean" | "date" | "timestamp" }
  | { kind: "decimal"; digits: number; scale: number }
  | { kind: "dates"; detected: NonNullable<Detected> };

/**
 * A type is found only if EVERY value fits its plainest form: 007, +5 and 18-digit-and-longer numbers stay text, for
 * they are phone numbers, postal codes and ids. `pattern` is what the text must look like, `real` whether it then is one.
 */
const tests: Record<Test, { pattern: string; real?: (text: string) => string }> = {
  integer: { pattern: "0|-?[1-9][0-9]{0,17}" },
  decimal: { pattern: "-?(?:0|[1-9][0-9]{0,17})(?:\\.[0-9]{1,12})?" },
  boolean: { pattern: "[Tt][Rr][Uu][Ee]|[Ff][Aa][Ll][Ss][Ee]" },
  date: {
    pattern: isoDatePattern,
    real: (text) =>
      `CASE WHEN regexp_full_match(${text}, '${isoDatePattern}') THEN TRY_CAST(${text} AS DATE) IS NOT NULL ELSE false END`,
  },
  timestamp: {
    pattern: `${isoDatePattern}|${isoTimePattern}${isoOffsetPattern}?`,
    real: (text) => `(${readIsoSql(text)}) IS NOT NULL`,
  },
  shape: { pattern: dateShapePattern },
};
type Test = "integer" | "decimal" | "boolean" | "date" | "timestamp" | "shape";
const dateTests: Test[] = ["date", "timestamp", "shape"];
const all = Object.keys(tests) as Test[];

/** Rows that rule most tests out before the whole table is read: one value that does not fit is proof. */
const sampleRows = 1000;

type Pair = readonly [RawColumn, Test];

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
  const open = await possible(duck, relation.from, columns);
  const counted = columns.filter((c) => c.detect === "all").map((c) => `count(${ident(c.name)})`);
  const whole = await survivors(duck, relation.from, open, counted, extra);
  const found = new Map<string, Found>();
  for (const column of columns) {
    const passed = new Set(whole.pairs.filter(([c]) => c === column).map(([, t]) => t));
    const plain = (["integer", "boolean", "date", "timestamp"] as const).find((t) => passed.has(t));
    if (plain) found.set(column.name, { kind: plain });
    else if (passed.has("decimal")) found.set(column.name, await decimal(duck, relation.from, column));
    else if (passed.has("shape")) found.set(column.name, await dates(duck, relation.from, column));
    else found.set(column.name, { kind: "text" });
  }
  return { found, extra: whole.extra };
}

/** What the first rows leave open. Looked at here: a hundred patterns cost DuckDB more to prepare than to apply. */
async function possible(duck: Duck, from: string, columns: readonly RawColumn[]): Promise<Pair[]> {
  const looked = columns.filter((c) => c.detect !== "none");
  if (looked.length === 0) return [];
  const names = looked.map((c, i) => `${ident(c.name)} AS c${i}`).join(", ");
  const rows = await duck.rows<Record<string, string | null>>(`SELECT ${names} FROM ${from} LIMIT ${sampleRows}`);
  return looked.flatMap((column, i) => {
    const values = rows.map((row) => trimValue(row[`c${i}`] ?? "")).filter((v) => v !== "");
    const fits = (test: Test) => {
      const whole = new RegExp(`^(?:${tests[test].pattern})$`);
      return values.every((v) => whole.test(v));
    };
    return (column.detect === "dates" ? dateTests : all).filter(fits).map((test): Pair => [column, test]);
  });
}

/** The tests that every value of the relation passes; a column without any value passes none. */
async function survivors(duck: Duck, from: string, pairs: readonly Pair[], counts: string[], extra: string[]) {
  const trimmed = [...new Set(pairs.map(([c]) => c))];
  const alias = (c: RawColumn) => ident(`trimmed ${trimmed.indexOf(c)}`);
  const values = trimmed.map((c) => `nullif(${trimSql(ident(c.name))}, '') AS ${alias(c)}`);
  const checks = pairs.map(([c, t]) => {
    const { pattern, real } = tests[t];
    const fits = real ? real(alias(c)) : `regexp_full_match(${alias(c)}, ${literal(pattern)})`;
    return `bool_and(${fits}) FILTER (${alias(c)} IS NOT NULL)`;
  });
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
      `max(length(regexp_extract(${value}, '\\.([0-9]+)', 1)))::INT AS scale FROM (SELECT DISTINCT ${ident(column.name)} FROM ${from})`,
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
      `FROM (SELECT ${value} AS v, regexp_extract_all(${value}, '[0-9]+') AS r FROM (SELECT DISTINCT ${ident(column.name)} FROM ${from})) WHERE v <> '' GROUP BY shape ORDER BY shape`,
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
