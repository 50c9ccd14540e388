import type { Scan } from "../../core/connector.ts";
import { foldSql } from "../../core/fold.ts";
import { text } from "../duck.ts";
import type { Shape } from "../shape.ts";
import { conversion } from "./lookups.ts";
import { joined, list } from "./names.ts";
import { worked } from "./worked.ts";

// Rows that wait for another row of their own sync. `wake` knows those whose parent has a record; these go with a parent that
// gets one by this very run, and others with them, to the end of the chain. What a row is found by only its source tells, so
// all that wait are read, and those that nobody woke are left alone again.

/** Whoever has another reason not to go is looked at when that says, and until then has nobody come. */
const held = "SELECT key FROM st.pending WHERE status <> 'waits' AND wake <> 'parent'";

/** `own_wait`: rows that wait for others of the sync and that nothing has woken, with what they wait for; undefined where none can. */
export function waitingForOwn(shape: Shape): string | undefined {
  const refs = shape.columns.flatMap(({ ways, awaits = [] }) =>
    awaits.map(({ way }) => `starts_with(ref, ${text(`${ways![way]!.ref}:`)})`),
  );
  if (refs.length === 0) return undefined;
  return `CREATE TABLE own_wait AS SELECT DISTINCT key, ref FROM st.pending
WHERE wake = 'parent' AND (${refs.join(" OR ")}) AND key NOT IN (${held}) AND key NOT IN (SELECT key FROM wake)`;
}

export const wakeOwn = "INSERT INTO wake SELECT DISTINCT key FROM own_wait";

/**
 * Once all of `own_wait` are in `touched`: of those that are there for nothing else none stay but those that wait for a row which
 * is, for one that so comes, and so on.
 */
export const keepCalled = (shape: Shape, scan: Scan): string[] => [
  `CREATE TABLE own_link AS SELECT o.key AS parent, w.key FROM (${offers(shape, scan)}) o JOIN own_wait w ON w.ref = o.ref`,
  `CREATE TABLE called AS WITH RECURSIVE reached AS (
  SELECT key FROM own_link WHERE parent IN (SELECT key FROM touched WHERE ${moved} OR key NOT IN (SELECT key FROM own_wait))
  UNION SELECT l.key FROM reached r JOIN own_link l ON l.parent = r.key)
FROM reached`,
  `DELETE FROM touched WHERE NOT (${moved}) AND key IN (SELECT key FROM own_wait ANTI JOIN called USING (key))`,
];

const moved = "h IS DISTINCT FROM old_h";

/** SELECT of what rows looked at will be found by (key, ref), as `waits` of `mapped` says it. */
function offers(shape: Shape, scan: Scan): string {
  const each = shape.columns.flatMap(({ ways, awaits = [] }) =>
    awaits.map(({ way, by: columns }) => {
      const values = columns.map((by, n) => {
        const { want, bad } = conversion(shape, by.target, { line: by.line!, source: by.source }, by.said!, scan);
        return `CASE WHEN (${bad}) IS NULL THEN ${want} END AS value_${n}`;
      });
      const ref = `${text(`${ways![way]!.ref}:`)} || ${joined(values.map((_, n) => foldSql(`value_${n}`)))}`;
      return `SELECT key, ${ref} AS ref FROM (SELECT ${list(["key", ...values])} FROM looked WHERE NOT gone AND key IS NOT NULL)`;
    }),
  );
  return `WITH looked AS (${worked(shape, scan, "touched")}) ${[...new Set(each)].join("\nUNION ALL ")}`;
}
