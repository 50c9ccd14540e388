import { createHash, randomBytes } from "node:crypto";
import type { EntraCall } from "./authority.ts";
import type { Proof } from "./credential.ts";
import { type App, type Grant, TENANT_ID, type User } from "./directory.ts";
import { signToken } from "./jwt.ts";
import { grantedScope, type Scope } from "./scope.ts";

/** Seconds an access token lives (dataverse.md section 2). */
export const LIFETIME = 3599;
/** Issuer of version 1 tokens. */
export const V1_ISSUER = `https://sts.windows.net/${TENANT_ID}/`;
/** The claim `appidacr` (access-token-claims-reference.md). */
const PROOFS: Record<Proof, string> = { none: "0", secret: "1", certificate: "2" };
/** As many codes and refresh tokens are remembered; the oldest go first. */
const REMEMBERED = 10_000;

/** The answer to client credentials: a token for the app itself. */
export function appAnswer(entra: EntraCall, app: App, proof: Proof, resource: string): Record<string, unknown> {
  const claims = {
    ...commonClaims(entra, app, proof, resource),
    oid: app.principal,
    sub: app.principal,
    idtyp: "app",
  };
  return answer(entra, resource, signToken(claims, 1));
}

/**
 * The answer to a code or a refresh token: a token of the user for the app, with the refresh token and the id token
 * where the scope asks for them. The access token is of version 1 whatever the endpoint: the resource decides it
 * (access-tokens.md), and Dataverse takes version 1.
 */
export function userAnswer(
  entra: EntraCall,
  app: App,
  proof: Proof,
  user: User,
  scope: Scope,
  grant: Grant & { nonce?: string | undefined },
): Record<string, unknown> {
  const directory = entra.authority.directory();
  const claims = {
    ...commonClaims(entra, app, proof, scope.resource),
    acr: "1",
    amr: ["pwd"],
    name: user.name,
    oid: user.id,
    scp: scope.permissions.join(" ") || scope.openid.filter((each) => each !== "offline_access").join(" "),
    sub: pairwise(app, user),
    unique_name: user.upn,
    upn: user.upn,
  };
  const issued = entra.authority.clock.now();
  const { app: appId, user: userId, v1 } = grant;
  const refresh = { app: appId, user: userId, scope: grant.scope, issued, v1 };
  return {
    ...answer(entra, scope.resource, signToken(claims, 1)),
    scope: grantedScope(scope),
    ...(scope.openid.includes("offline_access")
      ? { refresh_token: remember(directory.refreshTokens, "1.", refresh) }
      : {}),
    ...(scope.openid.includes("openid") ? { id_token: idToken(entra, app, user, scope, grant.nonce) } : {}),
    ...(entra.fields.has("client_info") ? { client_info: clientInfo(user) } : {}),
  };
}

/** Stores what a new, unguessable handle stands for, and returns the handle. */
export function remember<T>(store: Map<string, T>, prefix: string, value: T): string {
  const handle = prefix + randomBytes(48).toString("base64url");
  if (store.size >= REMEMBERED) store.delete(store.keys().next().value!);
  store.set(handle, value);
  return handle;
}

/** Which account it is, for msal's cache: it asks by `client_info=1`. */
export function clientInfo(user: User): string {
  return Buffer.from(JSON.stringify({ uid: user.id, utid: TENANT_ID })).toString("base64url");
}

/** In version 1 every number is a string, and the answer names its resource. */
function answer({ version, authority }: EntraCall, resource: string, token: string): Record<string, unknown> {
  const common = { token_type: "Bearer", expires_in: LIFETIME, ext_expires_in: LIFETIME, access_token: token };
  if (version === 2) return common;
  const now = seconds(authority.clock.now());
  return {
    ...common,
    expires_in: String(LIFETIME),
    ext_expires_in: String(LIFETIME),
    expires_on: String(now + LIFETIME),
    not_before: String(now),
    resource,
  };
}

function commonClaims({ authority }: EntraCall, app: App, proof: Proof, resource: string) {
  const now = seconds(authority.clock.now());
  return {
    aud: resource,
    iss: V1_ISSUER,
    iat: now,
    nbf: now,
    exp: now + LIFETIME,
    appid: app.id,
    appidacr: PROOFS[proof],
    idp: V1_ISSUER,
    tid: TENANT_ID,
    ver: "1.0",
  };
}

/** id-token-claims-reference.md; `oid`, `name` and the user name come with the scope profile. */
function idToken(entra: EntraCall, app: App, user: User, scope: Scope, nonce: string | undefined): string {
  const { version, call, authority } = entra;
  const now = seconds(authority.clock.now());
  const profile = scope.openid.includes("profile");
  const name = version === 1 ? { unique_name: user.upn, upn: user.upn } : { preferred_username: user.upn };
  const claims = {
    aud: app.id,
    iss: version === 1 ? V1_ISSUER : `${call.origin}/${TENANT_ID}/v2.0`,
    iat: now,
    nbf: now,
    exp: now + LIFETIME,
    sub: pairwise(app, user),
    tid: TENANT_ID,
    ver: version === 1 ? "1.0" : "2.0",
    ...(profile ? { name: user.name, oid: user.id, ...name } : {}),
    ...(scope.openid.includes("email") ? { email: user.upn } : {}),
    ...(nonce === undefined ? {} : { nonce }),
  };
  return signToken(claims, version);
}

/** The subject is the same user's for one app only. */
function pairwise(app: App, user: User): string {
  return createHash("sha256").update(`${app.id} ${user.id}`).digest("base64url");
}

function seconds(ms: number): number {
  return Math.floor(ms / 1000);
}
