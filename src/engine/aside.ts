import { readdir, rename, rm } from "node:fs/promises";
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
  const [folder, start] = [dirname(at.state), `${basename(at.state)}${mark}`];
  const found = (await readdir(folder)).filter((name) => name.startsWith(start));
  for (const run of new Set(found.map((name) => name.slice(start.length).replace(/[.]wal$/, "")))) {
    const died = (await exists(join(at.runs, run))) && !(await exists(runFiles(join(at.runs, run)).done));
    if (died && run !== basename(at.run)) await putBack(join(folder, start + run), at.state);
  }
}
