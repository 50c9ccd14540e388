import { createServer, type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { setTimeout as wait } from "node:timers/promises";
import { limitOf, readBody } from "./body.ts";
import type { Certificate } from "./certificate.ts";
import type { Call, Reply } from "./exchange.ts";
import type { Fault, Faults } from "./faults.ts";
import type { RequestLog } from "./log.ts";
import { send, sendHalf, trickle } from "./send.ts";

/** Calls back once the client of a request has gone, or has its answer. */
export type Gone = (then: () => void) => void;

/** What the listener needs from the emulated services. */
export type Services = {
  faults: Faults;
  log: RequestLog;
  /** Milliseconds since 1970: what answers say they were sent at. */
  now(): number;
  /**
   * What touches rows runs synchronously within: one call is one transaction, and nothing can come between. A promise is
   * for what waits outside of it; it should end early when the client has gone. Must not throw.
   */
  answer(call: Call, gone: Gone): Reply | Promise<Reply>;
  /** The control API: neither logged nor hit by faults. */
  control(call: Call): Promise<Reply>;
  isControl(path: string): boolean;
  isWrite(call: Call): boolean;
  tooLarge(call: Call): Reply;
  /** The answer to what is no HTTP, or comes too slowly (408). */
  unreadable(status: 400 | 408): Reply;
  /** What a fault does to the environment before the request is answered. */
  strike(fault: Fault): void;
  /** The answer of a fault instead of the right one; `right` makes the right one, for a fault after the commit. */
  faultReply(call: Call, fault: Fault, right: () => Promise<Reply>): Promise<Reply>;
};

export type Listener = {
  origin: string;
  /** Cuts every connection, as a restart does; new ones are taken at once. */
  dropConnections(): void;
  close(): Promise<void>;
};

/**
 * Serves on `host:port` (0: any free port) until closed, by https where there is a certificate. Every request runs
 * through `handle`, top to bottom. Rejects when the port is taken.
 */
export async function listen(
  services: Services,
  host: string,
  port: number,
  certificate?: Certificate,
): Promise<Listener> {
  const stop = new AbortController();
  const scheme = certificate ? "https" : "http";
  let origin = "";
  // A request without Host is answered too, from the address it was sent to.
  const options = { maxHeaderSize: 256 * 1024, requireHostHeader: false };
  const serve = (request: IncomingMessage, response: ServerResponse) => {
    handle(services, request, response, origin, stop.signal).catch(() => request.socket.destroy());
  };
  const server = certificate ? createTlsServer({ ...options, ...certificate }, serve) : createServer(options, serve);
  server.on("clientError", (error: NodeJS.ErrnoException, socket) =>
    refuse(services, socket, error.code === "ERR_HTTP_REQUEST_TIMEOUT" ? 408 : 400),
  );
  server.on("connect", (_request, socket) => refuse(services, socket, 400));
  server.on("checkExpectation", serve);
  server.keepAliveTimeout = 30_000;
  await start(server, host, port);
  const bound = server.address() as AddressInfo;
  origin = `${scheme}://${host.includes(":") ? `[${host}]` : host}:${bound.port}`;
  return {
    origin,
    dropConnections: () => server.closeAllConnections(),
    close: () =>
      new Promise((resolve) => {
        stop.abort();
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function refuse(services: Services, socket: Duplex, status: 400 | 408): void {
  if (!socket.writable) return;
  const { headers, body: reply } = services.unreadable(status);
  const body = String(reply ?? "");
  const lines = Object.entries({ ...headers, Connection: "close", "Content-Length": String(Buffer.byteLength(body)) });
  const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join("");
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${head}\r\n${body}`);
}

function start(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.removeListener("error", reject);
      resolve();
    });
  });
}

async function handle(
  services: Services,
  request: IncomingMessage,
  response: ServerResponse,
  origin: string,
  stop: AbortSignal,
): Promise<void> {
  const started = performance.now();
  const body = await readBody(request, limitOf(request));
  response.setHeader("Date", new Date(services.now()).toUTCString());
  const call = toCall(request, body === "too large" ? Buffer.alloc(0) : body, origin);
  const gone: Gone = (then) => (response.destroyed ? then() : response.once("close", then));
  const right = async () => (body === "too large" ? services.tooLarge(call) : services.answer(call, gone));
  if (services.isControl(call.path)) {
    return send(response, body === "too large" ? services.tooLarge(call) : await services.control(call), call.method);
  }

  const target = call.query === "" ? call.path : `${call.path}?${call.query}`;
  const fault = services.faults.next(call, target);
  const note = (status: number, reply?: Reply) =>
    services.log.add(call, {
      path: target,
      status,
      write: services.isWrite(call),
      rows: reply?.rows ?? 0,
      ms: Math.round((performance.now() - started) * 10) / 10,
      responseBody: reply?.body,
    });
  if (fault === undefined) {
    const reply = await right();
    note(reply.status, reply);
    return send(response, reply, call.method);
  }

  if (fault.latencyMs > 0) await wait(fault.latencyMs, undefined, { signal: stop });
  services.strike(fault);
  if (fault.resetBefore || fault.restart) {
    note(0);
    request.socket.destroy();
    return;
  }
  const reply = await services.faultReply(call, fault, right);
  if (fault.resetAfter) {
    note(0, reply);
    request.socket.destroy();
    return;
  }
  note(reply.status, reply);
  if (fault.truncate) sendHalf(response, reply);
  else if (fault.trickle) await trickle(response, reply, fault.trickle, stop);
  else send(response, reply, call.method);
}

function toCall(request: IncomingMessage, body: Buffer, origin: string): Call {
  const url = request.url ?? "/";
  // A proxy-style request line carries the whole URL; only the path matters here.
  const target = url.startsWith("http") ? url.replace(/^https?:\/\/[^/]*/, "") || "/" : url;
  const cut = target.indexOf("?");
  const host = request.headers.host;
  return {
    method: (request.method ?? "GET").toUpperCase(),
    path: cut < 0 ? target : target.slice(0, cut),
    query: cut < 0 ? "" : target.slice(cut + 1),
    headers: request.headers,
    body,
    origin:
      host !== undefined && /^[\w.:[\]-]+$/.test(host) ? `${origin.slice(0, origin.indexOf(":"))}://${host}` : origin,
  };
}
