import { readFileSync, writeFileSync } from "node:fs";
import { beforeEach, describe, expect, test } from "vitest";
import { people } from "../../test/model.ts";
import { useSyncedWorld } from "../../test/synced-world.ts";
import type { Connector } from "../core/connector.ts";

/** Who is in a list by us, whatever befalls the run that put them there. */

const synced = useSyncedWorld();
const row = (id: string) => ({ id, code: `C${id}`, name: `Name ${id}` });
const listed = (list = "fans") =>
  [...synced.world.lists.get(list)!].map((id) => synced.world.crm.get(id)!.values.code).sort();
const fans = (...ids: string[]) => {
  synced.world.audiences.fans = new Set(ids);
};

/** A connector whose process dies with the first (or behind the first) request of this kind. */
const dyingAt =
  (op: "add" | "remove", when: "before" | "after") =>
  (connector: Connector): Connector => ({
    ...connector,
    open(config, io) {
      const session = connector.open(config, io);
      let dead = false;
      return {
        ...session,
        async write(object, batch, signal) {
          const dies = batch.op === op;
          if (dies && when === "before") dead = true;
          const outcome = dead ? { status: "unknown" as const, exceptions: [] } : session.write!(object, batch, signal);
          dead ||= dies;
          return outcome;
        },
        read(...request) {
          if (dead) throw new Error("dead");
          return session.read!(...request);
        },
      };
    },
  });
const dies = (op: "add" | "remove", when: "before" | "after") =>
  expect(synced.run({ through: dyingAt(op, when) })).rejects.toThrow("dead");

beforeEach(() => {
  synced.settings = { audiences: { fans: { list: "fans" } } };
  synced.world.lists.set("fans", new Set());
  synced.world.source = ["1", "2", "3"].map(row);
  fans("1", "2");
});

describe.each([true, false])("a key: %s", (keyed) => {
  beforeEach(() => {
    synced.keyed = keyed;
  });

  test("a load that died between its creates and its additions", async () => {
    await dies("add", "before");
    expect(listed()).toEqual([]);
    expect(await synced.run()).toMatchObject({ created: 0, updated: 2, unchanged: 1, writes: 2 });
    expect(listed()).toEqual(["C1", "C2"]);
    expect(await synced.run()).toMatchObject({ unchanged: 3, writes: 0 });
  });

  test("it died behind them, and one has left the audience since: it is taken out", async () => {
    await dies("add", "after");
    fans("2", "3");
    expect(await synced.run()).toMatchObject({ created: 0, updated: 2, writes: 2 });
    expect(listed()).toEqual(["C2", "C3"]);
    expect(await synced.run()).toMatchObject({ unchanged: 3, writes: 0 });
  });
});

test("rows known before: a dead run's additions are taken back where the audience is again what it was", async () => {
  await synced.run();
  fans("1", "2", "3");
  await dies("add", "after");
  fans("1", "2");
  expect(await synced.run()).toMatchObject({ updated: 1, writes: 1 });
  expect(listed()).toEqual(["C1", "C2"]);
});

test("a dead run's removals are undone where the audience is again what it was", async () => {
  await synced.run();
  fans("1");
  await dies("remove", "after");
  fans("1", "2");
  expect(await synced.run()).toMatchObject({ updated: 1, writes: 1 });
  expect(listed()).toEqual(["C1", "C2"]);
});

test("an addition without an answer that came late is ours, too", async () => {
  await synced.run();
  fans("1", "2", "3");
  synced.world.fault = () => "unsent";
  expect(await synced.run()).toMatchObject({ failed: 1, writes: 0 });
  synced.world.fault = () => "none";
  for (const [id, { values }] of synced.world.crm) if (values.code === "C3") synced.world.lists.get("fans")!.add(id);
  fans("1", "2");
  expect(await synced.run()).toMatchObject({ updated: 1, writes: 1 });
  expect(listed()).toEqual(["C1", "C2"]);
});

test("a locked list holds its rows back, and they go when it is open, on growing numbers of runs", async () => {
  synced.world.locked.add("fans");
  expect(await synced.run()).toMatchObject({ received: 3, created: 1, rejected: 2, writes: 3 });
  expect(await synced.run()).toMatchObject({ unchanged: 1, rejected: 2, writes: 0 });
  synced.world.locked.clear();
  expect(await synced.run()).toMatchObject({ unchanged: 1, rejected: 2, writes: 0 });
  expect(await synced.run()).toMatchObject({ unchanged: 1, updated: 2, writes: 2 });
  expect(listed()).toEqual(["C1", "C2"]);
});

test("a row whose list is locked keeps its link: its record is neither made nor taken over again", async () => {
  people.create(synced.world, { code: "C1", name: "Name 1" });
  synced.world.locked.add("fans");
  synced.settings = { ...synced.settings, drift: "keep", firstContact: "overwrite" };
  expect(await synced.run()).toMatchObject({ rejected: 2 });
  const [id] = [...synced.world.crm].find(([, r]) => r.values.code === "C1")!;
  people.edit(synced.world, id, { name: "By hand" });
  synced.world.locked.clear();
  await synced.run();
  await synced.run();
  expect(synced.world.crm.get(id)!.values.name).toBe("By hand");
  expect(listed()).toEqual(["C1", "C2"]);
});

