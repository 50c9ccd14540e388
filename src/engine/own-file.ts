import { randomUUID } from "node:crypto";
import { chmod, readlink, realpath, rename, rm, stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { SluiceError } from "../core/errors.ts";

/**
 * Has `write` make a file beside `file`, which its owner alone may read, and puts it there whole. Where `file` is a link, its
 * target is written.
 * @throws SluiceError usage: it cannot be written there; disk_full.
 */
export async function writeOwnFile(file: string, write: (draft: string) => Promise<void>): Promise<void> {
  const there = await stat(file).catch(() => undefined);
  if (there && !there.isFile())
    throw new SluiceError("usage", `${file} is there, and it is no file.`, {
      remedy: "Name a file: it is written beside and then put in its place, which no folder, pipe or device can be.",
    });
  const link = await readlink(file).catch(() => undefined); // it may lead to what is yet to be
  const target = there ? await realpath(file) : link === undefined ? file : resolve(dirname(file), link);
  // A name that nobody else has: it may not take the place of anything, nor of another draft.
  const draft = `${target}.${randomUUID().slice(0, 8)}.new`;
  // Nobody else may read it while it is written, either: DuckDB makes files as the system's mask says.
  const mask = process.umask(0o077);
  try {
    await write(draft);
    await chmod(draft, 0o600);
    await rename(draft, target);
  } catch (thrown) {
    await rm(draft, { force: true }).catch(() => {}); // what kept it from being written is the one to tell
    throw unwritable(file, draft, thrown);
  } finally {
    process.umask(mask);
  }
}

function unwritable(file: string, draft: string, thrown: unknown): unknown {
  const { message } = ((thrown as Error).cause as Error | undefined) ?? (thrown as Error);
  const ofFile = message.split("\n")[0]!.includes(draft); // the statement follows, which names it always
  if (/ENOSPC/.test(message) || (ofFile && (thrown as SluiceError).code === "disk_full"))
    return new SluiceError("disk_full", `The disk of ${file} is full.`, {
      remedy: "Make room there, or name a file on another disk.",
      cause: thrown,
    });
  if (thrown instanceof SluiceError && !(thrown.code === "bug" && ofFile)) return thrown;
  return new SluiceError("usage", `${file} cannot be written: ${message.split("\n")[0]}.`, {
    remedy: "Name a file in a folder that is there and that you may write to.",
    cause: thrown,
  });
}
