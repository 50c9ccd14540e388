import { parquetRows } from "../duck.ts";
import type { Wave } from "../layout.ts";
import type { Shape } from "../shape.ts";
import { has, hashOf, stored } from "./names.ts";
import { wavesBesideCreates } from "./states.ts";

/** Where nothing is expected: see `Ingest.expected`. */
export const noneExpected = "CREATE OR REPLACE TABLE as_expected(id VARCHAR, seq INTEGER)";

/**
 * `expected`: the records that this run made, as it made them, by what the answers told (`sent`); their ids are new, and so
 * no other's. Only those into whose columns nothing else was to be written: where one comes back as it was made, fold wants
 * to know nothing but that.
 */
export function expectedRecords(shape: Shape, file: { change: (wave: Wave) => string; settled: string }): string {
  const others = [...wavesBesideCreates(shape).map(file.change), file.settled];
  const known = others.map((path) => `SELECT key FROM ${parquetRows(path)}`).join(" UNION ALL ");
  const values = shape.columns.map((c) => `CASE WHEN ${has("c.m", c)} THEN c.${stored(c)} END AS ${stored(c)}`);
  return `CREATE OR REPLACE TABLE expected AS SELECT id, ${hashOf(shape.columns, "e")} AS h FROM (
SELECT ${["s.id", ...values].join(", ")} FROM ${parquetRows(file.change("1-create"), "file_row_number=true")} c
JOIN (SELECT n, id FROM sent WHERE wave = '1-create' AND status IN ('created', 'updated') AND id IS NOT NULL AND key NOT IN (${known})) s ON s.n = c.file_row_number) e`;
}