test.each(["recreate", "wait"])(
  "a record that is made under another match value goes by that, though its list is locked: %s",
  async (how) => {
    synced.settings = {
      ...synced.settings,
      deletedThere: "recreate",
      mapping: { code: "code", name: "name", born: "born" },
    };
    // Row 1 has a record, or waits, under its old value.
    synced.world.source = ["1", "2", "3"].map((id) => ({
      ...row(id),
      born: id === "1" && how === "wait" ? "soon" : null,
    }));
    await synced.run();
    for (const [id, { values }] of synced.world.crm) if (values.code === "C1") people.remove(synced.world, id);
    synced.world.locked.add("fans");
    synced.world.source[0] = { ...row("1"), code: "N1", born: null };
    expect(await synced.run()).toMatchObject({ writes: 1 });
    synced.world.source.push({ ...row("9"), code: "N1", born: null });
    expect(await synced.run()).toMatchObject({ created: 0, writes: 0 });
    expect([...synced.world.crm.values()].filter(({ values }) => values.code === "N1")).toHaveLength(1);
  },
);

test.each(["all", "touched", "none"])(
  "mirror %s: who is to be put in and was deleted is told as that at once, and one that was made anew is put in",
  async (mirror) => {
    synced.settings = { ...synced.settings, mirror };
    await synced.run();
    const [id] = [...synced.world.crm].find(([, { values }]) => values.code === "C3")!;
    people.remove(synced.world, id);
    fans("1", "2", "3");
    for (const _ of [1, 2])
      expect(await synced.run()).toMatchObject({ received: 3, excluded: 1, unchanged: 2, rejected: 0, writes: 0 });
    synced.settings = { ...synced.settings, deletedThere: "recreate" };
    expect(await synced.run()).toMatchObject({ created: 1, unchanged: 2, writes: 2 });
    expect(listed()).toEqual(["C1", "C2", "C3"]);
  },
);

test("a row whose create is refused is no member, and nothing is sent for it", async () => {
  synced.world.refuses = ({ code }) => code === "C1";
  expect(await synced.run()).toMatchObject({ created: 2, rejected: 1, writes: 3 });
  expect(listed()).toEqual(["C2"]);
});

test("a record that could not be taken over is no member: nobody would take it out again", async () => {
  people.create(synced.world, { code: "C1", name: "By hand" });
  synced.world.refuses = ({ name }) => name === "Name 1";
  expect(await synced.run()).toMatchObject({ created: 2, rejected: 1, writes: 3 });
  expect(listed()).toEqual(["C2"]);
  synced.world.refuses = () => false;
  expect(await synced.run()).toMatchObject({ updated: 1, rejected: 0, writes: 2 });
  expect(listed()).toEqual(["C1", "C2"]);
});

test("a record that could not be put into its state and is a member is ours: it is taken out again", async () => {
  synced.settings = { ...synced.settings, mapping: { code: "code", statecode: { value: "Inactive" } } };
  people.create(synced.world, { code: "C1", statecode: "0" });
  synced.world.refuses = ({ statecode }) => statecode === "1";
  expect(await synced.run()).toMatchObject({ rejected: 3 });
  expect(listed()).toEqual(["C1", "C2"]);
  fans("2");
  await synced.run();
  expect(listed()).toEqual(["C2"]);
});

test.each(["all", "touched", "none"])(
  "mirror %s: who a dead run put in is taken out where the row has left, though nothing else was written to the record",
  async (mirror) => {
    synced.settings = { ...synced.settings, mirror };
    people.create(synced.world, { code: "C1", name: "Name 1" });
    await dies("add", "after");
    synced.world.source = ["2", "3"].map(row);
    fans("2");
    expect(await synced.run()).toMatchObject({ created: 0, writes: 1 });
    expect(listed()).toEqual(["C2"]);
    expect(await synced.run()).toMatchObject({ unchanged: 2, writes: 0 });
  },
);

test("who a dead run put into one list is known though it died as it wrote the file of the next", async () => {
  synced.world.lists.set("others", new Set());
  synced.world.audiences.more = new Set(["3"]);
  synced.settings = { audiences: { fans: { list: "fans" }, more: { list: "others" } } };
  await dies("add", "after");
  const torn = synced.file("change-2-add-1.parquet");
  writeFileSync(torn, readFileSync(torn).subarray(0, 40));
  fans("2");
  await synced.run();
  expect([listed(), listed("others")]).toEqual([["C2"], ["C3"]]);
});

