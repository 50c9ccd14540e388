import { text } from "../duck.ts";
import type { Shape } from "../shape.ts";
import { chosenBy, list, parentValue, sourceColumn, stored } from "./names.ts";
import { wakeOwed } from "./owed.ts";
import { isDueAt } from "./pending.ts";

/**
 * `have_now`: what the destination holds, as far as it is not what we last saw: this run's deltas over the mirror's
 * exceptions. After a full read (`full`) nothing older counts, and a linked record that was not read is gone. Where only
 * records asked for are read (`linked`), nothing older is known of those that belong to no row of ours.
 */
export function haveNow(shape: Shape, full: boolean, linked: boolean): string {
  const columns = shape.columns.map(stored);
  const fresh = `SELECT ${["id", "gone", "created", ...columns].join(", ")} FROM fresh`;
  const rest = full
    ? `SELECT ${["l.id", "true", "NULL", ...columns.map(() => "NULL")].join(", ")} FROM st.link l ANTI JOIN fresh USING (id) WHERE l.id IS NOT NULL`
    : `SELECT ${["id", "gone", "created", ...columns].join(", ")} FROM v_have ANTI JOIN fresh USING (id)${linked ? " SEMI JOIN st.link USING (id)" : ""}`;
  return `CREATE OR REPLACE VIEW have_now AS ${fresh} UNION ALL ${rest}`;
}

/** Whether any value of `left` differs from what we saw (v_seen s over v_base b). */
export function differsFromSeen(shape: Shape, left: string): string {
  const terms = shape.columns.map((c) => `${left}.${stored(c)} IS DISTINCT FROM ${seenValue(stored(c))}`);
  return `(${terms.join(" OR ") || "false"})`;
}

export const seenValue = (column: string): string => `CASE WHEN s.key IS NULL THEN b.${column} ELSE s.${column} END`;

/**
 * `wake`: keys to be looked at although their source row did not change. `turn` numbers the runs of this sync, `now` is ISO 8601.
 * Records that changed unlike what we saw; rows whose parent has come; rows that wait for others; refusals that are due;
 * records that are yet to get something.
 */
export function wake(shape: Shape, full: boolean, turn: number, now: string): string {
  const changed = `SELECT l.key FROM ${full ? "have_now" : "fresh"} f JOIN st.link l ON l.id = f.id JOIN v_base b ON b.key = l.key
  LEFT JOIN v_seen s ON s.key = l.key LEFT JOIN st.have old ON old.id = l.id
WHERE l.h IS NOT NULL AND (f.gone IS DISTINCT FROM coalesce(old.gone, false) OR (NOT f.gone AND ${differsFromSeen(shape, "f")}))`;
  // A parent that is gone, or goes by another value now: whoever points at it is looked at again. But no row that left: what
  // its leaving asks for would be done once more, to a record that others may have changed since.
  const left = `SELECT name, id FROM (
  SELECT r.name, r.id FROM ref_fresh n JOIN st.ref r ON r.name = n.name AND r.id = n.id WHERE n.gone OR n.value IS DISTINCT FROM r.value
  UNION ALL SELECT name, id FROM st.ref r SEMI JOIN ref_full USING (name) ANTI JOIN ref_fresh USING (name, id))`;
  const moved = shape.columns
    .flatMap((c) => (c.ways ?? []).map((way) => ({ c, way })))
    .map(
      ({ c, way }) =>
        `UNION ALL SELECT l.key FROM st.link l JOIN (SELECT key FROM v_base WHERE ${stored(c)} IN (SELECT ${parentValue(c, way, "id")} FROM (SELECT id FROM (${left}) WHERE name = ${text(way.ref)}))) b ON b.key = l.key WHERE l.h IS NOT NULL`,
    )
    .join("\n");
  const owed = wakeOwed(shape).map((rows) => `UNION ALL ${rows}`);
  return `CREATE TABLE wake AS SELECT DISTINCT key FROM (
${changed}
UNION ALL SELECT key FROM st.pending WHERE wake = 'always' OR (wake = 'destination' AND (due <= ${turn} OR ${isDueAt(now)}))
${[moved, ...owed].join("\n")}
UNION ALL SELECT p.key FROM st.pending p SEMI JOIN parents r ON p.ref = r.name || ':' || r.value WHERE p.wake = 'parent')`;
}

/**
 * By what rows and links find each other: a number is a third of the memory that a key of 36 characters takes, and every
 * link is kept in memory while the source is read.
 */
export const byHash = (key: string): string => `hash(${key})`;
/** Where two keys have one hash (`misjoined`). */
export const byKey = (key: string): string => key;

/**
 * Bytes of memory that a join of rows and links takes for each link. Where they are more than there are, DuckDB puts both sides
 * aside, the rows with all their columns.
 */
export const perLink = 64;

/**
 * `touched`: the rows this run looks at (see also `worked`); `linked`: what the links say of them.
 * `all` = the mapping changed, so every row is; `woken` = `wake` holds any. `twice`: which rows these are is found by hashes
 * alone, and only they are joined with their columns (`perLink`); `by` must be `byHash`, for an empty key equals none.
 */
