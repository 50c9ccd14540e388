import { Kysely, PostgresDialect } from "kysely";
import pg from "pg";
import { SluiceError } from "../core/errors.ts";
import type { Tables } from "./tables.ts";

/** Milliseconds until a server that does not answer counts as gone. */
const patience = 10_000;

/** Whole numbers come as numbers, as from PGlite; ours are small. */
const int8 = 20;
const getTypeParser = ((oid: number, format?: "text") =>
  oid === int8 ? Number : pg.types.getTypeParser(oid, format)) as typeof pg.types.getTypeParser;

/**
 * A PostgreSQL server as control database. Nothing is sent before the first query. A connection that breaks while nobody
 * uses it is replaced; a query under way on it, or the next one of who holds it, fails.
 */
export function postgres(url: string): Kysely<Tables> {
  const pool = new pg.Pool({
    connectionString: checked(url).href,
    application_name: "sluice",
    max: 4,
    connectionTimeoutMillis: patience,
    query_timeout: patience,
    types: { getTypeParser },
  });
  // The next query tells, if it is of any matter. The pool itself listens only while nobody holds the connection.
  pool.on("error", () => {});
  pool.on("connect", (client) => client.on("error", () => {}));
  return new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) });
}

/** SQLSTATE where the user may not make tables, or has no schema to make them in. */
const barred = ["42501", "3F000"];

/**
 * What a failed query means: the server, what it says of us, or that what is in the database is not what migrations have made
 * (SQLSTATE class 42: a table or column is missing, or was there before). The password is in none of these messages.
 */
export function unreachable(url: string, cause: unknown): SluiceError {
  if (cause instanceof SluiceError) return cause;
  const { host, pathname } = checked(url);
  const { code = "", message } = cause as Error & { code?: string };
  const why = message || code || "no answer";
  if (code.startsWith("42") && !barred.includes(code))
    return new SluiceError(
      "state_broken",
      `The control database ${host}${pathname} is not as Sluice left it: ${why}.`,
      {
        remedy:
          "It holds the history of runs and nothing that a run needs: name another database in DATABASE_URL, which no other program uses; or, while no Sluice works, drop the tables run, lease, connection_share and migration where they are Sluice's, and they are made anew.",
        cause,
      },
    );
  return new SluiceError("database_unreachable", `The control database ${host}${pathname} cannot be used: ${why}.`, {
    ...(barred.includes(code) && {
      remedy:
        "Let its user make tables there: GRANT USAGE, CREATE ON SCHEMA public, or make that user the database's owner.",
    }),
    cause,
  });
}

function checked(url: string): URL {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed && ["postgres:", "postgresql:"].includes(parsed.protocol)) return parsed;
  throw new SluiceError("database_unreachable", "DATABASE_URL is no address of a PostgreSQL database.", {
    remedy: "It is written postgresql://USER:PASSWORD@HOST:5432/DATABASE.",
  });
}
