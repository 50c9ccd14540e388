import { chmod, rename, rm } from "node:fs/promises";
import { SluiceError } from "../core/errors.ts";

/**
 * Has `write` make a file beside `file`, which its owner alone may read, and puts it there whole.
 * @throws SluiceError usage: it cannot be written there; disk_full.
 */
export async function writeOwnFile(file: string, write: (draft: string) => Promise<void>): Promise<void> {
  const draft = `${file}.new`;
  // Nobody else may read it while it is written, either: DuckDB makes files as the system's mask says.
  const mask = process.umask(0o077);
  try {
    await write(draft);
    await chmod(draft, 0o600);
    await rename(draft, file);
  } catch (thrown) {
    await rm(draft, { force: true }).catch(() => {}); // what kept it from being written is the one to tell
    throw unwritable(file, thrown);
  } finally {
    process.umask(mask);
  }
}

function unwritable(file: string, thrown: unknown): unknown {
  if (thrown instanceof SluiceError && thrown.code !== "bug") return thrown;
  const { message } = ((thrown as Error).cause as Error | undefined) ?? (thrown as Error);
  if (/ENOSPC/.test(message)) return new SluiceError("disk_full", `The disk of ${file} is full.`, { cause: thrown });
  return new SluiceError("usage", `${file} cannot be written: ${message.split("\n")[0]}.`, {
    remedy: "Name a file in a folder that is there and that you may write to.",
    cause: thrown,
  });
}
