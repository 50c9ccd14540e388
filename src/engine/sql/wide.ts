import { join } from "node:path";
import { parquetRows, text } from "../duck.ts";
import { areMany, inGroups } from "./names.ts";

/**
 * Statements that make the working table `name` of what `select` yields, about so many `rows` of many columns: a Parquet file in
 * `folder`, and a view of that name. DuckDB keeps rows of a table in groups of 122,880; where each thread has fewer, one after
 * another appends its own, and afterwards one thread or two read all of them. Of a file every thread writes and reads its groups, and
 * no more of it is in memory. Few rows are a temporary table.
 * Columns are texts, truth values, 64-bit numbers and lists of texts: Parquet does not have every type as it is.
 */
export function wideTable(name: string, select: string, rows: number, folder: string): string[] {
  if (!areMany(rows)) return [`CREATE TEMP TABLE ${name} AS ${select}`];
  const file = join(folder, `${name}.parquet`);
  return [
    `COPY (${select}) TO ${text(file)} (FORMAT parquet, COMPRESSION uncompressed, ${inGroups})`,
    `CREATE TEMP VIEW ${name} AS FROM ${parquetRows(file)}`,
  ];
}

/** The statement that lets it go, of so many rows as it was made for. */
export const withoutWide = (name: string, rows: number): string => `DROP ${areMany(rows) ? "VIEW" : "TABLE"} ${name}`;
