import { extname } from "node:path";
import { SluiceError } from "../core/errors.ts";
import { openDuck, parquetRows, text } from "./duck.ts";
import { runFiles } from "./layout.ts";
import { writeOwnFile } from "./own-file.ts";
import { spreadsheetCell } from "./sql/spreadsheet.ts";

const formats: Record<string, string> = {
  ".csv": "FORMAT csv, HEADER true",
  ".json": "FORMAT json, ARRAY true",
  ".parquet": "FORMAT parquet",
};

/** @throws SluiceError usage where the file's ending says no format that differences can be written in. */
export function differenceFormat(file: string): string {
  const format = formats[extname(file).toLowerCase()];
  if (format) return format;
  throw new SluiceError("usage", `The ending of ${file} does not say what to write.`, {
    remedy: `Let it be one of ${Object.keys(formats).join(", ")}.`,
  });
}

/**
 * Writes all that the verifications in these folders found into one file, in the format of its ending, streaming.
 * @returns how many differences they are.
 */
export async function exportDifferences(
  runs: readonly { sync: string; folder: string }[],
  file: string,
): Promise<number> {
  const format = differenceFormat(file);
  const cell = (name: string) => (format.includes("csv") ? `${spreadsheetCell(name)} AS ${name}` : name);
  const columns = ["kind", cell("key"), "id", 'col AS "column"', cell("expected"), cell("found")].join(", ");
  const from = runs
    .map(
      ({ sync, folder }) => `SELECT ${text(sync)} AS sync, ${columns} FROM ${parquetRows(runFiles(folder).difference)}`,
    )
    .join(" UNION ALL ");
  const duck = await openDuck({ memoryLimit: "256MB", threads: 1, temp: runs[0]!.folder });
  try {
    await writeOwnFile(file, (draft) => duck.run(`COPY (${from}) TO ${text(draft)} (${format})`));
    return (await duck.one<{ n: number }>(`SELECT count(*) AS n FROM (${from})`)).n;
  } finally {
    await duck.close();
  }
}
