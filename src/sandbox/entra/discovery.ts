import { type Call, jsonReply, type Reply } from "../http/exchange.ts";
import { type EntraCall, required, requireTenant } from "./authority.ts";
import { TENANT_ID } from "./directory.ts";
import { V1_ISSUER } from "./issue.ts";
import { publicJwk } from "./jwt.ts";

/**
 * The OpenID provider's metadata (v2-protocols-oidc.md). Every address leads back the way the client came; the tenant in
 * the path stays as it was given, except that the issuer of /common has the placeholder that Entra prints there.
 */
export function openIdConfiguration({ call, tenant, version }: EntraCall): Reply {
  requireTenant(tenant, { forAny: true });
  const base = `${call.origin}/${encodeURIComponent(tenant)}`;
  const middle = version === 2 ? "/v2.0" : "";
  const issuerTenant = ["common", "organizations"].includes(tenant.toLowerCase()) ? "{tenantid}" : TENANT_ID;
  return jsonReply(200, {
    token_endpoint: `${base}/oauth2${middle}/token`,
    token_endpoint_auth_methods_supported: ["client_secret_post", "private_key_jwt", "client_secret_basic"],
    jwks_uri: `${base}/discovery${middle}/keys`,
    response_modes_supported: ["query", "fragment", "form_post"],
    subject_types_supported: ["pairwise"],
    id_token_signing_alg_values_supported: ["RS256"],
    response_types_supported: ["code"],
    scopes_supported: ["openid", "profile", "email", "offline_access"],
    issuer: version === 2 ? `${call.origin}/${issuerTenant}/v2.0` : V1_ISSUER.replace(TENANT_ID, issuerTenant),
    request_uri_parameter_supported: false,
    authorization_endpoint: `${base}/oauth2${middle}/authorize`,
    code_challenge_methods_supported: ["plain", "S256"],
    http_logout_supported: true,
    frontchannel_logout_supported: true,
    end_session_endpoint: `${base}/oauth2${middle}/logout`,
    claims_supported: ["sub", "iss", "aud", "exp", "iat", "nonce", "preferred_username", "name", "tid", "ver", "email"],
    tenant_region_scope: null,
    cloud_instance_name: hostOf(call),
  });
}

/** The keys tokens are signed with. */
export function keys({ tenant }: EntraCall): Reply {
  requireTenant(tenant, { forAny: true });
  return jsonReply(200, { keys: [publicJwk()] });
}

/** Which hosts are one authority: what msal asks before it trusts one it does not know. */
export function instanceDiscovery({ call, fields }: EntraCall): Reply {
  const host = hostOf(call);
  const asked = URL.parse(required(fields, "authorization_endpoint"))?.pathname.split("/")[1] || "common";
  return jsonReply(200, {
    tenant_discovery_endpoint: `${call.origin}/${asked}/v2.0/.well-known/openid-configuration`,
    "api-version": fields.get("api-version") ?? "1.1",
    metadata: [{ preferred_network: host, preferred_cache: host, aliases: [host] }],
  });
}

/** The Host header as it came: it may be one that no URL could have. */
function hostOf({ origin }: Call): string {
  return origin.slice(origin.indexOf("//") + 2);
}
