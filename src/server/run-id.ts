import { randomBytes } from "node:crypto";

let last = 0;

/**
 * A new run's id: it sorts by time, also within one process and one millisecond, and can be a folder's name. It sorts after the
 * run `after`, whatever the clock says by now: runs of a sync count as made in the order of their ids.
 * Example: 20261120T093015123-4f1c (UTC).
 */
export function newRunId(after?: string, now: number = Date.now()): string {
  last = Math.max(now, last + 1, after === undefined ? 0 : timeOf(after) + 1);
  const stamp = new Date(last).toISOString().replaceAll(/[-:.Z]/g, "");
  return `${stamp}-${randomBytes(2).toString("hex")}`;
}

/** Milliseconds. */
function timeOf(run: string): number {
  return Date.parse(run.replace(/^(....)(..)(..)T(..)(..)(..)(...).*$/, "$1-$2-$3T$4:$5:$6.$7Z"));
}
