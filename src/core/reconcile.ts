import {
  type ColumnPolicies,
  type ColumnRole,
  columnAction,
  columnTable,
  firstRule,
  leftAsItIs,
  type MemberAction,
  matchedAnew,
  memberTable,
  type Policies,
  type RowAction,
  rowTable,
  type Writes,
  writesMapped,
} from "./state.ts";

/**
 * The reconcile as one would explain it to a colleague: one row at a time, slowly. It is the oracle of the property
 * tests that hold the plan's SQL to these rules; the run itself does the same set-based (`engine/sql`).
 * All values are canonical text (`canon.ts`), null is empty.
 */

/** `clear`: whether `onLeave: clear` empties it; what a row is matched by, and what may not be empty, it leaves. */
export type ReconcileColumn = {
  name: string;
  role: ColumnRole;
  clear: boolean;
  write: Writes;
  policies: ColumnPolicies;
};

export type Row = Record<string, string | null>;

export type TouchedRow = {
  key: string;
  /**
   * What the mapping made of the source row; absent when it left. A missing name means: not to be written (skip); where both
   * sides meet for the first time that is an empty source.
   */
  want?: Row | undefined;
  valid: boolean;
  /** Audience column -> is a member now. */
  member: Record<string, boolean>;
  linkId: string | null;
  /** A column that is missing from it has yet to be met. */
  sent: Row | null;
  seen: Row | null;
  /** Destination rows whose match value equals this row's, not claimed or claimed by another present source row. */
  candidates: { id: string; takenBy: string | null; created: number }[];
  matchValue: string | null;
  matchShared: boolean;
  /** What the destination holds for the linked record: absent = as `seen`, "gone" = deleted. */
  have: Row | "gone" | null;
  /** Of the candidates. */
  haveOf: (id: string) => Row;
  /** Of the list that an audience fills: whether the row is in the audience, and of a record whether it is ours, or there. */
  list: { want: boolean; ours: (id: string) => boolean; there: (id: string) => boolean };
};

export type Decision = {
  key: string;
  action: RowAction;
  code: string | null;
  id: string | null;
  /** Columns sent, with their new values. */
  write: Row;
  /** Columns whose base moves without sending. */
  accept: Row;
  member: MemberAction;
};

/** What happens to one touched row. */
export function reconcile(row: TouchedRow, columns: ReconcileColumn[], policies: Policies): Decision {
  const gone = row.have === "gone";
  const linked = row.linkId !== null && !(gone && matchedAnew(policies) && row.want !== undefined && row.valid);
  const rule = firstRule(rowTable, {
    ...policies,
    source: row.want === undefined ? "left" : row.valid ? "valid" : "invalid",
    link: linked ? "linked" : "none",
    there: gone ? "gone" : "present",
    match: matchOf(row),
    base: row.sent ? "yes" : "no",
  });
  const id =
    rule.then === "adopt" && !linked
      ? chosen(row, policies)
      : rule.then === "create"
        ? null
        : linked
          ? row.linkId
          : null;
  const decision: Decision = {
    key: row.key,
    action: rule.then,
    code: rule.code ?? null,
    id,
    write: {},
    accept: {},
    member: acts(rule.then) ? memberAction(row, id) : "leave",
  };
  for (const column of columns) decideColumn(decision, column, row, policies);
  return decision;
}

function matchOf(row: TouchedRow) {
  if (row.matchValue === null) return "empty";
  if (row.matchShared) return "shared";
  if (row.candidates.some((c) => c.takenBy !== null)) return "taken";
  return row.candidates.length > 1 ? "several" : row.candidates.length === 1 ? "one" : "none";
}

/** Ids break ties, so that two runs choose alike. */
function chosen(row: TouchedRow, policies: Policies): string {
  const sign = policies.severalMatches === "newest" ? -1 : 1;
  const sorted = row.candidates.toSorted((a, b) => sign * (a.created - b.created) || (a.id < b.id ? -1 : 1));
  return sorted[0]!.id;
}

/** Whether anything is written of such a row: its columns, or its membership. */
const acts = (action: RowAction): boolean => ["create", "adopt", "update", "status", "leave"].includes(action);

function memberAction({ want, list }: TouchedRow, id: string | null): MemberAction {
  const facts = {
    want: want !== undefined && list.want,
    ours: id !== null && list.ours(id),
    there: id !== null && list.there(id),
  };
  return firstRule(memberTable, facts).then;
}

function decideColumn(decision: Decision, column: ReconcileColumn, row: TouchedRow, policies: Policies): void {
  const { action, id } = decision;
  if (!acts(action)) return;
  if (action === "create") {
    const value =
      column.role === "status" ? (row.member[column.name] ? "realized" : null) : (row.want?.[column.name] ?? null);
    if (value !== null) decision.write[column.name] = value;
    return;
  }
  const first = row.sent === null || !(column.name in row.sent);
  const sent = row.sent?.[column.name] ?? null;
  const seen = row.seen ? (row.seen[column.name] ?? null) : sent;
  const there = id === row.linkId ? row.have : row.haveOf(id!);
  const have = there !== null && there !== "gone" ? (there[column.name] ?? null) : seen;

  let want: string | null | undefined;
  if (column.role === "status") {
    const member = row.member[column.name] ?? false;
    want = member ? "realized" : (sent ?? have) !== null ? "exited" : undefined;
  } else if (action === "leave") want = policies.onLeave === "clear" && column.clear ? null : undefined;
  else if (writesMapped(action, policies)) want = first ? (row.want?.[column.name] ?? null) : row.want?.[column.name];
  if (want === undefined) return;

  const rule = firstRule(columnTable, {
    owed: "no",
    write: leftAsItIs(action, policies) ? "on create" : column.write,
    contact: first ? "first" : "known",
    source: want === sent ? "same" : "moved",
    destination: have === seen ? "same" : "moved",
    agrees: have === want,
    empty: want === null,
    filled: have !== null,
  });
  const does = columnAction(rule, column.policies, column.role);
  if (does !== "leave") decision[does][column.name] = want;
}
