import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { people } from "../../test/model.ts";
import { useSyncedWorld } from "../../test/synced-world.ts";
import { openDuck, text } from "./duck.ts";

/** A row that left is yet to be taken out of a list that refuses: only that is tried again, whatever `onLeave` says. */

const synced = useSyncedWorld();
const row = (id: string) => ({ id, code: `C${id}`, name: `Name ${id}` });
const listed = () =>
  [...synced.world.lists.get("fans")!].map((id) => synced.world.crm.get(id)?.values.code ?? null).sort();
const one = () => [...synced.world.crm.values()].find(({ values }) => values.code === "C1")!;
const filling = (list: string, onLeave: string, more: object = {}) => {
  synced.settings = { ...more, onLeave, audiences: { fans: { list } } };
};
/** The destination refuses, or takes again, whatever is written to records, and that they go. */
const refusing = (all: boolean) => {
  synced.world.refuses = () => all;
  synced.world.keeps = () => all;
};
const leaves = () => {
  synced.world.source = ["2", "3"].map(row);
  synced.world.audiences.fans = new Set(["2"]);
};
/** The row leaves while nothing fills the list: its record, still a member. */
const leftUnfilled = async (more: object = {}) => {
  filling("fans", "nothing", more);
  await synced.run();
  filling("others", "nothing", more);
  leaves();
  await synced.run();
  return one();
};
/** As many runs as it takes until what was refused twice is due again. */
const runs = async (n: number) => {
  for (let i = 0; i < n; i++) await synced.run();
};
/** The state is as an older Sluice would have left it. */
const olderState = async () => {
  const duck = await openDuck({ memoryLimit: "128MB", threads: 1, temp: join(synced.folder, "temp") });
  await duck.run(`ATTACH ${text(join(synced.folder, "rows.duckdb"))} AS st`);
  await duck.run("ALTER TABLE st.pending DROP COLUMN leaving");
  await duck.close();
};

beforeEach(async () => {
  synced.world.lists.set("fans", new Set());
  synced.world.lists.set("others", new Set());
  synced.world.source = ["1", "2", "3"].map(row);
  synced.world.audiences.fans = new Set(["1", "2"]);
});

describe.each(["all", "touched", "none"])("mirror %s", (mirror) => {
  test.each(["nothing", "clear", "deactivate"])("%s, and the list is locked as the row leaves", async (onLeave) => {
    filling("fans", onLeave, { mirror });
    await synced.run();
    synced.world.locked.add("fans");
    leaves();
    expect(await synced.run()).toMatchObject({ received: 3, rejected: 1, unchanged: 2 });
    people.edit(synced.world, one().id, { statecode: "0", name: "By hand" });
    const byHand = one();
    expect(await synced.run()).toMatchObject({ received: 3, rejected: 1, unchanged: 2, writes: 0 });
    synced.world.locked.clear();
    await runs(2);
    expect(listed()).toEqual(["C2"]);
    expect(one()).toEqual(byHand);
    expect(await synced.run()).toMatchObject({ received: 2, unchanged: 2, writes: 0 });
  });

  test.each(["nothing", "clear", "deactivate", "delete"])(
    "%s, of a row that left while nothing filled the list",
    async (onLeave) => {
      const left = await leftUnfilled({ mirror });
      synced.world.locked.add("fans");
      filling("fans", onLeave, { mirror });
      expect(await synced.run()).toMatchObject({ received: 3, rejected: 1, writes: 0 });
      expect(await synced.run()).toMatchObject({ received: 3, rejected: 1, writes: 0 });
      expect(one()).toEqual(left);
      synced.world.locked.clear();
      await runs(2);
      expect(listed()).toEqual(["C2"]);
      expect(one()).toEqual(left);
      expect(await synced.run()).toMatchObject({ received: 2, unchanged: 2, writes: 0 });
    },
  );
});

test.each(["clear", "deactivate", "delete"])(
  "%s that was refused itself is done later, and the list left, too",
  async (onLeave) => {
    filling("fans", onLeave);
    await synced.run();
    const { id } = one();
    leaves();
    synced.world.locked.add("fans");
    refusing(true);
    expect(await synced.run()).toMatchObject({ received: 3, rejected: 1, writes: 0 });
    refusing(false);
    await synced.run();
    const left = synced.world.crm.get(id);
    if (onLeave === "delete") expect(left).toBeUndefined();
    else expect(left!.values).toMatchObject(onLeave === "clear" ? { name: null } : { statecode: "1" });
    if (left) people.edit(synced.world, id, { statecode: "0", name: "By hand" });
    synced.world.locked.clear();
    await runs(2);
    expect(listed()).toEqual(["C2"]);
    if (left) expect(one().values).toMatchObject({ statecode: "0", name: "By hand" });
    expect(await synced.run()).toMatchObject({ received: 2, unchanged: 2, writes: 0 });
  },
);

