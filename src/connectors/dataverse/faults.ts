import { SluiceError } from "../../core/errors.ts";
import { beginning } from "../../core/whole-text.ts";
import { dataverseErrors, type FaultKind, statuses } from "./dataverse-errors.ts";
import type { Answer } from "./exchange.ts";

export type Fault = { kind: FaultKind; status: number; code: string; message: string };

const byStatusAndCode = new Map(dataverseErrors.flatMap((row) => row.status.map((s) => [`${s} ${row.code}`, row])));
const byCode = new Map(dataverseErrors.map((row) => [row.code, row]));

/**
 * Statuses that mean the same whoever sends them, a proxy or web server in front of Dataverse included. 503 is not among
 * them: a proxy sends it for a connection, too, that broke off behind it, and then the request may have been executed.
 */
const anyonesStatus = new Set([401, 408, 410, 413, 429]);

/** The meaning of an answer that is not a success. */
export function classify({ status, body }: Pick<Answer, "status" | "body">): Fault {
  const error = dataverseError(body);
  if (!error) {
    const kind = status >= 500 ? "down" : anyonesStatus.has(status) ? statuses[status]! : "odd";
    return { kind, status, code: `http_${status}`, message: `HTTP ${status}` };
  }
  const known = byStatusAndCode.get(`${status} ${error.code}`)?.kind;
  const kind = known ?? statuses[status] ?? (status >= 500 ? "down" : "row");
  return { kind, status, code: error.code || `http_${status}`, message: error.message };
}

/** What is to be done about a refusal with this code; undefined where it is none that is known. */
export const remedyOf = (code: string): string | undefined => byCode.get(code)?.remedy;

/** Whether a refusal of several rows may be about one of them: sent alone, each has an answer of its own. */
export const ofOneRow = ({ kind }: Fault): boolean => ["row", "missing", "duplicate", "tooLarge"].includes(kind);

/** Messages can carry whole stack traces and XML; what is kept travels into every outcome. */
const LONGEST = 600;

/** `{"error":{"code","message"}}`; a code printed as a signed number is given in its hexadecimal form. */
function dataverseError(body: Buffer): { code: string; message: string } | undefined {
  try {
    const { error } = JSON.parse(body.toString("utf8"));
    const code = String(error.code ?? "");
    const hex = /^-?\d+$/.test(code) ? `0x${(Number(code) >>> 0).toString(16).padStart(8, "0")}` : code.toLowerCase();
    return typeof error.message === "string" ? { code: hex, message: beginning(error.message, LONGEST) } : undefined;
  } catch {
    return undefined;
  }
}

/** The error of a refusal that stops the work. `doing` completes "Dynamics 365 refused to ...". */
export function stopping(fault: Fault, doing: string): SluiceError {
  const { kind, code, message } = fault;
  const known = byCode.get(code);
  const remedy = known && { remedy: known.remedy };
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
        `${sentence(known?.cause ?? "the environment is switched off")} (${code}).`,
        remedy,
      );
    case "throttled":
      return new SluiceError(
        "throttled",
        `Dynamics 365 kept asking us to wait, trying to ${doing} (${code}: ${message}).`,
      );
    case "busy":
    case "down":
      return new SluiceError("destination_failed", `Dynamics 365 kept failing to ${doing} (${code}: ${message}).`);
    case "odd":
      return new SluiceError(
        "unexpected_answer",
        `Something that is not Dynamics 365 refused to ${doing}: ${message}, without the error that Dynamics 365 would give.`,
        { remedy: "Look whether a proxy or firewall answers in its place, and whether the url is the environment's." },
      );
    default:
      return new SluiceError("unexpected_answer", `Dynamics 365 refused to ${doing}: ${message} (${code}).`, remedy);
  }
}

const sentence = (text: string) => `${text[0]?.toUpperCase()}${text.slice(1)}`;

/** A missing privilege is named with its table; every other refusal is the application user's as a whole. */
function notAllowed({ code, message }: Fault, doing: string): SluiceError {
  const privilege = /\bprv\w+/.exec(message)?.[0];
  const table = /for entity '(\w+)'/.exec(message)?.[1];
  if (privilege) {
    const where = table ? ` on table ${table}` : "";
    return new SluiceError(
      "not_allowed",
      `To ${doing}, the application user lacks the privilege ${privilege}${where}.`,
      {
        remedy: `Add ${privilege}${where} to a security role of the application user, at organization level.`,
      },
    );
  }
  const known = byCode.get(code);
  const text = known
    ? `Dynamics 365 lets us in nowhere: ${known.cause} (${code}).`
    : `Dynamics 365 does not allow to ${doing}: ${message} (${code}).`;
  return new SluiceError("not_allowed", text, known && { remedy: known.remedy });
}
