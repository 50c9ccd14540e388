import type { Share } from "../../core/connector.ts";
import type { SerializedError } from "../../core/errors.ts";
import type { Progress } from "../../core/run.ts";
import type { Job, JobResult } from "../../engine/job.ts";

/** The first argument that makes main.ts a job's process instead of a command. */
export const jobArgument = "__job";

export type ToChild = { type: "job"; job: Job } | { type: "stop" } | { type: "share"; share: Share };

export type FromChild =
  | { type: "progress"; progress: Progress }
  | { type: "result"; result: JobResult }
  | { type: "error"; error: SerializedError };
