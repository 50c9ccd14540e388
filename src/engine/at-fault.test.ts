import { expect, test } from "vitest";
import { useSyncedWorld } from "../../test/synced-world.ts";

/** Rows whose own values are at fault: no column is written, but what they are to say of their audiences is. */

const synced = useSyncedWorld();

const row = (id: string, name: string) => ({ id, code: `C${id}`, name, born: null });
const tooLong = "x".repeat(21);

const vips = () => [...synced.world.crm.values()].map(({ values }) => values.vip ?? null);

test.each(["lost", "unsent"] as const)(
  "what a row at fault did not get written, because its request was %s, goes with the next run",
  async (fault) => {
    synced.settings = { audiences: { vips: { column: "vip" } } };
    synced.world.audiences = { vips: new Set() };
    synced.world.source = [row("1", "Ann"), row("2", "Ben")];
    await synced.run();
    synced.world.source = [row("1", tooLong), row("2", "Ben")];
    synced.world.audiences = { vips: new Set(["1"]) };
    synced.world.fault = () => fault;
    expect(await synced.run()).toMatchObject({ rejected: 1, unchanged: 1, failed: 0 });
    synced.world.fault = () => "none";
    expect(await synced.run()).toMatchObject({ rejected: 1, unchanged: 1 });
    expect(vips()).toEqual(["realized", null]);
    const { writes } = synced.world;
    expect(await synced.run()).toMatchObject({ rejected: 1, unchanged: 1, writes: 0 });
    expect(synced.world.writes).toBe(writes);
  },
);

test("what the destination refuses of it is tried again, ever more seldom", async () => {
  synced.settings = { audiences: { vips: { column: "vip" } } };
  synced.world.audiences = { vips: new Set() };
  synced.world.source = [row("1", "Ann")];
  await synced.run();
  synced.world.source = [row("1", tooLong)];
  synced.world.audiences = { vips: new Set(["1"]) };
  synced.world.refuses = () => true;
  const asked: number[] = [];
  for (let n = 1; n <= 6; n++) {
    synced.world.fault = () => {
      asked.push(n);
      return "none";
    };
    expect(await synced.run()).toMatchObject({ rejected: 1, failed: 0 });
  }
  expect(asked).toEqual([1, 2, 4]);
  synced.world.refuses = () => false;
  for (let n = 0; n < 4; n++) await synced.run();
  expect(vips()).toEqual(["realized"]);
});
