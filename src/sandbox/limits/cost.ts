import type { Body, Call, Reply } from "../http/exchange.ts";
import type { Figures } from "./figures.ts";

/**
 * How long Dataverse would have worked on a call, in milliseconds: the measured times of bulk rows and single writes,
 * and for reads an amount per request and row. The parts of a batch count one by one, each as if it came alone.
 */
export function executionMs(call: Call, reply: Reply, figures: Figures): number {
  if (reply.parts) return reply.parts.reduce((sum, part) => sum + executionMs(part.call, part.reply, figures), 0);
  const { createdRowMs, updatedRowMs, writeMs, readMs, readRowMs } = figures;
  if (call.method === "GET" || call.method === "HEAD") {
    return readMs + occurrences(reply.body, '"@odata.etag"') * readRowMs;
  }
  const rows = reply.rows ?? 0;
  if (call.path.endsWith(".CreateMultiple")) return Math.max(writeMs, rows * createdRowMs);
  if (/\.(Update|Upsert|Delete)Multiple$/.test(call.path)) return Math.max(writeMs, rows * updatedRowMs);
  return writeMs;
}

/**
 * How many requests a call is by the daily entitlement: each item of a bulk message and each part of a batch is one
 * (dataverse.md sections 7 and 9), and so is each item of a bulk message in a batch.
 */
export function platformRequests(call: Call, reply: Reply): number {
  if (reply.parts) {
    const all = reply.parts.reduce((sum, part) => sum + platformRequests(part.call, part.reply), 0);
    return Math.max(1, all);
  }
  return call.path.endsWith("Multiple") ? Math.max(1, reply.rows ?? 0) : 1;
}

function occurrences(body: Body | undefined, text: string): number {
  // A row is never split between pieces.
  if (Array.isArray(body)) return body.reduce((sum, each) => sum + occurrences(each, text), 0);
  if (body === undefined) return 0;
  let count = 0;
  for (let at = body.indexOf(text); at >= 0; at = body.indexOf(text, at + text.length)) count++;
  return count;
}
