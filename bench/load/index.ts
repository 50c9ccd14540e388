import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { median, report } from "../measure.ts";
import { PEER, runPeer } from "../peers/run.ts";
import { writePeople } from "../people.ts";
import { openThere, type There } from "../there.ts";
import { loadPeople } from "../whole-run/index.ts";
import { engineAlone } from "./engine-alone.ts";

const BENCH = "load";
const ROWS = 1_000_000;
const PAIRS = 5;
/** With which the process of a run takes less than 1 GB, and no longer than with the usual limit. */
const MEMORY = "640MB";

const SANDBOX = new URL("../sandbox/sandbox-server.ts", import.meta.url);

type Load = { seconds: number; cpu_seconds: number; peak_mb: number };

/**
 * New contacts into a sandbox that is as fast as it can: a whole `sluice run`, with its plan, journal, read-back and
 * fold, and a client that only sends, in turn. Then the engine alone: change files to a socket that takes everything.
 * Exits with 1 where the rate is below 0.95 of the peer's, more processor time is taken, a run's process takes more than
 * 1 GB, the engine alone sends fewer than 300,000 rows a second, or a row is lost or doubled.
 */
export async function load({ rows = ROWS }: { rows?: number }): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "sluice-load-"));
  const people = join(folder, "people.parquet");
  try {
    await writePeople(people, rows);
    const pairs: { sluice: Load; peer: Load }[] = [];
    for (let n = 0; n < PAIRS; n++)
      pairs.push({
        sluice: await measured("sluice", rows, ({ env }) => loadPeople(env, people, rows, MEMORY)),
        peer: await measured(PEER, rows, (there) => runPeer(there, people)),
      });
    const alone = await engineAlone(folder, people, rows);
    report({ bench: BENCH, who: "engine alone", rows, ...alone });
    const ratio = median(pairs.map(({ sluice, peer }) => peer.seconds / sluice.seconds));
    const cpu_ratio = median(pairs.map(({ sluice, peer }) => sluice.cpu_seconds / peer.cpu_seconds));
    const peak_mb = Math.max(...pairs.map(({ sluice }) => sluice.peak_mb));
    const engine = { engine_rate: alone.rate };
    report({ bench: BENCH, who: "sluice", ratio, better: "higher", against: PEER, cpu_ratio, peak_mb, ...engine });
    if (ratio < 0.95 || cpu_ratio > 1 || peak_mb > 1000 || alone.rate < 300_000) process.exitCode = 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measured(who: string, rows: number, send: (there: There) => Promise<Load>): Promise<Load> {
  const there = await openThere(SANDBOX);
  try {
    const { seconds, cpu_seconds, peak_mb } = await send(there);
    const { lost, doubled } = await there.compare(rows);
    if (lost + doubled > 0) throw new Error(`${who}: ${lost} contacts lost, ${doubled} doubled`);
    report({ bench: BENCH, who, rows, seconds, rate: rows / seconds, cpu_seconds, peak_mb });
    return { seconds, cpu_seconds, peak_mb };
  } finally {
    await there.close();
  }
}
