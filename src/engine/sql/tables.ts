import type { Shape } from "../shape.ts";
import { stored } from "./names.ts";

/** Raised with every change of these tables; older files are migrated into a copy, newer ones refused. */
export const stateVersion = 1;

/**
 * What is kept between runs, all in `rows.duckdb` (attached as st):
 *   link     source key -> record id; h = the row's hash when last looked at, null once it left, m = folded match value of the record, or of the row while it waits
 *   base     a linked row's columns as last sent or accepted
 *   seen     what the destination then held; only rows where that differs
 *   have     the mirror's exceptions: records that differ from what we saw, are gone, or belong to no row of ours
 *   pending  rows that wait, why, and for what
 *   ref      ids of parent records by the folded value a lookup finds them by
 *   meta     versions, fingerprint, cursors, last folded run
 */
export const createTables = [
  "CREATE TABLE IF NOT EXISTS st.meta(name VARCHAR, value VARCHAR)",
  "CREATE TABLE IF NOT EXISTS st.link(key VARCHAR, id VARCHAR, h UBIGINT, m VARCHAR)",
  "CREATE TABLE IF NOT EXISTS st.base(key VARCHAR)",
  "CREATE TABLE IF NOT EXISTS st.seen(key VARCHAR)",
  "CREATE TABLE IF NOT EXISTS st.have(id VARCHAR, gone BOOLEAN, created VARCHAR)",
  "CREATE TABLE IF NOT EXISTS st.pending(key VARCHAR, status VARCHAR, code VARCHAR, col VARCHAR, value VARCHAR, message VARCHAR, wake VARCHAR, ref VARCHAR, tries INTEGER, due INTEGER)",
  "CREATE TABLE IF NOT EXISTS st.ref(name VARCHAR, id VARCHAR, value VARCHAR)",
];

const valueTables = ["base", "seen", "have"] as const;

/** Reads which columns the value tables have. */
export const existingColumns = `SELECT table_name AS "table", column_name AS name FROM duckdb_columns() WHERE database_name = 'st' AND table_name IN ('base','seen','have')`;

/** Adds what a grown mapping needs. Repeating it is harmless, so it need not share fold's transaction. */
export function addColumns(shape: Shape): string[] {
  return valueTables.flatMap((table) =>
    shape.columns.map((c) => `ALTER TABLE st.${table} ADD COLUMN IF NOT EXISTS ${stored(c)} VARCHAR`),
  );
}

/** Views b_base, b_seen and b_have: the stored values under this mapping, whether or not the columns are there yet. */
export function valueViews(shape: Shape, existing: { table: string; name: string }[]): string[] {
  const known = new Set(existing.map((e) => `${e.table}.${e.name}`));
  return valueTables.map((table) => {
    const key = table === "have" ? "id, gone, created" : "key";
    const columns = shape.columns.map((c) =>
      known.has(`${table}.c_${c.name}`) ? stored(c) : `NULL::VARCHAR AS ${stored(c)}`,
    );
    return `CREATE OR REPLACE TEMP VIEW v_${table} AS SELECT ${[key, ...columns].join(", ")} FROM st.${table}`;
  });
}
