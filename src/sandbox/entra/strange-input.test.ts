import fc from "fast-check";
import { expect, test } from "vitest";
import { type Answer, useSandbox } from "../raw-client.test-data.ts";
import { FIRST_USER } from "./directory.ts";
import { REDIRECT } from "./sign-in.test-data.ts";

// Whatever is sent: an answer in the envelope of dataverse.md section 2, a page, or a way back; never a 500.
const client = useSandbox();
const SEED = 20_261_121;
const FORM = { "content-type": "application/x-www-form-urlencoded" };
const MARK = "<img src=x onerror=alert(1)>";

const { CLIENT_ID, CLIENT_SECRET } = {
  CLIENT_ID: "5a4d0b0c-0000-4000-8000-00000000c001",
  CLIENT_SECRET: "sandbox~development.secret-not-a-real-one",
};

const value = fc.oneof(
  fc.constantFrom(
    "",
    " ",
    MARK,
    `"'>${MARK}`,
    "null",
    "__proto__",
    "constructor",
    "code",
    "none",
    "client_credentials",
    "authorization_code",
    "refresh_token",
    "accept",
    "cancel",
    "query",
    "fragment",
    "form_post",
    "openid offline_access",
    "https://a.example/.default",
    "a/b c/d",
    "/",
    "//",
    REDIRECT,
    "http://localhost",
    "http://[::1",
    "javascript:alert(1)",
    "\r\nSet-Cookie: a=b",
    "e30.e30.e30",
    "..",
    FIRST_USER.id,
    CLIENT_ID,
    CLIENT_SECRET,
    "S256",
    "x".repeat(43),
    "x".repeat(5000),
    "\u0000",
    "\ud800",
    "é€😀",
  ),
  fc.string({ unit: "binary", maxLength: 20 }),
);
const name = fc.constantFrom(
  "client_id",
  "client_secret",
  "client_assertion",
  "client_assertion_type",
  "grant_type",
  "scope",
  "resource",
  "code",
  "code_verifier",
  "refresh_token",
  "redirect_uri",
  "response_type",
  "response_mode",
  "state",
  "nonce",
  "prompt",
  "login_hint",
  "code_challenge",
  "code_challenge_method",
  "account",
  "decision",
  "client_info",
  "client-request-id",
  MARK,
);
const likely = fc.record(
  {
    client_id: fc.constant(CLIENT_ID),
    client_secret: fc.constant(CLIENT_SECRET),
    redirect_uri: fc.constant(REDIRECT),
    response_type: fc.constant("code"),
    grant_type: fc.constantFrom("client_credentials", "authorization_code", "refresh_token"),
    client_assertion_type: fc.constant("urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
    scope: fc.constant("openid offline_access"),
    decision: fc.constant("accept"),
    account: fc.constant(FIRST_USER.id),
  },
  { requiredKeys: [] },
);
const fields = fc.tuple(likely, fc.array(fc.tuple(name, value), { maxLength: 5 })).map(([usual, odd]) => {
  const form = new URLSearchParams(odd);
  for (const [key, given] of Object.entries(usual)) if (!form.has(key)) form.set(key, given);
  return form.toString();
});
const tenant = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom("5a4d0b0c-0000-4000-8000-00000000e001", "common") },
  { weight: 1, arbitrary: value.map((text) => encodeURIComponent(text.toWellFormed()) || "x") },
);

function wellFormed(answer: Answer, what: unknown): void {
  const shown = `${JSON.stringify(what)} -> ${answer.status} ${answer.text.slice(0, 300)}`;
  expect(answer.status, shown).not.toBe(500);
  expect(answer.text, shown).not.toContain(MARK);
  expect(answer.headers, shown).not.toHaveProperty("set-cookie");
  const type = String(answer.headers["content-type"]);
  if (answer.status === 302) expect(answer.headers.location, shown).toMatch(/^http:\/\/localhost/);
  else if (answer.status >= 400 && answer.status !== 405 && !type.startsWith("text/html")) {
    expect(typeof answer.json?.error, shown).toBe("string");
    expect(answer.json.error_description.length, shown).toBeGreaterThan(0);
  }
}

