import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { DuckDBInstance } from "@duckdb/node-api";
import { localClient } from "../../src/server/client.ts";
import { connectorTypes, loadConnector } from "../../src/server/connectors.ts";
import { jobProcesses } from "../../src/server/jobs/process.ts";
import { standardFiles } from "../../test/make-project.ts";
import type { Span } from "./there.ts";

const mapping = {
  externaluseridentifier: "id",
  firstname: "first",
  lastname: "last",
  emailaddress1: "email",
  telephone1: "phone",
  birthdate: "born",
  creditlimit: "credit",
  donotemail: "quiet",
  address1_line1: "street",
  address1_city: "city",
};

const sync = JSON.stringify({
  model: "people",
  to: "crm",
  object: "contact",
  match: "externaluseridentifier",
  mapping,
});

/** One `sluice run` of `rows` new people, its run in a process of its own as always, and what that process took. */
export async function runSluice(env: Record<string, string>, rows: number): Promise<Span & { peak_mb: number }> {
  const folder = mkdtempSync(join(tmpdir(), "sluice-deliver-"));
  const { "models/people.yaml": model, "connections/data.yaml": data, "connections/crm.yaml": crm } = standardFiles;
  const files = { "sluice.yaml": "name: Bench\n", "models/people.yaml": model, "connections/data.yaml": data };
  for (const [path, text] of Object.entries({ ...files, "connections/crm.yaml": crm, "syncs/people.yaml": sync })) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text!);
  }
  mkdirSync(join(folder, "data"));
  await writePeople(join(folder, "data/people.parquet"), rows);
  process.env.BENCH_NOTES = join(folder, "notes.json");
  const client = localClient(
    { project: folder, variables: env },
    {
      connectors: { load: loadConnector, types: connectorTypes },
      jobs: jobProcesses(fileURLToPath(new URL("job.ts", import.meta.url))),
    },
  );
  try {
    const { totals } = await client.run({ syncs: [] });
    if (totals.created !== rows) throw new Error(`not all ${rows} rows were created: ${JSON.stringify(totals)}`);
    return JSON.parse(readFileSync(process.env.BENCH_NOTES, "utf8"));
  } finally {
    await client.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function writePeople(path: string, rows: number): Promise<void> {
  const duck = await DuckDBInstance.create();
  const connection = await duck.connect();
  await connection.run(`COPY (SELECT 'C' || n AS id, 'First' || n AS first, 'Ünal ' || n AS last,
'person' || n || '@example.com' AS email, '+4912345' || n AS phone, DATE '1950-01-01' + (n % 20000)::INTEGER AS born,
(n % 1000)::DECIMAL(10, 2) AS credit, n % 3 = 0 AS quiet, 'Street ' || n AS street, 'Berlin' AS city
FROM (SELECT range AS n FROM range(${rows}))) TO '${path.replaceAll("'", "''")}' (FORMAT parquet)`);
  connection.closeSync();
  duck.closeSync();
}
