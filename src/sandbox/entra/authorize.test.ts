import { expect, test } from "vitest";
import { useSandbox } from "../raw-client.test-data.ts";
import { FIRST_USER } from "./directory.ts";
import {
  accept,
  authorize,
  CHALLENGE,
  claimsOf,
  codeFor,
  REDIRECT,
  redeem,
  redirected,
  refused,
  request,
  VERIFIER,
} from "./sign-in.test-data.ts";

// v2-oauth2-auth-code-flow.md and dataverse.md section 2, unless another page is named.
const client = useSandbox();

test("oauth2/authorize: shows the accounts, and Accept leads back with code and state", async () => {
  const page = await authorize(client);
  expect([page.status, page.headers["content-type"]]).toEqual([200, "text/html; charset=utf-8"]);
  expect(page.text).toContain(FIRST_USER.upn);
  expect(page.text).not.toContain("<script");
  // A click sends what stands in the form.
  const inputs = [...page.text.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)">/g)];
  const fields = new URLSearchParams(inputs.map((each): [string, string] => [each[1]!, each[2]!]));
  fields.append("account", FIRST_USER.id);
  fields.append("decision", "accept");
  const action = /<form method="post" action="([^"]+)">/.exec(page.text)?.[1] ?? "";
  const form = { "content-type": "application/x-www-form-urlencoded" };
  const { to, parameters } = redirected(await client.raw("POST", action, fields.toString(), form));
  expect(to).toBe(REDIRECT);
  expect(parameters).toMatchObject({ state: "12345", code: expect.stringMatching(/^1\..{60,}/) });
});

test("authorization_code: the code is worth an access token of the person, a refresh token and an id token", async () => {
  const code = await codeFor(client, { nonce: "n-1" });
  const { status, json } = await redeem(client, code, { client_info: "1" });
  const { env } = client.sandbox;
  expect(status).toBe(200);
  expect(json).toMatchObject({ token_type: "Bearer", expires_in: 3599, refresh_token: expect.any(String) });
  expect(json.scope.split(" ")).toContain(`${env.BASE_URL}/user_impersonation`);
  // access-token-claims-reference.md
  expect(claimsOf(json.access_token)).toMatchObject({
    aud: env.BASE_URL,
    iss: `https://sts.windows.net/${env.TENANT_ID}/`,
    appid: env.CLIENT_ID,
    appidacr: "1",
    oid: FIRST_USER.id,
    upn: FIRST_USER.upn,
    scp: "user_impersonation",
    tid: env.TENANT_ID,
    ver: "1.0",
  });
  // id-token-claims-reference.md
  expect(claimsOf(json.id_token)).toMatchObject({
    aud: env.CLIENT_ID,
    iss: `${env.BASE_URL}/${env.TENANT_ID}/v2.0`,
    nonce: "n-1",
    preferred_username: FIRST_USER.upn,
    oid: FIRST_USER.id,
    ver: "2.0",
  });
  const info = JSON.parse(Buffer.from(json.client_info, "base64url").toString());
  expect(info).toEqual({ uid: FIRST_USER.id, utid: env.TENANT_ID });
  const headers = { authorization: `Bearer ${json.access_token}` };
  const who = await client.api("GET", "WhoAmI", undefined, headers);
  const user = await client.api("GET", `systemusers(${who.json.UserId})`, undefined, headers);
  expect(user.json).toMatchObject({ azureactivedirectoryobjectid: FIRST_USER.id, fullname: "Sandbox User" });
});

test("without offline_access and openid there is neither refresh token nor id token", async () => {
  const code = await codeFor(client, { scope: `${client.sandbox.env.BASE_URL}/.default` });
  const { json } = await redeem(client, code);
  expect(json).not.toHaveProperty("refresh_token");
  expect(json).not.toHaveProperty("id_token");
  // What was asked for is named as well: msal looks its cache up by it.
  expect(json.scope).toBe(`${client.sandbox.env.BASE_URL}/user_impersonation ${client.sandbox.env.BASE_URL}/.default`);
});

