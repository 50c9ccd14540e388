import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { serve } from "../server-process.ts";

// The least a server of rows can do: parse, find the row by its key, keep it, answer. No checks, no types, no undoing.
// A page is one JSON.stringify. What the sandbox costs is measured against it.

type Row = Record<string, unknown>;
const rows: Row[] = [];
const byKey = new Map<string, Row>();

function answer(url: string, body: string): unknown {
  if (!url.includes("CreateMultiple")) {
    const at = Number(/\$skiptoken=(\d+)/.exec(url)?.[1] ?? 0);
    return { value: rows.slice(at, at + 5000), "@odata.nextLink": `/contacts?$skiptoken=${(at + 5000) % rows.length}` };
  }
  const { Targets } = JSON.parse(body) as { Targets: Row[] };
  const Ids = Targets.map((row) => {
    const id = crypto.randomUUID();
    row.contactid = id;
    rows.push(row);
    byKey.set(String(row.new_customerno), row);
    return id;
  });
  return { Ids };
}

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => {
    const text = JSON.stringify(answer(request.url ?? "", Buffer.concat(chunks).toString()));
    response.writeHead(200, { "Content-Type": "application/json" }).end(text);
  });
});
server.listen(0, "127.0.0.1", () => serve({ BASE_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }));
