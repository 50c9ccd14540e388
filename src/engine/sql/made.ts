import { foldSql } from "../../core/fold.ts";
import { parquetRows, text } from "../duck.ts";
import type { Wave } from "../layout.ts";
import type { Shape, ShapeColumn, Way } from "../shape.ts";
import { cutTo } from "./convert/text.ts";
import { isOwnId, ownId } from "./ids.ts";
import { has, joined, list, parentValue, stored } from "./names.ts";

// Parents that lookups ask to be made (`missing: create`): once each, in a wave before all others, with an id of ours.

/** The way of a lookup whose missing parents are made; there is one at most. */
export const makingWay = (c: ShapeColumn) => c.ways?.find((way) => way.missing === "create");

/**
 * The lookups that make whatever a way of their row's parties may look for: it is there before the row is. They know no other way,
 * so that a value of theirs which nobody has is surely made.
 */
export const makersFor = (shape: Shape, way: Way): ShapeColumn[] =>
  shape.columns.filter((c) => c.ways?.length === 1 && !c.awaits && makingWay(c)?.ref === way.ref);

/** SQL: the folded value of the parent that such a lookup of a party's row may make. */
export const makes = (c: ShapeColumn): string => `makes_${c.index}`;

/** SQL: ids of the records of a way's table that may be of our choosing. */
export const ownRefs = (way: Way): string =>
  `SELECT id FROM ref_now WHERE name = ${text(way.ref)} AND ${isOwnId("id")}`;

/**
 * SQL: the id of the parent that is made for the folded value `value`. One that was made for this value before and goes by
 * another now still holds that id: then there is a second, but no third (`refuseRenamed`).
 */
export function madeId(c: ShapeColumn, value: string): string {
  const way = makingWay(c)!;
  const id = (of: string) =>
    ownId(
      way.object,
      way.keys.map((k) => k.column.name),
      of,
    );
  return `CASE WHEN ${id(value)} IN (${ownRefs(way)}) THEN ${id(`${value} || chr(31) || 'again'`)} ELSE ${id(value)} END`;
}

/** The refs whose missing records are made, each with the columns that ask for it. */
export function madeRefs(shape: Shape) {
  return shape.refs.flatMap((ref) => {
    const columns = shape.columns.filter((c) => makingWay(c)?.ref === ref.name);
    return columns.length
      ? [{ ref, columns, label: columns[0]!.ways!.find((w) => w.missing === "create")!.label }]
      : [];
  });
}

/** A change file of the parents that decided rows ask for: their key columns, and the label where it is none of these. */
export function madeParents({ ref, columns, label }: ReturnType<typeof madeRefs>[number], path: string): string {
  const parts = ref.by.map((_, n) => `part_${n}`);
  const trimmed = parts.map((part) => `trim(${part})`);
  const wanted = columns.map((c) => {
    const id = c.tabled ? `substr(x_${c.index}, ${ref.object.name.length + 2})` : `x_${c.index}`;
    return `SELECT ${[`${id} AS id`, ...parts.map((part, n) => `made_${c.index}_${n} AS ${part}`)].join(", ")} FROM decided
WHERE ${has("m", c)} AND made_${c.index} AND action IN ('create', 'adopt', 'update')`;
  });
  const values = ref.by.map((c, n) => `min(trim(part_${n})) AS ${stored(c)}`);
  const called = `min(concat_ws(' ', ${trimmed.join(", ")}))`;
  const named = label ? [`${cutTo(called, label.maxLength ?? 100)} AS ${stored(label)}`] : [];
  const key = `min(concat_ws(', ', ${trimmed.join(", ")})) AS key`;
  return `COPY (SELECT ${list([key, "id", "'parent' AS kind", ...values, ...named])} FROM (${wanted.join("\nUNION ALL ")}) GROUP BY id) TO ${text(path)} (FORMAT parquet)`;
}

/** A row is refused because its parent could not be made: it is told why that was. Wants `exception`, and tells it before `sent` is made. */
export function tellUnmade(
  shape: Shape,
  file: { change: (wave: Wave) => string; parents: (k: number) => string },
): string[] {
  return madeRefs(shape).flatMap(({ columns }, k) => {
    const unmade = `(SELECT p.id, e.code, e.message FROM exception e JOIN ${parquetRows(file.parents(k), "file_row_number=true")} p ON p.file_row_number = e.n
  WHERE e.w = '0-parents-${k}' AND e.status <> 'created')`;
    return columns.flatMap((c) =>
      (["1-create", "2-update"] as const).map(
        (
          wave,
        ) => `UPDATE exception SET code = u.code, message = ${text(`${c.name}: its record could not be made: `)} || u.message
FROM ${parquetRows(file.change(wave), "file_row_number=true")} r JOIN ${unmade} u ON r.${stored(c)} = ${parentValue(c, makingWay(c)!, "u.id")}
WHERE exception.w = ${text(wave)} AND exception.n = r.file_row_number AND exception.status = 'rejected'`,
      ),
    );
  });
}

/**
 * `made_ref`: the parents that the journal (`line`, `exception`) says were made, as lookups know them (`st.ref`). They
 * were not there when the table was read: without this nobody would be told where one goes by another value before the
 * next run.
 */
export function madeKnown(shape: Shape, file: { parents: (k: number) => string }): string {
  const each = madeRefs(shape).map(({ ref }, k) => {
    const wave = text(`0-parents-${k}`);
    const value = joined(ref.by.map((c) => foldSql(`p.${stored(c)}`)));
    return `SELECT ${text(ref.name)} AS name, p.id, ${value} AS value FROM ${parquetRows(file.parents(k), "file_row_number=true")} p
JOIN line l ON l.w = ${wave} AND p.file_row_number >= l.f AND p.file_row_number < l.t
LEFT JOIN exception e ON e.w = l.w AND e.n = p.file_row_number WHERE coalesce(e.status, l.s) = 'created'`;
  });
  const none = "SELECT NULL::VARCHAR AS name, NULL::VARCHAR AS id, NULL::VARCHAR AS value WHERE false";
  return `CREATE OR REPLACE TABLE made_ref AS ${[none, ...each].join("\nUNION ALL ")}`;
}

/** Part of the fold, after what was read. */
export const foldMade =
  "INSERT INTO st.ref(name, id, value, barred) SELECT name, id, value, false FROM made_ref ANTI JOIN st.ref USING (name, id)";

/** How many parents were made (`made_ref`). */
export const madeCount = "SELECT count(*) AS n FROM made_ref";
