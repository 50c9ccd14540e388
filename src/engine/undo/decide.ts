import { keptSql } from "../../core/canon.ts";
import { whyNeverInactive } from "../../core/schema.ts";
import { type Duck, parquetRows, text } from "../duck.ts";
import type { Shape, ShapeColumn } from "../shape.ts";
import { readsAsSent } from "../sql/backdated.ts";
import { membersSent } from "../sql/members.ts";
import { bit, list, maskType, stored, storedName } from "../sql/names.ts";
import { initial, isState, statesOf } from "../sql/states.ts";
import { bare, canWrite, ownTable } from "./shape.ts";
import type { RunFolder } from "./wrote.ts";

/**
 * What undo does with every value a run wrote. `back`: it is taken back; `restored`: it is as before already; anything else is
 * the reason (`core/reasons.ts`) why it stays. The first that fits holds.
 */
function ofColumn(c: ShapeColumn): string {
  const [now, before, held] = [`n.${stored(c)}`, `w.b_${c.index}`, `w.c_${c.index}`];
  return `CASE WHEN NOT w.w_${c.index} OR w.made OR w.deleted THEN NULL
    WHEN n.gone THEN 'undo_gone'
    WHEN ${now} IS NOT DISTINCT FROM ${before} THEN 'restored'
    WHEN t.t_${c.index} IS NOT NULL THEN 'undo_later'
    WHEN ${now} IS DISTINCT FROM ${held} THEN 'undo_changed'
    WHEN u.whole OR u.w_${c.index} THEN 'undo_set_since'
    WHEN ${!canWrite(c)} THEN 'undo_not_writable'
    WHEN l.id IS DISTINCT FROM w.id THEN 'undo_unlinked' ELSE 'back' END`;
}

type Rules = { deleteCreated: boolean; stateColumn: string | undefined; images: boolean };

/** The same of records that were made, deleted, put to rest or woken: k_made, k_deleted, k_rested, k_woken. */
function ofRecord(shape: Shape, run: RunFolder, { deleteCreated, stateColumn, images }: Rules): string[] {
  const inactive = stateColumn === undefined ? "false" : `coalesce(n."c_${stateColumn}" <> '0', false)`;
  // Of a record we made all columns count that the run mapped. What we have put to rest ourselves is no change of somebody
  // else's, unless somebody had before us.
  const made = new Set(run.columns.get("1-create"));
  const known = (c: ShapeColumn) => `(w.w_${c.index}${made.has(`c_${storedName(c)}`) ? " OR w.whole" : ""})`;
  // What it was made with, where a run that died may not have got to what was to follow.
  const asMade = (c: ShapeColumn) =>
    isState(c) && stateColumn !== undefined ? `n."c_${stateColumn}" = ${initial}` : `n.${stored(c)} IS NULL`;
  const moved = shape.columns
    .filter(readsAsSent)
    .map(
      (c) =>
        `(${known(c)} AND n.${stored(c)} IS DISTINCT FROM w.c_${c.index} AND NOT coalesce(w.l_${c.index} AND ${asMade(c)}, false)${isState(c) ? " AND (l.rested IS NOT TRUE OR t.idle)" : ""})`,
    );
  const unlinked = "WHEN l.id IS DISTINCT FROM w.id THEN 'undo_unlinked'";
  // A task may be canceled, say: from there, and to there, somebody else has taken it.
  const now = stateColumn === undefined ? "NULL" : `n."c_${stateColumn}"`;
  const flipped = (done: string, undone: string) =>
    `WHEN w.idle OR ${now} = w.was THEN 'restored' WHEN n.gone THEN 'undo_gone' WHEN ${now} NOT IN ('0', '1') OR (${done} AND w.was IS NOT NULL) THEN 'undo_changed'
    WHEN ${done} THEN 'restored' WHEN t.state IS NOT NULL THEN 'undo_later' WHEN u.whole OR ${undone} THEN 'undo_set_since' WHEN w.was IS NOT NULL THEN 'undo_other_state' ${unlinked} ELSE 'back' END`;
  return [
    `CASE WHEN NOT w.made THEN NULL WHEN n.gone THEN 'restored' ${deleteCreated ? "" : `WHEN ${inactive} THEN 'restored'`}
    WHEN t.others IS NOT NULL THEN 'undo_later' WHEN w.guessed AND f.run IS NOT NULL THEN 'undo_found' WHEN ${moved.join(" OR ") || "false"} THEN 'undo_changed'
    WHEN (u.whole OR u.rested OR u.deleted) AND NOT ${inactive} THEN 'undo_set_since' ${unlinked}
    ${deleteCreated || whyNeverInactive(shape.object) === undefined ? "" : "WHEN true THEN 'undo_no_state'"} ELSE 'back' END AS k_made`,
    `CASE WHEN NOT w.deleted THEN NULL WHEN NOT n.gone THEN 'restored'
    WHEN u.whole OR u.made THEN CASE WHEN t.others IS NULL THEN 'undo_gone' ELSE 'undo_later' END WHEN l.id IS NOT NULL THEN 'undo_unlinked'
    WHEN ${images ? "d.id IS NULL" : "true"} THEN 'undo_no_image' ELSE 'back' END AS k_deleted`,
    `CASE WHEN NOT w.rested OR w.made THEN NULL ${flipped(`NOT ${inactive}`, "u.woken")} AS k_rested`,
    `CASE WHEN NOT w.woken THEN NULL ${flipped(inactive, "u.rested")} AS k_woken`,
  ];
}

