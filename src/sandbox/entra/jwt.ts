import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign, verify } from "node:crypto";

/** The claims the Web API looks at. Times are in seconds since 1970. */
export type Claims = {
  aud: string;
  iss: string;
  tid: string;
  appid: string;
  oid: string;
  iat: number;
  nbf: number;
  exp: number;
  /** Only where a person has signed in. */
  scp?: string;
};

/** The parts of a JWT in the compact form (RFC 7515 section 7.1); nothing of it is checked yet. */
export type Jwt = {
  header: Record<string, unknown>;
  claims: Record<string, unknown>;
  signed: Buffer;
  signature: Buffer;
};

type SigningKey = { privateKey: KeyObject; publicKey: KeyObject; id: string };
let signingKey: SigningKey | undefined;

/** Made when the first token is, because it takes a while, and one for all sandboxes of a process. */
function key(): SigningKey {
  if (!signingKey) {
    const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    const id = createHash("sha1")
      .update(publicKey.export({ type: "spki", format: "der" }))
      .digest("base64url");
    signingKey = { privateKey, publicKey, id };
  }
  return signingKey;
}

/** The key that tokens are checked with, as JWKS lists it (RFC 7517). */
export function publicJwk(): Record<string, unknown> {
  const { publicKey, id } = key();
  const { n, e } = publicKey.export({ format: "jwk" });
  return { kty: "RSA", use: "sig", kid: id, x5t: id, n, e };
}

/** Signs by RS256. Version 1 tokens name the key twice (access-token-claims-reference.md). */
export function signToken(claims: object, version: 1 | 2): string {
  const { privateKey, id } = key();
  const header = { typ: "JWT", alg: "RS256", ...(version === 1 ? { x5t: id } : {}), kid: id };
  const signed = `${encode(header)}.${encode({ ...claims, uti: randomBytes(16).toString("base64url") })}`;
  return `${signed}.${sign("sha256", Buffer.from(signed), privateKey).toString("base64url")}`;
}

/** Tokens whose signature was right: a client sends the same one a thousand times. */
const verified = new Map<string, Claims>();

/** The claims of a token that `signToken` made, or undefined for anything else. What they say is the caller's business. */
export function readToken(token: string): Claims | undefined {
  const known = verified.get(token);
  if (known) return known;
  const jwt = parseJwt(token);
  if (jwt?.header.alg !== "RS256" || jwt.header.kid !== signingKey?.id) return undefined;
  if (!verify("sha256", jwt.signed, key().publicKey, jwt.signature)) return undefined;
  if (verified.size >= 1000) verified.clear();
  verified.set(token, jwt.claims as Claims);
  return jwt.claims as Claims;
}

/** The parts of a token, unchecked; undefined when it is none in the compact form. */
export function parseJwt(token: string): Jwt | undefined {
  const [header = "", claims = "", signature = "", ...rest] = token.split(".");
  if (rest.length > 0 || signature === "") return undefined;
  try {
    return {
      header: object(header),
      claims: object(claims),
      signed: Buffer.from(`${header}.${claims}`),
      signature: Buffer.from(signature, "base64url"),
    };
  } catch {
    return undefined;
  }
}

function object(part: string): Record<string, unknown> {
  const value: unknown = JSON.parse(Buffer.from(part, "base64url").toString());
  if (typeof value !== "object" || value === null) throw new Error("not an object");
  return value as Record<string, unknown>;
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}
