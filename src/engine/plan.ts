import { availableParallelism } from "node:os";
import { join } from "node:path";
import type { Session } from "../core/connector.ts";
import { SluiceError } from "../core/errors.ts";
import type { Mirror } from "../core/run.ts";
import { askedInForms } from "../core/schema.ts";
import { matchedAnew } from "../core/state.ts";
import { checkApplied, narrow, tellNarrowed } from "./apply.ts";
import type { Drift } from "./drift.ts";
import { type Duck, lockDown, openDuck } from "./duck.ts";
import { type Ingest, ingest, readNothing } from "./ingest.ts";
import type { Job } from "./job.ts";
import { keepJob, keptJob } from "./kept-job.ts";
import { type Layout, layout } from "./layout.ts";
import { findAgain, isLost, lostState, olderState, unknownRun } from "./lost-state.ts";
import { abandoned, readMembers } from "./members.ts";
import { chooseMirror, look, recordsOf } from "./mirror.ts";
import { describeParents, type Resumed, refreshParents } from "./parents.ts";
import { reconcile, type TouchCounts } from "./reconcile.ts";
import { recover } from "./recover.ts";
import { statesBeside } from "./referenced.ts";
import { readRelied, underDrift } from "./relied.ts";
import { shapeOf } from "./shape/build.ts";
import { withExpressions } from "./shape/expression.ts";
import { keyWarnings } from "./shape/guarded.ts";
import { membershipsOf } from "./shape/memberships.ts";
import { checkSourceColumns } from "./shape/source.ts";
import type { Shape } from "./shape.ts";
import { destinationName, type Host, holdsLease, open, scanAudiences, scanModel } from "./source.ts";
import { type Asked, goneRecords } from "./sql/look.ts";
import { storedName } from "./sql/names.ts";
import { sourceViews } from "./sql/source.ts";
import { valueViews } from "./sql/tables.ts";
import { haveNow } from "./sql/touch.ts";
import { valuesOf } from "./sql/valued.ts";
import { attachState, type Meta, makeFolders, young } from "./state-file.ts";
import { namingTables } from "./tables.ts";
import { together } from "./together.ts";
import { markLeft } from "./undo/note.ts";
import { writeWhole } from "./whole-file.ts";

/** Everything open that a run goes on with after its plan stands. */
export type Planned = {
  duck: Duck;
  at: Layout;
  shape: Shape;
  session: Session;
  /** Organisation and table. */
  destination: string;
  meta: Meta;
  /** What has changed in the destination's schema and does not stop the run. */
  warnings: string[];
  /** What is not as it was in the last run, so that more rows than usual may be changed. */
  moved: string[];
  mirror: Mirror;
  /** Reads records into `fresh`; undefined where all of them are known. */
  ask: ((asked: Asked) => Promise<void>) | undefined;
  /** The same in every mode. */
  read: (asked: Asked) => Promise<void>;
  /** The whole table was read, not what changed. */
  full: boolean;
  cursors: Record<string, string>;
  /** Those of the cursors that are good for this run only. */
  resumed: Resumed[];
  touched: TouchCounts;
  /** The plan that is applied does not have all that would change now. */
  heldBack: boolean;
  requests: () => number;
  /** Fails with lease_lost where another worker has taken the sync over. */
  holdsLease: () => void;
  close: () => Promise<void>;
};

/**
 * Extract, refresh, touch, map, match and plan: afterwards the run's folder holds every change that would be sent, and
 * nothing has been sent. The caller closes what it gets.
 * @throws SluiceError all that the steps throw.
 */
