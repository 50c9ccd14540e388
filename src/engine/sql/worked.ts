import type { Scan } from "../../core/connector.ts";
import { ident } from "../duck.ts";
import { asRead, expressed } from "../shape/expression.ts";
import type { Shape } from "../shape.ts";
import { list, sourceColumn } from "./names.ts";

const besides = ident("facts beside the row");

/**
 * SELECT of the rows of `from`, which are as `touch` makes them, with what expressions make of those that are there. Not
 * within `touch`: there rows come out of a join a few at a time, and an expression costs more for each portion than for
 * each row.
 */
export function worked(shape: Shape, scan: Scan, from: string): string {
  if (shape.computed.length === 0) return `FROM ${from}`;
  // The facts go along as one column, for the row's own are under the names that expressions know.
  const facts = ["key", "gone", "h", "old_h", "known", "place", ...shape.audiences.map((_, i) => `a_${i}`)];
  const columns = [
    `{${facts.map((name) => `${name}: ${name}`).join(", ")}} AS ${besides}`,
    ...shape.used.map((c) => `${sourceColumn(c)} AS ${ident(c)}`),
  ];
  const items = [
    ...facts.map((name) => `${besides}.${name} AS ${name}`),
    ...shape.used.map((c) => `${asRead}.${ident(c)} AS ${sourceColumn(c)}`),
    ...shape.computed.map(({ name, sql }) => `CASE WHEN NOT ${besides}.gone THEN ${sql} END AS ${sourceColumn(name)}`),
  ];
  return expressed(scan, shape.used, items, `SELECT ${list(columns)} FROM ${from}`);
}
