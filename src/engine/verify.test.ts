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

test("what people make of a record that the sync let go as its row left", async () => {
  synced.settings = { onLeave: "nothing" };
  synced.world.source = [row("1", "A"), row("2", "B")];
  await synced.run();
  synced.world.source.pop();
  await synced.run();
  people.edit(synced.world, idOf("B"), { name: "By hand" });
  expect(await verified()).toMatchObject({ checked: 2, differences: 0, rows: [] });
  people.edit(synced.world, idOf("A"), { name: "By hand" });
  expect(await verified()).toMatchObject({ differences: 1, rows: [{ kind: "differs", key: "1" }] });
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
  people.edit(synced.world, idOf("B"), { name: "By hand" });
  expect((await verified()).rows).toMatchObject([
    { kind: "differs", key: "1", column: "statecode" },
    { kind: "differs", key: "2", column: "name" },
  ]);
});
