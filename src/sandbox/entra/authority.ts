import type { Clock } from "../clock.ts";
import type { Call } from "../http/exchange.ts";
import { type Directory, TENANT_DOMAIN, TENANT_ID } from "./directory.ts";
import { EntraError } from "./errors.ts";

/** What every endpoint of Entra works with. */
export type Authority = {
  directory(): Directory;
  clock: Clock;
  /** Whether a URL names this sandbox, under whatever name of it. */
  isOwn(resource: string, call: Call): boolean;
};

/** One call to one endpoint. `version`: `/oauth2/...` is 1, `/oauth2/v2.0/...` is 2. */
export type EntraCall = {
  call: Call;
  /** As it stands in the path. */
  tenant: string;
  version: 1 | 2;
  /** The form of the body, or for a GET the query. */
  fields: URLSearchParams;
  authority: Authority;
};

export const GUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const DOMAIN = /^[a-z0-9-]+(\.[a-z0-9-]+)+$/i;
/** Stand-ins for the tenant of whoever signs in (v2-protocols.md, "Endpoints"). */
const ANY_TENANT = ["common", "organizations"];

/** Throws the documented error where the tenant in the path is not the sandbox's, or does not say which. */
export function requireTenant(tenant: string, stands: { forAny: boolean }): void {
  const name = tenant.toLowerCase();
  if (name === TENANT_ID || name === TENANT_DOMAIN) return;
  if (ANY_TENANT.includes(name)) {
    if (stands.forAny) return;
    throw new EntraError("noTenant");
  }
  if (!GUID.test(tenant) && !DOMAIN.test(tenant)) throw new EntraError("badTenantName", tenant);
  throw new EntraError("unknownTenant", tenant);
}

/** The field, or the documented error that names it. */
export function required(fields: URLSearchParams, name: string): string {
  const value = fields.get(name);
  if (!value?.trim()) throw new EntraError("missingParameter", name);
  return value;
}

/** Only version 1 asks by `resource`; in version 2 the scope names it. */
export function refuseResource({ version, fields }: EntraCall): void {
  if (version === 2 && fields.has("resource")) throw new EntraError("resourceInV2");
}
