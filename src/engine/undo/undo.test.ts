import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { people } from "../../../test/model.ts";
import { useSyncedWorld } from "../../../test/synced-world.ts";
import type { Connector } from "../../core/connector.ts";
import { dying } from "../dying.test-data.ts";

const synced = useSyncedWorld();

const row = (id: string, code: string | null, name: string | null = null) => ({ id, code, name, born: null });
const held = () =>
  Object.fromEntries(
    [...synced.world.crm.values()].map((r) => [
      r.values.code,
      { name: r.values.name ?? null, state: r.values.statecode ?? null },
    ]),
  );

test("an update is taken back where nobody has written since; the rest is listed", async () => {
  synced.world.source = [row("1", "A", "Ann"), row("2", "B", "Ben"), row("3", "C", "Cid"), row("4", "D", "Dan")];
  await synced.run();
  synced.world.source = synced.world.source.map((r) => ({ ...r, name: `${r.name} II` }));
  await synced.run();
  const of = synced.last();
  const [, second, , fourth] = [...synced.world.crm.keys()];
  people.edit(synced.world, second!, { name: "Somebody" });
  people.edit(synced.world, fourth!, { name: "Dan" });
  const done = await synced.undo(of);
  expect(done.counts).toMatchObject({
    received: 4,
    updated: 2,
    excluded: 1,
    unchanged: 1,
    rejected: 0,
    failed: 0,
    writes: 2,
  });
  expect(done.problems).toMatchObject([{ code: "undo_changed", column: "name", rows: 1, keys: ["2"] }]);
  expect(held()).toMatchObject({ A: { name: "Ann" }, B: { name: "Somebody" }, C: { name: "Cid" }, D: { name: "Dan" } });
  expect((await synced.undo(of)).counts).toMatchObject({
    received: 4,
    updated: 0,
    unchanged: 3,
    excluded: 1,
    writes: 0,
  });
});

test("a record that the run made is deactivated, or deleted where that is asked for", async () => {
  synced.world.source = [row("1", "A", "Ann"), row("2", "B", "Ben")];
  await synced.run();
  const of = synced.last();
  const [, second] = [...synced.world.crm.keys()];
  people.edit(synced.world, second!, { name: "Somebody" });
  const shown = await synced.undo(of, { dryRun: true });
  expect(shown).toMatchObject({ plan: { update: 1, excluded: 1 }, received: 2 });
  expect(shown.counts).toBeUndefined();
  expect((await synced.undo(of)).counts).toMatchObject({ updated: 1, excluded: 1 });
  expect(held()).toEqual({ A: { name: "Ann", state: "1" }, B: { name: "Somebody", state: null } });
  expect((await synced.undo(of)).counts).toMatchObject({ updated: 0, unchanged: 1, excluded: 1, writes: 0 });
  expect((await synced.undo(of, { deleteCreated: true })).counts).toMatchObject({ deleted: 1, excluded: 1 });
  expect([...synced.world.crm.keys()]).toEqual([second]);
  expect(await synced.run()).toMatchObject({ created: 1, received: 2 });
});

test("what the next run does after an undo is what the run did", async () => {
  synced.world.source = [row("1", "A", "Ann")];
  await synced.run();
  const made = synced.last();
  await synced.undo(made);
  expect(await synced.run()).toMatchObject({ updated: 1, created: 0 });
  expect(held()).toEqual({ A: { name: "Ann", state: "0" } });
  synced.world.source = [row("1", "A", "Anna")];
  await synced.run();
  await synced.undo(synced.last());
  expect(held()).toMatchObject({ A: { name: "Ann" } });
  expect(await synced.run()).toMatchObject({ updated: 1 });
  expect(held()).toMatchObject({ A: { name: "Anna" } });
  expect(await synced.run()).toMatchObject({ updated: 0, unchanged: 1 });
});

