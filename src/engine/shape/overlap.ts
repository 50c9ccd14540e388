import { SluiceError } from "../../core/errors.ts";
import type { SyncFile } from "../../core/project.ts";
import { columnsNamed, type ObjectSchema } from "../../core/schema.ts";
import type { Job } from "../job.ts";
import { place } from "./place.ts";

/**
 * Two syncs that write one column of one table would undo each other for ever. The project's files are searched for that
 * when they are read; here the destination tells which columns their names, titles and unfinished names mean.
 * @throws SluiceError mapping_unfit
 */
export function refuseOverlap(job: Job, object: ObjectSchema, prefix?: string): void {
  const own = written(object, job.syncFile, prefix);
  const match = matched(object, job.syncFile);
  for (const { sync, file } of job.others ?? []) {
    if (file.object !== object.name) continue;
    const [theirs, theirMatch] = [written(object, file, prefix), matched(object, file)];
    for (const [column, path] of own) {
      // What both match by holds the same value by definition.
      if (!theirs.has(column) || (match.has(column) && theirMatch.has(column))) continue;
      throw new SluiceError(
        "mapping_unfit",
        `The syncs ${job.sync} and ${sync} both write ${column} of ${object.name} on ${file.to}: each would undo the other.`,
        { remedy: "Leave the column to one of them.", place: place(job, path) },
      );
    }
  }
}

/** The names of the columns that a sync writes, each with its place in the file. A name that fits none is told elsewhere. */
function written(object: ObjectSchema, file: SyncFile, prefix?: string): Map<string, string[]> {
  const mapped = Object.keys(file.mapping).map((name) => ({ name, path: ["mapping", name], prefix: undefined }));
  const statuses = Object.entries(file.audiences).flatMap(([audience, to]) =>
    "column" in to ? [{ name: to.column, path: ["audiences", audience], prefix }] : [],
  );
  return new Map(
    [...mapped, ...statuses].flatMap((line) =>
      columnsNamed(object, line.name, line.prefix).map(({ name }): [string, string[]] => [name, line.path]),
    ),
  );
}

const matched = (object: ObjectSchema, file: SyncFile): Set<string> =>
  new Set(file.match.flatMap((name) => columnsNamed(object, name).map((column) => column.name)));