test("token endpoints answer any form in the envelope", async () => {
  await fc.assert(
    fc.asyncProperty(tenant, fc.constantFrom("oauth2/token", "oauth2/v2.0/token"), fields, async (who, path, body) => {
      const answer = await client.raw("POST", `/${who}/${path}`, body, FORM);
      // Errors are JSON here: what a client sent may stand in it as it came, for it is no page.
      wellFormed({ ...answer, text: "" }, [who, path, body]);
      expect(answer.headers["content-type"]).toBe("application/json; charset=utf-8");
    }),
    { seed: SEED, numRuns: 300 },
  );
});

test("authorization and sign-out answer any request without echoing what would be markup", async () => {
  const path = fc.constantFrom("oauth2/authorize", "oauth2/v2.0/authorize", "oauth2/v2.0/logout");
  await fc.assert(
    fc.asyncProperty(tenant, path, fields, fc.boolean(), async (who, where, text, post) => {
      const answer = post
        ? await client.raw("POST", `/${who}/${where}`, text, FORM)
        : await client.raw("GET", `/${who}/${where}?${text}`);
      wellFormed(answer, [who, where, text, post]);
    }),
    { seed: SEED, numRuns: 400 },
  );
});

test("raw bytes, odd queries and odd tokens are the client's fault", async () => {
  for (const body of ["%", "%ff%fe=%", "&&&===", "grant_type", "a".repeat(100_000), "\u0000"]) {
    wellFormed(await client.raw("POST", "/common/oauth2/v2.0/token", body, FORM), body);
    wellFormed(await client.raw("GET", `/common/oauth2/v2.0/authorize?${encodeURI(body)}`), body);
  }
  for (const basic of ["", "%%%", "Og==", Buffer.from("a:b:c").toString("base64"), "a".repeat(50_000)]) {
    const headers = { ...FORM, authorization: `Basic ${basic}` };
    wellFormed(await client.raw("POST", "/common/oauth2/v2.0/token", "grant_type=refresh_token", headers), basic);
  }
});

test("a Host header that no URL could have is no fault of the sandbox", async () => {
  for (const host of ["a:99999", "...", ":", "a]b"]) {
    for (const path of [
      "common/v2.0/.well-known/openid-configuration",
      "common/discovery/keys",
      "common/oauth2/logout",
    ]) {
      wellFormed(await client.raw("GET", `/${path}`, undefined, { host }), [host, path]);
    }
    const query = "authorization_endpoint=https%3A%2F%2Fa%2Fb%2F";
    wellFormed(await client.raw("GET", `/common/discovery/instance?${query}`, undefined, { host }), host);
  }
});

test("paths that look like an endpoint are not one", async () => {
  for (const path of ["/t/v2.0/oauth2/token", "/t/oauth2/v2.0/v2.0/token", "/t/oauth2/__proto__", "/t/oauth2//token"]) {
    expect((await client.raw("POST", path, "grant_type=x", FORM)).status, path).toBe(501);
  }
  expect((await client.raw("GET", "//oauth2/authorize")).status).toBe(404);
});

// dataverse.md section 2: no or bad token is a 401 that tells the tenant.
test("the Web API answers any bearer token with 401, never with 500", async () => {
  const [head, body, signature] = client.token.split(".");
  const encode = (part: unknown) => Buffer.from(JSON.stringify(part)).toString("base64url");
  const claims = JSON.parse(Buffer.from(body!, "base64url").toString());
  const tokens = [
    "x",
    "..",
    "a.b.c",
    `${head}.${body}.`,
    `${head}.${body}.AAAA`,
    `${head}.${body}`,
    `${head}.${encode({ ...claims, exp: 9e9 })}.${signature}`,
    `${encode({ alg: "none" })}.${body}.`,
    `${encode({ alg: "HS256", kid: "x" })}.${body}.${signature}`,
    `${encode({ alg: "RS256" })}.${encode(null)}.${signature}`,
    `${encode([])}.${encode(5)}.${signature}`,
    "e".repeat(100_000),
  ];
  for (const token of tokens) {
    const answer = await client.raw("GET", "/api/data/v9.2/WhoAmI", undefined, { authorization: `Bearer ${token}` });
    expect([answer.status, answer.text], token.slice(0, 80)).toEqual([401, ""]);
    expect(answer.headers["www-authenticate"]).toMatch(/^Bearer authorization_uri=/);
  }
});
