import { unauthorized } from "../dataverse/access.ts";
import { errorReply, isWebApi } from "../dataverse/api.ts";
import { ODataError } from "../dataverse/errors.ts";
import { correlationId, errorBody } from "../entra/error-reply.ts";
import { EntraError } from "../entra/errors.ts";
import { bytesOf, type Call, jsonReply, type Reply } from "../http/exchange.ts";
import type { Fault } from "../http/faults.ts";

/** The documented code of an injected status (dataverse.md sections 9 and 14). */
const CODES: Record<number, string> = {
  400: "0x80040265",
  403: "0x80040220",
  404: "0x80040217",
  412: "0x80060892",
  413: "0x8004418a",
  429: "0x80072322",
};

/** The documented text of a code, where it is fixed. */
const MESSAGES: Record<string, string> = {
  "0x80072322": "Number of requests exceeded the limit of 6000 over time window of 300 seconds.",
  "0x80072321":
    "Combined execution time of incoming requests exceeded limit of 1,200,000 milliseconds over time window of 300 seconds. Decrease number of concurrent requests or reduce the duration of requests and try again later.",
  "0x80072326": "Number of concurrent requests exceeded the limit of 52.",
  "0x80040220": "Principal user is missing a privilege.",
  "0x80040216": "An unexpected error occurred.",
  "0x80044339": "Database resource lock could not be obtained.",
  "0x80044150": "Generic SQL error.",
  "0x8004418a": "Request message length is too large.",
};

const PAGES: Record<number, string> = {
  500: "Internal Server Error",
  502: "Bad Gateway",
  503: "Service Unavailable",
  504: "Gateway Timeout",
};

/** The answer under a fault: an error in the envelope of the service that was asked, or the right answer, spoilt. `now` is its time. */
export async function faultReply(call: Call, fault: Fault, right: () => Promise<Reply>, now: number): Promise<Reply> {
  if (fault.status !== undefined || fault.html) {
    const rows = fault.committed ? ((await right()).rows ?? 0) : 0;
    const reply = fault.html
      ? proxyPage(fault)
      : isWebApi(call.path)
        ? webApiError(call, fault)
        : entraError(call, fault, now);
    // The services' own 429 always has one (dataverse.md section 9); a proxy's page may not.
    const seconds = fault.retryAfter ?? (reply.status === 429 && !fault.html ? 1 : false);
    if (seconds !== false) reply.headers["Retry-After"] = String(seconds);
    return { ...spoilt(reply, fault), rows };
  }
  return spoilt(await right(), fault);
}

function spoilt(reply: Reply, fault: Fault): Reply {
  const headers =
    fault.contentType === undefined ? reply.headers : { ...reply.headers, "Content-Type": fault.contentType };
  if (!fault.malformed || reply.body === undefined) return { ...reply, headers };
  const body = bytesOf(reply.body);
  return { ...reply, headers, body: body.subarray(0, Math.floor(body.length / 2)) };
}

function webApiError(call: Call, fault: Fault): Reply {
  const status = fault.status!;
  if (status === 401 && fault.code === undefined) return errorReply(unauthorized(call));
  const code = fault.code ?? CODES[status] ?? "0x80040216";
  const message = fault.message ?? MESSAGES[code] ?? "Injected by the sandbox.";
  return status === 401
    ? jsonReply(status, { error: { code, message } }, unauthorized(call).headers)
    : errorReply(new ODataError(status, code, message));
}

/** As the token endpoint answers when it cannot; a message that begins with a number of Entra's has that number. */
function entraError(call: Call, fault: Fault, now: number): Reply {
  const { number, error, message } = new EntraError(fault.status === 429 ? "throttled" : "unavailable");
  const failure = {
    status: fault.status!,
    number: Number(/^AADSTS(\d+):/.exec(fault.message ?? "")?.[1] ?? number),
    error: fault.code ?? (fault.status === 400 ? "invalid_request" : error),
    message: fault.message ?? message,
  };
  return errorBody(failure, correlationId(call, new URLSearchParams()), now);
}

function proxyPage(fault: Fault): Reply {
  const status = fault.status ?? 502;
  const title = `${status} ${PAGES[status] ?? "Error"}`;
  const body = `<!DOCTYPE html>\n<html><head><title>${title}</title></head><body><h1>${title}</h1></body></html>\n`;
  return { status, headers: { "Content-Type": "text/html; charset=utf-8" }, body };
}
