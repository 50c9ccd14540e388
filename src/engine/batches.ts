import type { Batch, BatchOp, RowKey, Wire, WireColumn } from "../core/connector.ts";
import type { ObjectSchema } from "../core/schema.ts";
import { type Duck, type DuckDBConnection, duckError, text } from "./duck.ts";

/** What a wave sends: which file, how, and which columns may be in it. */
export type WaveFile = {
  path: string;
  op: BatchOp;
  rows: number;
  columns: { wire: WireColumn; present: string; value: string }[];
};

/** Changes that one query turns into bodies, and how many such queries run at once (docs/adr: 467,000 rows/s this way). */
const rangeSize = 10_000;

export type Batches = { batches: AsyncGenerator<Batch>; close(): Promise<void> };

/**
 * The change file as batches of `size` rows, in order, their JSON made by DuckDB whole and never as row objects. At
 * most `ahead` ranges are made ready before they are asked for, so memory stays bounded. A batch can be split and asked
 * for its keys until `close`.
 */
export async function openBatches(
  duck: Duck,
  object: ObjectSchema,
  wire: Wire,
  wave: WaveFile,
  size: number,
  ahead = 4,
): Promise<Batches> {
  const range = Math.max(size, Math.floor(rangeSize / size) * size);
  const count = Math.ceil(wave.rows / range);
  const connections = await Promise.all(Array.from({ length: Math.min(ahead, count) }, () => duck.connect()));
  const aside = queue(await duck.connect());
  const element = elementSql(object, wire, wave);
  const ready: Promise<Body[]>[] = [];
  async function* batches() {
    for (let index = 0; index < count; index++) {
      while (ready.length < ahead && index + ready.length < count) {
        const next = index + ready.length;
        const made = rangeBatches(connections[next % connections.length]!, wave, element, next * range, range, size);
        made.catch(() => {}); // awaited below; until then a failure must not count as unhandled
        ready.push(made);
      }
      for (const body of await ready.shift()!) yield batchOf(wave, element, aside, body);
    }
  }
  return {
    batches: batches(),
    async close() {
      await Promise.allSettled(ready);
      for (const connection of connections) connection.closeSync();
      await aside.close();
    },
  };
}

type Body = { from: number; to: number; rows: number; elements: Uint8Array };
type Aside = ReturnType<typeof queue>;

function elementSql(object: ObjectSchema, wire: Wire, wave: WaveFile): string {
  const fields = wave.columns.map((c) => `CASE WHEN ${c.present} THEN ${wire.fragment(object, c.wire, c.value)} END`);
  return `'{' || concat_ws(',', ${[wire.identity(object, wave.op), ...fields].join(",\n")}) || '}'`;
}

const source = (wave: WaveFile) => `read_parquet(${text(wave.path)}, file_row_number=true)`;

async function rangeBatches(
  connection: DuckDBConnection,
  wave: WaveFile,
  element: string,
  from: number,
  range: number,
  size: number,
): Promise<Body[]> {
  const sql = `SELECT file_row_number // ${size} AS batch, count(*)::INTEGER AS n, encode(string_agg(${element}, ',' ORDER BY file_row_number)) AS body
FROM ${source(wave)} WHERE file_row_number >= ${from} AND file_row_number < ${from + range} GROUP BY 1 ORDER BY 1`;
  return (await rowsOf(connection, sql)).map(([batch, n, body]) => {
    const start = Number(batch) * size;
    return { from: start, to: start + Number(n), rows: Number(n), elements: (body as { bytes: Uint8Array }).bytes };
  });
}

function batchOf(wave: WaveFile, element: string, aside: Aside, body: Body): Batch {
  const within = `file_row_number >= ${body.from} AND file_row_number < ${body.to}`;
  return {
    op: wave.op,
    ...body,
    keys: async () =>
      (await aside.rows(`SELECT file_row_number, id, key FROM ${source(wave)} WHERE ${within} ORDER BY 1`)).map(
        ([n, id, key]): RowKey => ({ n: Number(n), id: id as string | null, key: key as string }),
      ),
    split: async (parts) => {
      const size = Math.ceil(body.rows / parts);
      const sql = `SELECT (file_row_number - ${body.from}) // ${size} AS part, min(file_row_number), count(*)::INTEGER, encode(string_agg(${element}, ',' ORDER BY file_row_number))
FROM ${source(wave)} WHERE ${within} GROUP BY 1 ORDER BY 1`;
      return (await aside.rows(sql)).map(([, from, n, elements]) =>
        batchOf(wave, element, aside, {
          from: Number(from),
          to: Number(from) + Number(n),
          rows: Number(n),
          elements: (elements as { bytes: Uint8Array }).bytes,
        }),
      );
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
