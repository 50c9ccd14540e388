import { type MemberFacts, memberTable } from "../../core/state.ts";
import { parquetRows, text } from "../duck.ts";
import type { Wave } from "../layout.ts";
import type { Shape } from "../shape.ts";

/**
 * Memberships stand beside the columns: `st.member` says which records we hold to be members of what (list, id),
 * `member_now` which are, and the audiences which should be. The rules are `memberTable` of `core/state.ts`.
 */
const places: { [Name in keyof MemberFacts]: string } = { want: "want", ours: "ours", there: "there" };

function actionCase(): string {
  const arms = memberTable.map(({ when, then }) => {
    const facts = Object.entries(when).map(([name, value]) => `${places[name as keyof MemberFacts]} = ${value}`);
    return `WHEN ${facts.join(" AND ") || "true"} THEN ${text(then)}`;
  });
  return `CASE ${arms.join(" ")} END`;
}

/**
 * Rows to be looked at because somebody took them out of what they should be in, or because they left while no audience filled
 * what they are in by us.
 */
export function takenOut(shape: Shape): string {
  const lists = shape.memberships.map(({ list }) => text(list)).join(", ");
  return `INSERT INTO wake SELECT DISTINCT l.key FROM st.member m JOIN st.link l ON l.id = m.id
WHERE m.list IN (${lists || "NULL"})
  AND CASE WHEN l.h IS NOT NULL THEN (m.list, m.id) NOT IN (SELECT list, id FROM member_now) ELSE l.key NOT IN (SELECT key FROM st.pending) END`;
}

/** `membership`: what happens to the memberships of every decided row; i is their number, id null where a create comes first. */
export function decideMembers(shape: Shape): string {
  // What a create-only sync did to its members is not done again where it only finds them again.
  const want = shape.policies.mode === "link" ? " AND n.id IS NOT NULL" : "";
  const each = shape.memberships.map(
    ({ list, audience }, i) => `SELECT d.key, d.id, d.gone, d.old_h, ${i} AS i, ${text(list)} AS list,
  NOT d.gone AND d.a_${audience}${want} AS want, o.id IS NOT NULL AS ours, n.id IS NOT NULL AS there
FROM decided d LEFT JOIN (SELECT id FROM st.member WHERE list = ${text(list)}) o ON o.id = d.id
LEFT JOIN (SELECT id FROM member_now WHERE list = ${text(list)}) n ON n.id = d.id
WHERE d.action IN ('create', 'adopt', 'update', 'status', 'leave')`,
  );
  const none =
    "SELECT NULL::VARCHAR AS key, NULL::VARCHAR AS id, false AS gone, NULL::UBIGINT AS old_h, 0 AS i, '' AS list, false AS want, false AS ours, false AS there WHERE false";
  return `CREATE TABLE membership AS
SELECT key, id, gone, old_h, i, list, ours, ${actionCase()} AS does FROM (${[none, ...each].join("\nUNION ALL ")})`;
}

/** Keys of rows that a membership is sent for. */
export const membersSent = "SELECT key FROM membership WHERE does IN ('add', 'remove')";

/** The statements that write a plan's memberships down: a wave for each kind and direction, and those that are taken over. */
export function writeMembers(shape: Shape, file: { change: (wave: Wave) => string; taken: string }): string[] {
  if (shape.memberships.length === 0) return [];
  const taken = `COPY (SELECT key, id, list FROM membership WHERE does = 'take') TO ${text(file.taken)} (FORMAT parquet, COMPRESSION snappy)`;
  const sent = [...shape.memberships.keys()].flatMap((i) =>
    (["add", "remove"] as const).map(
      (does) =>
        `COPY (SELECT key, id, '${does}' AS kind, list, ours FROM membership WHERE i = ${i} AND does = '${does}' ORDER BY id IS NULL)
TO ${text(file.change(`2-${does}-${i}`))} (FORMAT parquet, COMPRESSION snappy)`,
    ),
  );
  return [taken, ...sent];
}

