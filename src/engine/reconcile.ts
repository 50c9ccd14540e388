import type { Scan, Session } from "../core/connector.ts";
import type { Mirror } from "../core/run.ts";
import type { Duck } from "./duck.ts";
import { findEmptied } from "./emptied.ts";
import type { Job } from "./job.ts";
import { type Layout, runFiles } from "./layout.ts";
import { choose } from "./only.ts";
import { wakeAwaiting, withoutMissing } from "./own-rows.ts";
import { holdReferenced } from "./referenced.ts";
import type { Shape } from "./shape.ts";
import { type Host, readingRows } from "./source.ts";
import { wakePlanned } from "./sql/apply.ts";
import { pointAtAwaited } from "./sql/awaited.ts";
import { keepCalled } from "./sql/chains.ts";
import { createId, takenIds, writeChanges } from "./sql/change.ts";
import { basedOn, decide, haveGone, heldNow, keepWanted, linkedKeys, releaseTaken, seenThen } from "./sql/decide.ts";
import { onlyYet } from "./sql/left.ts";
import { type Asked, linkedRecords, matchedRecords, undated } from "./sql/look.ts";
import { parentsTable } from "./sql/lookups.ts";
import { matching } from "./sql/match.ts";
import { decideMembers, takenOut, writeMembers } from "./sql/members.ts";
import {
  chosenCount,
  chosenGone,
  keepForUnchosen,
  leaveAside,
  noneAside,
  noneUnchosen,
  skipDecided,
  skipMembers,
  skippedAside,
  skippedSleep,
  unchosenRows,
} from "./sql/only.ts";
import { owedColumns } from "./sql/owed.ts";
import { waitingRows } from "./sql/pending.ts";
import {
  byHash,
  byKey,
  countUntouched,
  misjoined,
  noDoubled,
  perLink,
  separateDoubled,
  touch,
  touchCounts,
  wake,
  withoutValues,
} from "./sql/touch.ts";
import { addedColumns, unmetColumns } from "./sql/unmet.ts";
import { valuesOf } from "./sql/valued.ts";
import { mapRows } from "./sql/want.ts";
import { wideTable } from "./sql/wide.ts";
import type { Meta } from "./state-file.ts";
import { runApart, together } from "./together.ts";
import { foresee } from "./upstream.ts";

/**
 * `rows`: how many are looked at or left; `known`: rows that earlier runs have seen and that had not left; `chosen`: the source
 * rows that the run is about, where it is not about all; `told`: what is to be said of that,
 * and of what a plan does not see.
 */
export type TouchCounts = {
  received: number;
  rows: number;
  known: number;
  looked_at: number;
  empty_keys: number;
  untouched: number;
  doubled: number;
  chosen?: number;
  told: string[];
};

/** What is known of the destination as rows are looked at. `ask`, `read`: as in `Planned`; `full`: its whole table was read. */
type Refreshed = {
  mirror: Mirror;
  full: boolean;
  ask: ((asked: Asked) => Promise<void>) | undefined;
  read: (asked: Asked) => Promise<void>;
};

