import { report } from "./measure.ts";
import { makeWorld } from "./plan/world.ts";

const BENCH = "memory";
const SIZES = [1_000_000, 10_000_000, 50_000_000];
/** The default limit of DuckDB, and what Node and buffers may take beside it. */
const MOST_MB = 1000 + 400;

/**
 * The most memory that the process of a run takes, of 2 % changed rows, into a destination that takes everything at once.
 * `ratio` is the worst peak against what is allowed. Exits with 1 above it.
 */
export async function memory({ rows }: { rows?: number }): Promise<void> {
  let worst = 0;
  for (const size of rows === undefined ? SIZES : [rows]) {
    const world = await makeWorld(size);
    try {
      const { seconds, peak_mb } = await world.job("run", "changed");
      report({ bench: BENCH, who: "sluice", rows: size, seconds, rate: size / seconds, peak_mb });
      worst = Math.max(worst, peak_mb);
    } finally {
      world.close();
    }
  }
  report({ bench: BENCH, who: "sluice", ratio: worst / MOST_MB, better: "lower", against: "memory_limit + 400 MB" });
  if (worst > MOST_MB) process.exitCode = 1;
}
