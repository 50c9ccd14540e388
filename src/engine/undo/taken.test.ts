import { expect, test } from "vitest";
import { useSyncedWorld } from "../../../test/synced-world.ts";

/** Members that people had put into a list, that a run took for its own, and that it no longer has once it is taken back. */

const synced = useSyncedWorld();
const row = (id: string, code: string, name = code) => ({ id, code, name, born: null });
const vips = () => synced.world.lists.get("VIPs")!;
/** A run with these rows in the audience, and its name. */
const run = async (...wanted: string[]): Promise<string> => {
  synced.world.audiences = { vips: new Set(wanted) };
  await synced.run();
  return synced.last();
};

/** Both rows have records, and a person puts the first into the list. */
async function begin(): Promise<string> {
  synced.settings = { audiences: { vips: { list: "VIPs" } } };
  synced.world.lists.set("VIPs", new Set());
  synced.world.source = [row("1", "A"), row("2", "B")];
  await run();
  const [first] = synced.world.crm.keys();
  vips().add(first!);
  return first!;
}

test("of a run that did nothing else, too; and the next one takes it again", async () => {
  const first = await begin();
  const of = await run("1");
  const shown = await synced.undo(of, { dryRun: true });
  expect(shown).toMatchObject({ problems: [], received: 1, plan: { update: 0, unchanged: 1 }, stops: true });
  expect((await synced.undo(of)).counts).toMatchObject({ received: 1, unchanged: 1, writes: 0 });
  expect(await synced.undo(of)).toMatchObject({ problems: [], counts: { received: 1, unchanged: 1, writes: 0 } });
  await run();
  expect(vips()).toEqual(new Set([first]));
  const again = await run("1");
  expect(await synced.undo(of)).toMatchObject({ problems: [{ code: "undo_later", rows: 1 }] });
  await synced.undo(again);
  await run();
  expect(vips()).toEqual(new Set([first]));
  await run("1");
  await run();
  expect(vips()).toEqual(new Set());
});

test("beside one that the run put there itself, and where a later run took it out", async () => {
  const first = await begin();
  const of = await run("1", "2");
  expect(vips().size).toBe(2);
  const later = await run("2");
  expect(vips()).not.toContain(first);
  await synced.undo(later);
  expect(vips().size).toBe(2);
  expect(await synced.undo(of)).toMatchObject({ problems: [], counts: { received: 2, updated: 1, unchanged: 1 } });
  await run();
  expect(vips()).toEqual(new Set([first]));
});

test("one that a later run put there anew is that run's", async () => {
  const first = await begin();
  const of = await run("1");
  vips().delete(first);
  await run("1");
  expect(vips()).toContain(first);
  expect(await synced.undo(of)).toMatchObject({ problems: [{ code: "undo_later", rows: 1 }] });
  await run();
  expect(vips()).toEqual(new Set());
});

test("of a plan that is applied, what it takes", async () => {
  const first = await begin();
  synced.world.audiences = { vips: new Set(["1"]) };
  synced.world.source = [row("1", "A"), row("2", "B", "Ben")];
  const plan = await synced.plan();
  synced.world.audiences = { vips: new Set(["1", "2"]) };
  synced.world.source = [row("1", "A"), row("2", "B", "Bea")];
  vips().add([...synced.world.crm.keys()][1]!);
  await synced.run({ apply: plan });
  await synced.undo(synced.last());
  await run();
  expect(vips()).toContain(first);
  expect(vips().size).toBe(2);
});

test("to undo the undo makes it the sync's again, and to undo that, or the run, people's", async () => {
  const first = await begin();
  const of = await run("1", "2");
  await synced.undo(of);
  const undo = synced.last();
  const back = await synced.undo(undo);
  expect(back).toMatchObject({
    problems: [],
    stops: false,
    counts: { received: 2, updated: 1, unchanged: 1, writes: 1 },
  });
  expect(vips().size).toBe(2);
  const again = synced.last();
  expect(await synced.undo(again)).toMatchObject({ problems: [], counts: { received: 2, updated: 1, unchanged: 1 } });
  expect(vips()).toEqual(new Set([first]));
  await synced.undo(synced.last());
  expect(await synced.undo(of)).toMatchObject({ problems: [], counts: { received: 2, updated: 1, unchanged: 1 } });
  await run();
  expect(vips()).toEqual(new Set([first]));
});

test.each([true, false])("to undo the undo of a run that did nothing else; still a member: %s", async (member) => {
  const first = await begin();
  await run("1");
  await synced.undo(synced.last());
  const back = await synced.undo(synced.last());
  expect(back).toMatchObject({ problems: [], stops: false, counts: { received: 1, unchanged: 1, writes: 0 } });
  // Whoever takes it out meanwhile: what the sync wants there it puts there again.
  if (!member) vips().delete(first);
  await run("1");
  expect(vips()).toEqual(new Set([first]));
  await run();
  expect(vips()).toEqual(new Set());
});

test("the undo of an undo leaves to a later run what that took anew, whatever was undone in between", async () => {
  const first = await begin();
  await run("1");
  await synced.undo(synced.last());
  const undo = synced.last();
  const again = await run("1");
  expect(await synced.undo(undo)).toMatchObject({ problems: [], counts: { received: 1, unchanged: 1, writes: 0 } });
  await synced.undo(again);
  expect(await synced.undo(undo)).toMatchObject({ problems: [], counts: { received: 1, unchanged: 1 } });
  await run();
  expect(vips()).not.toContain(first);
});

test.each([
  ["run", [0, 0, 1], 0],
  ["undo", [0, 1, 1, 2], 1],
])(
  "taken back twice, idle the second time, and there again by the undo of the first: it can be taken back (%s)",
  async (_, undos, of) => {
    synced.settings = { audiences: { vips: { list: "VIPs" } } };
    synced.world.lists.set("VIPs", new Set());
    synced.world.source = [row("1", "A")];
    await run();
    const names = [await run("1")];
    for (const which of undos) {
      await synced.undo(names[which]!);
      names.push(synced.last());
    }
    const { size } = vips();
    expect(await synced.undo(names[of]!)).toMatchObject({
      problems: [],
      counts: { received: 1, updated: 1, writes: 1 },
    });
    expect(vips().size).toBe(1 - size);
  },
);
