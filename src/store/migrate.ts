import { readdirSync, readFileSync } from "node:fs";
import { type Kysely, sql } from "kysely";
import { SluiceError } from "../core/errors.ts";
import type { Tables } from "./tables.ts";

const home = new URL("./migrations/", import.meta.url);

/** NNNN_name.sql, in order. They are append-only: one that has shipped is never edited. */
export function migrations(): { id: number; file: string }[] {
  return readdirSync(home)
    .filter((file) => /^\d{4}_[a-z_]+\.sql$/.test(file))
    .sort()
    .map((file) => ({ id: Number(file.slice(0, 4)), file }));
}

/** Of the advisory lock of `alone`; any number that nobody else would take. */
const lockNumber = 7_483_647;

/**
 * Brings the control database up to date, each migration in a transaction of its own. Error: state_newer when it has
 * seen a migration that this Sluice does not know.
 */
export function migrate(database: Kysely<Tables>): Promise<void> {
  return alone(database, inTurn);
}

/** Does what one process at a time may do to a database, on a connection of its own. */
export function alone<T>(database: Kysely<Tables>, work: (connection: Kysely<Tables>) => Promise<T>): Promise<T> {
  return database.connection().execute(async (connection) => {
    await sql`SELECT pg_advisory_lock(${lockNumber})`.execute(connection);
    try {
      return await work(connection);
    } finally {
      await sql`SELECT pg_advisory_unlock(${lockNumber})`.execute(connection);
    }
  });
}

async function inTurn(database: Kysely<Tables>): Promise<void> {
  await sql`CREATE TABLE IF NOT EXISTS migration (id integer PRIMARY KEY, file text NOT NULL, applied timestamptz NOT NULL DEFAULT now())`.execute(
    database,
  );
  const done = new Set((await database.selectFrom("migration").select("id").execute()).map((row) => row.id));
  const known = migrations();
  const stranger = [...done].find((id) => !known.some((one) => one.id === id));
  if (stranger !== undefined)
    throw new SluiceError(
      "state_newer",
      `The control database has seen migration ${stranger}, which is not known here.`,
    );
  for (const { id, file } of known) {
    if (done.has(id)) continue;
    const statements = readFileSync(new URL(file, home), "utf8").split(/;\s*$/m);
    await database.transaction().execute(async (transaction) => {
      for (const statement of statements) if (statement.trim()) await sql.raw(statement).execute(transaction);
      await transaction.insertInto("migration").values({ id, file }).execute();
    });
  }
}
