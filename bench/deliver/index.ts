import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { report } from "../measure.ts";
import { writePeople } from "../people.ts";
import { openThere, type Span, type There } from "../there.ts";
import { loadPeople } from "../whole-run/index.ts";
import { peers } from "./peers.ts";
import { SPEED } from "./speed.ts";

const BENCH = "deliver";
const ROWS = 600_000;

/** What Dataverse's limits let one user create at best, in modelled seconds: 11 ms of execution a row, 52 at once. */
function leastSeconds(rows: number): number {
  const work = rows * 0.011;
  return 300 * Math.floor(work / 1200) + (work % 1200) / 52;
}

type Sent = Span & { peak_mb?: number };
type Result = { rate: number; utilisation: number; throttled: number; lost: number; doubled: number };

/**
 * New contacts into a sandbox with the documented limits, twenty times as fast: a whole `sluice run`, and each peer with
 * fewer rows. `seconds` are this machine's, from the first write to the last; `rate` is rows in a modelled second;
 * `utilisation` is the share of what the limits allow. Exits with 1 where ours is below 0.9, was never throttled, or a
 * row is lost or doubled.
 */
export async function deliver({ rows = ROWS }: { rows?: number }): Promise<void> {
  const ours = await measured("sluice", rows, ({ env }) => wholeRun(env, rows));
  const theirs: [who: string, rate: number][] = [];
  for (const { who, rows: fewer, send } of peers) {
    const count = Math.min(fewer, rows);
    theirs.push([who, (await measured(who, count, (there) => send(there, count))).rate]);
  }
  const [against, best] = theirs.toSorted((a, b) => b[1] - a[1])[0]!;
  report({ bench: BENCH, who: "sluice", ratio: ours.rate / best, better: "higher", against });
  if (ours.utilisation < 0.9 || ours.throttled < 1 || ours.lost > 0 || ours.doubled > 0) process.exitCode = 1;
}

async function wholeRun(env: Record<string, string>, rows: number): Promise<Sent> {
  const folder = mkdtempSync(join(tmpdir(), "sluice-deliver-"));
  const people = join(folder, "people.parquet");
  try {
    await writePeople(people, rows);
    return await loadPeople(env, people, rows);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measured(who: string, rows: number, send: (there: There) => Promise<Sent>): Promise<Result> {
  const there = await openThere(new URL("sandbox-server.ts", import.meta.url));
  try {
    const { from, to, peak_mb } = await send(there);
    const seconds = (to - from) / 1000;
    const modelled = seconds * SPEED;
    const result = {
      rate: rows / modelled,
      utilisation: leastSeconds(rows) / modelled,
      throttled: await there.throttled(),
      ...(await there.compare(rows)),
    };
    report({ bench: BENCH, who, rows, seconds, ...(peak_mb !== undefined && { peak_mb }), ...result });
    return result;
  } finally {
    await there.close();
  }
}