/**
 * Writes a file of additions anew with the ids of records just made (of `sent`). Those that were not made come last, and those
 * that were to be taken over and did not take what was written: they are not ours, so nobody would take them out again.
 */
export function resolvedAdds(path: string): string[] {
  return rewritten(
    path,
    `SELECT a.*, coalesce(a.id, s.id) AS made,
  made IS NULL OR a.key IN (SELECT key FROM sent WHERE wave = '2-update' AND kind = 'adopt' AND status <> 'updated') AS unmade
FROM ${parquetRows(path)} a LEFT JOIN sent s ON s.wave = '1-create' AND s.status = 'created' AND s.key = a.key`,
    "* EXCLUDE (made, unmade) REPLACE (made AS id)",
  );
}

const refused = "SELECT key FROM sent WHERE wave = '1-create' AND status = 'rejected'";

/** How many creates of this run were refused, as far as the journal tells. */
export const refusedCreates = `SELECT count(*) AS n FROM (${refused})`;

/** Writes a file of later changes to records of this run anew: those whose create was refused come last. */
export function withoutUnmade(path: string): string[] {
  return rewritten(
    path,
    `SELECT c.*, c.key IN (${refused}) AS unmade FROM ${parquetRows(path)} c`,
    "* EXCLUDE (unmade)",
  );
}

function rewritten(path: string, rows: string, columns: string): string[] {
  return [
    `CREATE OR REPLACE TABLE resolved_file AS ${rows}`,
    `COPY (SELECT ${columns} FROM resolved_file ORDER BY unmade) TO ${text(path)} (FORMAT parquet, COMPRESSION snappy)`,
  ];
}

/** How many changes of a file just written anew can be sent. */
export const countResolved = "SELECT count(*) FILTER (NOT unmade) AS rows FROM resolved_file";

/** Unknown answers, told by who is a member afterwards (`member_after`). */
export function resolvedMembers(shape: Shape): string[] {
  return shape.memberships.flatMap(({ list }, i) => {
    const after = `(SELECT id FROM member_after WHERE list = ${text(list)})`;
    const unknown = (does: "add" | "remove") =>
      `SELECT wave, n, id FROM sent WHERE wave = '2-${does}-${i}' AND status = 'unknown' AND id`;
    return [`${unknown("add")} IN ${after}`, `${unknown("remove")} NOT IN ${after}`];
  });
}

/**
 * An addition that was refused and whose record is gone (`after`, whole by then) was refused for that: the answer may as well be about
 * the list. Such records come to be added where nobody has read them before.
 */
export const goneMembers = `UPDATE sent SET code = 'gone' WHERE kind = 'add' AND status = 'rejected' AND id IN (SELECT id FROM after WHERE gone)
  AND key NOT IN (SELECT key FROM sent WHERE kind = 'create')`;

/** `new_member`: memberships that are ours from now on, or no longer. An addition without an answer may still come to pass. */
export function newMembers(shape: Shape): string {
  const sent = shape.memberships.flatMap(({ list }, i) =>
    (["add", "remove"] as const).map(
      (does) =>
        `SELECT ${text(list)} AS list, id, ${does === "add"} AS ours FROM sent WHERE wave = '2-${does}-${i}' AND (status = 'updated'${does === "add" ? " OR code = 'unknown_answer'" : ""})`,
    ),
  );
  const known = "SELECT list, id, does = 'take' AS ours FROM membership WHERE does IN ('take', 'drop')";
  return `CREATE OR REPLACE TABLE new_member AS ${[known, ...sent].join("\nUNION ALL ")}`;
}

/** Part of the fold, after the links: who has no link any more is nobody's member. */
export const foldMembers = [
  "DELETE FROM st.member WHERE (list, id) IN (SELECT list, id FROM new_member)",
  "INSERT INTO st.member SELECT list, id FROM new_member WHERE ours",
  "DELETE FROM st.member WHERE id NOT IN (SELECT id FROM st.link WHERE id IS NOT NULL)",
];
