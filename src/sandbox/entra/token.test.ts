import { expect, test } from "vitest";
import { getToken, useSandbox } from "../raw-client.test-data.ts";
import { readToken, signToken } from "./jwt.ts";
import { claimsOf, refused } from "./sign-in.test-data.ts";

// Everything here: dataverse.md section 2.
const client = useSandbox();
const FORM = { "content-type": "application/x-www-form-urlencoded" };

test("client_credentials: by secret they give a bearer token of 3599 seconds", async () => {
  const answer = await getToken(client);
  expect(answer.status).toBe(200);
  expect(answer.json).toMatchObject({ token_type: "Bearer", expires_in: 3599, ext_expires_in: 3599 });
  const claims = JSON.parse(Buffer.from(answer.json.access_token.split(".")[1], "base64url").toString());
  const { env } = client.sandbox;
  expect(claims).toMatchObject({ aud: env.BASE_URL, tid: env.TENANT_ID, appid: env.CLIENT_ID });
  expect(claims.exp - claims.iat).toBe(3599);
});

test("id and secret are taken from HTTP Basic too, form-encoded inside", async () => {
  const { env } = client.sandbox;
  const basic = Buffer.from(`${env.CLIENT_ID}:${encodeURIComponent(env.CLIENT_SECRET!)}`).toString("base64");
  const body = new URLSearchParams({ grant_type: "client_credentials", scope: `${env.BASE_URL}/.default` }).toString();
  const path = `/${env.TENANT_ID}/oauth2/v2.0/token`;
  expect((await client.raw("POST", path, body, { authorization: `Basic ${basic}`, ...FORM })).status).toBe(200);
});

test("localhost and 127.0.0.1 are the same sandbox", async () => {
  const scope = `${client.sandbox.origin.replace("127.0.0.1", "localhost")}/.default`;
  expect((await getToken(client, { scope })).status).toBe(200);
});

async function wrong(changes: Record<string, string | undefined>, status: number, error: string, code: number) {
  const answer = await getToken(client, changes);
  refused(answer, status, error, code);
  const { timestamp, trace_id, correlation_id, error_uri } = answer.json;
  expect(timestamp).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ$/);
  expect([trace_id, correlation_id].every((id) => /^[0-9a-f-]{36}$/.test(id))).toBe(true);
  expect(error_uri).toBe(`https://login.microsoftonline.com/error?code=${code}`);
}

const app = (changes: object) => client.control("POST", "apps", { clientId: client.sandbox.env.CLIENT_ID, ...changes });

test("oauth2/token: the v1 form takes a resource, and answers with strings", async () => {
  const { env } = client.sandbox;
  const body = new URLSearchParams({
    grant_type: "client_credentials",
    client_id: env.CLIENT_ID!,
    client_secret: env.CLIENT_SECRET!,
  });
  const post = () => client.raw("POST", `/${env.TENANT_ID}/oauth2/token`, body.toString(), FORM);
  refused(await post(), 400, "invalid_request", 900144);
  body.set("resource", `${env.BASE_URL}/`);
  const { json } = await post();
  // adal-node's log of a real answer (davidyack/Xrm.Tools.CRMWebAPI issue 74)
  expect(json).toMatchObject({ expires_in: "3599", ext_expires_in: "3599", resource: `${env.BASE_URL}/` });
  expect(Number(json.expires_on) - Number(json.not_before)).toBe(3599);
  const headers = { authorization: `Bearer ${json.access_token}` };
  expect((await client.api("GET", "WhoAmI", undefined, headers)).status).toBe(200);
});

test("AADSTS7000215: a wrong secret", () => wrong({ client_secret: "no" }, 401, "invalid_client", 7000215));

test("AADSTS7000216: no credential", () => wrong({ client_secret: undefined }, 401, "invalid_client", 7000216));

test("AADSTS7000222: a secret that has expired, by the sandbox's clock", async () => {
  await client.control("POST", "app", { state: "secretExpired" });
  await wrong({}, 401, "invalid_client", 7000222);
  await client.control("POST", "reset");
  const expires = new Date(Date.now() + 3_600_000).toISOString();
  await app({ secrets: [{ value: "one", expires }, { value: "two" }] });
  expect((await getToken(client, { client_secret: "one" })).status).toBe(200);
  await client.control("POST", "clock", { advance: "2h" });
  await wrong({ client_secret: "one" }, 401, "invalid_client", 7000222);
  expect((await getToken(client, { client_secret: "two" })).status).toBe(200);
});

