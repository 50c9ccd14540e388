import { SluiceError } from "../../core/errors.ts";
import type { UndoneMark } from "../../core/guards.ts";
import type { SyncFile } from "../../core/project.ts";
import type { RunCounts } from "../../core/run.ts";
import { inTransaction, text } from "../duck.ts";
import { readByIds, restedBefore } from "../images.ts";
import { exists, wavesOf } from "../layout.ts";
import { readMembers } from "../members.ts";
import { noneExpected } from "../sql/expected.ts";
import { fold, prepareFold, writtenFile } from "../sql/fold.ts";
import { noLookalikes } from "../sql/lookalike.ts";
import { newMembers } from "../sql/members.ts";
import { atOnce, inGroups } from "../sql/names.ts";
import { countChanged } from "../sql/new-base.ts";
import { owedAgain } from "../sql/owed.ts";
import { finalRows, readJournal, resolveUnknown, sentChanges } from "../sql/settle.ts";
import { rematched } from "../sql/tables.ts";
import { growTables } from "../state-file.ts";
import type { Sending } from "../waves.ts";

type Facts = {
  run: string;
  reading: Omit<Parameters<typeof readByIds>[1], "of" | "into" | "columns">;
  /** What the state is to say of it, for the next run to stop at: see `markAfter`. */
  mark: UndoneMark | undefined;
  /** How many rows the run wrote or linked. */
  rows: number;
  attempted: boolean;
  turn: number;
  /** What the run was made under. */
  syncFile: SyncFile;
  matched: string | undefined;
  /** Fails with lease_lost where another worker has taken the sync over. */
  holdsLease: () => void;
};

/**
 * Reads back what undo wrote and folds it: what was taken back is what both sides agree on, and the next run looks at those
 * rows anew. Counts add up as a run's do.
 * @throws SluiceError when the destination cannot be read: then the next run, or undo, takes over what was written.
 */
export async function settleUndo(
  { duck, at, shape, session }: Sending,
  { run, reading, mark, rows, attempted, turn, syncFile, matched, holdsLease }: Facts,
): Promise<{ counts: Omit<RunCounts, "seconds" | "requests">; resolved: number; partly: number }> {
  for (const statement of readJournal((await exists(at.journal)) ? at.journal : undefined)) await duck.run(statement);
  await duck.run(sentChanges(wavesOf(shape), at.change));
  const written = attempted ? "SELECT id FROM sent WHERE status <> 'unsent'" : "SELECT id FROM sent WHERE false";
  await readByIds(duck, { ...reading, columns: shape.columns, of: written, into: "after" });
  await duck.run(noneExpected);
  const { unknown } = await duck.one<{ unknown: number }>(
    "SELECT count(*) AS unknown FROM sent WHERE status = 'unknown'",
  );
  let resolved = 0;
  if (unknown > 0) {
    await readMembers(duck, session, shape, "member_after", reading.folder, reading.signal);
    await duck.run(noLookalikes);
    for (const statement of resolveUnknown(shape, at.change, false)) await duck.run(statement);
    ({ resolved } = await duck.one<{ resolved: number }>("SELECT count(*) AS resolved FROM resolved"));
  }
  await duck.run(finalRows(at.touched, await restedBefore(at)));
  await duck.run(
    "UPDATE final SET id = NULL WHERE status IN ('updated', 'unchanged') AND key IN (SELECT key FROM decided WHERE unlink)",
  );
  await growTables(duck, shape, matched);
  const changes = await duck.one<{ changed: number }>(countChanged(shape, at, rows));
  const size = { rows, ...changes, memory: duck.memory, folder: reading.folder };
  for (const statement of prepareFold(shape, at, false, size)) await duck.run(statement);
  for (const statement of owedAgain(shape, at, syncFile)) await duck.run(statement);
  await duck.run(newMembers(shape));
  // The rows taken back are looked at by the next run anyway, but for those that have left: what they wait for is to be done.
  await duck.run(
    "CREATE OR REPLACE TABLE new_pending AS FROM st.pending WHERE key IN (SELECT key FROM final WHERE gone AND id IS NOT NULL)",
  );
  await duck.run("CREATE OR REPLACE TABLE ref_fresh AS SELECT *, false AS gone FROM st.ref WHERE false");
  await duck.run("CREATE OR REPLACE TABLE ref_full(name VARCHAR)");
  await duck.run(writtenFile(at.written));
  await duck.run(`COPY (SELECT key, 'excluded' AS status, code, col, value, message, 'undo' AS wake, NULL::INTEGER AS runs, NULL::TIMESTAMP AS due_at FROM kept
UNION ALL SELECT key, status, code, col, value, message, 'undo', NULL, NULL FROM final WHERE status IN ('rejected', 'excluded', 'failed')) TO ${text(at.outcome)} (FORMAT parquet, ${inGroups}, ${atOnce})`);
  const { partly, ...counts } = await duck.one<
    Omit<RunCounts, "seconds" | "requests"> & { partly: number }
  >(`SELECT count(*) AS received,
  count(*) FILTER (f.status = 'created') AS created, count(*) FILTER (f.status = 'updated') AS updated,
  count(*) FILTER (f.status = 'deleted') AS deleted, count(*) FILTER (f.status = 'rejected') AS rejected,
  count(*) FILTER (f.status = 'failed') AS failed,
  count(*) FILTER (f.status = 'excluded' OR (f.key IS NULL AND k.key IS NOT NULL)) AS excluded,
  count(*) FILTER (coalesce(f.status, 'unchanged') IN ('unchanged', 'none') AND (f.key IS NOT NULL OR k.key IS NULL)) AS unchanged,
  coalesce(sum(f.writes), 0) AS writes,
  count(*) FILTER (f.status NOT IN ('rejected', 'failed', 'excluded') AND k.key IS NOT NULL) AS partly
FROM wrote w LEFT JOIN final f ON f.key = w.key LEFT JOIN (SELECT DISTINCT key FROM kept) k ON k.key = w.key`);
  const { received, writes: _, ...outcomes } = counts;
  const sum = Object.values(outcomes).reduce((a, b) => a! + b!, 0);
  if (sum !== received)
    throw new SluiceError("bug", `The counts do not add up: ${received} rows of the run, ${sum} outcomes.`);
  const statements = fold(
    shape,
    // Into a state that knows of no run it comes after its loss, which stays to be told.
    { turn: String(turn), undone: mark && JSON.stringify(mark), ...(turn > 0 && { folded: run }) },
    { full: false, rematched: rematched(shape, matched), added: new Set(), size },
  );
  holdsLease();
  await inTransaction(duck, statements);
  return { counts, resolved, partly };
}
