import { join } from "node:path";
import { text } from "../duck.ts";
import { rowsInGroup } from "./names.ts";

/** Fewer rows are one thread's work, and a file would cost more than it saves. */
export const areMany = (rows: number): boolean => rows >= 20_000;

/**
 * Statements that make the working table `name` of what `select` yields, about so many `rows` of many columns: a Parquet file in
 * `folder`, and a view of that name. DuckDB keeps rows of a table in groups of 122,880; where each thread has fewer, one after
 * another appends its own, and afterwards one thread or two read all of them. Of a file every thread writes and reads its groups, and
 * none of it is kept in memory. Few rows are a temporary table.
 * Columns are texts, truth values, 64-bit numbers and lists of texts: Parquet does not have every type as it is.
 */
export function wideTable(name: string, select: string, rows: number, folder: string): string[] {
  if (!areMany(rows)) return [`CREATE TEMP TABLE ${name} AS ${select}`];
  const file = text(join(folder, `${name}.parquet`));
  return [
    `COPY (${select}) TO ${file} (FORMAT parquet, COMPRESSION uncompressed, ROW_GROUP_SIZE ${rowsInGroup})`,
    `CREATE TEMP VIEW ${name} AS FROM read_parquet(${file})`,
  ];
}
