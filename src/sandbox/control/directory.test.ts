import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { FIRST_USER } from "../entra/directory.ts";
import { codeFor, redeem } from "../entra/sign-in.test-data.ts";
import { selfSigned } from "../http/certificate.ts";
import { getToken, useSandbox } from "../raw-client.test-data.ts";

// The control API's own; what the settings do is tested beside Entra's endpoints.
const client = useSandbox();
const OPENSSL = "openssl";
const clientId = "11111111-1111-4111-8111-111111111111";

test("GET apps: tells everything but the secrets", async () => {
  const { json, text } = await client.control("GET", "apps");
  expect(json.apps.map((app: { clientId: string; public: boolean }) => [app.clientId, app.public])).toEqual([
    [client.sandbox.env.CLIENT_ID, false],
    ["51f81489-12ee-4a9e-aaae-a2591f45987d", true],
  ]);
  expect(text).not.toContain(client.sandbox.env.CLIENT_SECRET);
});

test("POST apps: adds an app, changes what is named, and reset forgets it", async () => {
  expect((await client.control("POST", "apps", { clientId, secrets: [{ value: "s" }] })).status).toBe(204);
  const ask = async () => (await getToken(client, { client_id: clientId, client_secret: "s" })).status;
  expect(await ask()).toBe(200);
  await client.control("POST", "apps", { clientId, name: "Other" });
  expect(await ask()).toBe(200);
  const { json } = await client.control("GET", "apps");
  expect(json.apps[2]).toMatchObject({ name: "Other", redirectUris: null, consent: true, secrets: [{}] });
  await client.control("POST", "apps", { clientId, secrets: [] });
  expect(await ask()).toBe(401);
  await client.control("POST", "reset");
  expect(await ask()).toBe(400);
});

function lacksOpenssl(): boolean {
  try {
    execFileSync(OPENSSL, ["version"], { stdio: "ignore" });
    return false;
  } catch {
    return true;
  }
}

// certificate-credentials.md: x5t is the base64url of the SHA-1 thumbprint
test.skipIf(lacksOpenssl())("a certificate is registered as PEM, by its own thumbprints", async () => {
  const folder = mkdtempSync(join(tmpdir(), "sluice-test-"));
  const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
  const options = ["-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=test", "-keyout", key, "-out", cert];
  execFileSync(OPENSSL, ["req", ...options], { stdio: "ignore" });
  const told = execFileSync(OPENSSL, ["x509", "-in", cert, "-noout", "-fingerprint", "-sha1"]).toString();
  const certificates = [readFileSync(cert, "utf8")];
  rmSync(folder, { recursive: true });
  expect((await client.control("POST", "apps", { clientId, certificates })).status).toBe(204);
  const { json } = await client.control("GET", "apps");
  const hex = Buffer.from(json.apps[2].certificates[0].x5t, "base64url").toString("hex").toUpperCase();
  expect(told.replaceAll(":", "")).toContain(hex);
});

test("GET users: the person who is there from the start", async () => {
  expect((await client.control("GET", "users")).json.users).toEqual([expect.objectContaining({ upn: FIRST_USER.upn })]);
});

test("POST users: adds a person together with the user in Dataverse", async () => {
  const upn = "ada@sandbox.onmicrosoft.com";
  const { json } = await client.control("POST", "users", { upn, name: "Ada King Lovelace" });
  const token = (await redeem(client, await codeFor(client, { account: json.id }))).json.access_token;
  const headers = { authorization: `Bearer ${token}` };
  const who = await client.api("GET", "WhoAmI", undefined, headers);
  const user = await client.api("GET", `systemusers(${who.json.UserId})`, undefined, headers);
  expect(user.json).toMatchObject({ firstname: "Ada", lastname: "King Lovelace", domainname: upn });
  expect((await client.control("POST", "users", { upn: upn.toUpperCase(), disabled: true })).json.id).toBe(json.id);
  const { users } = (await client.control("GET", "users")).json;
  expect(users[1]).toMatchObject({ upn, name: "Ada King Lovelace", disabled: true });
});

test("a snapshot keeps apps, users and what was given out", async () => {
  const code = await codeFor(client);
  await client.control("POST", "apps", { clientId, secrets: [{ value: "s" }] });
  await client.control("POST", "snapshots", { name: "one" });
  await client.control("POST", "reset");
  expect((await redeem(client, code)).status).toBe(400);
  await client.control("POST", "snapshots/one/restore");
  expect((await redeem(client, code)).status).toBe(200);
  expect((await getToken(client, { client_id: clientId, client_secret: "s" })).status).toBe(200);
});

test.each([
  ["apps", {}],
  ["apps", { clientId: "x" }],
  ["apps", { clientId, nope: 1 }],
  ["apps", { clientId, secrets: ["s"] }],
  ["apps", { clientId, secrets: [{ value: "s", expires: "soon" }] }],
  ["apps", { clientId, certificates: ["nope"] }],
  ["apps", { clientId, certificates: [selfSigned(["localhost"]).cert] }],
  ["apps", { clientId, certificates: [{ x5t: "a", x5tS256: "b", publicKey: "nope" }] }],
  ["apps", { clientId, redirectUris: ["nope"] }],
  ["apps", { clientId, redirectUris: ["javascript:alert(1)"] }],
  ["users", {}],
  ["users", { upn: "nope" }],
  ["users", { upn: "a@b", name: "x".repeat(65) }],
  ["users", { upn: FIRST_USER.upn, id: clientId }],
])("what cannot be followed is said: POST %s %j", async (path, body) => {
  const answer = await client.control("POST", path, body);
  expect(answer.status).toBe(400);
  expect(answer.json.error.message.length).toBeGreaterThan(5);
});
