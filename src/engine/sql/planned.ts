import { foldSql } from "../../core/fold.ts";
import type { Column } from "../../core/schema.ts";
import { ident, parquetRows, text } from "../duck.ts";
import type { KeptJob } from "../kept-job.ts";
import type { runFiles } from "../layout.ts";
import type { Ref, Shape } from "../shape.ts";
import { joined, maskType, stored } from "./names.ts";

// What plans made just before by the same command would do to the parents of this one's lookups.

/** A plan made just before: of which table, its files, and what they hold. */
export type Upstream = { object: string; files: ReturnType<typeof runFiles>; kept: KeptJob };

/** How that begins which stands for the id of a record that another sync of the same command will create. Only plans show it. */
const planned = "(to be created";

/** SQL: what stands for the id of one that is found by the folded value `value`. Semicolons divide parties. */
const plannedId = (value: string): string =>
  `${text(`${planned}: `)} || replace(replace(${value}, chr(31), ', '), ';', ',') || ')'`;

const isPlanned = (value: string): string => `contains(${value}, ${text(planned)})`;

/** SQL: a lookup holds what was planned: where the id was not known yet, any of the same table. */
export const holdsPlanned = (now: string, then: string): string =>
  `(${now} IS NOT DISTINCT FROM ${then} OR coalesce(${isPlanned(then)} AND starts_with(${now}, split_part(${then}, ${text(planned)}, 1)), false))`;

/** SQL: parties are those that were planned: beside the known ones as many as were not known yet, or fewer where several are one, of the same tables. */
export function arePlanned(now: string, then: string): string {
  const [all, before] = [now, then].map((value) => `string_split(${value}, ';')`);
  const known = `list_filter(${before}, lambda p: NOT ${isPlanned("p")})`;
  const unknown = `list_filter(${before}, lambda p: ${isPlanned("p")})`;
  const others = `list_filter(${all}, lambda p: NOT list_contains(${known}, p))`;
  const tables = (of: string) => `list_sort(list_distinct(list_transform(${of}, lambda p: split_part(p, ':', 1))))`;
  return `(${now} IS NOT DISTINCT FROM ${then} OR coalesce(${isPlanned(then)} AND list_has_all(${all}, ${known})
  AND len(${others}) <= len(${unknown}) AND ${tables(others)} = ${tables(unknown)}, false))`;
}

/**
 * Rows that such a plan will create, as parents for this one's lookups: otherwise a first plan of companies and their people
 * would call every person's company missing. Those that its own lookups would have made are among them. What two syncs would create
 * with one value counts once, for the second may find the record of the first; what one would create counts each.
 */
export function plannedParents(shape: Shape, upstream: readonly Upstream[]): string[] {
  const made = upstream.flatMap(({ object, files, kept }) => [
    { object, path: files.change("1-create") },
    ...kept.parents.map((parent, k) => ({ object: parent.object, path: files.parents(k) })),
  ]);
  return made.flatMap((u) =>
    shape.refs
      .filter((ref) => ref.object.name === u.object)
      .map((ref) => {
        const value = `SELECT ${joined(ref.by.map((c) => foldSql(plannedValue(c))))} AS value FROM ${withColumns(ref, u.path)}`;
        const each = `SELECT value, ${plannedId("value")} AS id, count(*) > 1 AS several FROM (${value}) GROUP BY value`;
        return `SELECT ${text(ref.name)} AS name, value, unnest(CASE WHEN several THEN [id, id || ' 2'] ELSE [id] END) AS id, false AS barred FROM (${each})`;
      }),
  );
}

// A lookup that may point at several tables is found by its id alone, wherever that points.
const named = (c: Column): string[] => [
  stored(c),
  ...(severalTables(c) ? [stored({ name: c.name, tabled: true })] : []),
];
const severalTables = ({ targets = [] }: Column): boolean => targets.length > 1;
const idIn = (value: string): string => `split_part(${value}, ':', 2)`;
const plannedValue = (c: Column): string =>
  severalTables(c) ? `coalesce(${stored(c)}, ${idIn(stored({ name: c.name, tabled: true }))})` : stored(c);

/** A file of records to be created; where it lacks a column that they are found by, that is empty. */
const withColumns = ({ by }: Ref, path: string): string =>
  `(SELECT ${by
    .flatMap(named)
    .map((name) => `NULL::VARCHAR AS ${name}`)
    .join(", ")} WHERE false UNION ALL BY NAME SELECT * FROM ${parquetRows(path)})`;

/**
 * The statements that put into `ref_fresh` which records such a plan would delete, and which it would have found by another value:
 * as if this run had just read that.
 */
export function plannedNews(shape: Shape, upstream: readonly Upstream[]): string[] {
  const news = upstream.flatMap((u) =>
    shape.refs
      .filter((ref) => ref.object.name === u.object)
      .flatMap((ref) => [
        `SELECT ${text(ref.name)} AS name, id, true AS gone, NULL::VARCHAR AS value FROM ${parquetRows(u.files.change("4-delete"))} WHERE id IS NOT NULL`,
        ...renamed(ref, u),
      ]),
  );
  if (news.length === 0) return [];
  return [
    `CREATE TABLE ref_planned AS SELECT p.name, p.id, p.gone, p.value, r.barred FROM (${news.join("\nUNION ALL ")}) p LEFT JOIN ref_now r ON r.name = p.name AND r.id = p.id`,
    "DELETE FROM ref_fresh USING ref_planned p WHERE ref_fresh.name = p.name AND ref_fresh.id = p.id",
    "INSERT INTO ref_fresh SELECT name, id, gone, value, barred FROM ref_planned",
    "DROP TABLE ref_planned",
  ];
}

/** Where the plan's sync writes all columns that its records are found by. */
function renamed(ref: Ref, { files, kept }: Upstream): string[] {
  const by = ref.by.flatMap((c) => kept.columns.filter(({ stored: name }) => named(c).includes(ident(name))));
  if (by.length < ref.by.length) return [];
  const written = ({ bit }: { bit: number }) => `(m & ${2n ** BigInt(bit)}::${maskType}) <> 0`;
  const value = by.map((c) => {
    const now = `(CASE WHEN ${written(c)} THEN ${ident(c.stored)} ELSE ${ident(`o_${c.name}`)} END)`;
    return foldSql(c.stored === `c_${c.name}` ? now : idIn(now));
  });
  return [
    `SELECT ${text(ref.name)}, id, false, ${joined(value)} FROM ${parquetRows(files.change("2-update"))} WHERE ${by.map(written).join(" OR ")}`,
  ];
}
