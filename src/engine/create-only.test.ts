import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { people } from "../../test/model.ts";
import { useSyncedWorld } from "../../test/synced-world.ts";
import type { JobResult } from "./job.ts";

/** `mode: create`: what a sync has made stays its own, though it writes no column of it again. */

const synced = useSyncedWorld();
const row = (id: string, code: string, name = `N${id}`) => ({ id, code, name });
const there = (code: string) => [...synced.world.crm.values()].find((r) => r.values.code === code)!;

describe("a record that was put to rest as its row left", () => {
  beforeEach(async () => {
    synced.settings = { mode: "create", onLeave: "deactivate" };
    synced.world.source = [row("1", "A"), row("2", "B")];
    await synced.run();
    synced.world.source.pop();
    expect(await synced.run()).toMatchObject({ updated: 1, writes: 1 });
    expect(there("B").values).toMatchObject({ statecode: "1" });
  });

  test("is woken by its row's return, and nothing else of it is written", async () => {
    people.edit(synced.world, there("B").id, { name: "By hand" });
    synced.world.source.push(row("2", "B", "Changed"));
    expect(await synced.run()).toMatchObject({ updated: 1, unchanged: 1, writes: 1 });
    expect(there("B").values).toMatchObject({ statecode: "0", name: "By hand" });
    expect(await synced.run()).toMatchObject({ unchanged: 2, writes: 0 });
  });

  test("the plan tells so, and it is undone like any other", async () => {
    synced.world.source.push(row("2", "B"));
    const { folder } = await synced.plan();
    expect(JSON.parse(await readFile(join(folder, "plan.json"), "utf8"))).toMatchObject({
      plan: { update: 1, unchanged: 1 },
      samples: [{ key: "2", op: "update", columns: [{ name: "statecode", old: "1", new: "0" }] }],
    });
    await synced.run();
    await synced.undo(synced.last());
    expect(there("B").values).toMatchObject({ statecode: "1" });
  });
});

describe.each([true, false])("a state that was lost, a key: %s", (keyed) => {
  test("a rebuild links the rows to the records that fit them, and changes nothing", async () => {
    synced.keyed = keyed;
    synced.settings = { mode: "create", onLeave: "deactivate", audiences: { fans: { list: "fans" } } };
    synced.world.audiences.fans = new Set(["1", "2"]);
    synced.world.lists.set("fans", new Set());
    synced.world.source = [row("1", "A"), row("2", "B"), row("3", "C")];
    await synced.run();
    people.edit(synced.world, there("B").id, { name: "By hand" });
    synced.world.lists.get("fans")!.delete(there("B").id);
    people.remove(synced.world, there("C").id);
    const before = structuredClone(synced.world.crm);
    await rm(join(synced.folder, "rows.duckdb"));
    const { report } = (await synced.other("rebuild")) as Extract<JobResult, { kind: "rebuild" }>;
    expect(report).toMatchObject({ received: 3, linked: 2, differ: 0, missing: 1, rejected: 0 });
    expect(report.unknown).toContainEqual(expect.stringContaining("2 rows are linked to the records that fit them"));
    expect(synced.world.crm).toEqual(before);
    expect(await synced.run()).toMatchObject({ created: 1, unchanged: 2, writes: 1 });
    expect(synced.world.crm.get(there("B").id)).toEqual(before.get(there("B").id));
    expect(await synced.run()).toMatchObject({ unchanged: 3, writes: 0 });
    synced.world.source.shift();
    expect(await synced.run()).toMatchObject({ updated: 1, unchanged: 2 });
    expect(there("A").values).toMatchObject({ statecode: "1" });
    expect(synced.world.lists.get("fans")).toEqual(new Set());
  });
});

describe("audiences", () => {
  const audiences = (...keys: string[]) => {
    synced.world.audiences = { fans: new Set(keys), "vip people": new Set(keys) };
  };
  const shown = (code: string) => {
    const { id, values } = there(code);
    return [values.vip ?? null, synced.world.lists.get("fans")!.has(id)];
  };
  const verified = async () => ((await synced.other("verify")) as Extract<JobResult, { kind: "verify" }>).report;
  beforeEach(async () => {
    synced.settings = { mode: "create", audiences: { fans: { list: "fans" }, "vip people": "vip" } };
    synced.world.lists.set("fans", new Set());
    people.create(synced.world, { code: "E", name: "Was there" });
    synced.world.source = [row("1", "A"), row("2", "B"), row("3", "E")];
    audiences("1", "2", "3");
    expect(await synced.run()).toMatchObject({ received: 3, created: 2, rejected: 1, writes: 4 });
  });

  test("whose record exists already is in none, for it is rejected and not ours", async () => {
    expect(shown("E")).toEqual([null, false]);
    expect((await verified()).audiences).toMatchObject([
      { audience: "vip people", here: 3, sent: 2, there: 2 },
      { audience: "fans", here: 3, sent: 2, there: 2 },
    ]);
    expect(await synced.run()).toMatchObject({ received: 3, unchanged: 2, rejected: 1, writes: 0 });
  });

  test("a record that the sync has made leaves and enters them with its row, and nothing else of it is written", async () => {
    people.edit(synced.world, there("A").id, { name: "By hand" });
    synced.world.source[0] = row("1", "A", "Changed");
    audiences("2", "3");
    const { folder } = await synced.plan();
    expect(JSON.parse(await readFile(join(folder, "plan.json"), "utf8"))).toMatchObject({
      plan: { update: 1, unchanged: 1, rejected: 1, exit: 1, remove: 1 },
    });
    expect(await synced.run()).toMatchObject({ received: 3, updated: 1, unchanged: 1, rejected: 1, writes: 2 });
    expect(shown("A")).toEqual(["exited", false]);
    audiences("1", "2", "3");
    expect(await synced.run()).toMatchObject({ updated: 1, unchanged: 1, rejected: 1, writes: 2 });
    expect(shown("A")).toEqual(["realized", true]);
    expect(there("A").values).toMatchObject({ name: "By hand" });
    expect(await synced.run()).toMatchObject({ unchanged: 2, rejected: 1, writes: 0 });
    await synced.undo("run-4");
    expect(shown("A")).toEqual(["exited", false]);
  });

  test("what others make of them is put right; what they make of the rest is not", async () => {
    people.edit(synced.world, there("B").id, { vip: "by hand", name: "By hand" });
    synced.world.lists.get("fans")!.delete(there("B").id);
    expect(await synced.run()).toMatchObject({ updated: 1, unchanged: 1, rejected: 1, writes: 2 });
    expect(shown("B")).toEqual(["realized", true]);
    expect(there("B").values).toMatchObject({ name: "By hand" });
    expect(await synced.run()).toMatchObject({ unchanged: 2, rejected: 1, writes: 0 });
  });
});
