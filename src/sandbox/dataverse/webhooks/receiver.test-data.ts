import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, beforeEach } from "vitest";
import { idIn, type RawClient } from "../../raw-client.test-data.ts";

/** One post as it came. */
export type Received = {
  url: string;
  headers: IncomingHttpHeaders;
  text: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into contexts of every shape
  json: any;
};

export type Receiver = {
  origin: string;
  received: Received[];
  /** What the next posts are answered with, in order; 200 after that. A function answers when it resolves. */
  answers: (number | (() => Promise<number>))[];
};

/** A server that takes webhooks, for one test file: emptied before each test. Loopback only. */
export function useReceiver(): Receiver {
  const receiver: Receiver = { origin: "", received: [], answers: [] };
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", async () => {
      const text = Buffer.concat(chunks).toString();
      receiver.received.push({ url: request.url ?? "", headers: request.headers, text, json: JSON.parse(text) });
      const next = receiver.answers.shift() ?? 200;
      response.statusCode = typeof next === "number" ? next : await next();
      response.end("ignored");
    });
  });
  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    receiver.origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  beforeEach(() => {
    receiver.received = [];
    receiver.answers = [];
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });
  return receiver;
}

/** Registers a webhook and one step of it; the ids of both. `step` changes the step's columns. */
export async function register(
  client: RawClient,
  endpoint: Record<string, unknown>,
  message: string,
  table: string | undefined,
  step: Record<string, unknown> = {},
): Promise<{ endpoint: string; step: string }> {
  const made = await client.api("POST", "serviceendpoints", {
    name: "hook",
    contract: 8,
    authtype: 4,
    connectionmode: 1,
    userclaim: 1,
    ...endpoint,
  });
  const read = async (query: string, id: string) => (await client.api("GET", query)).json.value[0]?.[id];
  const messageId = await read(`sdkmessages?$select=name&$filter=name eq '${message}'`, "sdkmessageid");
  const filter =
    table === undefined
      ? undefined
      : await read(
          `sdkmessagefilters?$filter=_sdkmessageid_value eq ${messageId} and primaryobjecttypecode eq '${table}'`,
          "sdkmessagefilterid",
        );
  const id = idIn(made);
  const registered = await client.api("POST", "sdkmessageprocessingsteps", {
    name: "step",
    mode: 0,
    stage: 40,
    rank: 1,
    invocationsource: 0,
    supporteddeployment: 0,
    "sdkmessageid@odata.bind": `/sdkmessages(${messageId})`,
    ...(filter && { "sdkmessagefilterid@odata.bind": `/sdkmessagefilters(${filter})` }),
    "eventhandler_serviceendpoint@odata.bind": `/serviceendpoints(${id})`,
    ...step,
  });
  return { endpoint: id, step: idIn(registered) };
}
