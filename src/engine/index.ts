import { rm } from "node:fs/promises";
import { join } from "node:path";
import { namingDamage } from "./damage.ts";
import type { Job, JobResult } from "./job.ts";
import { layout, runNames } from "./layout.ts";
import { rebuild } from "./rebuild.ts";
import { runPlan, runSync } from "./run.ts";
import { withExpressions } from "./shape/expression.ts";
import { checkSourceColumns } from "./shape/source.ts";
import { type Host, open, scanAudiences, scanModel, tellingWaits } from "./source.ts";
import { tidy } from "./tidy.ts";
import { undo } from "./undo/undo.ts";
import { verify } from "./verify.ts";

export { exportRejected, type LeftRun, type RejectedFilter, rejectedGroups, rejectedRows } from "./rejected.ts";

/**
 * Does one job in this process, which is meant to end with it: what DuckDB took goes back then.
 * @throws SluiceError; places in the project are given by file and path, for whoever holds the files to find the line.
 */
export async function runJob(job: Job, given: Host): Promise<JobResult> {
  const host = tellingWaits(job, given);
  try {
    const result = await namingDamage(await readsOf(job), () => jobs[job.kind](job, host));
    await tidy(job, result);
    return result;
  } finally {
    await rm(layout(job.folder, job.run).temp, { recursive: true, force: true });
  }
}

/** Folders of runs that ended, or of plans, whose files a job cannot do without. */
async function readsOf({ kind, folder, run, apply, only }: Job): Promise<string[]> {
  const { runs } = layout(folder, run);
  const earlier = kind === "undo" ? (await runNames(runs)).filter((name) => name !== run) : [];
  return [
    ...(apply ? [apply.folder] : []),
    ...(only?.run ? [only.run] : []),
    ...earlier.map((name) => join(runs, name)),
  ];
}

const jobs = { check, plan: runPlan, verify, undo, rebuild, run: runSync };

/** What can be known without the destination: the model reads, and every source column that is named exists. */
async function check(job: Job, host: Host): Promise<JobResult> {
  const source = open(job.source, host);
  try {
    const scan = await scanModel(job, source, host.signal);
    checkSourceColumns(job, scan);
    await withExpressions(job, scan);
    await scanAudiences(job, source, host.signal);
    return { kind: "check", columns: scan.columns };
  } finally {
    await source.close();
  }
}
