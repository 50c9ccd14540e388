import type { Scan } from "../../core/connector.ts";
import { parquetRows, text } from "../duck.ts";
import type { Shape } from "../shape.ts";
import { activates, deactivates } from "./change.ts";
import { recordMatch } from "./match.ts";
import { membersSent } from "./members.ts";
import { sourceColumn } from "./names.ts";
import { mapRows } from "./want.ts";

// A run that looks only at rows that wait, chosen by a person. All others stay as they are: what woke them is noted, so
// that the next run looks at them, and whatever the state says of all rows is left to that run.

/** For a run that looks at whatever there is to look at. */
export const noneAside = "CREATE OR REPLACE TABLE aside(key VARCHAR)";

/** `chosen`: the keys of waiting rows for which the SQL condition `means` holds. */
export const chooseWaiting = (means: string): string =>
  `CREATE OR REPLACE TABLE chosen AS SELECT DISTINCT key FROM st.pending WHERE status <> 'waits' AND (${means})`;

/** `chosen`: the keys that a run which never ended was about, by its file of touched rows. */
export const chooseTouched = (touched: string): string =>
  `CREATE OR REPLACE TABLE chosen AS SELECT DISTINCT key FROM ${parquetRows(touched)}`;

/** Of the chosen rows those that a run has looked at. */
export const chosenAmong = (touched: string): string =>
  `DELETE FROM chosen WHERE key NOT IN (SELECT key FROM ${parquetRows(touched)})`;

/** After `wake`: the chosen rows are looked at, too. */
export const wakeChosen = "INSERT INTO wake SELECT key FROM chosen";

/**
 * After the doubled rows are separated: nothing but the chosen rows is looked at. Rows without a key stay, for they are
 * told and never written. `aside`: rows that something else woke.
 */
export const leaveAside = [
  "CREATE OR REPLACE TABLE aside AS SELECT DISTINCT key FROM wake WHERE key NOT IN (SELECT key FROM chosen)",
  "DELETE FROM touched WHERE key NOT IN (SELECT key FROM chosen)",
];

/** How many of the chosen rows have gone from the source. */
export const chosenGone = "SELECT count(*) AS n FROM touched WHERE gone AND key IN (SELECT key FROM chosen)";

/** `unchosen`: none, for a run that looks at whatever there is to look at, or of whose rows none has gone. */
export const noneUnchosen = "CREATE TABLE unchosen(key VARCHAR, m VARCHAR)";

/** Before `leaveAside`, instead: the rows to be looked at that are there, but not chosen, with their match values. `rows`: as for `mapRows`. */
export const unchosenRows = (shape: Shape, scan: Scan, rows: number): string =>
  `CREATE TABLE unchosen AS SELECT key, match_value AS m FROM (${mapRows(shape, scan, rows)})
WHERE NOT gone AND match_value IS NOT NULL AND key NOT IN (SELECT key FROM chosen)`;

/**
 * Nothing happens to the record of a chosen row that left where one that was not chosen has its match value: it may be the same row by
 * another key. A run that looks at both decides.
 */
export const keepForUnchosen = (shape: Shape): string =>
  `UPDATE decided SET action = 'exclude', m = 0, a = 0, code = 'still_wanted', others = w.key
FROM (SELECT r.id, min(u.key) AS key FROM (${recordMatch(shape)}) r JOIN unchosen u ON u.m = r.m GROUP BY r.id) w
WHERE decided.action IN ('leave', 'delete') AND decided.id = w.id`;

/**
 * Where such a run goes by other settings than the last one about all, and these are put back, nothing else would tell that its rows
 * are to be looked at again. Not those that left: what was done of that is done.
 */
export const chosenAside = "INSERT INTO aside SELECT key FROM final WHERE NOT gone AND key IS NOT NULL";

/** How many source rows were chosen. */
export const chosenCount = `SELECT (SELECT count(*) FROM touched WHERE NOT gone AND key IS NOT NULL)
  + (SELECT coalesce(sum(n), 0) FROM doubled WHERE key IN (SELECT key FROM chosen)) AS n`;

/**
 * After `wake`: rows that a person skipped are woken by their own change alone, or by that of the mapping since. Not those that had
 * left: nothing of their leaving is asked for anew, and no guard would count it. Whoever is put into `wake` later is meant.
 */
export const skippedSleep = (shape: Shape): string[] => [
  "DELETE FROM wake WHERE key IN (SELECT key FROM st.pending WHERE code = 'skipped')",
  `INSERT INTO wake SELECT key FROM st.pending WHERE code = 'skipped' AND mapping <> ${text(shape.fingerprint)}`,
];

/**
 * After `touch`: `skipped_as`, by what a skipped row that is there, or one `about` to be (SELECT of keys), is known again: the
 * mapping, and a print of all that the row says. Its hash is no such print, for another DuckDB may make another; then, and wherever
 * else a run looks at all rows, those that are as they were skipped are left alone. Hash 0 is a row that a run which died has written.
 */
export const skippedAside = (shape: Shape, about = "SELECT key FROM st.pending WHERE code = 'skipped'"): string[] => {
  const said = [...shape.used.map(sourceColumn), ...shape.audiences.map((_, i) => `a_${i}`)];
  const print = `md5(to_json([${said.map((column) => `${column}::VARCHAR`).join(", ")}])::VARCHAR)`;
  return [
    `CREATE TABLE skipped_as AS SELECT key, ${text(shape.fingerprint)} AS mapping, ${print} AS print FROM touched WHERE NOT gone AND key IN (${about})`,
    `DELETE FROM touched WHERE old_h <> 0 AND key NOT IN (SELECT key FROM wake)
AND key IN (SELECT key FROM skipped_as s JOIN st.pending p USING (key) WHERE p.code = 'skipped' AND p.mapping = s.mapping AND p.print = s.print)`,
  ];
};

/** Decided rows that would be sent, or cannot go, are accepted as they are: nothing of them is written. `detail`: by whom and when. */
export const skipDecided = (shape: Shape, detail: string): string =>
  skipWhere(
    shape,
    detail,
    `action IN ('create', 'delete', 'reject', 'status', 'exclude') OR (action = 'leave' AND code IS NOT NULL) OR m <> 0 OR ${deactivates(shape)} OR ${activates(shape)}`,
  );

/** The same of rows whose memberships alone would be sent. */
export const skipMembers = (shape: Shape, detail: string): string[] => [
  skipWhere(shape, detail, `key IN (${membersSent})`),
  `DELETE FROM membership WHERE key IN (${membersSent})`,
];

const skipWhere = (shape: Shape, detail: string, where: string): string =>
  `UPDATE decided SET action = 'exclude', id = CASE WHEN link_ = 'linked' THEN old_id END, m = 0, a = 0, code = 'skipped', col = NULL, value = NULL,
  others = ${text(detail)}${shape.columns.some((c) => c.awaits) ? `, ${laterNone(shape)}` : ""} WHERE ${where}`;

const laterNone = (shape: Shape): string =>
  shape.columns.flatMap((c) => (c.awaits ? [`later_${c.index} = NULL`] : [])).join(", ");
