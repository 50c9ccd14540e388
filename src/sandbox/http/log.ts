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
  requestBody?: string;
  responseBody?: string;
};

export type RequestLog = {
  add(entry: Omit<LoggedRequest, "n">): void;
  list(): LoggedRequest[];
  /** Forgets everything; from then on bodies are kept or not. */
  clear(options: { bodies: boolean }): void;
  bodies(): boolean;
};

/** Keeps the newest 100,000 requests: enough for any test, and no leak in a sandbox that runs for weeks. */
export function createRequestLog(limit = 100_000): RequestLog {
  let entries: LoggedRequest[] = [];
  let n = 0;
  let withBodies = false;
  return {
    add(entry) {
      entries.push({ n: ++n, ...entry });
      if (entries.length > limit * 1.1) entries = entries.slice(-limit);
    },
    list: () => entries,
    clear({ bodies }) {
      entries = [];
      n = 0;
      withBodies = bodies;
    },
    bodies: () => withBodies,
  };
}
