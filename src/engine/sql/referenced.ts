import { foldSql } from "../../core/fold.ts";
import { text } from "../duck.ts";
import type { Mirrored } from "../pages.ts";
import type { Shape } from "../shape.ts";
import { ownTable } from "../undo/shape.ts";
import { deactivates } from "./change.ts";
import { keptMatch } from "./kept.ts";
import { recordless } from "./match.ts";
import { chosenBy, has, joined, stored } from "./names.ts";
import { matchedBy } from "./tables.ts";

// What the destination would delete together with records that are to go. See `engine/referenced.ts`.

/** Codes of rows that have left and whose records stay for now. */
export const heldCodes = "'still_referenced', 'still_shared'";

/**
 * Records that are to go. `ids`: SQL of them. `rows`: SQL of this sync's rows (key, id) that have their records afterwards.
 * `lone`: SQL of rows that have no record yet (key, m), and would find one by its values of the columns `matched`; absent, nor do
 * such rows of other syncs hold anything.
 * `rest`: they are put to rest, so nothing goes with them. `below`: SQL of rows that will point at records of the sync's own table by
 * this column (key, parent).
 */
export type Going = {
  ids: string;
  rows: string;
  lone?: { rows: string; matched: string };
  rest?: boolean;
  below?: (column: string) => string | undefined;
};

/** Of links, which may be many millions, only those are read. */
export const isReached = `id IN (SELECT id FROM reached WHERE ${chosenBy("id")})`;

/** A plan's deletes. */
export const planned = (shape: Shape): Going => ({
  ids: "SELECT id FROM decided WHERE action = 'delete' AND id IS NOT NULL",
  rows: `SELECT key, id FROM st.link WHERE h IS NOT NULL AND ${isReached} AND key NOT IN (SELECT key FROM decided WHERE action IN ('delete', 'release')) UNION ALL SELECT key, id FROM decided WHERE action = 'adopt' AND link_ = 'none'`,
  lone: { rows: recordless(shape), matched: matchedBy(shape) },
  below: (name) => {
    const column = shape.columns.find((c) => c.name === name && c.awaits);
    const parent = column && ownTable(shape.object, column, `x_${column.index}`);
    return (
      parent &&
      `SELECT key, ${parent} AS parent FROM decided WHERE action = 'create' OR (action IN ('adopt', 'update') AND ${has("m", column)})`
    );
  },
});

/** The records that a plan puts to rest. */
export const resting = (shape: Shape): Going => ({
  ...planned(shape),
  ids: `SELECT id FROM decided WHERE ${deactivates(shape)}`,
  rest: true,
});

/** `reached`: of each record that is to go (`root`) what would go with it, so many lookups away; first itself. */
export const reachedFirst = (object: string, ids: string): string =>
  `CREATE OR REPLACE TABLE reached AS SELECT id AS root, ${text(object)} AS object, id, 0 AS level FROM (${ids})`;

/** `holding`: the rows with whose records the root may not go; without a key, where nobody can tell whether it is a row's. */
export const holding =
  "CREATE OR REPLACE TABLE holding(root VARCHAR, level INTEGER, sync VARCHAR, object VARCHAR, id VARCHAR, key VARCHAR)";

const reachedAt = (object: string, level: number): string =>
  `SELECT root, id FROM reached WHERE object = ${text(object)} AND level = ${level}`;

/** The same of roots that nothing holds: of others no more needs to be known. */
const freeAt = (object: string, level: number): string =>
  `(${reachedAt(object, level)} AND root NOT IN (SELECT root FROM holding))`;

export const tablesAt = (level: number): string =>
  `SELECT DISTINCT object FROM reached WHERE level = ${level} ORDER BY object`;

/** `asked`: the records to which pointers are looked for. */
export const askedAt = (object: string, level: number): string =>
  `CREATE OR REPLACE TABLE asked AS SELECT row_number() OVER () AS n, id FROM (SELECT DISTINCT id FROM ${freeAt(object, level)})`;

/** After `pointing`. Circles end, for what has been reached is not reached again. */
export const reachedNext = (object: string, child: string, level: number): string =>
  `INSERT INTO reached SELECT root, object, id, ${level + 1} FROM (
  SELECT DISTINCT r.root, ${text(child)} AS object, p.id FROM pointing p JOIN ${freeAt(object, level)} r ON r.id = p.parent) ANTI JOIN reached USING (root, object, id)`;

/** `rows`: SQL of rows of the sync (key, id). */
export const holds = (sync: string, object: string, level: number, rows: string): string =>
  `INSERT INTO holding SELECT r.root, ${level}, ${text(sync)}, ${text(object)}, r.id, l.key FROM (${reachedAt(object, level)}) r JOIN (${rows}) l ON l.id = r.id`;

