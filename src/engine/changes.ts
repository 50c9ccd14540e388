import { createWriteStream } from "node:fs";
import { readFile } from "node:fs/promises";
import { extname } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { SluiceError } from "../core/errors.ts";
import { didYouMean } from "../core/nearest.ts";
import type { ChangeFormat, PlannedChange } from "../core/run.ts";
import { type Duck, ident, openDuck, text } from "./duck.ts";
import { readWholeJob } from "./kept-job.ts";
import { exists, runFiles } from "./layout.ts";
import { writeOwnFile } from "./own-file.ts";
import { inGroups } from "./sql/names.ts";
import { type ChangeFilter, plannedChanges, writableNames } from "./sql/planned-changes.ts";
import { spreadsheetCell } from "./sql/spreadsheet.ts";

type TextFormat = Exclude<ChangeFormat, "parquet">;

export type { ChangeFilter } from "./sql/planned-changes.ts";

/** The changes of one plan or run, from its folder: `from` is a relation of key, kind, id and columns. */
export type Changes = { object: string; duck: Duck; from: string; close(): Promise<void> };

/** Errors: plan_incomplete, state_broken; usage, where the filter names a column that the plan cannot write. */
export async function openChanges(runFolder: string, filter: ChangeFilter): Promise<Changes> {
  const files = runFiles(runFolder);
  const kept = await readWholeJob(files);
  if ((await exists(files.outcome)) && !(await exists(files.touched)))
    throw new SluiceError("plan_incomplete", "What this run changed is kept no longer (`retention.beforeImages`).", {
      remedy: "`sluice runs` still tells its figures. Keep before-images for longer where you want to look back.",
    });
  // The last file of a plan to be written.
  if (!kept || !(await exists(files.touched)))
    throw new SluiceError("plan_incomplete", "The plan of this run was never complete: it holds no changes to show.");
  const writable = writableNames(kept);
  for (const name of filter.columns ?? [])
    if (!writable.includes(name))
      throw new SluiceError("usage", `${kept.run} writes no column \`${name}\`${didYouMean(name, writable) || "."}`, {
        remedy: `It may write ${writable.join(", ")}.`,
      });
  // One thread keeps the order of the files, and so the same plan reads the same each time.
  const duck = await openDuck({ memoryLimit: "256MB", threads: 1, temp: runFolder });
  const from = plannedChanges(kept, files, filter, await isUndo(files.plan));
  return { object: kept.syncFile.object, duck, from, close: duck.close };
}

/** Whether a plan in figures is that of an undo; one that died before it had any is not told apart. */
async function isUndo(plan: string): Promise<boolean> {
  return (await exists(plan)) && (JSON.parse(await readFile(plan, "utf8")) as { of?: string }).of !== undefined;
}

/** The first `limit` of them, and how many there are in all. */
export async function firstChanges(
  { duck, from }: Changes,
  limit: number,
): Promise<{ total: number; changes: PlannedChange[] }> {
  const { total } = await duck.one<{ total: number }>(`SELECT count(*) AS total FROM (${from})`);
  if (limit === 0) return { total, changes: [] };
  const rows = await duck.all<{ line: string }>(`SELECT ${asJson} AS line FROM (${from}) LIMIT ${limit}`);
  return { total, changes: rows.map(({ line }) => JSON.parse(line) as PlannedChange) };
}

/**
 * All of them as text, piece by piece: `take` gets each piece and says whether it wants more. Memory is bounded, however
 * many there are.
 */
export async function tellChanges(
  { duck, from }: Changes,
  format: TextFormat,
  take: (piece: string) => Promise<boolean>,
): Promise<void> {
  for await (const piece of pieces(duck, from, format)) if (!(await take(piece))) return;
}

/**
 * Writes all of them to a file that its owner alone may read. CSV and Parquet have a row for each column of a change.
 * @throws SluiceError usage: the file cannot be written; disk_full.
 */
