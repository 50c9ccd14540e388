import type { Body, Call, Reply } from "../http/exchange.ts";
import type { Figures } from "./figures.ts";

/**
 * How long Dataverse would have worked on a call, in milliseconds: the measured times of bulk rows and single writes,
 * and for reads an amount per request and row. The parts of a batch count one by one.
 */
export function executionMs(call: Call, reply: Reply, figures: Figures): number {
  const { createdRowMs, updatedRowMs, writeMs, readMs, readRowMs } = figures;
  const rowsRead = () => occurrences(reply.body, '"@odata.etag"') * readRowMs;
  if (isBatch(call)) {
    const parts = batchParts(reply);
    const reads = Math.min(parts, occurrences(call.body, "\nGET "));
    return (parts - reads) * writeMs + reads * readMs + rowsRead();
  }
  if (call.method === "GET" || call.method === "HEAD") return readMs + rowsRead();
  const rows = reply.rows ?? 0;
  if (call.path.endsWith(".CreateMultiple")) return Math.max(writeMs, rows * createdRowMs);
  if (/\.(Update|Upsert|Delete)Multiple$/.test(call.path)) return Math.max(writeMs, rows * updatedRowMs);
  return writeMs;
}

/** How many requests a call is by the daily entitlement: each item of a bulk message and each part of a batch is one. */
export function platformRequests(call: Call, reply: Reply): number {
  if (isBatch(call)) return Math.max(1, batchParts(reply));
  return call.path.endsWith("Multiple") ? Math.max(1, reply.rows ?? 0) : 1;
}

const isBatch = (call: Call): boolean => call.path.endsWith("/$batch");

/** Every answered part has a status line of its own. */
const batchParts = (reply: Reply): number => occurrences(reply.body, "\nHTTP/1.1 ");

function occurrences(body: Body | undefined, text: string): number {
  // A row is never split between pieces.
  if (Array.isArray(body)) return body.reduce((sum, each) => sum + occurrences(each, text), 0);
  if (body === undefined) return 0;
  let count = 0;
  for (let at = body.indexOf(text); at >= 0; at = body.indexOf(text, at + text.length)) count++;
  return count;
}
