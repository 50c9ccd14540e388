import { expect, test } from "vitest";
import { people } from "../../test/model.ts";
import { useSyncedWorld } from "../../test/synced-world.ts";
import type { Connector, Session } from "../core/connector.ts";
import { rejectedRows } from "./index.ts";

/** `concurrency: strict` over a modelled CRM in which people change records between plan, look and write. */

const synced = useSyncedWorld();

const row = (id: string, code: string, name: string) => ({ id, code, name, born: null });
const names = () => Object.fromEntries([...synced.world.crm.values()].map((r) => [r.values.code, r.values.name]));
const record = (code: string) => [...synced.world.crm.values()].find((r) => r.values.code === code)!;
const problems = async () =>
  (await rejectedRows([{ sync: "s", run: "r", folder: synced.file(".") }], {}, 10)).map(({ key, status, code }) => ({
    key,
    status,
    code,
  }));

/** The CRM, in which `before` happens just before each read by ids, and `after` right after it. */
function watched(crm: Connector, before: () => void, after = () => {}): Connector {
  return {
    ...crm,
    open(config, io) {
      const session = crm.open(config, io);
      const read: Session["read"] = async function* (object, request, signal) {
        if (request.ids) before();
        yield* session.read!(object, request, signal);
        if (request.ids) after();
      };
      return { ...session, read };
    },
  };
}

async function begin(count: number, settings: Record<string, unknown> = {}): Promise<void> {
  synced.settings = { concurrency: "strict", ...settings };
  synced.world.source = Array.from({ length: count }, (_, n) => row(String(n), `C${n}`, "old"));
  await synced.run();
  synced.world.source = synced.world.source.map((each) => ({ ...each, name: "new" }));
}

test("a record that somebody changed after the plan is left out, whichever moment it was; the others go", async () => {
  await begin(4);
  const edit = (code: string) => people.edit(synced.world, record(code).id, { name: "by hand" });
  const counts = await synced.run({
    through: (crm) =>
      watched(
        crm,
        () => edit("C1"),
        () => edit("C2"),
      ),
  });
  expect(counts).toMatchObject({ received: 4, updated: 2, excluded: 2, rejected: 0, failed: 0, writes: 2 });
  expect(names()).toEqual({ C0: "new", C1: "by hand", C2: "by hand", C3: "new" });
  expect(await problems()).toEqual([
    { key: "1", status: "excluded", code: "moved_there" },
    { key: "2", status: "excluded", code: "moved_there" },
  ]);
  expect(await synced.run()).toMatchObject({ received: 4, updated: 2, unchanged: 2, excluded: 0 });
  expect(new Set(Object.values(names()))).toEqual(new Set(["new"]));
  expect(await synced.run()).toMatchObject({ unchanged: 4, writes: 0 });
});

test("with `drift: keep` the person's change stays for good", async () => {
  await begin(2, { drift: "keep" });
  const edit = () => people.edit(synced.world, record("C1").id, { name: "by hand" });
  expect(await synced.run({ through: (crm) => watched(crm, edit) })).toMatchObject({ updated: 1, excluded: 1 });
  expect(await synced.run()).toMatchObject({ unchanged: 2, excluded: 0, writes: 0 });
  expect(names()).toEqual({ C0: "new", C1: "by hand" });
});

test("a change of a column that the run does not write is no conflict before it is read, and one after", async () => {
  await begin(2);
  const edit = (code: string) => () => people.edit(synced.world, record(code).id, { amount: "5.00" });
  expect(await synced.run({ through: (crm) => watched(crm, edit("C0"), edit("C1")) })).toMatchObject({
    updated: 1,
    excluded: 1,
  });
  expect(names()).toEqual({ C0: "new", C1: "old" });
});

test("a record that somebody changed is not deleted with its row; the next run, which has seen that, does it", async () => {
  await begin(3, { onLeave: "delete", allowDelete: true });
  synced.world.source = [row("0", "C0", "old")];
  const edit = () => people.edit(synced.world, record("C1").id, { name: "by hand" });
  const counts = await synced.run({ through: (crm) => watched(crm, edit) });
  expect(counts).toMatchObject({ received: 3, deleted: 1, excluded: 1, unchanged: 1 });
  expect(names()).toEqual({ C0: "old", C1: "by hand" });
  expect(await synced.run()).toMatchObject({ received: 2, deleted: 1, unchanged: 1 });
  expect(names()).toEqual({ C0: "old" });
});

test("a record that is gone by then is told as deleted, not made anew", async () => {
  await begin(2);
  const remove = () => people.remove(synced.world, record("C1")?.id);
  expect(await synced.run({ through: (crm) => watched(crm, remove) })).toMatchObject({ updated: 1, excluded: 1 });
  expect(await problems()).toEqual([{ key: "1", status: "excluded", code: "deleted_there" }]);
  expect(names()).toEqual({ C0: "new" });
});

test("where the look at the records fails, what was sent before is settled and the rest follows", async () => {
  await begin(3);
  const fail = () => {
    throw new Error("the connection broke");
  };
  synced.world.source.push(row("3", "C3", "new"));
  await synced.run({ through: (crm) => watched(crm, fail) });
  expect(names()).toEqual({ C0: "old", C1: "old", C2: "old", C3: "new" });
  expect(await synced.run()).toMatchObject({ created: 0, updated: 3, unchanged: 1 });
});

test("a table without versions is refused with its place", async () => {
  synced.settings = { concurrency: "strict" };
  const blind = (crm: Connector): Connector => ({
    ...crm,
    open(config, io) {
      const session = crm.open(config, io);
      const describe: Session["describe"] = async (name) => {
        const object = await session.describe(name);
        return { ...object, can: { ...object.can, concurrency: false } };
      };
      return { ...session, describe };
    },
  });
  await expect(synced.run({ through: blind })).rejects.toMatchObject({
    code: "mapping_unfit",
    place: { file: "syncs/s.yaml", path: ["concurrency"] },
  });
});
