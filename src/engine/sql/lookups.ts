import { trimSql } from "../../core/blanks.ts";
import type { Scan } from "../../core/connector.ts";
import { foldSql } from "../../core/fold.ts";
import type { MappingLine } from "../../core/project.ts";
import type { Column } from "../../core/schema.ts";
import { text } from "../duck.ts";
import { wayHint } from "../shape/lookup.ts";
import { isParties } from "../shape/parties.ts";
import type { Shape, ShapeColumn, ShapeSource, Way } from "../shape.ts";
import { type Conversion, convertLine } from "./convert/index.ts";
import { madeId, makersFor, makes } from "./made.ts";
import { awaitedBy, fault, joined, laterMark, parentValue, sourceColumn, wanted } from "./names.ts";

/**
 * A mapping line's conversion, given what the scan knows of its source. `at`: what the mapping calls the column; `once` and
 * `sought`: see LineInput.
 */
export function conversion(
  shape: Shape,
  target: Column,
  { line, source }: { line: MappingLine; source?: ShapeSource | undefined },
  at: string,
  scan: Scan,
  { once, sought = false }: { once?: string; sought?: boolean } = {},
): Conversion {
  const ambiguous = source && scan.ambiguous?.[source.name];
  const dates = source && scan.dates[source.name];
  const raw = source ? sourceColumn(source.name) : "NULL";
  return convertLine({
    target,
    line,
    source: source ? { name: source.said, type: source.type } : null,
    ...(dates && { dates }),
    ...(ambiguous && { ambiguous }),
    place: { file: `syncs/${shape.sync}.yaml`, path: ["mapping", at] },
    ...(once !== undefined && { once }),
    sought,
    column: source?.computed ? `${raw}.v` : raw,
    ...(source?.computed && { failed: `${raw}.failed IS NOT NULL` }),
  });
}

/** What the source says, as text. */
export function rawValue(line: MappingLine, source: ShapeSource | undefined): string {
  if (!source) return text(String(line.value));
  const raw = sourceColumn(source.name);
  return source.computed ? `coalesce(${raw}.failed, ${raw}.v::VARCHAR)` : `${raw}::VARCHAR`;
}

/**
 * How a lookup column finds its parent, as parts of `mapRows`. Ways are tried in order: one whose source says nothing is
 * passed, and the first that finds a record decides. Where none does, the last that had a value says what is amiss.
 * `converted`: the values to look for, of every way; `joins`: to `parents`; `want`: the parent's id, with its table
 * where there are several; `bad`: why not; `raw`: what the source says; `hint`: what was looked for; `waits`: the
 * parents whose coming changes this.
 */
export type LookupSql = Record<"want" | "bad" | "skip" | "raw" | "hint", string> & {
  /** Of one that awaits rows of this run: a common table expression, and columns of `mapped` (see `awaited.ts`). */
  coming: string[];
  awaited: string[];
  /** Of one whose missing parents are made (see `made.ts`), or that awaits by several ways: columns of `mapped`. */
  made: [name: string, sql: string][];
  converted: string[];
  joins: string[];
  waits: string[];
};

export function lookupSql(shape: Shape, c: ShapeColumn, scan: Scan): LookupSql {
  const ways = c.ways!.map((way, j) => waySql(shape, c, way, j, scan));
  const lastFirst = ways.toReversed();
  const decides = (of: (way: WaySql) => string) =>
    `CASE ${lastFirst.map((way) => `WHEN ${way.says} THEN ${of(way)}`).join(" ")} END`;
  const found = ways.map((way) => `WHEN ${way.found} THEN ${way.fault}`).join(" ");
  const none = `NOT (${ways.map((way) => way.says).join(" OR ")})`;
  const tried = `concat_ws(' or ', ${ways.map((way) => `CASE WHEN ${way.says} THEN ${text(way.hint)} END`).join(", ")})`;
  const skips = c.line!.empty === "skip";
  const empty = c.target.required && !skips ? `WHEN ${none} THEN 'required_empty'` : "";
  return {
    coming: (c.awaits ?? []).map((way) => comingRows(shape, c, way)),
    awaited: c.awaits ? awaitedSql(c, ways) : [],
    made: [...madeSql(c, ways), ...awaitedWay(c, ways)],
    converted: ways.flatMap((way) => way.converted),
    joins: ways.map((way) => way.join),
    want: `CASE ${ways.map((way) => `WHEN ${way.found} THEN ${way.id}`).join(" ")} ${lastFirst.map((way) => `WHEN ${way.says} THEN ${way.made}`).join(" ")} END`,
    bad: `CASE WHEN gone THEN NULL ${found} ${lastFirst.map((way) => `WHEN ${way.says} THEN ${way.otherwise}`).join(" ")} ${empty} END`,
    skip: skips ? none : "false",
    raw: decides((way) => way.raw),
    hint: `CASE ${fault(c)} WHEN 'parent_missing' THEN ${tried} WHEN 'parent_ambiguous' THEN ${decides((way) => text(way.hint))} END`,
    // Whatever goes missing is waited for, and whatever would have gone before what was found: but for owners, where most
    // rows would wait for nothing.
    waits: ways.map((way, j) => {
      const earlier = (c.ways![j]!.owner ? ways : ways.slice(0, j + 1)).map((w) => w.found);
      return `CASE WHEN NOT gone AND ${way.says} AND NOT (${earlier.join(" OR ")}) THEN ${way.ref} END`;
    }),
  };
}