test("AADSTS700016: an app that is not in the directory", () =>
  wrong({ client_id: "11111111-1111-1111-1111-111111111111" }, 400, "unauthorized_client", 700016));

test("AADSTS7000112: a disabled app", async () => {
  await client.control("POST", "app", { state: "appDisabled" });
  await wrong({}, 400, "unauthorized_client", 7000112);
  await client.control("POST", "app", { state: "active" });
  await app({ disabled: true });
  await wrong({}, 400, "unauthorized_client", 7000112);
});

test("consent that no administrator has given is AADSTS65001", async () => {
  await client.control("POST", "app", { state: "noConsent" });
  await wrong({}, 400, "invalid_grant", 65001);
  await client.control("POST", "app", { state: "active" });
  await app({ consent: false });
  await wrong({}, 400, "invalid_grant", 65001);
});

test("AADSTS900144: a parameter is missing, or is in no form", async () => {
  for (const name of ["client_id", "grant_type", "scope"]) {
    await wrong({ [name]: undefined }, 400, "invalid_request", 900144);
  }
  await wrong({ client_assertion: "a.b.c" }, 400, "invalid_request", 900144);
  const { env } = client.sandbox;
  const json = { "content-type": "application/json" };
  const answer = await client.raw("POST", `/${env.TENANT_ID}/oauth2/v2.0/token`, "grant_type=x", json);
  expect(answer.json.error_description).toContain("the following parameter: 'grant_type'");
});

test("AADSTS70003: a grant there is not", () =>
  wrong({ grant_type: "nonsense" }, 400, "unsupported_grant_type", 70003));

test("AADSTS70011: a scope that is not a resource's .default", async () => {
  const { env } = client.sandbox;
  for (const scope of ["user_impersonation", "x/.default", `${env.BASE_URL}/user_impersonation`, ".default"]) {
    await wrong({ scope }, 400, "invalid_scope", 70011);
  }
  await wrong({ scope: `${env.BASE_URL}/.default ${env.BASE_URL_HTTPS}/.default` }, 400, "invalid_scope", 70011);
});

test("AADSTS500011: the scope of another organisation", () =>
  wrong({ scope: "https://other.crm4.dynamics.com/.default" }, 400, "invalid_resource", 500011));

// dataverse.md section 2: a resource with a slash yields `...com//.default`
test("a resource with a slash keeps it, and is the same organisation", async () => {
  const { json } = await getToken(client, { scope: `${client.sandbox.env.BASE_URL}//.default` });
  expect(claimsOf(json.access_token).aud).toBe(`${client.sandbox.env.BASE_URL}/`);
  const headers = { authorization: `Bearer ${json.access_token}` };
  expect((await client.api("GET", "WhoAmI", undefined, headers)).status).toBe(200);
});

// reference-error-codes.md: tenant throttling. The fault is set for the token endpoint's address.
test("AADSTS90055: throttled, with Retry-After", async () => {
  await client.control("POST", "faults", { match: { path: "/oauth2/" }, status: 429, retryAfter: 7, times: 1 });
  const answer = await getToken(client);
  refused(answer, 429, "temporarily_unavailable", 90055);
  expect(answer.headers["retry-after"]).toBe("7");
  expect((await getToken(client)).status).toBe(200);
});

test("AADSTS90033: unavailable for a moment; a fault may name any other error", async () => {
  const fault = { match: { path: "/oauth2/" }, times: 1 };
  await client.control("POST", "faults", { ...fault, status: 503 });
  refused(await getToken(client), 503, "temporarily_unavailable", 90033);
  const message = "AADSTS50196: The server terminated an operation because it encountered a client request loop.";
  await client.control("POST", "faults", { ...fault, status: 400, code: "invalid_grant", message });
  refused(await getToken(client), 400, "invalid_grant", 50196);
});

// reference-error-codes.md
test("AADSTS901002: version 2 has no parameter resource", () =>
  wrong({ resource: "https://contoso.crm4.dynamics.com" }, 400, "invalid_request", 901002));

