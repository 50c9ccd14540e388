import { beforeEach, describe, expect, test } from "vitest";
import { people } from "../../test/model.ts";
import { useSyncedWorld } from "../../test/synced-world.ts";

/** `deletedThere: recreate`: somebody deleted the record, and it may be there again under another id. */

const synced = useSyncedWorld();
const row = (id: string, code: string, name: string) => ({ id, code, name });
const names = () => [...synced.world.crm.values()].map((r) => `${r.values.code}: ${r.values.name ?? ""}`).sort();
const remove = () => people.remove(synced.world, [...synced.world.crm.keys()][0]!);
const loseOne = () => {
  synced.world.fault = () => {
    synced.world.fault = () => "none";
    return "lost";
  };
};

beforeEach(async () => {
  synced.settings = { deletedThere: "recreate" };
  synced.world.source = [row("1", "A", "Ann")];
});

describe.each([true, false])("a key: %s", (keyed) => {
  test.each(["all", "touched", "none"])("mirror %s: the answer was lost and a plug-in rewrote it", async (mirror) => {
    synced.keyed = keyed;
    synced.settings = { deletedThere: "recreate", mirror };
    synced.world.rewrite = (column, value) => (column === "name" ? (value?.toUpperCase() ?? null) : value);
    await synced.run();
    remove();
    synced.world.source = [row("1", "A", "Anna")];
    // With mirror none a first run finds out that the record is gone.
    if (mirror === "none") await synced.run();
    loseOne();
    expect(await synced.run()).toMatchObject({ failed: 1 });
    expect(names()).toEqual(["A: ANNA"]);
    expect(await synced.run()).toMatchObject({ created: 0, updated: 1, rejected: 0, failed: 0 });
    expect(await synced.run()).toMatchObject({ unchanged: 1, writes: 0 });
    expect(names()).toEqual(["A: ANNA"]);
  });
});

test("one that somebody made by hand is taken over, and no second one is made beside it", async () => {
  await synced.run();
  remove();
  people.create(synced.world, { code: "a", name: "By hand" });
  expect(await synced.run()).toMatchObject({ created: 0, updated: 1, writes: 1 });
  expect(names()).toEqual(["A: Ann"]);
  expect(await synced.run()).toMatchObject({ unchanged: 1, writes: 0 });
});

test("where several fit, or the one belongs to another row, it is refused like a row without a record", async () => {
  synced.world.source.push(row("2", "B", "Ben"));
  await synced.run();
  remove();
  const [first, second] = ["One", "Two"].map((name) => people.create(synced.world, { code: "A", name }));
  expect(await synced.run()).toMatchObject({ created: 0, rejected: 1, unchanged: 1, writes: 0 });
  for (const id of [first, second]) people.remove(synced.world, id!);
  people.edit(synced.world, [...synced.world.crm.keys()][0]!, { code: "A" });
  synced.settings = { deletedThere: "recreate", drift: "keep" };
  expect(await synced.run()).toMatchObject({ created: 0, rejected: 1, unchanged: 1, writes: 0 });
});

test("a record that comes back by its own id is taken up again, with what was agreed of it", async () => {
  synced.settings = { deletedThere: "recreate", drift: "keep" };
  await synced.run();
  const [id] = synced.world.crm.keys();
  remove();
  const others = ["One", "Two"].map((name) => people.create(synced.world, { code: "A", name }));
  expect(await synced.run()).toMatchObject({ rejected: 1, writes: 0 });
  for (const other of others) people.remove(synced.world, other);
  people.restore(synced.world, id!);
  people.edit(synced.world, id!, { name: "By hand" });
  expect(await synced.run()).toMatchObject({ unchanged: 1, writes: 0 });
  expect(names()).toEqual(["A: By hand"]);
});

