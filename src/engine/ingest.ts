import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { canonSql } from "../core/canon.ts";
import type { ReadRequest, Session } from "../core/connector.ts";
import type { Column, ObjectSchema } from "../core/schema.ts";
import { type Duck, ident, noHive, text } from "./duck.ts";
import { dropReading, type Kept, keepReading, type Reading, startReading, takeUp } from "./reading.ts";
import { hashOf, stored } from "./sql/names.ts";

/** Pages read into DuckDB at once: bounds disk and memory, and lets it parse several in parallel. */
const pagesAtOnce = 8;

/** Rows that are compared with what is expected (`Ingest.expected`) at once: at least so many, and so large a share of those. */
const compared = 100_000;
const shareCompared = 1 / 30;

/** A column to be read. `tabled`: a lookup into several tables, whose value is to say which (`account:<id>`). */
export type Mirrored = { name: string; target: Column; tabled?: boolean };

export type Ingest = {
  session: Session;
  object: ObjectSchema;
  columns: Mirrored[];
  /** Where rows are read from; absent = everything. */
  cursor?: string | undefined;
  /** Only these records. */
  ids?: string[];
  /** Only records that hold one of these combinations of values. */
  match?: ReadRequest["match"];
  /** Name of the temporary table that receives (id, gone, created, seq, c_*). */
  into: string;
  /** The record's version is wanted too (`etag`). */
  etags?: boolean;
  /** When the record was made there is wanted too (`created`). */
  created: boolean;
  /**
   * A table (id, h) of records with the hash of the columns' values (`hashOf`). One that comes as it is expected is not put
   * into `into`, but noted in the table `as_expected` (id, seq): so a million that nobody changed take no room.
   */
  expected?: string;
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
    `CREATE OR REPLACE TEMP TABLE ${into}(${["id VARCHAR", "gone BOOLEAN", "created VARCHAR", "seq INTEGER", ...names].join(", ")})`,
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
  const sift = job.expected === undefined ? undefined : await sifting(duck, job, job.expected);
  let taken = Promise.resolve();
  /** Has the pages at hand taken into the table, while the next are read. `place`: where reading could then be taken up. */
  const take = async (place?: string) => {
    await taken;
    const [pages, now] = [waiting, { pages: seq, rows }];
    waiting = [];
    const work = async () => {
      if (pages.length === 0) return;
      await duck.run(insertPages(job, pages));
      await sift?.(pages.reduce((sum, page) => sum + page.rows, 0));
      await Promise.all(pages.map(({ path }) => rm(path)));
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
        const path = join(job.folder, `${job.into}-${String(seq).padStart(SEQ, "0")}.json`);
        await writeFile(path, page.rows);
        waiting.push({ path, bytes: Buffer.byteLength(page.rows), rows: page.count });
      }
      if (page.deleted.length > 0)
        await duck.run(
          `INSERT INTO ${job.into}(id, gone, seq) SELECT lower(unnest([${page.deleted.map(text).join(",")}])), true, ${seq}`,
        );
      rows += page.count;
      job.onRows?.(rows);
      cursor = page.cursor ?? cursor;
      if (waiting.length === pagesAtOnce) await take(page.place);
    }
    await take();
  } finally {
    await taken.catch(() => {}); // nothing goes on behind a closed door
  }
  await taken;
  await sift?.();
  await keepNewest(duck, job.into);
  if (sift) for (const statement of newerOfBoth(job.into)) await duck.run(statement);
  return { cursor, rows };
}

/** A page on disk. */
type PageFile = { path: string; bytes: number; rows: number };

/** Where pages go whose rows are to be compared first. */
const unsifted = (into: string) => `${into}_page`;

