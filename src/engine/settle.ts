import { SluiceError } from "../core/errors.ts";
import type { RunCounts } from "../core/run.ts";
import { inTransaction, text } from "./duck.ts";
import { emptiedFold } from "./emptied.ts";
import type { Planned } from "./plan.ts";
import { readBack } from "./read-back.ts";
import { writeRelied } from "./relied.ts";
import { fold, portionsChanged, prepareFold, rowsTogether, unmovable, writtenFile } from "./sql/fold.ts";
import { foldMade, madeCount } from "./sql/made.ts";
import { newMembers } from "./sql/members.ts";
import { atOnce, inGroups, storedName } from "./sql/names.ts";
import { countChanged } from "./sql/new-base.ts";
import { chosenAside } from "./sql/only.ts";
import { keyProblems, keysToCount, newPending } from "./sql/pending.ts";
import { matchedBy, matchThen, rematched, stateVersion } from "./sql/tables.ts";
import { addedColumns, leftOut } from "./sql/unmet.ts";
import { growTables } from "./state-file.ts";

/** Of DuckDB's memory, what nothing can put aside may take so much: the rest is for what is under way. */
const MOST = 0.8;

/**
 * Where there is too little memory to fold what a plan (`decided`) changes. A run is told before it sends anything: what is
 * sent and cannot be folded waits for a run with more memory.
 */
export async function noRoomToFold({ duck }: Pick<Planned, "duck">): Promise<SluiceError | undefined> {
  const room = duck.memory * MOST;
  const { links } = await duck.one<{ links: number }>("SELECT count(*) AS links FROM st.link");
  if (unmovable(2 * Math.ceil(links / rowsTogether)) <= room) return undefined;
  const { portions } = await duck.one<{ portions: number }>(portionsChanged);
  const needed = unmovable(portions);
  if (needed <= room) return undefined;
  const megabytes = (bytes: number) => Math.ceil(bytes / 1e6).toLocaleString("en");
  return new SluiceError(
    "out_of_memory",
    `To keep what this run changes in a state of ${links.toLocaleString("en")} rows takes ${megabytes(needed)} MB of memory, and more for the rest; DuckDB has ${megabytes(duck.memory)} MB of the run's limit.`,
  );
}

/**
 * Reads back what the destination holds now, tells every row's outcome, and folds: state and reality agree again, in
 * one transaction. Where nothing was sent nothing is read back. `through`: all that was to be sent of all rows was; else what
 * made a guard look at more than usual does so again, for whoever approves a run approves no other.
 * @returns the counts, and how many changes whose answer was lost were found done (`resolved`).
 * @throws SluiceError when the destination cannot be read: then nothing is folded, and the next run finds out.
 */
export async function settle(
  planned: Planned,
  run: string,
  { attempted, through }: { attempted: boolean; through: boolean },
  signal: AbortSignal,
  onRows: (rows: number) => void,
): Promise<{ counts: Omit<RunCounts, "seconds">; resolved: number }> {
  const { duck, at, shape, meta, full } = planned;
  const { cursors, resolved } = await readBack(planned, attempted, signal, onRows);
  for (const spent of ["line", "exception"]) await duck.run(`DROP TABLE ${spent}`);
  // The views made before the columns were there would go on saying that nothing is stored.
  await growTables(duck, shape, meta.matched);
  const { rows } = planned.touched;
  const size = {
    rows,
    ...(await duck.one<{ changed: number }>(countChanged(shape, at, rows))),
    memory: duck.memory,
    folder: at.temp,
  };
  const whole = planned.touched.chosen === undefined;
  const matched = whole ? undefined : matchThen(shape, meta.matched);
  for (const statement of prepareFold(shape, at, full, size, "based", matched)) await duck.run(statement);
  await duck.run(newMembers(shape));
  const apart = whole || meta.fingerprint === shape.fingerprint ? undefined : { left: leftOut(shape, meta.mirrored) };
  if (apart) await duck.run(chosenAside);
  const turn = whole ? meta.turn + 1 : meta.turn;
  const now = new Date().toISOString();
  await duck.run(newPending(turn, now));
  await duck.run(outcomeFile(at.outcome, turn));
  await duck.run(writtenFile(at.written));
  const counts = await countRows(planned);
  const { version } = await duck.one<{ version: string }>("SELECT version() AS version");
  const facts = {
    version: String(stateVersion),
    folded: run,
    destination: planned.destination,
    undone: meta.undone && JSON.stringify(meta.undone),
    ...(apart
      ? // What this run has heard of parents the next one is to hear, too, and all that is there of columns left out.
        { "cursor:table": apart.left.length > 0 ? undefined : cursors["cursor:table"], read: meta.read ?? now }
      : // One that this run has not gone by, or got anew, is older than `read` says, and what has changed since nobody follows: then
        // a later read is a full one.
        { ...Object.fromEntries(Object.keys(meta.cursors).map((name) => [name, undefined])), ...cursors, read: now }),
    ...Object.fromEntries(planned.resumed.map(({ name }) => [name, undefined])),
    mirrored: JSON.stringify([...(apart?.left ?? []), ...shape.columns.map(storedName)]),
    // What is true of all rows, a run that was about some leaves as it was: the next one looks at the others.
    ...(whole && {
      turn: String(turn),
      fingerprint: shape.fingerprint,
      engine: version,
      matched: matchedBy(shape),
      moved: through || planned.moved.length === 0 ? undefined : JSON.stringify(planned.moved),
    }),
  };
  // The fold needs room for what it writes.
  for (const spent of ["sent", "unlike"]) await duck.run(`DROP TABLE ${spent}`);
  planned.holdsLease();
  const state = {
    full,
    rematched: whole && rematched(shape, meta.matched),
    added: addedColumns(shape, meta.mirrored),
    apart,
  };
  // The next run finds the emptied ones, too, and without losing what was agreed of columns left out.
  const emptied = apart?.left.length ? [] : await emptiedFold(duck, shape);
  await inTransaction(duck, fold(shape, facts, { ...state, made: [foldMade, ...emptied], size }));
  if (whole) await writeRelied(at.relied, shape, planned.destination);
  return { counts, resolved };
}

