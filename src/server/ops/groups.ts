import type { ProblemGroup } from "../../api/rejected.ts";
import type { RejectedRow } from "../../core/run.ts";

const fewKeys = 5;

/** Rows that were not sent, by cause: the most frequent first. */
export function groupProblems(rows: readonly RejectedRow[]): ProblemGroup[] {
  const groups = new Map<string, ProblemGroup>();
  for (const { status, code, column, message, key } of rows) {
    const id = `${status}\n${code}\n${column ?? ""}`;
    const group = groups.get(id) ?? { status, code, column, rows: 0, example: message, keys: [] };
    group.rows++;
    if (group.keys.length < fewKeys) group.keys.push(key);
    groups.set(id, group);
  }
  return [...groups.values()].sort((a, b) => b.rows - a.rows || (a.code < b.code ? -1 : 1));
}
