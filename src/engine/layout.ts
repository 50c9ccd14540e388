import { access, readdir } from "node:fs/promises";
import { join } from "node:path";

/**
 * Where everything of one sync lies, in one environment:
 *   rows.duckdb                    what both sides agreed on; changed by fold alone, in one transaction
 *   rows.duckdb.before-<id>        what a rebuild has moved aside
 *   relied.json                    what the last run relied on in the destination's schema
 *   reading/<table>/               what a full read has got so far; gone once it is complete
 *   removing/                      what is being removed
 *   runs/<id>/job.json             the configuration it was planned under, without what connections say
 *   runs/<id>/touched.parquet      every touched row and what happens to it
 *   runs/<id>/change-<wave>.parquet  what is sent; a row's position is its change number
 *   runs/<id>/change-0-parents-<k>.parquet  records that lookups ask to be made, sent before everything else
 *   runs/<id>/dropped.parquet      of an undo: memberships that are people's again, which nothing is sent for either
 *   runs/<id>/settled.parquet      rows whose base moves without sending
 *   runs/<id>/taken.parquet        memberships that people had made and that become the sync's, which nothing is sent for
 *   runs/<id>/plan.json            what the plan says in figures; its absence means that the plan was never complete
 *   runs/<id>/applied.json         which run applied the plan
 *   runs/<id>/requests.json        how each wave's changes become JSON, so that any can be shown as it was sent
 *   runs/<id>/journal.ndjson       one line a batch, synced to disk before the next batch leaves
 *   runs/<id>/deleted.parquet      what records held just before they were deleted
 *   runs/<id>/before-<wave>.parquet  the state of records just before a wave that sets nothing else
 *   runs/<id>/written.parquet      what the destination then held of written rows, where it is not what was sent
 *   runs/<id>/undo.json            of an undo: which run it takes back
 *   runs/<id>/outcome.parquet      written by fold: rows that were not sent or were refused, with reason
 *   runs/<id>/done.json            the report; its absence means that the run never ended
 */
export function layout(folder: string, run: string) {
  const runFolder = join(folder, "runs", run);
  return {
    state: join(folder, "rows.duckdb"),
    relied: join(folder, "relied.json"),
    reading: join(folder, "reading"),
    runs: join(folder, "runs"),
    removing: join(folder, "removing"),
    run: runFolder,
    temp: join(runFolder, "tmp"),
    ...runFiles(runFolder),
  };
}

export function runFiles(runFolder: string) {
  return {
    job: join(runFolder, "job.json"),
    touched: join(runFolder, "touched.parquet"),
    change: (wave: Wave) => join(runFolder, `change-${wave}.parquet`),
    /** Records that lookups ask to be made, by table. */
    parents: (k: number) => join(runFolder, `change-0-parents-${k}.parquet`),
    taken: join(runFolder, "taken.parquet"),
    dropped: join(runFolder, "dropped.parquet"),
    settled: join(runFolder, "settled.parquet"),
    requests: join(runFolder, "requests.json"),
    journal: join(runFolder, "journal.ndjson"),
    deleted: join(runFolder, "deleted.parquet"),
    before: (wave: SentWave) => join(runFolder, `before-${wave}.parquet`),
    written: join(runFolder, "written.parquet"),
    undo: join(runFolder, "undo.json"),
    outcome: join(runFolder, "outcome.parquet"),
    /** What a verification found, one row for each difference. */
    difference: join(runFolder, "difference.parquet"),
    done: join(runFolder, "done.json"),
    plan: join(runFolder, "plan.json"),
    applied: join(runFolder, "applied.json"),
  };
}

/** The runs that have a folder in `runs`, the oldest first; none where it is not there. Stray files are nobody's. */
export async function runNames(runs: string): Promise<string[]> {
  if (!(await exists(runs))) return [];
  const found = await readdir(runs, { withFileTypes: true });
  return found
    .filter((each) => each.isDirectory())
    .map((each) => each.name)
    .sort();
}

/**
 * A file that DuckDB has not written to its end (USE_TMP_FILE of https://duckdb.org/docs/stable/sql/statements/copy; the page does
 * not say that it is called so): a process that dies leaves it.
 */
export const isDraft = (name: string): boolean => name.startsWith("tmp_") && name.endsWith(".parquet");

/** Whether one of these files is there. */
export const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

export type Layout = ReturnType<typeof layout>;

/** Whether the run has come so far as to send: its plan, in figures too, is on disk before anything goes. */
export const mayHaveSent = async ({ plan, journal }: { plan: string; journal: string }): Promise<boolean> =>
  (await exists(plan)) || (await exists(journal));

export const beforeMembers = ["0-activate", "1-create", "2-update"] as const;
const after = ["3-complete", "3-deactivate", "4-delete"] as const;
export type Wave = (typeof beforeMembers)[number] | `2-${"remove" | "add"}-${number}` | (typeof after)[number];

/**
 * Waves are sent one after another. A record that is inactive may take no other change, so it is woken first and put to
 * rest late. Members (each membership of the sync has its number) are added when their records are there; `complete` puts
 * a record into its state, and writes what points at other records of this run. Deletes follow when nothing points at the
 * record any more.
 */
export function wavesOf({ memberships }: { memberships: readonly unknown[] }): Wave[] {
  const numbers = memberships.map((_, i) => i);
  return [
    ...beforeMembers,
    ...numbers.map((i): Wave => `2-remove-${i}`),
    ...numbers.map((i): Wave => `2-add-${i}`),
    ...after,
  ];
}

/** What the journal tells of: a wave, or before all of them the parents that lookups ask to be made. */
export type SentWave = Wave | `0-parents-${number}`;
