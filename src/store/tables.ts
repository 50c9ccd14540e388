import type { ColumnType, Generated, JSONColumnType } from "kysely";
import type { SerializedError } from "../core/errors.ts";
import type { Approval } from "../core/guards.ts";
import type { PlanCounts, Resolution, RunCounts } from "../core/run.ts";

type Json<T extends object> = JSONColumnType<T | null, string | null, string | null>;
type Instant = ColumnType<Date, Date, Date>;

export type RunTable = {
  id: string;
  environment: string;
  sync: string;
  kind: RunKind;
  status: RunStatus;
  started: Instant;
  finished: ColumnType<Date | null, Date | null, Date | null>;
  counts: Json<RunCounts>;
  plan: Json<PlanCounts>;
  error: Json<SerializedError>;
  approval: Json<Approval>;
  resolution: Json<Resolution>;
};

export type RunKind = "plan" | "run" | "verify" | "undo" | "rebuild";

export type RunStatus = "running" | "finished" | "failed" | "interrupted" | "paused";

/** `number` grows with every holder: whoever has a lower one has lost it. */
export type LeaseTable = { resource: string; holder: string; number: number; until: Instant };

/** Runs on a connection at this moment: see `share.ts`. `shut`: until when one of them was asked to wait. */
export type ShareTable = { connection: string; run: string; part: number; shut: Instant; until: Instant };

export type MigrationTable = { id: number; file: string; applied: Generated<Date> };

/** The control database as the queries see it. */
export type Tables = { run: RunTable; lease: LeaseTable; connection_share: ShareTable; migration: MigrationTable };
