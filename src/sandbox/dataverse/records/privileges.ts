import type { Environment } from "../environment.ts";
import { errors } from "../errors.ts";
import { namedGuid } from "../guids.ts";
import type { Table } from "../model.ts";
import type { Draft } from "./draft.ts";
import type { Actor, Transaction } from "./transaction.ts";

export const PRIVILEGES = ["Create", "Read", "Write", "Delete", "Append", "AppendTo", "Assign", "Share"] as const;
export type Privilege = (typeof PRIVILEGES)[number];

/** Whoever asks: a request, or a transaction of one. */
type Asking = { environment: Environment; actor: Actor };

/**
 * Throws the documented 403 when the one who asks lacks the privilege on the table (dataverse.md section 2). Reading
 * another table on the way ($expand, a lookup path, link-entity) needs Read there as well.
 */
export function requirePrivilege({ environment, actor }: Asking, table: Table, privilege: Privilege): void {
  if (actor.seeding || environment.denied.size === 0) return;
  if (!environment.denied.has(`${privilege} ${table.name}`)) return;
  const name = `prv${privilege}${table.schema}`;
  throw errors.missingPrivilege(actor.user, name, namedGuid(`privilege ${name}`), table.name, table.code);
}

/** The same for a privilege that belongs to no table, like `prvBypassCustomPlugins` (sections 2 and 12). */
export function requirePrivilegeByName(environment: Environment, actor: Actor, name: string): void {
  if (actor.seeding || !environment.denied.has(name)) return;
  throw errors.missingNamedPrivilege(actor.user, name, namedGuid(`privilege ${name}`));
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