test("whose answer was lost is refused no less: what of it was not told is done again, the rest is not", async () => {
  filling("fans", "deactivate");
  await synced.run();
  leaves();
  synced.world.fault = () => "unsent";
  expect(await synced.run()).toMatchObject({ received: 3, failed: 1, writes: 0 });
  synced.world.fault = () => "none";
  synced.world.locked.add("fans");
  expect(await synced.run()).toMatchObject({ received: 3, rejected: 1, writes: 1 });
  expect(one().values).toMatchObject({ statecode: "1" });
  people.edit(synced.world, one().id, { statecode: "0" });
  await runs(2);
  expect(one().values).toMatchObject({ statecode: "0" });
});

test.each(["deactivate", "delete"])("its exit is refused: %s is not said of it again", async (onLeave) => {
  const audiences = { fans: "vip" };
  synced.settings = { onLeave: "deactivate", audiences };
  await synced.run();
  leaves();
  synced.world.refuses = ({ vip }) => vip === "exited";
  expect(await synced.run()).toMatchObject({ received: 3, rejected: 1 });
  people.edit(synced.world, one().id, { statecode: "0" });
  synced.settings = { onLeave, audiences };
  expect(await synced.run()).toMatchObject({ writes: 0 });
  synced.world.refuses = () => false;
  await runs(3);
  expect(one().values).toMatchObject({ statecode: "0", ...(onLeave === "deactivate" && { vip: "exited" }) });
  expect(await synced.run()).toMatchObject({ received: 2, unchanged: 2, writes: 0 });
});

test("a plan that has only the membership holds it back once it has moved: no more is done later", async () => {
  const left = await leftUnfilled();
  filling("fans", "delete");
  const apply = await synced.plan(9);
  synced.world.lists.get("fans")!.delete(left.id);
  await synced.run({ apply });
  synced.world.lists.get("fans")!.add(left.id);
  await runs(2);
  expect(listed()).toEqual(["C2"]);
  expect(one()).toEqual(left);
});

test("a run of other rows leaves it aside: no more is done later", async () => {
  const left = await leftUnfilled();
  synced.world.source.push({ ...row("4"), code: "C3" });
  await synced.run();
  filling("fans", "delete");
  await synced.run({ only: { keys: ["4"] } });
  expect(listed()).toEqual(["C1", "C2"]);
  await runs(2);
  expect(listed()).toEqual(["C2"]);
  expect(one()).toEqual(left);
});

test.each(["deactivate", "delete"])("it is skipped and then sent again: %s is not done again", async (onLeave) => {
  filling("fans", "deactivate");
  await synced.run();
  leaves();
  synced.world.locked.add("fans");
  await synced.run();
  people.edit(synced.world, one().id, { statecode: "0" });
  const left = one();
  filling("fans", onLeave);
  expect(await synced.run({ only: { keys: ["1"], skip: "skipped by Ana" } })).toMatchObject({ excluded: 1, writes: 0 });
  synced.world.locked.clear();
  await runs(2);
  expect(listed()).toEqual(["C1", "C2"]);
  await synced.run({ only: { keys: ["1"] } });
  expect(listed()).toEqual(["C2"]);
  expect(one()).toEqual(left);
});

test.each(["deactivate", "delete"])("a leave that was skipped and is sent again is done: %s", async (onLeave) => {
  filling("fans", onLeave);
  await synced.run();
  const { id } = one();
  leaves();
  synced.world.locked.add("fans");
  refusing(true);
  await synced.run();
  await synced.run({ only: { keys: ["1"], skip: "skipped by Ana" } });
  refusing(false);
  await synced.run({ only: { keys: ["1"] } });
  if (onLeave === "delete") expect(synced.world.crm.has(id)).toBe(false);
  else expect(one().values).toMatchObject({ statecode: "1" });
});

test.each(["clear", "deactivate"])("verify finds no difference in what %s is not to mend any more", async (onLeave) => {
  filling("fans", onLeave);
  await synced.run();
  leaves();
  synced.world.locked.add("fans");
  await synced.run();
  people.edit(synced.world, one().id, { statecode: "0", name: "By hand" });
  expect(await synced.other("verify")).toMatchObject({ report: { differences: 0 } });
});

describe("a state that an older Sluice has left tells nothing of it", () => {
  test.each(["deactivate", "delete"])(
    "%s: who is yet to be taken out of a list is, and nothing else",
    async (onLeave) => {
      filling("fans", "deactivate");
      await synced.run();
      leaves();
      synced.world.locked.add("fans");
      await synced.run();
      people.edit(synced.world, one().id, { statecode: "0" });
      const left = one();
      await olderState();
      filling("fans", onLeave);
      synced.world.locked.clear();
      await runs(2);
      expect(listed()).toEqual(["C2"]);
      expect(one()).toEqual(left);
      expect(await synced.run()).toMatchObject({ received: 2, unchanged: 2, writes: 0 });
    },
  );

  test("who is in no list: what was refused was its leaving, and is done", async () => {
    filling("fans", "delete");
    synced.world.audiences.fans = new Set(["2"]);
    await synced.run();
    leaves();
    synced.world.keeps = () => true;
    expect(await synced.run()).toMatchObject({ rejected: 1 });
    await olderState();
    synced.world.keeps = () => false;
    expect(await synced.run()).toMatchObject({ deleted: 1 });
  });
});