/**
 * `judged`: every row of the run with what is to be done with each of its values (k_*), what is there now (o_*) and what is
 * wanted (x_*). ours: the run put to rest what was so, but another run of ours has done it too. Wants `wrote`, `later`, `undone`, `found_later`
 * and `now`, the records as they are. twin: for `besideNone`; holder: for `spareOthers`.
 */
export function judge(shape: Shape, run: RunFolder, imageColumns: string[], rules: Rules): string[] {
  const { state, status } = statesOf(shape);
  const held = (name: string) => imageColumns.includes(`c_${name}`);
  const image = (c: ShapeColumn) => {
    if (held(storedName(c))) return keptSql(c.target, `d.${stored(c)}`);
    return held(`${c.name}:table`) ? `split_part(d."c_${c.name}:table", ':', 2)` : "NULL::VARCHAR";
  };
  const wants = shape.columns.flatMap((c) => [
    `n.${stored(c)} AS o_${c.index}`,
    `CASE WHEN w.deleted THEN ${rules.images ? image(c) : "NULL"} ELSE w.b_${c.index} END AS x_${c.index}`,
    `${ofColumn(c)} AS k_${c.index}`,
    `t.t_${c.index}`,
  ]);
  const times = shape.columns.map((c) => `max(run) FILTER (w_${c.index}) AS t_${c.index}`);
  const images = rules.images ? `LEFT JOIN ${parquetRows(run.files.deleted)} d ON d.id = w.id` : "";
  return [
    `CREATE OR REPLACE TABLE judged AS
WITH times AS (SELECT ${list(["key", "max(run) FILTER (wave <> 'idle') AS others", "bool_or(wave = 'idle') AS idle", "max(run) FILTER (wave IN ('0-activate', '3-deactivate')) AS state", ...times])} FROM later GROUP BY key)
SELECT ${list(["w.key", "w.id", "w.linked", "w.left_", "w.idle AND (w.at_rest OR t.state IS NOT NULL) AS ours", "w.was", "w.reason", `${rules.stateColumn === undefined ? "NULL::VARCHAR" : `n."c_${rules.stateColumn}"`} AS state_there`, "l.id AS link_id", "l.h AS link_h", "l.rested AS link_rested", "l.m AS match_value", "t.others", "f.run AS found", "NULL::VARCHAR AS twin", "NULL::VARCHAR AS holder", "n.gone AS gone_there", ...wants, ...ofRecord(shape, run, rules)])}
FROM wrote w LEFT JOIN now n ON n.id = w.id LEFT JOIN v_link l ON l.key = w.key LEFT JOIN times t ON t.key = w.key LEFT JOIN undone u ON u.key = w.key
LEFT JOIN found_later f ON f.key = w.key AND f.id = w.id ${images}`,
    // A status belongs to its state: neither goes back without the other.
    ...(state && status
      ? [state, status].map(
          (c) =>
            `UPDATE judged SET k_${c.index} = k_${other(c, state, status).index} WHERE k_${c.index} IN ('back', 'restored') AND k_${other(c, state, status).index} NOT IN ('back', 'restored')`,
        )
      : []),
  ];
}

