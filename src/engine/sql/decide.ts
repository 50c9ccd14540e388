import { type ColumnFacts, type ColumnPolicies, leftAsItIs, type Writes } from "../../core/state.ts";
import type { Shape, ShapeColumn } from "../shape.ts";
import { unlessEmptied, withEmptied } from "./emptied.ts";
import { recordless, recordMatch } from "./match.ts";
import { bit, chosenBy, ifWithout, list, maskType, skipped, stored, wanted } from "./names.ts";
import { asMade, owedFacts, owes } from "./owed.ts";
import { goes } from "./refuse.ts";
import { columnBits, columnCase, rowCase } from "./rules.ts";
import { isState } from "./states.ts";
import { seenValue } from "./touch.ts";
import { type Contact, firstContact, unmetFacts } from "./unmet.ts";
import { isDecidedWith } from "./valued.ts";
import { wideTable } from "./wide.ts";

/**
 * `decided`: the reconcile, set-based. One row per touched key: action, reason, record id, m (bits of the columns to
 * write), a (bits of the columns whose base moves without sending), sm and dm (of the columns to write, whose source moved,
 * and whose destination did; at first contact neither), and of some columns x_* (what is wanted) and o_* (what is there): of all
 * others see `Values`.
 * The rules are those of `core/state.ts`; `core/reconcile.ts` tells the same one row at a time.
 */
export function decide(shape: Shape, contact: Contact): string {
  const { policies } = shape;
  const unmet = unmetFacts(shape.columns, contact, "mapped");
  const owed = owedFacts(shape, contact);
  const facts = `SELECT t.*, x.match AS match_, x.found_id, x.found_rested, x.others,
    CASE WHEN t.gone THEN 'left' WHEN t.code IS NOT NULL THEN 'invalid' ELSE 'valid' END AS source_,
    CASE WHEN t.link_id IS NULL OR x.key IS NOT NULL THEN 'none' ELSE 'linked' END AS link_,
    CASE WHEN t.link_id IS NOT NULL AND x.key IS NULL THEN t.key END AS linked_key,
    CASE WHEN y.gone THEN 'gone' ELSE 'present' END AS there_
  FROM mapped t LEFT JOIN matching x ON x.key = t.key LEFT JOIN have_gone y ON y.id = t.link_id`;

  // Joined by one equation and nothing else: with a condition beside it DuckDB compares every row with every other.
  const acted = `SELECT f.* EXCLUDE (linked_key), CASE WHEN b.key IS NULL THEN 'no' ELSE 'yes' END AS base_, b.key AS base_key, s.key AS seen_key,
    ${list([...shape.columns.flatMap((c) => [`${unlessEmptied(c, `b.${stored(c)}`)} AS sent_${c.index}`, `${unlessEmptied(c, seenValue(stored(c)))} AS seen_${c.index}`]), ...unmet.names, ...owed.facts])}
  FROM facts f LEFT JOIN based b ON b.key = f.linked_key
  LEFT JOIN seen_then s ON s.key = b.key ${withEmptied(shape)} ${unmet.join} ${owed.join}`;

  const chosen = `SELECT *, ${rowCase(policies, "then")} AS action, ${rowCase(policies, "code")} AS rule_code FROM acted`;

  const identified = `SELECT * EXCLUDE (link_id), link_id AS old_id,
    CASE WHEN action = 'adopt' AND link_ = 'none' THEN found_id WHEN action <> 'create' THEN link_id END AS id,
    CASE WHEN action = 'adopt' AND link_ = 'none' THEN found_rested ELSE link_rested END IS TRUE AS rested FROM chosen`;

  const valued = `SELECT i.*,
    ${list(shape.columns.map((c) => `CASE WHEN h.id IS NULL THEN i.seen_${c.index} ELSE h.${stored(c)} END AS o_${c.index}`))}
  FROM identified i LEFT JOIN held h ON h.id = i.id`;

  const wants = `SELECT v.* EXCLUDE (${shape.columns
    .filter((c) => c.role === "mapped")
    .map(wanted)
    .concat("base_key")
    .join(", ")}),
    ${list(shape.columns.flatMap((c) => [`${wantOf(c)} AS x_${c.index}`, `${speaks(shape, c, contact)} AS p_${c.index}`]))}
  FROM valued v`;

  const without = shape.columns
    .filter((c) => c.awaits?.some(({ missing }) => missing !== "reject"))
    .map((c) => `${does(shape, c, contact, "NULL")} AS ${ifWithout(c)}`);
  const ruled = `SELECT *, ${list([...shape.columns.map((c) => `${does(shape, c, contact)} AS d_${c.index}`), ...without])} FROM wants`;

  const mask = (one: number) =>
    shape.columns.map((c) => `CASE WHEN d_${c.index} & ${one} <> 0 THEN ${bit(c)} ELSE 0 END`).join(" + ") || "0";
  const inner = [
    ...["match_", "found_id", "found_rested", "source_", "base_", "seen_key"],
    ...shape.columns.filter((c) => c.role === "mapped").map(skipped),
    ...shape.columns.flatMap((c) => [`d_${c.index}`, `p_${c.index}`, `sent_${c.index}`, `seen_${c.index}`]),
    ...shape.columns.filter((c) => !isDecidedWith(shape, c)).flatMap((c) => [`x_${c.index}`, `o_${c.index}`]),
    ...unmet.names,
  ];
  const masked = `SELECT * EXCLUDE (${inner.join(", ")}),
  ${list([
    `(${mask(columnBits.write)})::${maskType} AS m`,
    `(${mask(columnBits.accept)})::${maskType} AS a`,
    `(${mask(columnBits.sourceMoved)})::${maskType} AS sm`,
    `(${mask(columnBits.destinationMoved)})::${maskType} AS dm`,
  ])} FROM ruled`;

  return `CREATE TABLE decided AS WITH
facts AS (${facts}),
acted AS (${acted}),
chosen AS (${chosen}),
identified AS (${identified}),
valued AS (${valued}),
wants AS (${wants}),
ruled AS (${ruled})
${masked}`;
}

