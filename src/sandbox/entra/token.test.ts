import { expect, test } from "vitest";
import { getToken, useSandbox } from "../raw-client.ts";
import { readToken, signToken } from "./jwt.ts";

// Everything here: dataverse.md section 2.
const client = useSandbox();
const FORM = { "content-type": "application/x-www-form-urlencoded" };

test("client credentials by secret give a bearer token of 3599 seconds", async () => {
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

test.each([
  ["wrong secret", { client_secret: "no" }, 401, "invalid_client", 7000215],
  ["no secret", { client_secret: undefined }, 401, "invalid_client", 7000216],
  ["unknown app", { client_id: "11111111-1111-1111-1111-111111111111" }, 400, "unauthorized_client", 700016],
  ["assertion without its type", { client_assertion: "a.b.c" }, 400, "invalid_request", 900144],
  ["no client id", { client_id: undefined }, 400, "invalid_request", 900144],
  ["no grant", { grant_type: undefined }, 400, "invalid_request", 900144],
  ["odd grant", { grant_type: "nonsense" }, 400, "unsupported_grant_type", 70003],
  ["no scope", { scope: undefined }, 400, "invalid_request", 900144],
  ["scope that is no resource", { scope: "user_impersonation" }, 400, "invalid_scope", 70011],
  ["scope of another org", { scope: "https://other.crm4.dynamics.com/.default" }, 400, "invalid_resource", 500011],
])("%s", async (_name, changes: Record<string, string | undefined>, status, error, code) => {
  const answer = await getToken(client, changes);
  expect(answer.status).toBe(status);
  expect(answer.json).toMatchObject({ error, error_codes: [code] });
  expect(answer.json.error_description).toMatch(new RegExp(`^AADSTS${code}: .+\r\nTrace ID: `));
  expect(Object.keys(answer.json)).toEqual(
    expect.arrayContaining(["timestamp", "trace_id", "correlation_id", "error_uri"]),
  );
});

test.each([
  ["11111111-1111-1111-1111-111111111111", 90002],
  ["contoso.example", 90002],
  ["not a tenant", 900023],
])("tenant %s", async (tenant, code) => {
  const answer = await getToken(client, {}, encodeURIComponent(tenant));
  expect(answer.status).toBe(400);
  expect(answer.json.error_codes).toEqual([code]);
});

test.each([
  ["secretExpired", 401, 7000222],
  ["appDisabled", 400, 7000112],
  ["noConsent", 400, 65001],
])("app state %s shows at the token endpoint", async (state, status, code) => {
  expect((await client.control("POST", "app", { state })).status).toBe(204);
  const answer = await getToken(client);
  expect(answer.status).toBe(status);
  expect(answer.json.error_codes).toEqual([code]);
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
