import type { Environment } from "../environment.ts";
import { read, type Table } from "../model.ts";
import { isAlive } from "../row.ts";
import { ACCESS_RIGHTS, type Privilege, privilegesOf } from "./catalogue.ts";

/**
 * What a user may do: on each table a mask of access rights, and the ids of all privileges held. `all` spares looking:
 * a system administrator lacks nothing.
 */
export type Rights = {
  all: boolean;
  byTable: Map<string, number>;
  privileges: Set<string>;
  roles: string[];
};

/** The tables that decide who may do what. */
const DECIDING = [
  "systemuser",
  "role",
  "privilege",
  "roleprivileges",
  "systemuserroles",
  "teamroles",
  "teammembership",
];

type Known = {
  schema: number;
  newest: number;
  tables: Table[];
  byUser: Map<string, Rights>;
  byApplication: Map<string, string>;
  byObject: Map<string, string>;
};
const known = new WeakMap<Environment, Known>();

/** Forgets what was worked out once any deciding table, or the schema, has changed: that is cheap to see. */
function current(environment: Environment): Known {
  const tables = DECIDING.map((name) => environment.tables.get(name)!);
  const schema = environment.metadataVersion;
  let newest = 0;
  for (const table of tables) {
    // Versions only grow, so the newest write tells the state of a table.
    newest = Math.max(newest, table.logVersions.at(-1) ?? 0, table.deleted.at(-1)?.version ?? 0);
  }
  const found = known.get(environment);
  if (found?.newest === newest && found.schema === schema && found.tables.every((table, n) => table === tables[n]))
    return found;
  const made: Known = { schema, newest, tables, byUser: new Map(), byApplication: new Map(), byObject: new Map() };
  const [users] = tables;
  const application = users!.columns.get("applicationid")!;
  const object = users!.columns.get("azureactivedirectoryobjectid")!;
  for (const [id, row] of users!.byId) {
    const app = read(row, application);
    const oid = read(row, object);
    if (typeof app === "string") made.byApplication.set(app, id);
    if (typeof oid === "string") made.byObject.set(oid, id);
  }
  known.set(environment, made);
  return made;
}

/** The user row of an application (by client id) or of a person (by Entra object id). */
export function userOf(environment: Environment, by: "application" | "object", id: string): string | undefined {
  const { byApplication, byObject } = current(environment);
  return (by === "application" ? byApplication : byObject).get(id.toLowerCase());
}

/** What the roles of a user add up to, those of the user's teams included (dataverse.md section 2). */
export function rightsOf(environment: Environment, user: string): Rights {
  const { byUser } = current(environment);
  let rights = byUser.get(user);
  if (!rights) {
    rights = sumOf(environment, rolesOf(environment, user));
    byUser.set(user, rights);
  }
  return rights;
}

/** Impersonation: allowed is what both may do (section 12). */
export function intersection(caller: Rights, target: Rights): Rights {
  if (caller.all) return target;
  if (target.all) return { ...caller, roles: target.roles };
  const byTable = new Map([...target.byTable].map(([table, mask]) => [table, mask & (caller.byTable.get(table) ?? 0)]));
  return { all: false, byTable, privileges: target.privileges.intersection(caller.privileges), roles: target.roles };
}

function rolesOf(environment: Environment, user: string): string[] {
  const roles = new Set(partners(environment, "systemuserroles", "systemuserid", user, "roleid"));
  for (const team of partners(environment, "teammembership", "systemuserid", user, "teamid")) {
    for (const role of rolesOfTeam(environment, team)) roles.add(role);
  }
  return [...roles].filter((role) => environment.tables.get("role")!.byId.has(role));
}

/** The ids of the roles a team has. */
export function rolesOfTeam(environment: Environment, team: string): string[] {
  return partners(environment, "teamroles", "teamid", team, "roleid");
}

function partners(environment: Environment, pairs: string, near: string, id: string, far: string): string[] {
  const table = environment.tables.get(pairs)!;
  const nearColumn = table.columns.get(near)!;
  const farColumn = table.columns.get(far)!;
  return table.rows
    .filter((row) => isAlive(row) && read(row, nearColumn) === id)
    .map((row) => String(read(row, farColumn)));
}

/** The rights a list of roles gives together. */
export function sumOf(environment: Environment, roles: string[]): Rights {
  const facts = privilegesOf(environment);
  const wanted = new Set(roles);
  const held = environment.tables.get("roleprivileges")!;
  const roleColumn = held.columns.get("roleid")!;
  const privilegeColumn = held.columns.get("privilegeid")!;
  const byTable = new Map<string, number>();
  const privileges = new Set<string>();
  for (const row of held.rows) {
    if (!isAlive(row) || !wanted.has(String(read(row, roleColumn)))) continue;
    const fact = facts.get(String(read(row, privilegeColumn)));
    if (!fact) continue;
    privileges.add(fact.id);
    if (fact.table !== undefined) {
      byTable.set(fact.table, (byTable.get(fact.table) ?? 0) | ACCESS_RIGHTS[fact.right as Privilege]);
    }
  }
  return { all: privileges.size === facts.size, byTable, privileges, roles };
}
