import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { report } from "./measure.ts";
import { PEER, runPeer } from "./peers/run.ts";
import { writePeople } from "./people.ts";
import { openThere } from "./there.ts";
import { openPeopleProject } from "./whole-run/index.ts";

const BENCH = "noop";
const ROWS = 1_000_000;
const MOST_SECONDS = 5;

const SANDBOX = new URL("sandbox/sandbox-server.ts", import.meta.url);

/**
 * A whole `sluice run` right after one that sent everything: nothing has changed, so nothing is to be written. Beside it
 * what a client that keeps no state needs for the same rows: it sends them all again. Exits with 1 where anything is
 * written, or it takes five seconds or more.
 */
export async function noop({ rows = ROWS }: { rows?: number }): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "sluice-noop-"));
  const people = join(folder, "people.parquet");
  const there = await openThere(SANDBOX);
  const project = openPeopleProject(there.env, people);
  try {
    await writePeople(people, rows);
    const { totals: first } = await project.run();
    if (first.created !== rows) throw new Error(`not all ${rows} rows were created: ${JSON.stringify(first)}`);
    const { totals, seconds, peak_mb, cpu_seconds } = await project.run();
    const { writes, requests, unchanged } = totals;
    report({
      bench: BENCH,
      who: "sluice",
      rows,
      seconds,
      rate: rows / seconds,
      cpu_seconds,
      peak_mb,
      writes,
      requests,
    });
    const peer = await runPeer(there, people);
    report({ bench: BENCH, who: PEER, rows, ...peer, rate: rows / peer.seconds });
    report({ bench: BENCH, who: "sluice", ratio: seconds / peer.seconds, better: "lower", against: PEER, writes });
    if (writes > 0 || unchanged !== rows || seconds >= MOST_SECONDS) process.exitCode = 1;
  } finally {
    await project.close();
    await there.close();
    rmSync(folder, { recursive: true, force: true });
  }
}
