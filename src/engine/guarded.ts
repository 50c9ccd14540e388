import { join } from "node:path";
import { movedThere, type Session } from "../core/connector.ts";
import type { ObjectSchema } from "../core/schema.ts";
import type { WaveFile } from "./batches.ts";
import { type Duck, ident, parquetRows, text } from "./duck.ts";
import { ingest } from "./ingest.ts";
import type { Journal } from "./journal.ts";
import type { Layout, SentWave } from "./layout.ts";
import type { ShapeColumn } from "./shape.ts";
import { has, stored } from "./sql/names.ts";

/** Records that are read before they are written, and bytes of their changes: few, so that little can happen to them in between. */
const rangeSize = 5_000;
const rangeBytes = 32_000_000;

/**
 * `columns`: what is read of each record and compared with what the plan saw (`o_*` in the change file). `made`: the file
 * of this run's creates, whose records the plan never saw.
 */
export type Guard = { columns: ShapeColumn[]; made?: string };

type Means = { session: Session; duck: Duck; at: Pick<Layout, "temp">; journal: Journal };

/**
 * The file as it is sent. Guarded updates and deletes go in ranges: just before each its records are read, and those that
 * are not what the plan saw in the columns to be written (in any column, for a delete) are left out and noted as moved.
 * The rest must still have the version that was read when it arrives.
 */
export async function* guardedParts(
  means: Means,
  { wave, object, file, guard }: { wave: SentWave; object: ObjectSchema; file: WaveFile; guard?: Guard },
  signal: AbortSignal,
  onRows: (rows: number) => void,
): AsyncGenerator<WaveFile> {
  if (!guard || (file.op !== "update" && file.op !== "delete")) {
    yield file;
    return;
  }
  const { session, duck, at, journal } = means;
  const path = join(at.temp, "guarded.parquet");
  const { bytes } = await duck.one<{ bytes: number }>(
    `SELECT sum(total_uncompressed_size) AS bytes FROM parquet_metadata(${text(file.path)})`,
  );
  const size = Math.max(100, Math.min(rangeSize, Math.floor((rangeBytes * file.rows) / bytes)));
  for (let from = 0; from < file.rows; from += size) {
    const range = `FROM ${parquetRows(file.path, "file_row_number=true")} c WHERE file_row_number >= ${from} AND file_row_number < ${Math.min(from + size, file.rows)}`;
    const rows = await duck.all<{ id: string }>(`SELECT DISTINCT id ${range} AND id IS NOT NULL`);
    const ids = rows.map(({ id }) => id);
    const { columns } = guard;
    const read = { session, object, columns, ids, etags: true, created: false, folder: at.temp, signal };
    await ingest(duck, { ...read, into: "at_present" });
    await duck.run(compare(file, guard, range));
    const moved = await duck.all<{ n: number }>("SELECT n FROM guarded WHERE moved");
    if (moved.length > 0) {
      const outcomes = moved.map(({ n }) => ({ n, status: "rejected" as const, code: movedThere }));
      // Of no range of changes: those belong to the lines of the batches.
      await journal.append({ w: wave, f: -1, t: -1, s: "failed", i: [], x: outcomes });
      onRows(moved.length);
    }
    const rest = "SELECT * EXCLUDE (moved) FROM guarded WHERE NOT moved ORDER BY n";
    await duck.run(`COPY (${rest}) TO ${text(path)} (FORMAT parquet)`);
    const left = (await duck.one<{ rows: number }>("SELECT count(*) AS rows FROM guarded WHERE NOT moved")).rows;
    if (left > 0) yield { ...file, path, rows: left, guarded: true };
  }
}

/**
 * `guarded`: the changes of a range with the version of their record, and whether it moved. A record that is gone has no
 * version: the answer to the change tells that.
 */
function compare({ op, columns: sent }: WaveFile, { columns, made }: Guard, range: string): string {
  const differs = (c: ShapeColumn) => `h.${stored(c)} IS DISTINCT FROM c.${ident(`o_${c.name}`)}`;
  const each =
    op === "delete"
      ? columns.map(differs)
      : columns
          .filter((c) => sent.some(({ wire }) => wire === c.wire))
          .map((c) => `(${has("c.m", c)} AND ${differs(c)})`);
  const seen = made ? `c.key NOT IN (SELECT key FROM ${parquetRows(made)})` : "true";
  return `CREATE OR REPLACE TABLE guarded AS
SELECT c.* RENAME (file_row_number AS n), h.etag, h.id IS NOT NULL AND ${seen} AND (${each.join(" OR ") || "false"}) AS moved
FROM (SELECT * ${range}) c LEFT JOIN at_present h ON h.id = c.id`;
}
