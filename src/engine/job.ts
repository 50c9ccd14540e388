import type { OnShare } from "../core/connector.ts";
import type { SerializedError } from "../core/errors.ts";
import type { Approval, StandingGuard } from "../core/guards.ts";
import type { AudienceFile, ModelFile, Retention, SyncFile } from "../core/project.ts";
import type {
  Forecast,
  Mirror,
  PlanCounts,
  ProblemGroup,
  Progress,
  RebuildReport,
  RunCounts,
  SampleChange,
} from "../core/run.ts";

import type { VerifyReport, VerifyWay } from "../core/verify.ts";
import type { RejectedFilter } from "./rejected.ts";

/**
 * One piece of work for a child process: everything it needs, secrets resolved, and nothing it must look up. It
 * travels over the process's private channel, never by arguments or environment.
 */
export type Job = {
  /** Also the name of the run's folder: those of a sync sort in the order in which its runs had it to themselves. */
  run: string;
  kind: "check" | "plan" | "run" | "verify" | "undo" | "rebuild";
  sync: string;
  environment: string;
  /** The state folder of this sync in this environment. */
  folder: string;
  syncFile: SyncFile;
  /** The project's other syncs into this connection: none may write what this one writes, or delete what that one keeps. */
  others?: OtherSync[];
  model: { name: string; file: ModelFile };
  audiences: { name: string; file: AudienceFile }[];
  source: Endpoint;
  destination: Endpoint;
  /** Milliseconds it may stand still because the destination asks to wait; as the connector thinks right unless said. */
  maxWait?: number;
  /** What is kept of plans and runs; everything where it is absent. */
  retention?: Retention;
  /** The number of the lease on the sync: should the folder have a higher one, another worker has taken the sync over. */
  lease?: number;
  /** The latest run of the sync whose end the history tells, where several workers share that. */
  told?: string;
  /** Such as "1GB"; DuckDB gets nine tenths of it. */
  memoryLimit: string;
  /** For run: the guards that a person lets pass this once. */
  approval?: Approval;
  /** For undo: the run to take back, and who asks for it. `dryRun`: only show what that would do. */
  undo?: { run: string; deleteCreated: boolean; dryRun: boolean; by: string };
  /** For rebuild: also where the state is whole. */
  force?: boolean;
  /** For run: it sends nothing but what this earlier plan has, as far as that has not moved. */
  apply?: AppliedPlan;
  /** For verify: which records, and of a sample how many; all that are linked, unless said. */
  verify?: { way: VerifyWay; sample?: number };
  /** For run: it is about these rows alone. */
  only?: Only;
  /** For plan: those of the same command that were made before this one, of syncs whose records it may look up to. */
  upstream: { object: string; runFolder: string }[];
};

/** `folder`: its state folder. Where these are compared with the job's own, their tables are named by the destination (`namingTables`). */
export type OtherSync = { sync: string; file: SyncFile; folder: string };

/** `maxMoved`: the share of its rows that may have moved. */
export type AppliedPlan = { plan: string; folder: string; maxMoved: number };

/**
 * The rows that a run is about, where it is not about all: those that wait and are meant; of `run` (its folder), where
 * that never ended, those it was about, and of one about some rows those of them that wait. `skip`: by whom and when they
 * were accepted as they are, instead of being sent.
 */
export type Only = RejectedFilter & { run?: string; skip?: string };

/**
 * `connector` is its id; `config` was validated by it; `base` is where relative paths start; `cache` is the folder for
 * what is known of its schema.
 */
export type Endpoint = { connection: string; connector: string; config: unknown; base: string; cache?: string };

export type JobResult =
  | { kind: "check"; columns: { name: string; type: string }[] }
  | {
      kind: "plan";
      plan: PlanCounts;
      received: number;
      samples: SampleChange[];
      problems: ProblemGroup[];
      mirror: Mirror;
      /** What has changed in the destination's schema and does not stop the run. */
      warnings: string[];
      forecast: Forecast;
      /** What a run would stop at. */
      stops: StandingGuard[];
      seconds: number;
      folder: string;
    }
  /**
   * `error`: the run was stopped midway; what was settled until then is folded and counted. `resolved`: changes whose
   * answer was lost and that reading back found done.
   */
  | {
      kind: "run";
      plan: PlanCounts;
      counts: RunCounts;
      resolved: number;
      problems: ProblemGroup[];
      mirror: Mirror;
      warnings: string[];
      /** What stood against it and was let pass by `job.approval`. */
      approved: StandingGuard[];
      folder: string;
      error?: SerializedError;
    }
  /** `of`: the run taken back; `counts` are absent where it was only shown. `problems` tells every value that stays, too. */
  | {
      kind: "undo";
      of: string;
      plan: PlanCounts;
      received: number;
      /** Of how many rows that count as taken back, or as before, a value stays all the same. */
      partly: number;
      samples: SampleChange[];
      problems: ProblemGroup[];
      warnings: string[];
      /** The next run stops at the guard `undone`. */
      stops: boolean;
      counts?: RunCounts;
      resolved: number;
      folder: string;
      error?: SerializedError;
    }
  | { kind: "rebuild"; report: RebuildReport; seconds: number; folder: string }
  | { kind: "verify"; report: VerifyReport; seconds: number; folder: string };

/** How `server` starts a job; main.ts gives the real one. Rejects with SluiceError; `signal` stops it cleanly. */
export type StartJob = (
  job: Job,
  onProgress: (p: Progress) => void,
  signal?: AbortSignal,
  onShare?: OnShare,
) => Promise<JobResult>;
