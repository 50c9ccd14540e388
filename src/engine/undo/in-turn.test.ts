import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { people } from "../../../test/model.ts";
import { useSyncedWorld } from "../../../test/synced-world.ts";
import { dying } from "../dying.test-data.ts";

/** Undo among other runs: what those wrote, were to write, or have taken back themselves. */

const synced = useSyncedWorld();
const row = (id: string, code: string, name: string | null) => ({ id, code, name, born: null as string | null });
/** A run of these source rows, and its name. */
const run = async (...rows: ReturnType<typeof row>[]): Promise<string> => {
  synced.world.source = rows;
  await synced.run();
  return synced.last();
};
const held = () => Object.fromEntries([...synced.world.crm.values()].map(({ values }) => [values.code!, values]));

/** From now on the sync fills the list VIPs, with nobody so far. */
function fillList(settings = {}): void {
  synced.settings = { audiences: { vips: { list: "VIPs" } }, ...settings };
  synced.world.lists.set("VIPs", new Set());
  synced.world.audiences = { vips: new Set() };
}

test("runs are taken back one after another, the newest first, as the hint says", async () => {
  fillList({ onLeave: "deactivate" });
  await run(row("1", "A", "a"), row("3", "C", "c"));
  synced.world.audiences = { vips: new Set(["1"]) };
  const first = await run(row("1", "A", "b"), row("2", "B", "new"), row("3", "C", "c"));
  synced.world.audiences = { vips: new Set() };
  const second = await run(row("1", "A", "c"), row("2", "B", "newer"));
  expect((await synced.undo(first)).problems.map((each) => each.code)).toContain("undo_later");
  await synced.undo(second);
  expect(held()).toMatchObject({ A: { name: "b" }, B: { name: "new" }, C: { statecode: "0" } });
  expect(synced.world.lists.get("VIPs")!.size).toBe(1);
  expect((await synced.undo(first)).problems).toEqual([]);
  expect(held()).toMatchObject({ A: { name: "a" }, B: { statecode: "1" } });
  expect(synced.world.lists.get("VIPs")!.size).toBe(0);
});

test("an undo that was itself taken back has brought back nothing", async () => {
  await run(row("1", "A", "a"));
  const first = await run(row("1", "A", "b"));
  await run(row("1", "A", "c"));
  await synced.undo(synced.last());
  await synced.undo(synced.last());
  expect(held()).toMatchObject({ A: { name: "c" } });
  expect(await synced.undo(first)).toMatchObject({ problems: [{ code: "undo_later" }] });
  expect(held()).toMatchObject({ A: { name: "c" } });
});

test.each(["lost", "unsent"] as const)(
  "an undo that got no answer (%s) has brought back what reading back found done, and nothing else",
  async (fault) => {
    await run(row("1", "A", "a"));
    const first = await run(row("1", "A", "b"));
    const second = await run(row("1", "A", "c"));
    synced.world.fault = () => fault;
    const { counts } = await synced.undo(second);
    const back = fault === "lost";
    expect(counts).toMatchObject({ updated: back ? 1 : 0, failed: back ? 0 : 1 });
    synced.world.fault = () => "none";
    expect((await synced.undo(first)).problems.map((each) => each.code)).toEqual(back ? [] : ["undo_later"]);
    expect(held()).toMatchObject({ A: { name: back ? "a" : "c" } });
  },
);

test("a record whose making got no answer is known whole: what somebody filled since stays", async () => {
  synced.world.fault = () => "lost";
  const of = await run(row("1", "A", null), row("2", "B", "b"));
  synced.world.fault = () => "none";
  const [first] = synced.world.crm.keys();
  people.edit(synced.world, first!, { name: "Somebody" });
  await synced.undo(of, { deleteCreated: true });
  expect(Object.keys(held())).toEqual(["A"]);
});

test("a record that a run took over is let go once what later runs wrote is taken back", async () => {
  const id = people.create(synced.world, { code: "A", name: "Theirs" });
  const first = await run(row("1", "A", "Ann"));
  await run(row("1", "A", "Anna"));
  await synced.undo(synced.last());
  await synced.undo(first);
  expect(synced.world.crm.get(id)?.values).toMatchObject({ name: "Theirs" });
});

