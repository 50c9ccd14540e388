import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { type Kysely, sql } from "kysely";
import { SluiceError } from "../core/errors.ts";
import type { Tables } from "./tables.ts";

/** How long a lease holds unless it is renewed, in seconds. */
const term = 30;

/** What others are told of this process; different for each, even where process numbers come again. */
export const self = `process ${process.pid} on ${hostname()} (${randomUUID().slice(0, 8)})`;

type Database = Kysely<Tables>;
const end = sql<Date>`now() + make_interval(secs => ${term})`;

/**
 * SQL: a lease that ends then is held. One that ends much later than any can is from before the database's clock was put back;
 * whoever is still at work renews it in time, or loses it (`holdsLease`). Much: who waits for another's transaction asks with the
 * time at which the waiting began, and would else take the lease that was given out meanwhile.
 */
export const holds = (until: string) =>
  sql<boolean>`(${sql.ref(until)} > now() AND ${sql.ref(until)} <= now() + make_interval(secs => ${2 * term}))`;

/**
 * Takes the lease of a resource for `holder`, if nobody has it or it has run out; times are the database's.
 * @returns its number, higher than that of every holder before, and than `above`.
 * @throws SluiceError state_locked, naming the holder.
 */
export async function takeLease(database: Database, resource: string, holder: string, above: number): Promise<number> {
  const taken = await database
    .insertInto("lease")
    .values({ resource, holder, number: above + 1, until: end })
    .onConflict((conflict) =>
      conflict
        .column("resource")
        .doUpdateSet({ holder, number: sql<number>`greatest(lease.number, ${above}::integer) + 1`, until: end })
        .where(sql<boolean>`NOT ${holds("lease.until")}`),
    )
    .returning("number")
    .executeTakeFirst();
  if (taken) return taken.number;
  const other = await database.selectFrom("lease").selectAll().where("resource", "=", resource).executeTakeFirst();
  const until = other ? `, until ${other.until.toISOString()} unless it goes on` : "";
  throw new SluiceError("state_locked", `${other?.holder ?? "Another process"} works on ${resource}${until}.`, {
    remedy: "Wait for it to end, or stop it there: `sluice stop SYNC`.",
  });
}

/** Keeps a lease for another term; false where another has it by now. */
export async function renewLease(database: Database, resource: string, number: number): Promise<boolean> {
  const renewed = await database
    .updateTable("lease")
    .set({ until: end })
    .where("resource", "=", resource)
    .where("number", "=", number)
    .returning("number")
    .executeTakeFirst();
  return renewed !== undefined;
}

export async function releaseLease(database: Database, resource: string, number: number): Promise<void> {
  await database
    .updateTable("lease")
    .set({ until: sql<Date>`now()` })
    .where("resource", "=", resource)
    .where("number", "=", number)
    .execute();
}

/** Milliseconds between renewals: two may fail before the lease runs out. */
export const renewEvery = (term / 3) * 1000;