test("a scope of OpenID only is a token for Microsoft Graph, which the Web API refuses", async () => {
  const { json } = await redeem(client, await codeFor(client, { scope: "openid profile" }));
  expect(claimsOf(json.access_token).aud).toBe("00000003-0000-0000-c000-000000000000");
  const headers = { authorization: `Bearer ${json.access_token}` };
  expect((await client.api("GET", "WhoAmI", undefined, headers)).status).toBe(401);
});

test("the v1 endpoint takes a resource, and answers with strings", async () => {
  const { env } = client.sandbox;
  const changes = { scope: undefined, resource: env.BASE_URL };
  const code = await codeFor(client, changes, "oauth2/authorize");
  const body = new URLSearchParams({
    grant_type: "authorization_code",
    client_id: env.CLIENT_ID!,
    client_secret: env.CLIENT_SECRET!,
    redirect_uri: REDIRECT,
    code_verifier: VERIFIER,
    code,
  }).toString();
  const { json } = await client.raw("POST", `/${env.TENANT_ID}/oauth2/token`, body, {
    "content-type": "application/x-www-form-urlencoded",
  });
  expect(json).toMatchObject({ expires_in: "3599", resource: env.BASE_URL, refresh_token: expect.any(String) });
  expect(claimsOf(json.id_token)).toMatchObject({ ver: "1.0", upn: FIRST_USER.upn });
});

const MODE = { redirect_uri: `${REDIRECT}?a=1`, state: "a&b" };

test("response_mode=query: the answer stands beside what the address had", async () => {
  for (const response_mode of ["query", undefined]) {
    const { location } = (await accept(client, { ...MODE, response_mode })).headers;
    expect(location).toMatch(/^http:\/\/localhost:3000\/back\?a=1&code=.+&state=a%26b/);
  }
});

