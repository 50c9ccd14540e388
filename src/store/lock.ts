import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { SluiceError } from "../core/errors.ts";
import { stateFault } from "./faults.ts";

/** SQLite's result codes, https://www.sqlite.org/rescode.html */
const [busy, notADatabase] = [5, 26];

/** A journal on disk would want room for a transaction in which nothing is ever written. */
const take = "PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE";

export type Lock = { release(): void };

type Holder = { pid: number; command: string; since: string };

/**
 * Lets one process at a time work in a folder, which is made if it is not there (mode 0700). The lock is the operating
 * system's, on the file `lock` (taken through SQLite, which does it portably), so it goes when the process goes,
 * however that dies. `lock.json` beside it only tells people who holds it.
 *
 * waitMs: how long to wait for another process; this blocks the thread.
 * Errors: state_locked (names the process), state_unwritable, disk_full.
 */
export function takeLock(folder: string, command: string, waitMs = 0): Lock {
  const note = join(folder, "lock.json");
  let database: DatabaseSync | null = null;
  try {
    makeFolder(folder);
    database = new DatabaseSync(join(folder, "lock"));
    database.exec(`PRAGMA busy_timeout = ${Math.floor(waitMs)}; ${take}`);
    tell(note, { pid: process.pid, command, since: new Date().toISOString() });
  } catch (error) {
    database?.close();
    if ((error as { errcode?: number }).errcode === busy) throw locked(folder, note, error);
    if ((error as { errcode?: number }).errcode === notADatabase) throw damaged(folder, error);
    throw stateFault(error, folder) ?? error;
  }
  const held = database;
  return {
    release() {
      rmSync(note, { force: true });
      held.close();
    },
  };
}

/** On a full disk nobody is told: whoever is to make room there could not, and whoever writes learns of it soon. */
function tell(note: string, holder: Holder): void {
  try {
    writeFileSync(note, `${JSON.stringify(holder)}\n`, { mode: 0o600 });
  } catch (error) {
    if (stateFault(error, note)?.code !== "disk_full") throw error;
    rmSync(note, { force: true });
  }
}

/** Whether a process works in the folder at this moment. */
export function isHeld(folder: string): boolean {
  if (!existsSync(join(folder, "lock"))) return false;
  const database = new DatabaseSync(join(folder, "lock"));
  try {
    database.exec(take);
    return false;
  } catch (error) {
    if ((error as { errcode?: number }).errcode === busy) return true;
    throw stateFault(error, folder) ?? error;
  } finally {
    database.close();
  }
}

/** Not by mkdir's `recursive`: that goes round for ever where a parent exists that takes no folder, as /proc. */
function makeFolder(folder: string): void {
  if (existsSync(folder)) return;
  const parent = dirname(folder);
  if (parent !== folder) makeFolder(parent);
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
}

function damaged(folder: string, cause: unknown): SluiceError {
  return new SluiceError("state_broken", `${join(folder, "lock")} is damaged: nobody can take the lock.`, {
    remedy: "Remove the file while no Sluice works on the folder: it holds nothing, and is made anew.",
    cause,
  });
}

function locked(folder: string, note: string, cause: unknown): SluiceError {
  const who = holder(note);
  const message = who
    ? `Process ${who.pid} (sluice ${who.command}, since ${who.since}) works on the state folder ${folder}.`
    : `Another process works on the state folder ${folder}.`;
  return new SluiceError("state_locked", message, { cause });
}

/** Absent or half written, it is no loss: the lock does not depend on it. */
function holder(note: string): Holder | null {
  try {
    return JSON.parse(readFileSync(note, "utf8")) as Holder;
  } catch {
    return null;
  }
}
