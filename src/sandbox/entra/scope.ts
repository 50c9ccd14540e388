import { type EntraCall, required } from "./authority.ts";
import { EntraError } from "./errors.ts";

/** What a token is asked for: a resource (the token's audience), permissions there, and OpenID scopes. */
export type Scope = { resource: string; permissions: string[]; openid: string[]; text: string };

const OPENID = ["openid", "profile", "email", "offline_access"];
/** Microsoft Graph: whose permissions scopes without a resource are (scopes-oidc.md). */
const GRAPH = "00000003-0000-0000-c000-000000000000";

/** The resource of client credentials: `scope={resource}/.default`, or in version 1 `resource={resource}`. */
export function appResource(entra: EntraCall): string {
  if (entra.version === 1) return known(entra, required(entra.fields, "resource"));
  const scope = required(entra.fields, "scope").trim();
  const resource = /^(https?:\/\/[^/\s]+\/?)\/\.default$/i.exec(scope)?.[1];
  if (resource === undefined) throw new EntraError("badScope", scope);
  return known(entra, resource);
}

/**
 * The scope of a user's token: permissions of one resource, and any of the OpenID scopes. Dataverse has the one
 * permission `user_impersonation`; `.default` stands for it (dataverse.md section 2).
 */
export function userScope(entra: EntraCall, text: string): Scope {
  const items = [...new Set(text.split(/\s+/).filter(Boolean))];
  const openid = items.filter((item) => OPENID.includes(item));
  const others = items.filter((item) => !OPENID.includes(item));
  const resources = new Set(others.map(resourceOf));
  if (resources.size > 1) throw new EntraError("badScope", text);
  const [resource = GRAPH] = resources;
  const permissions = others.map((item) => item.slice(item.lastIndexOf("/") + 1));
  if (resource === GRAPH) return { resource, permissions, openid, text: items.join(" ") };
  known(entra, resource);
  if (permissions.some((each) => each !== "user_impersonation" && each !== ".default")) {
    throw new EntraError("badScope", text);
  }
  return { resource, permissions: ["user_impersonation"], openid, text: items.join(" ") };
}

/** Version 1 asks for a resource; what it may do there is what the app may, and OpenID comes with it. */
export function resourceScope(entra: EntraCall, resource: string): Scope {
  const text = `${known(entra, resource)}/user_impersonation openid profile offline_access`;
  return { resource, permissions: ["user_impersonation"], openid: ["openid", "profile", "offline_access"], text };
}

/** What the answer says was granted: the permissions by their full names, and whatever was asked for beside them. */
export function grantedScope(scope: Scope): string {
  const full =
    scope.resource === GRAPH ? scope.permissions : scope.permissions.map((each) => `${scope.resource}/${each}`);
  const asked = scope.text.split(" ").filter((item) => item !== "offline_access");
  return [...new Set([...full, ...asked])].filter(Boolean).join(" ");
}

function resourceOf(item: string): string {
  const cut = item.lastIndexOf("/");
  if (cut < 0) return GRAPH;
  return item.slice(0, cut);
}

function known(entra: EntraCall, resource: string): string {
  if (!entra.authority.isOwn(resource, entra.call)) throw new EntraError("unknownResource", resource, entra.tenant);
  return resource;
}
