import { copyFile, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { setTimeout } from "node:timers/promises";
import { SluiceError } from "../core/errors.ts";
import { attached, type Duck, text } from "./duck.ts";
import { exists } from "./layout.ts";
import { createTables, migrations, stateVersion } from "./sql/tables.ts";
import { onDisk } from "./whole-file.ts";

/**
 * Attaches the state at `path` as `st`: made where there is none, brought to this Sluice's version where it is older.
 * @throws SluiceError state_locked, state_newer, state_broken, state_unwritable, disk_full. None of them changes the file.
 */
export async function openState(duck: Duck, path: string): Promise<void> {
  // DuckDB would take a log without its file for the log of a new one, and throw it away.
  if (!(await exists(path)) && (await exists(`${path}.wal`)))
    throw broken(path, "its log is there, but the file itself is gone");
  await attach(duck, path);
  const version = await versionOf(duck);
  if (version > stateVersion)
    throw new SluiceError(
      "state_newer",
      `${path} was written by a newer Sluice (state version ${version}; this one knows ${stateVersion}).`,
    );
  if (version < stateVersion) await migrate(duck, path, version);
}

/**
 * Attaches the state of another sync as `beside`, to be read for a moment.
 * @returns false where nobody can tell what it knows: no run of that sync has ended, another process has it, or it is an older one.
 */
export async function attachBeside(duck: Duck, path: string): Promise<boolean> {
  if (!(await exists(path))) return false;
  try {
    await duck.run(`ATTACH ${text(path)} AS beside (READ_ONLY)`);
  } catch (thrown) {
    if (thrown instanceof SluiceError) return false;
    throw thrown;
  }
  try {
    const [row] = await duck.all<{ value: string }>(
      "SELECT value FROM beside.meta WHERE name = 'version' AND EXISTS (FROM beside.meta WHERE name = 'folded')",
    );
    if (Number(row?.value) === stateVersion) return true;
  } catch (thrown) {
    if (!(thrown instanceof SluiceError)) throw thrown;
  }
  await duck.run("DETACH beside");
  return false;
}

/** Reads every block of the attached state that holds something, so that damage shows. */
export async function readThrough(duck: Duck): Promise<void> {
  const tables = await duck.all<{ name: string }>(
    "SELECT table_name AS name FROM duckdb_tables() WHERE database_name = 'st'",
  );
  for (const { name } of tables) await duck.run(`SELECT bit_xor(hash(t)) FROM st.${name} t`);
}

/** Milliseconds in which the run of another sync is sure to have looked into the file (`attachBeside`). */
const glance = 2000;

async function attach(duck: Duck, path: string): Promise<void> {
  for (const until = performance.now() + glance; ; await setTimeout(100)) {
    try {
      await duck.run(attached(path, "st"));
      return;
    } catch (thrown) {
      const fault = SluiceError.from(thrown);
      if (fault.code !== "state_locked" || performance.now() > until) throw attachFault(fault, path);
    }
  }
}

/** Whatever keeps DuckDB from attaching a file, and is none of the causes it names, is damage. */
function attachFault(fault: SluiceError, path: string): SluiceError {
  if (fault.code !== "bug") return fault;
  const words = `${fault.message} ${(fault.cause as Error | undefined)?.message ?? ""}`;
  if (/with version number \d+, but we can only read/.test(words))
    return new SluiceError("state_newer", `${path} was written by a newer DuckDB.`, { cause: fault });
  if (/Permission denied|Read-only file system|Cannot open file/.test(words))
    return new SluiceError("state_unwritable", `${path} cannot be opened for writing.`, { cause: fault });
  return broken(path, "it cannot be read as a state", fault);
}

const broken = (path: string, how: string, cause?: unknown): SluiceError =>
  new SluiceError("state_broken", `${path} is damaged: ${how}.`, { cause });

/** Before version 2 it was only written by the first fold. Tables and version are made together, or not at all. */
async function versionOf(duck: Duck): Promise<number> {
  const [any] = await duck.all("SELECT 1 FROM duckdb_tables() WHERE database_name = 'st' LIMIT 1");
  if (any) {
    const [row] = await duck.all<{ value: string }>("SELECT value FROM st.meta WHERE name = 'version'");
    return Number(row?.value ?? 1);
  }
  await inTransaction(duck, [...createTables, `INSERT INTO st.meta VALUES ('version', '${stateVersion}')`]);
  return stateVersion;
}

/**
 * Migrates a copy and then puts it in the file's place: whoever dies at any moment leaves one of the two, whole. Nobody
 * else opens the file meanwhile, for a process that works on a sync holds its lock.
 */
async function migrate(duck: Duck, path: string, from: number): Promise<void> {
  const copy = `${path}.migrating`;
  await duck.run("CHECKPOINT st"); // so that the file alone is the state
  await duck.run("DETACH st");
  try {
    for (const left of [copy, `${copy}.wal`]) await rm(left, { force: true });
    await copyFile(path, copy);
    await attach(duck, copy);
    for (let version = from; version < stateVersion; version++)
      await inTransaction(duck, [
        ...(migrations[version] ?? []),
        "DELETE FROM st.meta WHERE name = 'version'",
        `INSERT INTO st.meta VALUES ('version', '${version + 1}')`,
      ]);
    await duck.run("CHECKPOINT st");
    await duck.run("DETACH st");
    await onDisk(copy);
    await rename(copy, path);
    await onDisk(dirname(path), "r");
  } catch (thrown) {
    throw (thrown as NodeJS.ErrnoException).code === "ENOSPC"
      ? new SluiceError("disk_full", "The disk that holds the state folder is full.", { cause: thrown })
      : thrown;
  }
  await attach(duck, path);
}

async function inTransaction(duck: Duck, statements: readonly string[]): Promise<void> {
  await duck.run("BEGIN TRANSACTION");
  for (const statement of statements) await duck.run(statement);
  await duck.run("COMMIT");
}
