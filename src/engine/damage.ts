import { createReadStream } from "node:fs";
import { open, readdir, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { SluiceError } from "../core/errors.ts";
import { columnsOf } from "./columns-of.ts";
import { openDuck } from "./duck.ts";
import { journalSize } from "./journal.ts";
import { exists, isDraft, runFiles } from "./layout.ts";

/**
 * Does what reads files that runs have left in these folders. Where it fails as nothing of ours should, they are looked
 * through, for a bad disk or a stray hand may be why.
 * @throws SluiceError state_broken, which names the files; and what `work` throws.
 */
export async function namingDamage<T>(folders: readonly string[], work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    if (SluiceError.from(thrown).code !== "bug") throw thrown;
    const damaged = [...missedFiles(folders, thrown), ...(await damagedFiles(folders))];
    throw damaged.length > 0 ? brokenRun(damaged, thrown) : thrown;
  }
}

/** A file of one of the folders that DuckDB was to read, and that is not there; none where that is not what failed. */
function missedFiles(folders: readonly string[], thrown: unknown): string[] {
  const path = /No files found that match the pattern "(.+)"/.exec(SluiceError.from(thrown).message)?.[1] ?? "";
  // The pattern is not the path where that has signs of a pattern in it; a run's id has none.
  const folder = folders.find((each) => basename(each) === basename(dirname(path)));
  return folder === undefined ? [] : [join(folder, basename(path))];
}

/** That these files of finished runs, or of plans, are damaged. */
export const brokenRun = (paths: readonly string[], cause?: unknown): SluiceError =>
  new SluiceError(
    "state_broken",
    `Damaged: ${paths.join(", ")}. What its run did cannot all be shown or undone any more.`,
    {
      remedy:
        "Put it back from a backup, or move the folder it is in away: then that run is forgotten. Other runs, and those to come, do without it.",
      cause,
    },
  );

/** Files that were cut, or are no JSON, by their ends alone: what is spoilt within a large one costs reading all of it. */
export async function tornFiles(folders: readonly string[]): Promise<string[]> {
  return found(folders, hasEnds, hasLength);
}

/** Whether the journal of a run that ended is another than it left. What an older Sluice kept does not tell. */
export async function journalTorn(runFolder: string): Promise<boolean> {
  return !(await hasLength(runFiles(runFolder).journal));
}

async function damagedFiles(folders: readonly string[]): Promise<string[]> {
  const duck = await openDuck({ memoryLimit: "256MB", threads: 1, temp: folders[0] ?? tmpdir() });
  try {
    const isLines = async (path: string) => (await hasLength(path)) && (await isEachJson(path));
    return await found(folders, async (path) => (await columnsOf(duck, path)) !== undefined, isLines);
  } finally {
    await duck.close();
  }
}

type IsWhole = (path: string) => Promise<boolean>;

/** Of these kinds, each file that is not whole, and the journal, also where it is gone. */
async function found(folders: readonly string[], isParquet: IsWhole, isJournal: IsWhole): Promise<string[]> {
  const damaged: string[] = [];
  for (const folder of folders) {
    for (const name of (await readdir(folder)).filter((each) => !isDraft(each)).sort()) {
      const path = join(folder, name);
      const whole = name.endsWith(".json") ? await isJson(path) : !name.endsWith(".parquet") || (await isParquet(path));
      if (!whole) damaged.push(path);
    }
    const { journal } = runFiles(folder);
    if (!(await isJournal(journal))) damaged.push(journal);
  }
  return damaged;
}

async function isJson(path: string): Promise<boolean> {
  return (await jsonIn(path)) !== undefined;
}

/** Undefined where it is none. */
async function jsonIn(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, "utf8"));
  } catch (thrown) {
    if (thrown instanceof SyntaxError) return undefined;
    throw thrown;
  }
}

/** Whether a journal is as long as its run says, or went with the before-images (`retention`), which takes `touched` first. */
async function hasLength(path: string): Promise<boolean> {
  const { done, touched } = runFiles(dirname(path));
  if (!(await exists(touched))) return true;
  const told = (await exists(done)) ? ((await jsonIn(done)) as { journal?: number } | undefined) : undefined;
  return told?.journal === undefined || told.journal === (await journalSize(path));
}

async function isEachJson(path: string): Promise<boolean> {
  if (!(await exists(path))) return true;
  try {
    for await (const line of createInterface({ input: createReadStream(path) })) JSON.parse(line);
    return true;
  } catch (thrown) {
    if (thrown instanceof SyntaxError) return false;
    throw thrown;
  }
}

/** A Parquet file begins with these bytes and ends with them. */
const magic = "PAR1";

async function hasEnds(path: string): Promise<boolean> {
  const file = await open(path, "r");
  try {
    const { size } = await file.stat();
    const [first, last] = [Buffer.alloc(4), Buffer.alloc(4)];
    await file.read(first, 0, 4, 0);
    await file.read(last, 0, 4, Math.max(0, size - 4));
    return size > 8 && first.toString("latin1") === magic && last.toString("latin1") === magic;
  } finally {
    await file.close();
  }
}
