import type { Shape, ShapeColumn } from "../shape.ts";
import { makingWay } from "./made.ts";
import { list, stored, wanted } from "./names.ts";
import { isState } from "./states.ts";
import { seenValue } from "./touch.ts";

/**
 * Whether `decided` itself has what is wanted of the column (x_*) and what is there (o_*): where that follows from the row's action,
 * or may change once the row is decided. All other values stay where they are, for to carry them along costs more than all that
 * is decided.
 */
export const isDecidedWith = (shape: Shape, c: ShapeColumn): boolean =>
  c.role === "status" ||
  isState(c) ||
  c.awaits !== undefined ||
  makingWay(c) !== undefined ||
  c.name === shape.object.id;

/**
 * SQL of decided rows with x_* of all columns and, unless `old` is false, o_*, to be read from in a FROM. `rows`: which rows, as
 * a table or a query in brackets.
 */
export type Values = (rows: string, old?: boolean) => string;

/** Of a plan, while its working tables are there: x_* as rows were mapped, o_* as it is held, or else as it was last seen. */
export const valuesOf =
  (shape: Shape): Values =>
  (rows, old = true) => {
    const apart = shape.columns.filter((c) => !isDecidedWith(shape, c));
    const x = apart.map((c) => `CASE WHEN d.gone THEN NULL ELSE t.${wanted(c)} END AS x_${c.index}`);
    const o = apart.map(
      (c) => `CASE WHEN h.id IS NULL THEN ${seenValue(stored(c))} ELSE h.${stored(c)} END AS o_${c.index}`,
    );
    const there = `LEFT JOIN based b ON b.key = CASE WHEN d.link_ = 'linked' THEN d.key END
LEFT JOIN seen_then s ON s.key = b.key LEFT JOIN held h ON h.id = d.id`;
    return `(SELECT ${list(["d.*", ...x, ...(old ? o : [])])} FROM ${rows} d JOIN mapped t ON t.key = d.key ${old ? there : ""})`;
  };

/** Of a `decided` that has all values itself. */
export const ownValues: Values = (rows) => rows;
