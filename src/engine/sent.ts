import { readFile } from "node:fs/promises";
import { readKeptJob } from "./kept-job.ts";
import { exists, mayHaveSent, type runFiles } from "./layout.ts";

type Files = ReturnType<typeof runFiles>;

/** A mere plan, a rebuild, or a run that ended with its plan. */
export async function sendsNothing(files: Files): Promise<boolean> {
  if (!(await mayHaveSent(files))) return true;
  // A guard has stopped it, or there was no room: its plan stands, and that is all.
  const refused = (await exists(files.done)) && (await readDone(files.done)).status === "failed";
  if (refused && !(await exists(files.journal)) && !(await exists(files.outcome))) return true;
  const kept = await readKeptJob(files);
  return kept ? kept.kind !== "run" && kept.kind !== "undo" : (await exists(files.plan)) && !(await exists(files.done));
}

type Done = { status?: string; counts?: { writes?: number }; sent?: boolean };
const readDone = async (path: string): Promise<Done> => JSON.parse(await readFile(path, "utf8")) as Done;

/** Whether it told its end itself. */
export const ended = async (done: string): Promise<boolean> => (await readDone(done)).status !== "interrupted";

/** Whether it says that it had nothing to write. */
export async function wroteNothing(done: string): Promise<boolean> {
  const { status, counts } = await readDone(done);
  return status === "done" && counts?.writes === 0;
}

/**
 * Whether a run that has ended may have written something. What `retention` leaves of a run tells that, too; of one whose end is
 * damaged nobody knows.
 */
export async function mayHaveWritten(files: Files): Promise<boolean> {
  if (await exists(files.touched)) return await exists(files.journal);
  try {
    if ((await sendsNothing(files)) || (await wroteNothing(files.done))) return false;
    return (await readDone(files.done)).sent ?? true;
  } catch (thrown) {
    if (thrown instanceof SyntaxError) return true;
    throw thrown;
  }
}
