import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { ReadRequest } from "../core/connector.ts";
import { type Duck, text } from "./duck.ts";
import { type PageFile, pageName, pagesAhead, pagesAtOnce, rowsOf, type Wanted } from "./pages.ts";
import { dropReading, type Kept, keepReading, type Reading, startReading, takeUp } from "./reading.ts";
import { newerOfBoth, sifting } from "./sift.ts";
import { stored } from "./sql/names.ts";

export type Ingest = Wanted & {
  /** Where rows are read from; absent = everything. */
  cursor?: string | undefined;
  /** Only these records. */
  ids?: string[];
  /** Only records that hold one of these combinations of values. */
  match?: ReadRequest["match"];
  /**
   * Makes a table (id, h) of records with the hash of the columns' values (`hashOf`), and tells its name. One that comes as it is
   * expected is not put into `into`, but noted in the table `as_expected` (id, seq): so a million that nobody changed take no
   * room. Asked while the first pages come.
   */
  expected?: () => Promise<string>;
  folder: string;
  /** Where a full read that is broken off is kept for the next run, of this destination; absent = nowhere. */
  keep?: { folder: string; destination: string };
  signal: AbortSignal;
  onRows?: (rows: number) => void;
};

/**
 * `full`: everything was read. `resumed`: much of it by an earlier run, so that what was deleted since may still be among
 * the rows: the cursor is good for this run, and the next one had better read everything.
 */
export type Ingested = { cursor: string | undefined; full: boolean; resumed: boolean; rows: number };

/**
 * Reads a destination's rows into a table of canonical text, page by page as received. A cursor that has expired is
 * answered by a full read. A full read that an earlier run broke off is taken up again, if it still can be.
 */
export async function ingest(duck: Duck, job: Ingest): Promise<Ingested> {
  const { cursor, ...whole } = job;
  if (cursor !== undefined) {
    await createTable(duck, job);
    const changes = await unlessExpired(readPages(duck, job));
    if (changes) return { ...changes, full: false, resumed: false };
  }
  await createTable(duck, job);
  const kept = keptFor(job);
  const reading = kept && (await takeUp(duck, kept, job.into));
  const rest = reading && (await unlessExpired(readPages(duck, whole, kept, reading)));
  if (!rest) await createTable(duck, job);
  const read = rest ?? (await readPages(duck, whole, kept, kept && (await startReading(duck, kept))));
  if (kept) await dropReading(kept);
  return { ...read, full: true, resumed: rest !== undefined };
}

/** Undefined where the other side does not know any more where to go on. */
async function unlessExpired<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (thrown) {
    if (thrown instanceof Error && thrown.name === "CursorExpired") return undefined;
    throw thrown;
  }
}

function keptFor({
  keep,
  session: _,
  signal,
  into,
  folder,
  onRows,
  ids,
  match,
  cursor,
  ...of
}: Ingest): Kept | undefined {
  return keep && (ids ?? match) === undefined ? { folder: keep.folder, of: [keep.destination, of] } : undefined;
}

/** An empty table, for records that are asked for one by one. */
export async function readNothing(duck: Duck, job: Ingest): Promise<Ingested> {
  await createTable(duck, job);
  return { cursor: undefined, full: false, resumed: false, rows: 0 };
}

async function createTable(duck: Duck, { into, columns, etags }: Ingest): Promise<void> {
  const names = [...columns.map((c) => `${stored(c)} VARCHAR`), ...(etags ? ["etag VARCHAR"] : [])];
  await duck.run(
    `CREATE OR REPLACE TABLE ${into}(${["id VARCHAR", "gone BOOLEAN", "created VARCHAR", "seq INTEGER", ...names].join(", ")})`,
  );
}

/** `last`: what there is already of a read that is to be kept. */
async function readPages(
  duck: Duck,
  job: Ingest,
  kept?: Kept,
  last?: Reading,
): Promise<{ cursor: string | undefined; rows: number }> {
  let reading = last;
  let [rows, seq, cursor] = [reading?.rows ?? 0, reading?.pages ?? 0, undefined as string | undefined];
  let waiting: PageFile[] = [];
  const sifter = job.expected?.().then((expected) => sifting(duck, job, expected));
  let most = sifter ? pagesAhead : pagesAtOnce;
  let taken = Promise.resolve(sifter).then(() => {
    most = pagesAtOnce;
  });
  taken.catch(() => {}); // whoever awaits it gets the error
  /** Has the pages at hand taken into the table, while the next are read. `place`: where reading could then be taken up. */
  const take = async (place?: string) => {
    await taken;
    const [pages, now] = [waiting, { pages: seq, rows }];
    waiting = [];
    const work = async () => {
      if (pages.length === 0) return;
      const sift = await sifter;
      if (sift) await sift(pages);
      else {
        await duck.run(`INSERT INTO ${job.into} ${rowsOf(job, pages)}`);
        await Promise.all(pages.map(({ path }) => rm(path)));
      }
      if (reading && place !== undefined)
        reading = await keepReading(duck, kept!, job.into, reading, { place, ...now });
    };
    taken = work();
    taken.catch(() => {}); // whoever awaits it gets the error
  };
  const columns = [...job.columns.map((c) => c.name), ...(job.created ? ["createdon"] : [])];
  const request = {
    columns,
    track: job.object.can.deltas && (job.ids ?? job.match) === undefined,
    ...(job.cursor !== undefined && { cursor: job.cursor }),
    ...(job.ids && { ids: job.ids }),
    ...(job.match && { match: job.match }),
    ...(job.columns.some((c) => c.tabled) && { tables: true }),
    ...(reading?.place && { place: reading.place }),
  };
  try {
    for await (const page of job.session.read!(job.object, request, job.signal)) {
      seq++;
      if (page.count > page.deleted.length) {
        const path = join(job.folder, pageName(job.into, seq));
        await writeFile(path, page.rows);
        waiting.push({ path, seq, bytes: Buffer.byteLength(page.rows), rows: page.count });
      }
      if (page.deleted.length > 0)
        await duck.run(
          `INSERT INTO ${job.into}(id, gone, seq) SELECT lower(unnest([${page.deleted.map(text).join(",")}])), true, ${seq}`,
        );
      rows += page.count;
      job.onRows?.(rows);
      cursor = page.cursor ?? cursor;
      if (waiting.length >= most) await take(page.place);
    }
    await take();
  } finally {
    await taken.catch(() => {}); // nothing goes on behind a closed door
  }
  await taken;
  await (await sifter)?.();
  await keepNewest(duck, job.into);
  if (sifter) for (const statement of newerOfBoth(job.into)) await duck.run(statement);
  return { cursor, rows };
}

/**
 * A record may come several times when it changes while we read: its newest form counts. A tombstone beside a form is
 * ignored, for a record that was made anew has both.
 */
async function keepNewest(duck: Duck, table: string): Promise<void> {
  const { doubled } = await duck.one<{ doubled: boolean }>(
    `SELECT count(*) > count(DISTINCT id) AS doubled FROM ${table}`,
  );
  if (!doubled) return;
  await duck.run(
    `CREATE OR REPLACE TABLE ${table} AS SELECT * FROM ${table} QUALIFY row_number() OVER (PARTITION BY id ORDER BY gone, seq DESC) = 1`,
  );
}
