import { join } from "node:path";
import type { CallOptions } from "../../api/index.ts";
import { endedBy, SluiceError } from "../../core/errors.ts";
import type { Approval } from "../../core/guards.ts";
import type { SyncFile } from "../../core/project.ts";
import type { Progress } from "../../core/run.ts";
import type { Job, JobResult } from "../../engine/job.ts";
import { isAsked, takeBack } from "../../store/asked.ts";
import { underLease } from "../lease.ts";
import { runIds } from "../left-runs.ts";
import { type PlanRequest, planToApply } from "../plan-to-apply.ts";
import { locate } from "../project/locate.ts";
import type { Project, Resource } from "../project/project.ts";
import { noteEnd, noteStart } from "../record.ts";
import { newRunId } from "../run-id.ts";
import { sharing } from "../share.ts";
import { tellWarnings } from "../warnings.ts";
import type { Workplace } from "../workplace.ts";
import { inOrder } from "./in-order.ts";
import { jobFor, pickSyncs } from "./jobs.ts";

type Kind = Exclude<Job["kind"], "check">;
type Result<K extends Kind> = Extract<JobResult, { kind: K }>;

/** `error`: what stopped this one midway. */
type SyncResult<K extends Kind> = {
  sync: Resource<SyncFile>;
  run: string;
  result: Result<K>;
  error?: SluiceError;
};

/** `error`: what ended it before all syncs were done. */
type Outcome<K extends Kind> = { project: Project; results: SyncResult<K>[]; error?: SluiceError };

/**
 * What a person asks of one run, and allows it; `maxWait` in seconds; `force`: see `Job`. `still` throws where what is asked
 * does not hold any more; asked once nobody else works on the sync.
 */
export type Leeway = {
  approve?: Omit<Approval, "at"> | undefined;
  maxWait?: number | undefined;
  only?: Job["only"];
  undo?: Job["undo"];
  verify?: Job["verify"];
  force?: boolean | undefined;
  plan?: PlanRequest | undefined;
  still?: () => Promise<void>;
};

/**
 * Does one kind of job for the syncs named, one after another, parents first, and stops at the first that fails: what
 * comes later may need it. The state folder is locked before anything starts. Throws only where nothing was begun.
 */
export async function eachSync<K extends Kind>(
  workplace: Workplace,
  kind: K,
  names: readonly string[],
  { onEvent, signal }: CallOptions,
  { approve, maxWait, only, undo, verify, force, plan, still }: Leeway = {},
): Promise<Outcome<K>> {
  workplace.jobs.prepare();
  const present = await workplace.project();
  const stateOf = () => workplace.state([kind, ...names].join(" "));
  const found = plan && (() => planToApply(stateOf(), present, names, plan));
  const apply = await found?.();
  const holds = async () => {
    await still?.();
    await found?.();
  };
  const project = apply?.project ?? present;
  const chosen = apply ? [apply.sync] : pickSyncs(project, names);
  const used = chosen.flatMap(({ file }) => [project.models.get(file.model)!.file.connection, file.to]);
  if (approve && chosen.length !== 1)
    throw new SluiceError("usage", "Guards are approved for the run of one sync: name it.");
  tellWarnings(project, used, { onEvent });
  const state = stateOf();
  const cacheOf = (connection: string) => state.connection(project.environment, connection);
  const writes = kind === "plan" || kind === "run";
  const syncs = writes ? await inOrder(project, chosen, { signal, cacheOf }) : chosen;
  const results: SyncResult<K>[] = [];
  const planned: (Job["upstream"][number] & { connection: string })[] = [];
  for (const [i, sync] of syncs.entries()) {
    const folderOf = (name: string) => state.sync(project.environment, name);
    const folder = folderOf(sync.name);
    if (kind === "run" && isAsked(folder, "paused")) {
      const paused = new SluiceError("paused", `The sync ${sync.name} is paused.`);
      return { project, results, error: locate(paused, sync, project) };
    }
    if (signal?.aborted) return { project, results, error: stopped(kind, sync.name) };
    const asked = jobFor(project, sync, {
      kind,
      folderOf,
      cache: cacheOf(sync.file.to),
      upstream: planned.flatMap(({ connection, ...plan }) => (connection === sync.file.to ? [plan] : [])),
      memoryLimit: workplace.memoryLimit,
      ...(approve && { approval: { ...approve, at: new Date().toISOString() } }),
      ...(undo && { undo }),
      ...(verify && { verify }),
      ...(only && { only }),
      ...(maxWait !== undefined && { maxWait: maxWait * 1000 }),
      ...(force && { force }),
      ...(apply && { apply: apply.apply }),
    });
    const work = oneSync(workplace, asked, project, sync, holds, { onEvent, signal });
    if (i + 1 < syncs.length) workplace.jobs.prepare();
    const { done, error } = await work;
    if (done?.result.kind === "plan")
      planned.push({ connection: sync.file.to, object: sync.file.object, runFolder: done.result.folder });
    if (done) results.push({ sync, run: done.run, result: done.result as Result<K>, ...(error && { error }) });
    if (error) return { project, results, error };
    if (done) onEvent?.({ type: "finished", sync: sync.name, run: done.run });
  }
  return { project, results };
}

