import { goneAlready } from "../../core/connector.ts";
import { ident, noHive, parquetRows, text } from "../duck.ts";
import type { Wave } from "../layout.ts";
import type { Shape, ShapeColumn } from "../shape.ts";
import { readsAsSent } from "./backdated.ts";
import { yet } from "./left.ts";
import { storedMatch } from "./match.ts";
import { resolvedMembers } from "./members.ts";
import { has, stored } from "./names.ts";
import { statesOf } from "./states.ts";

/** Of a row of changes (c): what is sent is not what the destination held. */
export const differed = (c: ShapeColumn): string => `c.${stored(c)} IS DISTINCT FROM c.${ident(`o_${c.name}`)}`;

/**
 * The journal as tables: `line`, and `exception`, what became of a change other than its line says. A torn last line, from a
 * process that died while writing it, is left out; where the journal is `whole` there is none such.
 */
export function readJournal(path: string | undefined, whole = false): string[] {
  const exceptions = "STRUCT(n BIGINT, status VARCHAR, id VARCHAR, code VARCHAR, message VARCHAR)[]";
  const columns = `{w: 'VARCHAR', f: 'BIGINT', t: 'BIGINT', s: 'VARCHAR', i: 'STRUCT(n BIGINT, id VARCHAR)[]', x: '${exceptions}'}`;
  const from =
    path === undefined
      ? `(SELECT NULL::VARCHAR AS w, NULL::BIGINT AS f, NULL::BIGINT AS t, NULL::VARCHAR AS s, NULL::STRUCT(n BIGINT, id VARCHAR)[] AS i, NULL::${exceptions} AS x)`
      : `read_json(${text(path)}, ${noHive}, format='newline_delimited', columns=${columns}, ignore_errors=${!whole})`;
  const lines = `${from} WHERE w IS NOT NULL AND f IS NOT NULL AND t IS NOT NULL`;
  // Of a table DuckDB hands on 2,048 lines at a time, and the messages of one may be a megabyte: they are taken apart as they are read.
  return [
    `CREATE OR REPLACE TABLE line AS SELECT w, f, t, s, i FROM ${lines}`,
    `CREATE OR REPLACE TABLE exception AS SELECT w, u.n AS n, u.status AS status, u.id AS id, u.code AS code, u.message AS message FROM (SELECT w, unnest(x) AS u FROM ${lines})`,
  ];
}

/**
 * SQL of every change that a line tells of: wave, number, what became of it unless it is an exception, the id of what was made.
 * Most lines have an id for each of their changes or none; those of the others are found by a join, for to seek each in its
 * line's list costs a thousand comparisons a row.
 */
const answered = (() => {
  const all = "WHERE coalesce(len(i), 0) = t - f";
  const some = "WHERE coalesce(len(i), 0) <> t - f";
  return `SELECT w, s, u.n AS n, u.id AS id FROM (SELECT w, s, unnest(i) AS u FROM line ${all})
UNION ALL SELECT p.w, p.s, p.n, m.u.id FROM (SELECT w, s, unnest(range(f, t)) AS n FROM line ${some}) p
LEFT JOIN (SELECT w, unnest(i) AS u FROM line ${some}) m ON m.w = p.w AND m.u.n = p.n`;
})();

/** SELECT of the numbers of a wave's changes that the journal (`readJournal`) tells done. */
export const toldDone = (
  wave: Wave,
): string => `SELECT l.n FROM (${answered}) l LEFT JOIN exception x ON x.w = l.w AND x.n = l.n
WHERE l.w = ${text(wave)} AND coalesce(x.status, l.s) IN ('created', 'updated')`;

/**
 * `sent`: every change (`where`) of every wave with what became of it, as far as the answers told. told: the place of its
 * `exception`, which has the message.
 */
export function sentChanges(waves: readonly Wave[], file: (wave: Wave) => string, where = "true"): string {
  const changes = waves.map(
    (wave) =>
      `SELECT ${text(wave)} AS wave, file_row_number AS n, key, kind, id FROM ${parquetRows(file(wave), "file_row_number=true")} WHERE ${where}`,
  );
  return `CREATE OR REPLACE TABLE sent AS
SELECT c.wave, c.n, c.key, c.kind, lower(coalesce(x.id, l.id, c.id)) AS id, x.code, x.rowid AS told, coalesce(x.status, l.s, 'unsent') AS status
FROM (${changes.join("\nUNION ALL ")}) c LEFT JOIN (${answered}) l ON l.w = c.wave AND l.n = c.n
LEFT JOIN exception x ON x.w = c.wave AND x.n = c.n`;
}

