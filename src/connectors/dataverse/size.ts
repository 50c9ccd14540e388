/** How many rows go into one request: where it starts, and the most. */
export type Bounds = { first: number; most: number };

/** Bulk messages: Microsoft's guidance is 100 to 1000 rows (dataverse.md section 7). */
export const bulkBounds: Bounds = { first: 100, most: 1000 };
/** `$batch`, whose parts are executed one after another: small ones, beginning with 10 (dataverse.md section 9). */
export const partBounds: Bounds = { first: 10, most: 100 };

/** Told how many rows a request had and how long it took. */
export type Learn = (rows: number, ms: number) => void;

/** Milliseconds a request should take: long enough to be worth its overhead, short enough to lose little with it. */
const AIM = 5_000;
const SHORT = 3_000;
const LONG = 10_000;

/** What a request teaches about the size: one without an answer never shows that more would fit. */
export function lesson(answer: { ms: number; lost?: string }): number {
  return answer.lost === undefined ? answer.ms : Math.max(answer.ms, SHORT);
}

/**
 * The rows for the next request, after one of `rows` rows took `ms` (until it was given up, for one without an answer;
 * Infinity for one that was too large). At most doubled and halved at a time.
 */
export function nextSize(size: number, rows: number, ms: number, { most }: Bounds): number {
  if (ms >= SHORT && ms <= LONG) return size;
  const wanted = Math.floor(rows * Math.min(2, Math.max(0.5, AIM / ms)));
  // A small rest that went fast says little about a full one.
  return Math.min(most, ms < SHORT ? Math.max(size, wanted) : Math.max(1, wanted));
}
