import { createHmac, timingSafeEqual } from "node:crypto";

/** The claims the Web API looks at. Times are in seconds since 1970. */
export type Claims = { aud: string; iss: string; tid: string; appid: string; oid: string; iat: number; exp: number };

const HEADER = encode(JSON.stringify({ typ: "JWT", alg: "HS256" }));

export function signToken(claims: Claims, key: Buffer): string {
  const unsigned = `${HEADER}.${encode(JSON.stringify({ ...claims, nbf: claims.iat, ver: "1.0", idtyp: "app" }))}`;
  return `${unsigned}.${signature(unsigned, key)}`;
}

/** The claims of a token signed with `key`, or undefined for anything else. Expiry is the caller's business. */
export function readToken(token: string, key: Buffer): Claims | undefined {
  const parts = token.split(".");
  if (parts.length !== 3) return undefined;
  const given = Buffer.from(parts[2]!);
  const wanted = Buffer.from(signature(`${parts[0]}.${parts[1]}`, key));
  if (given.length !== wanted.length || !timingSafeEqual(given, wanted)) return undefined;
  return JSON.parse(Buffer.from(parts[1]!, "base64url").toString()) as Claims;
}

function encode(text: string): string {
  return Buffer.from(text).toString("base64url");
}

function signature(unsigned: string, key: Buffer): string {
  return createHmac("sha256", key).update(unsigned).digest("base64url");
}
