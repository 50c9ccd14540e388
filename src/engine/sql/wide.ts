import { join } from "node:path";
import { parquetRows, text } from "../duck.ts";
import { areMany, inGroups } from "./names.ts";

/**
 * Statements that make the working table `name` of what the `selects` yield, about so many `rows` of many columns: a Parquet file of
 * each in `folder`, and a view of that name. DuckDB keeps rows of a table in groups of 122,880; where each thread has fewer, one after
 * another appends its own, and afterwards one thread or two read all of them. Of a file every thread writes and reads its groups, and
 * no more of it is in memory. Few rows are a table.
 * Columns are texts, truth values, 64-bit numbers and lists of texts: Parquet does not have every type as it is.
 */
export function wideTable(name: string, selects: string[], rows: number, folder: string): string[] {
  if (!areMany(rows)) return [`CREATE TABLE ${name} AS ${selects.join("\nUNION ALL ")}`];
  const files = selects.map((_, i) => join(folder, `${name}-${i}.parquet`));
  return [
    ...selects.map(
      (select, i) => `COPY (${select}) TO ${text(files[i]!)} (FORMAT parquet, COMPRESSION uncompressed, ${inGroups})`,
    ),
    `CREATE VIEW ${name} AS FROM ${parquetRows(files)}`,
  ];
}

/** The statement that lets it go, of so many rows as it was made for. */
export const withoutWide = (name: string, rows: number): string => `DROP ${areMany(rows) ? "VIEW" : "TABLE"} ${name}`;
