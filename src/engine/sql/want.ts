import type { Scan } from "../../core/connector.ts";
import { showFormat } from "../../core/dates.ts";
import { text } from "../duck.ts";
import { isParties } from "../shape/parties.ts";
import type { Shape, ShapeColumn } from "../shape.ts";
import { limitOf } from "./convert/index.ts";
import { conversion, lookupSql, rawValue } from "./lookups.ts";
import { wantedMatch } from "./match.ts";
import { dealt, fault, list, skipped, sourceColumn, wanted } from "./names.ts";
import { partyHint, partyJoin, partyRaw, partyResolved, partyTables, partyWaits } from "./parties.ts";
import { isState, stateSql } from "./states.ts";
import { worked } from "./worked.ts";

/**
 * SQL of `mapped`: the touched rows with what the source wants of each column (canonical text), whether it speaks at all
 * (k_* = skip), and for a row that cannot be sent the first reason: code, column, the value at fault and what would
 * fit. `waits`: parents whose coming is a reason to look again. Rows without a key are left to the counts.
 */
export function mapRows(shape: Shape, scan: Scan, rows: number): string {
  const mapped = shape.columns.filter((c) => c.role === "mapped");
  const members = shape.audiences.map((_, i) => `a_${i}`);
  const lookups = new Map(mapped.filter((c) => c.ways).map((c) => [c, lookupSql(shape, c, scan)]));
  const dear: string[] = [];
  const converted = mapped.flatMap((c) => {
    const lookup = lookups.get(c);
    if (lookup) return lookup.converted;
    if (c.follows) return [];
    const name = `n_${c.index}`;
    const { want, bad, skip, once } = conversion(shape, c.target, { line: c.line!, source: c.source }, c.said!, scan, {
      once: name,
    });
    if (once !== undefined) dear.push(`${once} AS ${name}`);
    return [
      `${want} AS v_${c.index}`,
      `CASE WHEN gone THEN NULL ELSE ${bad} END AS f_${c.index}`,
      ...(isState(c) ? [] : [`${skip} AS ${skipped(c)}`]),
    ];
  });
  const resolved = mapped.flatMap((c) => {
    const lookup = lookups.get(c);
    if (isState(c)) return stateSql(shape, c);
    if (!lookup) return [`v_${c.index} AS ${wanted(c)}`, `f_${c.index} AS ${fault(c)}`];
    return [
      `${lookup.want} AS ${wanted(c)}`,
      `${lookup.bad} AS ${fault(c)}`,
      `${lookup.skip} AS ${skipped(c)}`,
      ...lookup.made.map(([name, sql]) => `${sql} AS ${name}`),
      ...lookup.waits.map((ref, j) => `${ref} AS wait_${c.index}_${j}`),
    ];
  });
  const parties = shape.parties.map(partyResolved);
  const waiting = [...lookups].flatMap(([c, { waits }]) => waits.map((_, j) => `wait_${c.index}_${j}`));
  const carried = ["key", "gone", "h", "old_h", "link_id", "link_rested", "known", ...members];
  const coming = [
    ...[...lookups.values()].flatMap((lookup) => lookup.coming),
    ...shape.parties.flatMap((c) => partyTables(shape, c, scan)),
  ];
  const joins = [...[...lookups.values()].flatMap((lookup) => lookup.joins), ...shape.parties.map(partyJoin)];
  const all = [...mapped, ...shape.parties];
  const materialized = coming.length ? "MATERIALIZED " : "";
  const values = [...shape.used, ...shape.computed.map(({ name }) => name)].map(sourceColumn);
  return `WITH ${dealt("rows_read", "touched", rows)},
looked AS (${worked(shape, scan, "rows_read")}),
converted AS ${materialized}(SELECT ${list([...carried, ...values, ...converted])} FROM (SELECT ${list(["t.*", "k.link_id", "k.link_rested", ...dear])} FROM looked t LEFT JOIN linked k ON k.place = t.place WHERE t.key IS NOT NULL)),
${coming.map((each) => `${each},\n`).join("")}resolved AS (SELECT ${list(["c.*", ...resolved, ...parties.flat()])} FROM converted c ${joins.join("\n")})
SELECT ${list([
    ...carried,
    ...mapped.flatMap((c) => [wanted(c), c.target.neverEmpty ? `${wanted(c)} IS NULL AS ${skipped(c)}` : skipped(c)]),
    ...shape.parties.map(wanted),
    `coalesce(${all.map(fault).join(", ")}, NULL) AS code`,
    `${firstFault(all, (c) => text(c.name))} AS col`,
    `${firstFault(all, (c) => (isParties(c) ? partyRaw(c) : (lookups.get(c)?.raw ?? (c.follows ? "NULL" : rawValue(c.line!, c.source)))))} AS value`,
    `${firstFault(all, (c) => (isParties(c) ? partyHint(c) : (lookups.get(c)?.hint ?? limitCase(c, scan))))} AS "limit"`,
    `${waitsOf(waiting, shape.parties.map(partyWaits))} AS waits`,
    `CASE WHEN NOT gone THEN ${wantedMatch(shape)} END AS match_value`,
    ...[...lookups.values()].flatMap((lookup) => [...lookup.awaited, ...lookup.made.map(([name]) => name)]),
  ])} FROM resolved`;
}

/** `each`: values or NULL; `lists`: lists or NULL. */
function waitsOf(each: string[], lists: string[]): string {
  const known = each.length ? [`list_filter([${each.join(", ")}], lambda r: r IS NOT NULL)`] : [];
  const all = [...known, ...lists];
  return all.length ? all.reduce((a, b) => `list_concat(${a}, ${b})`) : "NULL::VARCHAR[]";
}

function firstFault(columns: ShapeColumn[], value: (c: ShapeColumn) => string): string {
  return columns.length
    ? `CASE ${columns.map((c) => `WHEN ${fault(c)} IS NOT NULL THEN ${value(c)}`).join(" ")} END`
    : "NULL::VARCHAR";
}

/** What the column takes, in words, for the sentence about a value that does not fit. */
function limitCase(c: ShapeColumn, scan: Scan): string {
  const read = c.source && scan.dates[c.source.name];
  const formats = c.line?.formats ?? read?.map(showFormat);
  const limits = (["too_long", "out_of_range", "too_precise", "not_an_option", "bad_date"] as const).flatMap((code) => {
    const limit = limitOf(c.target, code, formats);
    return limit === null ? [] : [`WHEN ${text(code)} THEN ${text(limit)}`];
  });
  return limits.length ? `CASE ${fault(c)} ${limits.join(" ")} END` : "NULL";
}
