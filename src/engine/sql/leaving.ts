import { text } from "../duck.ts";
import type { Shape, ShapeColumn } from "../shape.ts";
import { activates, deactivates } from "./change.ts";
import { membersSent } from "./members.ts";
import { has, stored } from "./names.ts";

/** Whether a decided row is taken out of the audience of this column. */
const exits = (c: ShapeColumn): string => `(${has("m", c)} AND x_${c.index} = 'exited' AND o_${c.index} = 'realized')`;

/** SQL: whether a decided row that is known is taken out of any audience. */
export function exited(shape: Shape): string {
  return `(old_h IS NOT NULL AND ${takenOut(shape)})`;
}

function takenOut(shape: Shape): string {
  const statuses = shape.columns.filter((c) => c.audience !== undefined).map(exits);
  return `(${[...statuses, "key IN (SELECT key FROM membership WHERE does = 'remove')"].join(" OR ")})`;
}

/**
 * How many known rows leave, each counted once, and how: by kind a row may count twice. Rows that left in an earlier
 * run, and are tried again, were counted then.
 */
export function leavers(shape: Shape): string {
  const out = takenOut(shape);
  const own = shape.columns.filter((c) => c.audience === undefined).map((c) => has("m", c));
  const changed = `(action = 'leave' AND (${[deactivates(shape), ...own].join(" OR ")}))`;
  return `SELECT count(*) FILTER (action = 'delete' OR ${changed} OR ${out}) AS "all", count(*) FILTER (action = 'delete') AS deleted,
  count(*) FILTER (${changed}) AS changed, count(*) FILTER (${out}) AS exits FROM decided WHERE old_h IS NOT NULL`;
}

/**
 * How many rows were in an audience, by its column or its list, and how many are now: those not looked at stay. Whose record is
 * gone, or who was taken out of the list there, is none that a run could take out.
 */
export function emptied(filled: ShapeColumn | Shape["memberships"][number]): string {
  const stays = "l.key NOT IN (SELECT key FROM decided WHERE gone AND action IN ('exclude', 'keep'))";
  const members =
    "list" in filled
      ? `FROM st.member b JOIN st.link l ON l.id = b.id WHERE l.h IS NOT NULL AND b.list = ${text(filled.list)} AND (b.list, b.id) IN (SELECT list, id FROM member_now) AND ${stays}`
      : `FROM v_base b JOIN st.link l ON l.key = b.key WHERE l.h IS NOT NULL AND b.${stored(filled)} = 'realized' AND l.id NOT IN (SELECT id FROM have_gone) AND ${stays}`;
  return `SELECT (SELECT count(*) ${members}) AS before,
  (SELECT count(*) ${members} AND l.key NOT IN (SELECT key FROM touched WHERE key IS NOT NULL))
    + (SELECT count(*) FROM touched WHERE NOT gone AND a_${filled.audience}) AS now`;
}

/**
 * How many records that exist would be changed and do not leave: of known rows (`known`), and of those met for the first
 * time (`first` of `met`).
 */
export function changing(shape: Shape): string {
  const changed = `(m <> 0 OR ${activates(shape)} OR key IN (${membersSent}))`;
  const met = "(action = 'adopt' AND link_ = 'none' AND id IN (SELECT id FROM candidate WHERE key IS NULL))";
  return `SELECT count(*) FILTER (NOT ${met} AND ${changed}) AS known, count(*) FILTER (${met} AND ${changed}) AS first,
  count(*) FILTER (${met}) AS met FROM decided WHERE action IN ('adopt', 'update', 'status')`;
}
