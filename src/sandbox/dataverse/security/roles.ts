import { DELIVERED_ROLES, roleId } from "../delivered-ids.ts";
import type { Environment } from "../environment.ts";
import { namedGuid } from "../guids.ts";
import { read } from "../model.ts";
import { deleteRow } from "../records/delete.ts";
import { begin, type Transaction } from "../records/transaction.ts";
import { createRow } from "../records/write.ts";
import { ACCESS_RIGHTS, type Privilege, type PrivilegeFact, privilegesOf } from "./catalogue.ts";

/** PrivilegeDepth as the column `privilegedepthmask` keeps it: the whole organisation. */
export const GLOBAL = 8;

const onTables =
  (...rights: Privilege[]) =>
  ({ right }: PrivilegeFact) =>
    right !== undefined && rights.includes(right);

/** Records the Basic User role works with; the rest of an environment it may only read where apps need it. */
const EVERYDAY = new Set([
  "account",
  "contact",
  "lead",
  "opportunity",
  "customeraddress",
  "task",
  "phonecall",
  "email",
]);
const SETTINGS = new Set(["systemuser", "team", "businessunit", "transactioncurrency", "organization", "role"]);

/** Which privileges each delivered role holds. */
const HOLDS: Record<(typeof DELIVERED_ROLES)[number], (privilege: PrivilegeFact) => boolean> = {
  "System Administrator": () => true,
  "System Customizer": ({ name, right }) => right !== undefined || /^prv(Create|Write|Delete)/.test(name),
  "Basic User": ({ table, right }) =>
    right !== undefined && (EVERYDAY.has(table!) || (SETTINGS.has(table!) && ["Read", "AppendTo"].includes(right))),
  Delegate: ({ name }) => name === "prvActOnBehalfOfAnotherUser",
  "Service Reader": onTables("Read"),
  "Service Writer": onTables("Create", "Read", "Write"),
  "Service Deleted": onTables("Delete"),
};

/** Writes the delivered roles and every privilege into a fresh environment. */
export function deliverRoles(environment: Environment, tx: Transaction): void {
  const roles = environment.tables.get("role")!;
  for (const name of DELIVERED_ROLES) createRow(tx, roles, { name }, roleId(name));
  keepPrivileges(environment, tx);
}

/** Gives a user a role, as associating systemuserroles_association does. */
export function giveRole(tx: Transaction, user: string, role: string): void {
  const id = namedGuid(`systemuserrole ${user} ${role}`);
  createRow(tx, tx.environment.tables.get("systemuserroles")!, { systemuserid: user, roleid: role }, id);
}

const kept = new WeakMap<Environment, number>();

/**
 * Makes the rows of `privilege` and of the delivered roles follow the tables there are: a new table brings its
 * privileges, which the delivered roles get, and a table that is gone takes its own along.
 */
export function keepPrivileges(environment: Environment, tx?: Transaction): void {
  if (kept.get(environment) === environment.metadataVersion) return;
  kept.set(environment, environment.metadataVersion);
  const privileges = environment.tables.get("privilege")!;
  const facts = privilegesOf(environment);
  const missing = [...facts.values()].filter(({ id }) => !privileges.byId.has(id));
  const gone = new Set([...privileges.byId.keys()].filter((id) => !facts.has(id)));
  if (missing.length === 0 && gone.size === 0) return;
  const work = tx ?? begin(environment, { user: environment.appUser, bypassPlugins: true, seeding: true });
  const held = environment.tables.get("roleprivileges")!;
  for (const fact of missing) {
    createRow(work, privileges, privilegeBody(fact), fact.id);
    for (const role of DELIVERED_ROLES) {
      if (HOLDS[role](fact)) grant(work, roleId(role), fact.id, GLOBAL);
    }
  }
  for (const id of gone) deleteRow(work, privileges, privileges.byId.get(id)!);
  if (gone.size === 0) return;
  const column = held.columns.get("privilegeid")!;
  for (const row of [...held.byId.values()]) if (gone.has(String(read(row, column)))) deleteRow(work, held, row);
}

/** Adds a privilege to a role. The id of the pair follows from both, so that there is never a second one. */
export function grant(tx: Transaction, role: string, privilege: string, mask: number): void {
  const held = tx.environment.tables.get("roleprivileges")!;
  const id = namedGuid(`roleprivilege ${role} ${privilege}`);
  createRow(tx, held, { roleid: role, privilegeid: privilege, privilegedepthmask: mask }, id);
}

function privilegeBody({ name, right }: PrivilegeFact): Record<string, unknown> {
  const table = right !== undefined;
  return {
    name,
    accessright: table ? ACCESS_RIGHTS[right] : 0,
    canbebasic: table,
    canbelocal: table,
    canbedeep: table,
    canbeglobal: true,
  };
}
