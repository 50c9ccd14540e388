import type { Batch, BatchOp, Membership, RowKey, Wire, WireColumn } from "../core/connector.ts";
import { SluiceError } from "../core/errors.ts";
import type { ObjectSchema } from "../core/schema.ts";
import { type Duck, type DuckDBConnection, duckError, parquetRows, text } from "./duck.ts";

/** What a wave sends: which file, how, and which columns may be in it. */
export type WaveFile = {
  path: string;
  op: BatchOp;
  into?: Membership;
  /** The first so many rows of the file. */
  rows: number;
  /**
   * The file tells of each row its change number (`n`) and the version that its record must have (`etag`, or NULL);
   * otherwise a row's number is its place.
   */
  guarded?: boolean;
  columns: { wire: WireColumn; present: string; value: string }[];
  /** Of creates: what they bring along (`Wire.parties`). */
  parties?: { column: WireColumn; value: string }[];
};

/** Changes, and bytes of them, that one query turns into JSON; how many such queries run ahead (prototypes: 467,000 rows/s this way). */
const rangeSize = 10_240;
const rangeBytes = 8_000_000;
const ahead = 4;
/** So many bytes of groups may be unpacked at once, and so many of JSON be ready. */
const atOnceBytes = 64_000_000;
/** Of no more it is not asked how large they are. */
const few = 100;

export type Batches = {
  /**
   * The next changes, in order: `rows` of them at most, and about evenly many of each range, so that no small rest is
   * left over. Undefined at the end. Calls are answered one after another.
   */
  next(rows: number): Promise<Batch | undefined>;
  close(): Promise<void>;
};

/**
 * The change file as batches of whatever size is wanted when they are wanted. DuckDB makes the JSON of a range at once,
 * with the length of each row: batches, and parts of batches, are views of those bytes and never row objects. A few
 * ranges are made ready before they are asked for, so memory stays bounded. A batch can be asked for its keys until `close`.
 */
export async function openBatches(duck: Duck, object: ObjectSchema, wire: Wire, wave: WaveFile): Promise<Batches> {
  const aside = queue(await duck.connect());
  const { element, ranges, unpacked } = await prepared(object, wire, wave, aside).catch(async (thrown) => {
    await aside.close();
    throw thrown;
  });
  const connections = await Promise.all(Array.from({ length: Math.min(ahead, ranges.length) }, () => duck.connect()));
  const ready: Promise<Slice>[] = [];
  let asked = 0;
  let rest: Slice | undefined;
  // How large the first range has become tells how many may be made at once: its file may hold a text once for many rows.
  let most = 1;
  async function take(rows: number): Promise<Batch | undefined> {
    while (ready.length < most && asked < ranges.length) {
      const made = readRange(connections[asked % connections.length]!, wave, element, ranges[asked]!);
      asked++;
      made.catch(() => {}); // awaited below; until then a failure must not count as unhandled
      ready.push(made);
    }
    if (!rest) {
      rest = await ready.shift();
      if (rest) most = Math.min(ahead, Math.max(1, Math.floor(atOnceBytes / Math.max(unpacked, rest.bytes.length))));
    }
    if (!rest) return undefined;
    const left = rest.ends.length;
    const now = Math.ceil(left / Math.ceil(left / rows));
    const [first, others] = [part(rest, 0, now), part(rest, now, left)];
    rest = now === left ? undefined : others;
    return batchOf(wave, aside, first);
  }
  let last: Promise<unknown> = Promise.resolve();
  return {
    next(rows) {
      const mine = last.then(() => take(rows));
      last = mine.catch(() => {});
      return mine;
    },
    async close() {
      await last;
      await Promise.allSettled(ready);
      for (const connection of connections) connection.closeSync();
      await aside.close();
    },
  };
}

/** Rows from place `from` on: their JSON, comma-joined, and where in it each ends; `numbers` where these are not the places. */
type Slice = { from: number; bytes: Uint8Array; start: number; ends: number[]; numbers?: number[] };

/** Rows `from` to `to` (exclusive) of a slice; the bytes are shared. */
function part(slice: Slice, from: number, to: number): Slice {
  const start = from === 0 ? slice.start : slice.ends[from - 1]! + 1;
  const numbers = slice.numbers?.slice(from, to);
  return {
    from: slice.from + from,
    bytes: slice.bytes,
    start,
    ends: slice.ends.slice(from, to),
    ...(numbers && { numbers }),
  };
}

/** What is found out once of a wave: the SQL of its JSON, the ranges that it is read in, and the bytes of its largest group. */
async function prepared(object: ObjectSchema, wire: Wire, wave: WaveFile, aside: Queue) {
  const whole = { ranges: wave.rows > 0 ? [{ from: 0, to: wave.rows }] : [], unpacked: 0 };
  const { ranges, unpacked } = wave.rows <= few ? whole : await rangesOf(wave, aside);
  const shares = ranges.length > 1 ? await sharesOf(wave, aside) : undefined;
  return { element: elementSql(object, wire, wave, shares), ranges, unpacked };
}

/** Even parts of the file's groups: the rows of one come in order, and it was written with an eye to its bytes. */
async function rangesOf(wave: WaveFile, aside: Queue): Promise<{ ranges: Range[]; unpacked: number }> {
  const groups = await aside.rows(
    `SELECT any_value(row_group_num_rows), sum(total_uncompressed_size) FROM parquet_metadata(${text(wave.path)}) GROUP BY row_group_id ORDER BY row_group_id`,
  );
  const ranges: Range[] = [];
  let [start, unpacked] = [0, 0];
  for (const [rows, bytes] of groups.map((group) => group.map(Number) as [number, number])) {
    const parts = Math.ceil(Math.max(rows / rangeSize, bytes / rangeBytes));
    const size = Math.ceil(rows / parts);
    const end = Math.min(start + rows, wave.rows);
    for (let from = start; from < end; from += size) ranges.push({ from, to: Math.min(from + size, end) });
    start += rows;
    unpacked = Math.max(unpacked, bytes);
  }
  if (start < wave.rows) throw new SluiceError("bug", `${wave.path} has ${start} changes, not ${wave.rows}.`);
  return { ranges, unpacked };
}

