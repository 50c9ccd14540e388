import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { beforeEach, expect, test } from "vitest";
import { outside, people } from "../../test/model.ts";
import { useSyncedWorld } from "../../test/synced-world.ts";
import { firstChanges, openChanges } from "./changes.ts";
import { openDuck, parquetRows, text } from "./duck.ts";
import { exportRejected, rejectedRows } from "./rejected.ts";

/** A plan that was looked at, and then applied: what has moved meanwhile is held back and told, and nothing else is sent. */

const synced = useSyncedWorld();
const row = (id: string, name = `Name ${id}`) => ({ id, code: `C${id}`, name });
const record = (code: string) => [...synced.world.crm.values()].find((r) => r.values.code === code)!.id;
const names = () =>
  Object.fromEntries([...synced.world.crm.values()].map(({ values }) => [values.code, values.name ?? null]));
const held = async () => {
  const folder = join(synced.file("job.json"), "..");
  const rows = await rejectedRows([{ sync: "s", run: "r", folder }], {}, 100);
  return Object.fromEntries(rows.map(({ key, code }) => [key, code]));
};

beforeEach(() => {
  synced.settings = { onLeave: "deactivate" };
  synced.world.source = ["1", "2", "3", "4", "5", "6"].map((id) => row(id));
});

test("the source moves, a person edits, deletes and makes a record: only what still is as planned is sent", async () => {
  await synced.run();
  const [, ...others] = synced.world.source;
  synced.world.source = [...others.map(({ id }) => row(id!, `New ${id}`)), row("7"), row("8")];
  const apply = await synced.plan();
  synced.world.source = [
    row("1"),
    row("2", "Newer"),
    ...["3", "4", "6"].map((id) => row(id, `New ${id}`)),
    row("7"),
    row("8", "Other"),
    row("9"),
  ];
  people.edit(synced.world, record("C3"), { name: "By hand" });
  people.remove(synced.world, record("C4"));
  // 1 is back, 2 is to be another, 3 was edited, 4 is gone, 5 left, 8 is to be another, 9 is new; 6 and 7 stand.
  expect(await synced.run({ apply })).toMatchObject({ received: 9, created: 1, updated: 1, excluded: 7, unchanged: 0 });
  expect(names()).toEqual({
    ...{ C1: "Name 1", C2: "Name 2", C3: "By hand", C5: "Name 5", C6: "New 6", C7: "Name 7" },
  });
  expect(await held()).toEqual({
    ...{ 1: "moved", 2: "moved", 3: "moved", 4: "deleted_there", 5: "moved", 8: "moved", 9: "not_planned" },
  });
  expect(await synced.run()).toMatchObject({ created: 2, excluded: 1, rejected: 0 });
  expect(names()).toMatchObject({ C2: "Newer", C3: "New 3", C8: "Other", C9: "Name 9" });
  expect((await synced.run()).writes).toBe(0);
});

test("memberships, too; a plan that another run has done meanwhile has nothing left to send", async () => {
  synced.settings = { audiences: { fans: { list: "fans" } } };
  synced.world.lists.set("fans", new Set());
  synced.world.audiences.fans = new Set(["1", "2"]);
  await synced.run();
  synced.world.audiences.fans = new Set(["2", "3", "4"]);
  const first = await synced.plan();
  const second = await synced.plan();
  synced.world.audiences.fans = new Set(["2", "3", "5"]);
  expect(await synced.run({ apply: first })).toMatchObject({ updated: 2, excluded: 2, writes: 2 });
  const listed = () => [...synced.world.lists.get("fans")!].map((id) => synced.world.crm.get(id)!.values.code).sort();
  expect(listed()).toEqual(["C2", "C3"]);
  await synced.run();
  expect(listed()).toEqual(["C2", "C3", "C5"]);
  expect(await synced.run({ apply: second })).toMatchObject({ writes: 0, excluded: 3 });
  expect((await synced.run()).writes).toBe(0);
});

test.each([
  ["delete", {}],
  ["delete", { mirror: "touched" }],
  ["deactivate", {}],
  ["deactivate", { mirror: "touched" }],
])("a record that was edited after the plan is not taken out of use unseen (%s, %j)", async (onLeave, mirror) => {
  synced.settings = { onLeave, allowDelete: onLeave === "delete", ...mirror };
  await synced.run();
  people.edit(synced.world, record("C4"), { name: "Before the plan" });
  const [c1, c2, c3, c4] = ["C1", "C2", "C3", "C4"].map(record) as [string, string, string, string];
  const inUse = () => {
    const there = ["C1", "C2", "C3", "C4"].filter((code) => code in names());
    return there.filter((code) => synced.world.crm.get(record(code))!.values.statecode !== "1");
  };
  synced.world.source = [row("5"), row("6")];
  const apply = await synced.plan();
  people.edit(synced.world, c1, { name: "By hand" });
  people.edit(synced.world, c2, { vip: "yes" });
  people.edit(synced.world, c3, { name: "By hand" });
  people.edit(synced.world, c3, { name: "Name 3" });
  const { writes } = synced.world;
  await expect(synced.run({ apply: { ...apply, maxMoved: 0.2 } })).rejects.toMatchObject({
    code: "plan_moved",
    message: `1 of the 4 rows of the plan ${apply.plan} would be changed otherwise now, such as 1; at most 20 % may.`,
  });
  expect(synced.world.writes).toBe(writes);
  const counts = await synced.run({ apply });
  expect(counts).toMatchObject({ excluded: 1, [onLeave === "delete" ? "deleted" : "updated"]: 3, writes: 3 });
  expect(await held()).toEqual({ 1: "moved" });
  expect(inUse()).toEqual(["C1"]);
  expect(synced.world.crm.get(c1)!.values.name).toBe("By hand");
  expect(synced.world.crm.has(c4)).toBe(onLeave !== "delete");
  expect(await synced.run()).toMatchObject({ writes: 1 });
  expect(inUse()).toEqual([]);
  expect((await synced.run()).writes).toBe(0);
});

