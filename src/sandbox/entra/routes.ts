import { type Call, decoded, type Reply } from "../http/exchange.ts";
import type { Operation } from "../operation.ts";
import { own } from "../own.ts";
import type { Authority, EntraCall } from "./authority.ts";
import { authorizeReply } from "./authorize.ts";
import { instanceDiscovery, keys, openIdConfiguration } from "./discovery.ts";
import { correlationId, errorBody, errorPage, unexpected } from "./error-reply.ts";
import { EntraError } from "./errors.ts";
import { logoutReply } from "./logout.ts";
import { NotBuilt, notBuiltReply } from "./not-built.ts";
import { tokenReply } from "./token.ts";

type Endpoint = {
  methods: string[];
  does: string;
  handle(entra: EntraCall): Reply;
  /** Its errors are read by a person, not by a program. */
  page?: boolean;
};

const absent = (what: string) => () => {
  throw new NotBuilt(what);
};

/** By what follows the tenant in version 1; VERSION_TWO has the addresses of version 2. */
const ENDPOINTS: Record<string, Endpoint> = {
  "oauth2/token": {
    methods: ["POST"],
    does: "Grants tokens: client credentials, code, refresh token",
    handle: tokenReply,
  },
  "oauth2/authorize": {
    methods: ["GET", "POST"],
    does: "Shows accounts and consent as a plain page, then sends a code to the redirect URI",
    handle: authorizeReply,
    page: true,
  },
  "oauth2/logout": {
    methods: ["GET", "POST"],
    does: "Goes to post_logout_redirect_uri where it is an address of this machine; there is no session to end",
    handle: logoutReply,
    page: true,
  },
  ".well-known/openid-configuration": {
    methods: ["GET"],
    does: "The OpenID provider's metadata, for the tenant, /common and /organizations",
    handle: openIdConfiguration,
  },
  "discovery/keys": { methods: ["GET"], does: "The key that tokens are signed with (JWKS)", handle: keys },
  "discovery/instance": {
    methods: ["GET"],
    does: "Says that this host is an authority of its own, as msal asks",
    handle: instanceDiscovery,
  },
  "oauth2/devicecode": { methods: ["POST"], does: "Refused by name (501)", handle: absent("The device code flow") },
};

/** `oauth2/v2.0/token`, but `v2.0/.well-known/openid-configuration`. */
const VERSION_TWO = new Map(
  Object.keys(ENDPOINTS).map((name) => [name.startsWith(".") ? `v2.0/${name}` : name.replace("/", "/v2.0/"), name]),
);

/** The endpoints as the support matrix lists them. */
export const ENTRA_ENDPOINTS: Operation[] = Object.entries(ENDPOINTS).map(([name, { does }]) => ({
  name,
  does,
  source: "dataverse.md section 2; entra-docs identity-platform/v2-protocols.md",
}));

/** Entra takes no form that is longer. */
const LONGEST_FORM = 1024 * 1024;

/** Parameters that would change what a request does: proof of possession, and requests that are signed objects. */
const UNBUILT_FIELDS = ["req_cnf", "request", "request_uri"];

/** Whether the path is one of Entra's, built or not. */
export function isEntra(path: string): boolean {
  return /^\/[^/]+\/(oauth2|v2\.0|\.well-known|discovery|userrealm|openid|saml2|wsfed|federationmetadata|kerberos)(\/|$)/i.test(
    path,
  );
}

/**
 * Answers one call to Entra. Never throws: what goes wrong becomes the documented body, with the client's own correlation
 * id where it sent one, or a page where it is a person who reads it.
 */
export function entraReply(call: Call, authority: Authority): Reply {
  const found = endpointOf(call);
  const fields = found ? fieldsOf(call) : new URLSearchParams();
  const asked = correlationId(call, fields);
  let reply: Reply;
  try {
    reply = answer(call, authority, found, fields);
  } catch (error) {
    if (error instanceof NotBuilt) reply = notBuiltReply(error.message);
    else {
      const wrong = error instanceof EntraError ? error : unexpected(error as Error);
      reply = (found?.endpoint.page ? errorPage : errorBody)(wrong, asked, authority.clock.now());
    }
  }
  if (asked !== undefined) reply.headers["client-request-id"] = asked;
  reply.headers["x-ms-request-id"] ??= crypto.randomUUID();
  return reply;
}

type Found = { endpoint: Endpoint; tenant: string; version: 1 | 2 };

function answer(call: Call, authority: Authority, found: Found | undefined, fields: URLSearchParams): Reply {
  if (!found) throw new NotBuilt(`${call.method} ${call.path.slice(0, 200)}`);
  const method = call.method === "HEAD" ? "GET" : call.method;
  const { endpoint, tenant, version } = found;
  if (method === "OPTIONS") throw new NotBuilt("Calling the endpoints from a page of another origin");
  if (!endpoint.methods.includes(method)) {
    if (endpoint.handle === tokenReply) throw new EntraError("postOnly", method);
    return { status: 405, headers: { Allow: endpoint.methods.join(", ") } };
  }
  if (call.body.length > LONGEST_FORM) throw new EntraError("malformed");
  for (const name of UNBUILT_FIELDS) if (fields.has(name)) throw new NotBuilt(`The parameter '${name}'`);
  const type = fields.get("token_type");
  if (type !== null && type.toLowerCase() !== "bearer") throw new NotBuilt(`The token type '${type}'`);
  return endpoint.handle({ call, tenant, version, fields, authority });
}

function endpointOf({ path }: Call): Found | undefined {
  const [, tenant = "", ...rest] = path.split("/");
  const name = rest.join("/");
  const old = VERSION_TWO.get(name);
  const endpoint = own(ENDPOINTS, old ?? name);
  return endpoint && { endpoint, tenant: decoded(tenant), version: old === undefined ? 1 : 2 };
}

/** The form of a POST, or the query; a body that is no form has no fields. */
function fieldsOf({ method, query, body, headers }: Call): URLSearchParams {
  if (method !== "POST") return new URLSearchParams(query);
  const isForm = /^application\/x-www-form-urlencoded\b/i.test(headers["content-type"] ?? "");
  return new URLSearchParams(isForm && body.length <= LONGEST_FORM ? body.toString() : "");
}
