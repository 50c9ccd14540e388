import { SYSTEM_USER } from "../delivered-ids.ts";
import type { Environment } from "../environment.ts";
import { isAlive } from "../row.ts";
import { expiryOf } from "./elastic.ts";
import { deleteFrom } from "./store.ts";
import { begin, compact } from "./transaction.ts";

/**
 * Removes the rows of elastic tables whose time to live is over: `ttlinseconds` counts from the last change
 * (elastic-tables.md, "Expire data with Time to live"; create-edit-elastic-tables.md). Called before each request once
 * a row with such a time has been written; reads tables only when the earliest of these times has come.
 */
export function expireRows(environment: Environment): void {
  const now = environment.clock.now();
  if (environment.nextExpiry === undefined || now < environment.nextExpiry) return;
  let next: number | undefined;
  const tx = begin(environment, { user: SYSTEM_USER, bypassPlugins: true, seeding: true });
  for (const table of environment.tables.values()) {
    if (table.partition === undefined) continue;
    for (const row of table.rows) {
      const end = isAlive(row) ? expiryOf(table, row) : undefined;
      if (end === undefined) continue;
      if (end <= now) deleteFrom(tx, table, row);
      else next = Math.min(next ?? end, end);
    }
  }
  environment.nextExpiry = next;
  compact(tx.marks.keys());
}
