import { text, writtenOnce } from "../duck.ts";
import type { Shape, ShapeColumn } from "../shape.ts";
import { storedMatch } from "./match.ts";
import { foldMembers } from "./members.ts";
import { atOnce, chosenBy, dealt, has, hashOf, inGroups, list, stored, storedList } from "./names.ts";
import { changes, createdRows, type FoldFiles, type FoldSize, looked, newBase, partsOf, waits } from "./new-base.ts";
import { newOwed } from "./owed.ts";
import { heldCodes } from "./referenced.ts";
import { differsFromSeen } from "./touch.ts";
import { foldUnmet, metOf } from "./unmet.ts";

/**
 * What fold needs, made beforehand outside its transaction from the run's files, the journal and what was read back:
 *   born     rows whose record this run made and that are told by the creates' file alone: their place there, key and id
 *   changed  all other settled changes and accepted columns
 *   new_base base of the rows these touch (c_*), with what the destination held then (n_*)
 *   agreed   every row with a new base (`meet`)
 *   latest   what the destination holds, for every record this run has news of and that is not as it was made (`as_expected`)
 *   new_seen what the destination held when both sides agreed, where that differs from what was agreed
 *   judged   ids of these records that may be exceptions of the mirror
 *   new_link links of looked-at rows       freed    keys of links whose record another row has taken over
 *   new_owed what records that this run made are yet to get
 * `base`: a table with the base that changed rows had before, or SQL of it in brackets. `matched`: what links go on to be matched by,
 * where that is not what this run matched by (`matchThen`).
 */
