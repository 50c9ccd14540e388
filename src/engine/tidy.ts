import { SluiceError } from "../core/errors.ts";
import { compact } from "./compact.ts";
import type { Job, JobResult } from "./job.ts";
import { layout } from "./layout.ts";
import { applyRetention } from "./retention.ts";

/**
 * After a job has ended: removes what is kept no longer, and gives room in the state back to the disk. What only shows removes old plans
 * alone: to undo a run past its time may just have been shown. What fails here harms no run; it is told among its warnings.
 */
export async function tidy(job: Job, result: JobResult): Promise<void> {
  if (!("warnings" in result)) return;
  const at = layout(job.folder, job.run);
  const shows = result.kind === "plan" || job.undo?.dryRun === true;
  try {
    if (job.retention) await applyRetention(at, job.retention, Date.now(), shows);
    if (!shows) await compact(at, { memoryLimit: job.memoryLimit, temp: at.temp });
  } catch (thrown) {
    const { message, remedy } = SluiceError.from(thrown);
    result.warnings.push(
      `The state folder could not be tidied: ${message} ${remedy} \`sluice doctor --repair\` does it.`,
    );
  }
}
