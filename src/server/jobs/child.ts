import type { OnShare, Share } from "../../core/connector.ts";
import { endedBy, SluiceError } from "../../core/errors.ts";
import type { Progress } from "../../core/run.ts";
import type { Job, JobResult } from "../../engine/job.ts";
import { watchAsked } from "../../store/asked.ts";
import { stateFault } from "../../store/faults.ts";
import { type Lock, takeLock } from "../../store/lock.ts";
import type { FromChild, ToChild } from "./messages.ts";

export type RunJob = (
  job: Job,
  onProgress: (progress: Progress) => void,
  signal: AbortSignal,
  onShare: OnShare,
) => Promise<JobResult>;

/** How long a dead parent's job may go on after it: it ends as soon as its thread is free. */
const orphanMs = 20_000;

/**
 * The whole life of a job's process: takes one job from the channel, does it, answers, ends. It ends at once when the
 * parent is gone, because then nobody holds the state folder any more.
 */
export function serveJob(runJob: RunJob): void {
  const stop = new AbortController();
  // Ctrl-C reaches the whole process group: it means the same as the parent's word.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => stop.abort());
  process.on("disconnect", () => process.exit(1));
  process.on("uncaughtException", (error) => void answer({ type: "error", error: serialize(error) }));
  process.on("message", (message: ToChild) => {
    if (message.type === "stop") stop.abort();
    else if (message.type === "share") tellShare(message.share);
    else void work(message.job, runJob, stop);
  });
}

let share: Share | undefined;
const shareholders: ((share: Share) => void)[] = [];

function tellShare(now: Share): void {
  share = now;
  for (const tell of shareholders) tell(now);
}

const onShare: OnShare = (tell) => {
  shareholders.push(tell);
  if (share) tell(share);
};

/** Kept here so that it is not collected, which would open it. */
let lock: Lock | undefined;

async function work(job: Job, runJob: RunJob, stop: AbortController): Promise<void> {
  const { signal } = stop;
  try {
    // A process killed together with its parent's lock may still be at it for a moment.
    if (job.kind !== "check") {
      lock = takeLock(job.folder, `${job.kind} ${job.sync}`, orphanMs);
      watchAsked(job.folder, job.kind, (wish) => stop.abort(wish));
    }
    const result = await runJob(job, (progress) => process.send?.({ type: "progress", progress }), signal, onShare);
    await answer({ type: "result", result });
  } catch (error) {
    const { reason } = signal;
    const asked =
      reason instanceof SluiceError ? reason : new SluiceError("interrupted", `The ${job.kind} was stopped.`);
    const fault = stateFault(error, job.folder) ?? error;
    await answer({ type: "error", error: serialize(signal.aborted ? endedBy(fault, asked) : fault) });
  }
}

function serialize(error: unknown) {
  if (process.env.SLUICE_DEBUG !== undefined) console.error(error);
  return SluiceError.from(error).toJSON();
}

/** Ends the process once the answer is on its way; what is left open (pools, DuckDB) ends with it. */
function answer(message: FromChild): Promise<void> {
  lock?.release();
  return new Promise((resolve) => {
    process.send?.(message, () => {
      resolve();
      process.exit(0);
    });
  });
}
