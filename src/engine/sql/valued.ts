import type { Shape, ShapeColumn } from "../shape.ts";
import { makingWay } from "./made.ts";
import { areMany, list, stored, wanted } from "./names.ts";
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
 * Where all values of decided rows are. `rows`: about how many they are. `first`: statements that make them ready once all is
 * decided. `of`: SQL of rows of `decided` for which a condition holds, with x_* of all columns and, unless `old` is false, o_*; to
 * be read from in a FROM.
 */
export type Values = { rows: number; first: string[]; of: (which: string, old?: boolean) => string };

/**
 * Those of a plan about so many rows, while its working tables are there: x_* as rows were mapped, o_* as it is held, or else as
 * it was last seen. Of few rows all are put together once, which costs less than to say so many times how.
 */
export function valuesOf(shape: Shape, rows: number): Values {
  const apart = shape.columns.filter((c) => !isDecidedWith(shape, c));
  const x = apart.map((c) => `CASE WHEN d.gone THEN NULL ELSE t.${wanted(c)} END AS x_${c.index}`);
  const o = apart.map(
    (c) => `CASE WHEN h.id IS NULL THEN ${seenValue(stored(c))} ELSE h.${stored(c)} END AS o_${c.index}`,
  );
  const there = `LEFT JOIN based b ON b.key = CASE WHEN d.link_ = 'linked' THEN d.key END
LEFT JOIN seen_then s ON s.key = b.key LEFT JOIN held h ON h.id = d.id`;
  const of = (which: string, old = true) =>
    `(SELECT ${list(["d.*", ...x, ...(old ? o : [])])} FROM (FROM decided WHERE ${which}) d JOIN mapped t ON t.key = d.key ${old ? there : ""})`;
  if (areMany(rows)) return { rows, first: [], of };
  return {
    rows,
    first: [`CREATE OR REPLACE TABLE valued AS FROM ${of("true")}`],
    of: (which) => `(FROM valued WHERE ${which})`,
  };
}

/** Those of a `decided` that has them all itself. */
export const ownValues: Values = { rows: 0, first: [], of: (which) => `(FROM decided WHERE ${which})` };
