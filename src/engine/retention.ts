import { readdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Retention } from "../core/project.ts";
import { removeOldAside, statesAside } from "./aside.ts";
import { readKeptJob } from "./kept-job.ts";
import { exists, type Layout, runFiles, runNames } from "./layout.ts";
import { mayHaveWritten } from "./sent.ts";
import { readUndoNote } from "./undo/note.ts";

const day = 24 * 3600_000;

/** What of an ended run tells people what became of it; everything else is its before-images. */
const told = new Set(["job.json", "plan.json", "done.json", "undo.json", "outcome.parquet", "difference.parquet"]);

/**
 * Removes what the project no longer wants kept of a sync's plans and runs (`retention` in sluice.yaml). Never the latest run, nor the
 * latest that sent something, nor what an undo that is kept takes back, nor a run that has not ended: recovery needs it until the
 * next run has taken it over; nor the job's own (`run`), for a plan is made to be looked at, and applied. The oldest go first, and none
 * that wrote while an older one's before-images stay: to undo that one needs what it wrote. What a rebuild has moved aside is kept as
 * long as before-images are. `now`: milliseconds. `plansAlone`: nothing of what was sent goes, nor what a rebuild has moved aside.
 * @returns how many folders went whole, and how many lost their before-images.
 */
export async function applyRetention(
  at: Pick<Layout, "runs" | "run" | "removing" | "state">,
  retention: Retention,
  now: number,
  plansAlone = false,
): Promise<{ removed: number; emptied: number }> {
  await rm(at.removing, { recursive: true, force: true });
  if (!plansAlone) await removeOldAside(at, retention.beforeImages, now);
  const aside = new Set((await statesAside(at)).map(({ run }) => run));
  const counts = { removed: 0, emptied: 0 };
  const names = await runNames(at.runs);
  const needed = await stillNeeded(at.runs, names, retention.beforeImages, now);
  let olderWhole = false;
  for (const name of names) {
    const folder = join(at.runs, name);
    if (folder === at.run) continue;
    const files = runFiles(folder);
    const ended = await exists(files.done);
    // A rebuild that died before it had done anything: the next run puts back what it has moved aside.
    if (!ended && aside.has(name)) continue;
    const sent = ended && (await readKeptJob(files))?.kind !== "plan";
    const age = await ageOf(sent ? files.done : folder, now);
    if (age === undefined || (sent && plansAlone)) continue;
    if (sent) {
      const [wrote, whole] = [await mayHaveWritten(files), await exists(files.touched)];
      const neededByOlder = olderWhole && wrote;
      if (needed.has(name) || age <= retention.beforeImages || (neededByOlder && whole)) {
        // Of one that says it ended in the future nobody knows how long that would be.
        olderWhole ||= wrote && whole && age > -1;
      } else if (age > retention.outcomes && !neededByOlder) {
        await removeWhole(at.removing, folder);
        counts.removed++;
      } else {
        const images = (await readdir(folder)).filter((file) => !told.has(file));
        if (images.length === 0) continue;
        // First what makes it a run that can be undone: half of one cannot. Whoever dies here leaves the rest to the next.
        await rm(files.touched, { force: true });
        for (const file of images) await rm(join(folder, file), { recursive: true, force: true });
        counts.emptied++;
      }
      continue;
    }
    const plan = (await readKeptJob(files))?.kind === "plan" || !(await exists(files.touched));
    if (plan && age > retention.plans) {
      await removeWhole(at.removing, folder);
      counts.removed++;
    }
  }
  return counts;
}

/**
 * The runs that stay whole however old they are: the latest that told what became of its rows, the latest that sent something, and what
 * undos that stay whole take back, for another undo of that run does what they left, and to undo them tells by it what they let go.
 */
async function stillNeeded(runs: string, names: readonly string[], days: number, now: number): Promise<Set<string>> {
  const needed = new Set<string>();
  const missing = new Set(["outcome", "journal"] as const);
  for (const name of names.toReversed()) {
    const files = runFiles(join(runs, name));
    const ended = await exists(files.done);
    for (const file of ended ? missing : []) {
      if (!(await exists(files[file]))) continue;
      missing.delete(file);
      needed.add(name);
    }
    // The next run ends an undo that died; one of another table, which none of them ends, may not keep its run for ever.
    const age = (await ageOf(ended ? files.done : join(runs, name), now)) ?? 0;
    const stays = needed.has(name) || age <= days;
    const undo = stays && (await exists(files.touched)) ? await readUndoNote(files.undo) : undefined;
    if (undo) needed.add(undo.of);
  }
  return needed;
}

/**
 * Out of the way first: a folder that is half gone would look like a run that died. Nothing new is made for it: there may
 * be no room.
 */
async function removeWhole(removing: string, folder: string): Promise<void> {
  await rename(folder, removing);
  await rm(removing, { recursive: true });
}

/** In days; undefined where it went away meanwhile. */
async function ageOf(path: string, now: number): Promise<number | undefined> {
  const found = await stat(path).catch(() => undefined);
  return found && (now - found.mtimeMs) / day;
}
