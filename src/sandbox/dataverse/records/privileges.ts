import type { Environment } from "../environment.ts";
import { errors } from "../errors.ts";
import { namedGuid } from "../guids.ts";
import type { Table } from "../model.ts";
import type { Draft } from "./draft.ts";
import type { Transaction } from "./transaction.ts";

export const PRIVILEGES = ["Create", "Read", "Write", "Delete", "Append", "AppendTo", "Assign", "Share"] as const;
export type Privilege = (typeof PRIVILEGES)[number];

export function isDenied(environment: Environment, table: Table, privilege: Privilege): boolean {
  return environment.denied.size > 0 && environment.denied.has(`${privilege} ${table.name}`);
}

/** Throws the documented 403 when the application user lacks the privilege (dataverse.md section 2). */
export function checkPrivilege(environment: Environment, user: string, table: Table, privilege: Privilege): void {
  if (!isDenied(environment, table, privilege)) return;
  const name = `prv${privilege}${table.schema}`;
  throw errors.missingPrivilege(user, name, namedGuid(`privilege ${name}`), table.name, table.code);
}

export function requirePrivilege(tx: Transaction, table: Table, privilege: Privilege): void {
  if (!tx.actor.seeding) checkPrivilege(tx.environment, tx.actor.user, table, privilege);
}

/** A lookup needs Append on the row's table and AppendTo on the target's; a new owner needs Assign. */
export function requireLookupPrivileges(tx: Transaction, table: Table, draft: Draft): void {
  if (tx.actor.seeding || tx.environment.denied.size === 0) return;
  for (const [n, target] of draft.targets.entries()) {
    if (target === undefined) continue;
    if (draft.columns[n]!.kind === "owner") requirePrivilege(tx, table, "Assign");
    else {
      requirePrivilege(tx, table, "Append");
      requirePrivilege(tx, tx.environment.tables.get(target)!, "AppendTo");
    }
  }
}