const stopped = (kind: string, sync: string) => new SluiceError("interrupted", `The ${kind} of ${sync} was stopped.`);

async function oneSync(
  workplace: Workplace,
  asked: Omit<Job, "run">,
  project: Project,
  sync: Resource<SyncFile>,
  holds: () => Promise<void>,
  { onEvent, signal }: CallOptions,
): Promise<{ done?: { run: string; result: JobResult }; error?: SluiceError }> {
  const { folder, kind } = asked;
  const { path } = workplace.state(kind);
  let run: string | undefined;
  let result: JobResult | undefined;
  let error: SluiceError | undefined;
  try {
    result = await underLease(workplace, asked, async (lease, lost) => {
      await holds();
      const told = await toldLast(workplace, asked);
      // Not earlier: a run that others had overtaken meanwhile would count as made before theirs.
      const id = newRunId(runIds(join(folder, "runs")).at(-1));
      const job: Job = { ...asked, run: id, lease, ...(told !== undefined && { told }) };
      return sharing(workplace, job, (others) => {
        // Somebody stopped whoever had the sync before. Not earlier: that one may still have to see it.
        takeBack(folder, "stop");
        run = id;
        noteStart(path, job);
        onEvent?.({ type: "started", sync: sync.name, run: id });
        const tell = (progress: Progress) => {
          others?.heard(progress);
          onEvent?.({ type: "progress", sync: sync.name, run: id, progress });
        };
        const ends = AbortSignal.any([lost, ...(signal ? [signal] : [])]);
        return workplace.jobs.start(job, tell, ends, others?.onShare);
      });
    });
    if (result.kind !== kind)
      throw new SluiceError("bug", `A ${kind} of ${sync.name} was answered by a ${result.kind}.`);
    if ((result.kind === "run" || result.kind === "undo") && result.error) {
      const ended = SluiceError.revive(result.error);
      error = locate(signal?.aborted ? endedBy(ended, stopped(kind, sync.name)) : ended, sync, project);
    }
  } catch (thrown) {
    error = locate(SluiceError.from(thrown), sync, project);
  }
  if (run !== undefined) noteWhatEnded(path, run, result, error);
  return { ...(run !== undefined && result && { done: { run, result } }), ...(error && { error }) };
}

/** The latest run of the sync that the history tells the end of, where that is a server: the embedded one is heavy, and in every backup of the state. */
async function toldLast(workplace: Workplace, of: Omit<Job, "run">): Promise<string | undefined> {
  if (!workplace.shared) return undefined;
  const { latestTold } = await import("../../store/runs.ts");
  return workplace.asking(latestTold(await workplace.history(), of));
}

/** A failure that cannot be noted (the disk is full, say) is still the one to tell. */
function noteWhatEnded(path: string, run: string, result: JobResult | undefined, error: SluiceError | undefined): void {
  try {
    noteEnd(path, run, result, error);
  } catch (fault) {
    if (!(error && fault instanceof SluiceError && fault.kind === "state")) throw fault;
  }
}
