import { systemClock } from "../../src/connectors/dataverse/clock.ts";
import { type DataverseConfig, dataverse, openSession } from "../../src/connectors/dataverse/index.ts";
import { files } from "../../src/connectors/files/index.ts";
import type { Connector, Io } from "../../src/core/connector.ts";

let jumped = 0;

/** Time jumps over every pause, so that nobody waits for a Retry-After. */
const clock = {
  ...systemClock,
  now: () => systemClock.now() + jumped,
  async sleep(ms: number, signal?: AbortSignal) {
    jumped += ms;
    await systemClock.sleep(0, signal);
  },
};

const hasty = { ...dataverse, open: (given: DataverseConfig, io: Io) => openSession(given, io, { clock }) };

/** The real connectors, by id; Dynamics without the waiting. */
export const connectors = { files, dataverse: hasty } as Record<string, Connector>;
