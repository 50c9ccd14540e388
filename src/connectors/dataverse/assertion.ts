import { constants, createPrivateKey, type KeyObject, randomUUID, sign, X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { SluiceError } from "../../core/errors.ts";

/** How long an assertion of ours is good for, in seconds (certificate-credentials.md: five to ten minutes at most). */
const LIFE = 600;

export type SigningPair = { certificate: X509Certificate; key: KeyObject };

/**
 * A certificate and its private key from PEM files below `base`. The certificate's file may hold the key as well, and
 * further certificates: the first is ours. Fails with connection_wrong.
 */
export async function readCertificate(base: string, file: string, keyFile: string | undefined): Promise<SigningPair> {
  const pem = await readText(base, file, "certificate");
  const certificate = tried(() => new X509Certificate(pem));
  if (!certificate)
    throw unusable(
      "certificate",
      file,
      "it holds no certificate in PEM form (BEGIN CERTIFICATE); a .pfx becomes one by openssl pkcs12 -in FILE -noenc",
    );
  const [which, from] = keyFile === undefined ? ["certificate", file] : ["privateKey", keyFile];
  const keyText = keyFile === undefined ? pem : await readText(base, keyFile, "privateKey");
  if (/BEGIN ENCRYPTED|Proc-Type: 4,ENCRYPTED/.test(keyText))
    throw unusable(which!, from!, "its private key is encrypted; write it without a passphrase (openssl pkey)");
  const block = /-----BEGIN ([A-Z ]*PRIVATE KEY)-----[^-]+-----END \1-----/.exec(keyText)?.[0];
  const key = block === undefined ? undefined : tried(() => createPrivateKey(block));
  if (!key) throw unusable(which!, from!, "it holds no private key in PEM form (BEGIN PRIVATE KEY)");
  if (key.asymmetricKeyType !== "rsa") throw unusable(which!, from!, "Entra ID takes RSA keys only");
  if (!certificate.checkPrivateKey(key))
    throw unusable(which!, from!, "its private key is not that of the certificate");
  return { certificate, key };
}

/**
 * A client assertion as Entra ID wants it of who has a certificate (certificate-credentials.md): signed with PS256, for
 * this token endpoint only. `now`: milliseconds.
 */
export function signAssertion(
  { certificate, key }: SigningPair,
  clientId: string,
  tokenUrl: string,
  now: number,
): string {
  const thumbprint = Buffer.from(certificate.fingerprint256.replaceAll(":", ""), "hex").toString("base64url");
  const from = Math.floor(now / 1000);
  const claims = { aud: tokenUrl, iss: clientId, sub: clientId, jti: randomUUID(), nbf: from, iat: from };
  const signed = [
    { alg: "PS256", typ: "JWT", "x5t#S256": thumbprint },
    { ...claims, exp: from + LIFE },
  ]
    .map((part) => Buffer.from(JSON.stringify(part)).toString("base64url"))
    .join(".");
  const padding = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST };
  return `${signed}.${sign("sha256", Buffer.from(signed), { key, ...padding }).toString("base64url")}`;
}

/** A federated token as its issuer has written it; the file rotates. Fails with connection_wrong. */
export async function readAssertion(base: string, file: string): Promise<string> {
  const text = (await readText(base, file, "assertionFile")).trim();
  if (/^[\w-]+\.[\w-]+\.[\w-]+$/.test(text)) return text;
  throw unusable(
    "assertionFile",
    file,
    text === "" ? "it is empty" : "it holds no signed token (three parts with dots)",
  );
}

async function readText(base: string, file: string, setting: string): Promise<string> {
  try {
    return await readFile(resolve(base, file), "utf8");
  } catch (cause) {
    const { code = "" } = Object(cause) as NodeJS.ErrnoException;
    const why = { ENOENT: "there is no such file", EACCES: "it may not be read", EISDIR: "it is a folder" }[code];
    throw unusable(setting, file, why ?? `it cannot be read (${code})`);
  }
}

/** What the parser says may repeat what is in the file, so it is left out. */
function unusable(setting: string, file: string, why: string): SluiceError {
  return new SluiceError("connection_wrong", `The file ${file} cannot be used: ${why}.`, {
    remedy: `Correct ${setting} in the connection, or the file; relative paths start at the project's folder.`,
  });
}

function tried<T>(parse: () => T): T | undefined {
  try {
    return parse();
  } catch {
    return undefined;
  }
}