const other = (c: ShapeColumn, a: ShapeColumn, b: ShapeColumn): ShapeColumn => (c === a ? b : a);

/**
 * `membership`, as a plan has it: the inverse of what the run did, where nobody has done anything since and the row still has the
 * record, or an undo of the run has let go of it (`let_go`) and no row has it now; a record that is deleted leaves its lists by itself. One that the run had only taken for its own is people's again, and
 * one that an undo had given back is the sync's. And `judged_member`.
 */
export function undoMembers(shape: Shape, deleteCreated: boolean): string[] {
  const numbers = shape.memberships.map(({ list: name }, i) => `WHEN ${text(name)} THEN ${i}`);
  const number = numbers.length ? `CASE w.list ${numbers.join(" ")} END` : "NULL::INTEGER";
  // Its list may have been locked as an undo of this very run let go of the record. Without a link no other run takes it out.
  const letGo =
    "(w.does = 'add' AND l.id IS NULL AND (w.key, w.id) IN (SELECT key, id FROM let_go) AND w.id NOT IN (SELECT id FROM v_link WHERE id IS NOT NULL))";
  return [
    `CREATE OR REPLACE TABLE judged_member AS SELECT w.key, w.id, w.list, ${number} AS i,
  CASE w.does WHEN 'add' THEN 'remove' ELSE 'add' END AS does, t.run,
  CASE WHEN ${number} IS NULL THEN 'undo_no_list' WHEN (w.does = 'add') = (m.id IS NULL) THEN 'restored'
    WHEN n.gone THEN 'undo_gone' WHEN t.run IS NOT NULL THEN 'undo_later' WHEN u.whole OR d.id IS NOT NULL THEN 'undo_set_since'
    WHEN l.id IS DISTINCT FROM w.id AND NOT ${letGo} THEN 'undo_unlinked' ELSE 'back' END AS k
FROM wrote_member w LEFT JOIN now n ON n.id = w.id LEFT JOIN v_link l ON l.key = w.key
LEFT JOIN (SELECT DISTINCT list, id FROM member_now) m ON m.list = w.list AND m.id = w.id
LEFT JOIN (SELECT list, id, max(run) AS run FROM later_member GROUP BY ALL) t ON t.list = w.list AND t.id = w.id
LEFT JOIN undone u ON u.key = w.key LEFT JOIN undone_member d ON d.list = w.list AND d.id = w.id
UNION ALL SELECT w.key, w.id, w.list, ${number}, CASE w.does WHEN 'take' THEN 'drop' ELSE 'take' END, t.run,
  CASE WHEN (w.does = 'take') = (o.id IS NULL) THEN 'restored' WHEN w.does = 'drop' AND ${number} IS NULL THEN 'undo_no_list' WHEN t.run IS NOT NULL THEN 'undo_later'
    WHEN l.id IS DISTINCT FROM w.id THEN 'undo_unlinked' ELSE 'back' END
FROM took w LEFT JOIN v_link l ON l.key = w.key LEFT JOIN st.member o ON o.list = w.list AND o.id = w.id
LEFT JOIN (SELECT list, id, max(run) AS run FROM (SELECT list, id, run FROM later_member UNION ALL SELECT list, id, run FROM took_later) GROUP BY ALL) t ON t.list = w.list AND t.id = w.id`,
    "CREATE OR REPLACE TABLE membership AS SELECT key, id, false AS gone, NULL::UBIGINT AS old_h, i, list, does FROM judged_member WHERE k = 'back'" +
      (deleteCreated ? " AND key NOT IN (SELECT key FROM judged WHERE k_made = 'back')" : ""),
  ];
}

/**
 * `decided`, as a plan has it, of the rows that undo does something with, or that are as before already (an undo that died
 * may have seen to that); `unlink` says whose link goes. All go on as rows never looked at (hash 0), so that a later run
 * decides about them anew; whoever had left before the run stays so.
 * `restsAgain`: a record that becomes inactive by its state as a column is at rest by us, so that its row's return wakes it.
 */