export async function reconcile(
  job: Job,
  duck: Duck,
  at: Layout,
  shape: Shape,
  session: Session,
  scan: Scan,
  meta: Meta,
  { full, mirror, ask, read }: Refreshed,
  host: Host,
): Promise<TouchCounts> {
  host.onProgress({ phase: "map", done: 0 });
  const { version } = await duck.one<{ version: string }>("SELECT version() AS version");
  const all = meta.fingerprint !== undefined && (meta.fingerprint !== shape.fingerprint || meta.engine !== version);
  const { parents, unseen } = await foresee(duck, shape, job.upstream);
  await duck.run(parentsTable(parents));
  await duck.run(wake(shape, full, meta.turn + 1, new Date().toISOString()));
  await findEmptied(duck, shape, mirror.mode === "touched" ? ask : undefined);
  await duck.run(takenOut(shape));
  for (const statement of skippedSleep(shape)) await duck.run(statement);
  if (job.apply) await duck.run(wakePlanned(shape, runFiles(job.apply.folder)));
  const told = [...unseen, ...(job.only ? await choose(duck, job.only, job.sync) : [])];
  const chains = all || job.only ? 0 : await wakeAwaiting(duck, shape);
  const { woken } = await duck.one<{ woken: boolean }>("SELECT count(*) > 0 AS woken FROM wake");
  const { links } = await duck.one<{ links: number }>("SELECT count(*) AS links FROM st.link");
  const lookUp = async (by: typeof byHash) => {
    const twice = by === byHash && !all && links * perLink > duck.memory;
    for (const statement of touch(shape, { all, woken, by, twice })) await readingRows(job, duck.run(statement));
    return (await duck.one<{ n: number }>(misjoined)).n;
  };
  if ((await lookUp(byHash)) > 0) await lookUp(byKey);
  const skip = job.only?.skip;
  for (const statement of skippedAside(shape, skip === undefined ? undefined : "FROM chosen"))
    await duck.run(statement);
  if (chains > 0) for (const statement of keepCalled(shape, scan)) await duck.run(statement);
  const counts = await readingRows(job, duck.one<TouchCounts>(touchCounts));
  await duck.run(noDoubled);
  if (counts.doubled > 0 || counts.received !== counts.looked_at + counts.untouched) {
    for (const statement of separateDoubled) await duck.run(statement);
    counts.untouched = (await duck.one<{ n: number }>(countUntouched)).n;
  }
  await duck.run(noneAside);
  const leaves = shape.policies.onLeave !== "nothing" || shape.audiences.length > 0;
  const looks = job.only && skip === undefined && leaves && (await duck.one<{ n: number }>(chosenGone)).n > 0;
  await duck.run(looks ? unchosenRows(shape, scan, counts.rows) : noneUnchosen);
  if (job.only) {
    for (const statement of leaveAside) await duck.run(statement);
    counts.chosen = (await readingRows(job, duck.one<{ n: number }>(chosenCount))).n;
  }
  const [unmet, owed] = [await unmetColumns(duck), await owedColumns(duck)];
  const contact = { added: addedColumns(shape, meta.mirrored), unmet, owed };
  await duck.run(linkedKeys);
  const linked = await duck.one<{ rows: number }>("SELECT count(*) AS rows FROM linked_key");
  const based = duck.beside([...basedOn(linked.rows, at.temp), seenThen, waitingRows]);
  const found = async () => {
    for (const statement of wideTable("mapped", [mapRows(shape, scan, counts.rows)], counts.rows, at.temp))
      await duck.run(statement);
    await duck.run(withoutValues(shape));
    await ask?.(linkedRecords(shape, mirror.mode, contact));
    await ask?.(matchedRecords(shape, mirror.mode));
    if (!ask && !full && shape.policies.severalMatches !== "reject") await read(undated(shape));
    await duck.run(haveGone);
    for (const statement of matching(shape)) await duck.run(statement);
    await duck.run(heldNow(shape));
  };
  await together(found(), based);
  host.onProgress({ phase: "plan", done: 0 });
  await duck.run(decide(shape, contact));
  await withoutMissing(duck, shape);
  await duck.run(releaseTaken);
  await duck.run(onlyYet);
  if (looks) await duck.run(keepForUnchosen(shape));
  const { onLeave } = shape.policies;
  if (onLeave === "delete") await duck.run(keepWanted(shape));
  if (onLeave === "delete" || onLeave === "deactivate")
    await holdReferenced(job, duck, shape, session, at.temp, host.signal);
  if (skip !== undefined) await duck.run(skipDecided(shape, skip));
  for (const statement of pointAtAwaited(shape, takenIds(shape), createId(shape))) await duck.run(statement);
  await duck.run(decideMembers(shape));
  if (skip !== undefined) for (const statement of skipMembers(shape, skip)) await duck.run(statement);
  const values = valuesOf(shape, counts.rows);
  for (const statement of writeMembers(shape, at)) await duck.run(statement);
  await runApart(duck, writeChanges(shape, at, values));
  return { ...counts, told };
}
