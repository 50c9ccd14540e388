import { expect, test } from "vitest";
import { useSandbox } from "../raw-client.test-data.ts";
import { FIRST_USER } from "./directory.ts";
import { claimsOf, codeFor, redeem, refresh, refused } from "./sign-in.test-data.ts";

// dataverse.md section 2; v2-oauth2-auth-code-flow.md, "Refresh the access token"; refresh-tokens.md.
const client = useSandbox();

async function refreshToken(changes: Record<string, string> = {}): Promise<string> {
  return (await redeem(client, await codeFor(client, changes))).json.refresh_token;
}

test("refresh_token: gives a new access token and a new refresh token; the old one stays good", async () => {
  const first = await refreshToken();
  const { status, json } = await refresh(client, first);
  expect(status).toBe(200);
  expect(json.refresh_token).not.toBe(first);
  expect(claimsOf(json.access_token)).toMatchObject({ upn: FIRST_USER.upn, scp: "user_impersonation" });
  expect((await refresh(client, json.refresh_token)).status).toBe(200);
  expect((await refresh(client, first)).status).toBe(200);
});

test("the scope may be narrowed, and comes back as a whole when nothing is asked for", async () => {
  const token = await refreshToken();
  const { env } = client.sandbox;
  const narrow = await refresh(client, token, { scope: `${env.BASE_URL}/user_impersonation` });
  expect(narrow.json).not.toHaveProperty("id_token");
  expect(narrow.json).toHaveProperty("refresh_token");
  const whole = await refresh(client, narrow.json.refresh_token);
  expect(whole.json).toHaveProperty("id_token");
});

test("https and http are one organisation for a refresh token too", async () => {
  const { env } = client.sandbox;
  const { json } = await refresh(client, await refreshToken(), { scope: `${env.BASE_URL_HTTPS}/.default` });
  expect(claimsOf(json.access_token).aud).toBe(env.BASE_URL_HTTPS);
});

test("what was not granted cannot be got by refreshing", async () => {
  const token = await refreshToken({ scope: "openid offline_access User.Read" });
  const scope = `${client.sandbox.env.BASE_URL}/.default`;
  refused(await refresh(client, token, { scope }), 400, "invalid_grant", 65001);
});

test("AADSTS700082: a refresh token lives 90 days; each new one as long again", async () => {
  const first = await refreshToken();
  await client.control("POST", "clock", { advance: "60d" });
  const second = (await refresh(client, first)).json.refresh_token;
  await client.control("POST", "clock", { advance: "60d" });
  const answer = await refresh(client, first);
  refused(answer, 400, "invalid_grant", 700082);
  expect(answer.json.error_description).toContain("was inactive for 90.00:00:00.");
  expect((await refresh(client, second)).status).toBe(200);
});

test("AADSTS50173: a person's tokens are revoked; those from after are good", async () => {
  const token = await refreshToken();
  await client.control("POST", "users", { upn: FIRST_USER.upn, revokeTokens: true });
  refused(await refresh(client, token), 400, "invalid_grant", 50173);
  await client.control("POST", "clock", { advance: "1s" });
  expect((await refresh(client, await refreshToken())).status).toBe(200);
});

test("AADSTS50076: multi-factor authentication is asked for now", async () => {
  const token = await refreshToken();
  await client.control("POST", "users", { upn: FIRST_USER.upn, mfaRequired: true });
  refused(await refresh(client, token), 400, "interaction_required", 50076);
  await client.control("POST", "users", { upn: FIRST_USER.upn, mfaRequired: false });
  expect((await refresh(client, token)).status).toBe(200);
});

test("AADSTS50079: enrolment in multi-factor authentication is asked for now", async () => {
  const token = await refreshToken();
  await client.control("POST", "users", { upn: FIRST_USER.upn, mfaEnrolment: true });
  refused(await refresh(client, token), 400, "interaction_required", 50079);
});

test("AADSTS65001: consent that is taken back ends refreshing, until the person consents again", async () => {
  const token = await refreshToken();
  await client.control("POST", "apps", { clientId: client.sandbox.env.CLIENT_ID, consent: false });
  refused(await refresh(client, token), 400, "invalid_grant", 65001);
  expect((await refresh(client, await refreshToken())).status).toBe(200);
});

test("a refresh token is one app's, needs its credential, and ends with a reset", async () => {
  const token = await refreshToken();
  refused(await refresh(client, token, { client_secret: undefined }), 401, "invalid_client", 7000218);
  refused(await refresh(client, "1.nonsense"), 400, "invalid_grant", 70000);
  await client.control("POST", "reset");
  refused(await refresh(client, token), 400, "invalid_grant", 70000);
});

test("an access token ends with its hour: 401, and refreshing helps", async () => {
  const { json } = await redeem(client, await codeFor(client));
  const status = async (token: string) =>
    (await client.api("GET", "WhoAmI", undefined, { authorization: `Bearer ${token}` })).status;
  expect(await status(json.access_token)).toBe(200);
  await client.control("POST", "clock", { advance: "1h" });
  expect(await status(json.access_token)).toBe(401);
  expect(await status((await refresh(client, json.refresh_token)).json.access_token)).toBe(200);
});
