import { keptSql } from "../../core/canon.ts";
import type { Column } from "../../core/schema.ts";
import { ident, parquetRows } from "../duck.ts";
import { joined, storedName } from "./names.ts";

// Values in the state and in the files of runs have the form that was theirs as they were written. They are read in the one that
// they have now, each time: to rewrite them would cost more, and lose digits that a column is only for a while without.

type Kept = { name: string; target: Column; tabled?: boolean };

/** SQL: a folded match value of these columns (see `joined`). */
export function keptMatch(match: readonly { target: Column }[], m: string): string {
  const as = match.map((_, i) => (match.length === 1 ? m : `split_part(${m}, chr(31), ${i + 1})`));
  const now = match.map(({ target }, i) => keptSql(target, as[i]!));
  return now.join() === as.join() ? m : joined(now);
}

/** SQL of the rows of a run's Parquet file, which has the columns `inFile`, with their places in it (`file_row_number`). */
export function keptRows(columns: readonly Kept[], path: string, inFile: Iterable<string>): string {
  const rows = parquetRows(path, "file_row_number=true");
  const there = new Set(inFile);
  const values = columns.flatMap((c) =>
    [`c_${storedName(c)}`, `o_${c.name}`].flatMap((name) => {
      const value = there.has(name) ? keptSql(c.target, ident(name)) : ident(name);
      return value === ident(name) ? [] : [`${value} AS ${ident(name)}`];
    }),
  );
  return values.length === 0 ? rows : `(SELECT * REPLACE (${values.join(", ")}) FROM ${rows})`;
}