test("a record that the run deleted is made anew with all it held and its id", async () => {
  synced.settings = { onLeave: "delete", allowDelete: true };
  synced.world.source = [row("1", "A", "Ann"), row("2", "B", "Ben")];
  await synced.run();
  const [, second] = [...synced.world.crm.keys()];
  people.edit(synced.world, second!, { vip: "yes", amount: "12.50" });
  synced.world.source = [row("1", "A", "Ann")];
  expect(await synced.run()).toMatchObject({ deleted: 1 });
  const of = synced.last();
  expect((await synced.undo(of)).counts).toMatchObject({ created: 1, received: 1 });
  expect(synced.world.crm.get(second!)?.values).toMatchObject({ code: "B", name: "Ben", vip: "yes", amount: "12.50" });
  expect(await synced.run()).toMatchObject({ deleted: 1 });
});

test("a record that the run put to rest is woken, and one that it woke rests again", async () => {
  synced.settings = { onLeave: "deactivate" };
  synced.world.source = [row("1", "A", "Ann"), row("2", "B", "Ben")];
  await synced.run();
  synced.world.source = [row("1", "A", "Ann")];
  await synced.run();
  const rested = synced.last();
  expect((await synced.undo(rested)).counts).toMatchObject({ updated: 1 });
  expect(held()).toMatchObject({ B: { state: "0" } });
  expect(await synced.run()).toMatchObject({ updated: 1 });
  synced.world.source = [row("1", "A", "Ann"), row("2", "B", "Bea")];
  await synced.run();
  expect(held()).toMatchObject({ B: { name: "Bea", state: "0" } });
  expect((await synced.undo(synced.last())).counts).toMatchObject({ updated: 1 });
  expect(held()).toMatchObject({ B: { name: "Ben", state: "1" } });
});

test("an adopted record gets its values back and is let go; the next run finds it again", async () => {
  const id = people.create(synced.world, { code: "A", name: "Theirs" });
  people.create(synced.world, { code: "B", name: "Ben" });
  synced.world.source = [row("1", "A", "Ann"), row("2", "B", "Ben")];
  await synced.run();
  expect((await synced.undo(synced.last())).counts).toMatchObject({ updated: 1, unchanged: 1, writes: 1 });
  expect(synced.world.crm.get(id)?.values).toMatchObject({ name: "Theirs" });
  expect(await synced.run()).toMatchObject({ created: 0, updated: 1, unchanged: 1 });
  expect(synced.world.crm.size).toBe(2);
});

test("only columns that no later run wrote are taken back, and an undo can be undone", async () => {
  synced.world.source = [row("1", "A", "Ann"), row("2", "B", "Ben")];
  await synced.run();
  const say = async (name: string) => {
    synced.world.source = [row("1", "A", name), row("2", "B", "Ben")];
    await synced.run();
    return synced.last();
  };
  const first = await say("x");
  await say("y");
  await say("x");
  const refused = await synced.undo(first);
  expect(refused.problems).toMatchObject([{ code: "undo_later", column: "name", rows: 1 }]);
  expect(held()).toMatchObject({ A: { name: "x" } });
  const last = await say("z");
  await synced.undo(last);
  const undone = synced.last();
  expect(held()).toMatchObject({ A: { name: "x" } });
  expect((await synced.undo(undone)).counts).toMatchObject({ updated: 1 });
  expect(held()).toMatchObject({ A: { name: "z" } });
});

test("who undoes an undo lets the next run pass; who undoes that, or has undone another run besides, does not", async () => {
  const say = async (a: string, b: string) => {
    synced.world.source = [row("1", "A", a), row("2", "B", b)];
    await synced.run();
    return synced.last();
  };
  await say("Ann", "Ben");
  const first = await say("Anna", "Ben");
  const second = await say("Anna", "Bea");
  synced.approved = [];
  const undo = async (of: string) => [(await synced.undo(of)).stops, synced.last()] as const;
  const [stops, once] = await undo(second);
  expect(stops).toBe(true);
  const [again, twice] = await undo(once);
  expect(again).toBe(false);
  expect(await synced.run()).toMatchObject({ unchanged: 2, writes: 0 });
  const [thrice] = await undo(twice);
  expect(thrice).toBe(true);
  await expect(synced.run()).rejects.toMatchObject({ code: "undone" });

  const [, other] = await undo(first);
  expect((await undo(other))[0]).toBe(true);
  expect(held()).toMatchObject({ A: { name: "Anna" }, B: { name: "Ben" } });
  await expect(synced.run()).rejects.toMatchObject({ code: "undone" });
  synced.approved = ["undone"];
  expect(await synced.run()).toMatchObject({ updated: 1, writes: 1 });
  synced.approved = [];
  expect(await synced.run()).toMatchObject({ unchanged: 2, writes: 0 });
});

