import { execFile, execFileSync } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { promisify } from "node:util";
import { Agent, request } from "undici";
import { afterAll, expect, test } from "vitest";
import { startSandbox } from "../index.ts";
import { getToken, useSandbox } from "../raw-client.test-data.ts";
import { selfSigned } from "./certificate.ts";

const client = useSandbox();
const OPENSSL = "openssl";
let agent: Agent | undefined;
afterAll(() => agent?.destroy());

async function get(url: string, headers: Record<string, string> = {}) {
  agent ??= new Agent({ connect: { ca: readFileSync(client.sandbox.env.CA_CERT!) } });
  const answer = await request(url, { headers, dispatcher: agent });
  const text = await answer.body.text();
  return { status: answer.statusCode, headers: answer.headers, json: text === "" ? undefined : JSON.parse(text) };
}

// RFC 5280 sections 4.1 and 4.2; what clients check: the name, the dates, the signature, that it is an authority.
test("the certificate is its own authority, for the names asked for", () => {
  const { cert } = selfSigned(["localhost", "127.0.0.1", "::1", "2001:db8::1:ff00", `${"a".repeat(60)}.example`]);
  const parsed = new X509Certificate(cert);
  expect(parsed.ca).toBe(true);
  expect(parsed.verify(parsed.publicKey)).toBe(true);
  for (const ip of ["127.0.0.1", "::1", "2001:db8::1:ff00"]) expect(parsed.checkIP(ip)).toBe(ip);
  expect(parsed.checkIP("127.0.0.2")).toBeUndefined();
  expect(parsed.checkHost("localhost")).toBe("localhost");
  expect(Date.parse(parsed.validFrom)).toBeLessThan(Date.now());
  expect(Date.parse(parsed.validTo)).toBeGreaterThan(Date.now());
});

test("https serves the same organisation, and its links keep the scheme", async () => {
  const { env } = client.sandbox;
  const made = await client.api("POST", "contacts", { lastname: "one" });
  expect(made.status).toBe(204);
  const answer = await get(`${env.BASE_URL_HTTPS}/api/data/v9.2/contacts?$select=lastname`, {
    authorization: `Bearer ${client.token}`,
  });
  expect(answer.status).toBe(200);
  expect(answer.json.value).toHaveLength(1);
  expect(answer.json["@odata.context"]).toMatch(new RegExp(`^${env.BASE_URL_HTTPS}/api/data/v9.2/`));
});

test("a token for the https address is good at the http address, and the other way", async () => {
  const { env } = client.sandbox;
  const token = (await getToken(client, { scope: `${env.BASE_URL_HTTPS}/.default` })).json.access_token;
  const headers = { authorization: `Bearer ${token}` };
  expect((await client.raw("GET", "/api/data/v9.2/WhoAmI", undefined, headers)).status).toBe(200);
  const local = env.BASE_URL_HTTPS!.replace("127.0.0.1", "localhost");
  expect((await get(`${local}/api/data/v9.2/WhoAmI`, { authorization: `Bearer ${client.token}` })).status).toBe(200);
});

// dataverse.md section 2: the header is how clients find the tenant.
test("a 401 over https leads to the https authority", async () => {
  const { env } = client.sandbox;
  const answer = await get(`${env.BASE_URL_HTTPS}/api/data/v9.2/WhoAmI`);
  expect(answer.status).toBe(401);
  expect(answer.headers["www-authenticate"]).toContain(
    `authorization_uri=${env.BASE_URL_HTTPS}/${env.TENANT_ID}/oauth2/authorize`,
  );
});

test("plain http at the https port, or no trust, ends that connection only", async () => {
  const { env } = client.sandbox;
  await expect(request(env.BASE_URL_HTTPS!.replace("https:", "http:"))).rejects.toThrow();
  await expect(request(env.BASE_URL_HTTPS!)).rejects.toThrow(/self.signed/);
  expect((await client.api("GET", "WhoAmI")).status).toBe(200);
});

function lacks(program: string): boolean {
  try {
    execFileSync(program, ["version"], { stdio: "ignore" });
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ENOENT";
  }
}

test.skipIf(lacks(OPENSSL))("openssl accepts the certificate by the strict rules", () => {
  const { CA_CERT } = client.sandbox.env;
  const told = execFileSync(OPENSSL, ["verify", "-x509_strict", "-CAfile", CA_CERT!, CA_CERT!]).toString();
  expect(told).toContain(": OK");
});

// "Passed on the command line" as in Microsoft's pages: a token, then WhoAmI with it.
test.skipIf(lacks("curl"))("curl trusts the file, and reads with the token it got", async () => {
  const { env } = client.sandbox;
  const curl = async (...options: string[]) =>
    JSON.parse((await promisify(execFile)("curl", ["-sS", "--cacert", env.CA_CERT!, ...options])).stdout);
  const form = ["grant_type=client_credentials", `client_id=${env.CLIENT_ID}`, `client_secret=${env.CLIENT_SECRET}`];
  const data = [...form, `scope=${env.BASE_URL_HTTPS}/.default`].flatMap((each) => ["--data-urlencode", each]);
  const { access_token } = await curl(...data, env.TOKEN_URL_HTTPS!);
  const url = `${env.BASE_URL_HTTPS}/api/data/v9.2/WhoAmI`.replace("127.0.0.1", "localhost");
  expect((await curl("-H", `Authorization: Bearer ${access_token}`, url)).UserId).toMatch(/^[0-9a-f-]{36}$/);
});

test("a Node process trusts it by NODE_EXTRA_CA_CERTS", async () => {
  const { env } = client.sandbox;
  const code = "fetch(process.env.URL).then((answer) => console.log(answer.status))";
  const given = {
    ...process.env,
    NODE_EXTRA_CA_CERTS: env.CA_CERT!,
    URL: `${env.BASE_URL_HTTPS}/common/discovery/keys`,
  };
  const { stdout } = await promisify(execFile)(process.execPath, ["-e", code], { env: given });
  expect(stdout.trim()).toBe("200");
});

test("the certificate's file goes with the sandbox; a taken https port leaves nothing open", async () => {
  const one = await startSandbox();
  const httpsPort = Number(new URL(one.env.BASE_URL_HTTPS!).port);
  const port = Number(new URL((await freed()).origin).port);
  await expect(startSandbox({ port, httpsPort })).rejects.toThrow(/EADDRINUSE/);
  const again = await startSandbox({ port });
  await again.close();
  expect(existsSync(one.env.CA_CERT!)).toBe(true);
  await one.close();
  expect(existsSync(one.env.CA_CERT!)).toBe(false);
});

/** A sandbox that has been and gone: its port is most likely free. */
async function freed() {
  const sandbox = await startSandbox();
  await sandbox.close();
  return sandbox;
}