/** How many of a file's changes have a column. */
type Share = "all" | "some" | "none";

/** Whoever knows it need not ask each change: a file of creates mostly has each column everywhere or nowhere. */
async function sharesOf({ columns, ...wave }: WaveFile, aside: Queue): Promise<Share[]> {
  if (columns.length === 0) return [];
  const asked = columns.flatMap(({ present }) => [`bool_and((${present}) IS TRUE)`, `bool_or((${present}) IS TRUE)`]);
  const [found] = await aside.rows(`SELECT ${asked.join(", ")} FROM ${source(wave)}`);
  return columns.map((_, i) => (found![2 * i] ? "all" : found![2 * i + 1] ? "some" : "none"));
}

/** SQL of the JSON of a change, over the columns of its file. `shares`: of each column, where known. */
export function elementSql(object: ObjectSchema, wire: Wire, wave: WaveFile, shares?: Share[]): string {
  const fields = wave.columns.flatMap((c, i) => {
    const share = shares?.[i] ?? "some";
    if (share === "none") return [];
    const field = ["','", ...wire.fragment(object, c.wire, c.value)];
    return share === "all" ? field : [`CASE WHEN ${c.present} THEN concat(${field.join(", ")}) END`];
  });
  if (wave.parties?.length) fields.push(`',' || ${wire.parties!(object, wave.parties)}`);
  return `concat(${["'{'", wire.identity(object, wave.op), ...fields, "'}'"].join(",\n")})`;
}

const source = (wave: Pick<WaveFile, "path">) => parquetRows(wave.path, "file_row_number=true");

type Items = { items: number[] };

/** Rows of the file; `to` is exclusive. */
type Range = { from: number; to: number };

async function readRange(
  connection: DuckDBConnection,
  wave: WaveFile,
  element: string,
  { from, to }: Range,
): Promise<Slice> {
  const rows = `SELECT file_row_number AS place, ${wave.guarded ? "n::INTEGER AS n, " : ""}${element} AS e FROM ${source(wave)}
WHERE file_row_number >= ${from} AND file_row_number < ${to}`;
  const numbered = wave.guarded ? ["n"] : [];
  const slice = async (order: string) => {
    const lists = ["strlen(e)::INTEGER", "place::INTEGER", ...numbered].map((each) => `list(${each}${order})`);
    const [row] = await rowsOf(
      connection,
      `SELECT ${[`encode(string_agg(e, ','${order}))`, ...lists].join(", ")} FROM (${rows})`,
    );
    return row as [{ bytes: Uint8Array }, Items, Items | null, Items | undefined];
  };
  // One thread reads a group, from its first row on: then the rows come in order, and to sort them would take a quarter of the
  // time. Nobody promises that, so it is looked at.
  let found = await slice("");
  const places = found[2]?.items ?? [];
  if (places.length !== to - from)
    throw new SluiceError("bug", `${wave.path} has ${places.length} of the changes ${from} to ${to}.`);
  if (places.some((place, i) => place !== from + i)) found = await slice(" ORDER BY place");
  const [{ bytes }, { items: lengths }, , numbers] = found;
  let end = -1;
  const ends = lengths.map((length) => (end += length + 1));
  return { from, bytes, start: 0, ends, ...(numbers && { numbers: numbers.items }) };
}

function batchOf(wave: WaveFile, aside: Queue, slice: Slice): Batch {
  const rows = slice.ends.length;
  const [first, last] = [slice.from, slice.from + rows - 1];
  return {
    op: wave.op,
    ...(wave.into && { into: wave.into }),
    ...(wave.guarded && { guarded: true }),
    from: slice.numbers?.[0] ?? first,
    to: (slice.numbers?.at(-1) ?? last) + 1,
    rows,
    elements: slice.bytes.subarray(slice.start, slice.ends[rows - 1]),
    keys: async () => {
      const names = wave.guarded ? "n, id, key, etag" : "file_row_number, id, key";
      const found = await aside.rows(
        `SELECT ${names} FROM ${source(wave)} WHERE file_row_number BETWEEN ${first} AND ${last} ORDER BY file_row_number`,
      );
      return found.map(([n, id, key, etag]): RowKey => {
        const row = { n: Number(n), id: id as string | null, key: key as string };
        return etag == null ? row : { ...row, etag: etag as string };
      });
    },
    split: async (parts) => {
      const size = Math.ceil(rows / parts);
      const starts = Array.from({ length: Math.ceil(rows / size) }, (_, i) => i * size);
      return starts.map((at) => batchOf(wave, aside, part(slice, at, Math.min(at + size, rows))));
    },
  };
}

type Queue = ReturnType<typeof queue>;

/** One connection takes one statement at a time. */
function queue(connection: DuckDBConnection) {
  let last: Promise<unknown> = Promise.resolve();
  return {
    rows(sql: string): Promise<unknown[][]> {
      const mine = last.then(() => rowsOf(connection, sql));
      last = mine.catch(() => {});
      return mine;
    },
    async close() {
      await last;
      connection.closeSync();
    },
  };
}

async function rowsOf(connection: DuckDBConnection, sql: string): Promise<unknown[][]> {
  try {
    return (await connection.runAndReadAll(sql)).getRows();
  } catch (thrown) {
    throw duckError(thrown, sql);
  }
}
