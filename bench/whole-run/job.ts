import { writeFileSync } from "node:fs";
import { type DataverseConfig, dataverse } from "../../src/connectors/dataverse/index.ts";
import { files } from "../../src/connectors/files/index.ts";
import type { Connector, Io } from "../../src/core/connector.ts";
import { runJob } from "../../src/engine/index.ts";
import { serveJob } from "../../src/server/jobs/child.ts";

// The process of a run, as main.ts makes it, which also notes when it wrote and what it took of the machine.

let from = 0;
let to = 0;

const timed = {
  ...dataverse,
  open(given: DataverseConfig, io: Io) {
    const session = dataverse.open(given, io);
    const write: typeof session.write = async (...args) => {
      from ||= performance.now();
      const outcome = await session.write(...args);
      to = performance.now();
      return outcome;
    };
    return { ...session, write };
  },
};

const connectors = { files, dataverse: timed } as Record<string, Connector>;

serveJob(async (job, onProgress, signal) => {
  const result = await runJob(job, { connectors, onProgress, signal });
  const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage(); // in kilobytes and microseconds
  const notes = { from, to, peak_mb: maxRSS / 1000, cpu_seconds: (userCPUTime + systemCPUTime) / 1e6 };
  writeFileSync(process.env.BENCH_NOTES!, JSON.stringify(notes));
  return result;
});
