import type { Reply } from "../http/exchange.ts";
import type { Operation } from "../operation.ts";
import { type EntraCall, refuseResource, required, requireTenant } from "./authority.ts";
import { appOf } from "./credential.ts";
import { type App, type Code, TENANT_ID, type User } from "./directory.ts";
import { correlationId, described } from "./error-reply.ts";
import { EntraError } from "./errors.ts";
import { clientInfo, remember } from "./issue.ts";
import { consentPage, formPage } from "./page.ts";
import { resourceScope, type Scope, userScope } from "./scope.ts";

/** Where the answer goes, once it is known that it may go there. */
export type Target = { redirectUri: URL; given: string; mode: string; state: string | null };

const RESPONSE_TYPES = ["code", "token", "id_token"];
const RESPONSE_MODES: Record<string, string> = {
  query: "The answer comes in the query of the redirect URI: the default",
  fragment: "The answer comes behind the # of the redirect URI",
  form_post: "The answer comes as a form, which the person sends on by a click",
};
/** The response modes as the support matrix lists them. */
export const RESPONSE_MODE_OPERATIONS: Operation[] = Object.entries(RESPONSE_MODES).map(([mode, does]) => ({
  name: `response_mode=${mode}`,
  does,
  source: "v2-oauth2-auth-code-flow.md",
}));

/** RFC 7636 section 4.2. */
const CHALLENGE = /^[A-Za-z0-9\-._~]{43,128}$/;

/**
 * `GET` or `POST /{tenant}/oauth2/v2.0/authorize`, and the older `/{tenant}/oauth2/authorize`: checks the request, shows
 * the page with the accounts, and once `decision` and `account` come back from that page, sends the code to the redirect
 * URI. The page carries the whole request along, so nothing is kept before the code. Throws `EntraError` for what has to
 * be shown to the user, because it is not known where else to send it; other errors go to the redirect URI.
 * Source: v2-oauth2-auth-code-flow.md.
 */
export function authorizeReply(entra: EntraCall): Reply {
  const { fields } = entra;
  requireTenant(entra.tenant, { forAny: true });
  const app = appOf(entra, required(fields, "client_id"));
  const target = targetOf(app, fields);
  try {
    return decided(entra, app, target);
  } catch (error) {
    if (!(error instanceof EntraError) || error.status === 401) throw error;
    const { text } = described(error, correlationId(entra.call, fields), entra.authority.clock.now());
    return send(target, { error: error.error, error_description: text });
  }
}

function decided(entra: EntraCall, app: App, target: Target): Reply {
  const { fields, authority } = entra;
  checkResponseType(required(fields, "response_type"));
  refuseResource(entra);
  const scope = scopeOf(entra);
  const challenge = challengeOf(fields);
  if (fields.get("prompt") === "none") throw new EntraError("notSignedIn");
  const decision = fields.get("decision");
  const directory = authority.directory();
  if (decision === null) return consentPage(entra, app, scope, [...directory.users.values()]);
  if (decision !== "accept") throw new EntraError("declined");
  const user = directory.users.get(fields.get("account") ?? "");
  if (!user) throw new EntraError("unknownUser", fields.get("account") ?? "", entra.tenant);
  if (user.disabled) throw new EntraError("disabledUser");
  if (user.blocked) throw new EntraError("blockedByPolicy");
  directory.consents.add(`${app.id} ${user.id}`);
  const code: Code = {
    app: app.id,
    user: user.id,
    scope: scope.text,
    issued: authority.clock.now(),
    v1: entra.version === 1,
    redirectUri: target.given,
    challenge,
    nonce: fields.get("nonce") ?? undefined,
    redeemed: false,
  };
  return send(target, success(entra, remember(directory.codes, "1.", code), user));
}

function success({ fields }: EntraCall, code: string, user: User): Record<string, string> {
  return {
    code,
    ...(fields.has("client_info") ? { client_info: clientInfo(user) } : {}),
    session_state: TENANT_ID,
  };
}

function checkResponseType(text: string): void {
  const types = text.split(" ");
  if (types.some((type) => !RESPONSE_TYPES.includes(type))) throw new EntraError("unsupportedResponseType", text);
  if (types.includes("id_token")) throw new EntraError("implicitOff");
  if (types.includes("token")) throw new EntraError("unsupportedResponseType", text);
}

function scopeOf(entra: EntraCall): Scope {
  const { fields, version } = entra;
  const resource = version === 1 ? fields.get("resource") : null;
  return resource ? resourceScope(entra, resource) : userScope(entra, required(fields, "scope"));
}

function challengeOf(fields: URLSearchParams): Code["challenge"] {
  const value = fields.get("code_challenge");
  const method = fields.get("code_challenge_method") ?? "plain";
  if (value === null) return undefined;
  if (!CHALLENGE.test(value) || (method !== "plain" && method !== "S256")) throw new EntraError("badChallenge");
  return { value, method };
}

/** Where the answer may go. Throws where it may not: Entra shows that, and sends nobody anywhere. */
function targetOf(app: App, fields: URLSearchParams): Target {
  const given = required(fields, "redirect_uri");
  const redirectUri = URL.parse(given);
  if (redirectUri?.hash !== "" || !isRegistered(app, redirectUri, given)) {
    throw new EntraError("badRedirect", given, app.id);
  }
  const mode = fields.get("response_mode") ?? "query";
  if (!Object.hasOwn(RESPONSE_MODES, mode)) throw new EntraError("badResponseMode", mode);
  return { redirectUri, given, mode, state: fields.get("state") };
}

/** As registered, to the letter; on this machine the port does not count (reply-url.md, "Localhost exceptions"). */
function isRegistered(app: App, uri: URL, given: string): boolean {
  if (!app.redirectUris) return isLocal(uri);
  return app.redirectUris.some((registered) => {
    if (registered === given) return true;
    const other = URL.parse(registered);
    return other !== null && isLocal(uri) && isLocal(other) && withoutPort(uri) === withoutPort(other);
  });
}

function isLocal({ protocol, hostname }: URL): boolean {
  return /^https?:$/.test(protocol) && ["localhost", "127.0.0.1", "[::1]"].includes(hostname);
}

function withoutPort({ protocol, hostname, pathname, search }: URL): string {
  return `${protocol}//${hostname}${pathname}${search}`;
}

/** The answer by the client's response mode (v2-oauth2-auth-code-flow.md); `state` comes back as it was given. */
function send({ redirectUri, mode, state }: Target, answer: Record<string, string>): Reply {
  const fields = { ...answer, ...(state === null ? {} : { state }) };
  if (mode === "form_post") return formPage(redirectUri.href, fields);
  const to = new URL(redirectUri);
  if (mode === "fragment") to.hash = new URLSearchParams(fields).toString();
  else for (const [name, value] of Object.entries(fields)) to.searchParams.append(name, value);
  return { status: 302, headers: { Location: to.href, "Cache-Control": "no-store, no-cache" } };
}