test("a run that refused its plan, or died before it stood, wrote nothing: it holds up no undo, and cannot be undone", async () => {
  await run(row("1", "A", "a"), row("2", "B", "b"));
  const of = await run(row("1", "A", "wrong"), row("2", "B", "wrong"));
  synced.world.source = [row("1", "A", "x"), row("2", "B", "x")];
  const plan = await synced.plan(0.01);
  synced.world.source = [row("1", "A", "y"), row("2", "B", "y")];
  await expect(synced.run({ apply: plan })).rejects.toMatchObject({ code: "plan_moved" });
  const refused = synced.last();
  await mkdir(join(synced.folder, "runs", "run-5", "plan.json.new"), { recursive: true });
  await expect(synced.run()).rejects.toThrow("EISDIR");
  expect(synced.last()).toBe("run-5");
  synced.approved = [];
  synced.world.source = [];
  await expect(synced.run()).rejects.toMatchObject({ code: "source_empty" });
  for (const nothing of [refused, "run-5", synced.last()])
    await expect(synced.undo(nothing)).rejects.toMatchObject({
      code: "not_undoable",
      message: expect.stringContaining("It sent nothing."),
    });
  expect((await synced.undo(of)).problems).toEqual([]);
  expect(held()).toMatchObject({ A: { name: "a" }, B: { name: "b" } });
});

test("what such a run was to put to rest was not put to rest by us: a person's deactivation stays", async () => {
  synced.settings = { onLeave: "deactivate" };
  await run(row("1", "A", "a"), row("3", "C", "c"));
  synced.world.source = [row("1", "A", "x"), row("3", "C", "c")];
  const plan = await synced.plan(0.01);
  synced.world.source = [row("1", "A", "y")];
  await expect(synced.run({ apply: plan })).rejects.toMatchObject({ code: "plan_moved" });
  const { id } = [...synced.world.crm.values()].find((each) => each.values.code === "C")!;
  people.edit(synced.world, id, { statecode: "1" });
  await run(row("1", "A", "a"), row("3", "C", "c"));
  expect(held()).toMatchObject({ C: { statecode: "1" } });
});

test("a row that has left since, and whose record could not be deleted, still leaves", async () => {
  synced.settings = { onLeave: "delete", allowDelete: true };
  synced.approved = ["undone"];
  await run(row("1", "A", "a"), row("2", "B", "b"));
  const of = await run(row("1", "A", "a"), row("2", "B", "other"));
  synced.world.keeps = () => true;
  await run(row("1", "A", "a"));
  await synced.undo(of);
  synced.world.keeps = () => false;
  await synced.run();
  await synced.run();
  expect(held().B).toBeUndefined();
});

test("an undo of an earlier run is a later writer like any other", async () => {
  await run(row("1", "A", "a"));
  const prev = await run(row("1", "A", "b"));
  const of = await run(row("1", "A", "a"));
  await synced.undo(of); // b
  expect(held().A).toMatchObject({ name: "b" });
  await synced.undo(prev); // a
  expect(held().A).toMatchObject({ name: "a" });
  expect(await synced.undo(of)).toMatchObject({ problems: [{ code: "undo_later" }] });
  expect(held().A).toMatchObject({ name: "a" });
});

test("a record that was made is taken back after what a later run put into a list", async () => {
  fillList();
  await run(row("1", "A", "a"));
  const first = await run(row("1", "A", "a"), row("2", "B", "b"));
  synced.world.audiences = { vips: new Set(["2"]) };
  await synced.run();
  expect(synced.world.lists.get("VIPs")!.size).toBe(1);
  expect((await synced.undo(synced.last())).problems).toEqual([]);
  expect(synced.world.lists.get("VIPs")!.size).toBe(0);
  expect((await synced.undo(first)).problems).toEqual([]);
  expect(held().B).toMatchObject({ statecode: "1" });
});

test("a record that was taken over is let go after a later run's list was taken back", async () => {
  fillList();
  const id = people.create(synced.world, { code: "B", name: "b" });
  await run(row("1", "A", "a"));
  const first = await run(row("1", "A", "a"), row("2", "B", "b"));
  synced.world.audiences = { vips: new Set(["2"]) };
  await synced.run();
  await synced.undo(synced.last());
  await synced.undo(first);
  synced.settings = { ...synced.settings, onLeave: "deactivate" };
  await run(row("1", "A", "a"));
  expect(synced.world.crm.get(id)?.values.statecode ?? "0").toBe("0");
});

