export type Cell = string | number | boolean | null;

/**
 * A row: an array by slot. The first three places are the same in every table; a column gets its place on its first
 * write, so that a table of 300 columns of which 20 are used costs 20. An unwritten place is undefined.
 */
export type Row = (Cell | undefined)[];

export const ID = 0;
/** The global version of the row's last write; negative once the row is deleted. */
export const VERSION = 1;
/** Creation order, never reused: what paging goes by. */
export const SEQUENCE = 2;
export const FIRST_FREE_SLOT = 3;

export const isAlive = (row: Row): boolean => (row[VERSION] as number) >= 0;
export const idOf = (row: Row): string => row[ID] as string;
export const etagOf = (row: Row): string => `W/"${row[VERSION]}"`;
