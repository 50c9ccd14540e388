import type { Claims } from "../entra/jwt.ts";
import { type Call, header, type Reply } from "../http/exchange.ts";
import { admit, type Gate } from "./access.ts";
import { batchReply } from "./batch/execute.ts";
import { namedUser } from "./create-environment.ts";
import type { Environment } from "./environment.ts";
import { errors, ODataError } from "./errors.ts";
import { runJobs } from "./jobs/bulk-delete.ts";
import { optionalBehaviours } from "./optional-behaviours.ts";
import { expireRows } from "./records/expiry.ts";
import type { Actor } from "./records/transaction.ts";
import type { ApiRequest } from "./request.ts";
import { route } from "./routes/router.ts";
import { underSchemaLag } from "./schema-lag.ts";
import { actorOf, tokenUser } from "./security/actor.ts";
import { negotiate } from "./wire/negotiate.ts";
import { type Preferences, parsePrefer } from "./wire/prefer.ts";

const ADDRESS = /^\/api\/data\/(v(?:8\.2|9\.[0-2]))(?:\/(.*))?$/;
/** Characters of a URL outside batches (dataverse.md section 1). */
const LONGEST_ADDRESS = 32_768;
const LONGEST_ADDRESS_IN_BATCH = 65_536;

/** Whether the call is one for the Web API, of any version. */
export function isWebApi(path: string): boolean {
  return path.startsWith("/api/data");
}

/**
 * Answers one Web API call. Never throws: whatever goes wrong becomes the documented envelope. The request id counts
 * the calls of this environment, so that after a reset the same calls have the same ids.
 */
export function webApiReply(call: Call, environment: Environment, gate: Gate): Reply {
  const id = `5a4d0b0c-0000-4000-9000-${(++environment.calls).toString(16).padStart(12, "0")}`;
  const work = () =>
    attempt(
      () => answer(call, environment, gate),
      () => header(call, "prefer"),
    );
  const lag = environment.schemaLag;
  const reply = lag === undefined ? work() : underSchemaLag(call, environment, lag, work);
  reply.headers["x-ms-service-request-id"] = id;
  return reply;
}

function attempt(work: () => Reply, prefer: () => string | undefined): Reply {
  try {
    return work();
  } catch (error) {
    return errorReply(error instanceof ODataError ? error : errors.unexpected((error as Error).message), prefer());
  }
}

function answer(call: Call, environment: Environment, gate: Gate): Reply {
  if (!ADDRESS.test(call.path)) throw errors.noSuchResource(`${call.origin}${call.path}`);
  // A preflight carries no token.
  if (call.method === "OPTIONS") throw errors.notBuilt("Calling from a page of another origin (CORS)");
  const claims = admit(call, gate);
  if (environment.jobs.length > 0) runJobs(environment);
  if (environment.nextExpiry !== undefined) expireRows(environment);
  const { request, path } = requestOf(call, environment, claims, LONGEST_ADDRESS);
  if (path !== "$batch") return route(request, path);
  return batchReply(request, (part, tx) => {
    let within: Call | undefined;
    return attempt(
      () => {
        within = part();
        const { request, path } = requestOf(within, environment, claims, LONGEST_ADDRESS_IN_BATCH);
        return route({ ...request, ...(tx && { tx }) }, path);
      },
      () => within && header(within, "prefer"),
    );
  });
}

/** What the call asks for, and the address behind the version. Throws where the call cannot be admitted. */
function requestOf(
  call: Call,
  environment: Environment,
  claims: Claims,
  longest: number,
): { request: ApiRequest; path: string } {
  const match = ADDRESS.exec(call.path);
  if (!match) throw errors.noSuchResource(`${call.origin}${call.path}`);
  negotiate(call, match[2] === "$batch");
  if (call.path.length + call.query.length + call.origin.length >= longest) throw errors.addressTooLong(longest);
  const request: ApiRequest = {
    call: call.method === "HEAD" ? { ...call, method: "GET" } : call,
    environment,
    actor: acting(call, environment, claims),
    prefer: parsePrefer(header(call, "prefer")),
    base: `${call.origin}/api/data/${match[1]}`,
  };
  call.caller = { app: claims.appid, user: request.actor.user };
  return { request, path: match[2] ?? "" };
}

/**
 * `{"error": {"code", "message"}}`; a 401 has no body (dataverse.md sections 2 and 14). The annotations asked for in
 * `Prefer` come with it (compose-http-requests-handle-errors.md, "Include more details with errors").
 */
export function errorReply(error: ODataError, prefer?: string): Reply {
  if (error.status === 401) return { status: 401, headers: error.headers };
  const { code, message } = error;
  const body = { error: { code, message, ...(prefer === undefined ? {} : annotations(error, parsePrefer(prefer))) } };
  return {
    status: error.status,
    headers: { "Content-Type": "application/json; odata.metadata=minimal", "OData-Version": "4.0", ...error.headers },
    body: JSON.stringify(body),
  };
}

function annotations({ code, message, details = {} }: ODataError, prefer: Preferences): Record<string, string> {
  const all: Record<string, string> = { "Microsoft.PowerApps.CDS.InnerError.Message": message };
  if (code.startsWith("0x8")) {
    all["Microsoft.PowerApps.CDS.HelpLink"] =
      `http://go.microsoft.com/fwlink/?LinkID=398563&error=Microsoft.Crm.CrmException%3a${code.slice(2)}&client=platform`;
  }
  for (const [name, value] of Object.entries(details)) all[`Microsoft.PowerApps.CDS.ErrorDetails.${name}`] = value;
  const wanted = Object.entries(all).filter(([name]) => prefer.wants(name));
  return Object.fromEntries(wanted.map(([name, value]) => [`@${name}`, value]));
}

/** The user of the token, or in tests "somebody else" by name. */
function userOf(call: Call, environment: Environment, claims: Claims): string | undefined {
  const name = header(call, "x-sandbox-user");
  return name === undefined ? tokenUser(environment, claims) : namedUser(environment, name);
}

/** Whose call it is, before it is answered; undefined where the token is not good or nobody's. */
export function callerOf(call: Call, environment: Environment, gate: Gate): Call["caller"] {
  try {
    const claims = admit(call, gate);
    const user = userOf(call, environment, claims);
    return user === undefined ? undefined : { app: claims.appid, user };
  } catch {
    return undefined;
  }
}

function acting(call: Call, environment: Environment, claims: Claims): Actor {
  const actor = actorOf(call, environment, userOf(call, environment, claims));
  return { ...actor, ...optionalBehaviours(call, environment, actor) };
}

/** Requests whose purpose is to change rows or schema, for the request log. */
export function isWebApiWrite(call: Call): boolean {
  if (!isWebApi(call.path) || ["GET", "HEAD", "OPTIONS"].includes(call.method)) return false;
  return (
    !call.path.endsWith("/$batch") ||
    ["POST", "PATCH", "PUT", "DELETE"].some((verb) => call.body.includes(`\n${verb} `))
  );
}
