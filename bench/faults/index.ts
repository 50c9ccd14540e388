import { availableParallelism } from "node:os";
import { report } from "../measure.ts";
import { type Content, contentOf, type Difference, difference } from "./content.ts";
import { days, knownBeforehand, sourceOn } from "./history.ts";
import { type Lane, openLane } from "./lane.ts";

const BENCH = "faults";

/** A sound product needs a handful of runs a day at a rate of a tenth; one that needs this many never ends. */
const mostRuns = 30;

type Options = { rows?: number; rate?: number; seeds?: number };

/**
 * Loads and changes `rows` people and their firms for three days while a share `rate` of all requests goes wrong, and
 * compares what is then in Dynamics with what undisturbed runs leave there. Half of the seeds have alternate keys, the
 * others none. Exit code 1 where anything is lost, doubled or different, or no unclear answer was ever resolved.
 */
export async function faults({ rows = 20_000, rate = 0.1, seeds = 20 }: Options): Promise<void> {
  const none = {
    lost: 0,
    doubled: 0,
    different: 0,
    unknown_resolved: 0,
    runs: 0,
    requests: 0,
    throttled: 0,
    seconds: 0,
  };
  const total = { ...none };
  const left = Array.from({ length: seeds }, (_, i) => i + 1);
  const work = async () => {
    const lane = await openLane();
    try {
      for (let seed = left.shift(); seed !== undefined; seed = left.shift()) {
        const { found, ...line } = await playSeed(lane, { seed, rows, rate });
        report({ bench: BENCH, seed, keyed: keyedBy(seed), ...line });
        for (const [what, keys] of Object.entries(found))
          if (keys.length > 0) console.error(`seed ${seed}, ${what}: ${keys.slice(0, 5).join(", ")}`);
        for (const name of Object.keys(none) as (keyof typeof none)[]) total[name] += line[name];
      }
    } finally {
      await lane.close();
    }
  };
  const started = performance.now();
  await Promise.all(Array.from({ length: Math.min(seeds, Math.max(1, availableParallelism() - 1)) }, work));
  const seconds = (performance.now() - started) / 1000;
  report({ bench: BENCH, who: "sluice", rows, rate, seeds, ...total, seconds });
  if (total.lost + total.doubled + total.different > 0 || total.unknown_resolved === 0) process.exitCode = 1;
}

const keyedBy = (seed: number): boolean => seed % 2 === 1;

export type Played = Record<
  "lost" | "doubled" | "different" | "runs" | "requests" | "throttled" | "seconds",
  number
> & {
  unknown_resolved: number;
  found: Difference;
};

/** One seed: the undisturbed days, then the same days with faults. */
export async function playSeed(
  lane: Lane,
  { seed, rows, rate }: Required<Omit<Options, "seeds">> & { seed: number },
): Promise<Played> {
  const started = performance.now();
  const calm = await play(lane, seed, rows, []);
  const shaken = await play(lane, seed, rows, faultRules(rate, seed));
  const found = difference(shaken.content, calm.content);
  return {
    lost: found.lost.length,
    doubled: found.doubled.length,
    different: found.different.length,
    unknown_resolved: shaken.resolved,
    runs: shaken.runs,
    requests: shaken.requests,
    throttled: shaken.throttled,
    seconds: (performance.now() - started) / 1000,
    found,
  };
}

type History = { content: Content; runs: number; requests: number; throttled: number; resolved: number };

async function play(lane: Lane, seed: number, rows: number, rules: object[]): Promise<History> {
  await lane.clear(keyedBy(seed));
  for (const known of knownBeforehand(seed, rows)) await lane.control("seed", known);
  await lane.control("requests/clear", {});
  let [runs, resolved] = [0, 0];
  for (const day of days) {
    lane.source(sourceOn(day, seed, rows));
    if (rules.length > 0) await lane.control("faults", rules);
    const done = await untilDone(lane);
    runs += done.runs;
    resolved += done.resolved;
    await lane.control("faults", undefined, "DELETE");
  }
  const { requests } = await lane.control<{ requests: { status: number }[] }>("requests");
  await restsNow(lane);
  const content = await contentOf(
    async (table) => (await lane.control<{ value: Record<string, unknown>[] }>(`rows/${table}`)).value,
  );
  return {
    content,
    runs,
    resolved,
    requests: requests.length,
    throttled: requests.filter((r) => r.status === 429).length,
  };
}

/** Runs until nothing is left to do. */
async function untilDone(lane: Lane): Promise<{ runs: number; resolved: number }> {
  let resolved = 0;
  for (let runs = 1; runs <= mostRuns; runs++) {
    const { ran, error } = await lane.run();
    for (const { counts: c, sync } of ran?.runs ?? []) {
      const sum = c.created + c.updated + c.deleted + c.unchanged + c.excluded + c.rejected + c.failed;
      if (sum !== c.received) throw new Error(`counts of ${sync} do not add up: ${JSON.stringify(c)}`);
    }
    if (error && !["throttled", "unavailable", "auth"].includes(error.kind)) throw error;
    for (const { sync, run } of ran?.runs ?? []) resolved += lane.resolved(sync, run);
    const { totals } = ran ?? {};
    if (!error && totals && totals.failed + totals.rejected + totals.excluded === 0) return { runs, resolved };
  }
  throw new Error(`after ${mostRuns} runs there is still something to do`);
}

/** One more run has nothing to do: what Sluice believes of Dynamics is so. */
async function restsNow(lane: Lane): Promise<void> {
  const { ran, error } = await lane.run();
  if (error) throw error;
  if (ran!.totals.writes > 0) throw new Error(`a run without anything to do wrote ${JSON.stringify(ran!.totals)}`);
}

/** What goes wrong, each kind with an equal part of `rate`, on requests of any sort: reads, writes, metadata, tokens. */
function faultRules(rate: number, seed: number): object[] {
  const kinds = [
    { status: 429, retryAfter: 2 },
    { status: 503 },
    { resetBefore: true },
    { resetAfter: true },
    { truncate: true },
    { expireTokens: true },
  ];
  return kinds.map((kind, i) => ({ ...kind, rate: rate / kinds.length, seed: seed * 100 + i }));
}
