import { readFileSync } from "node:fs";
import { files } from "../../src/connectors/files/index.ts";
import type { Connector } from "../../src/core/connector.ts";
import { openDuck } from "../../src/engine/duck.ts";
import { runJob } from "../../src/engine/index.ts";
import type { Job, JobResult } from "../../src/engine/job.ts";
import { nullDestination } from "./null-destination.ts";

// One piece of measured work in a process of its own: it answers with what it took, and ends.

/** A job of the engine, or statements for a DuckDB with the settings of a run. */
export type Work =
  | { job: Job; sql?: undefined }
  | { job?: undefined; sql: string[]; memoryLimit: string; temp: string };

/** `cpu`: seconds of all threads. `phases`: seconds from the start until each began. */
export type Took = {
  seconds: number;
  cpu: number;
  peak_mb: number;
  phases: Record<string, number>;
  result?: JobResult;
};

process.once("message", async (work: Work) => {
  const started = performance.now();
  const before = process.cpuUsage();
  const phases: Record<string, number> = {};
  const since = () => (performance.now() - started) / 1000;
  let result: JobResult | undefined;
  if (work.job) {
    const connectors = { files, null: nullDestination } as Record<string, Connector>;
    const onProgress = ({ phase }: { phase: string }) => {
      phases[phase] ??= since();
    };
    result = await runJob(work.job, { connectors, onProgress, signal: new AbortController().signal });
  } else {
    const duck = await openDuck(work);
    for (const statement of work.sql) await duck.run(statement);
    await duck.close();
  }
  const seconds = since();
  const { user, system } = process.cpuUsage(before);
  const cpu = (user + system) / 1e6;
  process.send!({ seconds, cpu, peak_mb: peak(), phases, ...(result && { result }) } satisfies Took, () =>
    process.exit(),
  );
});

/** The most memory this process ever had. `maxRSS` would be that of the parent until it is passed. */
function peak(): number {
  const [, kilobytes] = /VmHWM:\s*(\d+)/.exec(readFileSync("/proc/self/status", "utf8"))!;
  return Number(kilobytes) / 1000;
}