/** Rows that were not sent or were refused, with the values at fault: what `rejected` shows. `runs`: until it is tried again. */
function outcomeFile(path: string, turn: number): string {
  const waiting = "SELECT * EXCLUDE (gone) FROM waiting";
  const now =
    "SELECT key, status, code, col, value, message, wake, due, due_at FROM new_pending WHERE status <> 'waits'";
  const all = `${now} UNION ALL ${waiting} UNION ALL BY NAME (${keyProblems})`;
  return `COPY (SELECT * EXCLUDE (due, due_at), CASE WHEN wake = 'destination' THEN greatest(due - ${turn}, 1) END AS runs,
  CASE WHEN wake = 'destination' THEN due_at END AS due_at FROM (${all})) TO ${text(path)} (FORMAT parquet, ${inGroups}, ${atOnce})`;
}

async function countRows(planned: Planned): Promise<Omit<RunCounts, "seconds">> {
  const { duck, touched } = planned;
  const whole = touched.chosen === undefined;
  const of = await duck.one<Record<string, number>>(`SELECT
  count(*) FILTER (status = 'created') AS created, count(*) FILTER (status = 'updated') AS updated,
  count(*) FILTER (status = 'deleted') AS deleted, count(*) FILTER (status = 'unchanged') AS unchanged, count(*) FILTER (status = 'excluded') AS excluded,
  count(*) FILTER (status = 'rejected') AS rejected, count(*) FILTER (status = 'failed') AS failed,
  count(*) FILTER (gone AND status <> 'none') AS left, coalesce(sum(writes), 0) AS writes FROM final`);
  const waiting = await duck.one<
    Record<string, number>
  >(`SELECT count(*) AS n, count(*) FILTER (gone) AS gone, count(*) FILTER (status = 'excluded') AS excluded,
  count(*) FILTER (status = 'rejected') AS rejected, count(*) FILTER (status = 'failed') AS failed FROM waiting WHERE ${whole}`);
  const keys = await duck.one<{ n: number }>(`SELECT count(*) AS n FROM (${keysToCount(touched)})`);
  const parents = await duck.one<{ n: number }>(madeCount);
  const counts = {
    received: (touched.chosen ?? touched.received) + of.left! + waiting.gone!,
    created: of.created!,
    updated: of.updated!,
    deleted: of.deleted!,
    unchanged: of.unchanged! + (whole ? touched.untouched : 0) - (waiting.n! - waiting.gone!),
    excluded: of.excluded! + waiting.excluded!,
    rejected: of.rejected! + waiting.rejected! + keys.n,
    failed: of.failed! + waiting.failed!,
    ...(parents.n > 0 && { parents: parents.n }),
    writes: of.writes! + parents.n,
    requests: planned.requests(),
  };
  const sum =
    counts.created +
    counts.updated +
    counts.deleted +
    counts.unchanged +
    counts.excluded +
    counts.rejected +
    counts.failed;
  if (sum !== counts.received)
    throw new SluiceError(
      "bug",
      `The counts do not add up: ${counts.received} rows received, ${sum} outcomes (${JSON.stringify(counts)}).`,
    );
  return counts;
}
