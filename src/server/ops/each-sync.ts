import type { CallOptions } from "../../api/index.ts";
import { SluiceError } from "../../core/errors.ts";
import type { SyncFile } from "../../core/project.ts";
import type { Job, JobResult } from "../../engine/job.ts";
import { locate } from "../project/locate.ts";
import type { Project, Resource } from "../project/project.ts";
import { noteEnd, noteStart } from "../record.ts";
import { newRunId } from "../run-id.ts";
import type { Workplace } from "../workplace.ts";
import { jobFor, pickSyncs } from "./jobs.ts";

type Kind = Exclude<Job["kind"], "check">;
type Result<K extends Kind> = Extract<JobResult, { kind: K }>;
export type SyncResult<K extends Kind> = { sync: Resource<SyncFile>; run: string; result: Result<K> };

/**
 * Does one kind of job for the syncs named, one after another, parents first, and stops at the first that fails: what
 * comes later may need it. The state folder is locked before anything starts.
 */
export async function eachSync<K extends Kind>(
  workplace: Workplace,
  kind: K,
  names: readonly string[],
  { onEvent, signal }: CallOptions,
): Promise<{ project: Project; results: SyncResult<K>[] }> {
  workplace.jobs.prepare();
  const project = await workplace.project();
  const syncs = pickSyncs(project, names);
  const state = workplace.state([kind, ...names].join(" "));
  const results: SyncResult<K>[] = [];
  const planned: (Job["upstream"][number] & { connection: string })[] = [];
  for (const [i, sync] of syncs.entries()) {
    const run = newRunId();
    const upstream = planned.flatMap(({ connection, ...plan }) => (connection === sync.file.to ? [plan] : []));
    const job = jobFor(project, sync, { run, kind, folder: state.sync(project.environment, sync.name), upstream });
    onEvent?.({ type: "started", sync: sync.name, run });
    const work = recorded(workplace, job, project, sync, { onEvent, signal });
    if (i + 1 < syncs.length) workplace.jobs.prepare();
    const result = await work;
    if (result.kind !== kind)
      throw new SluiceError("bug", `A ${kind} of ${sync.name} was answered by a ${result.kind}.`);
    if (result.kind === "plan")
      planned.push({ connection: sync.file.to, object: sync.file.object, runFolder: result.folder });
    results.push({ sync, run, result: result as Result<K> });
    onEvent?.({ type: "finished", sync: sync.name, run });
  }
  return { project, results };
}

async function recorded(
  workplace: Workplace,
  job: Job,
  project: Project,
  sync: Resource<SyncFile>,
  { onEvent, signal }: CallOptions,
): Promise<JobResult> {
  const { path } = workplace.state(job.kind);
  noteStart(path, job);
  let outcome: JobResult | SluiceError;
  try {
    outcome = await workplace.jobs.start(
      job,
      (progress) => onEvent?.({ type: "progress", sync: sync.name, run: job.run, progress }),
      signal,
    );
  } catch (thrown) {
    outcome = locate(SluiceError.from(thrown), sync, project);
  }
  if (outcome instanceof SluiceError) {
    noteFailure(path, job.run, outcome);
    throw outcome;
  }
  noteEnd(path, job.run, outcome);
  // Stopped midway: what was settled is kept and noted with its counts, and whoever asked hears why it went no further.
  if (outcome.kind === "run" && outcome.error) throw locate(SluiceError.revive(outcome.error), sync, project);
  return outcome;
}

/** A failure that cannot be noted (the disk is full, say) is still the one to tell. */
function noteFailure(path: string, run: string, error: SluiceError): void {
  try {
    noteEnd(path, run, error);
  } catch (fault) {
    if (!(fault instanceof SluiceError && fault.kind === "state")) throw fault;
  }
}