export function decideUndo(
  shape: Shape,
  { deleteCreated, restsAgain }: { deleteCreated: boolean; restsAgain: boolean },
): string {
  const { state, status } = statesOf(shape);
  const back = shape.columns.map((c) => `CASE WHEN k_${c.index} = 'back' THEN ${bit(c)} ELSE 0 END`);
  if (state) back.push(`CASE WHEN k_rested = 'back' AND k_${state.index} IS NULL THEN ${bit(state)} ELSE 0 END`);
  // The reason that goes with the state which is given back.
  const reasoned = status?.target.update && `k_rested = 'back' AND k_${status.index} IS NULL AND reason IS NOT NULL`;
  if (reasoned) back.push(`CASE WHEN ${reasoned} THEN ${bit(status)} ELSE 0 END`);
  const given = shape.columns.map((c) =>
    c.target.create || c.target.update ? `CASE WHEN x_${c.index} IS NOT NULL THEN ${bit(c)} ELSE 0 END` : "0",
  );
  const none = shape.columns.map((c) => `coalesce(k_${c.index} IN ('back', 'restored'), true)`);
  const unlink = `(linked AND link_id = id AND others IS NULL AND ${none.join(" AND ") || "true"} AND NOT gone_there)`;
  const every = ["k_made", "k_deleted", "k_rested", "k_woken", ...shape.columns.map((c) => `k_${c.index}`)];
  const restored = `(link_id = id AND NOT gone_there AND ('restored' IN (${list(every)}) OR key IN (SELECT key FROM judged_member WHERE k = 'restored')))`;
  const x = shape.columns.map((c) => {
    const [when, then] =
      c === state
        ? [`k_rested = 'back' AND k_${c.index} IS NULL`, "'0'"]
        : c === status && reasoned
          ? [reasoned, "reason"]
          : [];
    return when ? `CASE WHEN ${when} THEN ${then} ELSE x_${c.index} END AS x_${c.index}` : `x_${c.index}`;
  });
  const again = restsAgain && state ? `coalesce(k_${state.index} = 'back' AND x_${state.index} <> '0', false) OR ` : "";
  // Of a record made anew: what points at another one.
  const later = shape.columns.flatMap((c) => {
    const id = c.awaits && ownTable(shape.object, c, `x_${c.index}`);
    return id
      ? [
          `CASE WHEN action = 'create' AND ${id} IN (SELECT id FROM acted WHERE action = 'create') THEN key END AS later_${c.index}`,
        ]
      : [];
  });
  return `CREATE OR REPLACE TABLE decided AS
WITH masked AS (SELECT *, (${back.join(" + ") || "0"})::${maskType} AS back, (${given.join(" + ") || "0"})::${maskType} AS given, ${unlink} AS unlink, ${restored} AS restored FROM judged),
acted AS (SELECT *, CASE WHEN k_made = 'back' THEN '${deleteCreated ? "delete" : "leave"}' WHEN k_deleted = 'back' THEN 'create' WHEN k_woken = 'back' THEN 'leave'
  WHEN back <> 0 OR k_rested = 'back' OR unlink OR restored OR key IN (SELECT key FROM membership) THEN 'update' END AS action FROM masked)
SELECT ${list(["key", "id", "action", "unlink", "k_rested = 'back' AS wakes", "CASE WHEN 'back' IN (k_rested, k_woken) THEN reason END AS reason", "CASE WHEN action = 'create' THEN given WHEN k_made = 'back' THEN 0 ELSE back END AS m", `0::${maskType} AS a`, "match_value"])},
  back AS sm, 0::${maskType} AS dm, link_h IS NULL AND NOT left_ AS gone, CASE WHEN link_h IS NOT NULL OR left_ THEN 0::UBIGINT END AS h, 0::UBIGINT AS old_h, ${again}(link_rested AND (ours OR k_rested IS DISTINCT FROM 'restored')) AS rested, link_id AS old_id,
  CASE WHEN link_id IS NULL THEN 'none' ELSE 'linked' END AS link_, NULL::VARCHAR AS code, NULL::VARCHAR AS rule_code, NULL::VARCHAR AS col,
  NULL::VARCHAR AS value, NULL::VARCHAR AS others, NULL::VARCHAR AS "limit", NULL::VARCHAR[] AS waits,
  ${list([...x, ...shape.columns.map((c) => `o_${c.index}`), ...later])}
FROM acted WHERE action IS NOT NULL`;
}

