import { existsSync, renameSync, rmSync, statfsSync } from "node:fs";
import { join } from "node:path";
import { PGlite } from "@electric-sql/pglite";
import { Kysely, PGliteDialect } from "kysely";
import { SluiceError } from "../core/errors.ts";
import { forgetEvents, readEvents } from "./events.ts";
import { stateFault } from "./faults.ts";
import { migrate } from "./migrate.ts";
import { applyEvent, interruptRunning } from "./runs.ts";
import type { Tables } from "./tables.ts";

export type Control = Kysely<Tables>;

/**
 * Opens the control database of a state folder that this process holds locked (PGlite itself takes no lock), up to
 * date. The first time takes seconds, later ones under half of one. It survives a killed process, but does not fsync.
 * Errors: state_newer, state_unwritable, disk_full.
 */
export async function openControl(folder: string): Promise<Control> {
  const path = join(folder, "control");
  let database: Control | null = null;
  try {
    if (!existsSync(path)) await create(path);
    const engine = await PGlite.create(path);
    database = new Kysely<Tables>({ dialect: new PGliteDialect({ pglite: engine }) });
    await migrate(database);
    return database;
  } catch (error) {
    await database?.destroy();
    if (error instanceof SluiceError) throw error;
    throw stateFault(error, folder) ?? outOfRoom(folder, error) ?? unreadable(path, error);
  }
}

/**
 * Takes over what was noted in the folder since the last time. What has begun and not ended then died with its process:
 * call it only while nothing runs.
 */
export async function takeOver(control: Control, folder: string): Promise<void> {
  const events = readEvents(folder);
  await control.transaction().execute(async (transaction) => {
    for (const event of events) await applyEvent(transaction, event);
    await interruptRunning(transaction);
  });
  forgetEvents(folder);
}

/** Made beside its place and moved there whole, so that a process killed meanwhile leaves no half of one. */
async function create(path: string): Promise<void> {
  const draft = `${path}.new`;
  rmSync(draft, { recursive: true, force: true });
  const engine = await PGlite.create(draft);
  await engine.close();
  renameSync(draft, path);
}

/** A new control database takes about 40 MB; PGlite does not say what kept it from being made. */
const needed = 64 * 1024 * 1024;

function outOfRoom(folder: string, cause: unknown): SluiceError | null {
  const { bavail, bsize } = statfsSync(folder);
  if (bavail * bsize >= needed) return null;
  return new SluiceError("disk_full", `There is hardly any room left on the disk of ${folder}.`, { cause });
}

function unreadable(path: string, cause: unknown): SluiceError {
  const text = cause instanceof Error ? cause.message : String(cause);
  const remedy = `It holds the history of runs and nothing that a run needs: move ${path} away and a new one is made.`;
  return new SluiceError("state_unwritable", `The control database ${path} cannot be opened: ${text}.`, {
    remedy,
    cause,
  });
}
