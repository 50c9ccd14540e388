import { median, report } from "../measure.ts";
import type { Took } from "./process.ts";
import { makeWorld } from "./world.ts";

const BENCH = "plan";
const ROWS = 10_000_000;
const PAIRS = 5;
/** Sizes whose plans show how the time grows; larger ones than `rows` are left out. */
const SIZES = [1_000_000, 2_000_000, 5_000_000, 10_000_000, 50_000_000];
/** Beside the limit of 1 GB: what a run may take at most. */
const MOST_MB = 1000 + 400;

/**
 * What a plan costs beside the least that any program must do (`World.floor`), each in a process of its own and by turns;
 * then a run of ten changed rows, the fold of a run, a plan with half the memory, and how the time grows with the rows.
 * `seconds` of the plan are medians; `ratio` is the median of the pairs' ratios. Exits with 1 where the plan is more than
 * twice the floor, a run of ten rows more than 1.6 times, the fold more than once, or memory is passed.
 */
export async function plan({ rows = ROWS }: { rows?: number }): Promise<void> {
  const grown: [rows: number, seconds: number][] = [];
  for (const size of SIZES.filter((each) => each !== rows && (each < rows || rows >= ROWS))) {
    const world = await makeWorld(size);
    try {
      const took = await world.job("plan", "changed");
      grown.push([size, took.seconds]);
      tell("sluice", size, took);
    } finally {
      world.close();
    }
  }
  const world = await makeWorld(rows);
  try {
    const pairs: [Took, Took][] = [];
    for (let i = 0; i < PAIRS; i++) pairs.push([await world.floor("changed"), await world.job("plan", "changed")]);
    const floor = median(pairs.map(([least]) => least.seconds));
    const ours = pairs.map(([, took]) => took);
    const seconds = median(ours.map((took) => took.seconds));
    const ratio = median(pairs.map(([least, took]) => took.seconds / least.seconds));
    for (const [least, took] of pairs) {
      tell("floor", rows, least);
      tell("sluice", rows, took);
    }
    const half = await world.job("plan", "changed", "512MB");
    tell("sluice, 512 MB", rows, half);
    const [least, few] = [await world.floor("ten"), await world.job("plan", "ten")];
    tell("floor, ten rows", rows, least);
    tell("sluice, ten rows", rows, few);
    const run = await world.job("run", "changed");
    const fold = run.seconds - run.phases.readback!;
    tell("sluice, whole run", rows, run, { fold, fold_ratio: fold / floor });
    const peak_mb = Math.max(...ours.map((took) => took.peak_mb), few.peak_mb, run.peak_mb);
    const tens = few.seconds / least.seconds;
    report({
      bench: BENCH,
      who: "sluice",
      rows,
      seconds,
      ratio,
      better: "lower",
      against: "one scan, hash and join, the touched rows written out",
      peak_mb,
      exponent: exponentOf([...grown, [rows, seconds]]),
      fold_ratio: fold / floor,
      ten_rows_ratio: tens,
    });
    if (ratio > 2 || tens > 1.6 || fold > floor || peak_mb > MOST_MB) process.exitCode = 1;
  } finally {
    world.close();
  }
}

function tell(who: string, rows: number, { seconds, cpu, peak_mb }: Took, more: Record<string, unknown> = {}): void {
  report({ bench: BENCH, who, rows, seconds, rate: rows / seconds, cpu_seconds: cpu, peak_mb, ...more });
}

/** The power of the rows that seconds grow with, by least squares; undefined of fewer than two sizes. */
function exponentOf(points: [rows: number, seconds: number][]): number | undefined {
  if (points.length < 2) return undefined;
  const logs = points.map(([rows, seconds]) => [Math.log(rows), Math.log(seconds)] as const);
  const mean = (of: 0 | 1) => logs.reduce((sum, point) => sum + point[of], 0) / logs.length;
  const [x, y] = [mean(0), mean(1)];
  const over = logs.reduce((sum, point) => sum + (point[0] - x) * (point[1] - y), 0);
  return over / logs.reduce((sum, point) => sum + (point[0] - x) ** 2, 0);
}
