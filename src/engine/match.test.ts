import { expect, test } from "vitest";
import { people } from "../../test/model.ts";
import { useSyncedWorld } from "../../test/synced-world.ts";

/** Which record a row without a link is, where the mirror does not hold all that could be it. */

const synced = useSyncedWorld();
const row = (id: string, code: string) => ({ id, code, name: `N${id}`, born: null });
const there = (code: string) => [...synced.world.crm.values()].find((each) => each.values.code === code)?.values;

test("the oldest is the oldest of all, that of a row that left included", async () => {
  synced.settings = { severalMatches: "oldest", onLeave: "delete", allowDelete: true };
  synced.world.source = [row("1", "X")];
  await synced.run();
  const [ours] = synced.world.crm.keys();
  const theirs = people.create(synced.world, { code: "X", name: "Theirs" });
  synced.world.source = [row("2", "X")];
  await synced.run();
  await synced.run();
  expect(synced.world.crm.get(ours!)?.values.name).toBe("N2");
  expect(synced.world.crm.get(theirs)?.values.name).toBe("Theirs");
});

test("a record is known by what it holds now, not by what a whole mirror once said of it", async () => {
  synced.settings = { mirror: "all" };
  synced.world.source = [row("1", "C1"), row("2", "C2")];
  await synced.run();
  const { id } = [...synced.world.crm.values()].find((each) => each.values.code === "C1")!;
  synced.world.source = [row("2", "C2")];
  await synced.run();
  people.edit(synced.world, id, { code: "Z" });
  await synced.run();
  synced.settings = { mirror: "touched" };
  await synced.run();
  people.edit(synced.world, id, { code: "X", name: "By hand" });
  synced.world.source = [row("2", "C2"), row("3", "Z")];
  expect(await synced.run()).toMatchObject({ created: 1 });
  expect(synced.world.crm.get(id)?.values).toMatchObject({ code: "X", name: "By hand" });
});

test("a row that left, comes twice and leaves again does not leave a second time", async () => {
  synced.settings = { onLeave: "deactivate" };
  synced.world.source = [row("1", "A"), row("2", "B")];
  await synced.run();
  synced.world.source = [row("1", "A")];
  await synced.run();
  expect(there("B")).toMatchObject({ statecode: "1" });
  const { id } = [...synced.world.crm.values()].find((each) => each.values.code === "B")!;
  people.edit(synced.world, id, { statecode: "0" });
  await synced.run();
  expect(there("B")).toMatchObject({ statecode: "0" });
  synced.world.source = [row("1", "A"), row("2", "B"), row("2", "B")];
  await synced.run();
  synced.world.source = [row("1", "A")];
  await synced.run();
  expect(there("B")).toMatchObject({ statecode: "0" });
});

test("a row whose record is gone, and held so, has none that a newcomer could be refused for, whether it is looked at or not", async () => {
  synced.world.source = [row("1", "A")];
  await synced.run();
  people.remove(synced.world, [...synced.world.crm.keys()][0]!);
  synced.world.source.push(row("2", "A"));
  expect(await synced.run()).toMatchObject({ created: 1, excluded: 1, rejected: 0 });
});
