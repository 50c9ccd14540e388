import { writesMapped } from "../../core/state.ts";
import { text } from "../duck.ts";
import type { Shape, ShapeColumn } from "../shape.ts";
import { makingWay, ownRefs } from "./made.ts";
import { bit, maskType, parentValue } from "./names.ts";
import { owes } from "./owed.ts";
import { byMessage, statesOf } from "./states.ts";

// Rows whose own values are fine, and that cannot go all the same: it shows once the plan is decided (`decided`).

/** Rows that would have to be put into a state which only a message of the destination may set. */
export function refuseMessageStates(shape: Shape): string[] {
  const { state } = statesOf(shape);
  if (!state) return [];
  return byMessage(state).map((choice) => {
    const value = text(String(choice.value));
    const moves = `(m & ${bit(state)}) <> 0 AND x_${state.index} = ${value}`;
    return demote(shape, state, moves, "state_by_message", text(choice.label), choice.message!);
  });
}

/**
 * Rows whose parent would be a third record made for one value, for the first and the second go by others: something changes
 * them, and every run would make one more.
 */
export function refuseRenamed(shape: Shape): string[] {
  return shape.columns.flatMap((c) => {
    const way = makingWay(c);
    if (!way) return [];
    const there = `SELECT ${parentValue(c, way, "id")} FROM (${ownRefs(way)})`;
    const said = `concat_ws(', ', ${way.keys.map((_, n) => `made_${c.index}_${n}`).join(", ")})`;
    return [demote(shape, c, `made_${c.index} AND x_${c.index} IN (${there})`, "parent_renamed", said, "")];
  });
}

/** SQL: the mapped columns of a decided row, or this one, may be written, and so it may have to be rejected. */
export function goes(shape: Shape, c?: ShapeColumn): string {
  const each = ["create", "adopt", "update"] as const;
  const actions = each.filter((action) => writesMapped(action, shape.policies));
  const written = `action IN (${actions.map(text).join(", ")})`;
  const owed = c && !actions.includes("update") && owes(shape, c);
  return owed ? `(${written} OR (action = 'update' AND ${owed}))` : written;
}

/** A decided row is rejected after all: what it then still does is what the row table says of an invalid one. */
export function demote(
  shape: Shape,
  c: ShapeColumn,
  where: string,
  code: string,
  value: string,
  limit: string,
  more?: string,
) {
  const status = shape.columns.filter((each) => each.role === "status").map(bit);
  const kept = status.length ? `(${status.join(" + ")})::${maskType}` : `0::${maskType}`;
  const linked = "(link_ = 'linked' AND there_ = 'present')";
  const set = [
    `action = CASE WHEN ${linked} THEN 'status' ELSE 'reject' END`,
    `id = CASE WHEN ${linked} THEN id END`,
    `m = CASE WHEN ${linked} THEN m & ${kept} ELSE 0 END`,
    `a = CASE WHEN ${linked} THEN a & ${kept} ELSE 0 END`,
    `code = ${text(code)}`,
    `col = ${text(c.name)}`,
    `value = ${value}`,
    `"limit" = ${text(limit)}`,
    ...shape.columns.filter((each) => each.awaits).map((each) => `later_${each.index} = NULL`),
    ...(more ? [more] : []),
  ];
  return `UPDATE decided SET ${set.join(", ")} WHERE ${goes(shape, c)} AND ${where}`;
}
