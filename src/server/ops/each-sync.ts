import type { CallOptions } from "../../api/index.ts";
import { SluiceError } from "../../core/errors.ts";
import type { SyncFile } from "../../core/project.ts";
import type { Job, JobResult } from "../../engine/job.ts";
import { locate } from "../project/locate.ts";
import type { Project, Resource } from "../project/project.ts";
import { recordRun } from "../record.ts";
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
  const { run, environment, kind } = job;
  if (kind === "check") throw new Error("checks leave no record");
  const started = new Date();
  let record: ReturnType<typeof recordRun> | undefined;
  // The job first: the database opens while the job's process starts.
  const work = workplace.jobs.start(
    job,
    (progress) => {
      record?.progress(progress);
      onEvent?.({ type: "progress", sync: sync.name, run, progress });
    },
    signal,
  );
  record = recordRun(workplace, { id: run, environment, sync: sync.name, kind, started });
  try {
    const result = await work;
    record.end(result);
    return result;
  } catch (thrown) {
    const error = locate(SluiceError.from(thrown), sync, project);
    record.end(error);
    throw error;
  }
}
