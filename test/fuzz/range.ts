import fc from "fast-check";
import { Pool } from "undici";
import { type Sandbox, startSandbox } from "../../src/sandbox/index.ts";
import { accessToken } from "../access-token.ts";
import { type Answered, checkInvariants, type Send } from "./invariants.ts";
import { controlShots, entraShots } from "./other-requests.ts";
import { type Shot, webApiShots } from "./requests.ts";

const IN_FLIGHT = 16;
const SLOWEST_MS = 20_000;
const ROUND = 2_000;

export type Outcome = { cases: number; statuses: Map<number, number>; problems: string[] };

/**
 * Fires `cases` requests made from `seed` at a fresh sandbox over HTTP, many at a time, and judges every answer; after
 * each round the rows must still be consistent. A problem names the round's seed and the request.
 */
export async function fire(
  cases: number,
  seed: number,
  told: (done: number) => void = () => undefined,
): Promise<Outcome> {
  const outcome: Outcome = { cases: 0, statuses: new Map(), problems: [] };
  const sandbox = await startSandbox();
  const pool = new Pool(sandbox.origin, {
    connections: IN_FLIGHT,
    bodyTimeout: SLOWEST_MS,
    headersTimeout: SLOWEST_MS,
  });
  try {
    for (let round = 0; outcome.cases < cases; round++) {
      const size = Math.min(ROUND, cases - outcome.cases);
      await fireRound(sandbox, pool, size, seed + round, outcome);
      outcome.cases += size;
      told(outcome.cases);
      if (outcome.problems.length >= 20) break;
    }
  } finally {
    await pool.destroy();
    await sandbox.close();
  }
  return outcome;
}

async function fireRound(sandbox: Sandbox, pool: Pool, size: number, seed: number, outcome: Outcome): Promise<void> {
  await request(pool, { kind: "control", method: "POST", path: "/_sandbox/reset", headers: {} });
  const token = await accessToken(sandbox.env);
  const send: Send = (shot) => {
    const own = shot.kind === "webApi" ? { authorization: `Bearer ${token}` } : {};
    const typed = shot.body === undefined ? {} : { "content-type": "application/json" };
    return request(pool, { ...shot, headers: { ...own, ...typed, ...shot.headers } });
  };
  const judge = async (shot: Shot) => {
    const problem = await shoot(send, shot, outcome);
    if (problem !== undefined) outcome.problems.push(`seed ${seed}: ${problem}\n  ${curl(shot)}`);
  };
  for (const shot of firstRows) await send(shot);
  const rowsBefore = await checkInvariants(send);
  const data = fc.sample(fc.oneof({ weight: 12, arbitrary: webApiShots }, { weight: 1, arbitrary: entraShots }), {
    seed,
    numRuns: Math.ceil(size * 0.9),
  });
  await inFlight(data, judge);
  outcome.problems.push(...(await rowsBefore.after()).map((problem) => `seed ${seed}: ${problem}`));
  // Faults that the control API arms would fall on requests that are judged: these come last, and one by one.
  for (const shot of fc.sample(controlShots, { seed, numRuns: Math.floor(size * 0.1) })) await judge(shot);
}

/** Rows under the ids that generated requests use most, so that reads and references find something. */
const firstRows: Shot[] = ["accounts", "contacts", "tasks", "leads", "lists"].flatMap((set) =>
  [1, 2, 3, 4, 5, 6].map((n) => ({
    kind: "webApi" as const,
    method: "PATCH",
    path: `/api/data/v9.2/${set}(00000000-0000-0000-0000-00000000000${n})`,
    headers: {},
    body: JSON.stringify(set === "lists" ? { listname: "First", createdfromcode: 2 } : {}),
  })),
);

async function inFlight(shots: Shot[], work: (shot: Shot) => Promise<void>): Promise<void> {
  let next = 0;
  const lane = async () => {
    while (next < shots.length) await work(shots[next++]!);
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, lane));
}

async function shoot(send: Send, shot: Shot, outcome: Outcome): Promise<string | undefined> {
  try {
    const answer = await send(shot);
    outcome.statuses.set(answer.status, (outcome.statuses.get(answer.status) ?? 0) + 1);
    return problemOf(shot, answer);
  } catch (error) {
    return `no answer: ${(error as Error).message}`;
  }
}

/** What is wrong with an answer, by the envelope its endpoint documents; undefined: nothing. */
export function problemOf(shot: Shot, answer: Answered): string | undefined {
  const shown = `${answer.status} ${answer.type} ${answer.text.slice(0, 400)}`;
  if (answer.status >= 500 && answer.status !== 501) return `a fault of ours: ${shown}`;
  if (shot.method === "HEAD" || answer.status === 204 || answer.status === 304 || answer.status === 401)
    return undefined;
  if (answer.type.startsWith("multipart/mixed")) return partProblem(answer.text);
  const json = /json/.test(answer.type) ? parsed(answer.text) : undefined;
  if (/json/.test(answer.type) && json === undefined) return `not JSON: ${shown}`;
  if (answer.status < 400) return undefined;
  if (shot.kind === "entra" && (answer.status === 405 || /html/.test(answer.type))) return undefined;
  const error = (json as { error?: unknown } | undefined)?.error;
  if (shot.kind === "entra" && typeof error === "string") return undefined;
  const { code, message } = (error ?? {}) as { code?: unknown; message?: unknown };
  if (typeof code !== "string" || typeof message !== "string" || message === "") return `not the envelope: ${shown}`;
  return answer.status === 501 && message.length < 20 ? `501 without a name: ${shown}` : undefined;
}

function partProblem(text: string): string | undefined {
  const bad = [...text.matchAll(/^HTTP\/1\.1 (\d+)[\s\S]*?(?=\r\n--)/gm)].find(
    ([, status]) => Number(status) >= 500 && status !== "501",
  );
  return bad && `a fault of ours in a batch: ${bad[0].slice(0, 400)}`;
}

async function request(pool: Pool, { method, path, headers, body }: Shot): Promise<Answered> {
  const answer = await pool.request({ method: method as "GET", path, headers, body: body ?? null });
  const text = await answer.body.text();
  return { status: answer.statusCode, type: String(answer.headers["content-type"] ?? ""), text };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function curl({ method, path, headers, body }: Shot): string {
  return JSON.stringify({ method, path, headers, ...(body === undefined ? {} : { body }) }).slice(0, 3000);
}
