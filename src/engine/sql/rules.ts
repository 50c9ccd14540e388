import {
  type ColumnFacts,
  type ColumnPolicies,
  type ColumnRole,
  columnAction,
  columnTable,
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

/** The column table as one CASE that yields 0 leave, 1 write, 2 accept. Of rules for lines that write otherwise nothing is left. */
export function columnCase(
  policies: ColumnPolicies,
  role: ColumnRole,
  write: Writes,
  at: Places<Omit<ColumnFacts, "write">>,
): string {
  const numbers = { leave: 0, write: 1, accept: 2 };
  const arms = columnTable.flatMap((rule) => {
    const { write: only = write, ...when } = rule.when;
    if (only !== write) return [];
    const conditions = Object.entries(when).map(([name, value]) =>
      (at[name as keyof typeof at] as (v: unknown) => string)(value),
    );
    return `WHEN ${conditions.join(" AND ") || "true"} THEN ${numbers[columnAction(rule, policies, role)]}`;
  });
  return `CASE ${arms.join(" ")} END`;
}
