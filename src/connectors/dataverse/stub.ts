import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import type { Batch, BatchOp, Membership } from "../../core/connector.ts";
import type { ObjectSchema } from "../../core/schema.ts";
import type { Clock } from "./clock.ts";
import type { DataverseConfig } from "./config.ts";
import type { Settings } from "./http.ts";
import { type DataverseSession, openSession } from "./index.ts";

/** For the tests of this folder: a server that answers as a test says, a clock that never waits, batches made by hand. */

export type Seen = { method: string; path: string; headers: IncomingHttpHeaders; body: string };
/** `cut`: the connection breaks instead of an answer, or after `body` when there is one. */
export type Reply = { status?: number; headers?: Record<string, string>; body?: unknown; cut?: boolean };

export type Stub = {
  session: DataverseSession;
  config: DataverseConfig;
  clock: Clock & { pauses: number[] };
  /** Requests to the Web API, in order; those for tokens are in `signIns`. Paths are decoded. */
  seen: Seen[];
  signIns: Seen[];
  requests(): number;
  close(): Promise<void>;
};

type Answering = (request: Seen, n: number) => Reply | undefined | Promise<Reply | undefined>;

const goodToken: Answering = (_, n) => ({ body: { token_type: "Bearer", expires_in: 3599, access_token: `t${n}` } });

