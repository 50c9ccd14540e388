import { ident, parquetRows, text } from "../duck.ts";
import type { Shape } from "../shape.ts";
import { keptRows } from "./kept.ts";
import { storedMatch } from "./match.ts";
import { has, list, stored, storedList, storedName } from "./names.ts";
import { owedStill } from "./owed.ts";
import { differed } from "./settle.ts";
import { seenValue } from "./touch.ts";
import { meet, metIn } from "./unmet.ts";

/**
 * `caught`: records that a dead run had updated, with what was then agreed (c_*) and seen (e_*). A record tells by itself:
 * it holds a value that the run sent and that it did not hold before; an update is written whole or not at all. Without
 * this our own value would count as somebody else's change, and `drift: keep` would keep it for ever. Where what else
 * was sent is not what is there, that is left to the drift policy; but not what the record was yet to get (`owed.ts`):
 * there each value speaks for itself, for a person who sees that one is missing may well set that one. `inFile`: the
 * file's columns, whose order is that of the bits in its masks, for the mapping may be another by now.
 */
export function caughtUpdates(shape: Shape, changes: string, inFile: string[]): string[] {
  const bits = inFile.filter((name) => name.startsWith("c_"));
  const known = shape.columns
    .map((c) => ({ ...c, bit: { index: bits.indexOf(`c_${storedName(c)}`) } }))
    .filter((c) => c.bit.index >= 0);
  const { lacking, join } = owedStill(known);
  const m = lacking.length ? `(c.m & ~(${lacking.join(" + ")}))` : "c.m";
  const proof = known.map(
    (c) => `(${has(m, c.bit)} AND h.${stored(c)} IS NOT DISTINCT FROM c.${stored(c)} AND ${differed(c)})`,
  );
  const values = shape.columns.flatMap((c) => {
    const bit = known.find((k) => k.name === c.name)?.bit;
    const either = (is: string, agreed: string, otherwise: string) =>
      bit ? `CASE WHEN ${has(is, bit)} THEN ${agreed} ELSE ${otherwise} END` : otherwise;
    const old = either("c.a", `c.${ident(`o_${c.name}`)}`, seenValue(stored(c)));
    return [
      `${either(`${m} | c.a`, `c.${stored(c)}`, `b.${stored(c)}`)} AS ${stored(c)}`,
      `${either(m, `c.${stored(c)}`, old)} AS e_${c.index}`,
    ];
  });
  const columns = storedList(shape);
  const seen = shape.columns.map((c) => `e_${c.index}`).join(", ");
  const differs = shape.columns.map((c) => `e_${c.index} IS DISTINCT FROM ${stored(c)}`).join(" OR ") || "false";
  return [
    `CREATE OR REPLACE TABLE caught AS
SELECT ${list(["c.key", "c.id", "b.key IS NULL AS first", `${metIn(`${m} | c.a`, known)} AS met`, `${storedMatch(shape, "h")} AS m`, ...values])}
FROM ${keptRows(shape.columns, changes, inFile)} c JOIN have_now h ON h.id = c.id AND NOT h.gone
LEFT JOIN st.link l ON l.key = c.key LEFT JOIN v_base b ON b.key = CASE WHEN l.id = c.id THEN c.key END LEFT JOIN v_seen s ON s.key = b.key ${join}
WHERE (${proof.join(" OR ") || "false"})
  AND (l.id = c.id OR (c.kind = 'adopt' AND l.id IS NULL AND c.id NOT IN (SELECT id FROM st.link WHERE id IS NOT NULL)))`,
    "BEGIN TRANSACTION",
    `UPDATE st.link SET ${lookAgain}, m = caught.m FROM caught WHERE caught.key = st.link.key AND st.link.id IS NOT NULL`,
    "DELETE FROM st.link WHERE id IS NULL AND key IN (SELECT key FROM caught)",
    "INSERT INTO st.link(key, id, h, m) SELECT key, id, 0, m FROM caught WHERE key NOT IN (SELECT key FROM st.link)",
    ...["base", "seen"].map((table) => `DELETE FROM st.${table} WHERE key IN (SELECT key FROM caught)`),
    `INSERT INTO st.base(key, ${columns}) SELECT key, ${columns} FROM caught`,
    ...meet(shape, "caught"),
    `INSERT INTO st.seen(key, ${columns}) SELECT key, ${seen} FROM caught WHERE ${differs}`,
    "COMMIT",
  ];
}

