/**
 * What of a row's leaving is yet to go, as far as the destination refused it, or it was held back (`st.pending.leaving`): all of
 * it; columns (the exits from its audiences, or what `clear` empties), where its record has been seen to; or its memberships alone.
 * What is done is never done again: others may have changed the record since.
 */
export type Leaving = "all" | "columns" | "members";

/** The values as SQL. */
export const yet = { all: "'all'", columns: "'columns'", members: "'members'" } as const satisfies Record<
  Leaving,
  string
>;

/**
 * SELECT (key, leaving) of rows that left in an earlier run and were not done with. An older Sluice did not tell: of a record
 * that is still in a list by us that refused, and else the rest. What merely wakes a row says nothing of it.
 */
export const stillLeaving = `SELECT p.key, coalesce(p.leaving, CASE WHEN l.id IN (SELECT id FROM st.member) THEN ${yet.members} ELSE ${yet.all} END) AS leaving
FROM st.pending p JOIN st.link l ON l.key = p.key WHERE l.h IS NULL AND p.status <> 'waits'`;

const notYet = (...of: string[]): string =>
  `key NOT IN (SELECT key FROM (${stillLeaving}) WHERE leaving IN (${of.join(", ")}))`;

/** SQL: a linked row (`h`: its hash when last looked at) left in an earlier run, and all but its memberships was done then. */
export const leftBefore = (h = "old_h"): string => `(${h} IS NULL AND ${notYet(yet.all, yet.columns)})`;

/** SQL: a decided row left in an earlier run, and its record was seen to then. */
export const recordLeft = `(old_h IS NULL AND ${notYet(yet.all)})`;

/** Of rows that left in an earlier run nothing is looked at but what is yet to go of that. No record is deleted then any more. */
export const onlyYet = `UPDATE decided SET action = 'leave', m = CASE WHEN ${leftBefore()} THEN 0 ELSE m END, a = CASE WHEN ${leftBefore()} THEN 0 ELSE a END
WHERE action IN ('leave', 'delete') AND ${recordLeft}`;
