import { text } from "../duck.ts";
import type { Shape, ShapeColumn, Way } from "../shape.ts";
import { bit, chosenBy, has, maskType, parentValue, stored, storedList } from "./names.ts";
import { seenValue } from "./touch.ts";

// With a record Dynamics empties the lookups that point at it. That is nobody's edit: `drift: keep` would keep the lookup empty
// for ever. Both sides then agree that it is empty, from the run on that has news of the deletion: later nothing tells that the
// record was there.

const lookups = ({ columns }: Shape): ShapeColumn[] => columns.filter((c) => c.ways);

/** Which tables of parents (`refs`, by name) this run has news of deletions of: `whole` = by having read all of them. */
export const goneNews =
  "SELECT name, true AS whole FROM ref_full UNION ALL SELECT DISTINCT name, false FROM ref_fresh ANTI JOIN ref_full USING (name) WHERE gone";

/** SQL: the record that the lookup held when both sides last agreed is gone, by this news of its table. */
function gone(c: ShapeColumn, way: Way, whole: boolean): string {
  const seen = seenValue(stored(c));
  const ids = `(SELECT ${parentValue(c, way, "id")} FROM ref_fresh WHERE name = ${text(way.ref)} AND gone IS ${!whole})`;
  if (!whole) return `${seen} IN ${ids}`;
  return `${c.tabled ? `starts_with(${seen}, ${text(`${way.object}:`)}) AND ` : ""}${seen} NOT IN ${ids}`;
}

/**
 * `bereft`: rows whose lookups held a record that is gone, id = their own record, m = the bits of these lookups. They are in
 * `wake`, but for those that have left: such a row may come back. Undefined where there is no such `news` (name -> whole).
 */
export function bereftRows(shape: Shape, news: ReadonlyMap<string, boolean>): string | undefined {
  const each = lookups(shape).flatMap((c) => {
    const any = c.ways!.filter(({ ref }) => news.has(ref)).map((way) => `(${gone(c, way, news.get(way.ref)!)})`);
    return any.length > 0 ? `CASE WHEN ${any.join(" OR ")} THEN ${bit(c)} ELSE 0 END` : [];
  });
  if (each.length === 0) return undefined;
  return `CREATE TABLE bereft AS
WITH linked AS MATERIALIZED (SELECT key, id FROM st.link WHERE id IS NOT NULL AND (h IS NULL OR key IN (FROM wake))),
chosen AS MATERIALIZED (SELECT * FROM v_base WHERE key IN (SELECT key FROM linked WHERE ${chosenBy("key")}))
SELECT * FROM (SELECT b.key, l.id, (${each.join(" + ")})::${maskType} AS m
  FROM chosen b JOIN linked l ON l.key = b.key LEFT JOIN v_seen s ON s.key = b.key) WHERE m <> 0`;
}

/**
 * `emptied`: those of them that hold nothing now, m = the bits of the columns. What was empty when a run last looked at the row
 * was emptied before, while the record was there: that is an edit. Not so what the last run saw only as it ended.
 */
export function emptiedLookups(shape: Shape): string {
  const each = lookups(shape).map(
    (c) =>
      `CASE WHEN ${has("t.m", c)} AND n.${stored(c)} IS NULL AND (old.id IS NULL OR old.${stored(c)} IS NOT NULL) THEN ${bit(c)} ELSE 0 END`,
  );
  return `CREATE TABLE emptied AS SELECT * FROM (
  SELECT t.key, (${each.join(" + ")})::${maskType} AS m
  FROM bereft t JOIN (SELECT * FROM have_now WHERE NOT gone AND id IN (SELECT id FROM bereft)) n ON n.id = t.id
  LEFT JOIN (SELECT * FROM v_have WHERE NOT gone AND id IN (SELECT id FROM bereft
    WHERE key NOT IN (SELECT key FROM st.pending WHERE status = 'waits' AND wake = 'always'))) old ON old.id = t.id) WHERE m <> 0`;
}

export const noneEmptied = `CREATE TABLE emptied(key VARCHAR, m ${maskType})`;

/** SQL: joins them (e) to rows with a base (b). */
export const withEmptied = (shape: Shape): string =>
  lookups(shape).length > 0 ? "LEFT JOIN emptied e ON e.key = b.key" : "";

/** A value that was agreed (SQL), where a row has e.m of `emptied`. */
export const unlessEmptied = (c: ShapeColumn, agreed: string): string =>
  c.ways ? `CASE WHEN ${has("e.m", c)} THEN NULL ELSE ${agreed} END` : agreed;

/** Part of the fold, after the new base is there: what this run has not written or accepted itself is agreed to be empty. */
export function foldEmptied(shape: Shape): string[] {
  const open = "(SELECT key, m & ~coalesce(met, 0) AS m FROM emptied LEFT JOIN agreed USING (key))";
  const values = shape.columns.map((c) => `${unlessEmptied(c, `v.${stored(c)}`)} AS ${stored(c)}`);
  return ["base", "seen"].flatMap((table) => [
    `CREATE OR REPLACE TEMP TABLE without AS SELECT ${["v.key", ...values].join(", ")} FROM v_${table} v JOIN ${open} e ON e.key = v.key`,
    `DELETE FROM st.${table} WHERE key IN (SELECT key FROM without)`,
    `INSERT INTO st.${table}(key, ${storedList(shape)}) SELECT key, ${storedList(shape)} FROM without`,
  ]);
}
