import type { Table } from "../model.ts";
import { isAlive, type Row, VERSION } from "../row.ts";
import { begin, end, put } from "../wire/page-buffer.ts";

/** Rows written one after the other, a comma behind each. `next` is the position after the last of them. */
type Written = { bytes: Buffer; count: number; last: Row | undefined; next: number };

/**
 * A block of written rows that is kept. A write gives a row a version above all before it, so the block still holds
 * while it has as many living rows and its newest is the same; and surely while the whole table was not written.
 */
type Block = Written & { newest: number; lastWrite: number };

const BLOCK = 100;
/** Tables below this are written quickly enough; caching them would only hold memory. */
const SMALLEST_TABLE = 1000;
/** Of one table. The oldest blocks give way. */
const MOST_BYTES = 192 * 1024 * 1024;

/** The blocks of a table, by position and what they show, oldest first. */
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
  const { rows } = table;
  if (rows.length < SMALLEST_TABLE) return undefined;
  const stretch: Stretch = { bytes: [], count: 0, last: undefined, more: false };
  let at = from;
  while (at < rows.length && stretch.count < size) {
    const left = size - stretch.count;
    const stop = Math.min(at - (at % BLOCK) + BLOCK, rows.length);
    // Where a page begins or ends within a block, its rows there are written for this page alone.
    const whole = at % BLOCK === 0 && left >= BLOCK;
    const part = whole ? blockAt(table, shown, at, stop, write) : writeRows(rows, at, stop, write, left);
    if (part.count > 0) stretch.bytes.push(part.bytes);
    stretch.count += part.count;
    stretch.last = part.last ?? stretch.last;
    at = part.next;
  }
  while (at < rows.length && !isAlive(rows[at]!)) at++;
  return { ...stretch, more: at < rows.length };
}

function blockAt(table: Table, shown: string, from: number, to: number, write: (row: Row) => string): Block {
  const blocks = blocksOf(table);
  const { rows, known } = blocks;
  const name = `${from} ${shown}`;
  const kept = known.get(name);
  const lastWrite = Math.max(table.logVersions.at(-1) ?? 0, table.deleted.at(-1)?.version ?? 0);
  if (kept && kept.next === to && (kept.lastWrite === lastWrite || holds(kept, rows, from))) {
    kept.lastWrite = lastWrite;
    return kept;
  }
  const block = { ...writeRows(rows, from, to, write, BLOCK), newest: newestOf(rows, from, to), lastWrite };
  if (kept) forget(blocks, name, kept);
  known.set(name, block);
  blocks.held += block.bytes.length;
  for (const [oldest, each] of known) {
    if (blocks.held <= MOST_BYTES || each === block) break;
    forget(blocks, oldest, each);
  }
  return block;
}

function blocksOf(table: Table): Blocks {
  const blocks = tables.get(table);
  // A list that was compacted is another list: positions have moved.
  if (blocks && blocks.rows === table.rows && blocks.shape === table.shape) return blocks;
  const fresh: Blocks = { rows: table.rows, shape: table.shape, held: 0, known: new Map() };
  tables.set(table, fresh);
  return fresh;
}

function forget(blocks: Blocks, name: string, block: Block): void {
  blocks.known.delete(name);
  blocks.held -= block.bytes.length;
}

function holds(block: Block, rows: Row[], from: number): boolean {
  let living = 0;
  for (let at = from; at < block.next; at++) if (isAlive(rows[at]!)) living++;
  return living === block.count && newestOf(rows, from, block.next) === block.newest;
}

/** Deleted rows have a negative version, so they never are the newest. */
function newestOf(rows: Row[], from: number, to: number): number {
  let newest = 0;
  for (let at = from; at < to; at++) newest = Math.max(newest, rows[at]![VERSION] as number);
  return newest;
}

function writeRows(rows: Row[], from: number, to: number, write: (row: Row) => string, most: number): Written {
  begin();
  let count = 0;
  let last: Row | undefined;
  let at = from;
  for (; at < to && count < most; at++) {
    const row = rows[at]!;
    if (!isAlive(row)) continue;
    put(write(row));
    put(",");
    last = row;
    count++;
  }
  return { bytes: end(), count, last, next: at };
}
