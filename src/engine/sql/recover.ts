import { parquetRows } from "../duck.ts";
import type { Shape } from "../shape.ts";
import { readsAsSent } from "./backdated.ts";
import { keptRows } from "./kept.ts";
import { lookalikesThere } from "./lookalike.ts";
import { bit, has, maskType, stored, storedList, storedName } from "./names.ts";
import { maskedIn, owedTo } from "./owed.ts";
import { readJournal, toldDone } from "./settle.ts";
import { meet } from "./unmet.ts";

/** Whether a file of changes has a column at all: the mapping may have grown since it was written. */
type FileColumns = ReadonlySet<string>;

/** What a dead run was to set on records once they are made: the file, and its columns. */
export type LaterFile = { path: string; columns: string[] };

/** `told`: the creates of a dead run that its journal knows done. `there`: what records there are. `lookalike`: what may have come of the rest. */
export function fitting(shape: Shape, changes: string, journal: string | undefined): string[] {
  return [
    ...readJournal(journal),
    `CREATE OR REPLACE TABLE told AS SELECT u.n AS n, lower(u.id) AS id FROM (SELECT unnest(i) AS u FROM line WHERE w = '1-create')
UNION SELECT n, lower(id) FROM exception WHERE w = '1-create' AND status = 'created' AND id IS NOT NULL`,
    "CREATE OR REPLACE TABLE there AS SELECT * FROM have_now WHERE NOT gone",
    lookalikesThere(shape, changes),
  ];
}

/**
 * `orphan`: rows that a dead run was about to create and whose record is there, with what was sent (c_*) and what we
 * then take for seen (e_*). The record is told by the journal; or it belongs to nobody, holds all that was sent, and has the id
 * that was ours to choose or is `lookalike`. What was not sent and yet is there are defaults, filled in as the record was made.
 * `later`: what the run was to set on it afterwards (`completes`), as far as its journal does not tell that done: a mask over
 * that file's columns.
 */
export function orphans(shape: Shape, changes: string, inFile: FileColumns, completes?: LaterFile): string[] {
  const known = shape.columns.filter((c) => inFile.has(`c_${storedName(c)}`));
  const holds = known
    .filter(readsAsSent)
    .map((c) => `(c.${stored(c)} IS NULL OR h.${stored(c)} IS NOT DISTINCT FROM c.${stored(c)})`);
  const values = shape.columns.flatMap((c) => {
    const sent = known.includes(c) ? `c.${stored(c)}` : "NULL::VARCHAR";
    const [first, second] = readsAsSent(c) ? ["c", "h"] : ["h", "c"];
    const there = known.includes(c) ? `coalesce(${first}.${stored(c)}, ${second}.${stored(c)})` : sent;
    // Nobody fills such a lookup as a record is made: what is there by now somebody has set.
    const at = c.awaits && completes ? maskedIn(completes.columns).indexOf(storedName(c)) : -1;
    const seen = at < 0 ? there : `CASE WHEN ${has("l.m", { index: at })} THEN ${sent} ELSE ${there} END`;
    return [`${sent} AS ${stored(c)}`, `${seen} AS e_${c.index}`];
  });
  return [
    `CREATE OR REPLACE TABLE orphan AS
SELECT c.key, f.id, c.match_value, true AS first, (${known.map(bit).join(" + ") || "0"})::${maskType} AS met, ${completes ? `CASE WHEN l.file_row_number NOT IN (${toldDone("3-complete")}) THEN l.m END` : "NULL"} AS later, ${values.join(", ")}
FROM ${keptRows(shape.columns, changes, inFile)} c
LEFT JOIN told t ON t.n = c.file_row_number
LEFT JOIN there o ON o.id = c.id
LEFT JOIN lookalike m ON m.n = c.file_row_number
${completes ? `LEFT JOIN ${parquetRows(completes.path, "file_row_number=true")} l ON l.key = c.key` : ""},
LATERAL (SELECT coalesce(t.id, o.id, m.id) AS id) f
LEFT JOIN there h ON h.id = f.id
WHERE f.id IS NOT NULL AND (t.id IS NOT NULL OR (${holds.join(" AND ") || "true"}))
  AND f.id NOT IN (SELECT id FROM st.link WHERE id IS NOT NULL)
  AND c.key NOT IN (SELECT key FROM st.link WHERE id IS NOT NULL AND id NOT IN (SELECT id FROM have_now WHERE gone))`,
  ];
}

/**
 * Links `orphan`, makes what was sent their base, and notes what they are yet to get. Repeating it after a crash does
 * nothing more.
 */
export function takeOver(shape: Shape, completes?: LaterFile): string[] {
  const columns = storedList(shape);
  const seen = shape.columns.map((c) => `e_${c.index}`).join(", ");
  const differs = shape.columns.map((c) => `e_${c.index} IS DISTINCT FROM ${stored(c)}`).join(" OR ") || "false";
  return [
    "BEGIN TRANSACTION",
    ...["link", "base", "seen"].map((table) => `DELETE FROM st.${table} WHERE key IN (SELECT key FROM orphan)`),
    // Hash 0: known, but never looked at, so this run looks whether the row is still there, has changed, or has left.
    "INSERT INTO st.link(key, id, h, m) SELECT key, id, 0, match_value FROM orphan",
    `INSERT INTO st.base(key, ${columns}) SELECT key, ${columns} FROM orphan`,
    ...meet(shape, "orphan"),
    owedTo(shape, "orphan", completes && maskedIn(completes.columns)),
    `INSERT INTO st.seen(key, ${columns}) SELECT key, ${seen} FROM orphan WHERE ${differs}`,
    "COMMIT",
  ];
}