/** `linked_key`: the keys of the rows looked at that have a record, told before these are mapped. */
export const linkedKeys =
  "CREATE TABLE linked_key AS SELECT t.key FROM touched t JOIN linked k ON k.place = t.place WHERE t.key IS NOT NULL AND k.link_id IS NOT NULL";

const linked = `SELECT key FROM linked_key WHERE ${chosenBy("key")}`;

/**
 * `based`: the base of linked rows that are looked at. A table of its own: as the smaller side of the join it costs a first
 * load nothing, and what is worked out of the rows is worked out of many at a time, not of the few that a scan lets
 * through together. It stays until fold, which goes on from it, in `folder` where they are many. `rows`: how many these are.
 */
export function basedOn(rows: number, folder: string): string[] {
  if (rows > FEW)
    return wideTable("based", [`SELECT * EXCLUDE (place) FROM v_base WHERE key IN (${linked})`], rows, folder);
  return [
    `CREATE TABLE based_at AS SELECT place FROM v_base WHERE key IN (${linked})`,
    `CREATE TABLE based AS SELECT * EXCLUDE (place) FROM v_base WHERE place IN (SELECT place FROM based_at WHERE ${chosenBy("place::VARCHAR")}) AND key IN (${linked})`,
  ];
}

/** So few rows lie in few of the table's groups. Where they lie is found by the keys alone, and of the other groups nothing else is read. */
const FEW = 300;

/** `seen_then`: what the destination held of these rows when both sides last agreed, where that is not the base. */
export const seenThen = `CREATE TABLE seen_then AS SELECT * FROM v_seen WHERE key IN (${linked})`;

/** What the column should hold, given the row's action. */
function wantOf(c: ShapeColumn): string {
  if (c.role === "status")
    return `CASE WHEN NOT gone AND a_${c.audience} THEN 'realized' WHEN action <> 'create' THEN 'exited' END`;
  return `CASE WHEN gone THEN NULL ELSE ${wanted(c)} END`;
}

/** Whether this run has anything to say about the column of the row. At first contact silence is an empty source. */
function speaks(shape: Shape, c: ShapeColumn, contact: Contact): string {
  if (c.role === "status")
    return `(action IN ('create', 'adopt', 'update', 'status', 'leave') AND ((NOT gone AND a_${c.audience}) OR (action <> 'create' AND coalesce(sent_${c.index}, o_${c.index}) IS NOT NULL)))`;
  const owed = owes(shape, c);
  const leaves = shape.policies.onLeave === "clear" && c.clear ? "true" : "false";
  return `(CASE WHEN ${goes(shape, c)} THEN NOT ${skipped(c)} OR (action <> 'create' AND (${[firstContact(c, contact), ...(owed ? [owed] : [])].join(" OR ")})) WHEN action = 'leave' THEN ${leaves} ELSE false END)`;
}