export async function plan(job: Job, host: Host): Promise<Planned> {
  let requests = 0;
  const at = layout(job.folder, job.run);
  await makeFolders(at);
  const source = open(job.source, host);
  const session = open(job.destination, host, () => requests++);
  const duck = await openDuck({
    memoryLimit: job.memoryLimit,
    temp: at.temp,
    threads: availableParallelism(),
    state: at.state,
  });
  const close = async () => {
    await duck.close();
    await Promise.allSettled([source.close(), session.close()]);
  };
  try {
    host.onProgress({ phase: "extract", done: 0 });
    const [read, audiences, object] = await together(
      scanModel(job, source, host.signal),
      scanAudiences(job, source, host.signal),
      session.describe(job.syncFile.object, host.signal),
    );
    checkSourceColumns(job, read);
    const scan = await withExpressions(job, read);
    const destination = await destinationName(job, session, object, host.signal);
    const among = await namingTables(job, session, host.signal);
    const given = {
      tables: await describeParents(job, session, object, host.signal),
      memberships: await membershipsOf(among, session, object, host.signal),
      prefix: session.prefix,
    };
    const relied = await readRelied(at.relied, destination);
    const { shape, drift } = underDrift(job, relied, object, () => shapeOf(among, scan, object, audiences, given));
    await checkApplied(job, shape, destination);
    await keepJob(at, keptJob(job, shape, destination));
    const meta = await attachState(duck, at, destination);
    meta.mirrored = stillMirrored(meta.mirrored, shape, drift);
    const files = [scan, ...audiences.filter((a) => a !== undefined)].flatMap((s) => s.paths);
    const folders = [job.folder, ...job.upstream.map((u) => u.runFolder)];
    await lockDown(duck, [...new Set(files)], folders, statesBeside(job));
    for (const statement of sourceViews(shape, scan)) await duck.run(statement);
    const refreshed = await refresh(job, duck, at, shape, session, meta, destination, host);
    const touched = await reconcile(among, duck, at, shape, session, scan, meta, refreshed, host);
    const { apply } = job;
    const narrowed = apply && (await narrow(duck, shape, at, apply, valuesOf(shape, touched.rows)));
    const match = shape.match.map((c) => c.name);
    const moved = new Set([
      ...meta.moved,
      ...(meta.fingerprint !== undefined && meta.fingerprint !== shape.fingerprint ? [movedSync] : []),
      ...drift.filter((d) => d.anew).map((d) => d.what),
    ]);
    const takenUp = refreshed.resumed.map(({ table }) => tellTakenUp(table));
    const lost = meta.turn === 0 && job.kind !== "rebuild" && (await isLost(duck, at));
    const unknown = await unknownRun(duck, at, job.told);
    // What such a state, or a new one, cannot say of undos the folders of the runs do.
    if (lost || unknown !== undefined || job.kind === "rebuild") meta.undone ??= await markLeft(at.runs, job.run);
    const warnings = [
      ...(lost ? [`${lostState(at.state)} ${findAgain}`] : []),
      ...(unknown === undefined ? [] : [olderState(at.state, unknown)]),
      ...drift.map((d) => d.what),
      ...touched.told,
      ...keyWarnings(object.name, object.keys, match),
      ...(relied ? [] : formWarnings(shape)),
      ...(await abandoned(duck, relied, shape)),
      ...takenUp,
      ...(apply && narrowed ? tellNarrowed(apply, narrowed) : []),
    ];
    return {
      duck,
      at,
      shape,
      session,
      destination,
      meta,
      warnings,
      moved: [...moved],
      ...refreshed,
      touched,
      heldBack: narrowed !== undefined && narrowed.moved + narrowed.others > 0,
      requests: () => requests,
      holdsLease: holdsLease(job),
      close,
    };
  } catch (thrown) {
    await close();
    // Nothing of such a run is left to be decided about.
    if (thrown instanceof SluiceError && thrown.code === "nothing_waits") await writeWhole(at.done, { status: "done" });
    throw thrown;
  }
}

const movedSync =
  "Since the last run that sent all it was to send, the sync, its model, its audiences or the columns it writes have changed.";

