import type { Environment } from "../environment.ts";
import { errors } from "../errors.ts";
import { read, type Table } from "../model.ts";
import { ACCESS_RIGHTS, hasPrivileges, type Privilege, privilegeId, privilegeName } from "../security/catalogue.ts";
import type { Draft } from "./draft.ts";
import type { Actor, Transaction } from "./transaction.ts";

/** Whoever asks: a request, or a transaction of one. */
type Asking = { environment: Environment; actor: Actor };

/**
 * Throws the documented 403 when the one who asks lacks the privilege on the table (dataverse.md section 2). Reading
 * another table on the way ($expand, a lookup path, link-entity) needs Read there as well.
 */
export function requirePrivilege({ environment, actor }: Asking, table: Table, privilege: Privilege): void {
  if (mayDo(environment, actor, table, privilege)) return;
  const name = privilegeName(privilege, table);
  const on = ` on OTC=${table.code} for entity '${table.name}'`;
  throw errors.missingPrivilege(principal(environment, actor), actor.user, name, privilegeId(name), on);
}

/** Whether the actor has the privilege: by its roles, unless the control API has switched it off for everybody. */
export function mayDo(environment: Environment, actor: Actor, table: Table, privilege: Privilege): boolean {
  if (actor.seeding) return true;
  if (environment.denied.size > 0 && environment.denied.has(`${privilege} ${table.name}`)) return false;
  const { rights } = actor;
  if (rights === undefined || rights.all || !hasPrivileges(table)) return true;
  return ((rights.byTable.get(table.name) ?? 0) & ACCESS_RIGHTS[privilege]) !== 0;
}

/** The same for a privilege that belongs to no table, like `prvBypassCustomPlugins` (sections 2 and 12). */
export function requirePrivilegeByName(environment: Environment, actor: Actor, name: string): void {
  if (holdsPrivilege(environment, actor, name)) return;
  throw errors.missingPrivilege(principal(environment, actor), actor.user, name, privilegeId(name), "");
}

/** Whether the actor has a privilege that belongs to no table. */
export function holdsPrivilege(environment: Environment, actor: Actor, name: string): boolean {
  if (actor.seeding) return true;
  if (environment.denied.has(name)) return false;
  const { rights } = actor;
  return rights === undefined || rights.all || rights.privileges.has(privilegeId(name));
}

/** A lookup needs Append on the row's table and AppendTo on the target's; a new owner needs Assign. */
export function requireLookupPrivileges(tx: Transaction, table: Table, draft: Draft): void {
  if (tx.actor.seeding || (tx.environment.denied.size === 0 && (tx.actor.rights?.all ?? true))) return;
  for (const [n, target] of draft.targets.entries()) {
    if (target === undefined) continue;
    if (draft.columns[n]!.kind === "owner") requirePrivilege(tx, table, "Assign");
    else {
      requirePrivilege(tx, table, "Append");
      requirePrivilege(tx, tx.environment.tables.get(target)!, "AppendTo");
    }
  }
}

/** How the 403 names the one who lacks something. Impersonated, it is the user acted as (customer-engagement issue 100). */
function principal(environment: Environment, actor: Actor): string {
  const users = environment.tables.get("systemuser")!;
  const row = users.byId.get(actor.user);
  const mode = row ? read(row, users.columns.get("accessmode")!) : 0;
  const { roles, privileges } = actor.rights ?? { roles: [], privileges: new Set() };
  return `(Id=${actor.user}, type=8, roleCount=${roles.length}, privilegeCount=${privileges.size}, accessMode=${mode})`;
}
