import { readFile } from "node:fs/promises";
import { dirname } from "node:path";
import { expect, test } from "vitest";
import { people } from "../../test/model.ts";
import { useSyncedWorld } from "../../test/synced-world.ts";
import { rejectedGroups } from "./rejected.ts";
import type { PlanReport } from "./report.ts";

/** What a plan tells beside its rows: counts, and what is wrong with those that would not go. */

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

test("a plan tells what is wrong with rows as the run then does: by the column that records are found by, and its value", async () => {
  for (const name of ["one", "other"]) people.create(synced.world, { code: "twice", name });
  synced.world.source = [
    { id: "1", code: "dup", name: "A" },
    { id: "2", code: "dup", name: "B" },
    { id: "3", code: "twice", name: "C" },
    { id: "4", code: null, name: "D" },
    { id: "5", code: "long", name: "x".repeat(5000) },
  ];
  await synced.plan();
  const { problems }: PlanReport = JSON.parse(await readFile(synced.file("plan.json"), "utf8"));
  expect(problems.map(({ code, column, example }) => [code, column, example.split(":")[0]])).toEqual([
    ["match_not_unique", "code", 'Other source rows have the same code "dup"'],
    ["match_ambiguous", "code", 'Several records have the code "twice"'],
    ["no_identity", "code", "code is empty"],
    ["too_long", "name", "name is too long"],
  ]);
  await synced.run();
  const run = { sync: "s", run: synced.last() };
  const rejected = await rejectedGroups([{ ...run, folder: dirname(synced.file("plan.json")) }], {});
  expect(rejected).toEqual(problems.map((group) => ({ ...group, ...run })));
});
