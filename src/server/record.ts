import type { SluiceError } from "../core/errors.ts";
import type { Job, JobResult } from "../engine/job.ts";
import { noteEvent, type RunEvent } from "../store/events.ts";

/** Notes a run's begin and end in the state folder, for the history. Errors: disk_full, state_unwritable. */
export function noteStart(state: string, { run, environment, sync, kind, approval }: Job): void {
  if (kind === "check") throw new Error(`a ${kind} leaves no record`);
  const started = new Date().toISOString();
  noteEvent(state, { type: "started", id: run, environment, sync, kind, started, ...(approval && { approval }) });
}

/** `error`: what stopped it, beside what it did until then or alone. */
export function noteEnd(state: string, run: string, result: JobResult | undefined, error?: SluiceError): void {
  noteEvent(state, { type: "ended", id: run, finished: new Date().toISOString(), ...endOf(result, error) });
}

type End = Pick<Extract<RunEvent, { type: "ended" }>, "status" | "counts" | "plan" | "error">;

function endOf(result: JobResult | undefined, error: SluiceError | undefined): End {
  return {
    status: statusOf(error),
    ...(result?.kind === "run" && { counts: result.counts, plan: result.plan }),
    ...(result?.kind === "undo" && { ...(result.counts && { counts: result.counts }), plan: result.plan }),
    ...(result?.kind === "plan" && { plan: result.plan }),
    ...(error && { error: error.toJSON() }),
  };
}

export function statusOf(error: SluiceError | undefined): "finished" | "failed" | "interrupted" | "paused" {
  if (!error) return "finished";
  if (error.code === "paused") return "paused";
  return error.kind === "interrupted" ? "interrupted" : "failed";
}
