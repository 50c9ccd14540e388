import type { ErrorKind } from "../core/catalogue.ts";
import { SluiceError } from "../core/errors.ts";
import type { Job, JobResult } from "../engine/job.ts";
import { noteEvent, type RunEvent } from "../store/events.ts";

/** Notes a run's begin and end in the state folder, for the history. Errors: disk_full, state_unwritable. */
export function noteStart(state: string, { run, environment, sync, kind }: Job): void {
  if (kind === "check") throw new Error("checks leave no record");
  noteEvent(state, { type: "started", id: run, environment, sync, kind, started: new Date().toISOString() });
}

export function noteEnd(state: string, run: string, outcome: JobResult | SluiceError): void {
  noteEvent(state, { type: "ended", id: run, finished: new Date().toISOString(), ...endOf(outcome) });
}

type End = Pick<Extract<RunEvent, { type: "ended" }>, "status" | "counts" | "plan" | "error">;

const statusOf = ({ kind }: { kind: ErrorKind }) => (kind === "interrupted" ? "interrupted" : "failed");

function endOf(outcome: JobResult | SluiceError): End {
  if (outcome instanceof SluiceError) return { status: statusOf(outcome), error: outcome.toJSON() };
  switch (outcome.kind) {
    case "run":
      return {
        status: outcome.error ? statusOf(outcome.error) : "finished",
        counts: outcome.counts,
        plan: outcome.plan,
        ...(outcome.error && { error: outcome.error }),
      };
    case "plan":
      return { status: "finished", plan: outcome.plan };
    default:
      return { status: "finished" };
  }
}