export async function exportChanges({ duck, from }: Changes, format: ChangeFormat, file: string): Promise<void> {
  await writeOwnFile(file, async (draft) => {
    if (format === "parquet")
      await duck.run(`COPY (${flat(from)}) TO ${text(draft)} (FORMAT parquet, COMPRESSION zstd, ${inGroups})`);
    else await pipeline(Readable.from(pieces(duck, from, format)), createWriteStream(draft, { mode: 0o600 }));
  });
}

/** The format that a file's ending means. Error: usage. */
export function formatOf(file: string): ChangeFormat {
  const ending = extname(file).toLowerCase();
  if (ending === ".txt") return "text";
  if (ending === ".json" || ending === ".csv" || ending === ".parquet") return ending.slice(1) as ChangeFormat;
  throw new SluiceError("usage", `The ending of ${file} does not say what to write.`, {
    remedy: "Let it be one of .txt, .json, .csv and .parquet, or say --format.",
  });
}

const flatNames = ["key", "kind", "id", "column", "old", "new", "reason"];

/** A row for each column of a change; one alone where it writes none. */
function flat(from: string): string {
  return `SELECT ${flatNames.map(ident).join(", ")} FROM (
SELECT key, kind, id, unnest(CASE WHEN len(columns) > 0 THEN columns ELSE [NULL] END, recursive := true) FROM (${from}))`;
}

/** A line of CSV: what is absent is an empty cell, and an empty text a quoted one. */
const asCsv = flatNames
  .map((name) => spreadsheetCell(ident(name)))
  .map(
    (cell) =>
      `CASE WHEN ${cell} IS NULL THEN '' WHEN regexp_matches(${cell}, '^$|[",\r\n]') THEN '"' || replace(${cell}, '"', '""') || '"' ELSE ${cell} END`,
  )
  .join(" || ',' || ");

const asJson = "to_json({key: key, kind: kind, id: id, columns: columns})::VARCHAR";

/** What a terminal would take for a command, and what turns the direction of writing. */
const unseen = "[\\x{0}-\\x{8}\\x{b}-\\x{1f}\\x{7f}-\\x{9f}\\x{200e}\\x{200f}\\x{202a}-\\x{202e}\\x{2066}-\\x{2069}]";

const marks =
  "CASE WHEN kind IN ('create', 'add', 'parent') THEN '+' WHEN kind IN ('delete', 'remove') THEN '-' WHEN kind = 'adopt' THEN '=' ELSE '~' END";
const value = (sql: string) => `coalesce(to_json(${sql})::VARCHAR, 'empty')`;
const asText = `regexp_replace(${marks} || ' ' || kind || ' ' || regexp_replace(key, '[\\n\\t]', chr(65533), 'g') || coalesce('  ' || id, '') || list_aggregate([''] || list_transform(
  list_filter(columns, lambda c: c."column" IS NOT NULL), lambda c: chr(10) || '    ' || c."column" || ': ' ||
  CASE WHEN kind IN ('create', 'parent') THEN ${value("c.new")} ELSE ${value("c.old")} || ' -> ' || ${value("c.new")} || '  (' || c.reason || ')' END), 'string_agg', ''),
  '${unseen}', chr(65533), 'g')`;

async function* pieces(duck: Duck, from: string, format: TextFormat): AsyncIterable<string> {
  const { sql, head, between, end } = {
    csv: {
      sql: `SELECT ${asCsv} FROM (${flat(from)})`,
      head: `${flatNames.join(",")}\r\n`,
      between: "\r\n",
      end: "\r\n",
    },
    json: { sql: `SELECT ${asJson} FROM (${from})`, head: "[\n", between: ",\n", end: "\n]\n" },
    text: { sql: `SELECT ${asText} FROM (${from})`, head: "", between: "\n", end: "\n" },
  }[format];
  let before = head;
  let none = true;
  for await (const lines of duck.column(sql)) {
    yield before + lines.join(between);
    before = between;
    none = false;
  }
  if (!none) yield end;
  else if (format !== "text") yield format === "csv" ? head : head + end;
}
