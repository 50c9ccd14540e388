import type { Scan } from "../../core/connector.ts";
import { showFormat } from "../../core/dates.ts";
import { foldSql } from "../../core/fold.ts";
import { text } from "../duck.ts";
import type { Shape, ShapeColumn } from "../shape.ts";
import { type Conversion, convertLine, limitOf } from "./convert/index.ts";
import { wantedMatch } from "./match.ts";
import { fault, list, skipped, sourceColumn, wanted } from "./names.ts";

/**
 * `mapped`: the touched rows with what the source wants of each column (canonical text), whether it speaks at all
 * (k_* = skip), and for a row that cannot be sent the first reason: code, column, the value at fault and, where a
 * parent is missing, which (ref). `waits`: parents it goes without (`missing: null`) until they come. Rows without a
 * key are left to the counts.
 */
export function mapRows(shape: Shape, scan: Scan): string {
  const mapped = shape.columns.filter((c) => c.role === "mapped");
  const members = shape.audiences.map((_, i) => `a_${i}`);
  const conversions = mapped.map((c) => ({ c, ...conversion(shape, c, scan) }));
  const converted = conversions.flatMap(({ c, want, bad, skip }) => [
    `${want} AS v_${c.index}`,
    `CASE WHEN gone THEN NULL ELSE ${bad} END AS f_${c.index}`,
    `${skip} AS ${skipped(c)}`,
  ]);
  const parents = mapped.filter((c) => c.parent);
  const resolved = mapped.flatMap((c) =>
    c.parent
      ? [`p_${c.index}.id AS ${wanted(c)}`, `${parentFault(c)} AS ${fault(c)}`]
      : [`v_${c.index} AS ${wanted(c)}`, `f_${c.index} AS ${fault(c)}`],
  );
  const joins = parents.map(
    (c) =>
      `LEFT JOIN parents p_${c.index} ON p_${c.index}.name = ${text(c.parent!.ref)} AND p_${c.index}.value = ${foldSql(`v_${c.index}`)}`,
  );
  const carried = ["key", "gone", "h", "old_h", "link_id", "link_rested", "known", ...members];
  const values = mapped.flatMap((c) => (c.source ? [sourceColumn(c.source.name)] : []));
  return `CREATE TEMP TABLE mapped AS
WITH converted AS (SELECT ${list([...carried, ...new Set(values), ...converted])} FROM touched WHERE key IS NOT NULL),
resolved AS (SELECT ${list(["c.*", ...resolved])} FROM converted c ${joins.join("\n")})
SELECT ${list([
    ...carried,
    ...mapped.flatMap((c) => [wanted(c), skipped(c)]),
    `coalesce(${mapped.map(fault).join(", ")}, NULL) AS code`,
    `${firstFault(mapped, (c) => text(c.name))} AS col`,
    `${firstFault(mapped, rawValue)} AS value`,
    `${firstFault(mapped, (c) => limitCase(c, scan))} AS "limit"`,
    `${firstFault(parents, (c) => `CASE WHEN ${fault(c)} = 'parent_missing' THEN ${parentRef(c)} END`)} AS ref`,
    `${waits(parents.filter((c) => c.parent!.missing === "null"))} AS waits`,
    `CASE WHEN NOT gone THEN ${wantedMatch(shape)} END AS match_value`,
  ])} FROM resolved`;
}

function conversion(shape: Shape, c: ShapeColumn, scan: Scan): Conversion {
  const { source } = c;
  const ambiguous = source && scan.ambiguous?.[source.name];
  const dates = source && scan.dates[source.name];
  const raw = source ? sourceColumn(source.name) : "NULL";
  return convertLine({
    target: c.target,
    line: c.line!,
    source: source ? { name: source.said, type: source.type } : null,
    ...(dates && { dates }),
    ...(ambiguous && { ambiguous }),
    place: { file: `syncs/${shape.sync}.yaml`, path: ["mapping", c.name] },
    column: source?.computed ? `${raw}.v` : raw,
    ...(source?.computed && { failed: `${raw}.failed IS NOT NULL` }),
  });
}

function parentFault(c: ShapeColumn): string {
  const missing = c.parent!.missing === "reject" ? `WHEN p_${c.index}.id IS NULL THEN 'parent_missing'` : "";
  return `CASE WHEN f_${c.index} IS NOT NULL THEN f_${c.index} WHEN v_${c.index} IS NULL THEN NULL ${missing} WHEN p_${c.index}.n > 1 THEN 'parent_ambiguous' END`;
}

const parentRef = (c: ShapeColumn): string => `${text(`${c.parent!.ref}:`)} || ${foldSql(`v_${c.index}`)}`;

function waits(parents: ShapeColumn[]): string {
  if (parents.length === 0) return "NULL::VARCHAR[]";
  const missing = parents.map((c) => `CASE WHEN NOT gone AND ${wanted(c)} IS NULL THEN ${parentRef(c)} END`);
  return `list_filter([${missing.join(", ")}], lambda r: r IS NOT NULL)`;
}

function firstFault(columns: ShapeColumn[], value: (c: ShapeColumn) => string): string {
  return columns.length
    ? `CASE ${columns.map((c) => `WHEN ${fault(c)} IS NOT NULL THEN ${value(c)}`).join(" ")} END`
    : "NULL::VARCHAR";
}

function rawValue(c: ShapeColumn): string {
  if (!c.source) return text(String(c.line?.value));
  const raw = sourceColumn(c.source.name);
  return c.source.computed ? `coalesce(${raw}.failed, ${raw}.v::VARCHAR)` : `${raw}::VARCHAR`;
}

/**
 * `parents`: what a lookup's value leads to: one row per name and folded value, n = how many records share the value.
 * `planned` are rows that another sync of the same command will create first: (name, value, id).
 */
export function parentsTable(planned: string[]): string {
  const sources = ["SELECT name, value, id FROM ref_now", ...planned];
  return `CREATE TEMP TABLE parents AS SELECT name, value, min(id) AS id, count(DISTINCT id) AS n
FROM (${sources.join(" UNION ALL ")}) WHERE value IS NOT NULL GROUP BY name, value`;
}

/** What the column takes, in words, for the sentence about a value that does not fit. */
function limitCase(c: ShapeColumn, scan: Scan): string {
  const read = c.source && scan.dates[c.source.name];
  const formats = c.line?.formats ?? read?.map(showFormat);
  const limits = (["too_long", "out_of_range", "not_an_option", "bad_date"] as const).flatMap((code) => {
    const limit = limitOf(c.target, code, formats);
    return limit === null ? [] : [`WHEN ${text(code)} THEN ${text(limit)}`];
  });
  return limits.length ? `CASE ${fault(c)} ${limits.join(" ")} END` : "NULL";
}
