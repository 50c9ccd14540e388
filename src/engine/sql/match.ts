import { isBlankSql } from "../../core/blanks.ts";
import { foldSql } from "../../core/fold.ts";
import { matchedAnew } from "../../core/state.ts";
import type { Shape, ShapeColumn } from "../shape.ts";
import { chosenBy, joined, stored, wanted } from "./names.ts";

/** Nothing but blanks is no match value: it would find whatever record holds blanks, too. */
const foldedMatch = (value: string): string => `CASE WHEN NOT ${isBlankSql(value)} THEN ${foldSql(value)} END`;

/** The folded match value of stored values (alias `from`); null where any part is empty. */
export const storedMatch = (shape: { match: readonly ShapeColumn[] }, from: string): string =>
  joined(shape.match.map((c) => foldedMatch(`${from}.${stored(c)}`)));

/** The same of what the source wants. */
export const wantedMatch = (shape: Shape): string => joined(shape.match.map((c) => foldedMatch(wanted(c))));

/**
 * Whether a present row of `mapped` has no record: no link, or one to a record that is gone and whose place another may take.
 * `gone`: those records. While records are still asked for, only the view tells.
 */
export const withoutRecord = ({ policies }: Shape, gone = "have_now WHERE gone"): string =>
  matchedAnew(policies)
    ? `(link_id IS NULL OR (code IS NULL AND link_id IN (SELECT id FROM ${gone})))`
    : "link_id IS NULL";

/** The same of rows (of links) that are not looked at now: they were refused there, and are tried again. */
const waitsForRecord = ({ policies }: Shape): string =>
  matchedAnew(policies)
    ? "(id IS NULL OR (id IN (SELECT id FROM have_gone) AND key IN (SELECT key FROM st.pending WHERE wake = 'destination')))"
    : "id IS NULL";

/** SQL of the linked records (id) with the match values (m) that they have, as far as that is known. */
export const recordMatch = (shape: Shape): string =>
  `SELECT l.id, CASE WHEN h.id IS NULL THEN l.m ELSE ${storedMatch(shape, "h")} END AS m FROM v_link l LEFT JOIN have_now h ON h.id = l.id`;

/**
 * SQL of the rows (key, m) that are there and have no record, whether or not they are looked at now; of a run about some rows only,
 * also all others that are to be looked at (`unchosen`). Wants `unlinked`.
 */
export const recordless = (
  shape: Shape,
): string => `SELECT key, m FROM unlinked UNION ALL SELECT key, m FROM unchosen UNION ALL
SELECT key, m FROM v_link WHERE ${waitsForRecord(shape)} AND h IS NOT NULL
  AND key NOT IN (SELECT key FROM touched WHERE key IS NOT NULL) AND key NOT IN (SELECT key FROM doubled)`;

/**
 * `matching`: for every present row without a link, how many records it could be. A record whose own source row is
 * there is taken; one whose source row left, now or earlier, is free: so a changed source key finds its record again.
 * A match value is shared also with rows that wait since earlier runs, whether or not they are looked at now. What is gone is
 * asked of a table (`have_gone`): after a whole reading the view compares every link with every record, each time.
 */
export function matching(shape: Shape): string[] {
  // Whether a row with a record ever writes what it is matched by.
  const becomes = shape.policies.mode !== "create" && shape.match.some((c) => c.line?.write !== "on create");
  const order = shape.policies.severalMatches === "newest" ? "created DESC NULLS LAST, id" : "created NULLS LAST, id";
  return [
    `CREATE TABLE unlinked AS SELECT t.key, t.match_value AS m FROM mapped t
WHERE NOT t.gone AND ${withoutRecord(shape, "have_gone")}`,
    // Mostly nothing is found by the first, and then the second reads nothing.
    `CREATE TABLE met AS SELECT key FROM v_link WHERE m IN (SELECT m FROM unlinked WHERE ${chosenBy("m")})
AND key NOT IN (SELECT key FROM mapped WHERE known AND link_id IS NULL)`,
    `CREATE TABLE alike AS SELECT key, id, h, m, rested FROM v_link WHERE key IN (SELECT key FROM met WHERE ${chosenBy("key")})`,
    `CREATE TABLE alike_there AS SELECT * FROM (SELECT ${storedMatch(shape, "h")} AS m, h.id, h.created FROM have_now h WHERE NOT h.gone)
WHERE m IN (SELECT m FROM unlinked)`,
    `CREATE TABLE candidate AS
WITH known AS (
  SELECT f.m, f.id, f.created, true AS mirrored, l.key, l.h, l.rested FROM alike_there f LEFT JOIN st.link l ON l.id = f.id
  UNION ALL
  SELECT m, id, NULL, false, key, h, rested FROM (SELECT * FROM alike WHERE id IS NOT NULL) ANTI JOIN have_now USING (id)
  UNION ALL
  -- What a linked row is about to become is its own, too.
  SELECT match_value, link_id, NULL, false, key, 0, NULL FROM mapped
  WHERE ${becomes} AND NOT gone AND code IS NULL AND link_id IS NOT NULL AND link_id NOT IN (SELECT id FROM have_gone)
    AND key NOT IN (SELECT key FROM unlinked) AND match_value IN (SELECT m FROM unlinked)
)
SELECT k.m, k.id, k.created, k.mirrored, k.key, k.rested,
  CASE WHEN NOT t.gone OR (t.key IS NULL AND k.h IS NOT NULL) OR k.key IN (SELECT key FROM doubled) THEN k.key END AS owner
FROM known k LEFT JOIN touched t ON t.key = k.key`,
    `CREATE TABLE matching AS
WITH waiting AS (
  SELECT l.key, l.m FROM alike l WHERE ${waitsForRecord(shape)} AND l.h IS NOT NULL
    AND l.key NOT IN (SELECT key FROM touched WHERE key IS NOT NULL) AND l.key NOT IN (SELECT key FROM doubled)),
shared AS (SELECT m, count(*) AS n, list(key ORDER BY key)[1:5] AS keys
  FROM (SELECT key, m FROM unlinked WHERE m IS NOT NULL UNION ALL SELECT key, m FROM waiting) GROUP BY m HAVING count(*) > 1),
found AS (SELECT m, count(*) AS n, min(owner) AS owner, first(id ORDER BY ${order}) AS id, first(rested ORDER BY ${order}) AS rested, list(id ORDER BY id)[1:5] AS ids FROM candidate GROUP BY m)
SELECT u.key, u.m,
  CASE WHEN u.m IS NULL THEN 'empty' WHEN s.m IS NOT NULL THEN 'shared' WHEN f.owner IS NOT NULL THEN 'taken'
       WHEN f.n > 1 THEN 'several' WHEN f.n = 1 THEN 'one' ELSE 'none' END AS match,
  f.id AS found_id, f.rested AS found_rested,
  CASE WHEN s.m IS NOT NULL THEN array_to_string(list_filter(s.keys, k -> k <> u.key), ', ')
       WHEN f.owner IS NOT NULL THEN f.owner WHEN f.n > 1 THEN array_to_string(f.ids, ', ') END AS others
FROM unlinked u LEFT JOIN shared s ON s.m = u.m LEFT JOIN found f ON f.m = u.m`,
  ];
}
