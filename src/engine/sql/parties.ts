import { trimSql } from "../../core/blanks.ts";
import type { Scan } from "../../core/connector.ts";
import { ident, text } from "../duck.ts";
import { partyPart } from "../shape/parties.ts";
import type { Shape, ShapeColumn } from "../shape.ts";
import { partsOf } from "./convert/options.ts";
import { kindOf, sourceText } from "./convert/source-text.ts";
import { lookupSql, rawValue, soughtValue } from "./lookups.ts";
import { makersFor, makes } from "./made.ts";
import { fault, sourceColumn, wanted } from "./names.ts";

/** The column of a create's change file that holds the parties of one mapping line. */
export const partyColumn = (c: ShapeColumn): string => ident(`party_${c.name}`);

const at = (c: ShapeColumn) => `party_${c.index}`;
export const partyRaw = (c: ShapeColumn): string => `r_${c.index}`;
export const partyHint = (c: ShapeColumn): string => `l_${c.index}`;
export const partyWaits = (c: ShapeColumn): string => `y_${c.index}`;

/**
 * Common table expressions over `converted` that end in one row for each key with parties: w_* = its parties as
 * `contact:<id>`, separated by semicolons, each once; b_* = why the first that was not found was not, with what the source
 * says of it and what was looked for; y_* = what the row then waits for. Each party is looked up as a lookup would be, and also
 * is the record that a lookup of its row makes.
 */
export function partyTables(shape: Shape, c: ShapeColumn, scan: Scan): string[] {
  const { line, source } = c;
  const column = source && `${sourceColumn(source.name)}${source.computed ? ".v" : ""}`;
  const whole = source ? sourceText(column!, source.type) : text(String(line!.value));
  const list = source !== undefined && kindOf(source.type) === "list";
  const part = sourceColumn(partyPart);
  const parts = `list_filter(list_transform(${partsOf(line!, trimSql(whole), list)}, lambda p: ${trimSql("p")}), lambda p: p <> '')`;
  const lookup = lookupSql(shape, c, scan);
  const makers = [...new Set(c.ways!.flatMap((way) => makersFor(shape, way)))];
  const made = makers.map((maker) => `, ${soughtValue(maker, 0)} AS ${makes(maker)}`).join("");
  const known = makers.map((maker) => `, ${makes(maker)}`).join("");
  const [w, b] = [wanted(c), fault(c)];
  const first = (value: string) => `arg_min(${value}, n) FILTER (${b} IS NOT NULL)`;
  return [
    `parts_${c.index} AS (SELECT key, false AS gone, unnest(parts) AS ${part}, generate_subscripts(parts, 1) AS n${known} FROM (SELECT key, ${parts} AS parts${made} FROM converted WHERE NOT gone))`,
    `read_${c.index} AS (SELECT *, ${lookup.converted.join(", ")} FROM parts_${c.index})`,
    `found_${c.index} AS (SELECT r.*, ${lookup.want} AS ${w}, ${lookup.bad} AS ${b}, [${lookup.waits.join(", ")}] AS waits FROM read_${c.index} r ${lookup.joins.join("\n")})`,
    `${at(c)} AS (SELECT key, nullif(array_to_string(list_sort(list_distinct(list(${w}))), ';'), '') AS ${w},
  ${first(b)} AS ${b}, ${first(lookup.raw)} AS ${partyRaw(c)}, ${first(lookup.hint)} AS ${partyHint(c)},
  list_filter(flatten(list(waits) FILTER (${b} IS NOT NULL)), lambda r: r IS NOT NULL) AS ${partyWaits(c)} FROM found_${c.index} GROUP BY key)`,
  ];
}

export const partyJoin = (c: ShapeColumn): string => `LEFT JOIN ${at(c)} ON ${at(c)}.key = c.key`;

/** What `partyTables` tells, as columns of `resolved`. */
export function partyResolved(c: ShapeColumn): string[] {
  const [w, b, r, l, y] = [wanted(c), fault(c), partyRaw(c), partyHint(c), partyWaits(c)].map((n) => `${at(c)}.${n}`);
  const failed = c.source?.computed ? `${sourceColumn(c.source.name)}.failed IS NOT NULL` : "false";
  return [
    `${w} AS ${wanted(c)}`,
    `CASE WHEN ${failed} AND NOT c.gone THEN 'expression_failed' ELSE ${b} END AS ${fault(c)}`,
    `CASE WHEN ${failed} THEN ${rawValue(c.line!, c.source)} ELSE ${r} END AS ${partyRaw(c)}`,
    `${l} AS ${partyHint(c)}`,
    `${y} AS ${partyWaits(c)}`,
  ];
}
