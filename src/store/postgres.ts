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

/** What a failed query means: the server, or what it says of us. The password is in none of these messages. */
export function unreachable(url: string, cause: unknown): SluiceError {
  if (cause instanceof SluiceError) return cause;
  const { host, pathname } = checked(url);
  const { code, message } = cause as Error & { code?: string };
  const why = message || code || "no answer";
  return new SluiceError("database_unreachable", `The control database ${host}${pathname} cannot be used: ${why}.`, {
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