/** Told at set-up, before the first run has ended: the API asks for less than forms do. */
function formWarnings({ object, columns, parties, policies }: Shape): string[] {
  const names =
    policies.mode === "update" ? [] : askedInForms(object, new Set([...columns, ...parties].map((c) => c.name)));
  if (names.length === 0) return [];
  return [
    `Forms of ${object.name} ask for ${names.join(", ")}, which the sync does not map: people who open a record it made must fill them in. \`sluice doctor\` tells it again.`,
  ];
}

const tellTakenUp = (table: string): string =>
  `Reading ${table} went on where an earlier run was broken off. The next run reads it whole, to find what was deleted meanwhile.`;

/** A column that was made anew is as empty there as one that never was: what the mirror holds of it is forgotten. */
function stillMirrored(mirrored: string[], shape: Shape, drift: Drift[]): string[] {
  const anew = shape.columns.filter((c) => drift.some((d) => d.anew && d.column === c.name)).map(storedName);
  return mirrored.filter((name) => !anew.includes(name));
}

async function refresh(
  job: Job,
  duck: Duck,
  at: Layout,
  shape: Shape,
  session: Session,
  meta: Meta,
  destination: string,
  host: Host,
) {
  for (const statement of valueViews(shape, meta.columns, meta.matched)) await duck.run(statement);
  // A column that the last run did not mirror, new or given up for a while, is unknown for every record.
  const complete = shape.columns.every((c) => meta.mirrored.includes(storedName(c)));
  const table = recordsOf(shape, session, at.temp, host.signal);
  const cursors = young(meta.read, Date.now(), await session.cursorLife?.(host.signal)) ? meta.cursors : {};
  const cursor = complete ? cursors["cursor:table"] : undefined;
  const mirror = await chooseMirror(job, duck, shape, session, cursor !== undefined, host.signal);
  const onRows = (done: number) => host.onProgress({ phase: "refresh", done });
  const keep = { folder: join(at.reading, "table"), destination };
  const [mirrored, parents] = await Promise.all([
    mirror.mode === "all"
      ? ingest(duck, { ...table, cursor, into: "fresh", keep, onRows })
      : readNothing(duck, { ...table, into: "fresh" }),
    refreshParents(duck, session, shape, cursors, at.temp, { folder: at.reading, destination }, host.signal),
    readMembers(duck, session, shape, "member_now", at.temp, host.signal),
  ]);
  await duck.run(haveNow(shape, mirrored.full, mirror.mode !== "all"));
  const match = shape.match.map((c) => c.name);
  const read = (asked: Asked) => look(duck, table, "fresh", match, asked);
  const ask = mirror.mode === "all" ? undefined : read;
  meta.undone = (await recover(duck, at, job.run, destination, shape, meta.matched, ask, table)) ?? meta.undone;
  await ask?.(goneRecords);
  if (mirror.mode === "all" && matchedAnew(shape.policies)) await confirmGone(duck, table);
  return {
    mirror,
    ask,
    read,
    full: mirrored.full,
    cursors: { ...parents.cursors, ...(mirrored.cursor !== undefined && { "cursor:table": mirrored.cursor }) },
    resumed: [...parents.resumed, ...(mirrored.resumed ? [{ name: "cursor:table", table: shape.object.name }] : [])],
  };
}

/**
 * Before a record is made anew because it is gone, it is asked for by its id once more: a tombstone may be old news of a
 * record that was restored, and a table read while it changed may have missed it.
 */
async function confirmGone(duck: Duck, table: Omit<Ingest, "into">): Promise<void> {
  const gone = await duck.all<{ id: string }>(
    "SELECT l.id FROM have_now h JOIN st.link l ON l.id = h.id WHERE h.gone AND l.h IS NOT NULL",
  );
  if (gone.length === 0) return;
  await ingest(duck, { ...table, ids: gone.map((g) => g.id), into: "confirmed" });
  await duck.run("DELETE FROM fresh WHERE id IN (SELECT id FROM confirmed)");
  await duck.run("INSERT INTO fresh SELECT * FROM confirmed WHERE NOT gone");
}