/**
 * The rows of this run by what a way of the lookup finds its parent by. Those whose own values are at fault will not be there: they
 * make nothing ambiguous, and where another way follows, that one is tried instead.
 */
function comingRows(shape: Shape, c: ShapeColumn, { way, by }: { way: number; by: readonly ShapeColumn[] }): string {
  const value = joined(by.map((key) => foldSql(`CASE WHEN f_${key.index} IS NULL THEN v_${key.index} END`)));
  const own = shape.columns.filter((each) => each.role === "mapped" && !each.ways && !each.follows);
  const fine = `FILTER (coalesce(${own.map((each) => `f_${each.index}`).join(", ")}, NULL) IS NULL)`;
  // Whom a way would make, for want of the row, would be there twice.
  const passed = way + 1 < c.ways!.length && c.ways!.every(({ missing }) => missing !== "create");
  return `coming_${c.index}_${way} AS (SELECT ${value} AS value, coalesce(min(key) ${fine}, min(key)) AS key, greatest(count(*) ${fine}, 1) AS n
FROM converted WHERE NOT gone GROUP BY 1${passed ? ` HAVING count(*) ${fine} > 0` : ""})`;
}

/** What `mapped` tells of a parent that is to be made: made_* = whether, and made_*_* = the values of its key. */
function madeSql(c: ShapeColumn, ways: WaySql[]): LookupSql["made"] {
  const at = c.ways!.findIndex((way) => way.missing === "create");
  if (at < 0) return [];
  const found = ways.map((way) => way.found).join(" OR ");
  const later = ways.slice(at + 1).map((way) => ` AND NOT ${way.says}`);
  const asked = `(NOT gone AND ${fault(c)} IS NULL AND ${ways[at]!.says} AND NOT (${found})${later.join("")})`;
  return [
    [`made_${c.index}`, asked],
    ...ways[at]!.parts.map((part, n): [string, string] => [
      `made_${c.index}_${n}`,
      `CASE WHEN ${asked} THEN ${part} END`,
    ]),
  ];
}

/** What `mapped` tells of an awaited parent: later_* = its key, said_* = what the source says, ref_*. */
function awaitedSql(c: ShapeColumn, ways: WaySql[]): string[] {
  const awaits = `starts_with(${wanted(c)}, ${text(laterMark)})`;
  const [first, ...more] = c.awaits!.map(({ way }) => ({ way, ...ways[way]! }));
  const told = (of: (way: WaySql) => string) =>
    more.length === 0
      ? of(first!)
      : `CASE ${awaitedBy(c)} ${[first!, ...more].map((way) => `WHEN ${way.way} THEN ${of(way)}`).join(" ")} END`;
  return [
    `CASE WHEN ${awaits} THEN substr(${wanted(c)}, ${laterMark.length + 1}) END AS later_${c.index}`,
    `CASE WHEN ${awaits} THEN ${told((way) => way.raw)} END AS said_${c.index}`,
    `CASE WHEN ${awaits} THEN ${told((way) => way.ref)} END AS ref_${c.index}`,
  ];
}

/** The way by which it is awaited, where there are several: the first that finds a record or a row. */
function awaitedWay(c: ShapeColumn, ways: WaySql[]): LookupSql["made"] {
  if ((c.awaits ?? []).length < 2) return [];
  return [[awaitedBy(c), `CASE ${ways.map((way, j) => `WHEN ${way.found} THEN ${j}`).join(" ")} END`]];
}

type WaySql = ReturnType<typeof waySql>;

const keyNames = (name: string, n: number) => ({ value: `q_${name}_${n}`, fault: `g_${name}_${n}` });

