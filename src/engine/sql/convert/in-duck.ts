import { DuckDBInstance } from "@duckdb/node-api";
import { mappingLine } from "../../../core/project.ts";
import type { Column, ColumnType } from "../../../core/schema.ts";
import { convertLine, type LineInput } from "./index.ts";

const instance = await DuckDBInstance.create();
const connection = await instance.connect();
// A zone far from UTC: no conversion may depend on it.
await connection.run("SET TimeZone = 'Asia/Kolkata'");

/** A column of a destination, for tests. */
export function column(type: ColumnType, more: Partial<Column> = {}): Column {
  return { name: "target", title: "Target", type, required: false, create: true, update: true, ...more };
}

export type Converted = { want: string | null; bad: string | null; skip: boolean };

/** Converts one value by a mapping line: what DuckDB says to the SQL. `value` is SQL of the DuckDB type `type`. */
export async function convertSql(
  target: Column,
  line: object,
  value: string,
  type = "VARCHAR",
  more: Partial<LineInput> = {},
): Promise<Converted> {
  const parsed = mappingLine.parse("value" in line ? line : { from: "src", ...line });
  const source = "value" in line ? null : { name: "src", type };
  const { want, bad, skip } = convertLine({
    target,
    line: parsed,
    source,
    column: source ? 't."src"' : "NULL",
    ...more,
  });
  const reader = await connection.runAndReadAll(
    `SELECT ${want}, ${bad}, ${skip} FROM (SELECT (${value})::${type} AS src) t`,
  );
  const [row] = reader.getRowsJson();
  return { want: row?.[0] as string | null, bad: row?.[1] as string | null, skip: row?.[2] as boolean };
}

/** The same for a text; null is no value. */
export function convert(
  target: Column,
  line: object,
  text: string | null,
  more: Partial<LineInput> = {},
): Promise<Converted> {
  return convertSql(target, line, text === null ? "NULL" : `'${text.replaceAll("'", "''")}'`, "VARCHAR", more);
}

export function closeDuck(): void {
  connection.closeSync();
  instance.closeSync();
}
