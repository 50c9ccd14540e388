import { reasons } from "../../core/reasons.ts";
import { text } from "../duck.ts";
import { stillLeaving, yet } from "./left.ts";
import { chosenBy } from "./names.ts";

/** SQL: what a row that waits waits for, by its `code`; destination = tried again on growing numbers of runs. */
export const wakeCase = `CASE code ${Object.entries(reasons)
  .map(([code, reason]) => `WHEN ${text(code)} THEN ${text(reason.wake)}`)
  .join(" ")} ELSE 'always' END`;

/** An instant (ISO 8601) in SQL. */
export const instant = (iso: string): string => `TIMESTAMP ${text(iso.replace("Z", ""))}`;

/** The most that passes before a refusal is tried again. */
const atLatest = "INTERVAL 1 DAY";

/** SQL: a refused row is due by the time (ISO 8601). One that is due later than can be was refused while the clock was ahead. */
export const isDueAt = (now: string): string => `(due_at <= ${instant(now)} OR due_at > ${instant(now)} + ${atLatest})`;

/**
 * `new_pending`: the looked-at rows that wait from now on. A refusal by the destination is tried again after 1, 2, 4,
 * 8 ... runs, and at the latest after a day, however few runs there were: its cause may lie in a record we cannot see, and
 * asking every time would waste requests. Status `waits`: a parent is missing, and the row is looked at again when that
 * comes; or something woke it that this run did not look at (`aside`); or its key came twice, so that nothing that happened to its
 * record meanwhile has been looked at. leaving: see `Leaving`; where nothing was sent, what it was before. `turn` numbers this run, `now`
 * (ISO 8601) is its time.
 */
export function newPending(turn: number, now: string): string {
  return `CREATE OR REPLACE TABLE new_pending AS
SELECT f.key, f.status, f.code, f.col, f.value, coalesce(f.message, f.others) AS message, f.wake, NULL::VARCHAR AS ref,
  coalesce(p.tries, 0) + 1 AS tries, ${turn} + (1 << least(coalesce(p.tries, 0), 20))::INTEGER AS due,
  ${instant(now)} + ${atLatest} AS due_at, s.mapping, s.print,
  CASE WHEN f.gone THEN coalesce(f.leaving, CASE WHEN l.h IS NOT NULL THEN ${yet.all} ELSE y.leaving END, ${yet.members}) END AS leaving
FROM (SELECT * REPLACE (coalesce(wake, ${wakeCase}) AS wake) FROM final WHERE status IN ('rejected', 'excluded', 'failed') AND key IS NOT NULL) f
LEFT JOIN st.pending p ON p.key = f.key AND p.code = f.code
LEFT JOIN skipped_as s ON s.key = f.key AND f.code = 'skipped'
LEFT JOIN (SELECT key, h FROM st.link WHERE key IN (SELECT key FROM final WHERE gone AND ${chosenBy("key")})) l ON l.key = f.key
LEFT JOIN (${stillLeaving}) y ON y.key = f.key
UNION ALL SELECT key, 'waits', NULL, NULL, NULL, NULL, 'parent', unnest(waits), 0, 0, NULL, NULL, NULL, NULL FROM final
UNION ALL SELECT key, 'waits', NULL, NULL, NULL, NULL, 'always', NULL, 0, 0, NULL, NULL, NULL, NULL
FROM (SELECT key FROM aside UNION SELECT key FROM st.link WHERE h IS NOT NULL AND key IN (SELECT key FROM doubled WHERE ${chosenBy("key")}))
WHERE key IN (SELECT key FROM final) OR key NOT IN (SELECT key FROM st.pending WHERE wake = 'always')`;
}

/**
 * `waiting`: rows that were not sent in earlier runs and still wait, for people. `gone`: of a row that left, and whose record could
 * not be changed.
 */
export const waitingRows = `CREATE TABLE waiting AS
WITH still AS MATERIALIZED (SELECT p.* FROM st.pending p ANTI JOIN touched USING (key) ANTI JOIN doubled USING (key) WHERE p.status <> 'waits'),
gone AS (SELECT key FROM st.link WHERE h IS NULL AND key IN (SELECT key FROM still WHERE ${chosenBy("key")}))
SELECT p.key, p.status, p.code, p.col, p.value, p.message, p.wake, p.due, p.due_at, p.key IN (FROM gone) AS gone FROM still p`;

/** Those of `keyProblems` that a run is about: all, or the chosen ones. */
export const keysToCount = ({ chosen }: { chosen?: number }): string =>
  chosen === undefined ? keyProblems : `SELECT * FROM (${keyProblems}) WHERE key IN (SELECT key FROM chosen)`;

/** The same of rows whose key is empty or doubled. */
export const keyProblems = `SELECT d.key, 'rejected' AS status, 'key_doubled' AS code, NULL AS col, NULL AS value, d.n::VARCHAR AS message, 'row' AS wake FROM doubled d, range(d.n)
UNION ALL SELECT '' AS key, 'rejected', 'key_empty', NULL, NULL, NULL, 'row' FROM touched WHERE key IS NULL AND NOT gone`;
