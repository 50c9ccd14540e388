import { ident, parquetRows, text } from "../duck.ts";
import type { Wave } from "../layout.ts";
import type { Shape, ShapeColumn } from "../shape.ts";
import { areMany, chosenBy, has, list, stored } from "./names.ts";
import { inSeveralWaves, statesOf, wavesBesideCreates } from "./states.ts";
import { seenValue } from "./touch.ts";
import { metOf } from "./unmet.ts";
import { wideTable } from "./wide.ts";

export type FoldFiles = { change: (wave: Wave) => string; settled: string };

/**
 * About how many rows a fold is about, and how many changes other than creates (`countChanged`). Where rows are many the new base
 * is files in `folder`. `memory`: the bytes that DuckDB may take.
 */
export type FoldSize = { rows: number; changed: number; memory: number; folder: string };

/** Keys of looked-at rows. */
export const looked = `SELECT key FROM final WHERE ${chosenBy("key")}`;

/** Of `final` (f): its record is gone, and it got no other. What was agreed of that one holds, should it be restored. */
export const waits = "coalesce(f.link_ = 'none' AND f.id = f.old_id, false)";

const numbered = (path: string) => parquetRows(path, "file_row_number=true");

export const createdRows = (file: FoldFiles): string => numbered(file.change("1-create"));

/** Changes of a wave that were taken. */
function taken(file: FoldFiles, wave: Wave): string {
  const these = `SELECT n FROM sent WHERE wave = ${text(wave)} AND status IN ('created', 'updated')`;
  return `SELECT c.* FROM ${numbered(file.change(wave))} c SEMI JOIN (${these}) s ON s.n = c.file_row_number`;
}

/** How many changes other than creates are settled or were accepted, where rows are many; few are not counted. */
export const countChanged = (shape: Shape, { settled }: FoldFiles, rows: number): string =>
  areMany(rows)
    ? `SELECT (SELECT count(*) FROM sent WHERE wave IN (${wavesBesideCreates(shape).map(text).join(", ")}) AND status IN ('created', 'updated')) + (SELECT count(*) FROM ${parquetRows(settled)}) AS changed`
    : "SELECT 0 AS changed";

/** `part`: settled changes other than creates, and accepted columns. `changed`: the same, all that became of a row in one. */
export function changes(shape: Shape, file: FoldFiles, size: FoldSize): string[] {
  const part = [
    ...wavesBesideCreates(shape).map((wave) => taken(file, wave)),
    `SELECT c.* FROM ${numbered(file.settled)} c`,
  ];
  const view = `CREATE OR REPLACE VIEW part AS\n${part.join("\nUNION ALL BY NAME ")}`;
  if (!inSeveralWaves(shape)) return [view, "CREATE OR REPLACE VIEW changed AS FROM part"];
  // Where columns of a row went in several waves, what each has written is put together. Mostly few rows have that, and to put
  // together what is whole takes more memory than DuckDB counts.
  const all = `SELECT * FROM part UNION ALL BY NAME ${taken(file, "1-create")} SEMI JOIN part p ON p.key = c.key`;
  const together = partsOf(shape, size, "key").map((which, i) => {
    const several = `SELECT key FROM (${all}) WHERE ${which} GROUP BY key HAVING count(*) > 1`;
    const rows = merged(shape, `SELECT * FROM (${all}) WHERE ${which} AND key IN (${several})`);
    return `${i === 0 ? "CREATE OR REPLACE TABLE together AS" : "INSERT INTO together"} ${rows}`;
  });
  return [
    view,
    ...together,
    "CREATE OR REPLACE VIEW changed AS FROM together UNION ALL BY NAME SELECT * FROM part WHERE key NOT IN (SELECT key FROM together)",
  ];
}

/** One row a key. A value is told once: by the wave that wrote it. */
function merged(shape: Shape, parts: string): string {
  const each = shape.columns.flatMap((c) => [
    `max(${stored(c)}) AS ${stored(c)}`,
    `max(${ident(`o_${c.name}`)}) AS ${ident(`o_${c.name}`)}`,
  ]);
  const once = [
    "key",
    "max(match_value) AS match_value",
    "CASE WHEN bool_or(kind = 'create') THEN 'create' ELSE max(kind) END AS kind",
    "bit_or(m) AS m",
    "bit_or(a) AS a",
  ];
  return `SELECT ${list([...once, ...each])} FROM (${parts}) GROUP BY key`;
}