describe("who a dead run put in is ours also where what takes it over does not fill that list", () => {
  beforeEach(async () => {
    await synced.run();
    fans("1", "2", "3");
    await dies("add", "after");
  });
  const fillAgain = () => {
    fans("1", "2");
    synced.settings = { audiences: { fans: { list: "fans" } } };
  };

  test("a run without the audience", async () => {
    synced.settings = {};
    expect(await synced.run()).toMatchObject({ unchanged: 3, writes: 0 });
    fillAgain();
    expect(await synced.run()).toMatchObject({ writes: 1 });
    expect(listed()).toEqual(["C1", "C2"]);
    expect(await synced.run()).toMatchObject({ unchanged: 3, writes: 0 });
  });

  test("a run whose audience is pointed elsewhere: the warning counts it", async () => {
    synced.world.lists.set("others", new Set());
    synced.settings = { audiences: { fans: { list: "others" } } };
    await synced.run();
    const { warnings } = JSON.parse(readFileSync(synced.file("plan.json"), "utf8"));
    expect(warnings).toContainEqual(expect.stringContaining("keeps the 3 members that s put"));
    synced.world.audiences.nobody = new Set();
    synced.settings = { audiences: { fans: { list: "others" }, nobody: { list: "fans" } } };
    await synced.run();
    expect([listed(), listed("others")]).toEqual([[], ["C1", "C2", "C3"]]);
  });

  test("an undo of a run that knew of no audience", async () => {
    fillAgain();
    expect(await synced.run()).toMatchObject({ writes: 1 });
    synced.settings = {};
    synced.world.source[0] = { ...row("1"), name: "New" };
    await synced.run();
    const named = synced.last();
    fillAgain();
    fans("1", "2", "3");
    await dies("add", "after");
    await synced.undo(named);
    fans("1", "2");
    await synced.run();
    expect(listed()).toEqual(["C1", "C2"]);
  });

  test("who it did not come to put in, and is not there, is dropped; a person puts it in", async () => {
    fillAgain();
    await synced.run();
    fans("1", "2", "3");
    await dies("add", "before");
    synced.settings = {};
    await synced.run();
    fillAgain();
    expect(await synced.run()).toMatchObject({ writes: 0 });
    for (const [id, { values }] of synced.world.crm) if (values.code === "C3") synced.world.lists.get("fans")!.add(id);
    expect(await synced.run()).toMatchObject({ unchanged: 3, writes: 0 });
    expect(listed()).toEqual(["C1", "C2", "C3"]);
  });
});

test("whom a dead run had yet to put in, as it came no further than to its updates, a person puts in and keeps there", async () => {
  await synced.run();
  fans("1", "2", "3");
  synced.world.source[0] = { ...row("1"), name: "New" };
  let dead = false;
  const dying = (connector: Connector): Connector => ({
    ...connector,
    open(config, io) {
      const session = connector.open(config, io);
      return {
        ...session,
        write(object, batch, signal) {
          dead ||= batch.op === "update";
          if (dead) throw new Error("dead");
          return session.write!(object, batch, signal);
        },
        read(...request) {
          if (dead) throw new Error("dead");
          return session.read!(...request);
        },
      };
    },
  });
  await expect(synced.run({ through: dying })).rejects.toThrow("dead");
  synced.settings = {};
  expect(await synced.run()).toMatchObject({ updated: 1 });
  for (const [id, { values }] of synced.world.crm) if (values.code === "C3") synced.world.lists.get("fans")!.add(id);
  fans("1");
  synced.settings = { audiences: { fans: { list: "fans" } } };
  expect(await synced.run()).toMatchObject({ updated: 1, writes: 1 });
  expect(listed()).toEqual(["C1", "C3"]);
});

test.each(["all", "touched", "none"])(
  "mirror %s: a record that a dead run may have put into a list that nobody fills now, and did nothing else with, is nobody's",
  async (mirror) => {
    synced.settings = { ...synced.settings, mirror, onLeave: "deactivate" };
    people.create(synced.world, { code: "C1", name: "Name 1", statecode: "0" });
    await dies("add", "before");
    synced.settings = { mirror, onLeave: "deactivate" };
    synced.world.source = ["2", "3"].map(row);
    expect(await synced.run()).toMatchObject({ received: 2, unchanged: 2, writes: 0 });
    expect([...synced.world.crm.values()][0]!.values).toMatchObject({ code: "C1", statecode: "0" });
  },
);

test.each(["nothing", "clear", "deactivate", "delete"])(
  "rows that left while their list was filled by no audience are taken out once one fills it; onLeave %s is not done again",
  async (onLeave) => {
    synced.world.lists.set("others", new Set());
    await synced.run();
    synced.settings = { audiences: { fans: { list: "others" } } };
    synced.world.source = ["2", "3"].map(row);
    await synced.run();
    const left = [...synced.world.crm.values()].find(({ values }) => values.code === "C1")!;
    synced.settings = { onLeave, audiences: { fans: { list: "fans" } } };
    expect(await synced.run()).toMatchObject({ writes: 1 });
    expect(listed()).toEqual(["C2"]);
    expect(synced.world.crm.get(left.id)).toEqual(left);
    expect(await synced.run()).toMatchObject({ unchanged: 2, writes: 0 });
  },
);
