import type { Kysely } from "kysely";
import type { SerializedError } from "../core/errors.ts";
import type { PlanCounts, Progress, RunCounts } from "../core/run.ts";
import type { RunStatus, RunTable, Tables } from "./tables.ts";

/** The life of a run. What no arrow leaves is final. */
export const transitions: readonly { from: RunStatus; to: RunStatus }[] = [
  { from: "running", to: "finished" },
  { from: "running", to: "failed" },
  { from: "running", to: "interrupted" },
];

export type NewRun = Pick<RunTable, "id" | "environment" | "sync" | "kind"> & { started: Date };

export type StoredRun = NewRun & {
  status: RunStatus;
  finished: Date | null;
  counts: RunCounts | null;
  plan: PlanCounts | null;
  error: SerializedError | null;
};

type Ending = { finished: Date; counts?: RunCounts; plan?: PlanCounts; error?: SerializedError };

const text = (value: unknown) => (value === undefined ? null : JSON.stringify(value));

export async function insertRun(database: Kysely<Tables>, run: NewRun): Promise<void> {
  await database
    .insertInto("run")
    .values({ ...run, status: "running", finished: null, progress: null, counts: null, plan: null, error: null })
    .execute();
}

/** Moves a run along one of the `transitions`; anything else fails, and changes nothing. */
export async function endRun(database: Kysely<Tables>, id: string, to: RunStatus, ending: Ending): Promise<void> {
  const from = transitions.filter((arrow) => arrow.to === to).map((arrow) => arrow.from);
  const { numUpdatedRows } = await database
    .updateTable("run")
    .set({
      status: to,
      finished: ending.finished,
      counts: text(ending.counts),
      plan: text(ending.plan),
      error: text(ending.error),
    })
    .where("id", "=", id)
    .where("status", "in", from)
    .executeTakeFirstOrThrow();
  if (numUpdatedRows !== 1n) throw new Error(`run ${id} is not in a state from which it can become ${to}`);
}

export async function saveProgress(database: Kysely<Tables>, id: string, progress: Progress): Promise<void> {
  await database
    .updateTable("run")
    .set({ progress: text(progress) })
    .where("id", "=", id)
    .execute();
}

/** Called when the database is opened: nothing of ours runs then, so what is called running died with its process. */
export async function interruptRunning(database: Kysely<Tables>): Promise<void> {
  await database
    .updateTable("run")
    .set({ status: "interrupted", finished: new Date() })
    .where("status", "=", "running")
    .execute();
}

/** The newest first. */
export async function listRuns(
  database: Kysely<Tables>,
  filter: { environment: string; sync?: string | undefined; limit: number },
): Promise<StoredRun[]> {
  let query = database
    .selectFrom("run")
    .select(["id", "environment", "sync", "kind", "status", "started", "finished", "counts", "plan", "error"])
    .where("environment", "=", filter.environment);
  if (filter.sync !== undefined) query = query.where("sync", "=", filter.sync);
  return query.orderBy("started", "desc").orderBy("id", "desc").limit(filter.limit).execute();
}

/** The id of the latest run (not plan) of a sync that has ended in its own way, or undefined. */
export async function latestRun(database: Kysely<Tables>, environment: string, sync: string) {
  const row = await database
    .selectFrom("run")
    .select("id")
    .where("environment", "=", environment)
    .where("sync", "=", sync)
    .where("kind", "=", "run")
    .where("status", "=", "finished")
    .orderBy("started", "desc")
    .orderBy("id", "desc")
    .limit(1)
    .executeTakeFirst();
  return row?.id;
}
