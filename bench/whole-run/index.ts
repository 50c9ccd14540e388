import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { ResponseOf } from "../../src/api/index.ts";
import { localClient } from "../../src/server/client.ts";
import { connectorTypes, loadConnector } from "../../src/server/connectors.ts";
import { jobProcesses } from "../../src/server/jobs/process.ts";
import { standardFiles } from "../../test/make-project.ts";
import { timed } from "../measure.ts";
import { KEY, mapping } from "../people.ts";

/**
 * What one `sluice run` took: `seconds` of it all, `from` the first write `to` the last in milliseconds of its process's
 * clock, and of that process the most memory and the processor time, to which the command's own is added.
 */
export type WholeRun = {
  totals: ResponseOf<"run">["totals"];
  seconds: number;
  from: number;
  to: number;
  peak_mb: number;
  cpu_seconds: number;
};

export type PeopleProject = { run(): Promise<WholeRun>; close(): Promise<void> };

/** A project that sends the people in a Parquet file to contacts. Each run has a process of its own, as always. */
export function openPeopleProject(env: Record<string, string>, people: string, memoryLimit?: string): PeopleProject {
  const folder = mkdtempSync(join(tmpdir(), "sluice-bench-"));
  const { "connections/crm.yaml": crm } = standardFiles;
  const data = { type: "files", folder: dirname(people) };
  const sync = { model: "people", to: "crm", object: "contact", match: KEY.target, mapping };
  const files = {
    "sluice.yaml": "name: Bench\n",
    "models/people.yaml": JSON.stringify({ connection: "data", table: "people", key: KEY.source }),
    "connections/data.yaml": JSON.stringify(data),
    "connections/crm.yaml": crm!,
    "syncs/people.yaml": JSON.stringify(sync),
  };
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  const notes = join(folder, "notes.json");
  process.env.BENCH_NOTES = notes;
  // As `bin/sluice.js` has it: a process of a run reads its code from there.
  process.env.NODE_COMPILE_CACHE ??= fileURLToPath(new URL("../../node_modules/.cache/sluice", import.meta.url));
  const client = localClient(
    { project: folder, variables: env, memoryLimit },
    {
      connectors: { load: loadConnector, types: connectorTypes },
      jobs: jobProcesses(fileURLToPath(new URL("job.ts", import.meta.url))),
    },
  );
  return {
    async run() {
      const before = process.cpuUsage();
      let totals: WholeRun["totals"];
      const seconds = await timed(async () => {
        ({ totals } = await client.run({ syncs: [] }));
      });
      const { user, system } = process.cpuUsage(before);
      const noted = JSON.parse(readFileSync(notes, "utf8")) as Omit<WholeRun, "totals" | "seconds">;
      return { totals: totals!, seconds, ...noted, cpu_seconds: noted.cpu_seconds + (user + system) / 1e6 };
    },
    async close() {
      await client.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** The first run of a project of its own: every one of the file's `rows` people is new there, or it throws. */
export async function loadPeople(
  env: Record<string, string>,
  people: string,
  rows: number,
  memoryLimit?: string,
): Promise<WholeRun> {
  const project = openPeopleProject(env, people, memoryLimit);
  try {
    const done = await project.run();
    if (done.totals.created !== rows)
      throw new Error(`not all ${rows} rows were created: ${JSON.stringify(done.totals)}`);
    return done;
  } finally {
    await project.close();
  }
}
