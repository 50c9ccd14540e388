import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Postgres, startPostgres } from "../../test/postgres.ts";
import { type Control, openControl } from "./control.ts";
import { releaseLease, renewLease, takeLease } from "./lease.ts";
import { releaseShare, renewShare } from "./share.ts";

describe.each(["PGlite", "PostgreSQL"])("in %s", (kind) => {
  const folder = mkdtempSync(join(tmpdir(), "sluice-test-"));
  let postgres: Postgres | undefined;
  let control: Control;
  beforeAll(async () => {
    if (kind === "PostgreSQL") postgres = await startPostgres();
    control = await openControl(folder, postgres?.url);
  });
  afterAll(async () => {
    await control.destroy();
    await postgres?.close();
    rmSync(folder, { recursive: true });
  });

  /** What a long silence of its holder does to a lease. */
  const runOut = (resource: string) =>
    sql`UPDATE lease SET until = now() - interval '1 second' WHERE resource = ${resource}`.execute(control);

  test("one holder at a time; the next gets a higher number, and the one before can neither renew nor release it", async () => {
    expect(await takeLease(control, "default/a", "first", 0)).toBe(1);
    await expect(takeLease(control, "default/a", "second", 0)).rejects.toMatchObject({
      code: "state_locked",
      message: expect.stringContaining("first works on default/a, until 2"),
    });
    expect(await renewLease(control, "default/a", 1)).toBe(true);
    await runOut("default/a");
    expect(await takeLease(control, "default/a", "second", 0)).toBe(2);
    expect(await renewLease(control, "default/a", 1)).toBe(false);
    await releaseLease(control, "default/a", 1);
    await expect(takeLease(control, "default/a", "third", 0)).rejects.toMatchObject({ code: "state_locked" });
    await releaseLease(control, "default/a", 2);
    expect(await takeLease(control, "default/a", "third", 0)).toBe(3);
  });

  test("a lease that ran out is still its holder's as long as nobody takes it", async () => {
    const number = await takeLease(control, "default/b", "first", 0);
    await runOut("default/b");
    expect(await renewLease(control, "default/b", number)).toBe(true);
    await expect(takeLease(control, "default/b", "second", 0)).rejects.toMatchObject({ code: "state_locked" });
  });

  test("one from before the database's clock was put back holds nobody up, and is its holder's as long as nobody takes it", async () => {
    const ahead = () => sql`UPDATE lease SET until = now() + interval '1 hour' WHERE resource = 'default/e'`;
    const number = await takeLease(control, "default/e", "first", 0);
    await ahead().execute(control);
    expect(await renewLease(control, "default/e", number)).toBe(true);
    await expect(takeLease(control, "default/e", "second", 0)).rejects.toMatchObject({ code: "state_locked" });
    await ahead().execute(control);
    expect(await takeLease(control, "default/e", "second", 0)).toBe(number + 1);
    expect(await renewLease(control, "default/e", number)).toBe(false);
  });

  test("numbers go on above those that the folder has seen, should the database be a new one", async () => {
    expect(await takeLease(control, "default/c", "first", 41)).toBe(42);
    await releaseLease(control, "default/c", 42);
    expect(await takeLease(control, "default/c", "first", 77)).toBe(78);
  });

  test("of many who ask at once, one gets it", async () => {
    const asked = Array.from({ length: 8 }, (_, i) => takeLease(control, "default/d", `worker ${i}`, 0));
    const got = (await Promise.allSettled(asked)).filter((one) => one.status === "fulfilled");
    expect(got).toHaveLength(1);
  });

  const renew = (run: string, shut = 0, connection = "default/crm") => renewShare(control, connection, run, shut);

  test("a connection: alone a run has all; the second gets what the first has left, once it has", async () => {
    expect(await renew("a")).toEqual({ part: 1, shut: 0 });
    expect(await renew("b")).toEqual({ part: 0, shut: 0 });
    expect(await renew("x", 0, "default/other")).toEqual({ part: 1, shut: 0 });
    expect((await renew("a")).part).toBe(0.5);
    expect((await renew("b")).part).toBe(0.5);
    await releaseShare(control, "default/crm", "a");
    expect((await renew("b")).part).toBe(1);
  });

  test("a connection: a wait that one is asked for is told to the others, for what is left of it", async () => {
    await renew("d", 30_000);
    const { shut } = await renew("b");
    expect(shut).toBeGreaterThan(20_000);
    expect(shut).toBeLessThanOrEqual(30_000);
    expect((await renew("d")).shut).toBe(0);
    expect((await renew("b")).shut).toBe(0);
  });

  test("a connection: who is not heard of any more leaves its part to the others", async () => {
    await renew("e");
    await sql`UPDATE connection_share SET until = now() WHERE run <> 'b'`.execute(control);
    expect((await renew("b")).part).toBe(1);
  });

  test("a connection: of many who come at once, none gets what another has", async () => {
    const got = await Promise.all(Array.from({ length: 8 }, (_, i) => renew(`r${i}`, 0, "default/busy")));
    expect(got.map(({ part }) => part).toSorted()).toEqual([0, 0, 0, 0, 0, 0, 0, 1]);
  });
});
