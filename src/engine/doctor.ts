import { stat, statfs } from "node:fs/promises";
import { join } from "node:path";
import type { CheckStep, Need } from "../core/check.ts";
import { SluiceError } from "../core/errors.ts";
import { askedInForms, columnsNamed, type ObjectSchema } from "../core/schema.ts";
import { shellWord } from "../core/shell-word.ts";
import { brokenRun, tornFiles } from "./damage.ts";
import { columnDrift, tableDrift } from "./drift.ts";
import { openDuck, text } from "./duck.ts";
import { exists, layout, runFiles, runNames } from "./layout.ts";
import { findAgain, hasSettled, lostState, stateUnknowing } from "./lost-state.ts";
import { readThrough } from "./open-state.ts";
import { readRelied } from "./relied.ts";
import { inMegabytes } from "./sizes.ts";
import { stateElsewhere } from "./state-file.ts";
import { readUndoNote } from "./undo/note.ts";

/** Below so much room on the disk, in bytes, a run of some size may not end. */
const littleRoom = 1024 ** 3;

/**
 * What has changed in a sync's table since the last run, and whether that wrote to this one (`destination`, see
 * `destinationName`). `folder` is the sync's own; only files in it are looked at. `prefix`: see `Session`.
 */
export async function schemaSteps(
  folder: string,
  need: Need,
  object: ObjectSchema,
  prefix: string | undefined,
  destination: string,
): Promise<CheckStep[]> {
  const step = `schema: ${object.name}`;
  const at = layout(folder, "");
  const relied = await readRelied(at.relied);
  if (relied && relied.destination !== destination && (await exists(at.state))) {
    const { message, remedy } = stateElsewhere(at.state, relied.destination, destination);
    return [{ step, status: "failed", detail: folder, cause: message, remedy }];
  }
  // A column that is gone is known from the last run.
  const known = [object, ...(relied ? [relied] : [])];
  const called = (names: string[]) =>
    names.map((name) => known.flatMap((table) => columnsNamed(table, name, prefix))[0]?.name ?? name.toLowerCase());
  const mapped = new Set(called(need.columns));
  const steps: CheckStep[] = [];
  const uses = { mapped, match: called(need.match), creates: need.creates };
  const drift = relied
    ? [...columnDrift(relied, object).filter((d) => mapped.has(d.column!)), ...tableDrift(relied, object, uses)]
    : [];
  for (const { what, stops } of drift)
    steps.push({
      step,
      status: stops ? "failed" : "warning",
      detail: "changed since the last run",
      cause: what,
      remedy: stops
        ? "Change the mapping to fit the table, or have the change undone there."
        : "See that you want it so.",
    });
  if (drift.length === 0)
    steps.push({ step, status: "ok", detail: relied ? "as in the last run" : "nothing to compare with before a run" });
  const forms = need.creates ? askedInForms(object, mapped) : [];
  if (forms.length > 0)
    steps.push({
      step: `required in forms: ${object.name}`,
      status: "warning",
      detail: forms.join(", "),
      cause: "Forms ask for these columns and the sync does not map them; the API makes records without them.",
      remedy: "Map them, unless people who open such a record shall fill them in.",
    });
  return steps;
}

/** How a sync's state is; nothing but its folder is needed for that, and which run the history tells the end of last (`told`). */
export async function stateSteps(folder: string, told?: string): Promise<CheckStep[]> {
  const at = layout(folder, "");
  if (!(await exists(at.state))) {
    if (!(await hasSettled(at))) return [{ step: "state", status: "ok", detail: "none yet" }];
    return [{ step: "state", status: "failed", detail: folder, cause: lostState(at.state), remedy: findAgain }];
  }
  const fault = await readWhole(at.state, folder, told);
  if (fault?.code === "state_locked")
    return [{ step: "state", status: "skipped", detail: "a job works on the sync at this moment" }];
  if (fault) return [{ step: "state", status: "failed", detail: folder, cause: fault.message, remedy: fault.remedy }];
  const steps: CheckStep[] = [];
  const warn = (cause: string, remedy: string) =>
    void steps.push({ step: "state", status: "warning", detail: folder, cause, remedy });
  const [own, { size, mode }, { bavail, bsize }] = await Promise.all([stat(folder), stat(at.state), statfs(folder)]);
  if ((own.mode | mode) & 0o077) warn("Others on this machine may read it.", `chmod -R go= ${shellWord(folder)}`);
  if (bavail * bsize < Math.max(littleRoom, 3 * size))
    warn(
      `The disk has ${Math.floor((bavail * bsize) / 1024 ** 2)} MB left.`,
      "Make room: a run takes some times its state.",
    );
  const unfinished = await unfinishedRuns(at.runs);
  const runs = unfinished.filter(({ of }) => of === undefined).map(({ run }) => run);
  if (runs.length > 0)
    warn(
      `The run ${runs.join(", ")} sent something and did not end.`,
      "Run the sync again: it takes up what was sent and does the rest.",
    );
  for (const { run, of } of unfinished)
    if (of !== undefined)
      warn(`The undo ${run} of the run ${of} sent something and did not end.`, `\`sluice undo ${of}\` does the rest.`);
  const torn = await tornFiles(await endedRuns(at.runs));
  const { message, remedy } = brokenRun(torn);
  if (torn.length > 0) warn(message, remedy);
  if (steps.length > 0) return steps;
  return [{ step: "state", status: "ok", detail: `${inMegabytes(size)}; every run has ended` }];
}

/** What is wrong with a state file that cannot be read from its first row to its last. It stays as it is. */
async function readWhole(state: string, folder: string, told?: string): Promise<SluiceError | undefined> {
  const duck = await openDuck({ memoryLimit: "256MB", threads: 2, temp: join(folder, "tmp"), state });
  try {
    await duck.run(`ATTACH ${text(state)} AS st (READ_ONLY)`);
    await readThrough(duck);
    return await stateUnknowing(duck, layout(folder, ""), told);
  } catch (thrown) {
    return SluiceError.from(thrown);
  } finally {
    await duck.close();
  }
}

/** Runs, and undos `of` one that is still there, that sent something, did not end, and were not taken up by a later one that told what became of its rows. */
async function unfinishedRuns(runs: string): Promise<{ run: string; of: string | undefined }[]> {
  const found: { run: string; of: string | undefined }[] = [];
  for (const name of (await runNames(runs)).reverse()) {
    const files = runFiles(join(runs, name));
    if (!(await exists(files.done))) {
      const { of = "" } = (await readUndoNote(files.undo)) ?? {};
      const known = of !== "" && (await exists(join(runs, of)));
      if (await exists(files.journal)) found.push({ run: name, of: known ? of : undefined });
    } else if (await exists(files.outcome)) break;
  }
  return found;
}

/** Their folders. What others have left may be half written, and is told apart by the next run. */
async function endedRuns(runs: string): Promise<string[]> {
  const folders = (await runNames(runs)).map((name) => join(runs, name));
  const ended = await Promise.all(folders.map((folder) => exists(runFiles(folder).done)));
  return folders.filter((_, i) => ended[i]);
}
