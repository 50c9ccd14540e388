import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { SluiceError } from "../core/errors.ts";
import { runFiles } from "../engine/layout.ts";
import type { LeftRun } from "../engine/rejected.ts";
import type { StatePlaces } from "../store/folder.ts";

/** Whether a word names a run (`newRunId`) and no sync. */
export const isRunId = (word: string): boolean => /^\d{8}T\d{9}-[0-9a-f]{4}$/.test(word);

/** The newest run of a sync that told what became of every row; undefined before the first. */
export function latestLeft(places: StatePlaces, environment: string, sync: string): LeftRun | undefined {
  const runs = join(places.sync(environment, sync), "runs");
  for (const run of runIds(runs).reverse()) {
    const folder = join(runs, run);
    if (existsSync(runFiles(folder).outcome)) return { sync, run, folder };
  }
  return undefined;
}

/** A run by its id, whichever sync it is of, also one that the project does not have any more. Error: unknown_name. */
export function leftRun(places: StatePlaces, environment: string, run: string): LeftRun {
  // An id of another form is no folder of ours, and could be a way out of the state folder.
  for (const sync of isRunId(run) ? namesIn(join(places.path, environment)) : []) {
    const folder = join(places.sync(environment, sync), "runs", run);
    if (existsSync(folder)) return { sync, run, folder };
  }
  throw new SluiceError(
    "unknown_name",
    `There is no run \`${run}\` among those kept in the environment ${environment}.`,
    {
      remedy:
        "`sluice runs` lists the runs. Of one that it lists and whose folder is gone only the counts are left: `retention` in sluice.yaml removes folders in time, and a backup that was put back may lack some, which `sluice doctor` tells.",
    },
  );
}

/** The runs of a sync in order of time. */
export const runIds = (folder: string): string[] => namesIn(folder).filter(isRunId).sort();

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (thrown) {
    if (["ENOENT", "ENOTDIR"].includes((thrown as NodeJS.ErrnoException).code ?? "")) return [];
    throw thrown;
  }
}