/** The rows (`below`) that this run itself would have point there. */
export const holdBelow = (sync: string, object: string, level: number, below: string): string =>
  `INSERT INTO holding SELECT r.root, ${level + 1}, ${text(sync)}, ${text(object)}, NULL, b.key FROM (${reachedAt(object, level)}) r JOIN (${below}) b ON b.parent = r.id`;

/**
 * Rows of the sync whose state is attached, as its last run has seen them. One that has left, and is held for a row of ours, say, holds
 * none: each would wait for the other.
 */
export const besideRows = (sync: string, object: string, level: number): string =>
  holds(
    sync,
    object,
    level,
    `SELECT key, id FROM beside.link WHERE h IS NOT NULL AND ${isReached} AND key NOT IN (SELECT key FROM beside.pending WHERE code IN (${heldCodes}))`,
  );

/** Of the attached state: the rows that are there and have no record yet, and what they are matched by. */
export const besideLone = "SELECT key, m FROM beside.link WHERE id IS NULL AND h IS NOT NULL";
export const besideMatched = "SELECT any_value(value) AS matched FROM beside.meta WHERE name = 'matched'";

/** `lone`: such rows, put aside. One without a match value finds nothing. */
export const putAside = (rows: string): string =>
  `CREATE OR REPLACE TABLE lone AS SELECT key, m FROM (${rows}) WHERE m IS NOT NULL`;

/** The records that these may find. */
export const findable = (object: string, level: number): string => `SELECT id FROM ${freeAt(object, level)}`;

/** After `findable` has been read: the rows of `lone` that would find one of them. */
export const loneRows = (sync: string, object: string, level: number, match: Mirrored[]): string =>
  holds(
    sync,
    object,
    level,
    `SELECT o.key, f.id FROM findable f JOIN lone o ON ${keptMatch(match, "o.m")} = ${joined(match.map((c) => foldSql(`f.${stored(c)}`)))} WHERE NOT f.gone`,
  );

/** Where nobody can tell. `begun`: it may have linked the records that are to go themselves. */
export const mayBeRows = (sync: string, object: string, level: number, begun: boolean): string =>
  `INSERT INTO holding SELECT root, ${level}, ${text(sync)}, ${text(object)}, id, NULL FROM (${reachedAt(object, level)})${begun ? "" : " WHERE id NOT IN (SELECT id FROM reached WHERE level = 0)"}`;

const rowsOf = `CASE count(DISTINCT key) WHEN 1 THEN 'that of 1 row' ELSE 'those of ' || count(DISTINCT key) || ' rows' END || ' of the sync ' || sync || ' (such as ' || min(key) || ')'`;
const recordsOf = `count(DISTINCT id) || CASE count(DISTINCT id) WHEN 1 THEN ' record' ELSE ' records' END || ' of ' || object || ' that may be of the sync ' || sync`;

const sharedWith =
  "CASE WHEN count(key) > 0 THEN 'to the row ' || min(key) ELSE 'perhaps to a row' END || ' of the sync ' || sync";

/** `spared`: the records that may not go; `shared`: for being a row's of another sync themselves; `said`: whose they are, or what would go with them. */
export const spared = `CREATE OR REPLACE TABLE spared AS SELECT root AS id, bool_or(level = 0) AS shared, string_agg(said, ' and ' ORDER BY said) AS said
FROM (SELECT root, level, CASE WHEN level = 0 THEN ${sharedWith} WHEN count(key) > 0 THEN ${rowsOf} ELSE ${recordsOf} END AS said FROM holding GROUP BY root, level, sync, object) GROUP BY root`;

/** The deletes of a plan that are held back. The row has not left until its record goes. */
export const heldBack = `UPDATE decided SET action = 'exclude', code = CASE WHEN s.shared THEN 'still_shared' ELSE 'still_referenced' END, others = s.said
FROM spared s WHERE decided.action = 'delete' AND decided.id = s.id`;

/** The rests that are held back. What is left of audiences is left all the same. */
export const heldRests = (shape: Shape): string =>
  `UPDATE decided SET code = 'still_shared', others = (SELECT said FROM spared s WHERE s.id = decided.id) WHERE id IN (SELECT id FROM spared) AND ${deactivates(shape)}`;

export const letGo = [
  "DROP TABLE reached",
  "DROP TABLE holding",
  "DROP TABLE IF EXISTS pointing",
  "DROP TABLE IF EXISTS pointing_part",
  "DROP TABLE IF EXISTS lone",
  "DROP TABLE IF EXISTS findable",
];
