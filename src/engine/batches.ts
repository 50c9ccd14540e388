import type { Batch, BatchOp, Membership, RowKey, Wire, WireColumn } from "../core/connector.ts";
import type { ObjectSchema } from "../core/schema.ts";
import { type Duck, type DuckDBConnection, duckError, text } from "./duck.ts";

/** What a wave sends: which file, how, and which columns may be in it. */
export type WaveFile = {
  path: string;
  op: BatchOp;
  into?: Membership;
  /** The first so many rows of the file. */
  rows: number;
  columns: { wire: WireColumn; present: string; value: string }[];
  /** Of creates: what they bring along (`Wire.parties`). */
  parties?: { column: WireColumn; value: string }[];
};

/** Changes that one query turns into JSON, and how many such queries run ahead (prototypes: 467,000 rows/s this way). */
const rangeSize = 10_000;
const ahead = 4;

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
  const count = Math.ceil(wave.rows / rangeSize);
  const connections = await Promise.all(Array.from({ length: Math.min(ahead, count) }, () => duck.connect()));
  const aside = queue(await duck.connect());
  const element = elementSql(object, wire, wave);
  const ready: Promise<Slice>[] = [];
  let asked = 0;
  let rest: Slice | undefined;
  async function take(rows: number): Promise<Batch | undefined> {
    while (ready.length < ahead && asked < count) {
      const made = readRange(connections[asked % connections.length]!, wave, element, asked++ * rangeSize);
      made.catch(() => {}); // awaited below; until then a failure must not count as unhandled
      ready.push(made);
    }
    rest ??= await ready.shift();
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

/** Rows from change number `from` on: their JSON, comma-joined, and where in it each ends. */
type Slice = { from: number; bytes: Uint8Array; start: number; ends: number[] };

/** Rows `from` to `to` (exclusive) of a slice; the bytes are shared. */
function part(slice: Slice, from: number, to: number): Slice {
  const start = from === 0 ? slice.start : slice.ends[from - 1]! + 1;
  return { from: slice.from + from, bytes: slice.bytes, start, ends: slice.ends.slice(from, to) };
}

function elementSql(object: ObjectSchema, wire: Wire, wave: WaveFile): string {
  const fields = wave.columns.map((c) => `CASE WHEN ${c.present} THEN ${wire.fragment(object, c.wire, c.value)} END`);
  if (wave.parties?.length) fields.push(wire.parties!(object, wave.parties));
  return `'{' || concat_ws(',', ${[wire.identity(object, wave.op), ...fields].join(",\n")}) || '}'`;
}

const source = (wave: WaveFile) => `read_parquet(${text(wave.path)}, file_row_number=true)`;

async function readRange(connection: DuckDBConnection, wave: WaveFile, element: string, from: number): Promise<Slice> {
  const rows = `SELECT file_row_number AS n, ${element} AS e FROM ${source(wave)}
WHERE file_row_number >= ${from} AND file_row_number < ${Math.min(from + rangeSize, wave.rows)}`;
  const [row] = await rowsOf(
    connection,
    `SELECT encode(string_agg(e, ',' ORDER BY n)), list(strlen(e)::INTEGER ORDER BY n) FROM (${rows})`,
  );
  const [{ bytes }, { items: lengths }] = row as [{ bytes: Uint8Array }, { items: number[] }];
  let end = -1;
  return { from, bytes, start: 0, ends: lengths.map((length) => (end += length + 1)) };
}

function batchOf(wave: WaveFile, aside: ReturnType<typeof queue>, slice: Slice): Batch {
  const rows = slice.ends.length;
  const to = slice.from + rows;
  return {
    op: wave.op,
    ...(wave.into && { into: wave.into }),
    from: slice.from,
    to,
    rows,
    elements: slice.bytes.subarray(slice.start, slice.ends[rows - 1]),
    keys: async () => {
      const within = `file_row_number >= ${slice.from} AND file_row_number < ${to}`;
      const found = await aside.rows(`SELECT file_row_number, id, key FROM ${source(wave)} WHERE ${within} ORDER BY 1`);
      return found.map(([n, id, key]): RowKey => ({ n: Number(n), id: id as string | null, key: key as string }));
    },
    split: async (parts) => {
      const size = Math.ceil(rows / parts);
      const starts = Array.from({ length: Math.ceil(rows / size) }, (_, i) => i * size);
      return starts.map((at) => batchOf(wave, aside, part(slice, at, Math.min(at + size, rows))));
    },
  };
}

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
