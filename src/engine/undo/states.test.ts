import { rmSync, truncateSync } from "node:fs";
import { expect, test } from "vitest";
import { people } from "../../../test/model.ts";
import { useSyncedWorld } from "../../../test/synced-world.ts";
import type { Connector } from "../../core/connector.ts";
import { dying } from "../dying.test-data.ts";

/** Undo of what puts records to rest or wakes them, where people have done so themselves before. */

const synced = useSyncedWorld();
const row = (id: string, code: string, born: string | null = null) => ({ id, code, name: null, born });
const [ann, ben, cid] = [row("1", "A"), row("2", "B"), row("3", "C")];
/** A run of these source rows, and its name. */
const run = async (...rows: ReturnType<typeof row>[]): Promise<string> => {
  synced.world.source = rows;
  await synced.run();
  return synced.last();
};
const recordOf = (code: string) => [...synced.world.crm.values()].find(({ values }) => values.code === code)!;
const edit = (code: string, statecode: string) => people.edit(synced.world, recordOf(code).id, { statecode });
const states = () =>
  Object.fromEntries([...synced.world.crm.values()].map(({ values }) => [values.code, values.statecode ?? "0"]));

/** Does this as often as the states of records alone are read. */
const asStatesAreRead =
  (then: () => void) =>
  (crm: Connector): Connector => ({
    ...crm,
    open(config, io) {
      const session = crm.open(config, io);
      return {
        ...session,
        read(object, request, signal) {
          if (request.columns.join() === "statecode") then();
          return session.read!(object, request, signal);
        },
      };
    },
  });

/** Two records that leave: the run deactivates B, and C is inactive already, by a person. */
async function leave(settings = {}): Promise<string> {
  synced.settings = { onLeave: "deactivate", ...settings };
  await run(ann, ben, cid);
  edit("C", "1");
  return run(ann);
}

test.each([{}, { mirror: "touched" }, { mirror: "none" }])(
  "a record that a person had deactivated before its row left stays so; those that the run deactivated are woken (%j)",
  async (mirror) => {
    const of = await leave(mirror);
    expect(states()).toEqual({ A: "0", B: "1", C: "1" });
    const undone = await synced.undo(of);
    expect(undone).toMatchObject({ problems: [], counts: { received: 2, updated: 1, unchanged: 1, writes: 1 } });
    expect(states()).toEqual({ A: "0", B: "0", C: "1" });
    expect((await synced.undo(of)).counts).toMatchObject({ received: 2, unchanged: 2, writes: 0 });
    // All as before the run: no return of its row wakes whom a person has put to rest.
    await run(ann, ben, cid);
    expect(states()).toEqual({ A: "0", B: "0", C: "1" });
  },
);

test("a record that a person had woken before its row came back stays awake", async () => {
  synced.settings = { onLeave: "deactivate" };
  await run(ann, ben, cid);
  await run(ann);
  edit("C", "0");
  const of = await run(ann, ben, cid);
  const undone = await synced.undo(of);
  expect(undone).toMatchObject({ problems: [], counts: { received: 2, updated: 1, unchanged: 1, writes: 1 } });
  expect(states()).toEqual({ A: "0", B: "1", C: "0" });
  await run(ann, ben, cid);
  expect(states()).toEqual({ A: "0", B: "0", C: "0" });
});

test("an undo that is taken back sets again only what it had set", async () => {
  await leave();
  await synced.undo(synced.last());
  expect((await synced.undo(synced.last())).counts).toMatchObject({ received: 1, updated: 1, writes: 1 });
  expect(states()).toEqual({ A: "0", B: "1", C: "1" });
  expect((await synced.undo(synced.last())).counts).toMatchObject({ updated: 1, writes: 1 });
  expect(states()).toEqual({ A: "0", B: "0", C: "1" });
});

test("where the sync maps the state, too: and what a person has deactivated is not deleted by an undo of its making", async () => {
  const active = (id: string, code: string) => row(id, code, "0");
  synced.settings = { onLeave: "deactivate", mapping: { code: "code", statecode: "born" } };
  const made = await run(active("1", "A"), active("2", "B"), active("3", "C"));
  edit("C", "1");
  const left = await run(active("1", "A"));
  const shown = await synced.undo(made, { deleteCreated: true, dryRun: true });
  expect(shown.problems).toMatchObject([
    { code: "undo_changed", keys: ["3"] },
    { code: "undo_later", keys: ["2"] },
  ]);
  expect((await synced.undo(left)).counts).toMatchObject({ updated: 1, unchanged: 1, writes: 1 });
  expect(states()).toEqual({ A: "0", B: "0", C: "1" });
});

test("states are read once for all records of a wave, and where none is sent not at all", async () => {
  let reads = 0;
  const through = asStatesAreRead(() => reads++);
  synced.settings = { onLeave: "deactivate" };
  await run(ann, ben, cid);
  synced.world.source = [ann];
  await synced.run({ through });
  expect(reads).toBe(1);
  await synced.run({ through });
  expect(reads).toBe(1);
  synced.world.source = [ann, ben, cid];
  await synced.run({ through });
  expect(reads).toBe(2);
});