/**
 * Unknown answers, resolved by what was read back: a row that now holds all that we sent was written, and so was an update
 * of which one value is there that was not before, for it is written whole or not at all. Anything else stays pending:
 * the next run sees what is there and does what is left, so nothing is sent twice and nothing is lost. A create is found by
 * the id that was sent, or where none was by its match value (`lookalike`). An unknown answer with a code is a record that exists
 * already, and unless it has the id that we chose it is another's: one with the row's match value is met by the next
 * run, any other is a refusal. A record that was to be deleted is gone if it is
 * reported so, or missing from a `full` reading.
 */
export function resolveUnknown(shape: Shape, file: (wave: Wave) => string, full: boolean): string[] {
  const holds = (c: ShapeColumn) => `a.${stored(c)} IS NOT DISTINCT FROM c.${stored(c)}`;
  const all = shape.columns
    .filter(readsAsSent)
    .map((c) => `(NOT ${has("c.m", c)} OR ${holds(c)})`)
    .join(" AND ");
  const turned = shape.columns.map((c) => `(${has("c.m", c)} AND ${holds(c)} AND ${differed(c)})`).join(" OR ");
  const found = (wave: Wave, on: string) => `SELECT s.wave, s.n, a.id FROM sent s
JOIN ${parquetRows(file(wave), "file_row_number=true")} c ON c.file_row_number = s.n JOIN after a ON NOT a.gone AND ${on}
WHERE s.wave = ${text(wave)} AND s.status = 'unknown'`;
  const updates: Wave[] = ["2-update", "3-complete", ...(statesOf(shape).state ? (["0-activate"] as const) : [])];
  return [
    `CREATE OR REPLACE TABLE resolved AS
${found("1-create", "a.id = s.id")} AND (${all})
UNION ALL SELECT '1-create', n, min(id) FROM lookalike GROUP BY n
UNION ALL ${updates.map((wave) => `${found(wave, "a.id = c.id")} AND c.m <> 0 AND ((${all}) OR ${turned})`).join("\nUNION ALL ")}
UNION ALL SELECT wave, n, id FROM sent WHERE wave = '4-delete' AND status = 'unknown'
  AND ${full ? "id NOT IN (SELECT id FROM after WHERE NOT gone)" : "id IN (SELECT id FROM after WHERE gone)"}
${resolvedMembers(shape)
  .map((each) => `UNION ALL ${each}`)
  .join("\n")}`,
    `UPDATE sent SET status = CASE r.wave WHEN '1-create' THEN 'created' WHEN '4-delete' THEN 'deleted' ELSE 'updated' END, id = r.id, code = NULL FROM resolved r WHERE r.wave = sent.wave AND r.n = sent.n`,
    `CREATE OR REPLACE TABLE appeared AS SELECT s.n FROM sent s
JOIN ${parquetRows(file("1-create"), "file_row_number=true")} c ON c.file_row_number = s.n
JOIN after a ON NOT a.gone AND ${storedMatch(shape, "a")} = c.match_value WHERE s.wave = '1-create' AND s.status = 'unknown'`,
    `UPDATE sent SET code = coalesce(code, 'unknown_answer'),
  status = CASE WHEN code IS NULL OR (wave = '1-create' AND n IN (SELECT n FROM appeared)) THEN 'failed' ELSE 'rejected' END
WHERE status = 'unknown'`,
  ];
}

/** What the answers to a row's changes tell, as bits: they are put together by one aggregate, for there may be millions of rows. */
const replies = (() => {
  const ok = "status IN ('created', 'updated', 'deleted')";
  const column = "kind NOT IN ('activate', 'deactivate', 'add', 'remove')";
  const facts = {
    unwell: `NOT ${ok}`,
    refused: "status = 'rejected' AND coalesce(code, '') NOT IN ('gone', 'moved_there')",
    overtaken: "code = 'moved_there'",
    gone: "code = 'gone'",
    create: "kind = 'create'",
    woken: `kind IN ('activate', 'wake') AND ${ok}`,
    laid: `kind = 'deactivate' AND (${ok} OR code = 'unknown_answer')`,
    written: `${column} AND ${ok}`,
    entered: `kind = 'add' AND ${ok}`,
    unmoved: `(${column} OR kind = 'activate') AND NOT (${ok})`,
    unended: `kind IN ('deactivate', 'delete') AND NOT (${ok})`,
  };
  const names = Object.keys(facts) as (keyof typeof facts)[];
  const bits = names.map((name, i) => `CASE WHEN ${facts[name]} THEN ${1 << i} ELSE 0 END`);
  const is = (name: keyof typeof facts) => `(r.told & ${1 << names.indexOf(name)}) <> 0`;
  return { told: `bit_or(${bits.join(" + ")})`, is };
})();

