import { expect, test } from "vitest";
import { people } from "../../../test/model.ts";
import { useSyncedWorld } from "../../../test/synced-world.ts";
import { dying } from "../dying.test-data.ts";

/** What an undo has surely taken back is the run's no more: another undo leaves what people have made of it since. */

const synced = useSyncedWorld();
const row = (id: string, code: string, name: string | null) => ({ id, code, name, born: null });
/** A run of these source rows, and its name. */
const run = async (...rows: ReturnType<typeof row>[]): Promise<string> => {
  synced.world.source = rows;
  await synced.run();
  return synced.last();
};
const undo = async (of: string, deleteCreated = false): Promise<string> => {
  await synced.undo(of, { deleteCreated });
  return synced.last();
};
const record = (code: string) => [...synced.world.crm.values()].find(({ values }) => values.code === code)!;
const name = () => record("A").values.name;
const vips = () => synced.world.lists.get("VIPs")!;
const stays = { problems: [{ code: "undo_set_since", rows: 1 }], counts: { excluded: 1, writes: 0 } };

test("a value, that a person has set to what the run had written", async () => {
  await run(row("1", "A", "before"), row("2", "B", "before"));
  const of = await run(row("1", "A", "after"), row("2", "B", "after"));
  await undo(of);
  people.edit(synced.world, record("A").id, { name: "after" });
  expect(await synced.undo(of, { dryRun: true })).toMatchObject({ problems: stays.problems, plan: { update: 0 } });
  expect(await synced.undo(of)).toMatchObject({
    ...stays,
    counts: { received: 2, unchanged: 1, excluded: 1, writes: 0 },
  });
  expect(name()).toBe("after");
  // Nor does a third, which the second tells nothing new.
  expect(await synced.undo(of)).toMatchObject(stays);
  expect(name()).toBe("after");
});

test("also where the undo had nothing to write, for it was as before already", async () => {
  await run(row("1", "A", "before"));
  const of = await run(row("1", "A", "after"));
  people.edit(synced.world, record("A").id, { name: "before" });
  await undo(of);
  people.edit(synced.world, record("A").id, { name: "after" });
  expect(await synced.undo(of)).toMatchObject(stays);
  expect(name()).toBe("after");
});

test("also where the undo died once that was answered", async () => {
  await run(row("1", "A", "before"));
  const of = await run(row("1", "A", "after"));
  await expect(synced.undo(of, { through: dying })).rejects.toThrow("dead");
  expect(name()).toBe("before");
  people.edit(synced.world, record("A").id, { name: "after" });
  expect(await synced.undo(of)).toMatchObject(stays);
  expect(name()).toBe("after");
});

test.each(["unsent", "dead", "refused"])("what it could not take back (%s) is still the run's", async (why) => {
  await run(row("1", "A", "before"));
  const of = await run(row("1", "A", "after"));
  if (why === "refused") synced.world.refuses = () => true;
  else synced.world.fault = () => "unsent";
  if (why === "dead") await expect(synced.undo(of, { through: dying })).rejects.toThrow("dead");
  else await undo(of);
  Object.assign(synced.world, { fault: () => "none", refuses: () => false });
  expect(name()).toBe("after");
  expect(await synced.undo(of)).toMatchObject({ problems: [], counts: { updated: 1, writes: 1 } });
  expect(name()).toBe("before");
});

test("what was listed, for a later run had written it, is taken back once that is", async () => {
  await run(row("1", "A", "a"));
  const of = await run(row("1", "A", "b"));
  const later = await run(row("1", "A", "c"));
  await undo(of);
  await undo(later);
  expect(await synced.undo(of)).toMatchObject({ problems: [], counts: { updated: 1 } });
  expect(name()).toBe("a");
});

test("what the next run has written again is that run's", async () => {
  await run(row("1", "A", "before"));
  const of = await run(row("1", "A", "after"));
  await undo(of);
  await synced.run();
  expect(name()).toBe("after");
  expect(await synced.undo(of)).toMatchObject({ problems: [{ code: "undo_later" }] });
  expect(name()).toBe("after");
});

