import { errors } from "../errors.ts";

/** Far above any page of rows: only expanding the same rows many times over gets there. */
const LARGEST = 256 * 1024 * 1024;
/** Characters turned into bytes at a time: row by row is slower by a third, a whole page at once costs its size again. */
const ENOUGH = 12_000;

/** Grows to the largest piece written so far and is then reused: one answer is written at a time. */
let scratch = Buffer.allocUnsafe(1 << 20);
let length = 0;
let waiting = "";

/** Begins a piece of an answer. What is left of one that failed is forgotten. */
export function begin(): void {
  length = 0;
  waiting = "";
}

/** Adds text to the piece. Throws when it becomes larger than any answer may be. */
export function put(text: string): void {
  waiting += text;
  if (waiting.length > ENOUGH) toBytes();
}

/** The piece as UTF-8, in a buffer of its own. */
export function end(): Buffer {
  toBytes();
  return Buffer.from(scratch.subarray(0, length));
}

function toBytes(): void {
  // A UTF-16 unit takes at most three bytes.
  const room = length + waiting.length * 3;
  if (room > scratch.length) {
    if (length + waiting.length > LARGEST) throw errors.resultTooLarge();
    const larger = Buffer.allocUnsafe(Math.max(scratch.length * 2, room));
    scratch.copy(larger, 0, 0, length);
    scratch = larger;
  }
  length += scratch.write(waiting, length);
  waiting = "";
}

/** A whole answer: the items with commas between. Much cheaper than one long string. */
export function pageBytes(before: string, items: Iterable<string>, after: string): Buffer {
  begin();
  put(before);
  let first = true;
  for (const item of items) {
    if (!first) put(",");
    first = false;
    put(item);
  }
  put(after);
  return end();
}
