import { type Call, header, jsonReply, type Reply } from "../http/exchange.ts";
import { GUID } from "./authority.ts";
import { messagePage } from "./page.ts";

/** What `EntraError` says, or a fault that a test has asked for. */
type Failure = { status: number; error: string; number: number; message: string };

/** The id a client gives its request, as a header or, as msal does, in the form. */
export function correlationId(call: Call, fields: URLSearchParams): string | undefined {
  const asked = header(call, "client-request-id") ?? fields.get("client-request-id") ?? "";
  return GUID.test(asked) ? asked : undefined;
}

/** The body of an error (dataverse.md section 2). */
export function errorBody(failure: Failure, correlation: string | undefined, now: number): Reply {
  const { text, trace, correlation: id, timestamp } = described(failure, correlation, now);
  const body = {
    error: failure.error,
    error_description: text,
    error_codes: [failure.number],
    timestamp,
    trace_id: trace,
    correlation_id: id,
    error_uri: `https://login.microsoftonline.com/error?code=${failure.number}`,
  };
  return jsonReply(failure.status, body, {
    "Cache-Control": "no-store, no-cache",
    "x-ms-request-id": trace,
    ...(failure.status === 405 ? { Allow: "POST" } : {}),
  });
}

/** The same for a person to read. */
export function errorPage(failure: Failure, correlation: string | undefined, now: number): Reply {
  const { text, trace } = described(failure, correlation, now);
  const reply = messagePage(failure.status, "Sorry, but we're having trouble signing you in.", text);
  reply.headers["x-ms-request-id"] = trace;
  return reply;
}

/** A fault of the sandbox itself must come in the envelope too. */
export function unexpected({ message }: Error): Failure {
  return { status: 500, error: "server_error", number: 90033, message: `AADSTS90033: ${message}` };
}

/** The text with all that helps to find the request again. */
export function described({ message }: Failure, asked: string | undefined, now: number) {
  const trace = crypto.randomUUID();
  const correlation = asked ?? crypto.randomUUID();
  const timestamp = `${new Date(now).toISOString().slice(0, 19).replace("T", " ")}Z`;
  const text = `${message}\r\nTrace ID: ${trace}\r\nCorrelation ID: ${correlation}\r\nTimestamp: ${timestamp}`;
  return { text, trace, correlation, timestamp };
}