test("response_mode=fragment: the answer stands behind the #", async () => {
  const { location } = (await accept(client, { ...MODE, response_mode: "fragment" })).headers;
  expect(location).toMatch(/^http:\/\/localhost:3000\/back\?a=1#code=.+&state=a%26b/);
});

test("response_mode=form_post: a form that the person sends on", async () => {
  const page = await accept(client, { response_mode: "form_post", state: '"><b>' });
  expect(page.status).toBe(200);
  expect(page.text).toContain(`<form method="post" action="${REDIRECT}">`);
  expect(page.text).toContain('name="state" value="&quot;&gt;&lt;b&gt;"');
  expect(page.text).toMatch(/name="code" value="1\.[^"]+"/);
});

test("login_hint picks the account; without it the first is picked", async () => {
  await client.control("POST", "users", { upn: "ada@sandbox.onmicrosoft.com", name: "Ada <b>L</b>" });
  const page = await authorize(client, { login_hint: "ADA@sandbox.onmicrosoft.com" });
  expect(page.text).toMatch(/checked> Ada &lt;b&gt;L&lt;\/b&gt; \(ada@/);
  expect(page.text.match(/ checked>/g)).toHaveLength(1);
  const plain = await authorize(client, { account: "x" });
  expect(plain.text).toContain(`value="${FIRST_USER.id}" checked>`);
  expect(plain.text).not.toMatch(/type="hidden" name="account"/);
});

/** The error that goes back to the app. */
async function back(changes: Record<string, string | undefined>, decide = false): Promise<Record<string, string>> {
  const { to, parameters } = redirected(await (decide ? accept(client, changes) : authorize(client, changes)));
  expect([to, parameters.state]).toEqual([REDIRECT, "12345"]);
  return parameters;
}

test("AADSTS65004: Cancel leads back with access_denied", async () => {
  expect(await back({ decision: "cancel" }, true)).toMatchObject({
    error: "access_denied",
    error_description: expect.stringMatching(/^AADSTS65004: /),
  });
});

test("AADSTS50058: prompt=none without a session is login_required", async () => {
  expect(await back({ prompt: "none" })).toMatchObject({ error: "login_required" });
});

test("AADSTS70005: a response type there is not", async () => {
  expect(await back({ response_type: "nonsense" })).toMatchObject({ error: "unsupported_response_type" });
  expect(await back({ response_type: "code token" })).toMatchObject({ error: "unsupported_response_type" });
});

test("AADSTS700054: id_token from the authorization endpoint is enabled for no app", async () => {
  const { error, error_description } = await back({ response_type: "code id_token" });
  expect([error, error_description?.slice(0, 13)]).toEqual(["unsupported_response_type", "AADSTS700054:"]);
});

test("AADSTS501491: a challenge of the wrong size or method", async () => {
  for (const changes of [{ code_challenge: "short" }, { code_challenge_method: "S512" }]) {
    expect((await back(changes)).error_description).toMatch(/^AADSTS501491: /);
  }
});

test("errors of the scope go back to the app as well", async () => {
  const { env } = client.sandbox;
  expect(await back({ scope: undefined })).toMatchObject({ error: "invalid_request" });
  expect(await back({ scope: `${env.BASE_URL}/nonsense` })).toMatchObject({ error: "invalid_scope" });
  expect(await back({ scope: "https://a.example/x https://b.example/y" })).toMatchObject({ error: "invalid_scope" });
  expect(await back({ scope: "https://other.crm4.dynamics.com/user_impersonation" })).toMatchObject({
    error: "invalid_resource",
  });
});

test("AADSTS50034: an account that is not in the directory", async () => {
  expect((await back({ account: "nobody" }, true)).error_description).toMatch(/^AADSTS50034: /);
});

test("AADSTS50057: a disabled person gets no code, and no token for a code from before", async () => {
  const code = await codeFor(client);
  await client.control("POST", "users", { upn: FIRST_USER.upn, disabled: true });
  expect((await back({}, true)).error_description).toMatch(/^AADSTS50057: /);
  refused(await redeem(client, code), 400, "invalid_grant", 50057);
});

test("AADSTS53003: a person blocked by conditional access", async () => {
  await client.control("POST", "users", { upn: FIRST_USER.upn, blocked: true });
  expect((await back({}, true)).error).toBe("interaction_required");
});

test.each([
  ["another address", { redirect_uri: "https://evil.example/" }, 50011],
  ["no address", { redirect_uri: "nonsense" }, 50011],
  ["an address with a fragment", { redirect_uri: `${REDIRECT}#x` }, 50011],
  ["a script", { redirect_uri: "javascript:alert(1)" }, 50011],
  ["none", { redirect_uri: undefined }, 900144],
  ["no app", { client_id: undefined }, 900144],
  ["an unknown app", { client_id: "<script>alert(1)</script>" }, 700016],
  ["an odd response mode", { response_mode: "web_message" }, 70007],
])("what cannot be sent back is a page: %s", async (_name, changes, code) => {
  const page = await authorize(client, changes);
  expect([page.status, page.headers["content-type"]]).toEqual([400, "text/html; charset=utf-8"]);
  expect(page.text).toContain(`AADSTS${code}: `);
  expect(page.text).not.toContain("<script");
});

test("AADSTS50011: registered addresses count to the letter, except for the port of this machine", async () => {
  const redirectUris = ["https://app.example/back", "http://localhost/back"];
  await client.control("POST", "apps", { clientId: client.sandbox.env.CLIENT_ID, redirectUris });
  const status = async (redirect_uri: string) => (await authorize(client, { redirect_uri })).status;
  expect(await status("https://app.example/back")).toBe(200);
  expect(await status("https://app.example/back/")).toBe(400);
  expect(await status("https://app.example/back?x=1")).toBe(400);
  // reply-url.md, "Localhost exceptions"
  expect(await status("http://localhost:4711/back")).toBe(200);
  expect(await status("http://localhost:4711/other")).toBe(400);
  expect(await status("http://127.0.0.1:4711/back")).toBe(400);
});

test("AADSTS70007: a response mode there is not", async () => {
  expect((await authorize(client, { response_mode: "nonsense" })).text).toContain("AADSTS70007: ");
});

test("AADSTS54005: a code is redeemed once", async () => {
  const code = await codeFor(client);
  expect((await redeem(client, code)).status).toBe(200);
  refused(await redeem(client, code), 400, "invalid_grant", 54005);
});

test("AADSTS70008: a code lives ten minutes", async () => {
  const code = await codeFor(client);
  await client.control("POST", "clock", { advance: "11m" });
  refused(await redeem(client, code), 400, "invalid_grant", 70008);
});

// RFC 7636 section 4.6
test("AADSTS501481: the verifier must fit the challenge", async () => {
  for (const code_verifier of [undefined, CHALLENGE, "another"]) {
    refused(await redeem(client, await codeFor(client), { code_verifier }), 400, "invalid_grant", 501481);
  }
  const none = { code_challenge: undefined, code_challenge_method: undefined };
  refused(await redeem(client, await codeFor(client, none)), 400, "invalid_grant", 501481);
  expect((await redeem(client, await codeFor(client, none), { code_verifier: undefined })).status).toBe(200);
});

test("a plain challenge is its own verifier, named or not", async () => {
  for (const code_challenge_method of ["plain", undefined]) {
    const code = await codeFor(client, { code_challenge: VERIFIER, code_challenge_method });
    expect((await redeem(client, code)).status).toBe(200);
  }
});

test("a code that failed can be tried again", async () => {
  const code = await codeFor(client);
  expect((await redeem(client, code, { code_verifier: "wrong" })).status).toBe(400);
  expect((await redeem(client, code)).status).toBe(200);
});

test("AADSTS500112: the redirect URI must be the same again", async () => {
  const answer = await redeem(client, await codeFor(client), { redirect_uri: "http://localhost:3000/other" });
  refused(answer, 401, "invalid_client", 500112);
});

test("AADSTS70000: a code that was never given out, or to another app", async () => {
  refused(await redeem(client, "1.nonsense"), 400, "invalid_grant", 70000);
  const clientId = "11111111-1111-4111-8111-111111111111";
  await client.control("POST", "apps", { clientId, secrets: [{ value: "s" }] });
  const other = { client_id: clientId, client_secret: "s" };
  refused(await redeem(client, await codeFor(client), other), 400, "invalid_grant", 70000);
});

test("AADSTS7000218: a confidential app needs its credential for a code too", async () => {
  refused(await redeem(client, await codeFor(client), { client_secret: undefined }), 401, "invalid_client", 7000218);
});

// The public client of Microsoft's quick starts (webapi/quick-start-console-app-csharp.md) is there from the start.
test("AADSTS700025: a public app must not present a credential, and needs none", async () => {
  const client_id = "51f81489-12ee-4a9e-aaae-a2591f45987d";
  const code = await codeFor(client, { client_id });
  refused(await redeem(client, code, { client_id }), 401, "invalid_client", 700025);
  const { json } = await redeem(client, code, { client_id, client_secret: undefined });
  expect(claimsOf(json.access_token)).toMatchObject({ appid: client_id, appidacr: "0" });
});

test("any tenant's endpoints serve those who sign in", async () => {
  for (const tenant of ["common", "organizations", "sandbox.onmicrosoft.com"]) {
    expect((await client.raw("GET", `/${tenant}/oauth2/v2.0/authorize?${request(client)}`)).status).toBe(200);
  }
  expect((await client.raw("GET", `/contoso.example/oauth2/v2.0/authorize?${request(client)}`)).text).toContain(
    "AADSTS90002: ",
  );
});

// v2-protocols-oidc.md, "Send a sign-out request"
test("oauth2/logout: leads back to an address of this machine, else shows a page", async () => {
  const { TENANT_ID } = client.sandbox.env;
  const out = (uri: string) =>
    client.raw(
      "GET",
      `/${TENANT_ID}/oauth2/v2.0/logout?post_logout_redirect_uri=${encodeURIComponent(uri)}&state=s%0d%0a`,
    );
  expect((await out("http://localhost:3000/bye")).headers.location).toBe("http://localhost:3000/bye?state=s%0D%0A");
  expect((await out("https://evil.example/")).status).toBe(200);
  const silent = await client.raw(
    "GET",
    "/common/oauth2/v2.0/logout?post_logout_redirect_uri=http://localhost:3000/bye",
  );
  expect(silent.headers.location).toBe("http://localhost:3000/bye");
  expect((await client.raw("GET", "/common/oauth2/logout")).text).toContain("signed out");
});

test("a form that is sent twice signs in twice; other verbs are 405", async () => {
  expect(await codeFor(client)).not.toBe(await codeFor(client));
  const path = `/${client.sandbox.env.TENANT_ID}/oauth2/v2.0/authorize`;
  const answer = await client.raw("DELETE", path);
  expect([answer.status, answer.headers.allow]).toEqual([405, "GET, POST"]);
});
