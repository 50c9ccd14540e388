import { type Body, bytesOf, type Call } from "./exchange.ts";

/** One request as `GET /_sandbox/requests` shows it. `status` 0 means the connection was cut without an answer. */
export type LoggedRequest = {
  n: number;
  method: string;
  path: string;
  status: number;
  /** The request's purpose was to change rows or schema, whether or not it succeeded. */
  write: boolean;
  /** Rows or schema parts changed. */
  rows: number;
  ms: number;
  /** Who asked, where a token told: the client id of the application, and the systemuser it acts as. */
  app?: string;
  user?: string;
  requestBody?: string;
  responseBody?: string;
};

type Entry = Omit<LoggedRequest, "n" | "method" | "app" | "user" | "requestBody" | "responseBody">;

export type RequestLog = {
  add(call: Call, entry: Entry & { responseBody: Body | undefined }): void;
  /** What is kept, oldest first. */
  list(): LoggedRequest[];
  /** All since the log was cleared, kept or not. */
  totals(): { count: number; writes: number };
  /** Forgets everything; from then on bodies are kept or not. */
  clear(options: { bodies: boolean }): void;
};

/** How much of one body is kept, and of all of them together. */
const LONGEST_BODY = 1_000_000;
const ALL_BODIES = 200_000_000;

/**
 * Keeps the newest 100,000 requests, and of the newest of them the bodies where asked for: enough for any test, and no
 * leak in a sandbox that runs for weeks. Credentials are never kept.
 */
export function createRequestLog(limit = 100_000, mostCharacters = ALL_BODIES): RequestLog {
  let entries: LoggedRequest[] = [];
  let count = 0;
  let writes = 0;
  let withBodies = false;
  let characters = 0;
  /** Entries before this one have lost their bodies. */
  let stripped = 0;

  function keepBodies(entry: LoggedRequest, call: Call, responseBody: Body | undefined): void {
    const hide = /\/oauth2\//i.test(call.path) ? withoutCredentials : (text: string) => text;
    entry.requestBody = hide(beginning(call.body));
    entry.responseBody = hide(beginning(bytesOf(responseBody)));
    characters += entry.requestBody.length + entry.responseBody.length;
    for (; characters > mostCharacters && stripped < entries.length; stripped++) {
      const oldest = entries[stripped]!;
      characters -= (oldest.requestBody?.length ?? 0) + (oldest.responseBody?.length ?? 0);
      delete oldest.requestBody;
      delete oldest.responseBody;
    }
  }

  return {
    add(call, { responseBody, ...rest }) {
      const entry: LoggedRequest = { n: ++count, method: call.method, ...rest, ...call.caller };
      if (rest.write) writes++;
      entries.push(entry);
      if (withBodies) keepBodies(entry, call, responseBody);
      if (entries.length <= limit * 1.1) return;
      const dropped = entries.length - limit;
      for (const { requestBody, responseBody } of entries.slice(0, dropped)) {
        characters -= (requestBody?.length ?? 0) + (responseBody?.length ?? 0);
      }
      entries = entries.slice(dropped);
      stripped = Math.max(0, stripped - dropped);
    },
    list: () => entries,
    totals: () => ({ count, writes }),
    clear({ bodies }) {
      entries = [];
      count = writes = characters = stripped = 0;
      withBodies = bodies;
    },
  };
}

function beginning(body: Buffer): string {
  if (body.length <= LONGEST_BODY) return body.toString();
  return `${body.slice(0, LONGEST_BODY).toString()}... (${body.length - LONGEST_BODY} more)`;
}

const SECRET_FIELDS = "client_secret|client_assertion|refresh_token|code|code_verifier|password|assertion";
const FORM_SECRET = new RegExp(`\\b(${SECRET_FIELDS})=[^&\\s]*`, "g");
const JSON_SECRET = /"(access_token|refresh_token|id_token)":"[^"]*"/g;

function withoutCredentials(text: string): string {
  return text.replace(FORM_SECRET, "$1=(not kept)").replace(JSON_SECRET, '"$1":"(not kept)"');
}
