import { DuckDBInstance } from "@duckdb/node-api";
import { DynamicsWebApi } from "dynamics-web-api";
import { KEY, mapping } from "../people.ts";

// The process of a peer: people of a Parquet file by `dynamics-web-api`, as somebody would write it who knows both it and
// the documentation, with nothing remembered and nothing looked at again. It is told what to send, and answers what it took.

export type Task = { url: string; token: string; people: string };
export type Took = { seconds: number; cpu_seconds: number; peak_mb: number; requests: number };

/** Rows in a call, and calls at once: of those tried, the fastest. */
const BATCH = 1000;
const AT_ONCE = 8;

process.once("message", async (task: Task) => {
  const started = performance.now();
  const requests = await upsertAll(task);
  const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage(); // in kilobytes and microseconds
  const seconds = (performance.now() - started) / 1000;
  const took: Took = { seconds, cpu_seconds: (userCPUTime + systemCPUTime) / 1e6, peak_mb: maxRSS / 1000, requests };
  process.send!(took, () => process.exit());
});

async function upsertAll({ url, token, people }: Task): Promise<number> {
  const api = new DynamicsWebApi({
    serverUrl: url,
    dataApi: { version: "9.2" },
    onTokenRefresh: async () => token,
  });
  const batches = readBatches(people);
  let requests = 0;
  const worker = async () => {
    for (let each = await batches.next(); !each.done; each = await batches.next()) {
      requests++;
      const actionName = "Microsoft.Dynamics.CRM.UpsertMultiple";
      await api.callAction({ collection: "contacts", actionName, action: { Targets: each.value } });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return requests;
}

/** The rows as the Web API wants them. An async generator answers its callers one after another. */
async function* readBatches(people: string): AsyncGenerator<Record<string, unknown>[]> {
  const duck = await DuckDBInstance.create(":memory:", { threads: "2" });
  const connection = await duck.connect();
  const columns = Object.entries(mapping).map(([to, from]) => {
    const value = to === "birthdate" ? `${from}::VARCHAR` : to === "creditlimit" ? `${from}::DOUBLE` : from;
    return `${value} AS ${to}`;
  });
  const result = await connection.stream(`SELECT ${columns.join(", ")} FROM '${people.replaceAll("'", "''")}'`);
  const names = result.columnNames();
  let batch: Record<string, unknown>[] = [];
  for (let chunk = await result.fetchChunk(); chunk && chunk.rowCount > 0; chunk = await result.fetchChunk()) {
    for (const values of chunk.getRows()) {
      const row: Record<string, unknown> = { "@odata.type": "Microsoft.Dynamics.CRM.contact" };
      for (const [i, name] of names.entries())
        row[name] = typeof values[i] === "bigint" ? Number(values[i]) : values[i];
      row["@odata.id"] = `contacts(${KEY.target}='${row[KEY.target]}')`;
      delete row[KEY.target];
      batch.push(row);
      if (batch.length < BATCH) continue;
      yield batch;
      batch = [];
    }
  }
  if (batch.length > 0) yield batch;
  connection.closeSync();
}
