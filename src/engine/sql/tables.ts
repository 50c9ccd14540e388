import { keptSql } from "../../core/canon.ts";
import { ident } from "../duck.ts";
import type { Shape, ShapeColumn } from "../shape.ts";
import { keptMatch } from "./kept.ts";
import { storedMatch } from "./match.ts";
import { stored, storedBefore, storedName } from "./names.ts";

/**
 * Raised where an older Sluice would misread these tables, or pass over what it must not: it refuses the file, and this
 * one migrates a copy of older ones. A table that older ones may do without needs no new version.
 */
export const stateVersion = 3;

/** By version: what makes a file of it one of the next. */
export const migrations: Readonly<Record<number, readonly string[]>> = {
  // Version 2 keeps in `meta` that a run was undone: whoever knows nothing of that would undo the undo. And `unmet`:
  // whoever knows nothing of that would take first contact for a conflict.
  1: ["ALTER TABLE st.ref ADD COLUMN IF NOT EXISTS barred BOOLEAN"],
  // Version 3 folds a sharp s to "ss" (`core/fold.ts`), in all that is kept folded.
  2: [
    "UPDATE st.link SET m = replace(m, 'ß', 'ss') WHERE contains(m, 'ß')",
    "UPDATE st.ref SET value = replace(value, 'ß', 'ss') WHERE contains(value, 'ß')",
    "UPDATE st.pending SET ref = replace(ref, 'ß', 'ss') WHERE contains(ref, 'ß')",
  ],
};

const asIs = (name: string): string => `${name} VARCHAR USING COMPRESSION uncompressed`;

/**
 * What is kept between runs, all in `rows.duckdb` (attached as st):
 *   link     source key -> record id; h = the row's hash when last looked at, null once it left, m = folded match value of the record, or of the row while it waits
 *   base     a linked row's columns as last sent or accepted
 *   seen     what the destination then held; only rows where that differs
 *   unmet    columns (their stored names) that a row with a base has yet to meet
 *   owed     columns (their stored names) that a record we made is yet to get
 *   have     the mirror's exceptions: records that differ from what we saw, are gone, or belong to no row of ours
 *   pending  rows that wait, why, and for what; a refused one until run number `due` or the time `due_at` (UTC), a
 *            skipped one as long as the mapping (its fingerprint) and the print of what the row says are these; leaving = what
 *            is yet to go of a row that left (`Leaving`)
 *   member   records that we hold to be members of a marketing list, or of another record
 *   ref      ids of parent records by the folded value a lookup finds them by; barred = it may own nothing
 *   meta     versions, fingerprint, cursors, last folded run
 */
export const createTables = [
  "CREATE TABLE IF NOT EXISTS st.meta(name VARCHAR, value VARCHAR)",
  // Every plan seeks a few rows by each of these texts: stored as they are, that costs half as much, for a third more room.
  `CREATE TABLE IF NOT EXISTS st.link(${["key", "id"].map(asIs).join(", ")}, h UBIGINT, ${asIs("m")}, rested BOOLEAN)`,
  `CREATE TABLE IF NOT EXISTS st.base(${asIs("key")})`,
  "CREATE TABLE IF NOT EXISTS st.seen(key VARCHAR)",
  "CREATE TABLE IF NOT EXISTS st.unmet(key VARCHAR, col VARCHAR)",
  "CREATE TABLE IF NOT EXISTS st.owed(key VARCHAR, col VARCHAR)",
  "CREATE TABLE IF NOT EXISTS st.have(id VARCHAR, gone BOOLEAN, created VARCHAR)",
  "CREATE TABLE IF NOT EXISTS st.pending(key VARCHAR, status VARCHAR, code VARCHAR, col VARCHAR, value VARCHAR, message VARCHAR, wake VARCHAR, ref VARCHAR, tries INTEGER, due INTEGER)",
  "CREATE TABLE IF NOT EXISTS st.member(list VARCHAR, id VARCHAR)",
  "CREATE TABLE IF NOT EXISTS st.ref(name VARCHAR, id VARCHAR, value VARCHAR, barred BOOLEAN)",
  "ALTER TABLE st.pending ADD COLUMN IF NOT EXISTS due_at TIMESTAMP",
  "ALTER TABLE st.pending ADD COLUMN IF NOT EXISTS mapping VARCHAR",
  "ALTER TABLE st.pending ADD COLUMN IF NOT EXISTS print VARCHAR",
  "ALTER TABLE st.pending ADD COLUMN IF NOT EXISTS leaving VARCHAR",
];

