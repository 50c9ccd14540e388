import { type DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";

/** Bytes that the process grows by until it is looked after again: doing so takes some hundredths of a second. */
const STEP = 150e6;

export type HandBack = {
  /** To be called between statements. */
  ifGrown(): Promise<void>;
  close(): void;
};

/**
 * Gives back to the system what this process has freed, once it takes more than `above` bytes. DuckDB's allocator keeps up to
 * half of a gigabyte of it, beside the memory limit, for a limit counts only what is in use; it lets go of everything when the
 * limit of any instance is set (found with 1.5.6). That of a run cannot be set any more (`lockDown`), so there is one for this
 * alone. What JavaScript has freed goes too where the process has `gc` (`jobProcesses`).
 */
export function handBack(above: number): HandBack {
  let lowest = process.memoryUsage.rss();
  let valve: { instance: DuckDBInstance; connection: DuckDBConnection } | undefined;
  return {
    async ifGrown() {
      const now = process.memoryUsage.rss();
      lowest = Math.min(lowest, now);
      if (now < above || now < lowest + STEP) return;
      globalThis.gc?.();
      valve ??= await openValve();
      await valve.connection.run("SET memory_limit = '16MB'");
      lowest = process.memoryUsage.rss();
    },
    close() {
      valve?.connection.closeSync();
      valve?.instance.closeSync();
      valve = undefined;
    },
  };
}

async function openValve() {
  const instance = await DuckDBInstance.create(":memory:", { threads: "1", memory_limit: "16MB" });
  return { instance, connection: await instance.connect() };
}
