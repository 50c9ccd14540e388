import type { Reply } from "../http/exchange.ts";

/** Entra's errors of the token endpoint (dataverse.md section 2): status, OAuth error, number, text. */
type Row = { status: number; error: string; number: number; text: (a: string, b: string) => string };

const CATALOGUE = {
  wrongSecret: {
    status: 401,
    error: "invalid_client",
    number: 7000215,
    text: (app) =>
      `Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '${app}'.`,
  },
  expiredSecret: {
    status: 401,
    error: "invalid_client",
    number: 7000222,
    text: (app) =>
      `The provided client secret keys for app '${app}' are expired. Visit the Azure portal to create new keys for your app: https://aka.ms/NewClientSecret, or consider using certificate credentials for added security: https://aka.ms/certCreds.`,
  },
  unknownApp: {
    status: 400,
    error: "unauthorized_client",
    number: 700016,
    text: (app, tenant) =>
      `Application with identifier '${app}' was not found in the directory '${tenant}'. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant. You may have sent your authentication request to the wrong tenant.`,
  },
  unknownTenant: {
    status: 400,
    error: "invalid_request",
    number: 90002,
    text: (tenant) =>
      `Tenant '${tenant}' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud. Check with your subscription administrator, this may happen if there are no active subscriptions for the tenant.`,
  },
  badTenantName: {
    status: 400,
    error: "invalid_request",
    number: 900023,
    text: (tenant) =>
      `Specified tenant identifier '${tenant}' is neither a valid DNS name, nor a valid external domain.`,
  },
  badScope: {
    status: 400,
    error: "invalid_scope",
    number: 70011,
    text: (scope) =>
      `The provided request must include a 'scope' input parameter. The provided value for the input parameter 'scope' is not valid. The scope ${scope} is not valid.`,
  },
  unknownResource: {
    status: 400,
    error: "invalid_resource",
    number: 500011,
    text: (resource, tenant) =>
      `The resource principal named ${resource} was not found in the tenant named ${tenant}. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant. You might have sent your authentication request to the wrong tenant.`,
  },
  badAssertion: {
    status: 401,
    error: "invalid_client",
    number: 700027,
    text: () => "Client assertion contains an invalid signature. [Reason - The key was not found.]",
  },
  noCredential: {
    status: 401,
    error: "invalid_client",
    number: 7000216,
    text: () => "'client_assertion', 'client_secret' or 'request' is required for the 'client_credentials' grant type.",
  },
  disabledApp: {
    status: 400,
    error: "unauthorized_client",
    number: 7000112,
    text: (app) => `Application '${app}' is disabled.`,
  },
  noConsent: {
    status: 400,
    error: "invalid_grant",
    number: 65001,
    text: (app) =>
      `The user or administrator has not consented to use the application with ID '${app}'. Send an interactive authorization request for this user and resource.`,
  },
  missingParameter: {
    status: 400,
    error: "invalid_request",
    number: 900144,
    text: (name) => `The request body must contain the following parameter: '${name}'.`,
  },
  unsupportedGrant: {
    status: 400,
    error: "unsupported_grant_type",
    number: 70003,
    text: (grant) => `The app requested an unsupported grant type '${grant}'.`,
  },
} satisfies Record<string, Row>;

export type EntraError = keyof typeof CATALOGUE;

/** The documented body, with a fresh trace id per answer. */
export function entraError(name: EntraError, a = "", b = ""): Reply {
  const row: Row = CATALOGUE[name];
  const trace = crypto.randomUUID();
  const correlation = crypto.randomUUID();
  const timestamp = `${new Date().toISOString().slice(0, 19).replace("T", " ")}Z`;
  const text = `AADSTS${row.number}: ${row.text(a, b)} Trace ID: ${trace} Correlation ID: ${correlation} Timestamp: ${timestamp}`;
  return {
    status: row.status,
    headers: { "Content-Type": "application/json; charset=utf-8", "Cache-Control": "no-store, no-cache" },
    body: JSON.stringify({
      error: row.error,
      error_description: text,
      error_codes: [row.number],
      timestamp,
      trace_id: trace,
      correlation_id: correlation,
      error_uri: `https://login.microsoftonline.com/error?code=${row.number}`,
    }),
  };
}
