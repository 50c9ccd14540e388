import type { Client, Target } from "../src/api/index.ts";
import { type DataverseConfig, dataverse, openSession } from "../src/connectors/dataverse/index.ts";
import { fakeClock } from "../src/connectors/dataverse/stub.ts";
import { files } from "../src/connectors/files/index.ts";
import type { Connector, Io } from "../src/core/connector.ts";
import { runJob } from "../src/engine/index.ts";
import { localClient } from "../src/server/client.ts";
import type { JobProcesses } from "../src/server/jobs/process.ts";
import { stateFault } from "../src/store/faults.ts";

/** The connector to Dataverse, whose pauses between tries take no time. */
const hasty = {
  ...dataverse,
  open: (given: DataverseConfig, io: Io) => openSession(given, io, { clock: fakeClock() }),
};
const connectors: Record<string, Connector> = { files: files as Connector, dataverse: hasty as Connector };

/** Jobs done in this process. */
export const jobsHere = (connectors: Record<string, Connector>): JobProcesses => ({
  start: (job, onProgress, signal, onShare) =>
    runJob(job, { connectors, onProgress, onShare, signal: signal ?? new AbortController().signal }).catch((thrown) => {
      throw stateFault(thrown, job.folder) ?? thrown;
    }),
  prepare() {},
  close() {},
});

/**
 * One operation by a client of its own, as a command has it; but jobs are done in this process: a third of the time of
 * the command line, and as good where no process is to be looked at.
 */
export async function inProcess<T>(target: Target, use: (client: Client) => Promise<T>): Promise<T> {
  const client = localClient(target, {
    connectors: { load: async (type) => connectors[type] ?? null, types: () => Object.keys(connectors) },
    jobs: jobsHere(connectors),
  });
  try {
    return await use(client);
  } finally {
    await client.close();
  }
}