export function prepareFold(
  shape: Shape,
  file: FoldFiles,
  full: boolean,
  size: FoldSize,
  base = storedBase,
  matched?: readonly ShapeColumn[],
): string[] {
  const columns = shape.columns;
  // The id of a record we made is nobody else's, unless the source says it.
  const newId = columns.some((c) => c.name === shape.object.id) ? "true" : "f.status <> 'created'";
  const valuesOf = (rows: string) =>
    `SELECT r.key, r.id, ${list(columns.map((c) => `CASE WHEN ${has("c.m", c)} THEN c.${stored(c)} END AS ${stored(c)}`))} FROM ${createdRows(file)} c JOIN ${rows} r ON r.place = c.file_row_number`;
  const differs = columns.map((c) => `${stored(c)} IS DISTINCT FROM n_${c.index}`).join(" OR ") || "false";
  const link = matched ? linkThen(matched) : linkNow(shape);
  return [
    ...changes(shape, file, size),
    `CREATE OR REPLACE TABLE born AS SELECT n AS place, key, id FROM sent
WHERE wave = '1-create' AND status IN ('created', 'updated') AND id IS NOT NULL AND key NOT IN (SELECT key FROM part)`,
    `CREATE OR REPLACE VIEW born_value AS ${valuesOf("born")}`,
    `CREATE OR REPLACE TABLE older AS SELECT id, gone, created, ${storedList(shape)} FROM have_now ANTI JOIN after USING (id) ANTI JOIN as_expected USING (id)
WHERE id NOT IN (SELECT old_id FROM final WHERE status = 'deleted' AND old_id IS NOT NULL)${full ? "" : ` AND id IN (${news})`}`,
    `CREATE OR REPLACE VIEW latest AS
SELECT id, gone, created, ${storedList(shape)} FROM after UNION ALL SELECT * FROM older`,
    ...newBase(shape, base, size),
    `CREATE OR REPLACE VIEW agreed AS SELECT key, id, first, met FROM new_base
UNION ALL SELECT c.key, c.id, true, ${metOf(shape, "0")} FROM (SELECT *, 'create' AS kind FROM born) c`,
    // Of records we made the values are compared by their hashes: few differ, and most of those that do not have been sorted
    // out as they were read (`expectedRecords`).
    `CREATE OR REPLACE TABLE unlike AS
WITH back AS (SELECT * FROM born WHERE id IN (SELECT id FROM latest WHERE NOT gone AND ${chosenBy("id")}))
SELECT b.key, b.id FROM (${valuesOf("back")}) b JOIN (SELECT * FROM latest WHERE NOT gone) n ON n.id = b.id WHERE ${hashOf(columns, "n")} <> ${hashOf(columns, "b")}`,
    `CREATE OR REPLACE TABLE new_seen AS SELECT key, id, ${list(columns.map((c) => `n_${c.index} AS ${stored(c)}`))} FROM new_base WHERE ${differs}
UNION ALL SELECT u.key, u.id, ${list(columns.map((c) => `n.${stored(c)}`))} FROM unlike u JOIN latest n ON n.id = u.id`,
    // A record we made was seen as it is: it is no exception.
    `CREATE OR REPLACE TABLE judged AS SELECT id FROM latest WHERE gone OR id NOT IN (SELECT id FROM born WHERE id IN (SELECT id FROM latest WHERE ${chosenBy("id")}))`,
    // A record that another row was to take over stays with the row that left where that did not come to pass. A row whose
    // leaving was held back, or never sent, has yet to leave: a guard counts it in the run that does it.
    `CREATE OR REPLACE TABLE new_link AS
SELECT f.key, f.id, ${newId} AND f.id IS DISTINCT FROM f.old_id AS gained, CASE WHEN f.action IN ('keep', 'release') OR (f.gone AND f.code IN ('moved', 'moved_there', 'not_planned', 'not_sent', 'still_wanted', ${heldCodes})) THEN l.h WHEN f.gone THEN NULL ELSE f.h END AS h,
  CASE WHEN ${waits} THEN l.rested ELSE f.rested END AS rested,
  ${link.m} AS m
FROM final f LEFT JOIN (SELECT * FROM latest WHERE NOT gone) n ON n.id = f.id ${link.join}
WHERE f.action <> 'forget' AND NOT (f.gone AND f.id IS NULL)
  AND NOT (f.action = 'release' AND f.id IN (SELECT id FROM final WHERE action = 'adopt' AND id IS NOT NULL))`,
    // A record that another row took over leaves its old link, whether or not that row was looked at.
    `CREATE OR REPLACE TABLE freed AS
WITH gained AS (SELECT key, id FROM new_link WHERE gained AND ${chosenBy("id")})
SELECT l.key FROM (SELECT key, id FROM st.link WHERE id IN (SELECT id FROM gained)) l JOIN gained n ON n.id = l.id WHERE n.key <> l.key`,
    newOwed(shape, file),
  ];
}

/** The match value of a looked-at row (`final` f), whose record holds n now; and the row's link l as it was. */
const linkNow = (shape: Shape) => ({
  m: `CASE WHEN f.id IS NULL OR ${waits} THEN f.match_value WHEN n.id IS NOT NULL THEN ${storedMatch(shape, "n")} WHEN f.key IN (SELECT key FROM born) THEN f.match_value ELSE coalesce(l.m, f.match_value) END`,
  join: `LEFT JOIN (SELECT * FROM v_link WHERE key IN (${looked})) l ON l.key = f.key`,
});

/**
 * The same by the columns `match`, as in all links that this run has not looked at. Where the mapping lacks any of them, no value of
 * it was written: then what is stored holds, and of a record that had none nothing is known.
 */
function linkThen(match: readonly ShapeColumn[]) {
  const value = (of: string) => (match.length > 0 ? storedMatch({ match }, of) : "o.m");
  return {
    m: `CASE WHEN f.id IS NULL OR ${waits} THEN l.m WHEN n.id IS NOT NULL THEN ${value("n")} WHEN v.key IS NOT NULL THEN ${value("v")} ELSE o.m END`,
    join: `LEFT JOIN (SELECT * FROM st.link WHERE key IN (${looked})) l ON l.key = f.key LEFT JOIN (FROM born_value) v ON v.key = f.key
LEFT JOIN (SELECT id, any_value(m) AS m FROM st.link WHERE id IN (SELECT id FROM final WHERE ${chosenBy("id")}) GROUP BY id) o ON o.id = f.id`,
  };
}

