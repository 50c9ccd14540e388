import type { Column } from "../../core/schema.ts";
import type { Policies } from "../../core/state.ts";
import { ident, text } from "../duck.ts";
import type { Shape, ShapeColumn } from "../shape.ts";
import { leftBefore } from "./left.ts";
import { storedMatch } from "./match.ts";
import { list, stored } from "./names.ts";
import { isState } from "./states.ts";
import { seenValue } from "./touch.ts";
import { unmetFacts } from "./unmet.ts";

/**
 * `known`: the linked rows that are compared; all, or some that chance picks. `gone`: of a row that left; `done`: all of
 * its record that was to be written then was, so that no run writes it any more.
 */
export const knownRows = (sample: number | undefined): string =>
  `CREATE TABLE known AS SELECT key, id, h IS NULL AS gone, ${leftBefore("h")} AS done, rested FROM st.link WHERE id IS NOT NULL${sample === undefined ? "" : ` USING SAMPLE ${sample} ROWS`}`;

/**
 * `compared`: every known row beside its record as it was read (`found`). e_* = what we hold it to be, f_* = what it is.
 * In a column that the row has yet to meet (`unmet`: stored names of those with such rows) we hold it to be what it is; so
 * also the state of a record that we put to rest, whatever its row said of it, and all that no run would write any more of the
 * record of a row that left: see `mendsLeft`.
 */
export function compared({ policies }: Shape, agreed: readonly ShapeColumn[], unmet: ReadonlySet<string>): string {
  const open = unmetFacts(agreed, { unmet }, "known");
  const held = (c: ShapeColumn) => {
    const asItIs = [mendsLeft(policies, c) ? "l.done" : "l.gone", "l.gone AND f.id IS NULL"];
    if (open.names.includes(`u_${c.index}`)) asItIs.push(`u_${c.index} IS TRUE`);
    if (isState(c)) asItIs.push("l.rested IS TRUE");
    return `CASE WHEN ${asItIs.join(" OR ")} THEN f.${stored(c)} ELSE ${seenValue(stored(c))} END`;
  };
  const values = agreed.flatMap((c) => [`${held(c)} AS e_${c.index}`, `f.${stored(c)} AS f_${c.index}`]);
  return `CREATE TABLE compared AS SELECT ${list(["l.key", "l.id", "b.key IS NOT NULL AS based", "f.id IS NULL AND NOT l.gone AS gone", ...values])}
FROM known l LEFT JOIN v_base b ON b.key = l.key LEFT JOIN v_seen s ON s.key = l.key
LEFT JOIN (SELECT * FROM found WHERE NOT gone) f ON f.id = l.id ${open.join}`;
}

/** Whether the column is written as a row leaves: only once, but again and again as long as the destination refuses that. */
const mendsLeft = ({ onLeave }: Policies, c: ShapeColumn): boolean =>
  onLeave !== "delete" && (c.audience !== undefined || (onLeave === "clear" && c.clear));

/** `difference`: one row for each column that differs, each record that is gone, each that is no member; and, with `full`, what the whole table tells. */
export function differences(shape: Shape, agreed: readonly ShapeColumn[], full: boolean): string {
  const columns = agreed.map(
    (c) =>
      `SELECT 'differs' AS kind, key, id, ${text(c.name)} AS col, e_${c.index} AS expected, f_${c.index} AS found FROM compared WHERE ${differs(c)}`,
  );
  const gone = `SELECT 'gone' AS kind, key, id, ${text(shape.object.id)} AS col, id AS expected, NULL::VARCHAR AS found FROM compared WHERE gone`;
  const members = shape.memberships.map(
    ({ list: name, audience }) =>
      `SELECT 'no_member', l.key, l.id, ${text(shape.audiences[audience]!.name)}, 'member', NULL FROM known l
JOIN st.member m ON m.id = l.id AND m.list = ${text(name)} WHERE (m.list, m.id) NOT IN (SELECT list, id FROM member_now)`,
  );
  const whole = full ? [doubled(shape), unlinked(shape)] : [];
  return `CREATE TABLE difference AS ${[gone, ...columns, ...members, ...whole].join("\nUNION ALL ")}`;
}

