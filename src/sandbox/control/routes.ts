import { errorReply } from "../dataverse/api.ts";
import { ODataError } from "../dataverse/errors.ts";
import { type Call, jsonReply, type Reply } from "../http/exchange.ts";
import type { Operation } from "../operation.ts";
import { ACCESS } from "./access.ts";
import { CHANGE_TRACKING } from "./change-tracking.ts";
import { CLOCK } from "./clock.ts";
import { DIRECTORY } from "./directory.ts";
import { FAULTS } from "./faults.ts";
import { LIMITS } from "./limits.ts";
import type { Controlled, ControlOperation, ControlOperations } from "./operation.ts";
import { PLUGINS } from "./plugins.ts";
import { REQUESTS } from "./requests.ts";
import { ROWS } from "./rows.ts";
import { SCHEMA_LAG } from "./schema-lag.ts";
import { SNAPSHOTS } from "./snapshots.ts";
import { WEBHOOKS } from "./webhooks.ts";

const OPERATIONS: ControlOperations = {
  "POST reset": {
    does: "A fresh environment: rows, schema, faults, plug-ins, privileges, clock and log as at the start, with the schema file and the seeds of the start; snapshots stay",
    handle: (controlled) => controlled.reset(),
  },
  ...REQUESTS,
  ...FAULTS,
  ...CLOCK,
  ...PLUGINS,
  ...ACCESS,
  ...DIRECTORY,
  ...CHANGE_TRACKING,
  ...LIMITS,
  ...ROWS,
  ...SCHEMA_LAG,
  ...SNAPSHOTS,
  ...WEBHOOKS,
};

/** The control API as the support matrix lists it. */
export const CONTROL_OPERATIONS: Operation[] = Object.entries(OPERATIONS).map(([name, { does, source }]) => ({
  name,
  does,
  source: source ?? "control API of the sandbox",
}));

type Route = { method: string; parts: string[]; operation: ControlOperation };

const ROUTES: Route[] = Object.entries(OPERATIONS).map(([name, operation]) => {
  const [method = "", path = ""] = name.split(" ");
  return { method, parts: path.split("/"), operation };
});

/** Answers `/_sandbox/...`. Never throws. */
export async function controlReply(call: Call, controlled: Controlled): Promise<Reply> {
  try {
    const given = call.path
      .replace(/^\/_sandbox\/?/, "")
      .split("/")
      .map(decodeURIComponent);
    for (const { method, parts, operation } of ROUTES) {
      const parameters = method === call.method ? matched(parts, given) : undefined;
      if (!parameters) continue;
      const value = await operation.handle(controlled, { parameters, query: new URLSearchParams(call.query), call });
      return value === undefined ? { status: 204, headers: {} } : jsonReply(200, value);
    }
    return refusal(
      404,
      `No such operation: ${call.method} ${call.path}. There are: ${Object.keys(OPERATIONS).join(", ")}.`,
    );
  } catch (error) {
    return error instanceof ODataError ? errorReply(error) : refusal(400, (error as Error).message);
  }
}

function refusal(status: number, message: string): Reply {
  return jsonReply(status, { error: { code: "control", message } });
}

/** The parts of the path that stand for a route's names in braces, or undefined where the route is another. */
function matched(parts: string[], given: string[]): Record<string, string> | undefined {
  if (parts.length !== given.length) return undefined;
  const parameters: Record<string, string> = {};
  for (const [n, part] of parts.entries()) {
    if (part.startsWith("{")) parameters[part.slice(1, -1)] = given[n]!;
    else if (part !== given[n]) return undefined;
  }
  return parameters;
}
