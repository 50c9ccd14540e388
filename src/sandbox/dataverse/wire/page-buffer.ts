import { errors } from "../errors.ts";

/** Far above any page of rows: only expanding the same rows many times over gets there. */
const LARGEST = 256 * 1024 * 1024;

/** Grows to the largest page answered so far and is then reused: one request is written at a time. */
let scratch = Buffer.allocUnsafe(1 << 20);

/** Puts UTF-8 at a place of the buffer and gives the place behind it; `written` takes what was put from 0 on. */
export function append(text: string, at: number): number {
  // A UTF-16 unit takes at most three bytes.
  if (at + text.length * 3 > scratch.length) {
    if (at + text.length > LARGEST) throw errors.resultTooLarge();
    const larger = Buffer.allocUnsafe(Math.max(scratch.length * 2, at + text.length * 3));
    scratch.copy(larger, 0, 0, at);
    scratch = larger;
  }
  return at + scratch.write(text, at);
}

/** A copy of the first `length` bytes appended. */
export function written(length: number): Buffer {
  return Buffer.from(scratch.subarray(0, length));
}

/** Joins the pieces of a page as UTF-8, with commas between the items. Much cheaper than one long string. */
export function pageBytes(before: string, items: Iterable<string>, after: string): Buffer {
  let at = append(before, 0);
  let first = true;
  for (const item of items) {
    if (!first) at = append(",", at);
    first = false;
    at = append(item, at);
  }
  return written(append(after, at));
}
