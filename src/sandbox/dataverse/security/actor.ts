import { type Call, header } from "../../http/exchange.ts";
import type { Operation } from "../../operation.ts";
import type { Environment } from "../environment.ts";
import { errors } from "../errors.ts";
import { GUID } from "../guids.ts";
import { read } from "../model.ts";
import { holdsPrivilege } from "../records/privileges.ts";
import type { Actor } from "../records/transaction.ts";
import { intersection, rightsOf, userOf } from "./rights.ts";
import { keepPrivileges } from "./roles.ts";

export const ACTOR_OPERATIONS: Operation[] = [
  {
    name: "CallerObjectId",
    does: "Acts as the user with this Entra object id, within what both may do",
    source: "impersonate-another-user-web-api.md",
  },
  {
    name: "MSCRMCallerID",
    does: "The older header: acts as the user with this systemuserid",
    source: "impersonate-another-user-web-api.md",
  },
  {
    name: "prvActOnBehalfOfAnotherUser",
    does: "The privilege impersonation needs; 403 0x80040204 without",
    source: "dataverse.md section 12",
  },
  { name: "0x80072560", does: "403: the token is good, but there is no such user", source: "dataverse.md section 2" },
  { name: "0x80042f09", does: "403: the user has no role, nor has any of its teams", source: "dataverse.md section 2" },
  { name: "0x80040225", does: "403: the user is disabled", source: "dataverse.md section 2" },
  {
    name: "0x80040220",
    does: "403: a privilege is missing; the text names user, privilege and table",
    source: "dataverse.md section 2",
  },
];

/**
 * The user a call acts as. An app is the application user with its client id, a person the user with the object id of
 * the token (dataverse.md section 2). With an impersonation header it is that user, within what both may do
 * (section 12 and impersonate-another-user-web-api.md). Throws the documented 403 where there is no such user, where
 * the user is disabled, and where it has no role.
 */
export function actorOf(call: Call, environment: Environment, user: string | undefined): Actor {
  keepPrivileges(environment);
  if (user === undefined) throw errors.notMember();
  const caller = plainActor(environment, user);
  const target = impersonated(call, environment);
  // Impersonating oneself is none (powerapps-docs issue 2088): the columns on behalf of somebody stay empty.
  if (target === undefined || target === user) return caller;
  if (!holdsPrivilege(environment, caller, "prvActOnBehalfOfAnotherUser")) throw errors.cannotImpersonate(user);
  const actor = plainActor(environment, target);
  return { ...actor, rights: intersection(caller.rights!, actor.rights!), caller: user };
}

/** The user behind a token: by object id where a person signed in, else by the app's client id. */
export function tokenUser(
  environment: Environment,
  claims: { appid: string; oid: string; scp?: string },
): string | undefined {
  return claims.scp === undefined
    ? userOf(environment, "application", claims.appid)
    : userOf(environment, "object", claims.oid);
}

function plainActor(environment: Environment, user: string): Actor {
  const users = environment.tables.get("systemuser")!;
  const row = users.byId.get(user);
  if (!row) throw errors.notMember();
  if (read(row, users.columns.get("isdisabled")!) === true) throw errors.disabledUser();
  const rights = rightsOf(environment, user);
  if (rights.roles.length === 0) throw errors.noRoles();
  return { user, bypassPlugins: false, seeding: false, rights };
}

/** CallerObjectId is the preferred header; the older MSCRMCallerID counts where it stands alone. */
function impersonated(call: Call, environment: Environment): string | undefined {
  const object = header(call, "callerobjectid")?.trim();
  const legacy = header(call, "mscrmcallerid")?.trim();
  const given = object || legacy;
  if (!given) return undefined;
  const id = given.replace(/^\{(.*)\}$/, "$1").toLowerCase();
  const name = object ? "CallerObjectId" : "MSCRMCallerID";
  if (!GUID.test(id)) throw errors.badAddress(`The header '${name}' must be a GUID, not '${given.slice(0, 100)}'.`);
  if (!object) {
    if (!environment.tables.get("systemuser")!.byId.has(id)) throw errors.missing("systemuser", id);
    return id;
  }
  const user = userOf(environment, "object", id);
  if (user === undefined) throw errors.notMember();
  return user;
}