export async function startStub(
  answer: Answering,
  {
    token = goodToken,
    config: more,
    cache,
    ...settings
  }: Partial<Settings> & { token?: Answering; cache?: string; config?: Partial<DataverseConfig> } = {},
): Promise<Stub> {
  const seen: Seen[] = [];
  const signIns: Seen[] = [];
  const server = createServer({ maxHeaderSize: 65_536 }, async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const { method = "", headers, url = "" } = request;
    const signIn = url.startsWith("/tenant/oauth2");
    const one = { method, path: decodeURIComponent(url), headers, body: Buffer.concat(chunks).toString() };
    const log = signIn ? signIns : seen;
    log.push(one);
    const reply = (await (signIn ? token : answer)(one, log.length)) ?? { status: 204 };
    if (reply.cut && reply.body === undefined) return response.destroy();
    const body =
      typeof reply.body === "string" || reply.body instanceof Buffer ? reply.body : JSON.stringify(reply.body);
    const type = reply.body === undefined ? {} : { "content-type": "application/json; odata.metadata=minimal" };
    const length = reply.cut ? { "content-length": String(body.length + 10) } : {};
    response.writeHead(reply.status ?? (reply.body === undefined ? 204 : 200), {
      ...type,
      ...length,
      ...reply.headers,
    });
    if (!reply.cut) return response.end(body);
    response.write(body, () => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const config: DataverseConfig = {
    url,
    tenant: "tenant",
    credentials: [{ clientId: "client", clientSecret: "s3cret&=+" }],
    tokenUrl: `${url}/tenant/oauth2/v2.0/token`,
    apiVersion: "9.2",
    ...more,
  };
  const clock = fakeClock();
  let requests = 0;
  const io = { base: ".", onRequest: () => void requests++ };
  const session = openSession(config, { ...io, ...(cache !== undefined && { cache }) }, { clock, ...settings });
  return {
    session,
    config,
    clock,
    seen,
    signIns,
    requests: () => requests,
    async close() {
      await session.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Sleeping moves the clock on, and takes no time. */
export function fakeClock(): Clock & { pauses: number[] } {
  let time = 1_000_000;
  const pauses: number[] = [];
  return {
    pauses,
    now: () => time,
    date: () => time,
    random: () => 0.5,
    async sleep(ms, signal) {
      signal?.throwIfAborted();
      pauses.push(ms);
      time += ms;
    },
  };
}

/** A refusal as Dataverse words it. */
export function refusal(status: number, code: string, message = "no"): Reply {
  return { status, body: { error: { code, message } } };
}

export function guid(n: number): string {
  return `00000000-0000-4000-8000-${String(n).padStart(12, "0")}`;
}

/** Rows are numbered from `from`; ids are those of the numbers for updates and deletes. */
export function batchOf(op: BatchOp, rows: Record<string, unknown>[], from = 0, into?: Membership): Batch {
  const numbered = rows.map((row, i) => ({ row, n: from + i }));
  const build = (some: typeof numbered): Batch => ({
    op,
    ...(into && { into }),
    from: some[0]!.n,
    to: some.at(-1)!.n + 1,
    rows: some.length,
    elements: Buffer.from(some.map(({ row }) => JSON.stringify(row)).join(",")),
    keys: async () => some.map(({ n }) => ({ n, id: op === "create" ? null : guid(n), key: `k${n}` })),
    async split(parts) {
      const size = Math.ceil(some.length / parts);
      const starts = Array.from({ length: Math.ceil(some.length / size) }, (_, i) => i * size);
      return starts.map((start) => build(some.slice(start, start + size)));
    },
  });
  return build(numbered);
}

export const contact: ObjectSchema = {
  name: "contact",
  title: "Contact",
  set: "contacts",
  id: "contactid",
  label: "fullname",
  columns: [
    { name: "contactid", title: "Contact", type: "guid", required: false, create: true, update: false },
    { name: "lastname", title: "Last Name", type: "text", required: false, create: true, update: true },
    { name: "birthdate", title: "Birthday", type: "date", required: false, create: true, update: true },
    { name: "lastonholdtime", title: "On hold", type: "datetime", required: false, create: true, update: true },
    { name: "creditlimit", title: "Credit", type: "money", required: false, create: true, update: true },
    { name: "donotemail", title: "No e-mail", type: "boolean", required: false, create: true, update: true },
    { name: "gendercode", title: "Gender", type: "choice", required: false, create: true, update: true },
    { name: "new_likes", title: "Likes", type: "choices", required: false, create: true, update: true },
    { name: "entityimage", title: "Image", type: "other", required: false, create: false, update: false },
    {
      name: "parentcustomerid",
      title: "Company",
      type: "lookup",
      required: false,
      create: true,
      update: true,
      targets: [
        { object: "account", set: "accounts", navigation: "parentcustomerid_account" },
        { object: "contact", set: "contacts", navigation: "parentcustomerid_contact" },
      ],
    },
    {
      name: "new_store",
      title: "Store",
      type: "lookup",
      required: false,
      create: true,
      update: true,
      targets: [{ object: "new_store", set: "new_stores", navigation: "new_Store" }],
    },
  ],
  keys: [],
  can: { bulk: true, deltas: true },
};

/** Answers each part of a `$batch` as a request of its own; `tell` at most so many of them, then the answer ends. */
export function batchReply(
  request: Seen,
  answer: (part: Seen) => Reply | undefined,
  tell = Number.POSITIVE_INFINITY,
): Reply {
  const boundary = /boundary="(.+)"/.exec(request.headers["content-type"] ?? "")![1]!;
  const parts = request.body.split(`--${boundary}`).slice(1, -1).map(partOf);
  const answers = parts.slice(0, tell).map((part) => {
    const { status = 204, headers = {}, body } = answer(part) ?? {};
    const head = [`HTTP/1.1 ${body === undefined ? status : status === 204 ? 200 : status} Whatever`];
    for (const [name, value] of Object.entries(headers)) head.push(`${name}: ${value}`);
    const http = `${head.join("\r\n")}\r\n\r\n${body === undefined ? "" : JSON.stringify(body)}`;
    return `--answer\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\n${http}\r\n`;
  });
  const end = tell < parts.length ? "--answer\r\nContent-Type: applica" : "--answer--\r\n";
  return { status: 200, headers: { "content-type": "multipart/mixed; boundary=answer" }, body: answers.join("") + end };
}

function partOf(part: string): Seen {
  const [, head = "", ...body] = part.split("\r\n\r\n");
  const [line = "", ...headers] = head.split("\r\n");
  const [method = "", path = ""] = line.split(" ");
  const named = headers.map((each) => [each.split(": ")[0]!.toLowerCase(), each.split(": ")[1]]);
  return { method, path, headers: Object.fromEntries(named), body: body.join("\r\n\r\n").trimEnd() };
}
