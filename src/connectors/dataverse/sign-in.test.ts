import { constants, createPublicKey, generateKeyPairSync, verify, X509Certificate } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { selfSigned } from "../../sandbox/http/certificate.ts";
import type { Credential } from "./credential.ts";
import { type Seen, type Stub, startStub } from "./stub.ts";

const { cert: certificate, key: privateKey } = selfSigned(["localhost"], "rsa");

test("the certificate these tests sign with is good itself", () => {
  expect(new X509Certificate(certificate).verify(createPublicKey(privateKey))).toBe(true);
});

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "sluice-test-"));
  writeFileSync(join(folder, "both.pem"), privateKey + certificate);
  writeFileSync(join(folder, "certificate.pem"), certificate);
  writeFileSync(join(folder, "key.pem"), privateKey);
});
afterAll(() => rmSync(folder, { recursive: true }));

let stub: Stub;
afterEach(async () => {
  vi.unstubAllEnvs();
  await stub?.close();
});

async function signedInAs(credential: Credential): Promise<void> {
  stub = await startStub(() => ({ body: { value: [] } }), { base: folder, config: { credentials: [credential] } });
  await stub.session.api.read({ path: "contacts", doing: "read" });
}

const formOf = ({ body }: Seen) => Object.fromEntries(new URLSearchParams(body));
const decoded = (part: string | undefined) => JSON.parse(Buffer.from(part!, "base64url").toString());

test.each([{ certificate: "both.pem" }, { certificate: "certificate.pem", privateKey: "key.pem" }])(
  "a certificate signs an assertion for this token endpoint: %j",
  async (files) => {
    await signedInAs({ clientId: "client", ...files });
    const { client_assertion = "", ...form } = formOf(stub.signIns[0]!);
    expect(form).toEqual({
      grant_type: "client_credentials",
      client_id: "client",
      client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
      scope: `${stub.config.url}/.default`,
    });
    const [head, claims, signature] = client_assertion.split(".");
    const print = Buffer.from(new X509Certificate(certificate).fingerprint256.replaceAll(":", ""), "hex");
    expect(decoded(head)).toEqual({ alg: "PS256", typ: "JWT", "x5t#S256": print.toString("base64url") });
    const { nbf, exp, jti, ...rest } = decoded(claims);
    expect(rest).toEqual({ aud: stub.config.tokenUrl, iss: "client", sub: "client", iat: nbf });
    expect(nbf).toBe(Math.floor(stub.clock.now() / 1000));
    expect(exp - nbf).toBe(600);
    expect(jti).toMatch(/^[0-9a-f-]{36}$/);
    const key = { key: createPublicKey(certificate), padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 };
    expect(verify("sha256", Buffer.from(`${head}.${claims}`), key, Buffer.from(signature!, "base64url"))).toBe(true);
  },
);

test("each sign-in is an assertion of its own", async () => {
  await signedInAs({ clientId: "client", certificate: "both.pem" });
  await stub.clock.sleep(3_600_000);
  await stub.session.api.read({ path: "contacts", doing: "read" });
  const ids = stub.signIns.map((one) => decoded(formOf(one).client_assertion!.split(".")[1]).jti);
  expect(new Set(ids).size).toBe(2);
});

test("a federated token is read anew for each sign-in: its file rotates", async () => {
  writeFileSync(join(folder, "token"), "e30.e30.first\n");
  await signedInAs({ clientId: "client", assertionFile: "token" });
  writeFileSync(join(folder, "token"), "e30.e30.second\n");
  await stub.clock.sleep(3_600_000);
  await stub.session.api.read({ path: "contacts", doing: "read" });
  expect(stub.signIns.map((one) => formOf(one).client_assertion)).toEqual(["e30.e30.first", "e30.e30.second"]);
});

const ecKey = () => generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
const otherKey = () => generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey;
const pem = { type: "pkcs8", format: "pem" } as const;

