import { fork } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { dataverse } from "../../src/connectors/dataverse/index.ts";
import { filesConfig } from "../../src/connectors/files/config.ts";
import { modelFile, syncFile } from "../../src/core/project.ts";
import { text } from "../../src/engine/duck.ts";
import type { Job } from "../../src/engine/job.ts";
import { startSandbox } from "../../src/sandbox/index.ts";
import { newRunId } from "../../src/server/run-id.ts";
import type { Took, Work } from "./process.ts";
import { ACCOUNTS, COLUMNS, people, sync, type Variant } from "./rows.ts";

/** What leaves DuckDB the 1 GB of which a run, which keeps some for itself, gives it nine tenths: the floor keeps nothing. */
const WHOLE = "1112MB";

/** Enough for the first run of the largest table: it only makes what is measured. */
const PLENTY = "8GB";

export type World = {
  /** A run or plan of these rows, in a process of its own. */
  job(kind: "plan" | "run", variant: Variant, memoryLimit?: string): Promise<Took>;
  /**
   * The least that any program must do: the same file scanned, one hash a row, one join on key and hash with what is known,
   * and the rows that differ written out.
   */
  floor(variant: Variant): Promise<Took>;
  close(): void;
};

/** People that one run sends first: what it puts aside of fifty million would fill a disk of 60 GB. */
const AT_ONCE = 10_000_000;

/** `rows` people in Parquet, three times, and the state of a sync that has sent the first of them. */
export async function makeWorld(rows: number, folder = mkdtempSync(join(tmpdir(), "sluice-plan-"))): Promise<World> {
  const { path, known, temp } = places(folder);
  for (const name of ["first", "changed", "ten", "tmp", "state"]) mkdirSync(join(folder, name), { recursive: true });
  await describe(join(folder, "schemas.json"));
  const write = (variant: Variant, upTo = rows) =>
    `COPY (${people(upTo, variant)}) TO ${text(path(variant))} (FORMAT parquet)`;
  const world = openWorld(folder);
  for (let sent = 0; sent < rows; sent += AT_ONCE) {
    const upTo = Math.min(rows, sent + AT_ONCE);
    await inProcess({ sql: [write("first", upTo)], memoryLimit: PLENTY, temp });
    const { result } = await world.job("run", "first", PLENTY);
    if (result?.kind !== "run" || result.error || result.counts.created < (upTo - sent) * 0.99)
      throw new Error(`the first run did not send the rows: ${JSON.stringify(result)}`);
    rmSync(result.folder, { recursive: true });
  }
  const remember = `CREATE TABLE known.state AS SELECT id AS key, h FROM ${hashed(path("first"))}`;
  const others = [write("changed"), write("ten"), `ATTACH ${text(known)} AS known`, remember];
  await inProcess({ sql: others, memoryLimit: PLENTY, temp });
  return world;
}

const places = (folder: string) => ({
  path: (variant: Variant) => join(folder, variant, "people.parquet"),
  known: join(folder, "known.duckdb"),
  temp: join(folder, "tmp"),
});

const hashed = (path: string) => `(SELECT *, hash(${COLUMNS.join(", ")}) AS h FROM ${text(path)})`;

export function openWorld(folder: string): World {
  const { path, known, temp } = places(folder);
  return {
    job: (kind, variant, memoryLimit = "1GB") => inProcess({ job: job(kind, folder, variant, memoryLimit) }),
    floor: (variant) =>
      inProcess({
        sql: [
          `ATTACH ${text(known)} AS known`,
          `COPY (SELECT s.key, n.* FROM known.state s FULL JOIN ${hashed(path(variant))} n ON n.id = s.key WHERE s.h IS DISTINCT FROM n.h) TO ${text(join(folder, "touched.parquet"))} (FORMAT parquet)`,
        ],
        memoryLimit: WHOLE,
        temp,
      }),
    close: () => rmSync(folder, { recursive: true, force: true }),
  };
}

function job(kind: Job["kind"], world: string, variant: Variant, memoryLimit: string): Job {
  const [folder, rows, schemas] = ["state", variant, "schemas.json"].map((name) => join(world, name)) as [
    string,
    string,
    string,
  ];
  return {
    run: newRunId(),
    kind,
    sync: "people",
    environment: "default",
    folder,
    syncFile: syncFile.parse(sync),
    model: { name: "people", file: modelFile.parse({ connection: "data", table: "people", key: "id" }) },
    audiences: [],
    source: { connection: "data", connector: "files", config: filesConfig.parse({ folder: rows }), base: folder },
    destination: { connection: "crm", connector: "null", config: { schemas, accounts: ACCOUNTS }, base: folder },
    memoryLimit,
    upstream: [],
  };
}

/** What Dataverse's tables look like, asked of the sandbox once. */
async function describe(path: string): Promise<void> {
  const sandbox = await startSandbox({ profile: "instant", servers: 1 });
  const { BASE_URL, TENANT_ID, CLIENT_ID, CLIENT_SECRET, TOKEN_URL } = sandbox.env;
  const config = dataverse.config.parse({
    url: BASE_URL,
    tenant: TENANT_ID,
    clientId: CLIENT_ID,
    clientSecret: CLIENT_SECRET,
    tokenUrl: TOKEN_URL,
  });
  const session = dataverse.open(config, { base: tmpdir() });
  const tables = await Promise.all(["contact", "account"].map((name) => session.describe(name)));
  await session.close();
  await sandbox.close();
  writeFileSync(path, JSON.stringify(Object.fromEntries(tables.map((table) => [table.name, table]))));
}

function inProcess(work: Work): Promise<Took> {
  const child = fork(new URL("process.ts", import.meta.url), { stdio: "inherit" });
  return new Promise((resolve, reject) => {
    child.once("message", (took) => resolve(took as Took));
    child.once("exit", (code) => reject(new Error(`the process of a measurement ended with ${code}`)));
    child.send(work);
  });
}
