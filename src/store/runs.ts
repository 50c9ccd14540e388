import { type Kysely, sql } from "kysely";
import type { SerializedError } from "../core/errors.ts";
import type { Approval } from "../core/guards.ts";
import type { PlanCounts, Resolution, RunCounts } from "../core/run.ts";
import { wholeText } from "../core/whole-text.ts";
import type { RunEvent } from "./events.ts";
import { holds } from "./lease.ts";
import type { RunKind, RunStatus, Tables } from "./tables.ts";

/**
 * The life of a run. What no arrow leaves is final; but a run that was only taken for dead (interrupted without an error)
 * may still say how it ended.
 */
export const transitions: readonly { from: RunStatus; to: RunStatus }[] = [
  { from: "running", to: "finished" },
  { from: "running", to: "failed" },
  { from: "running", to: "interrupted" },
  { from: "running", to: "paused" },
];

export type StoredRun = {
  id: string;
  environment: string;
  sync: string;
  kind: RunKind;
  started: Date;
  status: RunStatus;
  finished: Date | null;
  counts: RunCounts | null;
  plan: PlanCounts | null;
  error: SerializedError | null;
  approval: Approval | null;
  resolution: Resolution | null;
};

/** As JSON that the database takes, whoever wrote the texts in it. */
const text = (value: unknown) =>
  value === undefined
    ? null
    : JSON.stringify(value, (_, each: unknown) => (typeof each === "string" ? wholeText(each) : each));

/**
 * Takes one step of a run's life over. A step that was taken before, or that no arrow of `transitions` allows, changes
 * nothing: the same steps may come again after a crash.
 */
export async function applyEvent(database: Kysely<Tables>, event: RunEvent): Promise<void> {
  if (event.type === "started") {
    const { id, environment, sync, kind, started, approval } = event;
    const none = { finished: null, counts: null, plan: null, error: null, resolution: null };
    await database
      .insertInto("run")
      .values({
        ...{ id, environment, sync, kind, status: "running", started: new Date(started) },
        ...none,
        approval: text(approval),
      })
      .onConflict((conflict) => conflict.column("id").doNothing())
      .execute();
    return;
  }
  if (event.type === "resolved") {
    await database
      .updateTable("run")
      .set({ resolution: text(event.resolution) })
      .where("id", "=", event.id)
      .execute();
    return;
  }
  const from = transitions.filter((arrow) => arrow.to === event.status).map((arrow) => arrow.from);
  await database
    .updateTable("run")
    .set({
      status: event.status,
      finished: new Date(event.finished),
      counts: text(event.counts),
      plan: text(event.plan),
      error: text(event.error),
    })
    .where("id", "=", event.id)
    .where(({ or, and, eb }) => {
      const takenForDead = and([eb("status", "=", "interrupted"), eb("error", "is", null)]);
      return or([eb("status", "in", from), takenForDead]);
    })
    .execute();
}

/** What is called running and holds no lease is taken for dead with its process. Without a server nothing of ours runs at such a moment. */
export async function interruptDead(database: Kysely<Tables>): Promise<void> {
  await database
    .updateTable("run")
    .set({ status: "interrupted", finished: new Date() })
    .where("status", "=", "running")
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom("lease")
            .select("resource")
            .where(holds("until"))
            .where("resource", "=", sql<string>`run.environment || '/' || run.sync`),
        ),
      ),
    )
    .execute();
}

/** The newest first: those of a sync as their ids sort, none later than what the sync did after it; the clock may have been put back. */
export async function listRuns(
  database: Kysely<Tables>,
  filter: { environment: string; sync?: string | undefined; limit: number },
): Promise<StoredRun[]> {
  let query = database.selectFrom("run").selectAll().where("environment", "=", filter.environment);
  if (filter.sync !== undefined) query = query.where("sync", "=", filter.sync);
  const latest = sql`min(started) OVER (PARTITION BY sync ORDER BY id DESC)`;
  return query.orderBy(latest, "desc").orderBy("id", "desc").limit(filter.limit).execute();
}

/** Undefined of a run that the history does not know. */
export async function kindOf(database: Kysely<Tables>, id: string): Promise<RunKind | undefined> {
  return (await database.selectFrom("run").select("kind").where("id", "=", id).executeTakeFirst())?.kind;
}

/** The latest run or undo of a sync that told what it did: its state knows of it. */
export async function latestTold(
  database: Kysely<Tables>,
  { environment, sync }: { environment: string; sync: string },
): Promise<string | undefined> {
  const [latest] = await database
    .selectFrom("run")
    .select("id")
    .where("environment", "=", environment)
    .where("sync", "=", sync)
    .where("kind", "in", ["run", "undo"])
    .where("counts", "is not", null)
    .orderBy("id", "desc")
    .limit(1)
    .execute();
  return latest?.id;
}

/** Of all environments. */
export async function countRuns(database: Kysely<Tables>): Promise<number> {
  const { runs } = await database
    .selectFrom("run")
    .select(({ fn }) => fn.countAll<number>().as("runs"))
    .executeTakeFirstOrThrow();
  return runs;
}
