import type { ServerResponse } from "node:http";
import { setTimeout as wait } from "node:timers/promises";
import { type Body, bytesOf, type Reply } from "./exchange.ts";

/** Sends the answer as it is. */
export function send(response: ServerResponse, reply: Reply, method: string): void {
  const pieces = piecesOf(reply.body);
  const length = pieces.reduce((sum, each) => sum + each.length, 0);
  if (reply.cookies) response.setHeader("Set-Cookie", reply.cookies);
  response.writeHead(reply.status, {
    ...reply.headers,
    ...(reply.status === 204 || reply.status === 304 ? {} : { "Content-Length": String(length) }),
  });
  response.cork();
  if (method !== "HEAD") for (const each of pieces) response.write(each);
  response.end();
  response.uncork();
}

function piecesOf(body: Body | undefined): Buffer[] {
  return Array.isArray(body) ? body : body === undefined ? [] : [bytesOf(body)];
}

/** Announces the whole body, sends half of it, and cuts the line. */
export function sendHalf(response: ServerResponse, reply: Reply): void {
  const body = bytesOf(reply.body);
  response.writeHead(reply.status, { ...reply.headers, "Content-Length": String(Math.max(body.length, 1)) });
  response.write(body.subarray(0, Math.floor(body.length / 2)), () => response.socket?.destroy());
}

/** Sends the whole body, `bytes` at a time with a pause of `everyMs` between; ends early when the client has gone. */
export async function trickle(
  response: ServerResponse,
  reply: Reply,
  { bytes, everyMs }: { bytes: number; everyMs: number },
  stop: AbortSignal,
): Promise<void> {
  const body = bytesOf(reply.body);
  const noBody = reply.status === 204 || reply.status === 304;
  response.writeHead(reply.status, { ...reply.headers, ...(noBody ? {} : { "Content-Length": String(body.length) }) });
  response.flushHeaders();
  for (let at = 0; at < body.length && !response.destroyed; at += bytes) {
    await wait(everyMs, undefined, { signal: stop });
    response.write(body.subarray(at, at + bytes));
  }
  response.end();
}