/**
 * `final`: one row per touched key with its one outcome, the link it keeps and how many records were written: a record that had gone
 * with another before it was to be deleted was not.
 * status 'none' = nothing to count (a row that left and needed nothing). A record to be taken over is the row's where what
 * was written into its columns was taken, or else its activation, or nothing was to be written. A row whose record is gone keeps
 * the link to it until it has another, for the record may be restored; not where it is to go on as one that never had any (`unlinks`).
 * wake: when it is tried again, if not when its code says: what a row at fault was to write of its audiences waits for no
 * change of the row. rested: its record rests by us; where it did before we said so (`before`: the file that tells, if there
 * is one) somebody else had seen to that, and who comes back does not wake it. leaving: of a row that left, where
 * not all was taken; see `Leaving`. Messages are joined last: what aggregates keep of them DuckDB cannot put aside.
 */
export function finalRows(touched: string, before: string | undefined, unlinks = false): string {
  const { told, is } = replies;
  const idle =
    before === undefined ? "false" : `t.id IN (SELECT id FROM ${parquetRows(before)} WHERE c_statecode = '1')`;
  const kept = unlinks ? "CASE WHEN t.link_ = 'linked' THEN t.old_id END" : "t.old_id";
  const vanished = `${is("gone")} AND NOT ${is("create")}`;
  const moved = `(${is("written")} OR ${is("entered")} OR NOT ${is("unmoved")})`;
  return `CREATE OR REPLACE TABLE final AS
WITH reply AS (
  SELECT key, count(*) FILTER (status IN ('created', 'updated', 'deleted') AND code IS DISTINCT FROM ${text(goneAlready)}) AS writes, ${told} AS told, any_value(id) FILTER (status = 'created') AS made_id FROM sent GROUP BY key),
fault AS (
  SELECT key, arg_min_null(code, wave) AS code, arg_min_null(told, wave) AS told FROM sent WHERE status NOT IN ('created', 'updated', 'deleted') GROUP BY key),
answer AS (
  SELECT r.key, r.writes, r.made_id, NOT ${is("unwell")} AS well, ${is("refused")} AS refused, ${is("overtaken")} AS overtaken,
    ${vanished} AS vanished, ${is("woken")} AS woken, ${is("laid")} AS laid, ${moved} AS moved,
    CASE WHEN ${is("unended")} THEN ${yet.all} WHEN ${is("unmoved")} THEN ${yet.columns} ELSE ${yet.members} END AS leaving, x.code, x.told
  FROM reply r LEFT JOIN fault x ON x.key = r.key)
SELECT t.key, t.gone, t.h, t.action, t.link_, t.match_value, coalesce(r.writes, 0) AS writes,
  CASE WHEN t.action IN ('reject', 'status') THEN 'rejected' WHEN t.action = 'exclude' OR (t.action = 'leave' AND t.code = 'still_shared') THEN 'excluded'
       WHEN r.key IS NULL THEN CASE WHEN t.gone THEN 'none' ELSE 'unchanged' END
       WHEN r.well THEN CASE t.action WHEN 'create' THEN 'created' WHEN 'delete' THEN 'deleted' ELSE 'updated' END
       WHEN r.vanished THEN 'excluded' WHEN r.refused THEN 'rejected' WHEN r.overtaken THEN 'excluded' ELSE 'failed' END AS status,
  CASE WHEN t.action = 'delete' AND r.well THEN NULL WHEN t.action = 'create' THEN coalesce(r.made_id, ${kept})
       WHEN t.action = 'adopt' AND (coalesce(r.moved, true) OR t.link_ = 'linked') THEN t.id ELSE ${kept} END AS id,
  t.old_id, CASE WHEN r.laid AND NOT coalesce(${idle}, false) THEN true WHEN r.woken THEN false ELSE t.rested END AS rested, CASE WHEN r.vanished OR (t.action = 'leave' AND t.code IS NOT NULL) THEN 'always' WHEN t.code IS NOT NULL AND r.refused THEN 'destination' WHEN t.code IS NOT NULL AND NOT r.well THEN 'always' END AS wake,
  CASE WHEN t.code IS NOT NULL THEN t.code WHEN r.vanished THEN 'deleted_there' WHEN r.refused THEN 'refused' WHEN r.overtaken THEN 'moved_there' WHEN NOT r.well THEN coalesce(r.code, 'not_sent') END AS code,
  t.col, t.value, t.others, t.waits, CASE WHEN t.gone AND t.code IS NULL THEN r.leaving END AS leaving,
  CASE WHEN t.code IS NOT NULL THEN NULL WHEN r.refused THEN concat_ws(' ', x.message, '(' || r.code || ')') WHEN NOT r.overtaken THEN x.message END AS message
FROM ${parquetRows(touched)} t LEFT JOIN answer r ON r.key = t.key LEFT JOIN exception x ON x.rowid = r.told`;
}