/** Once some of them are together, the rows go where they belong: see `Ingest.expected`. Without a count all do, at the end. */
async function sifting(duck: Duck, { into, columns }: Ingest, expected: string) {
  const { portion } = await duck.one<{ portion: number }>(
    `SELECT greatest(${compared}, count(*) * ${shareCompared}) AS portion FROM ${expected}`,
  );
  const page = unsifted(into);
  await duck.run(`CREATE OR REPLACE TEMP TABLE ${page} AS FROM ${into} WHERE false`);
  await duck.run("CREATE OR REPLACE TEMP TABLE as_expected(id VARCHAR, seq INTEGER)");
  let [rows, noted] = [0, 0];
  return async (more = portion) => {
    rows += more;
    if (rows < portion) return;
    rows = 0;
    await duck.run(
      `INSERT INTO as_expected SELECT p.id, p.seq FROM ${page} p SEMI JOIN ${expected} e ON e.id = p.id AND e.h = ${hashOf(columns, "p")}`,
    );
    const { came, all } = await duck.one<{ came: number; all: number }>(
      `SELECT count(*) AS came, (SELECT count(*) FROM as_expected) AS "all" FROM ${page}`,
    );
    const others = came - (all - noted);
    noted = all;
    // To look for rows that are not there costs as much as to compare them.
    if (others > 0) await duck.run(`INSERT INTO ${into} SELECT * FROM ${page} ANTI JOIN as_expected USING (id, seq)`);
    await duck.run(`CREATE OR REPLACE TEMP TABLE ${page} AS FROM ${into} WHERE false`);
  };
}

/** Digits of a page's number in the name of its file. */
const SEQ = 9;

/** The pages' rows through the canonical form of each column. Only what we asked for is looked at. */
function insertPages(job: Ingest, pages: PageFile[]): string {
  // No row is larger than its page. DuckDB sets aside twice this size for every thread, so no more than that.
  const largest = Math.max(1 << 20, ...pages.map((p) => p.bytes + 1024));
  const wire = job.session.wire!;
  const property = (name: string) => wire.property(job.object, name);
  const wanted = [job.object.id, ...job.columns.map((c) => c.name), ...(job.created ? ["createdon"] : [])];
  const table = (name: string) => job.session.wire!.tableProperty!(job.object, name);
  const tables = job.columns.filter((c) => c.tabled).map((c) => table(c.name));
  const version = job.etags ? [wire.etag!] : [];
  const fields = [...new Set([...wanted.map(property), ...tables, ...version])]
    .map((p) => `${text(p)}: 'VARCHAR'`)
    .join(", ");
  const values = job.columns.map(({ name, target, tabled }) => {
    const value = canonSql(target, `r.${ident(property(name))}`);
    return tabled ? `(lower(r.${ident(table(name))}) || ':' || ${value})` : value;
  });
  const id = `r.${ident(property(job.object.id))}`;
  const seq = `left(right(r.filename, ${SEQ + 5}), ${SEQ})::INTEGER`;
  return `INSERT INTO ${job.expected === undefined ? job.into : unsifted(job.into)}
SELECT ${[`lower(${id})`, "false", job.created ? `r.${ident(property("createdon"))}` : "NULL", seq, ...values, ...version.map((name) => `r.${ident(name)}`)].join(", ")}
FROM read_json([${pages.map((p) => text(p.path)).join(",")}], columns={${fields}}, ${noHive}, format='array', maximum_object_size=${largest}, filename=true) r
WHERE ${id} IS NOT NULL`;
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
    `CREATE OR REPLACE TEMP TABLE ${table} AS SELECT * FROM ${table} QUALIFY row_number() OVER (PARTITION BY id ORDER BY gone, seq DESC) = 1`,
  );
}

/** The same between a record's form that was expected and another. */
const newerOfBoth = (table: string): string[] => [
  `DELETE FROM ${table} USING as_expected e WHERE e.id = ${table}.id AND (${table}.gone OR e.seq > ${table}.seq)`,
  `DELETE FROM as_expected WHERE id IN (SELECT id FROM ${table})`,
];
