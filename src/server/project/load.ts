import type { z } from "zod";
import { SluiceError } from "../../core/errors.ts";
import { audienceFile, modelFile, projectFile, syncFile } from "../../core/project.ts";
import { loadConnections } from "./connections.ts";
import type { ProjectDocument } from "./document.ts";
import { environmentFaults, pickEnvironment } from "./environment.ts";
import { faultAt, findings } from "./faults.ts";
import { type Folder, type Kind, readFolder } from "./folder.ts";
import { circleFault, orderSyncs } from "./order.ts";
import type { ConnectorSource, Project, Resource } from "./project.ts";
import { audienceFaults, modelFaults, overlapFaults, syncFaults } from "./references.ts";
import type { Variables } from "./variables.ts";

export type LoadOptions = {
  folder: string;
  environment?: string | undefined;
  variables: Variables;
  connectors: ConnectorSource;
};

/**
 * Reads and checks a whole project folder. Reads nothing but its YAML files and contacts nobody. Every fault is found
 * before the first is thrown; that one carries the rest in `others`.
 * Errors: no_project, yaml_syntax, yaml_invalid, unknown_name, variable_missing.
 */
export async function loadProject(options: LoadOptions): Promise<Project> {
  const folder = readFolder(options.folder);
  const problems = [...folder.problems];
  const root = folder.root && check(projectFile, folder.root, problems);
  const environment = pickEnvironment(root, folder.root, options.environment, problems);
  const models = checkAll(modelFile, folder, "models", problems);
  const audiences = checkAll(audienceFile, folder, "audiences", problems);
  const syncs = checkAll(syncFile, folder, "syncs", problems);
  if (root && folder.root) problems.push(...environmentFaults(root, folder.root, folder));
  const connections = await loadConnections(folder, root, environment, options.connectors, options.variables, problems);

  for (const model of models.values()) problems.push(...modelFaults(model, folder));
  for (const audience of audiences.values()) problems.push(...audienceFaults(audience, folder));
  for (const sync of syncs.values()) problems.push(...syncFaults(sync, folder, audiences));
  problems.push(...overlapFaults([...syncs.values()]));
  const { ordered, circle } = orderSyncs([...syncs.values()]);
  if (circle) problems.push(circleFault(circle, [...syncs.values()]));

  const [first, ...others] = problems;
  if (first)
    throw new SluiceError(first.code, first.message, {
      remedy: first.remedy,
      place: first.place,
      cause: first,
      others,
    });
  const documents = [folder.root, ...Object.values(folder.files).flatMap((files) => [...files.values()])];
  return {
    folder: folder.path,
    name: root!.name,
    environment,
    retention: root!.retention,
    connections,
    models,
    audiences,
    syncs: ordered,
    place: (file, path) => documents.find((document) => document?.file === file)?.place(path),
  };
}

function check<T>(schema: z.ZodType<T>, document: ProjectDocument, problems: SluiceError[]): T | null {
  const result = schema.safeParse(document.value);
  if (result.success) return result.data;
  for (const finding of findings(schema, document.value, result.error.issues))
    problems.push(faultAt(document, finding.path, finding.message));
  return null;
}

function checkAll<T>(schema: z.ZodType<T>, folder: Folder, kind: Kind, problems: SluiceError[]) {
  const checked = new Map<string, Resource<T>>();
  for (const [name, document] of folder.files[kind]) {
    const file = document && check(schema, document, problems);
    if (file) checked.set(name, { name, document, file });
  }
  return checked;
}
