import { afterAll, beforeAll, expect, test } from "vitest";
import { type Postgres, startPostgres } from "../../test/postgres.ts";
import { openControl } from "./control.ts";
import { releaseLease, takeLease } from "./lease.ts";
import { unreachable } from "./postgres.ts";
import { listRuns } from "./runs.ts";

let postgres: Postgres;
beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres?.close());

const empty = ["DROP SCHEMA IF EXISTS public CASCADE", "CREATE SCHEMA public"];

/** All that a run asks of it, and what is told where that fails. */
async function use(url = postgres.url): Promise<void> {
  const control = await openControl("/nowhere", url);
  try {
    await releaseLease(control, "default/people", await takeLease(control, "default/people", "me", 0));
    await listRuns(control, { environment: "default", limit: 1 });
  } catch (thrown) {
    throw unreachable(url, thrown);
  } finally {
    await control.destroy();
  }
}

test.each([
  ["a table is missing", ["DROP TABLE lease"], 'relation "lease" does not exist'],
  ["a column is missing", ["ALTER TABLE run RENAME COLUMN environment TO other"], "environment"],
  [
    "a table is there that another program made",
    [...empty, "CREATE TABLE run (a int)"],
    'relation "run" already exists',
  ],
])("%s: told as what it is, and with the tables dropped all is made anew", async (_what, statements, why) => {
  await postgres.query(...empty);
  await use();
  await postgres.query(...statements);
  await expect(use()).rejects.toMatchObject({
    code: "state_broken",
    message: expect.stringContaining(why),
    remedy: expect.stringContaining("DATABASE_URL"),
  });
  await postgres.query("DROP TABLE IF EXISTS run, lease, connection_share, migration");
  await use();
});

test("its user may not make tables, or has nowhere to: told so", async () => {
  await postgres.query(...empty, "DROP ROLE IF EXISTS guest", "CREATE ROLE guest LOGIN PASSWORD 'guest'");
  const guest = Object.assign(new URL(postgres.url), { username: "guest", password: "guest" }).href;
  const told = { code: "database_unreachable", remedy: expect.stringContaining("GRANT USAGE, CREATE ON SCHEMA") };
  await expect(use(guest)).rejects.toMatchObject(told);
  await postgres.query("GRANT USAGE ON SCHEMA public TO guest");
  await expect(use(guest)).rejects.toMatchObject(told);
  await postgres.query("GRANT CREATE ON SCHEMA public TO guest");
  await use(guest);
});
