import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { Session } from "../../core/connector.ts";
import { SluiceError } from "../../core/errors.ts";
import { columnsNamed, type ObjectSchema } from "../../core/schema.ts";
import type { Duck } from "../duck.ts";
import { ingest } from "../ingest.ts";
import type { Job } from "../job.ts";
import { type KeptJob, readKeptJob, readWholeJob } from "../kept-job.ts";
import { exists, type Layout, runFiles } from "../layout.ts";
import { readMembers } from "../members.ts";
import { recover, wroteTo } from "../recover.ts";
import { ended, mayHaveWritten, sendsNothing, wroteNothing } from "../sent.ts";
import { usableMemberships } from "../shape/memberships.ts";
import type { Shape } from "../shape.ts";
import { valueViews } from "../sql/tables.ts";
import { haveNow } from "../sql/touch.ts";
import type { Meta } from "../state-file.ts";
import { undoShape } from "./shape.ts";
import { type Looked, namesIn, openRun, type RunFolder } from "./wrote.ts";

export type Opened = {
  run: RunFolder;
  /** Runs that wrote after it. */
  later: RunFolder[];
  /** Runs after it. */
  looked: Looked;
  kept: KeptJob | undefined;
  /** The job with the configuration that the run kept: what it did is taken back by that, and so is this undo. */
  configured: Job;
  shape: Shape;
  lost: string[];
  memberships: Shape["memberships"];
};

/**
 * Finds what a run left to take back, after runs that died have been taken over.
 * @throws SluiceError not_undoable: it sent nothing, its before-images are gone, or those of a later run that wrote, or it wrote elsewhere.
 */
export async function openUndo(
  duck: Duck,
  job: Job,
  at: Layout,
  meta: Meta,
  session: Session,
  object: ObjectSchema,
  destination: string,
  signal: AbortSignal,
): Promise<Opened> {
  const of = job.undo!.run;
  const files = runFiles(join(at.runs, of));
  const kept = await readWholeJob(files);
  if ((await sendsNothing(files)) || !(await exists(files.touched))) {
    const told = (await exists(files.done)) || (await exists(files.plan));
    throw refusal(
      of,
      told && !(await sendsNothing(files))
        ? "Its before-images are gone: they were kept as long as `retention` in sluice.yaml says."
        : "It sent nothing.",
    );
  }
  if (kept && kept.table !== destination)
    throw refusal(of, `It wrote to ${kept.table}, and the sync now writes to ${destination}.`);
  const configured = { ...job, ...(kept && { syncFile: kept.syncFile, audiences: kept.audiences }) };
  // A sync whose first run died has no state that tells.
  meta.matched ??= configured.syncFile.match.flatMap((name) => columnsNamed(object, name).map((c) => c.name)).join();
  // A list that is gone or takes nobody holds up nothing else: what was put into it stays, and is listed.
  const memberships = await usableMemberships(configured, session, object, signal);
  const audiences = configured.audiences.map(({ name }) => ({ name, scan: noScan }));
  const shaped = (runs: RunFolder[]) =>
    undoShape(
      job.sync,
      object,
      [...runs.flatMap(namesIn), ...meta.mirrored],
      meta.matched,
      configured.syncFile.mapping,
      {
        memberships,
        audiences,
      },
    );
  const runs: string[] = [];
  for (const name of (await readdir(at.runs)).sort())
    if (name !== job.run && (await wroteTo(destination, runFiles(join(at.runs, name))))) runs.push(name);
  for (const name of runs) {
    const one = runFiles(join(at.runs, name));
    if (name > of && !(await exists(one.touched)) && (await exists(one.done)) && (await mayHaveWritten(one)))
      throw refusal(
        of,
        `The run ${name} wrote after it, and its before-images are gone: which values are its own nobody can tell.`,
      );
  }
  const dead: RunFolder[] = [];
  for (const name of runs) {
    const one = runFiles(join(at.runs, name));
    if ((await exists(one.touched)) && !(await exists(one.done)) && !(await sendsNothing(one)))
      dead.push(await openRun(duck, at.runs, name, false));
  }
  if (dead.length > 0) await takeOver(duck, job, at, meta, session, object, destination, shaped(dead).shape, signal);
  const run = await openRun(duck, at.runs, of, await ended(files.done));
  const later: RunFolder[] = [];
  const looked: Looked = [];
  for (const name of runs) {
    const one = runFiles(join(at.runs, name));
    if (name <= of || !(await exists(one.touched))) continue;
    const rebuilt = (await readKeptJob(one))?.kind === "rebuild";
    if (!rebuilt && (await sendsNothing(one))) continue;
    looked.push([name, one]);
    // An undo that had nothing to write may have found all as it was before the run that it takes back.
    const idle = await wroteNothing(one.done);
    if (rebuilt || (idle && !(await exists(one.undo)))) continue;
    later.push({ ...(await openRun(duck, at.runs, name, await ended(one.done))), idle });
  }
  return { run, later, looked, kept, configured, memberships, ...shaped([run]) };
}

const noScan = { views: [], select: "", columns: [], paths: [], dates: {} };

const refusal = (run: string, why: string) =>
  new SluiceError("not_undoable", `The run ${run} cannot be undone. ${why}`);

/** As the next run would: what dead runs wrote is ours, so that undo knows whose record is whose. */
async function takeOver(
  duck: Duck,
  job: Job,
  at: Layout,
  meta: Meta,
  session: Session,
  object: ObjectSchema,
  destination: string,
  shape: Shape,
  signal: AbortSignal,
): Promise<void> {
  for (const statement of valueViews(shape, meta.columns, meta.matched)) await duck.run(statement);
  const reading = { session, object, folder: at.temp, signal };
  await ingest(duck, { ...reading, columns: shape.columns, into: "fresh", created: false });
  await readMembers(duck, session, shape, "member_now", at.temp, signal);
  await duck.run(haveNow(shape, true, false));
  meta.undone = (await recover(duck, at, job.run, destination, shape, meta.matched, undefined, reading)) ?? meta.undone;
}