test("members come out of the list again, and back into it", async () => {
  synced.settings = { audiences: { vips: { list: "VIPs" } } };
  synced.world.lists.set("VIPs", new Set());
  synced.world.audiences = { vips: new Set(["1", "2"]) };
  synced.world.source = [row("1", "A", "Ann"), row("2", "B", "Ben")];
  await synced.run();
  const [first, second] = [...synced.world.crm.keys()];
  synced.world.audiences = { vips: new Set(["2"]) };
  await synced.run();
  const removed = synced.last();
  expect([...synced.world.lists.get("VIPs")!]).toEqual([second]);
  expect((await synced.undo(removed)).counts).toMatchObject({ received: 1, updated: 1 });
  expect(synced.world.lists.get("VIPs")).toEqual(new Set([first, second]));
  expect(await synced.run()).toMatchObject({ updated: 1 });
  expect([...synced.world.lists.get("VIPs")!]).toEqual([second]);
});

test("a plan, and a run that is not kept, cannot be undone", async () => {
  await expect(synced.undo("nothing")).rejects.toMatchObject({ code: "not_undoable" });
});

test("an undo that dies after it has written is taken over: another ends it, and a third has nothing left", async () => {
  synced.world.source = [row("1", "A", "Ann"), row("2", "B", "Ben")];
  await synced.run();
  synced.world.source = [row("1", "A", "Wrong"), row("2", "B", "Wrong"), row("3", "C", "New")];
  await synced.run();
  const of = synced.last();
  await expect(synced.undo(of, { through: dying })).rejects.toThrow("dead");
  const written = synced.world.writes;
  expect((await synced.undo(of)).counts).toMatchObject({ received: 3, excluded: 0, rejected: 0, failed: 0 });
  expect(held()).toMatchObject({ A: { name: "Ann" }, B: { name: "Ben" }, C: { name: "New", state: "1" } });
  expect(synced.world.writes - written).toBeLessThan(3);
  expect((await synced.undo(of)).counts).toMatchObject({ received: 3, unchanged: 3, writes: 0 });
});

test("an undo that died stops the next run, even where its note is damaged, until somebody approves", async () => {
  synced.world.source = [row("1", "A", "Ann")];
  await synced.run();
  synced.world.source = [row("1", "A", "Wrong")];
  await synced.run();
  await expect(synced.undo(synced.last(), { through: dying })).rejects.toThrow("dead");
  await writeFile(synced.file("undo.json"), '{"of":"run-2');
  synced.approved = ["too_many_changes"];
  await expect(synced.run()).rejects.toMatchObject({ code: "undone" });
  await expect(synced.run()).rejects.toMatchObject({ code: "undone" });
  expect(held()).toMatchObject({ A: { name: "Ann" } });
  synced.approved = ["undone"];
  expect(await synced.run()).toMatchObject({ updated: 1 });
  synced.approved = [];
  expect(await synced.run()).toMatchObject({ unchanged: 1, writes: 0 });
});

test("an undo that dies before it has sent anything leaves all to be taken back by the next", async () => {
  synced.settings = { audiences: { vips: { list: "VIPs" } } };
  synced.world.lists.set("VIPs", new Set());
  synced.world.audiences = { vips: new Set() };
  synced.world.source = [row("1", "A", "Ann"), row("2", "B", "Ben")];
  await synced.run();
  synced.world.audiences = { vips: new Set(["1"]) };
  synced.world.source = [row("1", "A", "Wrong"), row("2", "B", "Wrong")];
  await synced.run();
  const of = synced.last();
  await mkdir(join(synced.folder, "runs", "run-3", "plan.json.new"), { recursive: true });
  await expect(synced.undo(of)).rejects.toThrow("EISDIR");
  expect((await synced.undo(of)).counts).toMatchObject({ received: 2, updated: 2, excluded: 0, writes: 3 });
  expect(held()).toMatchObject({ A: { name: "Ann" }, B: { name: "Ben" } });
  expect(synced.world.lists.get("VIPs")).toEqual(new Set());
});