/**
 * `kept`: every value that stays as it is, with the reason: one line each (key, code, col, value = what is there now, or is
 * gone, message). `lost`: stored names of columns the table has no more.
 */
export function keptTable(shape: Shape, lost: string[], run: RunFolder): string {
  const none =
    "SELECT NULL::VARCHAR AS key, NULL::VARCHAR AS code, NULL::VARCHAR AS col, NULL::VARCHAR AS value, NULL::VARCHAR AS message WHERE false";
  const columns = shape.columns.map(
    (c) =>
      `SELECT key, k_${c.index}, ${text(c.name)}, CASE k_${c.index} WHEN 'undo_parent_gone' THEN x_${c.index} ELSE o_${c.index} END, CASE WHEN k_${c.index} = 'undo_later' THEN t_${c.index} END FROM judged WHERE k_${c.index} NOT IN ('back', 'restored')`,
  );
  const records = ["k_made", "k_deleted", "k_rested", "k_woken"].map((k) => {
    const state = ["k_rested", "k_woken"].includes(k) ? `${k} IN ('undo_other_state', 'undo_changed')` : "false";
    const value = `CASE ${k} WHEN 'undo_other_state' THEN was ELSE state_there END`;
    return `SELECT key, ${k}, CASE WHEN ${state} THEN 'statecode' END, CASE WHEN ${state} THEN ${value} END, CASE ${k} WHEN 'undo_later' THEN others WHEN 'undo_found' THEN found WHEN 'undo_shared' THEN holder WHEN 'undo_referenced' THEN holder END FROM judged WHERE ${k} NOT IN ('back', 'restored', 'undo_made_since')`;
  });
  const match = shape.match.map((c) => `x_${c.index}`).join(", ");
  const twins = `SELECT key, k_deleted, ${text(shape.match.map((c) => c.name).join(", "))}, concat_ws(', ', NULL, ${match || "NULL"}), twin FROM judged WHERE k_deleted = 'undo_made_since'`;
  const bereft = "SELECT key, 'undo_parent_gone', col, value, NULL FROM bereft";
  const unset = "SELECT key, code, col, value, NULL FROM unset";
  const members = "SELECT key, k, list, NULL, run FROM judged_member WHERE k NOT IN ('back', 'restored')";
  return `CREATE OR REPLACE TABLE kept AS ${[none, ...columns, ...records, twins, bereft, unset, members, ...lostCells(lost, run)].join("\nUNION ALL ")}`;
}

function lostCells(lost: string[], { files, columns }: RunFolder): string[] {
  return lost.flatMap((name) =>
    [...columns].flatMap(([wave, names]) => {
      const index = names.filter((each) => each.startsWith("c_")).indexOf(`c_${name}`);
      if (index < 0 || !names.includes("a") || wave === "1-create") return [];
      return [
        `SELECT r.key, 'undo_column_gone', ${text(bare(name))}, NULL, NULL FROM ${parquetRows(files.change(wave))} r
WHERE (r.m & ${bit({ index })}) <> 0 AND r.key IN (SELECT key FROM wrote WHERE NOT made)`,
      ];
    }),
  );
}

/** `touched`: of how many anything is done, or was done already; `partly`: of how many of these something stays. */
export type UndoCounts = Record<"rows" | "touched" | "partly" | "create" | "update" | "delete" | "excluded", number>;

/** Rows of the run by what is to become of them; each is counted once. */
export async function countUndo(duck: Duck): Promise<UndoCounts> {
  return await duck.one<UndoCounts>(`SELECT count(*) AS rows, count(d.key) AS touched,
  count(d.key) FILTER (w.key IN (SELECT key FROM kept)) AS partly,
  count(*) FILTER (d.action = 'create') AS "create", count(*) FILTER (d.action = 'delete') AS "delete",
  count(*) FILTER (d.action IN ('leave', 'update') AND (d.action = 'leave' OR d.m <> 0 OR d.wakes OR w.key IN (${membersSent}))) AS "update",
  count(*) FILTER (d.key IS NULL AND w.key IN (SELECT key FROM kept)) AS excluded
FROM wrote w LEFT JOIN decided d ON d.key = w.key`);
}
