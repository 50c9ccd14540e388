import type { Choice } from "../../core/schema.ts";
import { parquetRows, text } from "../duck.ts";
import type { Wave } from "../layout.ts";
import type { Shape, ShapeColumn } from "../shape.ts";
import { bit, everyBit, fault, maskType, skipped, wanted } from "./names.ts";

/** The columns of a record's state and status, where the sync maps them. A status belongs to one state. */
export function statesOf(shape: Shape): { state?: ShapeColumn; status?: ShapeColumn } {
  const state = shape.columns.find((c) => c.target.type === "state");
  const status = shape.columns.find((c) => c.target.type === "status");
  return { ...(state && { state }), ...(status && { status }) };
}

export const isState = (c: ShapeColumn): boolean => c.target.type === "state" || c.target.type === "status";

/** The first state, in which every record is made: Active, Open (dataverse.md section 5). */
export const initial = "'0'";

/**
 * Lines of `mapRows` for the two columns, over their converted values (v_*, f_*): what is not said follows from the other
 * column or is left to the server, for neither can be empty.
 */
export function stateSql(shape: Shape, c: ShapeColumn): string[] {
  const { state, status } = statesOf(shape);
  const statusValue = status && `v_${status.index}`;
  const ofStatus = status ? stateOfStatus(status, statusValue!) : "NULL::VARCHAR";
  if (c === status) {
    const own = state && !state.follows ? `v_${state.index}` : "NULL";
    const mismatch = `WHEN NOT gone AND ${own} IS NOT NULL AND ${ofStatus} <> ${own} THEN 'status_of_other_state'`;
    return [
      `${statusValue} AS ${wanted(c)}`,
      `CASE WHEN f_${c.index} IS NOT NULL THEN f_${c.index} ${mismatch} END AS ${fault(c)}`,
      `${statusValue} IS NULL AS ${skipped(c)}`,
    ];
  }
  const value = c.follows ? ofStatus : `coalesce(v_${c.index}, ${ofStatus})`;
  return [
    `${value} AS ${wanted(c)}`,
    `${c.follows ? "NULL::VARCHAR" : `f_${c.index}`} AS ${fault(c)}`,
    `${value} IS NULL AS ${skipped(c)}`,
  ];
}

function stateOfStatus(status: ShapeColumn, value: string): string {
  const arms = (status.target.choices ?? []).map((o) => `WHEN ${text(String(o.value))} THEN ${text(String(o.state))}`);
  return arms.length ? `CASE ${value} ${arms.join(" ")} END` : "NULL::VARCHAR";
}

/** Whether columns of one row go in several waves (`waveMasks`). */
export const inSeveralWaves = (shape: Shape): boolean =>
  statesOf(shape).state !== undefined || shape.columns.some((c) => c.awaits || !c.target.create);

/** Whether a wave sets the state of records and nothing else: its changes need not say what that was before. */
export const setsStateAlone = (shape: Shape, wave: string): boolean =>
  wave === "3-deactivate" || (wave === "0-activate" && !statesOf(shape).state);

/** The rows of a file of states alone. A status reason that it does not tell of is null. */
export const withReason = (path: string): string =>
  `(SELECT NULL::VARCHAR AS c_statuscode, NULL::VARCHAR AS o_statuscode WHERE false UNION ALL BY NAME FROM ${parquetRows(path)})`;

/** The waves besides creates that write columns of the mapping. */
export const wavesBesideCreates = (shape: Shape): Wave[] => [
  "2-update",
  ...(inSeveralWaves(shape) ? (["3-complete"] as const) : []),
  ...(statesOf(shape).state ? (["0-activate"] as const) : []),
];

/** States of the column that only a message of the destination's own may set. */
export const byMessage = (state: ShapeColumn): Choice[] => (state.target.choices ?? []).filter((o) => o.message);

/**
 * Which columns of a decided row go in which wave, as masks over its m. early: the record becomes active before anything
 * else is written. late: it becomes inactive after everything else is written, or only now can point at other records of
 * this run. main: the rest; what a create does not take is left to the server there.
 */
export function waveMasks(shape: Shape): { early: string; main: string; late: string } {
  if (!inSeveralWaves(shape)) return { early: `0::${maskType}`, main: "m", late: `0::${maskType}` };
  const { state, status } = statesOf(shape);
  const selfs = shape.columns.filter((c) => c.awaits);
  const awaited = selfs.map((c) => `CASE WHEN later_${c.index} IS NOT NULL THEN m & ${bit(c)} ELSE 0 END`);
  const own = [state, status].filter((c) => c !== undefined);
  const later = shape.columns.filter((c) => !c.target.create && !isState(c)).map(bit);
  if (later.length) awaited.push(`CASE WHEN action = 'create' THEN m & ${bitsOf(later)} ELSE 0 END`);
  const noCreate = without(shape.columns.filter((c) => !c.target.create));
  const create = `CASE WHEN action = 'create' THEN ${noCreate} ELSE ${everyBit} END`;
  if (!state) {
    const late = bitsOf(awaited);
    return { early: `0::${maskType}`, late, main: `(m & ${create}) - (m & ${create} & ${late})` };
  }
  const both = bitsOf(own.map((c) => `CASE WHEN x_${c.index} IS NOT NULL THEN ${bit(c)} ELSE 0 END`));
  const moves = `(m & ${bitsOf(own.map(bit))}) <> 0`;
  const [x, o] = [`x_${state.index}`, `o_${state.index}`];
  const wakes = `(${moves} AND action <> 'create' AND ${x} = ${initial} AND ${o} IS DISTINCT FROM ${initial})`;
  const creatable = status?.target.create ?? true;
  const rests = `(${moves} AND (${x} <> ${initial}${creatable ? "" : " OR action = 'create'"}))`;
  const late = bitsOf([`CASE WHEN ${rests} THEN ${both} ELSE 0 END`, ...awaited]);
  const rest = `(m & CASE WHEN ${wakes} OR ${rests} THEN ${without(own)} ELSE ${everyBit} END & ${create})`;
  return {
    early: `(CASE WHEN ${wakes} THEN ${both} ELSE 0 END)::${maskType}`,
    late,
    main: `(${rest} - (${rest} & ${late}))`,
  };
}

function without(columns: ShapeColumn[]): string {
  return `${columns.reduce((mask, c) => mask - 2n ** BigInt(c.index), 2n ** 64n - 1n)}::${maskType}`;
}

const bitsOf = (parts: string[]): string => (parts.length ? `(${parts.join(" | ")})::${maskType}` : `0::${maskType}`);
