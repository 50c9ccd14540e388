import { rmSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach } from "vitest";
import type { Connector } from "../src/core/connector.ts";
import { type GuardCode, guardCodes } from "../src/core/guards.ts";
import { syncFile } from "../src/core/project.ts";
import type { Forecast } from "../src/core/run.ts";
import { runJob } from "../src/engine/index.ts";
import type { Job, JobResult } from "../src/engine/job.ts";
import { crmConnector, modelObject, type Outside, outside, sourceConnector } from "./model.ts";

type UndoOptions = { deleteCreated?: boolean; dryRun?: boolean; through?: (crm: Connector) => Connector };
type Undone = Extract<JobResult, { kind: "undo" }>;
type Counts = Extract<JobResult, { kind: "run" }>["counts"];

/** A model of the outside, and one sync of `code` and `name` that the real engine runs over it again and again. */
export type SyncedWorld = {
  world: Outside;
  /** The engine's own folder. */
  folder: string;
  /** Whether `code` is an alternate key in the CRM. */
  keyed: boolean;
  /** What the sync file says besides. */
  settings: Record<string, unknown>;
  /** The guards that are approved for each run. */
  approved: readonly GuardCode[];
  /** The next run: into another organisation, through a connector that is not what it was, or about some rows. Answers its counts. */
  run(changes?: {
    into?: Outside;
    through?: (crm: Connector) => Connector;
    apply?: Job["apply"];
    only?: Job["only"];
  }): Promise<Counts>;
  /** A plan, to be given to a later run; `maxMoved` is what that run then allows. */
  plan(maxMoved?: number): Promise<NonNullable<Job["apply"]> & { forecast: Forecast }>;
  /** A sync that never ran: what it knew is gone. */
  begin(): void;
  /** Takes a run back. */
  undo(of: string, options?: UndoOptions): Promise<Undone>;
  /** A rebuild, or a verification. */
  other(kind: "rebuild" | "verify"): Promise<JobResult>;
  /** The name of the newest run. */
  last(): string;
  /** The path of a file in the newest run's folder. */
  file(name: string): string;
};

/** A world for each test of a file: empty, without a key, without settings. */
export function useSyncedWorld(): SyncedWorld {
  let runs = 0;
  const synced = {} as SyncedWorld;
  const runIt = (job: Job, into: Outside, through: (crm: Connector) => Connector) => {
    const connectors = {
      rows: sourceConnector(synced.world, ["id", "code", "name", "born"], "id"),
      crm: through(crmConnector(into, modelObject(synced.keyed))),
    };
    return runJob(job, { connectors, onProgress: () => {}, signal: new AbortController().signal });
  };
  const next = (there = "crm") => jobOf(nameOf(++runs), synced, there);
  synced.last = () => nameOf(runs);
  synced.run = async ({ into = synced.world, through = (crm: Connector) => crm, apply, only } = {}) => {
    const job = next(into === synced.world ? "crm" : "another crm");
    const done = await runIt({ ...job, ...(apply && { apply }), ...(only && { only }) }, into, through);
    return (done as Extract<JobResult, { kind: "run" }>).counts;
  };
  synced.plan = async (maxMoved = 1) => {
    const { forecast } = (await runIt({ ...next(), kind: "plan" }, synced.world, (crm) => crm)) as {
      forecast: Forecast;
    };
    return { forecast, plan: synced.last(), folder: join(synced.folder, "runs", synced.last()), maxMoved };
  };
  synced.undo = async (of, { deleteCreated = false, dryRun = false, through = (crm: Connector) => crm } = {}) => {
    const undo = { run: of, deleteCreated, dryRun, by: "tester" };
    return (await runIt({ ...next(), kind: "undo", undo }, synced.world, through)) as Undone;
  };
  synced.other = (kind) => runIt({ ...next(), kind }, synced.world, (crm) => crm);
  synced.begin = () => rmSync(synced.folder, { recursive: true, force: true });
  synced.file = (name) => join(synced.folder, "runs", synced.last(), name);
  beforeEach(async () => {
    runs = 0;
    const folder = await mkdtemp(join(tmpdir(), "sluice-synced-"));
    Object.assign(synced, { world: outside(), folder, keyed: false, settings: {}, approved: usual });
  });
  afterEach(() => rm(synced.folder, { recursive: true, force: true }));
  return synced;
}

/** run-1 to run-9, then run-9010 and so on: ids of runs sort by time. */
const nameOf = (n: number): string => (n < 10 ? `run-${n}` : `run-9${String(n).padStart(3, "0")}`);

const usual = guardCodes.filter((code) => code !== "source_empty");

function jobOf(run: string, { folder, settings, approved }: SyncedWorld, connection: string): Job {
  const mapping = { code: "code", name: "name" };
  return {
    run,
    kind: "run",
    sync: "s",
    environment: "default",
    folder,
    syncFile: syncFile.parse({ model: "m", to: "crm", object: "contact", match: "code", mapping, ...settings }),
    model: { name: "m", file: { connection: "rows", table: "rows", key: ["id"] } },
    audiences: Object.keys(settings.audiences ?? {}).map((name) => ({ name, file: { model: "m", sql: name } })),
    source: { connection: "rows", connector: "rows", config: {}, base: folder },
    destination: { connection, connector: "crm", config: {}, base: folder },
    memoryLimit: "512MB",
    approval: { codes: [...approved], by: "a test", at: "2026-01-01T00:00:00Z" },
    upstream: [],
  };
}