test("what was agreed of it outlasts another that was to be taken over, and could not be", async () => {
  synced.settings = { deletedThere: "recreate", drift: "keep", onLeave: "deactivate" };
  synced.world.source.push(row("2", "B", "Ben"));
  await synced.run();
  const [first, second] = synced.world.crm.keys();
  synced.world.source.pop();
  expect(await synced.run()).toMatchObject({ updated: 1, unchanged: 1, writes: 1 });
  remove();
  people.edit(synced.world, second!, { code: "A", name: "Anna" });
  synced.world.source = [row("1", "A", "Anna")];
  synced.world.refuses = () => true;
  expect(await synced.run()).toMatchObject({ rejected: 1, writes: 0 });
  synced.world.refuses = () => false;
  people.remove(synced.world, second!);
  people.restore(synced.world, first!);
  people.edit(synced.world, first!, { statecode: "1" });
  expect(await synced.run()).toMatchObject({ updated: 1, writes: 1 });
  expect(synced.world.crm.get(first!)?.values).toMatchObject({ name: "Anna", statecode: "1" });
});

test.each(["there", "left"])(
  "`unlink`: what was restored for somebody else stays theirs, its row %s",
  async (which) => {
    synced.settings = { deletedThere: "unlink", onLeave: "delete", allowDelete: true };
    synced.world.source.push(row("2", "B", "Ben"));
    await synced.run();
    const [id] = synced.world.crm.keys();
    remove();
    for (const name of ["One", "Two"]) people.create(synced.world, { code: "A", name });
    expect(await synced.run()).toMatchObject({ rejected: 1, writes: 0 });
    people.restore(synced.world, id!);
    people.edit(synced.world, id!, { code: "Z", name: "Zoe" });
    if (which === "left") synced.world.source.shift();
    expect(await synced.run()).toMatchObject({ unchanged: 1, writes: 0 });
    expect(names()).toEqual(["A: One", "A: Two", "B: Ben", "Z: Zoe"]);
  },
);

test("a record that it could be is not deleted while Dynamics refuses to have it taken over", async () => {
  synced.settings = { deletedThere: "recreate", onLeave: "delete", allowDelete: true };
  synced.world.source.push(row("2", "B", "Ben"), row("3", "C", "Cid"));
  await synced.run();
  remove();
  people.edit(synced.world, [...synced.world.crm.keys()][0]!, { code: "A" });
  synced.world.source.splice(1, 1);
  synced.world.refuses = ({ name }) => name === "Ann";
  for (let n = 0; n < 4; n++) expect(await synced.run()).toMatchObject({ rejected: 1, deleted: 0 });
  synced.world.refuses = () => false;
  synced.world.source[0] = row("1", "A", "Anna");
  expect(await synced.run()).toMatchObject({ updated: 1, created: 0, deleted: 0 });
  expect(names()).toEqual(["A: Anna", "C: Cid"]);
});

test("create only: the answer was lost and a plug-in rewrote it", async () => {
  synced.settings = { deletedThere: "recreate", mode: "create" };
  synced.world.rewrite = (column, value) => (column === "name" ? (value?.toUpperCase() ?? null) : value);
  await synced.run();
  remove();
  loseOne();
  expect(await synced.run()).toMatchObject({ failed: 1 });
  expect(await synced.run()).toMatchObject({ unchanged: 1, writes: 0 });
  expect(names()).toEqual(["A: ANN"]);
});

test("update only: what takes its place is found, and nothing is made", async () => {
  await synced.run();
  synced.settings = { deletedThere: "recreate", mode: "update" };
  remove();
  expect(await synced.run()).toMatchObject({ created: 0, rejected: 1, writes: 0 });
  people.create(synced.world, { code: "A", name: "By hand" });
  expect(await synced.run()).toMatchObject({ updated: 1, writes: 1 });
  expect(names()).toEqual(["A: Ann"]);
});

test("create only: what takes its place is linked and left as it is, by `unlink` it is another's", async () => {
  synced.settings = { deletedThere: "recreate", mode: "create" };
  await synced.run();
  remove();
  expect(await synced.run()).toMatchObject({ created: 1, writes: 1 });
  remove();
  const id = people.create(synced.world, { code: "A", name: "By hand" });
  expect(await synced.run()).toMatchObject({ unchanged: 1, writes: 0 });
  expect(await synced.run()).toMatchObject({ unchanged: 1, writes: 0 });
  expect(names()).toEqual(["A: By hand"]);
  people.remove(synced.world, id);
  people.create(synced.world, { code: "A", name: "Again" });
  synced.settings = { deletedThere: "unlink", mode: "create" };
  expect(await synced.run()).toMatchObject({ rejected: 1, writes: 0 });
});
