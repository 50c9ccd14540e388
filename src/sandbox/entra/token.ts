import { createHash } from "node:crypto";
import { jsonReply, type Reply } from "../http/exchange.ts";
import type { Operation } from "../operation.ts";
import { own } from "../own.ts";
import { type EntraCall, refuseResource, required, requireTenant } from "./authority.ts";
import { authenticate, type Proof } from "./credential.ts";
import { type App, CLIENT_ID, type Code, type Grant, type User } from "./directory.ts";
import { EntraError } from "./errors.ts";
import { appAnswer, userAnswer } from "./issue.ts";
import { NotBuilt } from "./not-built.ts";
import { appResource, resourceScope, type Scope, userScope } from "./scope.ts";

/** An authorization code lives about ten minutes (v2-oauth2-auth-code-flow.md). */
const CODE_LIFE_MS = 10 * 60_000;
const DAY_MS = 24 * 60 * 60_000;
/** refresh-tokens.md: 90 days from its issue; every use gives a new one, and the old one stays good. */
const REFRESH_LIFE_DAYS = 90;

type GrantType = { does: string; handle: (entra: EntraCall) => Record<string, unknown> };

const GRANTS: Record<string, GrantType> = {
  client_credentials: {
    does: "A token for the app itself, by secret (in the form or as HTTP Basic) or certificate",
    handle: byCredentials,
  },
  authorization_code: { does: "A token for a person's code, once, with PKCE (S256, plain)", handle: byCode },
  refresh_token: { does: "A new access and refresh token; the old refresh token stays good", handle: byRefreshToken },
};

/** The grants as the support matrix lists them. */
export const ENTRA_GRANTS: Operation[] = Object.entries(GRANTS).map(([name, { does }]) => ({
  name,
  does,
  source: "dataverse.md section 2",
}));

/** Grants that Entra has and the sandbox does not. */
const OTHER_GRANTS = [
  "password",
  "device_code",
  "urn:ietf:params:oauth:grant-type:device_code",
  "urn:ietf:params:oauth:grant-type:jwt-bearer",
  "urn:ietf:params:oauth:grant-type:saml1_1-bearer",
  "urn:ietf:params:oauth:grant-type:saml2-bearer",
];

/**
 * `POST /{tenant}/oauth2/v2.0/token` and the older `/{tenant}/oauth2/token`. The checks run in Entra's order: tenant,
 * grant, app, credential, then what is granted. Source: dataverse.md section 2. Throws `EntraError`.
 */
export function tokenReply(entra: EntraCall): Reply {
  const grant = entra.fields.get("grant_type") ?? "";
  requireTenant(entra.tenant, { forAny: grant !== "client_credentials" });
  required(entra.fields, "grant_type");
  refuseResource(entra);
  if (OTHER_GRANTS.includes(grant)) throw new NotBuilt(`The grant type '${grant}'`);
  const type = own(GRANTS, grant);
  if (!type) throw new EntraError("unsupportedGrant", grant);
  return jsonReply(200, type.handle(entra), { "Cache-Control": "no-store, no-cache", Pragma: "no-cache" });
}

function byCredentials(entra: EntraCall): Record<string, unknown> {
  const { app, proof } = authenticate(entra);
  if (proof === "none") throw new EntraError("noCredential");
  const resource = appResource(entra);
  if (!isConsented(entra, app)) throw new EntraError("noConsent", app.id);
  return appAnswer(entra, app, proof, resource);
}

function byCode(entra: EntraCall): Record<string, unknown> {
  const { app, proof } = proved(entra);
  const { fields, authority } = entra;
  const grant = authority.directory().codes.get(required(fields, "code"));
  const redirectUri = required(fields, "redirect_uri");
  if (!grant || grant.app !== app.id) throw new EntraError("invalidGrant", "code");
  if (grant.redeemed) throw new EntraError("codeRedeemed");
  if (authority.clock.now() - grant.issued > CODE_LIFE_MS) throw new EntraError("expiredCode");
  if (grant.redirectUri !== redirectUri) throw new EntraError("otherRedirect", redirectUri, grant.redirectUri);
  if (!fits(grant, fields.get("code_verifier"))) throw new EntraError("wrongVerifier");
  const user = userOf(entra, grant);
  const scope = narrowed(entra, grant);
  grant.redeemed = true;
  return userAnswer(entra, app, proof, user, scope, grant);
}

