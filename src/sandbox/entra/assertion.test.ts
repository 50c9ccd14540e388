import { constants, createHash, generateKeyPairSync, sign } from "node:crypto";
import { beforeEach, expect, test } from "vitest";
import { getToken, useSandbox } from "../raw-client.test-data.ts";
import { claimsOf, refused } from "./sign-in.test-data.ts";

// certificate-credentials.md and dataverse.md section 2.
const client = useSandbox();
const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
const print = (algorithm: string) => createHash(algorithm).update("certificate").digest("base64url");
const CERTIFICATE = {
  x5t: print("sha1"),
  x5tS256: print("sha256"),
  publicKey: publicKey.export({ type: "spki", format: "pem" }),
};

beforeEach(async () => {
  const clientId = client.sandbox.env.CLIENT_ID;
  expect((await client.control("POST", "apps", { clientId, certificates: [CERTIFICATE] })).status).toBe(204);
});

function assertion(header: object = {}, claims: object = {}): string {
  const { CLIENT_ID, TOKEN_URL } = client.sandbox.env;
  const head = { alg: "RS256", typ: "JWT", x5t: CERTIFICATE.x5t, ...header };
  const now = Math.floor(Date.now() / 1000);
  const body = { aud: TOKEN_URL, iss: CLIENT_ID, sub: CLIENT_ID, jti: "1", nbf: now, exp: now + 600, ...claims };
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const signed = `${encode(head)}.${encode(body)}`;
  const pss = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 };
  const key = { key: privateKey, ...(head.alg === "PS256" ? pss : {}) };
  return `${signed}.${sign("sha256", Buffer.from(signed), key).toString("base64url")}`;
}

function tokenBy(client_assertion: string, changes: Record<string, string | undefined> = {}) {
  return getToken(client, {
    client_secret: undefined,
    client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
    client_assertion,
    ...changes,
  });
}

const wrong = async (header: object, claims: object, code: number) =>
  refused(await tokenBy(assertion(header, claims)), 401, "invalid_client", code);

test("a certificate is as good as a secret: RS256 with x5t, PS256 with x5t#S256", async () => {
  for (const header of [{}, { alg: "PS256", x5t: undefined, "x5t#S256": CERTIFICATE.x5tS256 }]) {
    const { status, json } = await tokenBy(assertion(header));
    expect(status).toBe(200);
    expect(claimsOf(json.access_token)).toMatchObject({ appidacr: "2", idtyp: "app" });
    const headers = { authorization: `Bearer ${json.access_token}` };
    expect((await client.api("GET", "WhoAmI", undefined, headers)).status).toBe(200);
  }
});

// msal-node keeps an assertion for its ten minutes and sends it with every request.
test("the same assertion may come twice", async () => {
  const same = assertion();
  expect([(await tokenBy(same)).status, (await tokenBy(same)).status]).toEqual([200, 200]);
});

test("the audience may be either token endpoint or the issuer, by either scheme", async () => {
  const { env } = client.sandbox;
  for (const base of [env.BASE_URL, env.BASE_URL_HTTPS]) {
    for (const end of ["oauth2/v2.0/token", "oauth2/token", "v2.0", ""]) {
      expect((await tokenBy(assertion({}, { aud: `${base}/${env.TENANT_ID}/${end}` }))).status).toBe(200);
    }
  }
});

test("AADSTS700027: a key that is not the app's, or a signature that is not the key's", async () => {
  await wrong({ x5t: print("md5") }, {}, 700027);
  await wrong({ x5t: undefined }, {}, 700027);
  const [head, , signature] = assertion().split(".");
  const [, body] = assertion({}, { jti: "2" }).split(".");
  refused(await tokenBy([head, body, signature].join(".")), 401, "invalid_client", 700027);
});

test("AADSTS700021: another client's assertion", async () => {
  const other = "11111111-1111-4111-8111-111111111111";
  await wrong({}, { iss: other, sub: other }, 700021);
});

test("AADSTS700211: an assertion of a foreign issuer, where nothing federates with it", async () => {
  await wrong({}, { iss: "https://token.actions.githubusercontent.com", sub: "repo:a/b" }, 700211);
});

test("AADSTS50048: subject and issuer differ", async () => {
  await wrong({}, { sub: "11111111-1111-4111-8111-111111111111" }, 50048);
});

test("AADSTS700023: another audience", async () => {
  const { env } = client.sandbox;
  for (const aud of [
    "https://login.microsoftonline.com/x/v2.0",
    env.BASE_URL,
    `${env.BASE_URL}/contoso.example/v2.0`,
    5,
  ]) {
    await wrong({}, { aud }, 700023);
  }
});

test("AADSTS700024: too late or too early, by the sandbox's clock", async () => {
  const now = Math.floor(Date.now() / 1000);
  await wrong({}, { exp: now - 400 }, 700024);
  await wrong({}, { nbf: now + 400 }, 700024);
  await wrong({}, { exp: -1e300, nbf: 1e300 }, 700024);
  const good = assertion();
  await client.control("POST", "clock", { advance: "1h" });
  const answer = await tokenBy(good);
  refused(answer, 401, "invalid_client", 700024);
  expect(answer.json.error_description).toMatch(/assertion valid from \d{4}-\S+Z, expiry time of assertion \d{4}-/);
});

test("AADSTS50027: no JWT, a claim missing, or an algorithm that is not taken", async () => {
  for (const text of ["a", "a.b.c", "..", "e30.e30.", "e30.e30.e30", "e30.bnVsbA.e30", "x".repeat(10_000)]) {
    refused(await tokenBy(text), 401, "invalid_client", 50027);
  }
  for (const claims of [{ iss: undefined }, { sub: undefined }, { exp: undefined }, { exp: "soon" }]) {
    await wrong({}, claims, 50027);
  }
  await wrong({ alg: "none" }, {}, 50027);
  await wrong({ alg: "HS256" }, {}, 50027);
});
