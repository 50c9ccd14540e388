import { SluiceError } from "../../core/errors.ts";
import { didYouMean } from "../../core/nearest.ts";
import type { SyncFile } from "../../core/project.ts";
import type { Endpoint, Job } from "../../engine/job.ts";
import type { Project, Resource } from "../project/project.ts";

/** The syncs named, or all, in the project's order. Error: unknown_name, with the nearest. */
export function pickSyncs(project: Project, names: readonly string[]): Resource<SyncFile>[] {
  const known = project.syncs.map((sync) => sync.name);
  for (const name of names) {
    if (known.includes(name)) continue;
    const offer = didYouMean(name, known) || (known.length ? `; it has ${known.join(", ")}.` : "; it has none.");
    throw new SluiceError("unknown_name", `The project ${project.name} has no sync \`${name}\`${offer}`);
  }
  return names.length === 0 ? project.syncs : project.syncs.filter((sync) => names.includes(sync.name));
}

type Rest = Pick<
  Job,
  "kind" | "upstream" | "memoryLimit" | "approval" | "maxWait" | "only" | "undo" | "verify" | "force" | "apply"
> & {
  cache?: string;
  /** The state folder of a sync. */
  folderOf: (sync: string) => string;
};

/** Everything a job's process needs but the run's id, secrets included: for the private channel only. */
export function jobFor(
  project: Project,
  sync: Resource<SyncFile>,
  { cache, folderOf, ...rest }: Rest,
): Omit<Job, "run"> {
  const model = project.models.get(sync.file.model)!;
  return {
    ...rest,
    sync: sync.name,
    environment: project.environment,
    folder: folderOf(sync.name),
    retention: project.retention,
    syncFile: sync.file,
    others: project.syncs.flatMap(({ name, file }) =>
      name !== sync.name && file.to === sync.file.to ? [{ sync: name, file, folder: folderOf(name) }] : [],
    ),
    model: { name: model.name, file: model.file },
    audiences: Object.keys(sync.file.audiences).map((name) => ({ name, file: project.audiences.get(name)!.file })),
    source: endpoint(project, model.file.connection),
    destination: { ...endpoint(project, sync.file.to), ...(cache !== undefined && { cache }) },
  };
}

function endpoint(project: Project, name: string): Endpoint {
  const { connector, config } = project.connections.get(name)!;
  return { connection: name, connector: connector.id, config, base: project.folder };
}
