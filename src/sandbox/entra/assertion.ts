import { constants, createPublicKey, verify } from "node:crypto";
import { type EntraCall, requireTenant } from "./authority.ts";
import type { App } from "./directory.ts";
import { EntraError } from "./errors.ts";
import { type Jwt, parseJwt } from "./jwt.ts";

export const ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/** Clocks differ; Entra forgives five minutes. */
const LEEWAY_SECONDS = 300;

/**
 * Checks a client assertion (certificate-credentials.md): issuer and subject are the client, the audience is this token
 * endpoint, the time is within `nbf` and `exp`, and the signature is by a certificate of the app, RS256 or PS256. The
 * same assertion may come again until it expires: msal sends it so. Throws the documented error.
 */
export function checkAssertion(entra: EntraCall, app: App, assertion: string): void {
  const jwt = parseJwt(assertion);
  if (!jwt) throw new EntraError("malformedAssertion", "The token is not a signed JWT in the compact form.");
  const { iss, sub, aud, exp, nbf } = jwt.claims;
  if (typeof iss !== "string") throw new EntraError("malformedAssertion", "The claim 'iss' is missing.");
  if (typeof sub !== "string") throw new EntraError("malformedAssertion", "The claim 'sub' is missing.");
  if (typeof exp !== "number") throw new EntraError("malformedAssertion", "The claim 'exp' is missing.");
  if (iss.toLowerCase() !== app.id) {
    if (/^https:/.test(iss)) throw new EntraError("noFederation", iss);
    throw new EntraError("otherClientsAssertion");
  }
  if (sub !== iss) throw new EntraError("wrongSubject");
  checkSignature(jwt, app);
  if (!isThisAuthority(entra, aud)) throw new EntraError("wrongAudience");
  checkTime(entra.authority.clock.now() / 1000, typeof nbf === "number" ? nbf : 0, exp);
}

function checkSignature(jwt: Jwt, app: App): void {
  const { alg, x5t, "x5t#S256": x5t256 } = jwt.header;
  const certificate = app.certificates.find(({ sha1, sha256 }) => sha1 === x5t || sha256 === x5t256);
  if (!certificate) throw new EntraError("badAssertion", "The key was not found.");
  const key = createPublicKey(certificate.key);
  const padding =
    alg === "RS256" ? constants.RSA_PKCS1_PADDING : alg === "PS256" ? constants.RSA_PKCS1_PSS_PADDING : undefined;
  if (padding === undefined) throw new EntraError("malformedAssertion", "The algorithm is neither RS256 nor PS256.");
  const options = { key, padding, saltLength: constants.RSA_PSS_SALTLEN_DIGEST };
  if (!verify("sha256", jwt.signed, options, jwt.signature)) {
    throw new EntraError("badAssertion", "The key was found, but the signature does not fit it.");
  }
}

/** The token endpoints of either version, or the issuer, of this tenant. */
function isThisAuthority({ authority, call }: EntraCall, aud: unknown): boolean {
  const match = /^(https?:\/\/[^/]+)\/([^/]+)\/(?:oauth2\/v2\.0\/token|oauth2\/token|v2\.0)?\/?$/.exec(String(aud));
  if (!match || !authority.isOwn(match[1]!, call)) return false;
  try {
    requireTenant(match[2]!, { forAny: true });
    return true;
  } catch {
    return false;
  }
}

function checkTime(now: number, from: number, to: number): void {
  if (now < to + LEEWAY_SECONDS && now > from - LEEWAY_SECONDS) return;
  const range = `assertion valid from ${instant(from)}, expiry time of assertion ${instant(to)}`;
  throw new EntraError("assertionTime", instant(now), range);
}

/** With seven decimals, as .NET prints it. What is out of range is clipped, because the client decides on the number. */
function instant(seconds: number): string {
  const ms = Math.min(Math.max(seconds * 1000, 0), 253_402_300_799_000);
  return new Date(ms).toISOString().replace("Z", "0000Z");
}
