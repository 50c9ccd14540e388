import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import type { Pool } from "undici";
import { SluiceError } from "../../core/errors.ts";
import { mendHalves } from "./halves.ts";
import { networkError } from "./network-errors.ts";

const unzip = promisify(gunzip);

export type Sent = {
  method: "GET" | "POST" | "PATCH" | "DELETE";
  path: string;
  headers: Record<string, string>;
  body?: Uint8Array | string;
};

/** `body`: as received, but for texts that are none (`mendHalves`). */
export type Answer = { status: number; header(name: string): string | undefined; body: Buffer };

/**
 * One request, once. `unreachable`: no connection, so nothing was sent; `final` when another try cannot help. `lost`:
 * it may have arrived, but no whole answer came back.
 */
export type Exchange =
  | { kind: "answer"; answer: Answer }
  | { kind: "unreachable"; final: boolean; reason: string; cause: unknown }
  | { kind: "lost"; reason: string; cause: unknown };

/** Keep-alive connections to one origin. undici keeps no cookies, so no request is pinned to one server. */
export type Line = {
  origin: string;
  exchange(sent: Sent, signal?: AbortSignal): Promise<Exchange>;
  close(): Promise<void>;
};

/** `timeout`: milliseconds until the answer's head, and between parts of its body. `connections`: at most so many. */
export function openLine(origin: string, timeout: number, connections: number): Line {
  let pool: Promise<Pool> | undefined;
  return {
    origin,
    close: async () => (await pool)?.destroy(),
    async exchange(sent, signal) {
      pool ??= openPool(origin, { connections, headersTimeout: timeout, bodyTimeout: timeout });
      const opened = await pool;
      try {
        const { statusCode, headers, body } = await opened.request({
          method: sent.method,
          path: sent.path,
          headers: sent.headers,
          body: sent.body ?? null,
          signal: signal ?? null,
        });
        const bytes = Buffer.from(await body.arrayBuffer());
        const header = (name: string) => {
          const value = headers[name];
          return Array.isArray(value) ? value[0] : value;
        };
        const whole = header("content-encoding") === "gzip" ? await unzip(bytes) : bytes;
        return { kind: "answer", answer: { status: statusCode, header, body: mendHalves(whole) } };
      } catch (cause) {
        return failure(cause);
      }
    },
  };
}

/** undici is loaded with the first request: to read a project's configuration takes none. */
async function openPool(origin: string, options: Pool.Options): Promise<Pool> {
  const { Pool } = await import("undici");
  return new Pool(origin, options);
}

type Failure = Partial<NodeJS.ErrnoException> & { errors?: unknown[] };

function failure(cause: unknown): Exchange {
  const { code = "", message, syscall, errors: each } = Object(cause) as Failure;
  if (code === "UND_ERR_INVALID_ARG") throw cause; // our own mistake, not the network's
  // A host with several addresses fails with one error that holds one for each.
  if (code === "" && each?.[0]) return failure(each[0]);
  const known = networkError(code);
  if (known) {
    const reason = known.code === code ? known.cause : `${known.cause} (${code})`;
    return { kind: "unreachable", final: !known.passes, reason, cause };
  }
  if (syscall === "connect") return { kind: "unreachable", final: false, reason: `connecting failed (${code})`, cause };
  return { kind: "lost", reason: message ?? String(cause), cause };
}

/** The error for a host that cannot be reached; it names the host and why. */
export function unreachable(line: Line, exchange: { reason: string; cause: unknown }): SluiceError {
  const { host } = new URL(line.origin);
  const known = networkError(String(Object(exchange.cause).code));
  return new SluiceError("host_unreachable", `${host} cannot be reached: ${exchange.reason}.`, {
    cause: exchange.cause,
    ...(known && { remedy: known.remedy }),
  });
}

/** A lost exchange as the reason a host counts as unreachable. */
export function closes({ reason, cause }: { reason: string; cause: unknown }): { reason: string; cause: unknown } {
  return { reason: `it closes the connection (${reason})`, cause };
}
