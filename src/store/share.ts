import { type Kysely, sql } from "kysely";
import type { Share } from "../core/connector.ts";
import type { Tables } from "./tables.ts";

/** How long a run that is not heard of keeps its part, in seconds: as long as its lease. */
const term = 30;
/** Milliseconds between renewals: so much later the others know of a new run, or of a wait that one of them was asked for. */
export const shareEvery = 2_000;

type Database = Kysely<Tables>;
/** Not the time at which the transaction began: it may have waited since, while others counted from a later one. */
const now = sql<Date>`clock_timestamp()`;
const inMs = (ms: number) => sql<Date>`${now} + make_interval(secs => ${ms / 1000})`;

/**
 * The part of a connection that a run gets when it asks: as much as each other, but never what the others still have
 * (`others`), so that the parts never come to more than one. Where all ask twice, all have the same.
 */
export const partOf = (others: readonly number[]): number =>
  Math.max(
    0,
    Math.min(
      1 / (others.length + 1),
      others.reduce((left, part) => left - part, 1),
    ),
  );

/**
 * Takes or renews a run's share of a connection. `shut`: milliseconds for which the run was asked to wait; the answer's is
 * what others were asked for. Times are the database's; where its clock was set, all count as unheard of until they ask again.
 */
export function renewShare(database: Database, connection: string, run: string, shut: number): Promise<Share> {
  return database.transaction().execute(async (transaction) => {
    // One after another: two that both see a free part would both take it.
    await sql`SELECT pg_advisory_xact_lock(1, hashtext(${connection}))`.execute(transaction);
    await transaction
      .deleteFrom("connection_share")
      .where(({ or, eb }) => or([eb("until", "<=", now), eb("until", ">", inMs((term + 1) * 1000))]))
      .execute();
    const others = await transaction
      .selectFrom("connection_share")
      .select(["part", sql<number>`extract(epoch FROM shut - ${now})::double precision * 1000`.as("shut")])
      .where("connection", "=", connection)
      .where("run", "<>", run)
      .execute();
    const part = partOf(others.map((other) => other.part));
    const mine = { part, shut: inMs(Math.max(0, shut)), until: inMs(term * 1000) };
    await transaction
      .insertInto("connection_share")
      .values({ connection, run, ...mine })
      .onConflict((conflict) => conflict.columns(["connection", "run"]).doUpdateSet(mine))
      .execute();
    return { part, shut: Math.max(0, ...others.map((other) => other.shut)) };
  });
}

export async function releaseShare(database: Database, connection: string, run: string): Promise<void> {
  await database.deleteFrom("connection_share").where("connection", "=", connection).where("run", "=", run).execute();
}