test("what an undo that died has taken back is looked at anew, as after one that ended", async () => {
  synced.settings = { onLeave: "deactivate" };
  synced.world.source = [row("1", "A", "Ann"), row("2", "B", "Ben")];
  await synced.run();
  synced.world.source = [row("1", "A", "Wrong")];
  await synced.run();
  const of = synced.last();
  await expect(synced.undo(of, { through: dying })).rejects.toThrow("dead");
  expect((await synced.undo(of)).counts).toMatchObject({ received: 2, updated: 1, unchanged: 1, writes: 1 });
  expect(held()).toMatchObject({ A: { name: "Ann" }, B: { name: "Ben", state: "0" } });
  expect(await synced.run()).toMatchObject({ updated: 2, writes: 2 });
  expect(held()).toMatchObject({ A: { name: "Wrong" }, B: { name: "Ben", state: "1" } });
});

test("who comes back after an undo that died and was ended by another is awake, and is not woken again", async () => {
  synced.settings = { onLeave: "deactivate" };
  synced.approved = ["undone"];
  synced.world.source = [row("1", "A", "Ann"), row("2", "B", "Ben")];
  await synced.run();
  synced.world.source = [row("1", "A", "Ann")];
  await synced.run();
  const of = synced.last();
  await expect(synced.undo(of, { through: dying })).rejects.toThrow("dead");
  await synced.undo(of);
  synced.world.source = [row("1", "A", "Ann"), row("2", "B", "Ben")];
  expect(await synced.run()).toMatchObject({ updated: 0, unchanged: 2, writes: 0 });
  expect(held()).toMatchObject({ B: { name: "Ben", state: "0" } });
});

test("a run that died and was ended by the next is taken back: what it made, wrote and put to rest", async () => {
  synced.settings = { onLeave: "deactivate" };
  synced.world.source = [row("1", "A", "Ann"), row("2", "B", "Ben"), row("3", "C", "Cid")];
  await synced.run();
  synced.world.source = [row("1", "A", "Wrong"), row("3", "C", "Cid"), row("4", "D", "Dan")];
  await expect(synced.run({ through: dying })).rejects.toThrow("dead");
  const of = synced.last();
  // Whether the state was set is told by nothing that is read, so the next run sets it once more.
  expect(await synced.run()).toMatchObject({ created: 0, updated: 1, writes: 1 });
  const ended = synced.last();
  // What that one found done is the dead run's.
  expect((await synced.undo(ended)).counts).toMatchObject({ received: 1, unchanged: 1, writes: 0 });
  expect(held()).toMatchObject({ B: { state: "1" } });
  const done = await synced.undo(of);
  expect(done).toMatchObject({ problems: [], counts: { received: 3, updated: 3, excluded: 0, writes: 3 } });
  expect(held()).toMatchObject({ A: { name: "Ann" }, B: { state: "0" }, C: { name: "Cid" }, D: { state: "1" } });
  expect((await synced.undo(of)).counts).toMatchObject({ received: 3, unchanged: 3, writes: 0 });
  expect(held()).toMatchObject({ A: { name: "Ann" }, B: { state: "0" }, C: { name: "Cid" }, D: { state: "1" } });
});

test("a record that is deleted again is taken out of no list before", async () => {
  synced.settings = { audiences: { vips: { list: "VIPs" } } };
  synced.world.lists.set("VIPs", new Set());
  synced.world.audiences = { vips: new Set(["1"]) };
  synced.world.source = [row("1", "A", "Ann")];
  await synced.run();
  expect((await synced.undo(synced.last(), { deleteCreated: true })).counts).toMatchObject({ deleted: 1, writes: 1 });
});

