import { type FileHandle, open, stat } from "node:fs/promises";
import type { BatchOutcome } from "../core/connector.ts";
import { SluiceError } from "../core/errors.ts";
import { exists, type SentWave } from "./layout.ts";

export type JournalLine = {
  w: SentWave;
  f: number;
  t: number;
  s: BatchOutcome["status"];
  i: { n: number; id: string }[];
  x: BatchOutcome["exceptions"];
};

export type Journal = Awaited<ReturnType<typeof openJournal>>;

/**
 * The journal of a run: one line a batch, on disk (fdatasync) before the promise of `append` is kept. Lines that come
 * while the disk is busy share the next sync, so that many batches in flight cost few syncs.
 */
export async function openJournal(
  path: string,
): Promise<{ append(line: JournalLine): Promise<void>; close(): Promise<void> }> {
  const file = await open(path, "a", 0o600);
  let waiting: string[] = [];
  let flushing: Promise<void> | undefined;
  let next: Promise<void> | undefined;
  const flush = async () => {
    const lines = waiting;
    waiting = [];
    await write(file, lines.join(""));
  };
  return {
    append(line) {
      waiting.push(`${JSON.stringify(line)}\n`);
      // Whoever comes while a flush runs waits for the one after it, which takes all that came meanwhile.
      next ??= (flushing ?? Promise.resolve()).then(() => {
        next = undefined;
        flushing = flush().finally(() => {
          flushing = undefined;
        });
        return flushing;
      });
      return next;
    },
    async close() {
      try {
        await (next ?? flushing);
      } finally {
        await file.close();
      }
    },
  };
}

/** Bytes: what a run that ends says of its journal, so that damage to it shows. */
export const journalSize = async (path: string): Promise<number> =>
  (await exists(path)) ? (await stat(path)).size : 0;

async function write(file: FileHandle, text: string): Promise<void> {
  try {
    await file.appendFile(text);
    await file.datasync();
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === "ENOSPC")
      throw new SluiceError("disk_full", "The disk that holds the state folder is full.", { cause: thrown });
    throw thrown;
  }
}
