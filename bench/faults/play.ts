import { type Random, random } from "../../examples/generator/random.ts";
import { type Content, contentOf, type Difference, difference } from "./content.ts";
import { type Day, days, knownBeforehand, sourceOn } from "./history.ts";
import type { Lane, Ran } from "./lane.ts";

/** A sound product needs a handful of runs a day at a rate of a tenth; one that needs this many never ends. */
const mostRuns = 30;

/** `rate`: the share of requests that goes wrong. `kills`: how many runs of a day are killed while they work. */
export type Trial = { seed: number; rows: number; rate: number; kills: number };

type History = {
  content: Content;
  runs: number;
  killed: number;
  requests: number;
  throttled: number;
  resolved: number;
  ms: number;
};

export type Played = Omit<History, "content" | "ms"> & { found: Difference };

/** Alternate keys guard the tables of every other seed. */
export const keyedBy = (seed: number): boolean => seed % 2 === 1;

/** One seed: the undisturbed days, then the same days with faults. */
export async function playSeed(lane: Lane, trial: Trial): Promise<Played> {
  const calm = await play(lane, { ...trial, rate: 0, kills: 0 }, 0);
  const { content, ms: _, ...shaken } = await play(lane, trial, calm.ms / days.length);
  return { ...shaken, found: difference(content, calm.content) };
}

/** `dayMs`: how long a day takes when nothing happens. */
async function play(lane: Lane, trial: Trial, dayMs: number): Promise<History> {
  const { seed, rows, rate } = trial;
  await lane.clear(keyedBy(seed));
  for (const known of knownBeforehand(seed, rows)) await lane.control("seed", known);
  const history = { runs: 0, killed: 0, requests: 0, throttled: 0, resolved: 0 };
  const chance = random(seed, "kills");
  const started = performance.now();
  for (const day of days) {
    lane.source(sourceOn(day, seed, rows));
    if (rate > 0) await lane.control("faults", faultRules(trial, day));
    await untilDone(lane, trial, history, chance, dayMs);
    await lane.control("faults", undefined, "DELETE");
  }
  const ms = performance.now() - started;
  await restsNow(lane);
  const content = await contentOf(
    async (table) => (await lane.control<{ value: Record<string, unknown>[] }>(`rows/${table}`)).value,
  );
  return { content, ...history, ms };
}

/** Runs until nothing is left to do; the first few are killed somewhere on their way. */
async function untilDone(
  lane: Lane,
  { kills }: Trial,
  history: Omit<History, "content" | "ms">,
  chance: Random,
  dayMs: number,
): Promise<void> {
  for (let n = 1; n <= mostRuns + kills; n++) {
    await lane.control("requests/clear", {});
    const { ran, error, killed } = await lane.run(n <= kills ? (chance.next() * dayMs) / 2 : undefined);
    const { requests } = await lane.control<{ requests: Logged[] }>("requests");
    history.runs++;
    history.killed += killed ? 1 : 0;
    history.requests += requests.length;
    history.throttled += requests.filter((each) => each.status === 429).length;
    for (const each of ran?.runs ?? []) history.resolved += resolvedIn(lane, each);
    if (error && !killed && !["throttled", "unavailable"].includes(error.kind)) throw error;
    if (error || killed || ran!.totals.failed + ran!.totals.rejected + ran!.totals.excluded > 0) continue;
    const written = requests.reduce((sum, each) => sum + each.rows, 0);
    if (written !== ran!.totals.writes)
      throw new Error(`a run says that it wrote ${ran!.totals.writes} rows; Dynamics wrote ${written}`);
    return;
  }
  throw new Error(`after ${mostRuns} runs there is still something to do`);
}

type Logged = { status: number; rows: number };

/** Unclear answers that a run resolved. Its counts must add up. */
function resolvedIn(lane: Lane, { sync, run, counts: c }: Ran["runs"][number]): number {
  const sum = c.created + c.updated + c.deleted + c.unchanged + c.excluded + c.rejected + c.failed;
  if (sum !== c.received) throw new Error(`counts of ${sync} do not add up: ${JSON.stringify(c)}`);
  return lane.resolved(sync, run);
}

/** One more run has nothing to do: what Sluice believes of Dynamics is so. */
async function restsNow(lane: Lane): Promise<void> {
  const { ran, error } = await lane.run();
  if (error) throw error;
  if (ran!.totals.writes > 0) throw new Error(`a run without anything to do wrote ${JSON.stringify(ran!.totals)}`);
}

/** What goes wrong, each kind with an equal part of the rate, on requests of any sort: reads, writes, metadata, tokens. */
function faultRules({ rate, seed }: Trial, day: Day): object[] {
  const kinds = [
    { status: 429, retryAfter: 2 },
    { status: 503 },
    { resetBefore: true },
    { resetAfter: true },
    { truncate: true },
    { expireTokens: true },
  ];
  return kinds.map((kind, i) => ({ ...kind, rate: rate / kinds.length, seed: seed * 100 + day * 10 + i }));
}
