import { createPublicKey, verify } from "node:crypto";
import { expect, test } from "vitest";
import { useSandbox } from "../raw-client.test-data.ts";
import { parseJwt } from "./jwt.ts";

// v2-protocols-oidc.md; the fields msal reads are those of its OpenIdConfigResponse and CloudInstanceDiscoveryResponse.
const client = useSandbox();

test(".well-known/openid-configuration: names the endpoints of its version, as reached", async () => {
  const { env } = client.sandbox;
  const { status, json } = await client.raw("GET", `/${env.TENANT_ID}/v2.0/.well-known/openid-configuration`);
  expect(status).toBe(200);
  expect(json).toMatchObject({
    token_endpoint: env.TOKEN_URL,
    authorization_endpoint: `${env.BASE_URL}/${env.TENANT_ID}/oauth2/v2.0/authorize`,
    end_session_endpoint: `${env.BASE_URL}/${env.TENANT_ID}/oauth2/v2.0/logout`,
    jwks_uri: `${env.BASE_URL}/${env.TENANT_ID}/discovery/v2.0/keys`,
    issuer: `${env.BASE_URL}/${env.TENANT_ID}/v2.0`,
  });
  const v1 = (await client.raw("GET", `/${env.TENANT_ID}/.well-known/openid-configuration`)).json;
  expect(v1).toMatchObject({
    token_endpoint: `${env.BASE_URL}/${env.TENANT_ID}/oauth2/token`,
    issuer: `https://sts.windows.net/${env.TENANT_ID}/`,
  });
  const common = (await client.raw("GET", "/common/v2.0/.well-known/openid-configuration")).json;
  expect(common.issuer).toBe(`${env.BASE_URL}/{tenantid}/v2.0`);
  expect((await client.raw("GET", "/contoso.example/v2.0/.well-known/openid-configuration")).json.error_codes).toEqual([
    90002,
  ]);
});

test("discovery/keys: the key that tokens are signed with, by its id", async () => {
  for (const path of [
    "common/discovery/v2.0/keys",
    "common/discovery/keys",
    `${client.sandbox.env.TENANT_ID}/discovery/keys`,
  ]) {
    const { json } = await client.raw("GET", `/${path}`);
    const jwt = parseJwt(client.token)!;
    expect(jwt.header).toMatchObject({ typ: "JWT", alg: "RS256", x5t: jwt.header.kid });
    const jwk = json.keys.find((key: { kid: string }) => key.kid === jwt.header.kid);
    expect(jwk).toMatchObject({ kty: "RSA", use: "sig" });
    const key = createPublicKey({ key: jwk, format: "jwk" });
    expect(verify("sha256", jwt.signed, key, jwt.signature)).toBe(true);
  }
  expect((await client.raw("GET", "/another.example/discovery/keys")).json.error_codes).toEqual([90002]);
});

test("discovery/instance: this host is an authority of its own", async () => {
  const { env } = client.sandbox;
  const asked = `${env.BASE_URL}/${env.TENANT_ID}/oauth2/v2.0/authorize`;
  const query = `api-version=1.1&authorization_endpoint=${encodeURIComponent(asked)}`;
  const { json } = await client.raw("GET", `/common/discovery/instance?${query}`);
  expect(json.tenant_discovery_endpoint).toBe(`${env.BASE_URL}/${env.TENANT_ID}/v2.0/.well-known/openid-configuration`);
  const { host } = new URL(env.BASE_URL!);
  expect(json.metadata).toEqual([{ preferred_network: host, preferred_cache: host, aliases: [host] }]);
  expect((await client.raw("GET", "/common/discovery/instance")).json.error_codes).toEqual([900144]);
});

test("oauth2/devicecode: 501 with a sentence that names it", async () => {
  const answer = await client.raw("POST", "/common/oauth2/v2.0/devicecode", "");
  expect([answer.status, answer.json.error_description]).toEqual([
    501,
    "The device code flow is part of Entra ID, but not implemented by this sandbox.",
  ]);
});

test.each(["/common/userrealm/a@b.example", "/common/oauth2/nonsense", "/common/discovery/v2.0/nonsense"])(
  "what is not built is 501 by name: %s",
  async (path) => {
    const answer = await client.raw("GET", path);
    expect([answer.status, answer.json.error_description]).toEqual([501, expect.stringContaining(path)]);
  },
);
