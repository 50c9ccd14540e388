import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { SluiceError } from "../core/errors.ts";
import { stateFault } from "./faults.ts";

const fileOf = (folder: string) => join(folder, "lease");

/** The number of the last lease under which somebody worked on this sync's folder; 0 before the first. */
export function lastLease(folder: string): number {
  try {
    return Number(readFileSync(fileOf(folder), "utf8")) || 0;
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes((error as NodeJS.ErrnoException).code ?? "")) return 0;
    throw stateFault(error, folder) ?? error;
  }
}

/**
 * From now on the folder is that of this lease, and `checkLease` fails for every lower one. Errors: state_unwritable,
 * disk_full; lease_lost where whoever took it stood still so long that another is in the folder already.
 */
export function enterFolder(folder: string, lease: number): void {
  checkLease(folder, lease);
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    writeFileSync(`${fileOf(folder)}.new`, `${lease}\n`, { mode: 0o600 });
    renameSync(`${fileOf(folder)}.new`, fileOf(folder));
  } catch (error) {
    throw stateFault(error, folder) ?? error;
  }
}

/** @throws SluiceError lease_lost where another worker has taken the sync over. */
export function checkLease(folder: string, lease: number): void {
  const last = lastLease(folder);
  if (last > lease)
    throw new SluiceError(
      "lease_lost",
      `Another worker has taken the sync over (lease ${last}, this run had ${lease}): the run stood still for too long.`,
    );
}
