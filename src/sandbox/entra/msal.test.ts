import { createHash, generateKeyPairSync } from "node:crypto";
import { readFileSync } from "node:fs";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import {
  ConfidentialClientApplication,
  type Configuration,
  CryptoProvider,
  PublicClientApplication,
} from "@azure/msal-node";
import { beforeAll, expect, test } from "vitest";
import { useSandbox } from "../raw-client.test-data.ts";
import { FIRST_USER } from "./directory.ts";
import { claimsOf, REDIRECT } from "./sign-in.test-data.ts";

// Microsoft's own client over https with its own HTTP client; dataverse.md section 2 and the README of msal-node.
const client = useSandbox();
const PUBLIC_CLIENT = "51f81489-12ee-4a9e-aaae-a2591f45987d";
let base = "";
let authority = "";

beforeAll(() => {
  const { env } = client.sandbox;
  base = env.BASE_URL_HTTPS!;
  authority = `${base}/${env.TENANT_ID}`;
  // In this process what NODE_EXTRA_CA_CERTS=$CA_CERT is for one that starts.
  setDefaultCACertificates([...getCACertificates("default"), readFileSync(env.CA_CERT!, "utf8")]);
});

/** msal asks login.microsoftonline.com about every authority that is not named here. */
function configuration(auth: Partial<Configuration["auth"]>): Configuration {
  const { CLIENT_ID } = client.sandbox.env;
  return { auth: { clientId: CLIENT_ID!, authority, knownAuthorities: [new URL(base).host], ...auth } };
}

const bySecret = () =>
  new ConfidentialClientApplication(configuration({ clientSecret: client.sandbox.env.CLIENT_SECRET! }));
const tokenCalls = async () => {
  const { json } = await client.control("GET", "requests");
  return json.requests.filter((each: { path: string }) => each.path.includes("/oauth2/v2.0/token")).length;
};

async function whoAmI(token: string): Promise<number> {
  const answer = await fetch(`${base}/api/data/v9.2/WhoAmI`, { headers: { authorization: `Bearer ${token}` } });
  await answer.arrayBuffer();
  return answer.status;
}

test("a client secret gives a token that the Web API takes; the second comes from the cache", async () => {
  const app = bySecret();
  const first = await app.acquireTokenByClientCredential({ scopes: [`${base}/.default`] });
  expect(first?.fromCache).toBe(false);
  expect(await whoAmI(first!.accessToken)).toBe(200);
  const again = await app.acquireTokenByClientCredential({ scopes: [`${base}/.default`] });
  expect([again?.fromCache, again?.accessToken]).toEqual([true, first?.accessToken]);
  expect(await tokenCalls()).toBe(1);
});

test("a client certificate does too: msal signs PS256 with x5t#S256", async () => {
  const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const print = (algorithm: string) => createHash(algorithm).update("certificate");
  const certificate = {
    x5t: print("sha1").digest("base64url"),
    x5tS256: print("sha256").digest("base64url"),
    publicKey: publicKey.export({ type: "spki", format: "pem" }),
  };
  await client.control("POST", "apps", { clientId: client.sandbox.env.CLIENT_ID, certificates: [certificate] });
  const clientCertificate = {
    thumbprintSha256: print("sha256").digest("hex"),
    privateKey: privateKey.export({ type: "pkcs8", format: "pem" }) as string,
  };
  const app = new ConfidentialClientApplication(configuration({ clientCertificate }));
  const answer = await app.acquireTokenByClientCredential({ scopes: [`${base}/.default`] });
  expect(claimsOf(answer!.accessToken)).toMatchObject({ appidacr: "2" });
  expect(await whoAmI(answer!.accessToken)).toBe(200);
  // The kept assertion serves a second request.
  const more = await app.acquireTokenByClientCredential({ scopes: [`${base}/.default`], skipCache: true });
  expect(more?.fromCache).toBe(false);
});

test("a wrong secret is the error msal knows", async () => {
  const app = new ConfidentialClientApplication(configuration({ clientSecret: "wrong" }));
  await expect(app.acquireTokenByClientCredential({ scopes: [`${base}/.default`] })).rejects.toMatchObject({
    errorCode: "invalid_client",
    errorMessage: expect.stringContaining("AADSTS7000215"),
  });
});