test.each([
  ["token_type", "pop"],
  ["req_cnf", "e30"],
  ["request", "e30.e30.e30"],
])("what would change the request is a 501 that names it: %s", async (name, value) => {
  const answer = await getToken(client, { [name]: value });
  expect([answer.status, answer.json.error_description]).toEqual([501, expect.stringContaining(`'`)]);
});

test("AADSTS90002: a tenant that is another", async () => {
  for (const tenant of ["11111111-1111-1111-1111-111111111111", "contoso.example"]) {
    refused(await getToken(client, {}, tenant), 400, "invalid_request", 90002);
  }
  expect((await getToken(client, {}, "Sandbox.OnMicrosoft.com")).status).toBe(200);
});

test("AADSTS900023: a tenant that is no name", async () => {
  for (const tenant of ["not%20a%20tenant", "%ff", "%3Cb%3E"]) {
    refused(await getToken(client, {}, tenant), 400, "invalid_request", 900023);
  }
});

test("AADSTS50059: client credentials need a tenant", async () => {
  for (const tenant of ["common", "organizations"]) {
    refused(await getToken(client, {}, tenant), 400, "invalid_request", 50059);
  }
});

test("AADSTS900561: the token endpoint takes POST only", async () => {
  for (const method of ["GET", "PUT", "DELETE"]) {
    const answer = await client.raw(method, `/${client.sandbox.env.TENANT_ID}/oauth2/v2.0/token`);
    refused(answer, 405, "invalid_request", 900561);
    expect(answer.headers.allow).toBe("POST");
  }
});

test("AADSTS9002313: a form of more than a megabyte", () =>
  wrong({ x: "x".repeat(1024 * 1024) }, 400, "invalid_request", 9002313));

test.each([
  "password",
  "device_code",
  "urn:ietf:params:oauth:grant-type:device_code",
  "urn:ietf:params:oauth:grant-type:jwt-bearer",
])("the grant %s is a 501 that names it", async (grant_type) => {
  const answer = await getToken(client, { grant_type });
  expect(answer.status).toBe(501);
  expect(answer.json.error_description).toContain(`'${grant_type}'`);
});

test("the client's request id is the correlation id, and comes back", async () => {
  const id = "aaaa0000-bb11-2222-33cc-444444dddddd";
  const path = `/${client.sandbox.env.TENANT_ID}/oauth2/v2.0/token`;
  const answer = await client.raw("POST", path, "", { ...FORM, "client-request-id": id });
  expect([answer.json.correlation_id, answer.headers["client-request-id"]]).toEqual([id, id]);
  const field = await getToken(client, { "client-request-id": id });
  expect(field.headers).toMatchObject({ "client-request-id": id, "x-ms-request-id": expect.any(String) });
  expect((await getToken(client, { "client-request-id": "x\r\ny" })).headers).not.toHaveProperty("client-request-id");
});

test("an app made by the control API is known to Dataverse once it has an application user", async () => {
  const clientId = "22222222-2222-4222-8222-222222222222";
  await app({ clientId, secrets: [{ value: "s" }] });
  const token = (await getToken(client, { client_id: clientId, client_secret: "s" })).json.access_token;
  const who = () => client.api("GET", "WhoAmI", undefined, { authorization: `Bearer ${token}` });
  expect((await who()).json.error.code).toBe("0x80072560");
  await client.control("POST", "seed", { table: "systemuser", rows: [{ lastname: "App", applicationid: clientId }] });
  expect((await who()).json.error.code).toBe("0x80042f09");
});

test("the secret appears in no answer", async () => {
  for (const changes of [{}, { client_id: "x" }, { scope: "x" }]) {
    expect((await getToken(client, changes)).text).not.toContain(client.sandbox.env.CLIENT_SECRET);
  }
});

test("a token signed with another key, or changed, is none", () => {
  const claims = { aud: "a", iss: "i", tid: "t", appid: "p", oid: "o", iat: 1, nbf: 1, exp: 2 };
  const token = signToken(claims, 1);
  expect(readToken(token)).toMatchObject(claims);
  expect(readToken(token)).toMatchObject(claims);
  expect(readToken(token.replace(/^./, "f"))).toBeUndefined();
  expect(readToken(token.replace(/[^.]+$/, ""))).toBeUndefined();
  expect(readToken(`${token.slice(0, -4)}AAAA`)).toBeUndefined();
  expect(readToken("a.b")).toBeUndefined();
  expect(readToken("e30.e30.e30")).toBeUndefined();
});
