import { createHash, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { isIP } from "node:net";

/** A certificate and its private key, both as PEM. */
export type Certificate = { cert: string; key: string };

const DAY = 24 * 60 * 60 * 1000;

/** Signature algorithms by the type of key (RFC 5758, RFC 4055: RSA's has a NULL behind it). */
const signatures = {
  ec: sequence(identifier("1.2.840.10045.4.3.2")),
  rsa: sequence(identifier("1.2.840.113549.1.1.11"), tagged(0x05, Buffer.alloc(0))),
};

/**
 * A self-signed certificate for these host names and addresses, with a key of its own (on P-256, or of RSA, the only kind
 * that Entra ID takes of an application), valid for a year around now. It is its own authority (RFC 5280 sections 4.1
 * and 4.2.1.9), so that a client trusts it once it stands in its list of authorities: NODE_EXTRA_CA_CERTS,
 * CURL_CA_BUNDLE, REQUESTS_CA_BUNDLE.
 */
export function selfSigned(names: string[], type: keyof typeof signatures = "ec"): Certificate {
  const { privateKey, publicKey } =
    type === "ec"
      ? generateKeyPairSync("ec", { namedCurve: "P-256" })
      : generateKeyPairSync("rsa", { modulusLength: 2048 });
  const signedBy = signatures[type];
  const subject = sequence(tagged(0x31, sequence(identifier("2.5.4.3"), tagged(0x0c, Buffer.from("Sluice sandbox")))));
  const publicInfo = publicKey.export({ type: "spki", format: "der" });
  const content = sequence(
    tagged(0xa0, tagged(0x02, Buffer.of(2))),
    // A serial number is positive: its first bit is 0.
    tagged(0x02, Buffer.concat([Buffer.of(1), createHash("sha256").update(publicInfo).digest().subarray(0, 15)])),
    signedBy,
    subject,
    // The real clock, not the sandbox's: it is the client's TLS that checks it.
    sequence(time(Date.now() - DAY), time(Date.now() + 365 * DAY)),
    subject,
    publicInfo,
    tagged(0xa3, sequence(...extensions(names, publicInfo))),
  );
  const signature = sign("sha256", content, privateKey);
  const der = sequence(content, signedBy, bits(signature));
  return { cert: pem(der), key: exported(privateKey) };
}

function extensions(names: string[], publicInfo: Buffer): Buffer[] {
  const keyId = createHash("sha1").update(publicInfo).digest();
  const alternativeNames = names.map((name) =>
    isIP(name) === 0 ? tagged(0x82, Buffer.from(name, "latin1")) : tagged(0x87, addressBytes(name)),
  );
  return [
    extension("2.5.29.19", true, sequence(tagged(0x01, Buffer.of(0xff)))), // basicConstraints: an authority
    // keyUsage: digitalSignature, keyCertSign
    extension("2.5.29.15", true, tagged(0x03, Buffer.of(2, 0b1000_0100))),
    extension("2.5.29.37", false, sequence(identifier("1.3.6.1.5.5.7.3.1"))), // extendedKeyUsage: serverAuth
    extension("2.5.29.14", false, tagged(0x04, keyId)), // subjectKeyIdentifier
    extension("2.5.29.35", false, sequence(tagged(0x80, keyId))), // authorityKeyIdentifier
    extension("2.5.29.17", false, sequence(...alternativeNames)),
  ];
}

function extension(id: string, critical: boolean, value: Buffer): Buffer {
  return sequence(identifier(id), ...(critical ? [tagged(0x01, Buffer.of(0xff))] : []), tagged(0x04, value));
}

/** DER (X.690): a tag, the length, the content. */
function tagged(tag: number, content: Buffer): Buffer {
  const { length } = content;
  if (length < 0x80) return Buffer.concat([Buffer.of(tag, length), content]);
  const size = length < 0x100 ? Buffer.of(0x81, length) : Buffer.of(0x82, length >> 8, length & 0xff);
  return Buffer.concat([Buffer.of(tag), size, content]);
}

function sequence(...parts: Buffer[]): Buffer {
  return tagged(0x30, Buffer.concat(parts));
}

function bits(content: Buffer): Buffer {
  return tagged(0x03, Buffer.concat([Buffer.of(0), content]));
}

function identifier(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split(".").map(Number);
  const bytes = [first * 40 + second];
  for (const number of rest) {
    const base128 = [number & 0x7f];
    for (let left = number >>> 7; left > 0; left >>>= 7) base128.unshift((left & 0x7f) | 0x80);
    bytes.push(...base128);
  }
  return tagged(0x06, Buffer.from(bytes));
}

/** UTCTime, which is what RFC 5280 wants before 2050. */
function time(ms: number): Buffer {
  return tagged(0x17, Buffer.from(`${new Date(ms).toISOString().slice(2, 19).replaceAll(/[-T:]/g, "")}Z`));
}

function addressBytes(address: string): Buffer {
  if (isIP(address) === 4) return Buffer.from(address.split(".").map(Number));
  const [head = "", tail] = address.split("::");
  const groups = (text: string) => text.split(":").filter(Boolean);
  const zeros = tail === undefined ? 0 : 8 - groups(head).length - groups(tail).length;
  const all = [...groups(head), ...Array<string>(zeros).fill("0"), ...groups(tail ?? "")];
  return Buffer.from(all.map((group) => group.padStart(4, "0")).join(""), "hex");
}

function pem(der: Buffer): string {
  const lines = der.toString("base64").match(/.{1,64}/g)!;
  return `-----BEGIN CERTIFICATE-----\n${lines.join("\n")}\n-----END CERTIFICATE-----\n`;
}

function exported(key: KeyObject): string {
  return key.export({ type: "pkcs8", format: "pem" }) as string;
}
