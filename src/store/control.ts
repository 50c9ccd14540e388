import { existsSync, statfsSync } from "node:fs";
import { join } from "node:path";
import { Kysely, PGliteDialect } from "kysely";
import { SluiceError } from "../core/errors.ts";
import { forgetAside, keepRefused, putAside, type RunEvent } from "./events.ts";
import { stateFault } from "./faults.ts";
import { makeControl, openEngine } from "./make-control.ts";
import { alone, migrate } from "./migrate.ts";
import { postgres, unreachable } from "./postgres.ts";
import { applyEvent, interruptDead } from "./runs.ts";
import type { Tables } from "./tables.ts";

export type Control = Kysely<Tables>;

/**
 * Opens the control database, up to date: the PostgreSQL server at `url`, which several processes may share, or else one
 * in the state folder, which this process holds locked (PGlite itself takes no lock). The latter takes a fifth of a second,
 * and seconds where it is the first on this machine. It survives a killed process, but does not fsync.
 * Errors: state_newer, state_broken, state_unwritable, disk_full, database_unreachable.
 */
export async function openControl(folder: string, url?: string): Promise<Control> {
  return url === undefined ? embedded(folder) : server(url);
}

async function server(url: string): Promise<Control> {
  const database = postgres(url);
  try {
    await migrate(database);
    return database;
  } catch (error) {
    await database.destroy();
    throw unreachable(url, error);
  }
}

async function embedded(folder: string): Promise<Control> {
  const path = join(folder, "control");
  let database: Control | null = null;
  try {
    if (!existsSync(path)) await makeControl(path);
    // PGlite would make a new one in its place, and the history would be gone without a word.
    if (!existsSync(join(path, "PG_VERSION"))) throw new Error("PG_VERSION is missing");
    const engine = await openEngine(path);
    database = new Kysely<Tables>({ dialect: new PGliteDialect({ pglite: engine }) });
    await migrate(database);
    return database;
  } catch (error) {
    await database?.destroy();
    throw unreadable(folder, error);
  }
}

/**
 * Takes over what was noted in the folder since the last time; what the database refuses is kept beside (`keepRefused`). What
 * has begun and not ended, and holds no lease, then died with its process.
 */
export function takeOver(control: Control, folder: string): Promise<void> {
  return alone(control, async (connection) => {
    for (let events = putAside(folder); events.length > 0; events = putAside(folder)) {
      await connection
        .transaction()
        .execute(async (transaction) => {
          for (const event of events) await applyEvent(transaction, event);
        })
        .catch((thrown: unknown) => {
          if (!isRefusal(thrown)) throw thrown;
          return takeEach(connection, folder, events);
        });
      forgetAside(folder, events.length);
    }
    await interruptDead(connection);
  });
}

/** Each by itself: steps may be taken twice. */
async function takeEach(connection: Control, folder: string, events: readonly RunEvent[]): Promise<void> {
  for (const event of events)
    await applyEvent(connection, event).catch((thrown: unknown) => {
      if (!isRefusal(thrown)) throw thrown;
      keepRefused(folder, event, thrown.message);
    });
}

/**
 * Whether the step itself is at fault, and will be each time: a value that is none, or against a constraint, or too long
 * (https://www.postgresql.org/docs/current/errcodes-appendix.html), or of which no statement could be made.
 */
function isRefusal(thrown: unknown): thrown is Error {
  const { code } = thrown as { code?: string };
  if (code === undefined) return thrown instanceof TypeError || thrown instanceof RangeError;
  return /^(22|23|54)/.test(code) || code === "42601";
}

/** A new control database takes about 15 MB; PGlite does not say what kept it from being made. */
const needed = 32 * 1024 * 1024;

function outOfRoom(folder: string, cause: unknown): SluiceError | null {
  const { bavail, bsize } = statfsSync(folder);
  if (bavail * bsize >= needed) return null;
  return new SluiceError("disk_full", `There is hardly any room left on the disk of ${folder}.`, { cause });
}

/** What a failure of the control database in the state folder means: the disk's, or its own. */
export function unreadable(folder: string, cause: unknown): SluiceError {
  if (cause instanceof SluiceError) return cause;
  const path = join(folder, "control");
  const text = cause instanceof Error ? cause.message : String(cause);
  return (
    stateFault(cause, folder) ??
    outOfRoom(folder, cause) ??
    new SluiceError("state_broken", `The control database ${path} is damaged and cannot be read: ${text}.`, {
      remedy: `It holds the history of runs and nothing that a run needs: move ${path} away and a new one is made.`,
      cause,
    })
  );
}
