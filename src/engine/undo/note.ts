import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import type { UndoneMark } from "../../core/guards.ts";
import { type Duck, parquetRows } from "../duck.ts";
import { readKeptJob } from "../kept-job.ts";
import { exists, mayHaveSent, runFiles, runNames } from "../layout.ts";

/** An undo, as its run folder says it: which run it takes back, who asked for it, and when. Written before it sends. */
export type UndoNote = { of: string; by: string; at: string };

/** Undefined where there is none. One that is damaged still says that an undo may have sent something. */
export async function readUndoNote(path: string): Promise<UndoNote | undefined> {
  try {
    return JSON.parse(await readFile(path, "utf8")) as UndoNote;
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    if (!(thrown instanceof SyntaxError)) throw thrown;
    return { of: "(unknown)", by: "(unknown)", at: (await stat(path)).mtime.toISOString() };
  }
}

/**
 * What the state is to say after an undo (`note`) where it said `before`; undefined where nothing is taken back any more. To
 * undo an undo brings its run back, to undo that takes it back again. Of several that are taken back none is forgotten
 * before a person approves the next run.
 */
export async function markAfter(
  runs: string,
  { of, by, at }: UndoNote,
  before: UndoneMark | undefined,
): Promise<UndoneMark | undefined> {
  const { run, back } = await meant(runs, of);
  if (back) return { run, by, at, ...(before && (before.more || before.run !== run) && { more: true }) };
  return before?.run === run && !before.more ? undefined : before;
}

/** Which run an undo of the run `of` is about, and whether it takes it back: an undo of an undo brings it back. */
async function meant(runs: string, of: string): Promise<{ run: string; back: boolean }> {
  const inner = await readUndoNote(runFiles(join(runs, of)).undo);
  if (!inner) return { run: of, back: true };
  const { run, back } = await meant(runs, inner.of);
  return { run, back: !back };
}

/**
 * Where an undo of the undo `of` brings a run back: how many records that run had taken over and the undo let go. Nothing
 * links them again but the next run, which meets them for the first time.
 */
export async function stillLetGo(duck: Duck, runs: string, of: string): Promise<{ run: string; records: number }> {
  const { run, back } = await meant(runs, of);
  if (back) return { run, records: 0 };
  const [first, undo] = [runFiles(join(runs, run)).touched, runFiles(join(runs, of)).touched];
  // Where nothing tells any more what the run took over, all count that are without the link they had before the undo.
  const took = (await exists(first))
    ? `JOIN ${parquetRows(first)} t ON t.key = u.key AND t.id = u.old_id AND t.action = 'adopt' AND t.link_ = 'none'`
    : "";
  const { records } = await duck.one<{
    records: number;
  }>(`SELECT count(*) AS records FROM ${parquetRows(undo)} u ${took}
LEFT JOIN st.link l ON l.key = u.key WHERE u.action <> 'delete' AND u.old_id IS NOT NULL AND l.id IS DISTINCT FROM u.old_id`);
  return { run, records };
}

/** Whether a run sent all that it was to send, of a plan that had all. One whose end is damaged, or not told, may not have. */
async function wentThrough(done: string): Promise<boolean> {
  try {
    const { status, heldBack } = JSON.parse(await readFile(done, "utf8")) as { status?: string; heldBack?: boolean };
    return status === "done" && heldBack !== true;
  } catch (thrown) {
    if (thrown instanceof SyntaxError || (thrown as NodeJS.ErrnoException).code === "ENOENT") return false;
    throw thrown;
  }
}

/**
 * What the state would say of undos, by the folders of the runs alone; of those before `run`. A run of all rows that followed an undo
 * was approved, or it would not have gone through.
 */
export async function markLeft(runs: string, run: string): Promise<UndoneMark | undefined> {
  let mark: UndoneMark | undefined;
  for (const name of await runNames(runs)) {
    if (name >= run) break;
    const files = runFiles(join(runs, name));
    const note = await readUndoNote(files.undo);
    if (note && (await mayHaveSent(files))) mark = await markAfter(runs, note, mark);
    if (note || !mark || !(await exists(files.outcome))) continue;
    const kept = await readKeptJob(files);
    if (kept?.kind === "run" && !kept.only && (await wentThrough(files.done))) mark = undefined;
  }
  return mark;
}
