import { join } from "node:path";
import type { UndoneMark } from "../core/guards.ts";
import { columnsOf } from "./columns-of.ts";
import { type Duck, text } from "./duck.ts";
import { readKeptJob } from "./kept-job.ts";
import { beforeMembers, exists, type Layout, mayHaveSent, runFiles, runNames, type Wave, wavesOf } from "./layout.ts";
import type { Shape } from "./shape.ts";
import { type Asked, writtenRecords } from "./sql/look.ts";
import { storedName } from "./sql/names.ts";
import { fitting, orphans, takeOver } from "./sql/recover.ts";
import { caughtDeletes, caughtMembers, caughtResting, caughtUpdates } from "./sql/recover-updates.ts";
import { readJournal, sentChanges } from "./sql/settle.ts";
import { growTables, lastFolded } from "./state-file.ts";
import { readUndoNote } from "./undo/note.ts";
import { writeWhole } from "./whole-file.ts";
import { leaveSomebodys } from "./whose.ts";

/**
 * Takes over what runs that died had already written: records they created are linked, and what was sent to them, or to
 * records they updated, is their base, so that this run goes on as the dead one would have, and leaves alone what Dynamics
 * filled in by itself. Wants `have_now`, what the destination holds. Then these runs have ended. One that wrote to another
 * `destination` (organisation and table) goes on waiting: its records are none of this one's.
 * @returns which run an undo among them was to take back: that stops the next run, as after one that ended.
 */
export async function recover(
  duck: Duck,
  at: Layout,
  run: string,
  destination: string,
  shape: Shape,
  matched: string | undefined,
  ask: ((asked: Asked) => Promise<void>) | undefined,
  reading: Parameters<typeof leaveSomebodys>[1],
): Promise<UndoneMark | undefined> {
  let undone: UndoneMark | undefined;
  const folded = await lastFolded(duck);
  for (const name of await runNames(at.runs)) {
    if (name === run) continue;
    const dead = runFiles(join(at.runs, name));
    if ((await exists(dead.done)) || (await isMerePlan(dead)) || !(await wroteTo(destination, dead))) continue;
    // Written before the first change is sent, as the journal is begun: a run that has not come so far has sent nothing. Of
    // one that died right after its fold the state knows all, and better than its plan does.
    if (name !== folded && (await exists(dead.touched)) && (await mayHaveSent(dead))) {
      await takeOverFrom(duck, dead, shape, matched, ask, reading);
      undone = (await noteUndo(duck, dead)) ?? undone;
    }
    // Kept longer than the journal is.
    await writeWhole(dead.done, { status: "interrupted", sent: await exists(dead.journal) });
  }
  return undone;
}

/** An undo that died stops the next run as one that ended does. */
async function noteUndo(duck: Duck, dead: ReturnType<typeof runFiles>): Promise<UndoneMark | undefined> {
  const note = await readUndoNote(dead.undo);
  if (!note) return undefined;
  // There may have been others before; nobody asks here.
  const mark = { run: note.of, by: note.by, at: note.at, more: true };
  for (const statement of [
    "BEGIN TRANSACTION",
    "DELETE FROM st.meta WHERE name = 'undone'",
    `INSERT INTO st.meta VALUES ('undone', ${text(JSON.stringify(mark))})`,
    "COMMIT",
  ])
    await duck.run(statement);
  return mark;
}

/** Whether that is where a run wrote to. What older versions of Sluice kept of one does not tell. */
export const wroteTo = async (destination: string, dead: ReturnType<typeof runFiles>): Promise<boolean> =>
  ((await readKeptJob(dead))?.table ?? destination) === destination;

/**
 * Whether there is a run that may have sent something to the destination and has not ended: what it has done the state does
 * not tell yet.
 */
export async function hasUnended(runs: string, destination: string): Promise<boolean> {
  for (const name of await runNames(runs)) {
    const run = runFiles(join(runs, name));
    if ((await exists(run.done)) || (await isMerePlan(run))) continue;
    if ((await mayHaveSent(run)) && (await wroteTo(destination, run))) return true;
  }
  return false;
}

/** Whether a run has ever begun to send, or ended with its plan done. */
export async function hasBegun(runs: string): Promise<boolean> {
  for (const name of await runNames(runs)) {
    const { journal, outcome } = runFiles(join(runs, name));
    if ((await exists(journal)) || (await exists(outcome))) return true;
  }
  return false;
}

/** A mere plan. What older versions of Sluice kept of a run says that by its plan.json. */
async function isMerePlan(dead: ReturnType<typeof runFiles>): Promise<boolean> {
  const kept = await readKeptJob(dead);
  return kept ? kept.kind === "plan" : (await exists(dead.plan)) && !(await exists(dead.journal));
}

