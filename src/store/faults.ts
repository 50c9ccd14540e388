import { SluiceError } from "../core/errors.ts";

/** SQLite's result codes, https://www.sqlite.org/rescode.html */
const sqlite = { full: 13, perm: 3, readonly: 8, cantOpen: 14, io: 10, notADatabase: 26 };

const full = /\bENOSPC\b|\bEDQUOT\b|No space left on device|Disk quota exceeded|database or disk is full/i;
const shut = new Set(["EACCES", "EPERM", "EROFS", "ENOTDIR", "EEXIST", "EISDIR", "ELOOP", "ENAMETOOLONG", "ENOENT"]);

/**
 * What a failed write below the state folder means: `disk_full` or `state_unwritable`, with the system's own word for
 * it. Null when the error says nothing about the disk. Looks through causes, because DuckDB, PGlite and Node each wrap
 * the system's error in their own way.
 */
export function stateFault(error: unknown, folder: string): SluiceError | null {
  if (error instanceof SluiceError) return null;
  for (let at: unknown = error, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth++) {
    const { code, errcode } = at as Error & { code?: string; errcode?: number };
    if (code === "ENOSPC" || code === "EDQUOT" || errcode === sqlite.full || full.test(at.message))
      return new SluiceError("disk_full", `There is no room left on the disk of ${folder}.`, { cause: error });
    const barred =
      (code !== undefined && shut.has(code)) ||
      [sqlite.perm, sqlite.readonly, sqlite.cantOpen, sqlite.io, sqlite.notADatabase].includes(errcode ?? 0);
    if (barred)
      return new SluiceError("state_unwritable", `The state folder ${folder} cannot be written: ${at.message}.`, {
        cause: error,
      });
  }
  return null;
}
