import { beforeEach, describe, expect, test } from "vitest";
import { type Answer, type RawClient, useSandbox } from "../../src/sandbox/raw-client.test-data.ts";

/** Method, path behind `/api/data/` (with the version the page prints), body, headers. `{org}` is the sandbox's origin, `{me}` the user. */
type Request = [method: string, path: string, body?: unknown, headers?: Record<string, string>];

/** One request a page of Microsoft's documentation prints, and the answer it prints for it: facts only, ids replaced. */
export type Exchange = {
  /** What it shows, in the page's terms. */
  title: string;
  /** What must be there before. */
  given?: Request[];
  request: Request;
  status: number;
  /** Header by name: its value, a pattern, or null where it must be absent. */
  headers?: Record<string, string | RegExp | null>;
  /** What the JSON must contain; strings may hold `{org}`. A string: the whole body as text. */
  body?: unknown;
  /** What the text of the body must match, one after another. */
  text?: RegExp;
  /** Reads that show what the request has done: path and what their JSON must contain. */
  after?: [path: string, status: number, body?: unknown][];
  /** Why the sandbox answers otherwise than the page prints: the expectations above are then what the sandbox does. */
  difference?: string;
};

/** Matchers for values the page prints as an example only. */
export const anyEtag = expect.stringMatching(/^W\/"\d+"$/) as unknown;
export const anyId = expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/) as unknown;
export const anyInstant = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/) as unknown;

/** An id as the pages write their examples: 00000000-0000-0000-0000-00000000000n. */
export const id = (n: number): string => `00000000-0000-0000-0000-${String(n).padStart(12, "0")}`;

let me = "";

/** Sends every exchange of one page to a fresh sandbox, after the requests of `given`, and checks the answer. */
export function replay(page: string, exchanges: Exchange[], given: Request[] = []): void {
  describe(page, () => {
    const client = useSandbox();
    beforeEach(async () => {
      me = (await send(client, ["GET", "v9.2/WhoAmI"])).json.UserId;
      await prepare(client, given);
    });
    test.each(exchanges.map((exchange): [string, Exchange] => [exchange.title, exchange]))(
      `${page}: %s`,
      async (_title, exchange) => {
        await prepare(client, exchange.given ?? []);
        const answer = await send(client, exchange.request);
        expect(answer.status, answer.text).toBe(exchange.status);
        for (const [name, wanted] of Object.entries(exchange.headers ?? {})) checkHeader(client, answer, name, wanted);
        if (typeof exchange.body === "string") expect(answer.text).toBe(exchange.body);
        else if (exchange.body !== undefined)
          expect(answer.json).toMatchObject(placed(client, exchange.body) as object);
        if (exchange.text) expect(answer.text).toMatch(exchange.text);
        for (const [path, status, body] of exchange.after ?? []) {
          const read = await send(client, ["GET", path]);
          expect(read.status, read.text).toBe(status);
          if (body !== undefined) expect(read.json).toMatchObject(placed(client, body) as object);
        }
      },
    );
  });
}

async function prepare(client: RawClient, requests: Request[]): Promise<void> {
  for (const request of requests) {
    const answer = await send(client, request);
    if (answer.status >= 300) throw new Error(`${request[0]} ${request[1]}: ${answer.status} ${answer.text}`);
  }
}

function send(client: RawClient, [method, path, body, headers]: Request): Promise<Answer> {
  const text = body === undefined || typeof body === "string" ? body : JSON.stringify(body);
  return client.raw(method, encoded(withOrigin(client, `/api/data/${path}`)), text && withOrigin(client, text), {
    authorization: `Bearer ${client.token}`,
    accept: "application/json",
    "odata-maxversion": "4.0",
    "odata-version": "4.0",
    ...(text === undefined ? {} : { "content-type": "application/json" }),
    ...headers,
  });
}

function checkHeader(client: RawClient, answer: Answer, name: string, wanted: string | RegExp | null): void {
  const value = answer.headers[name.toLowerCase()];
  if (wanted === null) expect(value, name).toBeUndefined();
  else if (typeof wanted === "string") expect(value, name).toBe(withOrigin(client, wanted));
  else expect(String(value), name).toMatch(wanted);
}

/** As curl or a browser would send it: what must be encoded is. */
function encoded(path: string): string {
  return path.replace(/[^\x21-\x7e]|["<>^`{|}]/g, encodeURIComponent);
}

function withOrigin(client: RawClient, text: string): string {
  return text.replaceAll("{org}", client.sandbox.origin).replaceAll("{me}", me);
}

/** The expected body with `{org}` in place; matchers stay as they are. */
function placed(client: RawClient, value: unknown): unknown {
  if (typeof value === "string") return withOrigin(client, value);
  if (Array.isArray(value)) return value.map((each) => placed(client, each));
  if (typeof value !== "object" || value === null || "asymmetricMatch" in value) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, placed(client, each)]));
}
