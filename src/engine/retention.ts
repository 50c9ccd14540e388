import { readdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Retention } from "../core/project.ts";
import { removeOldAside, statesAside } from "./aside.ts";
import { readKeptJob } from "./kept-job.ts";
import { exists, type Layout, runFiles } from "./layout.ts";

const day = 24 * 3600_000;

/** What of an ended run tells people what became of it; everything else is its before-images. */
const told = new Set(["job.json", "plan.json", "done.json", "undo.json", "outcome.parquet"]);

/**
 * Removes what the project no longer wants kept of a sync's plans and runs (`retention` in sluice.yaml). Never the latest
 * run, nor the latest that sent something, nor one that has not ended: recovery needs it until the next run has taken it
 * over. `now`: milliseconds. What a rebuild has moved aside is kept as long as before-images are. `plansAlone`: nothing of what was
 * sent goes, nor what a rebuild has moved aside.
 * @returns how many folders went whole, and how many lost their before-images.
 */
export async function applyRetention(
  at: Pick<Layout, "runs" | "removing" | "state">,
  retention: Retention,
  now: number,
  plansAlone = false,
): Promise<{ removed: number; emptied: number }> {
  await rm(at.removing, { recursive: true, force: true });
  if (!plansAlone) await removeOldAside(at, retention.beforeImages, now);
  const aside = new Set((await statesAside(at)).map(({ run }) => run));
  const counts = { removed: 0, emptied: 0 };
  const seen = { outcome: false, journal: false };
  const isLatest = async (file: keyof typeof seen, path: string) => {
    const latest = !seen[file] && (await exists(path));
    seen[file] ||= latest;
    return latest;
  };
  for (const name of (await namesIn(at.runs)).sort().reverse()) {
    const folder = join(at.runs, name);
    const files = runFiles(folder);
    const ended = await exists(files.done);
    // A rebuild that died before it had done anything: the next run puts back what it has moved aside.
    if (!ended && aside.has(name)) continue;
    const sent = ended && (await readKeptJob(files))?.kind !== "plan";
    const age = await ageOf(sent ? files.done : folder, now);
    if (age === undefined || (sent && plansAlone)) continue;
    if (sent) {
      const [ran, wrote] = [await isLatest("outcome", files.outcome), await isLatest("journal", files.journal)];
      const latest = ran || wrote;
      if (!latest && age > retention.outcomes && age > retention.beforeImages) {
        await removeWhole(at.removing, folder);
        counts.removed++;
      } else if (!latest && age > retention.beforeImages && (await exists(files.touched))) {
        // First what makes it a run that can be undone: half of one cannot.
        await rm(files.touched);
        for (const file of await readdir(folder))
          if (!told.has(file)) await rm(join(folder, file), { recursive: true });
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

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw thrown;
  }
}