/** Bits of what is decided of the column where `x` is wanted. */
function does(shape: Shape, c: ShapeColumn, contact: Contact, x = `x_${c.index}`): string {
  const [o, sent, seen] = [`o_${c.index}`, `sent_${c.index}`, `seen_${c.index}`];
  const same = (a: string, b: string) => `${a} IS NOT DISTINCT FROM ${b}`;
  const rules = (policies: ColumnPolicies) => {
    const said = c.line?.write ?? "always";
    return leftAsItIs("adopt", shape.policies)
      ? `CASE WHEN action = 'adopt' THEN ${ruled(policies, "on create")} ELSE ${ruled(policies, said)} END`
      : ruled(policies, said);
  };
  const owed = owes(shape, c);
  const ruled = (policies: ColumnPolicies, write: Writes) =>
    columnCase(policies, c.role, write, {
      contact: (value) => (value === "first" ? firstContact(c, contact) : `NOT ${firstContact(c, contact)}`),
      source: (value) => (value === "same" ? same(x, sent) : `NOT (${same(x, sent)})`),
      destination: (value) => (value === "same" ? same(o, seen) : `NOT (${same(o, seen)})`),
      empty: (value) => (value ? `${x} IS NULL` : `${x} IS NOT NULL`),
      agrees: (value) => (value ? same(o, x) : `NOT (${same(o, x)})`),
      filled: (value) => (value ? `${o} IS NOT NULL` : `${o} IS NULL`),
      ...(owed && {
        owed: (value: ColumnFacts["owed"]) =>
          value === "no"
            ? `NOT (action = 'update' AND ${owed})`
            : `action = 'update' AND ${owed} AND ${value === "yes" ? "" : "NOT "}${asMade(shape, c)}`,
      }),
    });
  // What we have deactivated ourselves is no drift.
  const overwrite = { drift: "overwrite", conflict: "overwrite", firstContact: "overwrite" } as const;
  const put = isState(c)
    ? `CASE WHEN rested THEN ${rules(overwrite)} ELSE ${rules(c.policies)} END`
    : rules(c.policies);
  return `CASE WHEN NOT p_${c.index} THEN 0 WHEN action = 'create' THEN CASE WHEN ${x} IS NULL THEN 0 ELSE 1 END ELSE ${put} END`;
}

/**
 * `held`: what the destination holds of records of touched rows, as far as it is not what we saw. A record taken over
 * from a source row that left holds what was seen when that row was last agreed.
 */
export function heldNow(shape: Shape): string {
  return `CREATE TABLE held AS SELECT id, ${shape.columns.map(stored).join(", ")} FROM have_now
WHERE NOT gone AND id IN (SELECT link_id FROM mapped UNION ALL SELECT found_id FROM matching)
UNION ALL SELECT c.id, ${shape.columns.map((c) => seenValue(stored(c))).join(", ")}
FROM matching x JOIN candidate c ON c.id = x.found_id AND c.key IS NOT NULL JOIN v_base b ON b.key = c.key
LEFT JOIN v_seen s ON s.key = c.key WHERE x.match IN ('one', 'several') AND c.key <> x.key AND NOT c.mirrored`;
}

/** Gone rows among the linked ones: a table of its own, for the mirror is a view. */
export const haveGone = "CREATE TABLE have_gone AS SELECT DISTINCT id, gone FROM have_now WHERE gone";

/** A record that another source row has just taken over is not ours to leave any more. */
export const releaseTaken = `UPDATE decided SET action = 'release', m = 0, a = 0
WHERE action IN ('leave', 'delete') AND id IN (SELECT id FROM decided WHERE action = 'adopt')`;

/**
 * No record is deleted while a row that is there, but cannot go (its values are at fault, say, or its match value is
 * another row's, too), has the record's match value: its key may have changed. Looked at again in every run.
 */
export function keepWanted(shape: Shape): string {
  return `UPDATE decided SET action = 'keep' WHERE action = 'delete' AND id IN (
  SELECT id FROM (${recordMatch(shape)}) WHERE m IN (SELECT m FROM (${recordless(shape)})))`;
}