test("a record that goes away just before: nothing to set, and nothing to take back", async () => {
  synced.settings = { onLeave: "deactivate" };
  await run(ann, ben, cid);
  const { id } = recordOf("C");
  synced.world.source = [ann];
  await synced.run({ through: asStatesAreRead(() => people.remove(synced.world, id)) });
  const of = synced.last();
  people.restore(synced.world, id);
  edit("C", "1");
  expect((await synced.undo(of)).counts).toMatchObject({ received: 1, updated: 1, writes: 1 });
  expect(states()).toEqual({ A: "0", B: "0", C: "1" });
});

test("a run that kept no states, of an older Sluice, is taken back by what it sent", async () => {
  const of = await leave();
  rmSync(synced.file("before-3-deactivate.parquet"));
  expect((await synced.undo(of)).counts).toMatchObject({ updated: 2, writes: 2 });
  expect(states()).toEqual({ A: "0", B: "0", C: "0" });
});

test("a run that died before it deactivated anybody did not, and one that died then did", async () => {
  synced.settings = { onLeave: "deactivate" };
  await run(ann, ben, cid);
  for (const died of ["before", "after"]) {
    edit("B", "0");
    edit("C", "1");
    synced.world.source = [{ ...ann, name: died } as never];
    const dead = () => {
      throw new Error("dead");
    };
    const through = died === "before" ? (crm: Connector) => asStatesAreRead(dead)(dying(crm)) : dying;
    await expect(synced.run({ through })).rejects.toThrow("dead");
    expect(states()).toEqual({ A: "0", B: died === "before" ? "0" : "1", C: "1" });
    const undone = await synced.undo(synced.last());
    expect(undone.problems).toEqual([]);
    expect(states()).toEqual({ A: "0", B: "0", C: "1" });
  }
});

test.each(["a later run", "a run that died"])(
  "whom %s deactivated is woken by its row's return, though a run that found it so is taken back",
  async (by) => {
    synced.settings = { onLeave: "deactivate" };
    await run(ann, ben);
    let idle: string;
    if (by === "a run that died") {
      synced.world.source = [ann];
      await expect(synced.run({ through: dying })).rejects.toThrow("dead");
      idle = await run(ann);
    } else {
      edit("B", "1");
      idle = await run(ann);
      await run(ann, ben);
      edit("B", "0");
      await run(ann);
    }
    expect((await synced.undo(idle)).counts).toMatchObject({ received: 1, unchanged: 1, writes: 0 });
    expect(states()).toMatchObject({ B: "1" });
    await run(ann, ben);
    expect(states()).toMatchObject({ B: "0" });
  },
);

test("whom a person had put to rest before its row left is not woken as the row comes back, however often", async () => {
  await leave();
  for (const _ of ["once", "again"]) {
    await run(ann, ben, cid);
    expect(states()).toEqual({ A: "0", B: "0", C: "1" });
    await run(ann);
    expect(states()).toEqual({ A: "0", B: "1", C: "1" });
  }
});

test("whom a run that died had put to rest is woken as its row comes back, though the run that ended it found it so", async () => {
  synced.settings = { onLeave: "deactivate" };
  await run(ann, ben);
  synced.world.source = [ann];
  await expect(synced.run({ through: dying })).rejects.toThrow("dead");
  await run(ann);
  await run(ann, ben);
  expect(states()).toEqual({ A: "0", B: "0" });
});

test("a record in a third state before a run or since is not put into another by undo: it is listed", async () => {
  synced.settings = { onLeave: "deactivate" };
  const dan = row("4", "D");
  await run(ann, ben, cid, dan);
  edit("B", "2");
  const left = await run(ann);
  edit("C", "2");
  const undone = await synced.undo(left);
  expect(undone.counts).toMatchObject({ received: 3, updated: 1, excluded: 2, writes: 1 });
  expect(undone.problems).toMatchObject([
    { code: "undo_changed", column: "statecode", keys: ["3"] },
    {
      code: "undo_other_state",
      column: "statecode",
      keys: ["2"],
      example: expect.stringContaining('statecode: it was "2"'),
    },
  ]);
  expect(states()).toEqual({ A: "0", B: "1", C: "2", D: "0" });
  await run(ann);
  edit("D", "2");
  const back = await run(ann, ben, cid, dan);
  expect(states()).toMatchObject({ D: "0" });
  expect((await synced.undo(back)).problems).toMatchObject([{ code: "undo_other_state", keys: ["3", "4"] }]);
  expect(states()).toMatchObject({ D: "0" });
  for (const code of ["C", "D"]) edit(code, "2");
  expect((await synced.undo(back)).problems).toEqual([]);
});

/** The destination's process dies as it reads states, once. */
const dead = () => {
  throw new Error("dead");
};

test.each([false, true])(
  "a run that died before it put anybody to rest leaves whom a person did (undone: %j)",
  async (undone) => {
    synced.settings = { onLeave: "deactivate" };
    await run(ann, ben, cid);
    edit("C", "1");
    synced.world.source = [{ ...ann, name: "x" }];
    await expect(synced.run({ through: (crm) => asStatesAreRead(dead)(dying(crm)) })).rejects.toThrow("dead");
    if (undone) await synced.undo(synced.last());
    synced.approved = ["undone"];
    await run(ann, ben, cid);
    expect(states()).toEqual({ A: "0", B: "0", C: "1" });
  },
);

test("states that a power cut has torn tell nothing, and hold up no undo", async () => {
  const first = await leave();
  truncateSync(synced.file("before-3-deactivate.parquet"), 20);
  expect((await synced.undo(first)).counts).toMatchObject({ received: 2, updated: 2, writes: 2 });
});
