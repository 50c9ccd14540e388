import { randomUUID } from "node:crypto";
import { type Clock, patience, retryAfter } from "./clock.ts";
import type { Answer } from "./exchange.ts";
import { classify, stopping } from "./faults.ts";
import type { Lost, WebApi } from "./http.ts";
import { type Learn, lesson } from "./size.ts";

/** One request of a `$batch`. The path is relative to the Web API root. */
export type Part = {
  method: "GET" | "POST" | "PATCH" | "DELETE";
  path: string;
  headers?: Record<string, string>;
  body?: Uint8Array;
};

/** A part that was not executed: nothing of it was sent, or all of it will be refused. */
export type Unsent = { unsent: unknown };

/** How long parts that were not executed are sent again, in milliseconds. */
const MOST_WAITING = 60_000;
const CRLF = "\r\n";

/**
 * Sends requests as one `$batch` that goes on after errors, so that each has its own answer whatever becomes of the
 * others, in order. What was surely not executed (throttled, no database lock) is sent again for a while; a part that
 * the answer does not tell of is `lost`, and all are where it ended as it should but with too few answers or too many. A
 * batch that is too large is halved; that one part is too large even alone is its answer. Throws where the batch itself
 * was refused and nothing of it was executed; after that a refusal is told of the parts it hit, so that the others'
 * answers are not lost. Source: dataverse.md section 8.
 */
export async function sendParts(
  api: WebApi,
  parts: readonly Part[],
  doing: string,
  signal: AbortSignal,
  learn: Learn = () => {},
): Promise<(Answer | Lost | Unsent)[]> {
  const waiting = patience(api.clock, MOST_WAITING);
  const results: (Answer | Lost | Unsent)[] = [];
  let open = parts.map((_, i) => i);
  for (;;) {
    const some = open.map((i) => parts[i]!);
    const answers = await sendOnce(api, some, doing, signal, learn).catch((thrown: unknown) => {
      if (results.length === 0) throw thrown;
      return some.map(() => ({ unsent: thrown }));
    });
    for (const [at, i] of open.entries()) results[i] = answers[at]!;
    open = open.filter((i) => notExecuted(results[i]!));
    if (open.length === 0) return results;
    const asked = Math.max(0, ...open.map((i) => askedToWait(results[i]!, api.clock)));
    const paused = await waiting.pause(asked || undefined, signal).catch(() => false); // aborted: they stay refused
    if (!paused) return results;
  }
}

async function sendOnce(
  api: WebApi,
  parts: readonly Part[],
  doing: string,
  signal: AbortSignal,
  learn: Learn,
): Promise<(Answer | Lost | Unsent)[]> {
  const boundary = `batch_${randomUUID()}`;
  const answer = await api.write(
    {
      method: "POST",
      path: "$batch",
      headers: { "content-type": `multipart/mixed; boundary="${boundary}"`, prefer: "odata.continue-on-error" },
      body: written(await api.root(signal), boundary, parts),
      doing,
      repeatable: parts.every(({ method, headers }) => method === "GET" || headers?.["If-Match"] === "*"),
    },
    signal,
  );
  if ("lost" in answer || answer.status < 300) learn(parts.length, lesson(answer));
  if ("lost" in answer) return parts.map(() => answer);
  if (answer.status >= 300) {
    const fault = classify(answer);
    if (fault.kind !== "tooLarge") throw stopping(fault, doing);
    if (parts.length === 1) return [answer];
    learn(parts.length, Number.POSITIVE_INFINITY);
    const half = Math.ceil(parts.length / 2);
    const [one, other] = [parts.slice(0, half), parts.slice(half)];
    const first = await sendOnce(api, one, doing, signal, learn);
    const unsent = (thrown: unknown) => other.map(() => ({ unsent: thrown }));
    return [...first, ...(await sendOnce(api, other, doing, signal, learn).catch(unsent))];
  }
  const answers = read(answer, parts.length);
  return parts.map((_, i) => answers[i] ?? { lost: "the answer to the batch does not tell of this row" });
}

/** All line ends are CRLF, the last one too, or the service cannot read the batch. */
function written(root: string, boundary: string, parts: readonly Part[]): Buffer {
  const pieces: Uint8Array[] = [];
  for (const { method, path, headers, body } of parts) {
    const own = {
      ...(body && { "Content-Type": "application/json; type=entry" }),
      Accept: "application/json",
      ...headers,
    };
    const lines = [
      `--${boundary}`,
      "Content-Type: application/http",
      "Content-Transfer-Encoding: binary",
      "",
      `${method} ${root}${path} HTTP/1.1`,
      ...Object.entries(own).map(([name, value]) => `${name}: ${value}`),
      "",
      "",
    ];
    pieces.push(Buffer.from(lines.join(CRLF)), body ?? Buffer.alloc(0), Buffer.from(CRLF));
  }
  return Buffer.concat([...pieces, Buffer.from(`--${boundary}--${CRLF}`)]);
}

/**
 * The answers that came whole, in order: one that no delimiter follows was cut short. They carry nothing that says which
 * request each is for, so there are none where one was left out, or was added; nor where the answer is no batch's.
 */
function read(answer: Answer, asked: number): Answer[] {
  const boundary = /boundary="?([^";]+)"?/i.exec(answer.header("content-type") ?? "")?.[1];
  if (boundary === undefined) return [];
  const delimiter = Buffer.from(`--${boundary}`);
  const answers: Answer[] = [];
  let from = answer.body.indexOf(delimiter);
  for (;;) {
    const start = from + delimiter.length;
    const next = from < 0 ? -1 : answer.body.indexOf(Buffer.from(`${CRLF}--${boundary}`), start);
    if (next < 0) {
      const whole = from >= 0 && answer.body.toString("latin1", start, start + 2) === "--";
      return answers.length === asked || (answers.length < asked && !whole) ? answers : [];
    }
    const one = readOne(answer.body.subarray(start, next));
    if (!one) return answers;
    answers.push(one);
    from = next + CRLF.length;
  }
}

/** The HTTP response in one part: after the part's own headers. */
function readOne(part: Buffer): Answer | undefined {
  const blank = Buffer.from(CRLF + CRLF);
  const head = part.indexOf(blank);
  const end = head < 0 ? -1 : part.indexOf(blank, head + blank.length);
  if (head < 0) return undefined;
  const [first = "", ...lines] = part
    .subarray(head + blank.length, end < 0 ? undefined : end)
    .toString("latin1")
    .split(CRLF);
  const status = Number(/^HTTP\/1\.\d (\d{3})/.exec(first)?.[1]);
  if (!status) return undefined;
  const headers = new Map(lines.map((line) => [line.split(":")[0]!.toLowerCase(), line.replace(/^[^:]*:\s*/, "")]));
  return {
    status,
    header: (name) => headers.get(name),
    body: end < 0 ? Buffer.alloc(0) : part.subarray(end + blank.length),
  };
}

function notExecuted(answer: Answer | Lost | Unsent): boolean {
  return "status" in answer && answer.status >= 400 && ["throttled", "busy"].includes(classify(answer).kind);
}

function askedToWait(answer: Answer | Lost | Unsent, clock: Clock): number {
  return "status" in answer ? (retryAfter(answer.header("retry-after"), clock) ?? 0) : 0;
}
