import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import { readBody } from "./body.ts";
import type { Certificate } from "./certificate.ts";
import type { Call, Reply } from "./exchange.ts";
import type { FaultRule, Faults } from "./faults.ts";
import type { RequestLog } from "./log.ts";

/** What the listener needs from the emulated services. */
export type Services = {
  faults: Faults;
  log: RequestLog;
  /**
   * What touches rows runs synchronously within: one call is one transaction, and nothing can come between. A promise is
   * for what waits outside of it. Must not throw.
   */
  answer(call: Call): Reply | Promise<Reply>;
  /** The control API: neither logged nor hit by faults. */
  control(call: Call): Promise<Reply>;
  isControl(path: string): boolean;
  isWrite(call: Call): boolean;
  tooLarge(call: Call): Reply;
  /** The body an injected error status carries. */
  faultReply(call: Call, fault: FaultRule): Reply;
};

export type Listener = { origin: string; close(): Promise<void> };

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
  const options = { maxHeaderSize: 256 * 1024 };
  const serve = (request: IncomingMessage, response: ServerResponse) => {
    handle(services, request, response, origin, stop.signal).catch(() => request.socket.destroy());
  };
  const server = certificate ? createTlsServer({ ...options, ...certificate }, serve) : createServer(options, serve);
  server.on("clientError", (_error, socket) => {
    if (socket.writable) socket.end("HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
  });
  server.keepAliveTimeout = 30_000;
  await start(server, host, port);
  const bound = server.address() as AddressInfo;
  origin = `${scheme}://${host.includes(":") ? `[${host}]` : host}:${bound.port}`;
  return {
    origin,
    close: () =>
      new Promise((resolve) => {
        stop.abort();
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
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
  const body = await readBody(request);
  const call = toCall(request, body === "too large" ? Buffer.alloc(0) : body, origin);
  if (services.isControl(call.path)) return send(response, await services.control(call), call.method);

  const target = call.query === "" ? call.path : `${call.path}?${call.query}`;
  const faults = services.faults.next(call.method, decoded(target));
  const latency = faults.reduce((sum, fault) => sum + (fault.latencyMs ?? 0), 0);
  if (latency > 0) await wait(latency, undefined, { signal: stop });

  const note = (status: number, reply?: Reply) =>
    services.log.add({
      method: call.method,
      path: target,
      status,
      write: services.isWrite(call),
      rows: reply?.rows ?? 0,
      ms: Math.round((performance.now() - started) * 10) / 10,
      ...(services.log.bodies() ? { requestBody: call.body.toString(), responseBody: String(reply?.body ?? "") } : {}),
    });

  if (faults.some((fault) => fault.resetBefore)) {
    note(0);
    request.socket.destroy();
    return;
  }
  const failing = faults.find((fault) => fault.status !== undefined);
  const reply = failing
    ? services.faultReply(call, failing)
    : body === "too large"
      ? services.tooLarge(call)
      : await services.answer(call);
  if (faults.some((fault) => fault.resetAfter)) {
    note(0, reply);
    request.socket.destroy();
    return;
  }
  note(reply.status, reply);
  if (faults.some((fault) => fault.truncate)) return sendHalf(response, reply);
  send(response, reply, call.method);
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

/** For matching only: a URL that does not decode is matched as it came. */
function decoded(target: string): string {
  try {
    return decodeURIComponent(target);
  } catch {
    return target;
  }
}

function send(response: ServerResponse, reply: Reply, method: string): void {
  const body =
    reply.body === undefined ? undefined : Buffer.isBuffer(reply.body) ? reply.body : Buffer.from(reply.body);
  response.writeHead(reply.status, {
    ...reply.headers,
    ...(reply.status === 204 || reply.status === 304 ? {} : { "Content-Length": String(body?.length ?? 0) }),
  });
  response.end(method === "HEAD" ? undefined : body);
}

/** Announces the whole body, sends half of it, and cuts the line. */
function sendHalf(response: ServerResponse, reply: Reply): void {
  const body = Buffer.from(reply.body ?? "");
  response.writeHead(reply.status, { ...reply.headers, "Content-Length": String(Math.max(body.length, 1)) });
  response.write(body.subarray(0, Math.floor(body.length / 2)), () => response.socket?.destroy());
}