/** The base that changed rows go on from, where no plan has read it (`based`). */
const storedBase = `(SELECT * FROM v_base WHERE key IN (SELECT key FROM changed WHERE kind <> 'create' AND ${chosenBy("key")}))`;

/** Ids of the records this run has news of. */
const news =
  "SELECT id FROM fresh UNION ALL SELECT id FROM after UNION ALL SELECT id FROM as_expected UNION ALL SELECT id FROM final WHERE id IS NOT NULL UNION ALL SELECT old_id FROM final WHERE old_id IS NOT NULL";

/**
 * What the destination held after it had taken our values, of the rows where that differs: undo takes a value back only
 * where it still stands.
 */
export const writtenFile = (path: string): string =>
  `COPY (SELECT * FROM new_seen) TO ${text(path)} (FORMAT parquet, COMPRESSION snappy, ${inGroups}, ${atOnce})`;

/** Keys of the rows whose records may be exceptions, of such ids. */
const owned = (which: string): string => `SELECT key FROM owner WHERE ${which} AND ${chosenBy("key")}`;

const forgotten = "SELECT key FROM final WHERE id IS NULL OR action = 'forget' UNION ALL SELECT key FROM freed";

/** Rows of a table that DuckDB keeps together. */
export const rowsTogether = 2048;

/** Bytes of memory that a fold takes and nothing can put aside: some for every portion of a table's rows of which any go. */
export const unmovable = (portions: number): number => portions * 16_384;

/**
 * In how many portions of links and of base lie rows that a fold writes anew: links of all rows of `decided`, base of those
 * changed. Base has the order of the links, or nearly.
 */
export const portionsChanged = `SELECT count(DISTINCT k.place // ${rowsTogether}) + count(DISTINCT k.place // ${rowsTogether}) FILTER (d.gone OR d.m <> 0 OR d.a <> 0) AS portions
FROM linked k JOIN decided d ON d.key = k.link_key`;

/**
 * The fold: one transaction, from prepared tables only, so repeating it after a crash does the same. Deletes and
 * inserts, for DuckDB rewrites few pages that way. What is undefined in `meta` is forgotten. `added`: stored names of columns
 * that the mapping has since this run. `made`: what is known besides of parents. `apart`: see `Apart`.
 */