test.each<[Partial<Credential> & Record<string, string>, string | (() => string | Buffer) | undefined, RegExp]>([
  [{ certificate: "none.pem" }, undefined, /^The file none.pem cannot be used: there is no such file/],
  [{ certificate: "." }, undefined, /it is a folder/],
  [{ certificate: "bad.pem" }, "no PEM", /it holds no certificate/],
  [{ certificate: "bad.pem" }, certificate, /it holds no private key/],
  [{ certificate: "bad.pem" }, certificate + privateKey.replace(/[A-Z]{4}/, "!!!!"), /it holds no private key/],
  [
    { certificate: "certificate.pem", privateKey: "bad.pem" },
    () => otherKey().export({ ...pem, cipher: "aes-256-cbc", passphrase: "x" }),
    /^The file bad.pem .* encrypted/,
  ],
  [{ certificate: "certificate.pem", privateKey: "bad.pem" }, () => ecKey().export(pem), /RSA keys only/],
  [
    { certificate: "certificate.pem", privateKey: "bad.pem" },
    () => otherKey().export(pem),
    /not that of the certificate/,
  ],
  [{ assertionFile: "bad.pem" }, "", /it is empty/],
  [{ assertionFile: "bad.pem" }, "a secret of somebody", /it holds no signed token/],
])("%j: what is wrong with the file is told, and never what is in it", async (files, content, message) => {
  const text = typeof content === "function" ? content() : content;
  if (text !== undefined) writeFileSync(join(folder, "bad.pem"), text);
  const error = await signedInAs({ clientId: "client", ...files } as Credential).catch((e) => e);
  expect(error).toMatchObject({ code: "connection_wrong", message: expect.stringMatching(message) });
  expect(error.remedy).toContain(Object.keys(files).at(-1));
  expect(JSON.stringify(error) + error.stack).not.toMatch(/MII|somebody/);
  expect(stub.signIns).toEqual([]);
});

/** An identity endpoint as Azure has them on its machines. */
async function identity(answer: object, status = 200) {
  const asked: { path: string; headers: NodeJS.Dict<string | string[]> }[] = [];
  const server = createServer(({ url = "", headers }, response) => {
    asked.push({ path: url, headers });
    response.writeHead(asked.length === 1 && status === 200 ? 410 : status).end(JSON.stringify(answer));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { origin, asked, close: () => server.close() };
}

test("a managed identity of App Service is asked for where its variables say", async () => {
  const azure = await identity({ access_token: "own", expires_on: "4102444800", token_type: "Bearer" });
  vi.stubEnv("IDENTITY_ENDPOINT", `${azure.origin}/MSI/token/`);
  vi.stubEnv("IDENTITY_HEADER", "h-secret");
  await signedInAs({ managedIdentity: "id-1" });
  const resource = encodeURIComponent(stub.config.url);
  expect(azure.asked.at(-1)).toMatchObject({
    path: `/MSI/token/?api-version=2019-08-01&resource=${resource}&client_id=id-1`,
    headers: { "x-identity-header": "h-secret" },
  });
  expect(stub.seen[0]?.headers.authorization).toBe("Bearer own");
  expect(stub.signIns).toEqual([]);
  azure.close();
});

test("a managed identity of a machine is asked for at the machine's own address; updates are waited out", async () => {
  const azure = await identity({ access_token: "own", expires_in: "86400", expires_on: "4102444800" });
  vi.stubEnv("IDENTITY_ENDPOINT", "");
  vi.stubEnv("AZURE_POD_IDENTITY_AUTHORITY_HOST", azure.origin);
  await signedInAs({ managedIdentity: true });
  const resource = encodeURIComponent(stub.config.url);
  expect(azure.asked).toHaveLength(2);
  expect(azure.asked[1]).toMatchObject({
    path: `/metadata/identity/oauth2/token?api-version=2018-02-01&resource=${resource}`,
    headers: { metadata: "true" },
  });
  azure.close();
});

test("whatever else answers where identities are given tells that there are none here", async () => {
  const proxy = await identity({}, 403);
  vi.stubEnv("IDENTITY_ENDPOINT", "");
  vi.stubEnv("AZURE_POD_IDENTITY_AUTHORITY_HOST", proxy.origin);
  await expect(signedInAs({ managedIdentity: true })).rejects.toMatchObject({
    code: "unexpected_answer",
    remedy: expect.stringContaining("managed identities exist on Azure only"),
  });
  proxy.close();
});

test("a machine without an identity is told to have none", async () => {
  const azure = await identity({ error: "invalid_request", error_description: "Identity not found" }, 400);
  vi.stubEnv("IDENTITY_ENDPOINT", "");
  vi.stubEnv("AZURE_POD_IDENTITY_AUTHORITY_HOST", azure.origin);
  await expect(signedInAs({ managedIdentity: true })).rejects.toMatchObject({
    code: "secret_wrong",
    message: expect.stringMatching(/the machine's managed identity.*Identity not found/),
    remedy: expect.stringContaining("Identity > "),
  });
  azure.close();
});
