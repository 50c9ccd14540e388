import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { CheckStep } from "../core/check.ts";
import { SluiceError } from "../core/errors.ts";
import type { Retention } from "../core/project.ts";
import { takeLock } from "../store/lock.ts";
import { compact, sizeOfState } from "./compact.ts";
import { exists, isDraft, layout, runNames } from "./layout.ts";
import { applyRetention } from "./retention.ts";
import { inMegabytes } from "./sizes.ts";

/**
 * Mends what can be mended in a sync's folder: removes what is kept no longer, what dead processes left, and gives room in
 * the state back to the disk. What was done, step by step; a state that cannot be read is a step that failed.
 * @throws SluiceError state_locked while a job works there.
 */
export async function repair(folder: string, retention: Retention, memoryLimit: string): Promise<CheckStep[]> {
  const at = layout(folder, "");
  if (!(await exists(at.state)) && !(await exists(at.runs)))
    return [{ step: "repair", status: "ok", detail: "nothing to mend" }];
  const lock = takeLock(folder, "doctor --repair");
  const temp = join(folder, "repair-tmp");
  const steps: CheckStep[] = [];
  try {
    const { removed, emptied } = await applyRetention(at, retention, Date.now());
    steps.push({
      step: "repair: retention",
      status: "ok",
      detail: `${removed} plans and runs removed, ${emptied} before-images`,
    });
    const leftovers = await leftoversIn(folder);
    for (const path of leftovers) await rm(path, { recursive: true, force: true });
    steps.push({ step: "repair: leftovers", status: "ok", detail: `${leftovers.length} removed` });
    if (!(await exists(at.state))) return steps;
    const { size, free } = await sizeOfState(at, { memoryLimit, temp });
    const done = free > 0 ? await compact(at, { memoryLimit, temp }, true) : undefined;
    steps.push({
      step: "repair: state",
      status: "ok",
      detail: done
        ? `${inMegabytes(done.before)} became ${inMegabytes(done.after)}`
        : `${inMegabytes(size)}, nothing to gain`,
    });
  } catch (thrown) {
    const { message, remedy } = SluiceError.from(thrown);
    steps.push({ step: "repair: state", status: "failed", detail: "", cause: message, remedy });
  } finally {
    await rm(temp, { recursive: true, force: true });
    lock.release();
  }
  return steps;
}

/** What a process that died may have left, and nobody needs. */
async function leftoversIn(folder: string): Promise<string[]> {
  const at = layout(folder, "");
  const own = [`${at.state}.new`, `${at.state}.new.wal`, at.removing, join(folder, "repair-tmp"), `${at.relied}.new`];
  const drafts = ["tmp", "job.json.new", "plan.json.new"];
  const ofRuns = (await runNames(at.runs)).map(async (run) => {
    const names = await readdir(join(at.runs, run));
    return names.filter((name) => drafts.includes(name) || isDraft(name)).map((name) => join(at.runs, run, name));
  });
  const ofState = own.map(async (path) => ((await exists(path)) ? [path] : []));
  return (await Promise.all([...ofState, ...ofRuns])).flat();
}
