import { Agent, createServer, type IncomingMessage, type ServerResponse, request as send } from "node:http";
import type { AddressInfo } from "node:net";

/** What a request is for; everything about tables themselves is `describe`. `n`: its number among those of its kind. */
export type Passing = { kind: "token" | "describe" | "read" | "write"; n: number };

/** How far a request has come: held at the gate; done in the sandbox but not answered; answered. */
export type Stage = "arrived" | "committed" | "answered";

/**
 * Sees every request at every stage and may keep it waiting. `drop` cuts the line instead: before the sandbox has seen
 * the request, or before the client sees the answer.
 */
export type Watcher = (passing: Passing, stage: Stage) => undefined | Promise<undefined | "drop">;

export type Gate = {
  origin: string;
  /** From now on, `watcher` sees what passes; numbers (`n`, from 1 for each kind) begin anew. */
  watch(watcher: Watcher | undefined): void;
  /** How many writes the sandbox has left without a whole answer. */
  unanswered(): number;
  /** All that has come through so far is done. */
  idle(): Promise<void>;
  close(): Promise<void>;
};

/** A door in front of a sandbox, on a port of its own: what reaches it reaches the sandbox, once the watcher lets it. */
export async function openGate(target: string): Promise<Gate> {
  // A connection each: that of a request the sandbox has cut on purpose must not be taken for one that lay idle.
  const agent = new Agent({ keepAlive: false });
  let watcher: Watcher | undefined;
  let counts = new Map<string, number>();
  const number = (kind: Passing["kind"]): Passing => {
    const n = (counts.get(kind) ?? 0) + 1;
    counts.set(kind, n);
    return { kind, n };
  };
  let unanswered = 0;
  const underWay = new Set<Promise<void>>();
  // Dataverse takes addresses of 32 KB (dataverse.md section 5); Node's own limit is half of that.
  const server = createServer({ maxHeaderSize: 64 * 1024 }, (request, response) => {
    const one = pass(request, response)
      .catch(() => void response.destroy())
      .finally(() => underWay.delete(one));
    underWay.add(one);
  });
  async function pass(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await whole(request);
    const passing = number(purpose(request));
    const seen = watcher;
    if ((await seen?.(passing, "arrived")) === "drop") return void response.destroy();
    const answer = await forward(target, agent, request, body).catch((thrown: unknown) => {
      if (passing.kind === "write") unanswered++;
      throw thrown;
    });
    if ((await seen?.(passing, "committed")) === "drop") return void response.destroy();
    response.writeHead(answer.status, answer.headers);
    response.end(answer.body, () => void seen?.(passing, "answered"));
  }
  server.keepAliveTimeout = 0;
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    watch(next) {
      watcher = next;
      counts = new Map();
    },
    unanswered: () => unanswered,
    idle: async () => {
      while (underWay.size > 0) await Promise.all(underWay);
    },
    close: () =>
      new Promise((resolve) => {
        agent.destroy();
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function purpose({ method, url = "" }: IncomingMessage): Passing["kind"] {
  if (url.includes("/oauth2/")) return "token";
  if (/\/api\/data\/v[\d.]+\/(EntityDefinitions|sdkmessagefilters)/.test(url)) return "describe";
  return method === "GET" ? "read" : "write";
}

type Answer = { status: number; headers: IncomingMessage["headers"]; body: Buffer };

/** One request and its whole answer. The `host` header stays that of the gate, so that the sandbox's links lead back through it. */
export function forward(
  target: string,
  agent: Agent,
  { method, headers, url }: Pick<IncomingMessage, "method" | "headers" | "url">,
  body: Buffer,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const onward = send(`${target}${url}`, { method: method!, headers, agent }, (answer) =>
      whole(answer).then(
        (bytes) => resolve({ status: answer.statusCode!, headers: answer.headers, body: bytes }),
        reject,
      ),
    );
    onward.on("error", reject);
    onward.end(body);
  });
}

async function whole(stream: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of stream) parts.push(part as Buffer);
  return Buffer.concat(parts);
}

/** Requests that a dead client has sent and that nobody has answered: they arrive when they are let go. */
export type Late = {
  /** Numbers of the writes that are late; those after them never arrive. */
  from: number;
  to: number;
  hold(): Promise<undefined>;
  /** One of them has been done, or refused. */
  arrived(): void;
  /** Lets them go, and waits until all have arrived. */
  letGo(): Promise<void>;
};

export function lateWrites(from: number, to: number): Late {
  const gone = Promise.withResolvers<undefined>();
  const all = Promise.withResolvers<void>();
  let left = to - from + 1;
  return {
    from,
    to,
    hold: () => gone.promise,
    arrived() {
      if (--left === 0) all.resolve();
    },
    letGo() {
      gone.resolve(undefined);
      return all.promise;
    },
  };
}