export function touch(
  shape: Shape,
  { all, woken, by, twice }: { all: boolean; woken: boolean; by: (key: string) => string; twice: boolean },
): string[] {
  const facts = [
    "n.key AS key",
    "n.h IS NULL AS gone",
    "n.h AS h",
    "l.h AS old_h",
    "l.place IS NOT NULL AS known",
    "l.place AS place",
    ...shape.audiences.map((_, i) => `n.a_${i}`),
  ];
  const looked = woken ? ", key IN (SELECT key FROM wake) AS woken" : "";
  const links = `(SELECT ${by("key")} AS k, h, rowid AS place${looked} FROM st.link)`;
  const rows = `(SELECT *, ${by("key")} AS k FROM source)`;
  const joined = (l: string, n: string) => `FROM ${l} l FULL JOIN ${n} n ON l.k = n.k
WHERE ${all ? "n.h IS NOT NULL OR l.h IS NOT NULL" : "l.h IS DISTINCT FROM n.h"}${woken ? " OR l.woken" : ""}`;
  const near = (side: string) => `(SELECT * FROM ${side} WHERE k IN (SELECT k FROM near))`;
  const from = twice ? joined(near(links), near(rows)) : joined(links, rows);
  return [
    ...(twice ? [`CREATE OR REPLACE TABLE near AS SELECT coalesce(l.k, n.k) AS k ${joined(links, rows)}`] : []),
    `CREATE OR REPLACE TABLE touched AS SELECT ${list([...facts, ...shape.used.map((c) => `n.${sourceColumn(c)}`)])} ${from}`,
    ...(twice ? ["DROP TABLE near"] : []),
    // The rest of the link is read for touched rows alone: in the join above it would be kept in memory for all.
    `CREATE OR REPLACE TABLE linked AS SELECT rowid AS place, key AS link_key, id AS link_id, rested AS link_rested
FROM st.link WHERE rowid IN (SELECT place FROM touched WHERE ${chosenBy("place::VARCHAR")})`,
    // A row that left goes by the key of its link. Written anew, for to update a column of text costs thirty times as much.
    `INSERT INTO touched BY NAME SELECT k.link_key AS key, t.gone, t.old_h, t.known, t.place FROM touched t JOIN linked k ON k.place = t.place WHERE t.gone`,
    "DELETE FROM touched WHERE gone AND key IS NULL",
  ];
}

/**
 * How many rows found another row's link: of ten million keys two have one hash in one case of three hundred thousand.
 * What else such a pair would do shows here, too, for the hashes of their rows differ. Then all is done over by key.
 */
export const misjoined =
  "SELECT count(*) AS n FROM touched t JOIN linked k ON k.place = t.place WHERE t.key IS DISTINCT FROM k.link_key";

/** Once its rows are mapped, `touched` keeps what is still asked of it: the rows' values would be most of a plan's memory. */
export const withoutValues = ({ audiences }: Shape): string =>
  `CREATE OR REPLACE TABLE touched AS SELECT ${["key", "gone", ...audiences.map((_, i) => `a_${i}`)].join(", ")} FROM touched`;

/**
 * Counts from which doubled keys show without grouping the whole source: rows read must be rows looked at plus known
 * rows not looked at. `doubled` among the looked-at rows is grouped, for they are few.
 */
export const touchCounts = `SELECT * EXCLUDE (met), known - met AS untouched FROM (SELECT
  (SELECT count(*) FROM source_row) AS received,
  (SELECT count(*) FROM touched) AS rows,
  (SELECT count(*) FROM touched WHERE NOT gone) AS looked_at,
  (SELECT count(*) FROM touched WHERE NOT gone AND key IS NULL) AS empty_keys,
  (SELECT count(*) FROM st.link WHERE h IS NOT NULL) AS known,
  (SELECT count(DISTINCT key) FROM touched WHERE old_h IS NOT NULL) AS met,
  (SELECT count(*) FROM (SELECT key FROM touched WHERE NOT gone AND key IS NOT NULL GROUP BY key HAVING count(*) > 1)) AS doubled)`;

/** Where the counts say so: `doubled` (key, n) over the whole source, taken out of `touched`, so that no such row is written or left. */
export const separateDoubled = [
  "CREATE OR REPLACE TABLE doubled AS SELECT key, count(*) AS n FROM source WHERE key IS NOT NULL GROUP BY key HAVING count(*) > 1",
  "DELETE FROM touched WHERE key IN (SELECT key FROM doubled)",
];
/** Known rows that are not looked at, once the doubled ones are apart. */
export const countUntouched =
  "SELECT count(*) AS n FROM st.link WHERE h IS NOT NULL AND key NOT IN (SELECT key FROM touched WHERE key IS NOT NULL) AND key NOT IN (SELECT key FROM doubled)";
export const noDoubled = "CREATE OR REPLACE TABLE doubled(key VARCHAR, n BIGINT)";