test.each(["delete", "deactivate"])(
  "where nothing is read of what a record holds, who leaves goes as planned (%s)",
  async (onLeave) => {
    synced.settings = { onLeave, allowDelete: onLeave === "delete", mirror: "none" };
    await synced.run();
    synced.world.source = [row("1"), row("2"), row("3")];
    const apply = await synced.plan();
    people.edit(synced.world, record("C5"), { name: "By hand" });
    expect(await synced.run({ apply })).toMatchObject({ excluded: 0, writes: 3 });
  },
);

test.each([
  ["delete", "unsent"],
  ["deactivate", "unsent"],
  ["deactivate", "lost"],
] as const)(
  "of a run that was broken off, too, whoever was edited stays; a state it may have set is set again (%s, %s)",
  async (onLeave, fault) => {
    const mapping = { code: "code", name: "name", statecode: { value: "Active" } };
    synced.settings = { onLeave, allowDelete: onLeave === "delete", mapping };
    await synced.run();
    synced.world.source = [row("1"), row("2"), row("3")];
    synced.world.fault = () => fault;
    await synced.run();
    synced.world.fault = () => "none";
    const begun = { plan: synced.last(), folder: join(synced.folder, "runs", synced.last()), maxMoved: 1 };
    people.edit(synced.world, record("C5"), { name: "By hand" });
    expect(await synced.run({ apply: begun })).toMatchObject({ excluded: 1, writes: 2 });
    expect(await held()).toEqual({ 5: "moved" });
  },
);

test("a plan of an older Sluice, which does not tell what a record held that it deactivates, is applied without", async () => {
  await synced.run();
  synced.world.source = [row("1"), row("2"), row("3")];
  const apply = await synced.plan();
  const file = join(apply.folder, "change-3-deactivate.parquet");
  const duck = await openDuck({ memoryLimit: "100MB", temp: synced.folder });
  await duck.run(`CREATE TABLE older AS SELECT key, id, kind, m, c_statecode, c_statuscode FROM ${parquetRows(file)}`);
  await duck.run(`COPY older TO ${text(file)} (FORMAT parquet)`);
  await duck.close();
  people.edit(synced.world, record("C5"), { name: "By hand" });
  expect(await synced.run({ apply })).toMatchObject({ excluded: 0, updated: 3 });
});

test("too much has moved, or the plan means something else now: nothing is sent, and the plan can still be applied", async () => {
  await synced.run();
  synced.world.source = ["1", "2", "3", "4", "5", "6"].map((id) => row(id, `New ${id}`));
  const apply = await synced.plan(0.3);
  people.edit(synced.world, record("C1"), { name: "By hand" });
  people.edit(synced.world, record("C2"), { name: "By hand" });
  const { writes } = synced.world;
  await expect(synced.run({ apply })).rejects.toMatchObject({
    code: "plan_moved",
    message: `2 of the 6 rows of the plan ${apply.plan} would be changed otherwise now, such as 1, 2; at most 30 % may.`,
  });
  const settings = synced.settings;
  synced.settings = { ...settings, mapping: { code: "code", name: { from: "name", empty: "skip" } } };
  await expect(synced.run({ apply })).rejects.toMatchObject({ code: "plan_outdated" });
  synced.settings = settings;
  await expect(synced.run({ apply, into: outside() })).rejects.toMatchObject({ code: "plan_elsewhere" });
  expect(synced.world.writes).toBe(writes);
  expect(await synced.run({ apply: { ...apply, maxMoved: 0.34 } })).toMatchObject({ updated: 4, excluded: 2 });
  expect(JSON.parse(readFileSync(join(apply.folder, "applied.json"), "utf8"))).toMatchObject({ run: synced.last() });
});

