import type { ErrorCode } from "../../core/catalogue.ts";
import { type Place, SluiceError } from "../../core/errors.ts";
import type { SyncFile } from "../../core/project.ts";
import type { Project, Resource } from "./project.ts";

/** Where to look when the one who found the fault could not say: which of a sync's files, and which key in it. */
type Suspect = (sync: Resource<SyncFile>, project: Project) => { file: string; path?: string[] } | undefined;

const model: Suspect = (sync) => ({ file: `models/${sync.file.model}.yaml`, path: [] });
const source: Suspect = (sync, project) => {
  const connection = project.models.get(sync.file.model)?.file.connection;
  return connection === undefined ? undefined : { file: `connections/${connection}.yaml`, path: [] };
};
const destination: Suspect = (sync) => ({ file: `connections/${sync.file.to}.yaml` });

const suspects: Partial<Record<ErrorCode, Suspect>> = {
  unknown_object: (sync) => ({ file: `syncs/${sync.name}.yaml`, path: ["object"] }),
  sql_invalid: (sync) => ({ file: `models/${sync.file.model}.yaml`, path: ["sql"] }),
  unknown_column: model,
  unknown_name: (sync) => ({ file: `models/${sync.file.model}.yaml`, path: ["table"] }),
  file_missing: source,
  file_unreadable: source,
  ambiguous_date: model,
  connection_wrong: destination,
  secret_wrong: destination,
  host_unreachable: destination,
  not_allowed: destination,
  unexpected_answer: destination,
};

/**
 * The same error with the line of the YAML file that is at fault, and the sync's name in its remedy. Who finds a fault knows
 * the path of keys, or nothing; only the project knows lines.
 */
export function locate(error: SluiceError, sync: Resource<SyncFile>, project: Project): SluiceError {
  const place = placeOf(error, sync, project);
  const others = error.others.map((other) => locate(other, sync, project));
  const remedy = ofSync(error.remedy, sync.name);
  if (place === error.place && remedy === error.remedy && others.length === 0) return error;
  return new SluiceError(error.code, error.message, {
    remedy,
    place,
    cause: error.cause ?? error,
    others,
    ...(error.retryAfterMs !== undefined && { retryAfterMs: error.retryAfterMs }),
  });
}

/** A remedy with the sync's name where it says SYNC. */
export const ofSync = (remedy: string, sync: string): string => remedy.replaceAll(/\bSYNC\b/g, sync);

function placeOf(error: SluiceError, sync: Resource<SyncFile>, project: Project): Place | undefined {
  if (error.place?.line !== undefined) return error.place;
  if (!error.place && ["state", "interrupted"].includes(error.kind)) return undefined;
  const at = error.place ?? suspects[error.code]?.(sync, project) ?? { file: `syncs/${sync.name}.yaml` };
  return at.path === undefined ? at : (project.place(at.file, at.path) ?? at);
}
