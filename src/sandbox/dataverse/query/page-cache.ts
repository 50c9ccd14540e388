import type { Table } from "../model.ts";
import { isAlive, type Row, VERSION } from "../row.ts";
import { append, written } from "../wire/page-buffer.ts";

/** Rows written once and kept as bytes, a block at a time. */
type Block = {
  bytes: Buffer;
  /** Where the nth living row begins; one more entry for the end. A comma follows each row. */
  starts: Uint32Array;
  /** What tells that no row of the block has changed since: any write gives a version above all before it. */
  newest: number;
  living: number;
};

const BLOCK = 500;
/** Tables below this are written quickly enough; caching them would only hold memory. */
const SMALLEST_TABLE = 1000;
/** Of one table. The oldest blocks give way. */
const MOST_BYTES = 192 * 1024 * 1024;

/** The blocks of a table, by number and what they show, oldest first. */
type Blocks = { rows: Row[]; shape: number; held: number; known: Map<string, Block> };
const tables = new WeakMap<Table, Blocks>();

/** A stretch of written rows: their bytes with a comma after each, how many they are, and the last of them. */
export type Stretch = { bytes: Buffer[]; count: number; last: Row | undefined; more: boolean };

/**
 * The next `size` living rows from position `from` of the table, written by `write` or taken from the cache. `shown`
 * names what `write` puts out: two calls with the same text must write the same row alike.
 * Undefined when the table is too small to be worth it.
 */
export function cachedRows(
  table: Table,
  shown: string,
  write: (row: Row) => string,
  from: number,
  size: number,
): Stretch | undefined {
  if (table.rows.length < SMALLEST_TABLE) return undefined;
  const blocks = blocksOf(table);
  const stretch: Stretch = { bytes: [], count: 0, last: undefined, more: false };
  for (let at = from; at < table.rows.length; ) {
    const number = Math.floor(at / BLOCK);
    const end = Math.min((number + 1) * BLOCK, table.rows.length);
    const skipped = livingIn(table.rows, number * BLOCK, at);
    const block = blockAt(blocks, shown, number, end, write);
    const here = block.living - skipped;
    if (here > 0 && stretch.count === size) return { ...stretch, more: true };
    const taken = Math.min(here, size - stretch.count);
    if (taken > 0) {
      stretch.bytes.push(block.bytes.subarray(block.starts[skipped], block.starts[skipped + taken]));
      stretch.count += taken;
      stretch.last = livingAt(table.rows, at, taken);
    }
    if (taken < here) return { ...stretch, more: true };
    at = end;
  }
  return stretch;
}

function blocksOf(table: Table): Blocks {
  const blocks = tables.get(table);
  // A list that was compacted is another list: positions have moved.
  if (blocks && blocks.rows === table.rows && blocks.shape === table.shape) return blocks;
  const fresh: Blocks = { rows: table.rows, shape: table.shape, held: 0, known: new Map() };
  tables.set(table, fresh);
  return fresh;
}

function blockAt(blocks: Blocks, shown: string, number: number, end: number, write: (row: Row) => string): Block {
  const { rows, known } = blocks;
  let newest = 0;
  let living = 0;
  for (let at = number * BLOCK; at < end; at++) {
    const version = rows[at]![VERSION] as number;
    if (version < 0) continue;
    living++;
    if (version > newest) newest = version;
  }
  const name = `${number} ${shown}`;
  const kept = known.get(name);
  if (kept && kept.newest === newest && kept.living === living) return kept;
  const block = { ...writtenRows(rows, number * BLOCK, end, living, write), newest, living };
  if (kept) forget(blocks, name, kept);
  known.set(name, block);
  blocks.held += block.bytes.length;
  for (const [oldest, each] of known) {
    if (blocks.held <= MOST_BYTES || each === block) break;
    forget(blocks, oldest, each);
  }
  return block;
}

function forget(blocks: Blocks, name: string, block: Block): void {
  blocks.known.delete(name);
  blocks.held -= block.bytes.length;
}

function writtenRows(rows: Row[], first: number, end: number, living: number, write: (row: Row) => string) {
  const starts = new Uint32Array(living + 1);
  let bytes = 0;
  let nth = 0;
  for (let at = first; at < end; at++) {
    const row = rows[at]!;
    if (!isAlive(row)) continue;
    bytes = append(`${write(row)},`, bytes);
    starts[++nth] = bytes;
  }
  return { bytes: written(bytes), starts };
}

function livingIn(rows: Row[], from: number, to: number): number {
  let living = 0;
  for (let at = from; at < to; at++) if (isAlive(rows[at]!)) living++;
  return living;
}

/** The nth living row (from 1) at or after a position. */
function livingAt(rows: Row[], from: number, nth: number): Row | undefined {
  for (let at = from, left = nth; at < rows.length; at++) if (isAlive(rows[at]!) && --left === 0) return rows[at];
  return undefined;
}
