import { tmpdir } from "node:os";
import { extname } from "node:path";
import { SluiceError } from "../core/errors.ts";
import type { ProblemGroup, RejectedRow } from "../core/run.ts";
import { namingDamage } from "./damage.ts";
import { type Duck, ident, openDuck, parquetRows, text } from "./duck.ts";
import { exists, runFiles } from "./layout.ts";
import { writeOwnFile } from "./own-file.ts";
import { cause, isoTime, problemGroups, whenAgain } from "./problems.ts";
import { again, sentence } from "./sql/sentence.ts";
import { spreadsheetCell } from "./sql/spreadsheet.ts";

/** A run by the folder it left; its rows that were not sent, or were refused, are in its `outcome.parquet`. */
export type LeftRun = { sync: string; run: string; folder: string };

/** Which of its rows; what is absent selects nothing out. `code`: a reason's, or the destination's own. */
export type RejectedFilter = { code?: string | undefined; column?: string | undefined; keys?: string[] | undefined };

type Of = { sync: string; run: string };

/** By cause, sync after sync, the most frequent first. */
export function rejectedGroups(runs: readonly LeftRun[], filter: RejectedFilter): Promise<(ProblemGroup & Of)[]> {
  return reading(runs, (duck, from) => problemGroups<Of>(duck, chosen(from, filter), ["sync", "run"]));
}

/** The rows themselves, `limit` at most. */
export function rejectedRows(
  runs: readonly LeftRun[],
  filter: RejectedFilter,
  limit: number,
): Promise<(RejectedRow & Of)[]> {
  return reading(runs, async (duck, from) => {
    type Row = Omit<RejectedRow, "again"> & Of & { due: number | null; at: string | null };
    const rows =
      await duck.all<Row>(`SELECT sync, run, key, status, code, col AS "column", ${cause} AS cause, ${sentence()} AS message, wake,
  runs AS due, ${isoTime("due_at")} AS at FROM ${chosen(from, filter)} ORDER BY sync, code, key LIMIT ${limit}`);
    return rows.map(({ due, at, ...row }) => ({ ...row, again: whenAgain(row.wake, due, at) }));
  });
}

const formats: Record<string, string> = {
  ".csv": "FORMAT csv, HEADER true",
  ".json": "FORMAT json, ARRAY true",
  ".parquet": "FORMAT parquet",
};

/**
 * Writes the rows to a file that its owner alone may read, in the format of its ending (.csv, .json, .parquet), one after
 * another: memory is bounded. What a spreadsheet would take for a formula stands behind an apostrophe in CSV.
 * @returns how many they are.
 * @throws SluiceError usage: another ending, or a file that cannot be written; disk_full.
 */
export async function exportRejected(runs: readonly LeftRun[], filter: RejectedFilter, file: string): Promise<number> {
  const ending = extname(file).toLowerCase();
  const format = formats[ending];
  if (!format)
    throw new SluiceError("usage", `The ending of ${file} does not say what to write.`, {
      remedy: `Let it be one of ${Object.keys(formats).join(", ")}.`,
    });
  const cell = (sql: string) => (ending === ".csv" ? spreadsheetCell(sql) : sql);
  const columns = [
    ...["sync", "run", "key", "status", "code"].map((name) => `${cell(name)} AS ${name}`),
    `${cell("col")} AS "column"`,
    `${cell("value")} AS value`,
    `${cell(sentence())} AS message`,
    `${again()} AS tried_again`,
    "runs AS due_in_runs",
    `${isoTime("due_at")} AS due_at`,
  ];
  return reading(runs, async (duck, from) => {
    const rows = chosen(from, filter);
    await writeOwnFile(file, (draft) =>
      duck.run(`COPY (SELECT ${columns.join(", ")} FROM ${rows}) TO ${text(draft)} (${format})`),
    );
    return (await duck.one<{ n: number }>(`SELECT count(*) AS n FROM ${rows}`)).n;
  });
}

/** Opens what the runs left as one relation: sync, run, and the columns of an outcome file. */
function reading<T>(runs: readonly LeftRun[], use: (duck: Duck, from: string) => Promise<T>): Promise<T> {
  return namingDamage(
    runs.map(({ folder }) => folder),
    () => opened(runs, use),
  );
}

async function opened<T>(runs: readonly LeftRun[], use: (duck: Duck, from: string) => Promise<T>): Promise<T> {
  const files = await Promise.all(runs.map(async (run) => ((await exists(runFiles(run.folder).outcome)) ? [run] : [])));
  const each = files
    .flat()
    .map(
      ({ sync, run, folder }) =>
        `SELECT ${text(sync)} AS sync, ${text(run)} AS run, * FROM ${parquetRows(runFiles(folder).outcome)}`,
    );
  const duck = await openDuck({ memoryLimit: "256MB", threads: 1, temp: runs[0]?.folder ?? tmpdir() });
  try {
    return await use(duck, `(${[noRow, ...each].join("\nUNION ALL BY NAME ")})`);
  } finally {
    await duck.close();
  }
}

const texts = ["sync", "run", "key", "status", "code", "col", "value", "message", "wake"];
/** What an older Sluice left lacks columns: they are NULL then. */
const noRow = `SELECT ${texts.map((name) => `NULL::VARCHAR AS ${ident(name)}`).join(", ")}, NULL::INTEGER AS runs, NULL::TIMESTAMP AS due_at WHERE false`;

/** The rows of a relation that the filter means. */
function chosen(from: string, filter: RejectedFilter): string {
  return `(SELECT * FROM ${from} WHERE ${means(filter)})`;
}

/** SQL: whether a problem row is meant. */
export function means({ code, column, keys }: RejectedFilter): string {
  const terms = [
    ...(code === undefined ? [] : [`(code = ${text(code)} OR lower(${cause}) = ${text(code.toLowerCase())})`]),
    ...(column === undefined ? [] : [`col = ${text(column)}`]),
    ...(keys === undefined ? [] : [`key IN (${keys.map(text).join(", ") || "NULL"})`]),
  ];
  return terms.join(" AND ") || "true";
}