const valueTables = ["base", "seen", "have"] as const;

/**
 * Reads which columns the value tables have. `duckdb_columns()` would first make every view of DuckDB's own, in each run
 * anew: more than any other statement of a small one.
 */
export const existingColumns = valueTables
  .map((table) => `SELECT '${table}' AS "table", column_name AS name FROM (DESCRIBE st.${table})`)
  .join(" UNION ALL ");

/** A column of a value table. */
export type ExistingColumn = { table: string; name: string };

/** The columns that a grown mapping needs besides those there are. */
export function missingColumns(shape: Shape, existing: ExistingColumn[] = []): ExistingColumn[] {
  const known = new Set(existing.map((e) => `${e.table}.${e.name}`));
  const needed = valueTables.flatMap((table) => shape.columns.map((c) => ({ table, name: `c_${storedName(c)}` })));
  return needed.filter((c) => !known.has(`${c.table}.${c.name}`));
}

/** Repeating it is harmless, so it need not share fold's transaction. */
export const addColumn = ({ table, name }: ExistingColumn): string =>
  `ALTER TABLE st.${table} ADD COLUMN IF NOT EXISTS ${ident(name)} VARCHAR`;

/**
 * Views v_base (with each row's place), v_seen and v_have: the stored values under this mapping, in their present form (`kept.ts`),
 * whether or not the columns are there yet; and v_link, whose match values (m) are made anew from them where the sync matches by other columns than before.
 */
export function valueViews(shape: Shape, existing: ExistingColumn[], matched: string | undefined): string[] {
  const known = new Set(existing.map((e) => `${e.table}.${e.name}`));
  const views = valueTables.map((table) => {
    const key = { base: "key, rowid AS place", seen: "key", have: "id, gone, created" }[table];
    const columns = shape.columns.map((c) => {
      const before = storedBefore(c);
      const now = known.has(`${table}.c_${storedName(c)}`) ? keptSql(c.target, stored(c)) : "NULL::VARCHAR";
      const value = before && known.has(`${table}.c_${before.name}`) ? `coalesce(${now}, ${before.value})` : now;
      return value === stored(c) ? value : `${value} AS ${stored(c)}`;
    });
    return `CREATE OR REPLACE VIEW v_${table} AS SELECT ${[key, ...columns].join(", ")} FROM st.${table}`;
  });
  const seen = shape.match.map(
    (c) => `CASE WHEN s.key IS NULL THEN b.${stored(c)} ELSE s.${stored(c)} END AS ${stored(c)}`,
  );
  const values = `(SELECT b.key, ${seen.join(", ")} FROM v_base b LEFT JOIN v_seen s ON s.key = b.key)`;
  const m = keptMatch(shape.match, "m");
  const link = !rematched(shape, matched)
    ? `SELECT ${m === "m" ? "*" : `* REPLACE (${m} AS m)`} FROM st.link`
    : `SELECT l.* REPLACE (CASE WHEN l.id IS NOT NULL THEN ${storedMatch(shape, "v")} END AS m) FROM st.link l LEFT JOIN ${values} v ON v.key = l.key`;
  return [...views, `CREATE OR REPLACE VIEW v_link AS ${link}`];
}

/** The sync matches by other columns than the state remembers (`matched`). */
export const rematched = (shape: Shape, matched: string | undefined): boolean =>
  matched !== undefined && matched !== matchedBy(shape);

/** What the sync matches by, as the state remembers it. */
export const matchedBy = (shape: Shape): string => shape.match.map((c) => c.name).join();

/** These columns, where this sync matches by others: none, where its mapping lacks any of them. */
export function matchThen(shape: Shape, matched: string | undefined): ShapeColumn[] | undefined {
  if (matched === undefined || !rematched(shape, matched)) return undefined;
  const columns = matched.split(",").map((name) => shape.columns.find((c) => c.name === name));
  return columns.every((c) => c !== undefined) ? columns : [];
}
