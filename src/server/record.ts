import { SluiceError } from "../core/errors.ts";
import type { Progress } from "../core/run.ts";
import type { JobResult } from "../engine/job.ts";
import type { Control } from "../store/control.ts";
import { endRun, insertRun, type NewRun, saveProgress } from "../store/runs.ts";
import type { Workplace } from "./workplace.ts";

/** Progress is kept about once a second: it is for people who look, not for recovery. */
const everyMs = 1000;

/** Writes the life of one run into the control database, behind the run's back: it never waits for the database. */
export type RunRecord = {
  progress(progress: Progress): void;
  end(outcome: JobResult | SluiceError): void;
};

export function recordRun(workplace: Workplace, run: NewRun): RunRecord {
  let tail: Promise<void> = Promise.resolve();
  let lastProgress = 0;
  const write = (work: (control: Control) => Promise<void>) => {
    tail = tail.then(async () => work(await workplace.control()));
    workplace.later(tail);
  };
  write((control) => insertRun(control, run));
  return {
    progress(progress) {
      const now = Date.now();
      if (now - lastProgress < everyMs) return;
      lastProgress = now;
      write((control) => saveProgress(control, run.id, progress));
    },
    end(outcome) {
      const finished = new Date();
      write((control) => {
        if (!(outcome instanceof SluiceError))
          return endRun(control, run.id, "finished", {
            finished,
            ...(outcome.kind === "run" && { counts: outcome.counts }),
            ...((outcome.kind === "run" || outcome.kind === "plan") && { plan: outcome.plan }),
          });
        const to = outcome.kind === "interrupted" ? "interrupted" : "failed";
        return endRun(control, run.id, to, { finished, error: outcome.toJSON() });
      });
    },
  };
}