/** What a value takes in a join, about, its text and what leads to it. */
const BYTES = 40;

/**
 * SQL of conditions on `column`, of which each picks one of the parts in which so many rows are joined with all of their
 * values. Of what is joined the smaller side is in memory, and in a fold base and what was read back are that, each about as
 * large as all that changed: with a quarter of the memory for each a run still took more than it may.
 */
export function partsOf({ columns }: Shape, { rows, changed, memory }: FoldSize, column: "key" | "id"): string[] {
  const parts = Math.ceil((changed * columns.length * BYTES) / (memory / 6));
  if (parts <= 1 || !areMany(rows)) return ["true"];
  return Array.from({ length: parts }, (_, i) => `hash(${column}) % ${parts} = ${i}`);
}

/** Statements that make `new_base`; see `prepareFold`. `base`: see there. */
export function newBase(shape: Shape, base: string, size: FoldSize): string[] {
  const selects = partsOf(shape, size, "key").map((which) => newBaseOf(shape, base, which));
  return wideTable("new_base", selects, size.rows, size.folder);
}

/** `which`: of which keys of `final`. */
function newBaseOf(shape: Shape, base: string, which: string): string {
  const { columns } = shape;
  // A state brings its status along.
  const { state, status } = statesOf(shape);
  const known = (c: ShapeColumn) =>
    c === status && state ? `(${has("c.m | c.a", c)} OR ${has("c.m", state)})` : has("c.m | c.a", c);
  // What the destination held is asked for where it was accepted: the rest would be kept in memory for nothing.
  const accepted = columns.map(
    (c) => `CASE WHEN ${has("c.a", c)} THEN c.${ident(`o_${c.name}`)} END AS ${ident(`o_${c.name}`)}`,
  );
  const lean = accepted.length > 0 ? `REPLACE (${list(accepted)})` : "";
  const all = which === "true";
  const rows = all ? "final" : `(SELECT * FROM final WHERE ${which})`;
  const among = (column: "key" | "id") =>
    all ? "true" : `${column} IN (SELECT ${column} FROM final WHERE ${which} AND ${chosenBy(column)})`;
  // The row as it was agreed, where it goes on from that; joined by one equation, as in `decide`.
  const settled = `SELECT c.* ${lean}, f.id AS record, CASE WHEN c.kind <> 'create' AND f.link_ = 'linked' THEN c.key END AS base_key FROM changed c JOIN ${rows} f ON f.key = c.key WHERE NOT ${waits}`;
  const either = (c: ShapeColumn) =>
    `CASE WHEN ${has("c.m | c.a", c)} THEN c.${stored(c)} ELSE b.${stored(c)} END AS ${stored(c)}`;
  // What the destination holds now is what we saw, for every column we wrote or accepted and for all of a record we
  // made (it fills what we left out with defaults). Any other column keeps what we saw before.
  const held = (c: ShapeColumn) =>
    `CASE WHEN c.kind = 'create' OR ${known(c)} THEN CASE WHEN n.id IS NOT NULL THEN n.${stored(c)} WHEN ${has("c.a", c)} THEN c.${ident(`o_${c.name}`)} ELSE c.${stored(c)} END ELSE ${seenValue(stored(c))} END AS n_${c.index}`;
  return `SELECT ${list(["c.key", "c.record AS id", "b.key IS NULL AS first", `${metOf(shape, "c.m | c.a")} AS met`, ...columns.map(either), ...columns.map(held)])}
FROM (${settled}) c LEFT JOIN ${all ? base : `(SELECT * FROM ${base} WHERE ${among("key")})`} b ON b.key = c.base_key
LEFT JOIN (SELECT * FROM v_seen WHERE key IN (${looked}) AND ${among("key")}) s ON s.key = b.key
LEFT JOIN (SELECT * FROM latest WHERE NOT gone AND ${among("id")}) n ON n.id = c.record`;
}