function formIn(page: string): { action: string; body: URLSearchParams } {
  const inputs = [...page.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)">/g)];
  const body = new URLSearchParams(inputs.map((each): [string, string] => [each[1]!, each[2]!]));
  return { action: /<form method="post" action="([^"]+)">/.exec(page)?.[1] ?? "", body };
}

/** Clicks Accept on the page that a browser would show. */
async function clickAccept(url: string): Promise<Response> {
  const { action, body } = formIn(await (await fetch(url)).text());
  body.set("account", FIRST_USER.id);
  body.set("decision", "accept");
  return fetch(new URL(action, url), { method: "POST", body, redirect: "manual" });
}

async function consent(url: string): Promise<URLSearchParams> {
  const back = new URL((await clickAccept(url)).headers.get("location")!);
  expect(back.href.startsWith(REDIRECT)).toBe(true);
  return back.searchParams;
}

test.each([
  ["a confidential app", bySecret],
  ["a public app", () => new PublicClientApplication(configuration({ clientId: PUBLIC_CLIENT }))],
])("authorization code with PKCE for %s, then silently by refresh token", async (_name, make) => {
  const app = make();
  const { verifier, challenge } = await new CryptoProvider().generatePkceCodes();
  const request = { scopes: [`${base}/user_impersonation`], redirectUri: REDIRECT };
  const pkce = { codeChallenge: challenge, codeChallengeMethod: "S256" };
  const url = await app.getAuthCodeUrl({ ...request, ...pkce, state: "s", nonce: "n" });
  const back = await consent(url);
  expect(back.get("state")).toBe("s");
  const code = back.get("code")!;
  const answer = await app.acquireTokenByCode(
    { ...request, nonce: "n", code, codeVerifier: verifier },
    { code, nonce: "n" },
  );
  expect(answer.account).toMatchObject({
    username: FIRST_USER.upn,
    localAccountId: FIRST_USER.id,
    tenantId: client.sandbox.env.TENANT_ID,
  });
  expect(answer.idTokenClaims).toMatchObject({ nonce: "n", name: FIRST_USER.name });
  expect(await whoAmI(answer.accessToken)).toBe(200);

  const silently = { account: answer.account!, scopes: [`${base}/user_impersonation`] };
  const cached = await app.acquireTokenSilent(silently);
  expect(cached.fromCache).toBe(true);
  expect(await tokenCalls()).toBe(1);
  const fresh = await app.acquireTokenSilent({ ...silently, forceRefresh: true });
  expect(fresh.fromCache).toBe(false);
  expect(await whoAmI(fresh.accessToken)).toBe(200);
  expect(await tokenCalls()).toBe(2);

  await client.control("POST", "users", { upn: FIRST_USER.upn, mfaRequired: true });
  await expect(app.acquireTokenSilent({ ...silently, forceRefresh: true })).rejects.toMatchObject({
    name: "InteractionRequiredAuthError",
  });
});

// What a command-line tool does: msal listens on http://localhost itself, and opens a browser.
test("an interactive sign-in of a public app", async () => {
  const app = new PublicClientApplication(configuration({ clientId: PUBLIC_CLIENT }));
  const answer = await app.acquireTokenInteractive({
    scopes: [`${base}/.default`],
    loginHint: FIRST_USER.upn,
    async openBrowser(url) {
      const page = await clickAccept(url);
      // A redirect is followed; the answer as a form is sent on by a click.
      const location = page.headers.get("location");
      if (location) await (await fetch(location)).arrayBuffer();
      else {
        const { action, body } = formIn(await page.text());
        await (await fetch(action, { method: "POST", body })).arrayBuffer();
      }
    },
  });
  expect(answer.account?.username).toBe(FIRST_USER.upn);
  expect(await whoAmI(answer.accessToken)).toBe(200);
});

test("the authority may be /organizations for those who sign in", async () => {
  const auth = { clientId: PUBLIC_CLIENT, authority: `${base}/organizations` };
  const app = new PublicClientApplication(configuration(auth));
  const { verifier, challenge } = await new CryptoProvider().generatePkceCodes();
  const request = { scopes: [`${base}/.default`], redirectUri: REDIRECT };
  const back = await consent(
    await app.getAuthCodeUrl({ ...request, codeChallenge: challenge, codeChallengeMethod: "S256" }),
  );
  const answer = await app.acquireTokenByCode({ ...request, code: back.get("code")!, codeVerifier: verifier });
  expect((await app.acquireTokenSilent({ account: answer.account!, scopes: [`${base}/.default`] })).fromCache).toBe(
    true,
  );
});