function byRefreshToken(entra: EntraCall): Record<string, unknown> {
  const { app, proof } = proved(entra);
  const { authority, fields } = entra;
  const directory = authority.directory();
  const grant = directory.refreshTokens.get(required(fields, "refresh_token"));
  if (!grant || grant.app !== app.id) throw new EntraError("invalidGrant", "refresh_token");
  const user = userOf(entra, grant);
  const issued = new Date(grant.issued).toISOString();
  if (grant.issued < user.tokensValidFrom) {
    throw new EntraError("revokedRefreshToken", issued, new Date(user.tokensValidFrom).toISOString());
  }
  if (authority.clock.now() - grant.issued > REFRESH_LIFE_DAYS * DAY_MS) {
    throw new EntraError("expiredRefreshToken", issued, `${REFRESH_LIFE_DAYS}.00:00:00`);
  }
  if (!isConsented(entra, app) && !directory.consents.has(`${app.id} ${user.id}`)) {
    throw new EntraError("noConsent", app.id);
  }
  const scope = narrowed(entra, grant);
  if (user.lacks === "mfa") throw new EntraError("mfaRequired", scope.resource);
  if (user.lacks === "mfaEnrolment") throw new EntraError("mfaEnrolment", scope.resource);
  // A new refresh token comes whatever part of the scope is asked for.
  scope.openid = [...new Set([...scope.openid, "offline_access"])];
  return userAnswer(entra, app, proof, user, scope, grant);
}

/** A confidential client has to prove itself here as well. */
function proved(entra: EntraCall): { app: App; proof: Proof } {
  const client = authenticate(entra);
  if (client.proof === "none" && !client.app.isPublic) throw new EntraError("credentialMissing");
  return client;
}

function userOf(entra: EntraCall, grant: Grant): User {
  const user = entra.authority.directory().users.get(grant.user);
  if (!user) throw new EntraError("unknownUser", grant.user, entra.tenant);
  if (user.disabled) throw new EntraError("disabledUser");
  if (user.blocked) throw new EntraError("blockedByPolicy");
  return user;
}

/** The scope asked for now, within what was granted; nothing asked for means all of it. */
function narrowed(entra: EntraCall, grant: Grant | Code): Scope {
  const text = entra.fields.get("scope")?.trim();
  const resource = entra.fields.get("resource")?.trim();
  if (entra.version === 1 && resource) return resourceScope(entra, resource);
  const granted = userScope(entra, grant.scope);
  if (!text || entra.version === 1) return granted;
  const asked = userScope(entra, text);
  // A name of OpenID only says what to leave out; the access token stays the granted resource's.
  if (asked.permissions.length === 0) return { ...granted, openid: asked.openid };
  if (!sameResource(asked, granted)) throw new EntraError("noConsent", grant.app);
  const more = granted.openid.includes("offline_access") ? ["offline_access"] : [];
  return { ...asked, openid: [...new Set([...asked.openid.filter((each) => granted.openid.includes(each)), ...more])] };
}

/** Both are the sandbox itself, under one of its names, or both are not. */
function sameResource(one: Scope, two: Scope): boolean {
  return /^https?:/.test(one.resource) === /^https?:/.test(two.resource);
}

function isConsented(entra: EntraCall, app: App): boolean {
  const { state } = entra.authority.directory();
  return app.consented && !(app.id === CLIENT_ID && state === "noConsent");
}

/** RFC 7636 section 4.6. */
function fits({ challenge }: Code, verifier: string | null): boolean {
  if (!challenge) return !verifier;
  if (!verifier) return false;
  if (challenge.method === "plain") return verifier === challenge.value;
  return createHash("sha256").update(verifier).digest("base64url") === challenge.value;
}
