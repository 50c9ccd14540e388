import { expect, test } from "vitest";
import { peopleSync, type SourceRow, useWorkbench } from "../workbench.ts";

/** Audiences of nobody and of everybody, lists that vanish, and how many may leave. */

const bench = useWorkbench();
const people = (count: number, vip: (n: number) => boolean): SourceRow[] =>
  Array.from({ length: count }, (_, n) => ({ id: `${n}`, name: `N${n}`, email: null, vip: vip(n) ? "yes" : "no" }));
const begin = async (more = {}) => {
  await bench.begin({
    "syncs/people.yaml": peopleSync({ audiences: { vip: { list: "VIP" } }, ...more }),
    "audiences/vip.yaml": "model: people\nwhere: vip = 'yes'\n",
  });
  return makeList();
};
const makeList = async () => {
  const list = await bench.person("POST", "lists", { listname: "VIP", createdfromcode: 2, type: false });
  return String(list.listid);
};
const count = async (list: string) => {
  const { value } = await bench.person("GET", `lists(${list})/listcontact_association?$select=contactid`);
  return (value as unknown[]).length;
};

test("an audience of nobody, then of everybody, then of nobody again: the last only when it may", async () => {
  const list = await begin();
  bench.source(
    "people",
    people(30, () => false),
  );
  expect(await bench.run()).toMatchObject({ created: 30, writes: 30 });
  bench.source(
    "people",
    people(30, () => true),
  );
  expect(await bench.run()).toMatchObject({ updated: 30, writes: 30 });
  expect(await count(list)).toBe(30);
  bench.source(
    "people",
    people(30, () => false),
  );
  await expect(bench.run()).rejects.toMatchObject({ code: "audience_empty" });
  for (const writes of [30, 0])
    expect(await bench.approve("audience_empty", "too_many_leaves")).toMatchObject({ updated: writes, writes });
  expect(await count(list)).toBe(0);
});

test("a leave limit of nothing lets nobody out, one of all lets all but the last", async () => {
  const list = await begin({ leaveLimit: 0 });
  bench.source(
    "people",
    people(30, () => true),
  );
  await bench.run();
  bench.source(
    "people",
    people(30, (n) => n > 0),
  );
  const message = expect.stringContaining(
    "1 of 30 known rows would leave (1 taken out of an audience); this sync lets 0",
  );
  await expect(bench.run()).rejects.toMatchObject({ code: "too_many_leaves", message });
  bench.write("syncs/people.yaml", peopleSync({ audiences: { vip: { list: "VIP" } }, leaveLimit: "100 %" }));
  bench.source(
    "people",
    people(30, (n) => n === 29),
  );
  expect(await bench.run()).toMatchObject({ updated: 29, unchanged: 1, writes: 29 });
  expect(await count(list)).toBe(1);
});

test("a list that was deleted stops the sync; one of the same name made anew is filled", async () => {
  const list = await begin();
  bench.source(
    "people",
    people(5, () => true),
  );
  await bench.run();
  await bench.person("DELETE", `lists(${list})`);
  await expect(bench.run()).rejects.toMatchObject({ code: "mapping_unfit" });
  const again = await makeList();
  expect(await bench.run()).toMatchObject({ updated: 5, writes: 5 });
  expect(await count(again)).toBe(5);
  expect(await bench.run()).toMatchObject({ unchanged: 5, writes: 0 });
});
