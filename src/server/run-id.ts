import { randomBytes } from "node:crypto";

let last = 0;

/**
 * A new run's id: it sorts by time, also within one process and one millisecond, and can be a folder's name.
 * Example: 20261120T093015123-4f1c (UTC).
 */
export function newRunId(now: number = Date.now()): string {
  last = Math.max(now, last + 1);
  const stamp = new Date(last).toISOString().replaceAll(/[-:.Z]/g, "");
  return `${stamp}-${randomBytes(2).toString("hex")}`;
}
