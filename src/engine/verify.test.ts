import { expect, test } from "vitest";
import { people } from "../../test/model.ts";
import { useSyncedWorld } from "../../test/synced-world.ts";
import type { JobResult } from "./job.ts";

/** What no run will ever put right, because nothing is wrong with it, is no difference. */

const synced = useSyncedWorld();
const row = (id: string, code: string) => ({ id, code, name: `N${id}` });
const idOf = (code: string) => [...synced.world.crm.values()].find((r) => r.values.code === code)!.id;
const verified = async () => {
  const { report } = (await synced.other("verify")) as Extract<JobResult, { kind: "verify" }>;
  return report;
};

test("a record that somebody deleted after its row had left", async () => {
  synced.settings = { mapping: { code: "code", name: "name", amount: { value: "5" } } };
  synced.world.source = [row("1", "A"), row("2", "B")];
  await synced.run();
  synced.world.source.pop();
  await synced.run();
  expect(await verified()).toMatchObject({ linked: 2, checked: 2, differences: 0 });
  people.remove(synced.world, idOf("B"));
  const report = await verified();
  expect(report).toMatchObject({ differences: 0, rows: [] });
  expect(report.columns.find((c) => c.column === "amount")).toMatchObject({ sum: { here: "5", there: "5" } });
  await synced.run();
  expect(await verified()).toMatchObject({ differences: 0 });
  // Of a row that is there it is one.
  people.remove(synced.world, idOf("A"));
  expect(await verified()).toMatchObject({ differences: 1, rows: [{ kind: "gone", key: "1" }] });
});

/** Two rows, of which the second leaves; a person makes the same of both records. */
async function leftAndEdited(settings: Record<string, unknown>) {
  const mapping = { code: "code", name: "name", statecode: { value: "Active" } };
  synced.settings = { mapping, audiences: { "vip people": "vip" }, ...settings };
  synced.world.source = [row("1", "A"), row("2", "B")];
  synced.world.audiences = { "vip people": new Set(["1", "2"]) };
  await synced.run();
  synced.world.source.pop();
  synced.world.audiences["vip people"]!.delete("2");
  await synced.run();
  const edits = { name: "By hand", statecode: "1", vip: "by hand" };
  for (const code of ["A", "B"]) people.edit(synced.world, idOf(code), edits);
  return edits;
}
const told = (report: Awaited<ReturnType<typeof verified>>) => report.rows.map(({ key, column }) => `${key} ${column}`);

test.each(["nothing", "clear", "deactivate"])(
  "what people make of a record whose row has left, with `onLeave: %s`: the next run leaves it, too",
  async (onLeave) => {
    const edits = await leftAndEdited({ onLeave });
    const report = await verified();
    expect(report).toMatchObject({ checked: 2, differences: 1 });
    expect(told(report)).toEqual(["1 name", "1 statecode", "1 vip"]);
    expect(await synced.run()).toMatchObject({ updated: 1, writes: 2 });
    expect(synced.world.crm.get(idOf("A"))?.values).toMatchObject({ name: "N1", statecode: "0", vip: "realized" });
    expect(synced.world.crm.get(idOf("B"))?.values).toMatchObject(edits);
    expect(await verified()).toMatchObject({ differences: 0, rows: [] });
  },
);

test.each([
  ["nothing", { vip: null }, ["2 vip"], { vip: "exited", name: "By hand" }],
  ["clear", { name: null }, ["2 name", "2 vip"], { vip: "exited", name: null }],
  ["deactivate", { vip: null }, ["2 vip"], { vip: "exited", name: "By hand" }],
])(
  "of a record whose leaving was refused, with `onLeave: %s`, what is still to be written is one",
  async (onLeave, refused, differ, becomes) => {
    const [column] = Object.keys(refused);
    synced.world.refuses = (values) => column! in values && [null, "exited"].includes(values[column!]!);
    await leftAndEdited({ onLeave, mapping: { code: "code", name: "name" } });
    people.edit(synced.world, idOf("A"), { name: "N1", vip: "realized" });
    expect(told(await verified())).toEqual(differ);
    synced.world.refuses = () => false;
    for (const _ of [1, 2]) await synced.run();
    expect(synced.world.crm.get(idOf("B"))?.values).toMatchObject(becomes);
    expect(await verified()).toMatchObject({ differences: 0, rows: [] });
  },
);

test("what people make of a record that we were not let delete", async () => {
  synced.world.keeps = () => true;
  await leftAndEdited({ onLeave: "delete", allowDelete: true });
  expect(told(await verified())).toEqual(["1 name", "1 statecode", "1 vip"]);
});

test("the state of a record that was put to rest as its row left, where the state is mapped", async () => {
  synced.settings = {
    onLeave: "deactivate",
    mapping: { code: "code", name: "name", statecode: { value: "Active" } },
  };
  synced.world.source = [row("1", "A"), row("2", "B")];
  await synced.run();
  synced.world.source.pop();
  await synced.run();
  expect(synced.world.crm.get(idOf("B"))?.values.statecode).toBe("1");
  expect(await verified()).toMatchObject({ checked: 2, differences: 0, rows: [] });
  people.edit(synced.world, idOf("A"), { statecode: "1" });
  expect((await verified()).rows).toMatchObject([{ kind: "differs", key: "1", column: "statecode" }]);
});