export function fold(
  shape: Shape,
  meta: Record<string, string | undefined>,
  {
    full,
    rematched,
    added,
    made = [],
    size,
    apart,
  }: {
    full: boolean;
    rematched: boolean;
    added: ReadonlySet<string>;
    made?: string[];
    size: FoldSize;
    apart?: Apart | undefined;
  },
): string[] {
  const columns = storedList(shape);
  return [
    writtenOnce,
    "BEGIN TRANSACTION",
    // Where the sync now matches by other columns, every link's match value is another.
    ...(rematched
      ? ["UPDATE st.link SET m = v.m FROM v_link v WHERE v.key = st.link.key AND v.m IS DISTINCT FROM st.link.m"]
      : []),
    `DELETE FROM st.link WHERE key IN (${looked} UNION ALL SELECT key FROM freed)`,
    "INSERT INTO st.link(key, id, h, m, rested) SELECT key, id, h, m, rested FROM new_link",
    ...(shape.memberships.length > 0 ? foldMembers : []),
    `DELETE FROM st.base WHERE key IN (SELECT key FROM agreed WHERE ${chosenBy("key")} UNION ALL ${forgotten})`,
    // A thread that has a whole group of rows packs it itself; smaller parts are packed by one, as it commits. Dealt out of one
    // place each thread gets such groups sooner than out of two.
    `INSERT INTO st.base(key, ${columns}) WITH ${dealt("anew", `(SELECT key, ${columns} FROM new_base WHERE id IS NOT NULL UNION ALL SELECT key, ${columns} FROM born_value)`, size.rows)} FROM anew`,
    ...foldUnmet(shape, added, forgotten),
    "INSERT INTO st.owed SELECT key, col FROM new_owed",
    `DELETE FROM st.seen WHERE key IN (SELECT key FROM agreed UNION ALL ${forgotten})`,
    `INSERT INTO st.seen(key, ${columns}) SELECT key, ${columns} FROM new_seen WHERE id IS NOT NULL`,
    full ? "DELETE FROM st.have" : `DELETE FROM st.have WHERE id IN (${news})`,
    `CREATE OR REPLACE TEMP TABLE owner AS SELECT key, id FROM st.link WHERE id IN (SELECT id FROM judged WHERE ${chosenBy("id")})`,
    ...partsOf(shape, size, "id").map(
      (which) =>
        `INSERT INTO st.have(id, gone, created, ${columns}) SELECT n.id, n.gone, n.created, ${shape.columns.map((c) => `n.${stored(c)}`).join(", ")}
FROM (SELECT * FROM latest SEMI JOIN judged USING (id) WHERE ${which}) n LEFT JOIN (SELECT * FROM owner WHERE ${which}) l ON l.id = n.id
LEFT JOIN (SELECT * FROM v_base WHERE key IN (${owned(which)})) b ON b.key = l.key LEFT JOIN (SELECT * FROM v_seen WHERE key IN (${owned(which)})) s ON s.key = l.key
WHERE CASE WHEN n.gone THEN l.id IS NOT NULL WHEN l.id IS NULL OR b.key IS NULL THEN true ELSE ${differsFromSeen(shape, "n")} END`,
    ),
    "DELETE FROM st.pending WHERE key IN (SELECT key FROM final UNION ALL SELECT key FROM freed)",
    "INSERT INTO st.pending BY NAME SELECT * FROM new_pending",
    // News that came while we wrote: the cursor is past it, so the next run is told to look at the row.
    `INSERT INTO st.pending(key, status, wake, tries, due) SELECT l.key, 'waits', 'always', 0, 0
FROM (SELECT * FROM st.link WHERE h IS NOT NULL AND id IN (SELECT id FROM after WHERE ${chosenBy("id")})) l JOIN st.have h ON h.id = l.id WHERE l.key NOT IN (SELECT key FROM st.pending)`,
    ...(apart
      ? foldLeft(apart)
      : [
          "DELETE FROM st.ref WHERE name IN (SELECT name FROM ref_full) OR (name, id) IN (SELECT name, id FROM ref_fresh)",
          "INSERT INTO st.ref(name, id, value, barred) SELECT name, id, value, barred FROM ref_fresh WHERE NOT gone AND value IS NOT NULL",
        ]),
    ...made,
    `DELETE FROM st.meta WHERE name IN (${Object.keys(meta).map(text).join(", ")})`,
    `INSERT INTO st.meta VALUES ${Object.entries(meta)
      .flatMap(([name, value]) => (value === undefined ? [] : `(${text(name)}, ${text(value)})`))
      .join(", ")}`,
    "COMMIT",
  ];
}

/**
 * A run about some rows under other settings than the last one about all: these may well be put back. What it has heard of parents is
 * for the next run, whose lookups may be others. `left`: stored names of columns that rows have met and its mapping lacks.
 */
export type Apart = { left: readonly string[] };

/** Of columns left out nothing is known any more where something was written down: not what was agreed, nor what is there now. */
const foldLeft = ({ left }: Apart): string[] =>
  left.length === 0
    ? []
    : [
        `DELETE FROM st.unmet WHERE col IN (${left.map(text).join(", ")}) AND key IN (SELECT key FROM agreed)`,
        `INSERT INTO st.unmet SELECT key, unnest([${left.map(text).join(", ")}]) FROM agreed WHERE id IS NOT NULL`,
        `DELETE FROM st.have WHERE NOT gone AND id IN (${news})`,
      ];
