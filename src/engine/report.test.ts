import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { useSyncedWorld } from "../../test/synced-world.ts";

/** What the counts of a plan tell beside its rows. */

const synced = useSyncedWorld();
const rows = (...ids: string[]) => ids.map((id) => ({ id, code: `C${id}`, name: `Name ${id}` }));
const planned = async () => JSON.parse(await readFile(synced.file("plan.json"), "utf8")).plan;
const none = { create: 0, adopt: 0, update: 0, delete: 0, unchanged: 0, excluded: 0, rejected: 0 };

test("members, leavers and rows that are only taken out of an audience are counted beside the rows", async () => {
  synced.settings = { audiences: { fans: { list: "fans" } }, onLeave: "deactivate" };
  synced.world.lists.set("fans", new Set());
  synced.world.source = rows("1", "2", "3", "4");
  synced.world.audiences.fans = new Set(["1", "2", "3"]);
  await synced.run();
  expect(await planned()).toEqual({ ...none, create: 4, add: 3 });
  synced.world.source = rows("1", "2", "4").map((row) => (row.id === "2" ? { ...row, name: "x".repeat(5000) } : row));
  synced.world.audiences.fans = new Set(["4"]);
  await synced.plan();
  expect(await planned()).toEqual({
    ...none,
    ...{ update: 3, rejected: 1, leave: 1, deactivate: 1, exit: 3, status: 1, add: 1, remove: 3 },
  });
});
