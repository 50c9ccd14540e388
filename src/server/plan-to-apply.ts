import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { SluiceError } from "../core/errors.ts";
import type { SyncFile } from "../core/project.ts";
import { namingDamage } from "../engine/damage.ts";
import type { Job } from "../engine/job.ts";
import { type KeptJob, readWholeJob } from "../engine/kept-job.ts";
import { runFiles } from "../engine/layout.ts";
import type { StatePlaces } from "../store/folder.ts";
import { leftRun } from "./left-runs.ts";
import { jobFor, pickSyncs } from "./ops/jobs.ts";
import type { Project, Resource } from "./project/project.ts";

/**
 * `asKept`: with the configuration that the plan was made under, whatever the project says now; the plan may then be a
 * run that was begun already.
 */
export type PlanRequest = { id: string; maxMoved?: number | undefined; asKept?: boolean };

/** The plan, and the sync and its project as they are to be taken for it. */
export type PlanToApply = { project: Project; sync: Resource<SyncFile>; apply: NonNullable<Job["apply"]> };

/** A share of the plan's rows. */
const mostMoved = 0.01;

/**
 * The plan by its id, as far as it can be told from its folder that it may be applied.
 * @throws SluiceError unknown_name, plan_elsewhere, plan_incomplete, plan_applied, plan_outdated, state_broken.
 */
export async function planToApply(
  places: StatePlaces,
  project: Project,
  names: readonly string[],
  { id, maxMoved = mostMoved, asKept = false }: PlanRequest,
): Promise<PlanToApply> {
  refuseElsewhere(places, project, id);
  const { sync: name, folder } = leftRun(places, project.environment, id);
  if (names.length > 0 && (names.length > 1 || names[0] !== name))
    throw new SluiceError("plan_elsewhere", `The plan ${id} is of the sync ${name}, not of ${names.join(", ")}.`);
  const [sync] = pickSyncs(project, [name]);
  return namingDamage([folder], () => ofFolder(project, sync!, folder, { id, maxMoved, asKept }));
}

async function ofFolder(
  project: Project,
  sync: Resource<SyncFile>,
  folder: string,
  { id, maxMoved, asKept }: { id: string; maxMoved: number; asKept: boolean },
): Promise<PlanToApply> {
  const files = runFiles(folder);
  const kept = await readWholeJob(files);
  if (!asKept && (existsSync(files.journal) || existsSync(files.outcome)))
    throw new SluiceError("plan_applied", `${id} is a run, and it has begun to send its plan.`, {
      remedy: "Make a new plan with `sluice plan`, or let `sluice resolve RUN retry` go on with this one.",
    });
  if (!kept || !existsSync(files.plan) || !existsSync(files.touched))
    throw new SluiceError("plan_incomplete", `The plan ${id} was never complete: it died, or it failed.`);
  const apply = { plan: id, folder, maxMoved };
  if (asKept) return { ...asThen(project, sync, kept), apply };
  if (existsSync(files.applied)) {
    const { run } = JSON.parse(readFileSync(files.applied, "utf8")) as { run: string };
    throw new SluiceError("plan_applied", `The plan ${id} was applied by the run ${run}.`);
  }
  const { of } = JSON.parse(readFileSync(files.plan, "utf8")) as { of?: string };
  if (of !== undefined)
    throw new SluiceError(
      "plan_elsewhere",
      `${id} shows what undoing the run ${of} would change; it is no plan of a run.`,
      {
        remedy: `\`sluice undo ${of}\` does it.`,
      },
    );
  refuseOtherMapping(project, sync, kept);
  return { project, sync, apply };
}

/** With what the plan was made under in the place of what is said now; connections go by their names. */
function asThen(project: Project, sync: Resource<SyncFile>, kept: KeptJob): Pick<PlanToApply, "project" | "sync"> {
  for (const name of [kept.source, kept.destination])
    if (!project.connections.has(name))
      throw new SluiceError(
        "plan_outdated",
        `The project has no connection \`${name}\`, which ${kept.run} works with.`,
        {
          remedy: `Call it so again, or let \`sluice resolve ${kept.run} restart\` go on with the present configuration.`,
        },
      );
  const { document } = sync;
  const models = new Map(project.models).set(kept.model.name, { document, ...kept.model });
  const audiences = new Map(project.audiences);
  for (const audience of kept.audiences) audiences.set(audience.name, { document, ...audience });
  return { project: { ...project, models, audiences }, sync: { ...sync, file: kept.syncFile } };
}

function refuseElsewhere({ path }: StatePlaces, { environment }: Project, id: string): void {
  for (const other of foldersIn(path)) {
    if (other === environment) continue;
    const found = foldersIn(join(path, other)).find((sync) => existsSync(join(path, other, sync, "runs", id)));
    if (found !== undefined)
      throw new SluiceError(
        "plan_elsewhere",
        `The plan ${id} of ${found} was made for the environment ${other}, not for ${environment}.`,
        { remedy: `Name that environment (--environment ${other}), or make a plan for this one.` },
      );
  }
}

function foldersIn(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [entry.name] : []));
}

function refuseOtherMapping(project: Project, sync: Resource<SyncFile>, kept: KeptJob): void {
  const none = { kind: kept.kind, folderOf: () => "", upstream: [], memoryLimit: "" };
  const now = jobFor(project, sync, none);
  const changed = [
    [now.syncFile, kept.syncFile, `syncs/${sync.name}.yaml`],
    [now.model, kept.model, `models/${now.model.name}.yaml`],
    [now.audiences, kept.audiences, "its audiences"],
  ].flatMap(([a, b, file]) => (JSON.stringify(a) === JSON.stringify(b) ? [] : [String(file)]));
  if (changed.length > 0)
    throw new SluiceError("plan_outdated", `Since the plan ${kept.run} was made ${changed.join(" and ")} changed.`);
}