/** Rows that a dead run linked have no base yet: the next run agrees on it. */
const differs = (c: ShapeColumn): string => `based AND NOT gone AND e_${c.index} IS DISTINCT FROM f_${c.index}`;

/** Records that share their match value with a linked one: what strangers have twice is theirs. */
function doubled(shape: Shape): string {
  const names = text(shape.match.map((c) => c.name).join(", "));
  return `SELECT 'duplicate', d.key, d.id, ${names}, NULL, d.shared FROM
(SELECT f.id, l.key, ${storedMatch(shape, "f")} AS shared FROM found f LEFT JOIN st.link l ON l.id = f.id WHERE NOT f.gone
QUALIFY shared IS NOT NULL AND count(*) OVER (PARTITION BY shared) > 1 AND count(l.key) OVER (PARTITION BY shared) > 0) d`;
}

function unlinked(shape: Shape): string {
  return `SELECT 'unlinked', NULL, id, ${text(shape.object.id)}, NULL, id FROM found WHERE NOT gone AND id NOT IN (SELECT id FROM st.link WHERE id IS NOT NULL)`;
}

/** How many there are of what. */
export const differenceCounts = `SELECT count(DISTINCT key) FILTER (kind IN ('differs', 'gone', 'no_member')) AS differences,
count(*) FILTER (kind = 'duplicate') AS duplicates, count(*) FILTER (kind = 'unlinked') AS unlinked FROM difference`;

export const shownDifferences = (most: number): string =>
  `SELECT kind, key, id, col AS "column", expected, found FROM difference WHERE kind <> 'unlinked' ORDER BY kind = 'duplicate', key, col, id LIMIT ${most}`;

export const columnTotal = ["differ", "here", "there", "sum_here", "sum_there"] as const;

/** One row: for each column how many differ and hold something, and the sums of numbers, here and there. */
export function totals(agreed: readonly ShapeColumn[]): string {
  const each = agreed.flatMap((c) => {
    const sum = (side: string) =>
      isNumber(c.target)
        ? `regexp_replace(sum(TRY_CAST(${side}_${c.index} AS DECIMAL(38, 10)))::VARCHAR, '\\.?0+$', '')`
        : "NULL";
    const figures = [
      `count(*) FILTER (${differs(c)})`,
      `count(e_${c.index})`,
      `count(f_${c.index})`,
      sum("e"),
      sum("f"),
    ];
    return figures.map((sql, i) => `${sql} AS ${ident(`${columnTotal[i]}_${c.index}`)}`);
  });
  return `SELECT ${list(["count(*) AS checked", ...each])} FROM compared`;
}

export const isNumber = ({ type }: Column): boolean => ["integer", "decimal", "money", "double"].includes(type);

/** `there`: in the records that were read. A list's members are all of them, whoever put them there. */
export function audienceSize(filled: ShapeColumn | Shape["memberships"][number]): string {
  const here = `(SELECT count(*) FROM source WHERE a_${filled.audience} AND key IS NOT NULL) AS here`;
  if ("list" in filled)
    return `SELECT ${here}, (SELECT count(*) FROM st.member WHERE list = ${text(filled.list)}) AS sent,
(SELECT count(*) FROM member_now WHERE list = ${text(filled.list)}) AS there`;
  return `SELECT ${here}, (SELECT count(*) FROM v_base WHERE ${stored(filled)} = 'realized') AS sent,
(SELECT count(*) FROM found WHERE NOT gone AND ${stored(filled)} = 'realized') AS there`;
}

/** Rows of the source without a record. */
export const withoutRecord =
  "SELECT count(*) AS n FROM source WHERE key IS NOT NULL AND key NOT IN (SELECT key FROM st.link WHERE id IS NOT NULL)";
