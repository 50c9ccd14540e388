import { createHash } from "node:crypto";
import { expect } from "vitest";
import { type Answer, getToken, type RawClient } from "../raw-client.test-data.ts";
import { FIRST_USER } from "./directory.ts";

type Changes = Record<string, string | undefined>;

const FORM = { "content-type": "application/x-www-form-urlencoded" };
export const REDIRECT = "http://localhost:3000/back";
export const VERIFIER = "a-verifier-of-forty-three-characters-or-more";
export const CHALLENGE = createHash("sha256").update(VERIFIER).digest("base64url");

/** Refused at the token endpoint as the table of dataverse.md section 2 says. */
export function refused(answer: Answer, status: number, error: string, code: number): void {
  expect([answer.status, answer.json?.error, answer.json?.error_codes]).toEqual([status, error, [code]]);
  expect(answer.json.error_description).toMatch(new RegExp(`^AADSTS${code}: .+\r\nTrace ID: .+\r\nCorrelation ID: `));
}

/** The query of an authorization request with the usual values, changed by `changes` (undefined drops a field). */
export function request(client: RawClient, changes: Changes = {}): string {
  const { env } = client.sandbox;
  return fields({
    client_id: env.CLIENT_ID,
    response_type: "code",
    redirect_uri: REDIRECT,
    scope: `openid profile offline_access ${env.BASE_URL}/user_impersonation`,
    state: "12345",
    code_challenge: CHALLENGE,
    code_challenge_method: "S256",
    ...changes,
  });
}

export function authorize(client: RawClient, changes: Changes = {}, path = "oauth2/v2.0/authorize"): Promise<Answer> {
  return client.raw("GET", `/${client.sandbox.env.TENANT_ID}/${path}?${request(client, changes)}`);
}

/** What a person's click on Accept sends: everything on the page, and the button. */
export function accept(client: RawClient, changes: Changes = {}, path = "oauth2/v2.0/authorize"): Promise<Answer> {
  const body = request(client, { account: FIRST_USER.id, decision: "accept", ...changes });
  return client.raw("POST", `/${client.sandbox.env.TENANT_ID}/${path}`, body, FORM);
}

/** Where a redirect leads, and with which parameters. */
export function redirected(answer: Answer): { to: string; parameters: Record<string, string> } {
  expect(answer.status).toBe(302);
  const url = new URL(String(answer.headers.location));
  return { to: `${url.origin}${url.pathname}`, parameters: Object.fromEntries(url.searchParams) };
}

/** Signs in and gives the code. */
export async function codeFor(client: RawClient, changes: Changes = {}, path?: string): Promise<string> {
  return redirected(await accept(client, changes, path)).parameters.code ?? "";
}

export function redeem(client: RawClient, code: string, changes: Changes = {}): Promise<Answer> {
  return getToken(client, {
    grant_type: "authorization_code",
    scope: undefined,
    redirect_uri: REDIRECT,
    code_verifier: VERIFIER,
    code,
    ...changes,
  });
}

export function refresh(client: RawClient, refresh_token: string, changes: Changes = {}): Promise<Answer> {
  return getToken(client, { grant_type: "refresh_token", scope: undefined, refresh_token, ...changes });
}

export function claimsOf(token: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString());
}

function fields(given: Changes): string {
  const entries = Object.entries(given).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return new URLSearchParams(entries).toString();
}