test.each(["touched", "none"])(
  "mirror %s: undo reads what it takes back, and leaves what somebody changed",
  async (mirror) => {
    synced.settings = { mirror };
    synced.world.source = [row("1", "A", "Ann"), row("2", "B", "Ben"), row("3", "C", "Cid")];
    await synced.run();
    synced.world.source = synced.world.source.map((r) => ({ ...r, name: `${r.name} II` }));
    await synced.run();
    const second = [...synced.world.crm.keys()][1]!;
    people.edit(synced.world, second, { name: "Somebody" });
    const done = await synced.undo(synced.last());
    expect(done.counts).toMatchObject({ received: 3, updated: 2, excluded: 1, failed: 0 });
    expect(done.warnings).toEqual(mirror === "none" ? [expect.stringContaining("had read none of its records")] : []);
    expect([...synced.world.crm.values()].map(({ values }) => values.name)).toEqual(["Ann", "Somebody", "Cid"]);
  },
);

test("strict: what somebody changes while undo goes on stays", async () => {
  synced.settings = { concurrency: "strict" };
  synced.world.source = [row("1", "A", "Ann"), row("2", "B", "Ben")];
  await synced.run();
  synced.world.source = synced.world.source.map((r) => ({ ...r, name: `${r.name} II` }));
  await synced.run();
  const second = [...synced.world.crm.keys()][1]!;
  const meddling = (crm: Connector): Connector => ({
    ...crm,
    open(config, io) {
      const session = crm.open(config, io);
      return {
        ...session,
        write(object, batch, signal) {
          people.edit(synced.world, second, { name: "Somebody" });
          return session.write!(object, batch, signal);
        },
      };
    },
  });
  const done = await synced.undo(synced.last(), { through: meddling });
  expect(done.counts).toMatchObject({ received: 2, updated: 1, excluded: 1, failed: 0 });
  expect([...synced.world.crm.values()].map(({ values }) => values.name)).toEqual(["Ann", "Somebody"]);
});

test("a record that somebody has filled since the run made it stays as it is", async () => {
  synced.world.defaults = { amount: "5", name: "new" };
  synced.world.source = [row("1", "A"), row("2", "B"), row("3", "C", "Cid")];
  await synced.run();
  const of = synced.last();
  const [, second, third] = [...synced.world.crm.keys()];
  people.edit(synced.world, second!, { name: "Somebody" });
  people.edit(synced.world, third!, { name: "Cid" });
  const done = await synced.undo(of, { deleteCreated: true });
  expect(done.counts).toMatchObject({ received: 3, deleted: 2, excluded: 1 });
  expect(done.problems).toMatchObject([{ code: "undo_changed", rows: 1, keys: ["2"] }]);
  expect([...synced.world.crm.keys()]).toEqual([second]);
});

test("an undo that is taken back leaves the guard of another one", async () => {
  synced.world.source = [row("1", "A", "Ann"), row("2", "B", "Ben")];
  await synced.run();
  const say = async (name: string, other: string) => {
    synced.world.source = [row("1", "A", name), row("2", "B", other)];
    await synced.run();
    return synced.last();
  };
  await synced.undo(await say("Anna", "Ben"));
  const first = synced.last();
  const second = await say("Ann", "Bert");
  await synced.undo(second);
  await synced.undo(first);
  synced.approved = [];
  await expect(synced.run()).rejects.toMatchObject({ code: "undone", message: expect.stringContaining(second) });
});

test("an undo that is taken back links no record again that it let go: the next run, which would, still stops", async () => {
  people.create(synced.world, { code: "A", name: "Ann" });
  people.create(synced.world, { code: "B", name: "Theirs" });
  synced.world.source = [row("1", "A", "Ann"), row("2", "B", "Ben")];
  await synced.run();
  await synced.undo(synced.last());
  synced.approved = [];
  const back = await synced.undo(synced.last());
  expect(back).toMatchObject({ stops: true, warnings: [expect.stringMatching(/^2 records .*run-1/)] });
  await expect(synced.run()).rejects.toMatchObject({ code: "undone", message: expect.stringContaining("run-1") });
  synced.approved = ["undone", "first_contact"];
  expect(await synced.run()).toMatchObject({ updated: 1, unchanged: 1, writes: 1 });
});
