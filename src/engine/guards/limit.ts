/** A number of rows, or a share such as `5 %`. */
export type Limit = number | string;

/** What the guards let pass where the sync says nothing: a share, but never fewer than a few, for below a share says nothing. */
const usual = { share: "5 %", few: 10 };

/** How many of `of` rows `limit` lets pass; a share is rounded down. Unless said, the usual share, and always a few. */
export function mostRows(limit: Limit | undefined, of: number): number {
  if (limit === undefined) return Math.max(usual.few, mostRows(usual.share, of));
  if (typeof limit === "number") return limit;
  return wholeRows((of * Number.parseFloat(limit)) / 100);
}

/**
 * How many rows a share comes to, rounded down. What is a whole number but for how fractions are kept is that number: 0.29 of
 * 100 are 29.
 */
export const wholeRows = (rows: number): number => Math.floor(rows + 1e-6);