/** Hash 0: the row may have gone back to what it was, so this run looks. */
const lookAgain = "h = CASE WHEN st.link.h IS NOT NULL THEN 0 END";

/**
 * A record that a dead run may have put to rest counts as resting: should its row come back, it is woken, if in vain. But not
 * one that was at rest before (`before`: the file that tells, if there is one): then somebody else had seen to that.
 */
export function caughtResting(changes: string, before?: string): string {
  const idle = before && ` AND id NOT IN (SELECT id FROM ${parquetRows(before)} WHERE c_statecode = '1')`;
  return `UPDATE st.link SET ${lookAgain}, rested = true WHERE id IN (SELECT id FROM ${parquetRows(changes)})${idle ?? ""}`;
}

/**
 * A record that is gone as a dead run had wished is nobody's any more, and its row waits for nothing: should it come back,
 * it is made anew.
 */
export const caughtDeletes = (changes: string): string[] => {
  const gone = `SELECT l.key FROM st.link l JOIN ${parquetRows(changes)} c ON c.key = l.key AND c.id = l.id JOIN have_now h ON h.id = l.id AND h.gone`;
  return [
    `CREATE OR REPLACE TABLE caught AS ${gone}`,
    "BEGIN TRANSACTION",
    ...["link", "base", "seen", "unmet", "owed", "pending"].map(
      (table) => `DELETE FROM st.${table} WHERE key IN (SELECT key FROM caught)`,
    ),
    "COMMIT",
  ];
};

const linkedOf = (column: "key" | "id"): string => `SELECT ${column} FROM st.link WHERE id IS NOT NULL`;

/**
 * Additions of a dead run (one of its files; `sent` of it) that came to pass are ours: their rows may have left by now. Of a list
 * that the sync does not fill now nobody has read the members: there those that may have come to pass are ours, if it `came` to add any.
 * A record that was taken over with nothing to be written but that is told by nothing else, and only where it surely came to pass.
 */
export function caughtMembers(shape: Shape, file: string, came: boolean): string[] {
  const read = ["", ...shape.memberships.map(({ list }) => list)].map(text).join(", ");
  const may = came ? `c.list NOT IN (${read}) AND s.status IN ('updated', 'unknown', 'unsent')` : "false";
  return [
    `CREATE OR REPLACE TABLE caught AS SELECT DISTINCT c.key, c.list, s.id, n.id IS NOT NULL OR s.status = 'updated' AS sure
FROM ${parquetRows(file, "file_row_number=true")} c JOIN sent s ON s.n = c.file_row_number
LEFT JOIN member_now n ON n.list = c.list AND n.id = s.id WHERE s.id IS NOT NULL AND (n.id IS NOT NULL OR (${may}))`,
    "BEGIN TRANSACTION",
    `UPDATE st.link SET ${lookAgain} FROM caught WHERE caught.key = st.link.key`,
    `CREATE OR REPLACE TEMP TABLE taken_over AS SELECT DISTINCT c.key, c.id, ${storedMatch(shape, "h")} AS m FROM (FROM caught WHERE sure) c JOIN have_now h ON h.id = c.id AND NOT h.gone
ANTI JOIN (${linkedOf("id")}) i ON i.id = c.id ANTI JOIN (${linkedOf("key")}) k ON k.key = c.key`,
    "DELETE FROM st.link WHERE key IN (SELECT key FROM taken_over)",
    "INSERT INTO st.link(key, id, h, m) SELECT key, id, 0, m FROM taken_over",
    "DELETE FROM st.member WHERE (list, id) IN (SELECT list, id FROM caught)",
    "INSERT INTO st.member SELECT list, id FROM caught",
    "COMMIT",
  ];
}
