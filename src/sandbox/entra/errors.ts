import type { Operation } from "../operation.ts";

type Row = {
  status: number;
  /** The OAuth error (RFC 6749 sections 4.1.2.1 and 5.2). */
  error: string;
  number: number;
  /** For the support table. */
  when: string;
  text: (a: string, b: string) => string;
};

/** Entra's own errors: dataverse.md section 2 and MicrosoftDocs/entra-docs reference-error-codes.md. */
const CATALOGUE = {
  wrongSecret: {
    status: 401,
    error: "invalid_client",
    number: 7000215,
    when: "the secret is none of the app's",
    text: (app) =>
      `Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '${app}'.`,
  },
  expiredSecret: {
    status: 401,
    error: "invalid_client",
    number: 7000222,
    when: "the secret was the app's until it expired",
    text: (app) =>
      `The provided client secret keys for app '${app}' are expired. Visit the Azure portal to create new keys for your app: https://aka.ms/NewClientSecret, or consider using certificate credentials for added security: https://aka.ms/certCreds.`,
  },
  unknownApp: {
    status: 400,
    error: "unauthorized_client",
    number: 700016,
    when: "no app has this client id",
    text: (app, tenant) =>
      `Application with identifier '${app}' was not found in the directory '${tenant}'. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant. You may have sent your authentication request to the wrong tenant.`,
  },
  unknownTenant: {
    status: 400,
    error: "invalid_request",
    number: 90002,
    when: "the tenant in the path is not the sandbox's",
    text: (tenant) =>
      `Tenant '${tenant}' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud. Check with your subscription administrator, this may happen if there are no active subscriptions for the tenant.`,
  },
  badTenantName: {
    status: 400,
    error: "invalid_request",
    number: 900023,
    when: "the tenant in the path is neither a GUID nor a domain name",
    text: (tenant) =>
      `Specified tenant identifier '${tenant}' is neither a valid DNS name, nor a valid external domain.`,
  },
  noTenant: {
    status: 400,
    error: "invalid_request",
    number: 50059,
    when: "client credentials are sent to /common or /organizations",
    text: () => "No tenant-identifying information found in either the request or implied by any provided credentials.",
  },
  badScope: {
    status: 400,
    error: "invalid_scope",
    number: 70011,
    when: "the scope is malformed, names several resources, or is not one the grant takes",
    text: (scope) =>
      `The provided request must include a 'scope' input parameter. The provided value for the input parameter 'scope' is not valid. The scope ${scope} is not valid.`,
  },
  unknownResource: {
    status: 400,
    error: "invalid_resource",
    number: 500011,
    when: "the scope or resource names another organisation",
    text: (resource, tenant) =>
      `The resource principal named ${resource} was not found in the tenant named ${tenant}. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant. You might have sent your authentication request to the wrong tenant.`,
  },
  badAssertion: {
    status: 401,
    error: "invalid_client",
    number: 700027,
    when: "the assertion's certificate is none of the app's, or its signature is wrong",
    text: (reason) => `Client assertion contains an invalid signature. [Reason - ${reason}]`,
  },
  otherClientsAssertion: {
    status: 401,
    error: "invalid_client",
    number: 700021,
    when: "the assertion's issuer is not the client id",
    text: () => "Client assertion application identifier doesn't match 'client_id' parameter.",
  },
  wrongSubject: {
    status: 401,
    error: "invalid_client",
    number: 50048,
    when: "the assertion's subject is not its issuer",
    text: () => "Subject mismatches Issuer claim in the client assertion.",
  },
  wrongAudience: {
    status: 401,
    error: "invalid_client",
    number: 700023,
    when: "the assertion's audience is not this token endpoint",
    text: () =>
      "Client assertion audience claim does not match Realm issuer. Review the documentation at https://docs.microsoft.com/azure/active-directory/develop/active-directory-certificate-credentials .",
  },
  assertionTime: {
    status: 401,
    error: "invalid_client",
    number: 700024,
    when: "the assertion has expired or is not valid yet",
    text: (now, range) =>
      `Client assertion is not within its valid time range. Current time: ${now}, ${range}. Review the documentation at https://docs.microsoft.com/azure/active-directory/develop/active-directory-certificate-credentials .`,
  },
  noFederation: {
    status: 401,
    error: "invalid_client",
    number: 700211,
    when: "the assertion comes from another issuer: no federated credential can be registered",
    text: (issuer) =>
      `No matching federated identity record found for presented assertion issuer '${issuer}'. Check your federated identity credential Subject, Audience and Issuer against the presented assertion.`,
  },
  malformedAssertion: {
    status: 401,
    error: "invalid_client",
    number: 50027,
    when: "the assertion is no JWT, or lacks a claim",
    text: (why) => `JWT token is invalid or malformed. ${why}`,
  },
  noCredential: {
    status: 401,
    error: "invalid_client",
    number: 7000216,
    when: "client credentials come without a credential",
    text: () => "'client_assertion', 'client_secret' or 'request' is required for the 'client_credentials' grant type.",
  },
  credentialMissing: {
    status: 401,
    error: "invalid_client",
    number: 7000218,
    when: "a confidential app redeems a code or refresh token without its credential",
    text: () => "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.",
  },
  publicWithCredential: {
    status: 401,
    error: "invalid_client",
    number: 700025,
    when: "a public app presents a credential",
    text: () => "Client is public so neither 'client_assertion' nor 'client_secret' should be presented.",
  },
  disabledApp: {
    status: 400,
    error: "unauthorized_client",
    number: 7000112,
    when: "the app is disabled",
    text: (app) => `Application '${app}' is disabled.`,
  },
  noConsent: {
    status: 400,
    error: "invalid_grant",
    number: 65001,
    when: "neither an administrator nor the user has consented",
    text: (app) =>
      `The user or administrator has not consented to use the application with ID '${app}'. Send an interactive authorization request for this user and resource.`,
  },
  declined: {
    status: 400,
    error: "access_denied",
    number: 65004,
    when: "the user presses Cancel",
    text: () => "User declined to consent to access the app.",
  },
  badRedirect: {
    status: 400,
    error: "invalid_client",
    number: 50011,
    when: "the redirect URI is none of the app's (shown as a page)",
    text: (uri, app) =>
      `The redirect URI '${uri}' specified in the request does not match the redirect URIs configured for the application '${app}'. Make sure the redirect URI sent in the request matches one added to your application in the Azure portal. Navigate to https://aka.ms/redirectUriMismatchError to learn more about how to fix this.`,
  },
  otherRedirect: {
    status: 401,
    error: "invalid_client",
    number: 500112,
    when: "the redirect URI is another than the code was asked with",
    text: (given, wanted) =>
      `The reply address '${given}' does not match the reply address '${wanted}' provided when requesting Authorization code.`,
  },
  notSignedIn: {
    status: 400,
    error: "login_required",
    number: 50058,
    when: "prompt=none: the sandbox keeps no sign-in session",
    text: () => "A silent sign-in request was sent but no user is signed in.",
  },
  unknownUser: {
    status: 400,
    error: "invalid_grant",
    number: 50034,
    when: "the account chosen is not in the directory",
    text: (user, tenant) => `The user account ${user} does not exist in the ${tenant} directory.`,
  },
  disabledUser: {
    status: 400,
    error: "invalid_grant",
    number: 50057,
    when: "the user is disabled",
    text: () => "The user account is disabled.",
  },
  mfaRequired: {
    status: 400,
    error: "interaction_required",
    number: 50076,
    when: "a refresh token of a user set to `mfaRequired`",
    text: (resource) =>
      `Due to a configuration change made by your administrator, or because you moved to a new location, you must use multi-factor authentication to access '${resource}'.`,
  },
  mfaEnrolment: {
    status: 400,
    error: "interaction_required",
    number: 50079,
    when: "a refresh token of a user set to `mfaEnrolment`",
    text: (resource) =>
      `Due to a configuration change made by your administrator, or because you moved to a new location, you must enroll in multi-factor authentication to access '${resource}'.`,
  },
  blockedByPolicy: {
    status: 400,
    error: "interaction_required",
    number: 53003,
    when: "a user set to `blocked`: conditional access",
    text: () =>
      "Access has been blocked by Conditional Access policies. The access policy does not allow token issuance.",
  },
  invalidGrant: {
    status: 400,
    error: "invalid_grant",
    number: 70000,
    when: "the code or refresh token is unknown, or another app's",
    text: (name) => `The provided value for the input parameter '${name}' is not valid.`,
  },
  expiredCode: {
    status: 400,
    error: "invalid_grant",
    number: 70008,
    when: "the code is older than ten minutes",
    text: () =>
      "The provided authorization code or refresh token has expired due to inactivity. Send a new interactive authorization request for this user and resource.",
  },
  codeRedeemed: {
    status: 400,
    error: "invalid_grant",
    number: 54005,
    when: "the code was redeemed before",
    text: () =>
      "OAuth2 Authorization code was already redeemed, please retry with a new valid code or use an existing refresh token.",
  },
  wrongVerifier: {
    status: 400,
    error: "invalid_grant",
    number: 501481,
    when: "code_verifier does not fit code_challenge",
    text: () => "The Code_Verifier does not match the code_challenge supplied in the authorization request.",
  },
  badChallenge: {
    status: 400,
    error: "invalid_request",
    number: 501491,
    when: "code_challenge has not 43 to 128 characters of the alphabet of RFC 7636",
    text: () => "Invalid size of Code_Challenge parameter.",
  },
  expiredRefreshToken: {
    status: 400,
    error: "invalid_grant",
    number: 700082,
    when: "the refresh token is older than 90 days",
    text: (issued, life) =>
      `The refresh token has expired due to inactivity. The token was issued on ${issued} and was inactive for ${life}.`,
  },
  revokedRefreshToken: {
    status: 400,
    error: "invalid_grant",
    number: 50173,
    when: "the user's tokens were revoked (`revokeTokens`)",
    text: (issued, from) =>
      `The provided grant has expired due to it being revoked, a fresh auth token is needed. The user might have changed or reset their password. The grant was issued on '${issued}' and the TokensValidFrom date (before which tokens are not valid) for this user is '${from}'.`,
  },
  missingParameter: {
    status: 400,
    error: "invalid_request",
    number: 900144,
    when: "a parameter is missing, or the body is no form",
    text: (name) => `The request body must contain the following parameter: '${name}'.`,
  },
  resourceInV2: {
    status: 400,
    error: "invalid_request",
    number: 901002,
    when: "`resource` is sent to a version 2 endpoint",
    text: () => "The 'resource' request parameter is not supported.",
  },
  unsupportedGrant: {
    status: 400,
    error: "unsupported_grant_type",
    number: 70003,
    when: "the grant type is none there is",
    text: (grant) => `The app requested an unsupported grant type '${grant}'.`,
  },
  unsupportedResponseType: {
    status: 400,
    error: "unsupported_response_type",
    number: 70005,
    when: "response_type is none there is",
    text: (type) => `The app requested an unsupported response type '${type}'.`,
  },
  implicitOff: {
    status: 400,
    error: "unsupported_response_type",
    number: 700054,
    when: "response_type contains id_token: the implicit grant is enabled for no app",
    text: () => "response_type 'id_token' is not enabled for the application.",
  },
  badResponseMode: {
    status: 400,
    error: "invalid_request",
    number: 70007,
    when: "response_mode is none there is",
    text: (mode) => `The app returned an unsupported value of 'response_mode' when requesting a token: '${mode}'.`,
  },
  postOnly: {
    status: 405,
    error: "invalid_request",
    number: 900561,
    when: "the token endpoint is asked by another verb",
    text: (method) => `The endpoint only accepts POST requests. Received a ${method} request.`,
  },
  malformed: {
    status: 400,
    error: "invalid_request",
    number: 9002313,
    when: "a request cannot be read at all",
    text: () => "Invalid request. Request is malformed or invalid.",
  },
  throttled: {
    status: 429,
    error: "temporarily_unavailable",
    number: 90055,
    when: "a fault of status 429 set for an address of Entra",
    text: () => "There are too many incoming requests.",
  },
  unavailable: {
    status: 503,
    error: "temporarily_unavailable",
    number: 90033,
    when: "a fault of another status set for an address of Entra",
    text: () => "A transient error has occurred. Please try again.",
  },
} satisfies Record<string, Row>;

export type EntraErrorName = keyof typeof CATALOGUE;

/** One of Entra's errors; `a` and `b` are what its text speaks of. */
export class EntraError extends Error {
  readonly status: number;
  readonly error: string;
  readonly number: number;

  constructor(name: EntraErrorName, a = "", b = "") {
    const row: Row = CATALOGUE[name];
    super(`AADSTS${row.number}: ${row.text(a, b)}`);
    this.status = row.status;
    this.error = row.error;
    this.number = row.number;
  }
}

/** Every error that can be provoked, for the support matrix. */
export const ENTRA_ERRORS: Operation[] = Object.values(CATALOGUE as Record<string, Row>).map((row) => ({
  name: `AADSTS${row.number}`,
  does: `${row.status} ${row.error}: ${row.when}`,
  source: "dataverse.md section 2; reference-error-codes.md",
}));
