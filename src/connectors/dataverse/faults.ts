import { SluiceError } from "../../core/errors.ts";
import type { Answer } from "./exchange.ts";

/**
 * What a refusal means for us:
 * row = the row's own values; missing = a record (this one or one it points at) is not there; duplicate = such a record
 * is there already; permission; schema = table or address unknown; expired = delta link too old; tooLarge; throttled =
 * not executed, wait; busy = not executed or rolled back, try again; down = may or may not have been executed;
 * offline = the environment is switched off; token = sign in again; odd = not an answer of Dataverse at all.
 */
type FaultKind =
  | "row"
  | "missing"
  | "duplicate"
  | "permission"
  | "schema"
  | "expired"
  | "tooLarge"
  | "throttled"
  | "busy"
  | "down"
  | "offline"
  | "token"
  | "odd";

export type Fault = { kind: FaultKind; status: number; code: string; message: string };

/** First by HTTP status and error code, then by status alone; never by message. Source: dataverse.md sections 2, 9, 14. */
const table: Record<string, FaultKind> = {
  "400 0x80044352": "expired",
  "400 0x8004418a": "tooLarge",
  "400": "row",
  "401": "token",
  "403 0x8004a104": "offline",
  "403 0x8004022e": "row", // the record is read-only
  "403 0x80048306": "row", // access to this one record is denied
  "403": "permission",
  "404 0x80040217": "missing",
  "404 0x80060891": "row", // an alternate key in a lookup finds nothing
  "404": "schema",
  "405": "row", // associated with another record, or not possible for it
  "408": "down",
  "410": "expired",
  "412 0x80060892": "duplicate",
  "412 0x80040237": "duplicate",
  "412": "row",
  "413": "tooLarge",
  "429": "throttled",
  "500 0x80044339": "busy", // no database lock
  "500 0x80044150": "busy", // SQL error, rolled back
  "500 0x80040224": "row", // a plug-in crashed
  "500 0x80040265": "row", // a plug-in refused
  "503 0x8004a104": "offline",
  "503": "busy",
};

/** Statuses that mean the same whoever sends them, a proxy or web server in front of Dataverse included. */
const anyonesStatus = new Set([401, 408, 410, 413, 429]);

/** The meaning of an answer that is not a success. */
export function classify({ status, body }: Pick<Answer, "status" | "body">): Fault {
  const error = dataverseError(body);
  if (!error) {
    if (status >= 500)
      return { kind: table[status] ?? "down", status, code: `http_${status}`, message: `HTTP ${status}` };
    const kind = anyonesStatus.has(status) ? table[status]! : "odd";
    return { kind, status, code: `http_${status}`, message: `HTTP ${status}` };
  }
  const kind = table[`${status} ${error.code}`] ?? table[status] ?? (status >= 500 ? "down" : "row");
  return { kind, status, code: error.code || `http_${status}`, message: error.message };
}

/** Messages can carry whole stack traces and XML; what is kept travels into every outcome. */
const LONGEST = 600;

/** `{"error":{"code","message"}}`; a code printed as a signed number is given in its hexadecimal form. */
function dataverseError(body: Buffer): { code: string; message: string } | undefined {
  try {
    const { error } = JSON.parse(body.toString("utf8"));
    const code = String(error.code ?? "");
    const hex = /^-?\d+$/.test(code) ? `0x${(Number(code) >>> 0).toString(16).padStart(8, "0")}` : code.toLowerCase();
    return typeof error.message === "string" ? { code: hex, message: error.message.slice(0, LONGEST) } : undefined;
  } catch {
    return undefined;
  }
}

/** Remedies for refusals that are not about one privilege (dataverse.md section 2). */
const noEntry: Record<string, { cause: string; remedy: string }> = {
  "0x80072560": {
    cause: "the application is not a user of this environment",
    remedy: "Create an application user for the client id in the Power Platform admin center and give it a role.",
  },
  "0x80042f09": {
    cause: "the application user has no security role",
    remedy: "Give the application user a security role with rights on the tables used.",
  },
  "0x80040225": {
    cause: "the application user is disabled or has no business unit",
    remedy: "Activate the application user in the Power Platform admin center.",
  },
  "0x80095ffc": {
    cause: "a policy of the tenant blocks this application",
    remedy: "Ask the Power Platform administrator to allow the client id in the environment's app access control.",
  },
};

/** The error of a refusal that stops the work. `doing` completes "Dynamics 365 refused to ...". */
export function stopping(fault: Fault, doing: string): SluiceError {
  const { kind, code, message } = fault;
  switch (kind) {
    case "permission":
      return notAllowed(fault, doing);
    case "token":
      return new SluiceError("secret_wrong", `Dynamics 365 did not accept a fresh token, trying to ${doing}.`, {
        remedy: "Check that url and tenant belong together: a token is for one environment of one tenant only.",
      });
    case "offline":
      return new SluiceError(
        "destination_failed",
        `The environment is switched off or in administration mode (${code}).`,
        {
          remedy: "Start the environment, or end its administration mode, in the Power Platform admin center.",
        },
      );
    case "throttled":
      return new SluiceError(
        "throttled",
        `Dynamics 365 kept asking us to wait, trying to ${doing} (${code}: ${message}).`,
      );
    case "busy":
    case "down":
      return new SluiceError("destination_failed", `Dynamics 365 kept failing to ${doing} (${code}: ${message}).`);
    default:
      return new SluiceError("unexpected_answer", `Dynamics 365 refused to ${doing}: ${message} (${code}).`);
  }
}

function notAllowed({ code, message }: Fault, doing: string): SluiceError {
  const known = noEntry[code];
  if (known)
    return new SluiceError("not_allowed", `Dynamics 365 lets us in nowhere: ${known.cause} (${code}).`, {
      remedy: known.remedy,
    });
  const privilege = /\bprv\w+/.exec(message)?.[0];
  const table = /for entity '(\w+)'/.exec(message)?.[1];
  if (!privilege)
    return new SluiceError("not_allowed", `Dynamics 365 does not allow to ${doing}: ${message} (${code}).`);
  const where = table ? ` on table ${table}` : "";
  return new SluiceError("not_allowed", `To ${doing}, the application user lacks the privilege ${privilege}${where}.`, {
    remedy: `Add ${privilege}${where} to a security role of the application user, at organization level.`,
  });
}
