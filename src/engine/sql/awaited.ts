import type { Shape, ShapeColumn } from "../shape.ts";
import { awaitedBy, bit, ifWithout, maskType, parentValue } from "./names.ts";
import { demote, goes } from "./refuse.ts";
import { columnBits } from "./rules.ts";

// Lookups into the sync's own table, whose parent is another row of this run and may not be there yet: circles among
// them. Such a column is written in a wave after creates, and points at an id that is known beforehand. While the plan is
// made its value is `later:` and the other row's key.

/** Rows that have a record after this run, or are left alone with theirs. */
const alive = "action IN ('create', 'adopt', 'update')";

type Awaits = NonNullable<ShapeColumn["awaits"]>[number];

/** Every lookup that awaits rows, by each of its ways. */
const awaiting = ({ columns }: Shape) => columns.flatMap((c) => (c.awaits ?? []).map((by) => ({ c, by })));

/** A decided row awaits another, by this way. */
const awaits = (c: ShapeColumn, { way }: Awaits): string =>
  `later_${c.index} IS NOT NULL${c.awaits!.length > 1 ? ` AND ${awaitedBy(c)} = ${way}` : ""}`;

/** Of a row that does not go anyway nothing is lost, but what it would go without (`missing: null`): it waits for that, too. */
const lost = (shape: Shape, c: ShapeColumn, by: Awaits): string =>
  `(${awaits(c, by)} AND later_${c.index} NOT IN (SELECT key FROM decided WHERE ${alive})${by.missing === "reject" ? ` AND ${goes(shape, c)}` : ""})`;

/** How many rows await a parent that will not come; undefined where none can. */
export function lostRows(shape: Shape): string | undefined {
  const any = awaiting(shape).map(({ c, by }) => lost(shape, c, by));
  return any.length ? `SELECT count(*) AS lost FROM decided WHERE ${any.join(" OR ")}` : undefined;
}

/** They are rejected, too, or go without. */
export function withoutLost(shape: Shape): string[] {
  return without(shape, (c, by) => lost(shape, c, by));
}

/** All that are still lost, for those rejected were the parents of others, and these of others, to the end of each chain. */
export function withoutFallen(shape: Shape): string[] {
  const each = awaiting(shape).filter(({ by }) => by.missing === "reject");
  const links = each.map(
    ({ c, by }) => `SELECT key, later_${c.index} AS parent FROM decided WHERE ${awaits(c, by)} AND ${goes(shape, c)}`,
  );
  if (links.length === 0) return [];
  return [
    `CREATE TABLE falls_with AS ${links.join(" UNION ALL ")}`,
    `CREATE TABLE fallen AS WITH RECURSIVE reached AS (
  SELECT key FROM falls_with WHERE parent NOT IN (SELECT key FROM decided WHERE ${alive})
  UNION SELECT f.key FROM reached r JOIN falls_with f ON f.parent = r.key)
FROM reached`,
    ...without(
      shape,
      (c, by) => `(${lost(shape, c, by)} OR (${awaits(c, by)} AND later_${c.index} IN (SELECT key FROM fallen)))`,
    ),
  ];
}

const moved = { sm: columnBits.sourceMoved, dm: columnBits.destinationMoved };

function without(shape: Shape, lost: (c: ShapeColumn, by: Awaits) => string): string[] {
  return awaiting(shape).map(({ c, by }) => {
    const waits = `waits = list_append(coalesce(waits, []), ref_${c.index})`;
    if (by.missing !== "reject") {
      // What its record holds of another parent goes, as it would where the source says nothing.
      const bits = Object.entries({ m: columnBits.write, a: columnBits.accept, ...moved }).map(
        ([mask, one]) =>
          `${mask} = (${mask} - (${mask} & ${bit(c)}) + CASE WHEN ${ifWithout(c)} & ${one} <> 0 THEN ${bit(c)} ELSE 0 END)::${maskType}`,
      );
      return `UPDATE decided SET x_${c.index} = NULL, ${bits.join(", ")}, later_${c.index} = NULL, ${waits} WHERE ${lost(c, by)}`;
    }
    return demote(shape, c, lost(c, by), "parent_missing", `said_${c.index}`, by.hint, waits);
  });
}

/** The ids that awaited parents have or get, in place of the marks. `created`: SQL of the id of a row that is created, over what the statement `taken` makes. */
export function pointAtAwaited(shape: Shape, taken: string, created: string): string[] {
  const columns = shape.columns.filter((c) => c.awaits);
  if (columns.length === 0) return [];
  const keys = columns.map((c) => `SELECT later_${c.index} AS key FROM decided WHERE later_${c.index} IS NOT NULL`);
  return [
    taken,
    `CREATE TABLE awaited AS SELECT DISTINCT key FROM (${keys.join(" UNION ALL ")})`,
    `CREATE TABLE awaited_id AS SELECT key, CASE WHEN action = 'create' THEN ${created} ELSE id END AS id FROM decided WHERE key IN (SELECT key FROM awaited)`,
    ...columns.map((c) => {
      const value = parentValue(c, c.ways!.find((way) => way.object === shape.object.name)!, "p.id");
      return `UPDATE decided SET x_${c.index} = ${value} FROM awaited_id p WHERE p.key = later_${c.index}`;
    }),
  ];
}