test.each(["0", "1"])("runs that wrote a mapped state are taken back in turn, from %s", async (s) => {
  synced.settings = { mapping: { code: "code", name: "name", statecode: "born" } };
  const at = (id: string, code: string, name: string, state: string) => ({ ...row(id, code, name), born: state });
  await run(at("1", "A", "a", "0"));
  const first = await run(at("1", "A", "a", "0"), at("2", "B", "b", s));
  await run(at("1", "A", "a", "0"), at("2", "B", "b", s === "0" ? "1" : "0"));
  expect((await synced.undo(synced.last())).problems).toEqual([]);
  expect((await synced.undo(first)).problems).toEqual([]);
  expect(held().B).toMatchObject({ statecode: "1" });
});

test("an undo that deletes the record of a row that has left leaves nothing to wait", async () => {
  synced.settings = { onLeave: "delete", allowDelete: true };
  await run(row("1", "A", "a"));
  const of = await run(row("1", "A", "a"), row("2", "B", "b"));
  synced.world.keeps = () => true;
  await run(row("1", "A", "a"));
  synced.world.keeps = () => false;
  await synced.undo(of, { deleteCreated: true });
  await synced.run();
  expect(await synced.run()).toMatchObject({ received: 1, unchanged: 1, rejected: 0 });
});

test("the very first run of a sync died: what it made is taken back", async () => {
  synced.world.source = [row("1", "A", "a"), row("2", "B", "b")];
  await expect(synced.run({ through: dying })).rejects.toThrow("dead");
  expect(await synced.undo(synced.last(), { deleteCreated: true })).toMatchObject({ counts: { deleted: 2 } });
  expect(held()).toEqual({});
});

test("an undo and its own undo taken back: whom we had put to rest is woken as its row is there again", async () => {
  synced.settings = { onLeave: "deactivate" };
  await run(row("1", "A", "a"), row("2", "B", "b"));
  await run(row("1", "A", "a"));
  await synced.undo(synced.last());
  expect(held().B).toMatchObject({ statecode: "0" });
  await synced.undo(synced.last());
  expect(held().B).toMatchObject({ statecode: "1" });
  await run(row("1", "A", "a"), row("2", "B", "b"));
  expect(held().B).toMatchObject({ statecode: "0" });
});

test.each([
  [{ deleteCreated: true }, false, undefined],
  [{ deleteCreated: true }, true, undefined],
  [{}, false, { statecode: "1" }],
])(
  "a record that was deleted later and came back by the undo of that is still the first run's: %j, at rest %s",
  async (options, rests, left) => {
    synced.settings = { onLeave: "delete", allowDelete: true };
    const first = await run(row("1", "A", "a"), row("2", "B", "b"));
    const { id } = [...synced.world.crm.values()].find((each) => each.values.code === "B")!;
    if (rests) people.edit(synced.world, id, { statecode: "1" });
    await run(row("1", "A", "a"));
    expect((await synced.undo(synced.last())).counts).toMatchObject({ created: 1 });
    expect(held().B!.statecode ?? "0").toBe(rests ? "1" : "0");
    expect(await synced.undo(first, options)).toMatchObject({ problems: [], counts: { received: 2, excluded: 0 } });
    if (left) expect(held().B).toMatchObject(left);
    else expect(held().B).toBeUndefined();
  },
);

test("a record whose coming back was taken back, too, was deleted", async () => {
  synced.settings = { onLeave: "delete", allowDelete: true };
  const first = await run(row("1", "A", "a"), row("2", "B", "b"));
  const second = await run(row("1", "A", "a"));
  await synced.undo(second);
  await synced.undo(synced.last(), { deleteCreated: true });
  expect((await synced.undo(first, { deleteCreated: true })).counts).toMatchObject({
    deleted: 1,
    unchanged: 1,
    excluded: 0,
  });
});

test("what an undo found as it was before counts as brought back: a member went with its record, a person put a name back", async () => {
  fillList({ onLeave: "delete", allowDelete: true });
  await run(row("1", "A", "a"));
  const made = await run(row("1", "A", "a"), row("2", "B", "b"), row("3", "C", "c"));
  synced.world.audiences = { vips: new Set(["2"]) };
  const listed = await run(row("1", "A", "a"), row("2", "B", "b"), row("3", "C", "other"));
  synced.world.audiences = { vips: new Set() };
  const deleted = await run(row("1", "A", "a"), row("3", "C", "other"));
  const { id } = [...synced.world.crm.values()].find((each) => each.values.code === "C")!;
  people.edit(synced.world, id, { name: "c" });
  for (const each of [deleted, listed, made])
    expect(await synced.undo(each, { deleteCreated: true })).toMatchObject({ problems: [] });
  expect(Object.keys(held())).toEqual(["A"]);
});
