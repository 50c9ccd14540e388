import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { SluiceError } from "../core/errors.ts";
import { stateFault } from "./faults.ts";
import { type Lock, takeLock } from "./lock.ts";

/** Raised when an older Sluice would misread what this one leaves in the state folder. */
const format = 1;

/** Where things lie in a state folder. */
export type StatePlaces = {
  path: string;
  /** Everything of one sync. */
  sync(environment: string, sync: string): string;
  /** What is known of the schema behind a connection; a name no sync can have, so that they never meet. */
  connection(environment: string, connection: string): string;
};

/** The state folder, held by this process until `close`. */
export type StateFolder = StatePlaces & { close(): void };

/** For readers of run folders, which never change: they need no lock. Errors: state_newer, state_broken, state_unwritable. */
export function statePlaces(path: string): StatePlaces {
  refuseNewer(path, readFormat(join(path, "format")) ?? format);
  return placesIn(path);
}

const placesIn = (path: string): StatePlaces => ({
  path,
  sync: (environment, sync) => join(path, environment, sync),
  connection: (environment, connection) => join(path, environment, ".schema", connection),
});

/** Milliseconds to wait for another process that is just opening a shared folder. */
const opening = 10_000;

/**
 * Opens a state folder and checks that it was not left by a newer Sluice: for this process alone, or `shared` with others,
 * who then hold a lease on each sync they work on.
 * Errors: state_locked, state_unwritable, state_newer, state_broken, disk_full.
 */
export function openStateFolder(path: string, command: string, shared = false): StateFolder {
  const lock: Lock = takeLock(path, command, shared ? opening : 0);
  try {
    checkFormat(path);
  } catch (error) {
    lock.release();
    throw stateFault(error, path) ?? error;
  }
  if (shared) lock.release();
  return { ...placesIn(path), close: () => !shared && lock.release() };
}

function checkFormat(path: string): void {
  const file = join(path, "format");
  const found = readFormat(file);
  if (found === null) {
    writeFileSync(`${file}.new`, `${format}\n`, { mode: 0o600 });
    renameSync(`${file}.new`, file);
  } else refuseNewer(path, found);
}

function refuseNewer(path: string, found: number): void {
  if (found <= format) return;
  throw new SluiceError(
    "state_newer",
    `${path} was written by a newer Sluice: its format is ${found}, this one knows ${format}.`,
  );
}

/** Null where there is none. Error: state_broken. */
function readFormat(file: string): number | null {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
  if (/^\d+\s*$/.test(text)) return Number(text);
  throw new SluiceError("state_broken", `${file} is damaged: it holds no number.`, {
    remedy: "If no newer Sluice has worked on the folder, remove the file: it is made anew, and nothing else is in it.",
  });
}
