import { availableParallelism } from "node:os";
import { report } from "../measure.ts";
import { openLane } from "./lane.ts";
import { keyedBy, playSeed } from "./play.ts";

const BENCH = "faults";

type Options = { rows?: number; rate?: number; seeds?: number; kills?: number };

const none = { lost: 0, doubled: 0, different: 0, unknown_resolved: 0, runs: 0, killed: 0, requests: 0, throttled: 0 };

/**
 * Loads and changes `rows` people and their firms for three days while a share `rate` of all requests goes wrong, and
 * compares what is then in Dynamics with what undisturbed runs leave there. Half of the seeds have alternate keys, the
 * others none; `kills` runs of each day are killed besides. Exit code 1 where anything is lost, doubled or different, or
 * no unclear answer was ever resolved, or where a run tells wrong counts, or of a mistake of ours.
 */
export async function faults({ rows = 20_000, rate = 0.1, seeds = 20, kills = 0 }: Options): Promise<void> {
  const total = { ...none };
  const left = Array.from({ length: seeds }, (_, i) => i + 1);
  const work = async () => {
    const lane = await openLane();
    try {
      for (let seed = left.shift(); seed !== undefined; seed = left.shift()) {
        const started = performance.now();
        const played = await playSeed(lane, { seed, rows, rate, kills }).catch((thrown: unknown) => {
          console.error(`seed ${seed}:`, thrown);
          process.exitCode = 1;
        });
        if (!played) continue;
        const { found, resolved, ...rest } = played;
        const [lost, doubled, different] = [found.lost.length, found.doubled.length, found.different.length];
        const line = { lost, doubled, different, unknown_resolved: resolved, ...rest };
        report({ bench: BENCH, seed, keyed: keyedBy(seed), ...line, seconds: (performance.now() - started) / 1000 });
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
  report({ bench: BENCH, who: "sluice", rows, rate, seeds, kills, ...total, seconds });
  if (total.lost + total.doubled + total.different > 0 || total.unknown_resolved === 0) process.exitCode = 1;
}