test("an undo that was taken back has taken back nothing, and its own undo is no later writer", async () => {
  await run(row("1", "A", "before"), row("2", "B", "before"));
  const of = await run(row("1", "A", "after"), row("2", "B", "after"), row("3", "C", "new"));
  const first = await undo(of);
  const second = await undo(first);
  expect(name()).toBe("after");
  expect(await synced.undo(of)).toMatchObject({ problems: [], counts: { received: 3, updated: 3, writes: 3 } });
  expect(name()).toBe("before");
  expect(record("C").values).toMatchObject({ statecode: "1" });
  people.edit(synced.world, record("A").id, { name: "after" });
  expect(await synced.undo(of)).toMatchObject({ problems: [{ code: "undo_set_since", rows: 1, keys: ["1"] }] });
  expect((await synced.undo(second)).counts).toMatchObject({ writes: 0 });
  expect(name()).toBe("after");
});

test("an undo whose undo left a value alone has taken that back still", async () => {
  await run(row("1", "A", "before"), row("2", "B", "before"));
  const of = await run(row("1", "A", "after"), row("2", "B", "after"));
  const first = await undo(of);
  people.edit(synced.world, record("A").id, { name: "hers" });
  await undo(first);
  people.edit(synced.world, record("A").id, { name: "after" });
  expect(await synced.undo(of)).toMatchObject({
    problems: [{ code: "undo_set_since", keys: ["1"] }],
    counts: { updated: 1 },
  });
  expect([name(), record("B").values.name]).toEqual(["after", "before"]);
});

test("a record that was made and rests, and that a person has woken, stays awake and is not deleted", async () => {
  await run(row("1", "A", "a"));
  const of = await run(row("1", "A", "a"), row("2", "B", "b"), row("3", "C", "c"));
  await undo(of);
  people.edit(synced.world, record("B").id, { statecode: "0" });
  expect(await synced.undo(of)).toMatchObject(stays);
  expect(record("B").values).toMatchObject({ statecode: "0" });
  // The other one rests still: that it goes altogether is another wish.
  expect((await synced.undo(of, { deleteCreated: true })).counts).toMatchObject({ deleted: 1, excluded: 1 });
  expect(record("B").values).toMatchObject({ statecode: "0" });
  expect(record("C")).toBeUndefined();
});

test("a record that rested, was woken, and that a person has put to rest", async () => {
  synced.settings = { onLeave: "deactivate" };
  await run(row("1", "A", "a"), row("2", "B", "b"));
  const of = await run(row("1", "A", "a"));
  await undo(of);
  people.edit(synced.world, record("B").id, { statecode: "1" });
  expect(await synced.undo(of)).toMatchObject(stays);
  expect(record("B").values).toMatchObject({ statecode: "1" });
});

test("a record that was woken, rests again, and that a person has woken", async () => {
  synced.settings = { onLeave: "deactivate" };
  await run(row("1", "A", "a"), row("2", "B", "b"));
  await run(row("1", "A", "a"));
  const of = await run(row("1", "A", "a"), row("2", "B", "b"));
  await undo(of);
  expect(record("B").values).toMatchObject({ statecode: "1" });
  people.edit(synced.world, record("B").id, { statecode: "0" });
  expect(await synced.undo(of)).toMatchObject(stays);
  expect(record("B").values).toMatchObject({ statecode: "0" });
});

test("a record that was deleted, made anew, and that a person or a later run has deleted", async () => {
  synced.settings = { onLeave: "delete", allowDelete: true };
  await run(row("1", "A", "a"), row("2", "B", "b"), row("3", "C", "c"));
  const of = await run(row("1", "A", "a"));
  await undo(of);
  people.remove(synced.world, record("B").id);
  expect(await synced.undo(of)).toMatchObject({ problems: [{ code: "undo_gone", keys: ["2"] }] });
  expect(record("B")).toBeUndefined();
  await synced.run();
  expect(record("C")).toBeUndefined();
  const { problems } = await synced.undo(of);
  expect(problems.find(({ keys }) => keys.includes("3"))).toMatchObject({ code: "undo_later" });
  expect(record("C")).toBeUndefined();
});

test("members that a person has put there again, or taken out", async () => {
  synced.settings = { audiences: { vips: { list: "VIPs" } } };
  synced.world.lists.set("VIPs", new Set());
  synced.world.audiences = { vips: new Set(["1"]) };
  const rows = [row("1", "A", "a"), row("2", "B", "b")];
  await run(...rows);
  synced.world.audiences = { vips: new Set(["2"]) };
  const of = await run(...rows);
  await undo(of);
  expect([...vips()]).toEqual([record("A").id]);
  vips().clear();
  vips().add(record("B").id);
  expect(await synced.undo(of)).toMatchObject({
    problems: [{ code: "undo_set_since", column: "members:VIPs", rows: 2 }],
    counts: { excluded: 2, writes: 0 },
  });
  expect([...vips()]).toEqual([record("B").id]);
});
