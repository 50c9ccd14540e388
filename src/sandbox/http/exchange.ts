import type { IncomingHttpHeaders } from "node:http";

/** One request as the emulated services see it. `path` is raw: still percent-encoded, without the query. */
export type Call = {
  method: string;
  path: string;
  query: string;
  headers: IncomingHttpHeaders;
  body: Buffer;
  /** Scheme and host the client used, so that links in answers lead back the same way. */
  origin: string;
  /** Who asks, once a token has told: for the request log. */
  caller?: { app: string; user: string };
};

/** One answer. `rows` is how many rows or schema parts the call has changed, for the request log. */
export type Reply = {
  status: number;
  headers: Record<string, string>;
  /** Set-Cookie headers. */
  cookies?: string[];
  body?: Body;
  rows?: number;
  /** What a batch has run, part by part, also what was undone: for the limits. */
  parts?: { call: Call; reply: Reply }[];
};

/** Pieces stand for the whole they make: joining megabytes for each reader costs more than all else of a kept page. */
export type Body = string | Buffer | Buffer[];

/** The whole body as bytes; empty where there is none. */
export function bytesOf(body: Body | undefined): Buffer {
  if (Array.isArray(body)) return Buffer.concat(body);
  return Buffer.isBuffer(body) ? body : Buffer.from(body ?? "");
}

/** The one value of a header that may be sent several times. */
export function header(call: Call, name: string): string | undefined {
  const value = call.headers[name];
  return Array.isArray(value) ? value.join(",") : value;
}

/** Without its percent signs; a text that does not decode stays as it came. */
export function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** An answer in plain JSON, for what is no OData. */
export function jsonReply(status: number, value: unknown, headers: Record<string, string> = {}): Reply {
  return {
    status,
    headers: { "Content-Type": "application/json; charset=utf-8", ...headers },
    body: JSON.stringify(value),
  };
}
