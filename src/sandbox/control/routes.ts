import { errorReply } from "../dataverse/api.ts";
import type { Environment, Plugin } from "../dataverse/environment.ts";
import { ODataError } from "../dataverse/errors.ts";
import { pluginProblem } from "../dataverse/records/plugins.ts";
import { PRIVILEGES } from "../dataverse/records/privileges.ts";
import { APP_STATES, type AppState } from "../entra/directory.ts";
import { type Call, jsonReply, type Reply } from "../http/exchange.ts";
import { type FaultRule, type Faults, faultProblem } from "../http/faults.ts";
import type { RequestLog } from "../http/log.ts";
import { dumpRows, seedRows } from "./rows.ts";

/** What the control API steers. */
export type Controlled = {
  environment(): Environment;
  reset(): void;
  faults: Faults;
  log: RequestLog;
  app: { get(): AppState; set(state: AppState): void };
};

type Handler = (controlled: Controlled, call: Call, rest: string) => unknown;

/** Every operation by method and first part of the path. The answer is what the handler returns, as JSON. */
const ROUTES: Record<string, Handler> = {
  "POST reset": (controlled) => controlled.reset(),
  "GET requests": (controlled) => {
    const requests = controlled.log.list();
    return { count: requests.length, writes: requests.filter((each) => each.write).length, requests };
  },
  "POST requests": (controlled, call, rest) => {
    if (rest !== "clear") throw new Refused("POST requests/clear is the only operation here");
    controlled.log.clear({ bodies: objectOf(call, {}).bodies === true });
  },
  "GET faults": (controlled) => ({ faults: controlled.faults.list() }),
  "POST faults": (controlled, call) => {
    const rules = listOf(call);
    refuseFirst(rules, faultProblem);
    controlled.faults.add(rules as FaultRule[]);
  },
  "DELETE faults": (controlled) => controlled.faults.clear(),
  "GET plugins": (controlled) => ({ plugins: controlled.environment().plugins }),
  "POST plugins": (controlled, call) => {
    const plugins = listOf(call);
    refuseFirst(plugins, (plugin) => pluginProblem(plugin, controlled.environment().tables));
    controlled.environment().plugins.push(...(plugins as Plugin[]));
  },
  "DELETE plugins": (controlled) => {
    controlled.environment().plugins.length = 0;
  },
  "POST privileges": (controlled, call) => setPrivileges(controlled.environment(), listOf(call)),
  "DELETE privileges": (controlled) => controlled.environment().denied.clear(),
  "POST app": (controlled, call) => {
    const state = objectOf(call).state as AppState;
    if (!APP_STATES.includes(state)) throw new Refused(`'state' must be one of: ${APP_STATES.join(", ")}`);
    controlled.app.set(state);
  },
  "POST change-tracking": (controlled, call) => setTracking(controlled.environment(), objectOf(call)),
  "POST seed": (controlled, call) => seedRows(controlled.environment(), objectOf(call)),
  "GET rows": (controlled, _call, rest) => dumpRows(controlled.environment(), decodeURIComponent(rest)),
};

/** What is wrong with a call to the control API, in words. */
class Refused extends Error {}

/** Answers `/_sandbox/...`. Never throws. */
export function controlReply(call: Call, controlled: Controlled): Reply {
  const [first = "", ...rest] = call.path.replace(/^\/_sandbox\/?/, "").split("/");
  const handler = Object.hasOwn(ROUTES, `${call.method} ${first}`) ? ROUTES[`${call.method} ${first}`] : undefined;
  if (!handler) {
    const message = `No such operation: ${call.method} /_sandbox/${first}. There are: ${Object.keys(ROUTES).join(", ")}.`;
    return jsonReply(404, { error: { code: "control", message } });
  }
  try {
    const value = handler(controlled, call, rest.join("/"));
    return value === undefined ? { status: 204, headers: {} } : jsonReply(200, value);
  } catch (error) {
    if (error instanceof ODataError) return errorReply(error);
    return jsonReply(400, { error: { code: "control", message: (error as Error).message } });
  }
}

function parse(call: Call): unknown {
  try {
    return JSON.parse(call.body.toString());
  } catch {
    throw new Refused("the body is not JSON");
  }
}

function objectOf(call: Call, fallback?: Record<string, unknown>): Record<string, unknown> {
  if (fallback && call.body.length === 0) return fallback;
  const value = parse(call);
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new Refused("the body must be a JSON object");
  return value as Record<string, unknown>;
}

/** One object, or a list of them. */
function listOf(call: Call): unknown[] {
  const value = parse(call);
  return Array.isArray(value) ? value : [value];
}

function refuseFirst(list: unknown[], problemOf: (item: unknown) => string | undefined): void {
  for (const item of list) {
    const problem = problemOf(item);
    if (problem !== undefined) throw new Refused(problem);
  }
}

function setPrivileges(environment: Environment, list: unknown[]): void {
  refuseFirst(list, (item) => {
    const given = (item ?? {}) as Record<string, unknown>;
    if (!environment.tables.has(String(given.table))) return "'table' must be the logical name of a table";
    if (!PRIVILEGES.includes(given.privilege as never)) return `'privilege' must be one of: ${PRIVILEGES.join(", ")}`;
    return typeof given.allowed === "boolean" ? undefined : "'allowed' must be true or false";
  });
  for (const { table, privilege, allowed } of list as { table: string; privilege: string; allowed: boolean }[]) {
    if (allowed) environment.denied.delete(`${privilege} ${table}`);
    else environment.denied.add(`${privilege} ${table}`);
  }
}

/** `{expire: true}` ages all tokens given out so far; `{expired: ...}` says how the server treats such tokens. */
function setTracking(environment: Environment, body: Record<string, unknown>): void {
  if (body.expired !== undefined && body.expired !== "error" && body.expired !== "all rows") {
    throw new Refused("'expired' must be 'error' or 'all rows'");
  }
  if (body.expired !== undefined) environment.expiredTokens = body.expired as "error";
  if (body.expire === true) environment.oldestToken = ++environment.version;
  if (body.table !== undefined) {
    const table = environment.tables.get(String(body.table));
    if (!table) throw new Refused("'table' must be the logical name of a table");
    if (typeof body.enabled !== "boolean") throw new Refused("'enabled' must be true or false");
    table.tracking = body.enabled;
    environment.metadataVersion++;
  }
}