/** SQL: the folded value that a way looks for, over its `converted`. */
export function soughtValue(c: ShapeColumn, j: number): string {
  const { keys, missing } = c.ways![j]!;
  // A parent is made without blanks around its key: by those it would never be found again.
  const bare = (found: string) => (missing === "create" ? trimSql(found) : found);
  const parts = keys.map((_, n) => {
    const { value, fault } = keyNames(`${c.index}_${j}`, n);
    return foldSql(bare(`CASE WHEN ${fault} IS NULL THEN ${value} END`));
  });
  return joined(parts);
}

function waySql(shape: Shape, c: ShapeColumn, way: Way, j: number, scan: Scan) {
  const name = `${c.index}_${j}`;
  const keys = way.keys.map(({ column, line, source }, n) => ({
    ...conversion(shape, column, { line, source }, c.said!, scan, { sought: true }),
    raw: rawValue(line, source),
    ...keyNames(name, n),
  }));
  const value = soughtValue(c, j);
  const p = `p_${name}`;
  const id = parentValue(c, way, way.owner ? `${p}.free_id` : `${p}.id`);
  const awaits = c.awaits?.some((each) => each.way === j);
  const s = `s_${name}`;
  const makers = isParties(c) ? makersFor(shape, way) : [];
  // What is not there yet, and will be: a row of this run, or what a lookup of a party's own row makes.
  const comes = awaits ? `${s}.n IS NOT NULL` : makers.map((maker) => `${makes(maker)} = ${value}`).join(" OR ");
  const next = awaits ? `${text(laterMark)} || ${s}.key` : makers[0] && parentValue(c, way, madeId(makers[0], value));
  const fits = way.owner ? "free" : "n";
  const barred = way.owner ? `WHEN ${p}.free = 0 THEN 'owner_barred'` : "";
  return {
    converted: keys.flatMap((k) => [`${k.want} AS ${k.value}`, `${k.bad} AS ${k.fault}`]),
    join: `LEFT JOIN parents ${p} ON ${p}.name = ${text(way.ref)} AND ${p}.value = ${value}${awaits ? `\nLEFT JOIN coming_${name} ${s} ON ${s}.value = ${value}` : ""}`,
    says: `(${keys.map((k) => `(${k.value} IS NOT NULL OR ${k.fault} IS NOT NULL)`).join(" AND ")})`,
    found: next ? `(${p}.n IS NOT NULL OR coalesce(${comes}, false))` : `${p}.n IS NOT NULL`,
    id: next ? `CASE WHEN ${p}.n IS NULL THEN ${next} ELSE ${id} END` : id,
    fault: `CASE ${barred} WHEN ${awaits ? `coalesce(${p}.n, ${s}.n)` : `${p}.${fits}`} > 1 THEN 'parent_ambiguous' END`,
    otherwise: `coalesce(${[...keys.map((k) => k.fault), way.missing === "reject" ? "'parent_missing'" : "NULL"].join(", ")})`,
    raw: `concat_ws(', ', ${keys.map((k) => k.raw).join(", ")})`,
    hint: wayHint(way.object, way.keys),
    made:
      way.missing === "create"
        ? `CASE WHEN ${keys.map((k) => `${k.fault} IS NULL`).join(" AND ")} THEN ${parentValue(c, way, madeId(c, value))} END`
        : "NULL",
    parts: keys.map((k) => k.value),
    ref: `${text(`${way.ref}:`)} || ${value}`,
  };
}

/**
 * `parents`: what a lookup's value leads to: one row per name and folded value, n = how many records share the value,
 * free = how many of these may own records. `planned` are rows that another sync of the same command will create
 * first: (name, value, id, barred).
 */
export function parentsTable(planned: string[]): string {
  const sources = ["SELECT name, value, id, barred FROM ref_now", ...planned];
  const free = "FILTER (WHERE barred IS NOT TRUE)";
  // Only the few values that several have go through aggregates of text, which cost twenty times as much.
  return `CREATE TABLE parents AS
WITH parent AS (SELECT * FROM (${sources.join(" UNION ALL ")}) WHERE value IS NOT NULL),
several AS (SELECT name, value FROM parent GROUP BY name, value HAVING count(*) > 1)
SELECT name, value, id, 1 AS n, CASE WHEN barred IS NOT TRUE THEN id END AS free_id, CASE WHEN barred IS NOT TRUE THEN 1 ELSE 0 END AS free
FROM parent ANTI JOIN several USING (name, value)
UNION ALL SELECT name, value, min(id), count(DISTINCT id), min(id) ${free}, count(DISTINCT id) ${free}
FROM parent SEMI JOIN several USING (name, value) GROUP BY name, value`;
}