async function takeOverFrom(
  duck: Duck,
  dead: ReturnType<typeof runFiles>,
  shape: Shape,
  matched: string | undefined,
  ask: ((asked: Asked) => Promise<void>) | undefined,
  reading: Parameters<typeof leaveSomebodys>[1],
): Promise<void> {
  const [creates, rests, deletes] = [dead.change("1-create"), dead.change("3-deactivate"), dead.change("4-delete")];
  await growTables(duck, shape, matched);
  const created = await columnsOf(duck, creates);
  await ask?.(await writtenBy(duck, dead, shape, created));
  if (created) {
    const journal = (await exists(dead.journal)) ? dead.journal : undefined;
    for (const statement of fitting(shape, creates, journal)) await duck.run(statement);
    await leaveSomebodys(duck, reading, (await readKeptJob(dead))?.began);
    const path = dead.change("3-complete");
    const columns = await columnsOf(duck, path);
    const later = columns && { path, columns };
    for (const statement of orphans(shape, creates, new Set(created), later)) await duck.run(statement);
    for (const statement of takeOver(shape, later)) await duck.run(statement);
  }
  // The updates first: they link the records that the dead run took over.
  for (const wave of ["2-update", "0-activate", "3-complete"] as const) {
    const path = dead.change(wave);
    const updated = await columnsOf(duck, path);
    // A file of mere activations has no masks.
    if (updated?.includes("a")) for (const statement of caughtUpdates(shape, path, updated)) await duck.run(statement);
  }
  const before = dead.before("3-deactivate");
  const begun = !(await readKeptJob(dead))?.statesKept || (await exists(before));
  if (begun && (await columnsOf(duck, rests)))
    await duck.run(caughtResting(rests, (await columnsOf(duck, before)) && before));
  if (await columnsOf(duck, deletes)) for (const statement of caughtDeletes(deletes)) await duck.run(statement);
  const journal = (await exists(dead.journal)) ? dead.journal : undefined;
  for (const statement of readJournal(journal)) await duck.run(statement);
  const additions = await additionsOf(duck, dead);
  if (additions.length === 0) return;
  const came = journal !== undefined && (await cameToAdditions(duck, dead));
  for (const wave of additions) {
    await duck.run(sentChanges([wave], dead.change));
    for (const statement of caughtMembers(shape, dead.change(wave), came)) await duck.run(statement);
  }
}

/** Whether it may have begun to add members: waves go one after another, so all that go before have an answer then (`readJournal`). */
async function cameToAdditions(duck: Duck, dead: ReturnType<typeof runFiles>): Promise<boolean> {
  const earlier: Wave[] = [];
  for (const wave of beforeMembers) if (await columnsOf(duck, dead.change(wave))) earlier.push(wave);
  for (let i = 0; await exists(dead.change(`2-remove-${i}`)); i++)
    if (await columnsOf(duck, dead.change(`2-remove-${i}`))) earlier.push(`2-remove-${i}`);
  if (earlier.length === 0) return true;
  await duck.run(sentChanges(earlier, dead.change));
  const { unsent } = await duck.one<{ unsent: number }>(
    "SELECT count(*) AS unsent FROM sent WHERE status = 'unsent' AND (wave NOT LIKE '2-remove%' OR id IS NOT NULL)",
  );
  return unsent === 0;
}

async function writtenBy(
  duck: Duck,
  dead: ReturnType<typeof runFiles>,
  shape: Shape,
  created: string[] | undefined,
): Promise<Asked> {
  for (const statement of readJournal((await exists(dead.journal)) ? dead.journal : undefined))
    await duck.run(statement);
  const files: string[] = [];
  for (const wave of wavesOf({ memberships: [] }))
    if (await columnsOf(duck, dead.change(wave))) files.push(dead.change(wave));
  files.push(...(await additionsOf(duck, dead)).map(dead.change));
  const matchable = created && shape.match.every((c) => created.includes(`c_${storedName(c)}`));
  return writtenRecords(shape, files, matchable ? dead.change("1-create") : undefined);
}

/** The waves of its additions to memberships. It may have died as it wrote the file of one anew: the others count all the same. */
async function additionsOf(duck: Duck, dead: ReturnType<typeof runFiles>): Promise<Wave[]> {
  const found: Wave[] = [];
  for (let i = 0; await exists(dead.change(`2-add-${i}`)); i++)
    if (await columnsOf(duck, dead.change(`2-add-${i}`))) found.push(`2-add-${i}`);
  return found;
}
