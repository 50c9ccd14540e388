import { open, readdir, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SluiceError } from "../core/errors.ts";
import { columnsOf } from "./columns-of.ts";
import { openDuck } from "./duck.ts";

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
    const damaged = await damagedFiles(folders);
    throw damaged.length > 0 ? brokenRun(damaged, thrown) : thrown;
  }
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

/** Files that were cut, or are no JSON, by their ends alone: what is spoilt within a Parquet file costs reading all of it. */
export async function tornFiles(folders: readonly string[]): Promise<string[]> {
  return found(folders, hasEnds);
}

async function damagedFiles(folders: readonly string[]): Promise<string[]> {
  const duck = await openDuck({ memoryLimit: "256MB", threads: 1, temp: folders[0] ?? tmpdir() });
  try {
    return await found(folders, async (path) => (await columnsOf(duck, path)) !== undefined);
  } finally {
    await duck.close();
  }
}

/** `isWhole`: whether a Parquet file is. */
async function found(folders: readonly string[], isWhole: (path: string) => Promise<boolean>): Promise<string[]> {
  const damaged: string[] = [];
  for (const folder of folders)
    for (const name of (await readdir(folder)).sort()) {
      const path = join(folder, name);
      const whole = name.endsWith(".json") ? await isJson(path) : !name.endsWith(".parquet") || (await isWhole(path));
      if (!whole) damaged.push(path);
    }
  return damaged;
}

async function isJson(path: string): Promise<boolean> {
  try {
    JSON.parse(await readFile(path, "utf8"));
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