const id = fc.constantFrom("1", "2", "3", "4", "5", "6", "7");
const name = fc.constantFrom("Ada", "ada", "Ben", "Zoë", "", "a name longer than twenty characters");
const step = fc.oneof(
  fc.record({ does: fc.constant("source" as const), id, name }),
  fc.record({ does: fc.constant("leave" as const), id }),
  fc.record({ does: fc.constant("fan" as const), id }),
  fc.record({ does: fc.constant("edit" as const), id, name }),
  fc.record({ does: fc.constant("remove" as const), id }),
  fc.record({ does: fc.constant("make" as const), id, name }),
  fc.record({ does: fc.constant("run" as const) }),
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

async function take(one: Step): Promise<void> {
  const { world } = synced;
  const there = "id" in one ? [...world.crm.values()].find((r) => r.values.code === `C${one.id}`)?.id : undefined;
  if (one.does === "run") await synced.run();
  // The last one stays: an empty source would be for a guard to stop.
  else if (one.does === "leave" && world.source.length > 1) world.source = world.source.filter((r) => r.id !== one.id);
  else if (one.does === "source")
    world.source = [...world.source.filter((r) => r.id !== one.id), { ...row(one.id), name: one.name || null }];
  else if (one.does === "fan")
    world.audiences.fans!.has(one.id) ? world.audiences.fans!.delete(one.id) : world.audiences.fans!.add(one.id);
  else if (one.does === "edit" && there) people.edit(world, there, { name: one.name || null });
  else if (one.does === "remove" && there) people.remove(world, there);
  else if (one.does === "make" && !there) people.create(world, { code: `C${one.id}`, name: one.name || null });
}

/** What the CRM holds, as flat facts. */
const facts = () => {
  const all = new Set<string>();
  for (const { id: of, values } of synced.world.crm.values())
    for (const [column, value] of Object.entries(values)) all.add(`${of} ${column} ${value ?? null}`);
  for (const member of synced.world.lists.get("fans")!) all.add(`${member} fans member`);
  return all;
};

test("whatever happens in between, nothing is written that the plan does not have, and nothing is lost", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 4 }), fc.array(step, { maxLength: 5 }), async (before, between) => {
      const fresh = outside();
      Object.assign(synced.world, { source: [], audiences: { fans: new Set(["1"]) }, crm: fresh.crm, log: [] });
      synced.settings = { onLeave: "clear", deletedThere: "unlink", audiences: { fans: { list: "fans" } } };
      synced.world.lists = new Map([["fans", new Set()]]);
      synced.begin();
      for (const one of before) await take(one);
      const apply = await synced.plan();
      const opened = await openChanges(apply.folder, {});
      const { changes } = await firstChanges(opened, 1000);
      await opened.close();
      const planned = new Set(
        changes.flatMap((c) => c.columns.map(({ column, new: now }) => `${c.key} ${column} ${now}`)),
      );
      for (const one of between) await take(one);
      const was = facts();
      await synced.run({ apply });
      for (const fact of facts()) {
        if (was.has(fact)) continue;
        const [of, ...rest] = fact.split(" ");
        const key = synced.world.crm.get(of!)!.values.code!.slice(1);
        expect(planned, `${fact} is in no plan`).toContain(`${key} ${rest.join(" ")}`);
      }
      await synced.run();
      expect((await synced.run()).writes).toBe(0);
      const crm = names();
      for (const each of synced.world.source)
        if ((each.name ?? "").length <= 20) expect(crm[each.code!], each.id!).toBe(each.name);
    }),
    { numRuns: Number(process.env.RUNS ?? 4) },
  );
}, 1_000_000);

test("rows held back can be exported with the reason", async () => {
  await synced.run();
  synced.world.source = [row("1", "New"), row("2", "New")];
  const apply = await synced.plan();
  people.edit(synced.world, record("C1"), { name: "By hand" });
  await synced.run({ apply });
  const folder = join(synced.file("job.json"), "..");
  expect(await exportRejected([{ sync: "s", run: "r", folder }], { code: "moved" }, join(synced.folder, "x.csv"))).toBe(
    1,
  );
});

test("rows that left after the plan was made are held back, and count as leaving when the next run looks at them", async () => {
  synced.world.source = Array.from({ length: 30 }, (_, i) => row(String(i + 1)));
  await synced.run();
  synced.approved = [];
  synced.world.source = synced.world.source.map(({ id }) => row(id!, id === "1" ? "New 1" : undefined));
  const apply = await synced.plan();
  synced.world.source = synced.world.source.slice(0, 10);
  expect(await synced.run({ apply })).toMatchObject({ updated: 1, excluded: 20, writes: 1 });
  await expect(synced.run()).rejects.toMatchObject({ code: "too_many_leaves" });
  await expect(synced.run()).rejects.toMatchObject({ code: "too_many_leaves" });
  synced.approved = ["too_many_leaves"];
  expect(await synced.run()).toMatchObject({ received: 30, updated: 20, unchanged: 10 });
  expect(await synced.run()).toMatchObject({ received: 10, unchanged: 10, writes: 0 });
});

test("a plan of a Sluice that named its columns otherwise is not applied", async () => {
  synced.world.source = [row("1")];
  const apply = await synced.plan();
  const job = join(apply.folder, "job.json");
  writeFileSync(job, readFileSync(job, "utf8").replace('"c_name"', '"c_name:table"'));
  await expect(synced.run({ apply })).rejects.toMatchObject({ code: "plan_outdated" });
  expect(await synced.run()).toMatchObject({ created: 1, writes: 1 });
});
