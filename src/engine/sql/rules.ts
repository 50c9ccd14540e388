import {
  type ColumnAction,
  type ColumnFacts,
  type ColumnPolicies,
  type ColumnRole,
  columnAction,
  columnTable,
  type Moved,
  type Policies,
  rowTable,
  type Writes,
} from "../../core/state.ts";
import { text } from "../duck.ts";

/** Where the facts of a rule stand in the SQL. */
type Places<Facts> = { [Name in keyof Facts]: (value: Facts[Name]) => string };

/**
 * The row table as one CASE. Policies are known when the SQL is made, so rules that can never hold are left out.
 * `of` says what of a rule is wanted: its action or its code.
 */
export function rowCase(policies: Policies, of: "then" | "code"): string {
  const arms = rowTable.flatMap((rule) => {
    const conditions: string[] = [];
    for (const [name, value] of Object.entries(rule.when)) {
      if (name in policies) {
        if (policies[name as keyof Policies] !== value) return [];
      } else conditions.push(`${name}_ = ${text(value)}`);
    }
    const result = rule[of];
    return `WHEN ${conditions.join(" AND ") || "true"} THEN ${result === undefined ? "NULL" : text(result)}`;
  });
  return `CASE ${arms.join("\n    ")} END`;
}

/** What a column's CASE yields: one of the first two bits, or none, and with a write who moved. */
export const columnBits = { write: 1, accept: 2, sourceMoved: 4, destinationMoved: 8 };

/**
 * The column table as one CASE that yields the sum of its `columnBits`; at first contact a write has neither of the last
 * two. Of rules for lines that write otherwise nothing is left, nor of those about what is `owed` where the column never is.
 */
export function columnCase(
  policies: ColumnPolicies,
  role: ColumnRole,
  write: Writes,
  at: Places<Omit<ColumnFacts, "write" | "owed">> & Partial<Places<Pick<ColumnFacts, "owed">>>,
): string {
  const arms = columnTable.flatMap((rule) => {
    const { write: only = write, ...when } = rule.when;
    if (only !== write || (when.owed !== undefined && !at.owed)) return [];
    const conditions = Object.entries(when).map(([name, value]) =>
      (at[name as keyof typeof at] as (v: unknown) => string)(value),
    );
    const { source, destination } = rule.when;
    return `WHEN ${conditions.join(" AND ") || "true"} THEN ${bitsOf(columnAction(rule, policies, role), source, destination)}`;
  });
  return `CASE ${arms.join(" ")} END`;
}

function bitsOf(action: ColumnAction, source?: Moved, destination?: Moved): number {
  if (action !== "write") return action === "accept" ? columnBits.accept : 0;
  const { write, sourceMoved, destinationMoved } = columnBits;
  return write + (source === "moved" ? sourceMoved : 0) + (destination === "moved" ? destinationMoved : 0);
}
