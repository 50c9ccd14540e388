import type { Clock } from "../clock.ts";
import { type Call, header, jsonReply, type Reply } from "../http/exchange.ts";
import { type AppState, CLIENT_ID, CLIENT_SECRET, PRINCIPAL_ID, TENANT_DOMAIN, TENANT_ID } from "./directory.ts";
import { entraError } from "./errors.ts";
import { signToken } from "./jwt.ts";

/** What the token endpoint depends on: the signing key, the app's state, and which origins are this sandbox. */
export type Authority = {
  key: Buffer;
  app: () => AppState;
  clock: Clock;
  isOwn: (origin: string, call: Call) => boolean;
};

/** Seconds a token lives (dataverse.md section 2). */
const LIFETIME = 3599;
const GUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const DOMAIN = /^[a-z0-9-]+(\.[a-z0-9-]+)+$/i;

/**
 * `POST /{tenant}/oauth2/v2.0/token`, client credentials by secret: the secret in the form or as HTTP Basic.
 * Source: dataverse.md section 2. The checks run in Entra's order: tenant, grant, app, credential, scope.
 */
export function tokenReply(call: Call, tenant: string, authority: Authority): Reply {
  if (!GUID.test(tenant) && !DOMAIN.test(tenant)) return entraError("badTenantName", tenant);
  if (![TENANT_ID, TENANT_DOMAIN].includes(tenant.toLowerCase())) return entraError("unknownTenant", tenant);
  const form = new URLSearchParams(call.body.toString());
  const grant = form.get("grant_type");
  if (!grant) return entraError("missingParameter", "grant_type");
  if (["authorization_code", "refresh_token"].includes(grant)) return notBuilt(`The grant type '${grant}'`);
  if (grant !== "client_credentials") return entraError("unsupportedGrant", grant);

  const basic = basicCredential(call);
  const client = form.get("client_id") ?? basic?.id;
  const secret = form.get("client_secret") ?? basic?.secret;
  if (!client) return entraError("missingParameter", "client_id");
  if (client.toLowerCase() !== CLIENT_ID) return entraError("unknownApp", client, tenant);
  const state = authority.app();
  if (state === "appDisabled") return entraError("disabledApp", client);
  if (form.has("client_assertion")) return entraError("badAssertion");
  if (!secret) return entraError("noCredential");
  if (secret !== CLIENT_SECRET) return entraError("wrongSecret", client);
  if (state === "secretExpired") return entraError("expiredSecret", client);

  const scope = form.get("scope")?.trim();
  if (!scope) return entraError("missingParameter", "scope");
  const resource = /^(https?:\/\/[^/\s]+)\/?\/\.default$/i.exec(scope)?.[1];
  if (resource === undefined) return entraError("badScope", scope);
  if (!authority.isOwn(resource, call)) return entraError("unknownResource", resource, tenant);
  if (state === "noConsent") return entraError("noConsent", client);

  const now = Math.floor(authority.clock.now() / 1000);
  const token = signToken(
    {
      aud: resource,
      iss: `https://sts.windows.net/${TENANT_ID}/`,
      tid: TENANT_ID,
      appid: CLIENT_ID,
      oid: PRINCIPAL_ID,
      iat: now,
      exp: now + LIFETIME,
    },
    authority.key,
  );
  const answer = { token_type: "Bearer", expires_in: LIFETIME, ext_expires_in: LIFETIME, access_token: token };
  return jsonReply(200, answer, { "Cache-Control": "no-store, no-cache" });
}

function basicCredential(call: Call): { id: string; secret: string } | undefined {
  const match = /^Basic\s+(\S+)$/i.exec(header(call, "authorization") ?? "");
  if (!match) return undefined;
  const [id, ...secret] = Buffer.from(match[1]!, "base64").toString().split(":");
  try {
    // RFC 6749 section 2.3.1: both halves are form-encoded before they are joined.
    return { id: decodeURIComponent(id ?? ""), secret: decodeURIComponent(secret.join(":")) };
  } catch {
    return { id: id ?? "", secret: secret.join(":") };
  }
}

/** Anything of Entra that is real but not built. */
export function notBuilt(what: string): Reply {
  return jsonReply(501, {
    error: "not_implemented",
    error_description: `${what} is not implemented by the sandbox; it grants client credentials by secret only.`,
  });
}
