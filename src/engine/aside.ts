import { readdir, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { exists, type Layout, runFiles } from "./layout.ts";

// A rebuild moves the state aside before it makes another. What dies before its end has not been: the file is put back.

const mark = ".before-";

/** Moves the state's file and its log aside for the run that makes another. @returns where it then is; null where there was none. */
export async function moveAside(at: Pick<Layout, "state" | "run">): Promise<string | null> {
  const aside = `${at.state}${mark}${basename(at.run)}`;
  let moved = false;
  // The log first: alone it tells that the file is still in its place.
  for (const end of [".wal", ""]) {
    if (!(await exists(at.state + end))) continue;
    await rename(at.state + end, aside + end);
    moved = true;
  }
  return moved ? aside : null;
}

/** Puts it back in place of what was begun. Whoever dies meanwhile leaves it to be done once more. */
export async function putBack(aside: string, state: string): Promise<void> {
  if (await exists(aside)) {
    for (const end of ["", ".wal"]) await rm(state + end, { force: true });
    await rename(aside, state);
  }
  if (await exists(`${aside}.wal`)) await rename(`${aside}.wal`, `${state}.wal`);
}

/** Puts back what rebuilds that died have moved aside. Wants that nobody else works on the sync. */
export async function putBackLeft(at: Pick<Layout, "state" | "run" | "runs">): Promise<void> {
  for (const { run, aside } of await statesAside(at))
    if (run !== basename(at.run) && (await died(join(at.runs, run)))) await putBack(aside, at.state);
}

/** Removes what rebuilds that ended more than so many days before `now` (milliseconds) have moved aside. */
export async function removeOldAside(at: Pick<Layout, "state" | "runs">, days: number, now: number): Promise<void> {
  for (const { run, aside } of await statesAside(at)) {
    // Of a run whose folder is gone nobody knows whether it ended: this may be the only state there is.
    const ended = await stat(runFiles(join(at.runs, run)).done).catch(() => undefined);
    if (!ended || now - ended.mtimeMs <= days * 24 * 3600_000) continue;
    for (const end of ["", ".wal"]) await rm(aside + end, { force: true });
  }
}

const died = async (folder: string): Promise<boolean> =>
  (await exists(folder)) && !(await exists(runFiles(folder).done));

/** By the runs that have moved them aside. */
export async function statesAside(at: Pick<Layout, "state">): Promise<{ run: string; aside: string }[]> {
  const [folder, start] = [dirname(at.state), `${basename(at.state)}${mark}`];
  const found = (await readdir(folder)).filter((name) => name.startsWith(start));
  const runs = new Set(found.map((name) => name.slice(start.length).replace(/[.]wal$/, "")));
  return [...runs].map((run) => ({ run, aside: join(folder, start + run) }));
}
