import { expect, test } from "vitest";
import { peopleSync, type Ran, type SourceRow, useWorkbench } from "../workbench.ts";

/** A row that waits goes by another key by now: whoever sends only what waits again does nothing to its record. */

const bench = useWorkbench();
const person = (n: number, more: SourceRow = {}): SourceRow => ({
  id: `${n}`,
  code: `C${n}`,
  badge: `B${n}`,
  name: `Name ${n}`,
  email: `${n}@example.com`,
  vip: "yes",
  ...more,
});
const long = "x".repeat(60);
const renamed = person(44, { code: "C4", email: "4@example.com", name: "Mended" });
const three = [person(1), person(2), person(3)];

/** Four people are there, and the fourth waits: its name is too long. */
const waiting = async (more: Record<string, unknown>) => {
  await bench.begin({
    "syncs/people.yaml": peopleSync({
      mapping: { externaluseridentifier: "code" },
      ...(more.onLeave === "delete" && { allowDelete: true }),
      ...more,
    }),
    "audiences/vip.yaml": "model: people\nwhere: vip = 'yes'\n",
  });
  bench.source("people", [...three, person(4)]);
  await bench.run();
  bench.source("people", [...three, person(4, { name: long })]);
  expect(await bench.run()).toMatchObject({ rejected: 1, unchanged: 3 });
};

const people = async () => {
  const rows = await bench.rows("contact");
  return rows
    .map((row) => `${row.contactid} ${row.externaluseridentifier} ${row.statecode} ${row.emailaddress1}`)
    .sort();
};

/** Of what waits so much is sent again. */
const which: Record<string, () => Promise<Ran>> = {
  all: () => bench.resend({ sync: "people", all: true }),
  code: () => bench.resend({ sync: "people", code: "too_long" }),
  column: () => bench.resend({ sync: "people", column: "lastname" }),
  key: () => bench.resend({ sync: "people", keys: ["4"] }),
};
const ways = ["delete", "deactivate", "clear"];

test.each([
  ...ways.flatMap((onLeave) => ["all", "touched", "none"].map((mirror) => ({ onLeave, mirror, by: "all" }))),
  ...["code", "column", "key"].map((by) => ({ onLeave: "delete", mirror: "all", by })),
])("its record waits for the whole run, which goes on with it ($onLeave, mirror $mirror, sent by $by)", async (one) => {
  await waiting({ onLeave: one.onLeave, mirror: one.mirror });
  const before = await people();
  bench.source("people", [...three, renamed]);
  const held = { received: 1, excluded: 1, deleted: 0, updated: 0, writes: 0 };
  const resent = await which[one.by]!();
  expect(resent).toMatchObject(held);
  expect(resent.problems).toMatchObject([
    { key: "4", code: "still_wanted", message: expect.stringContaining("the row 44") },
  ]);
  expect(await people()).toEqual(before);
  // Nor does it leave when it is asked for anew.
  expect(await which.all!()).toMatchObject(held);

  const done = await bench.run();
  expect(done).toMatchObject({ received: 4, created: 0, updated: 1, unchanged: 3, excluded: 0, writes: 1 });
  expect(await people()).toEqual(before);
  expect((await bench.rows("contact")).map((row) => row.lastname)).toContain("Mended");
  expect(await bench.run()).toMatchObject({ received: 4, unchanged: 4, writes: 0 });
});

test.each([...ways.map((onLeave) => [onLeave, "all"]), ["delete", "touched"]])(
  "the model has another key column (%s, mirror %s)",
  async (onLeave, mirror) => {
    await waiting({ onLeave, mirror, leaveLimit: "100 %" });
    const before = await people();
    bench.write("models/people.yaml", "connection: data\ntable: people\nkey: badge\n");
    bench.source("people", [...three, person(4, { name: "Mended" })]);
    expect(await which.all!()).toMatchObject({ received: 1, excluded: 1, writes: 0 });
    expect(await people()).toEqual(before);
    const done = await bench.run();
    expect(done).toMatchObject({ received: 4, created: 0, updated: 1, unchanged: 3, deleted: 0 });
    expect(await people()).toEqual(before);
    expect(await bench.run()).toMatchObject({ received: 4, unchanged: 4, writes: 0 });
  },
);

test.each(ways)("whoever has left leaves, though others came meanwhile (%s)", async (onLeave) => {
  await waiting({ onLeave });
  bench.source("people", [...three, person(5), person(6, { code: null })]);
  const outcome = onLeave === "delete" ? "deleted" : "updated";
  expect(await which.all!()).toMatchObject({ received: 1, excluded: 0, writes: 1, [outcome]: 1 });
  expect(await bench.run()).toMatchObject({ received: 5, created: 1, unchanged: 3, excluded: 1, writes: 1 });
});

test("the newcomer goes by another value in the end: the row that left leaves in the whole run, and a guard counts it", async () => {
  await waiting({ onLeave: "delete", leaveLimit: "0 %" });
  bench.source("people", [...three, person(44, { code: "C4", name: long })]);
  expect(await which.all!()).toMatchObject({ excluded: 1, writes: 0 });
  // It cannot go, so that the record is still spared.
  expect(await bench.run()).toMatchObject({ received: 4, rejected: 1, unchanged: 3, writes: 0 });
  bench.source("people", [...three, person(44)]);
  await expect(bench.run()).rejects.toMatchObject({ code: "too_many_leaves" });
  expect(await bench.approve("too_many_leaves", "too_many_deletes")).toMatchObject({ created: 1, deleted: 1 });
  expect(await bench.run()).toMatchObject({ received: 4, unchanged: 4, writes: 0 });
});

test("what is there by another key is in its audiences all the time", async () => {
  await waiting({ onLeave: "nothing" });
  const list = await bench.person("POST", "lists", { listname: "VIP", createdfromcode: 2, type: false });
  const members = async () =>
    ((await bench.person("GET", `lists(${list.listid})/listcontact_association`)).value as unknown[]).length;
  bench.write(
    "syncs/people.yaml",
    peopleSync({ mapping: { externaluseridentifier: "code" }, audiences: { vip: { list: "VIP" } } }),
  );
  await bench.run();
  expect(await members()).toBe(4);
  bench.source("people", [...three, renamed]);
  expect(await which.all!()).toMatchObject({ received: 1, excluded: 1, writes: 0 });
  expect(await members()).toBe(4);
  expect(await bench.run()).toMatchObject({ received: 4, updated: 1, unchanged: 3, writes: 1 });
  expect(await members()).toBe(4);
  expect(await bench.run()).toMatchObject({ received: 4, unchanged: 4, writes: 0 });
});

test("a person accepts the row as it is: nothing happens to the record, and the next run goes on with it", async () => {
  await waiting({ onLeave: "delete" });
  const before = await people();
  bench.source("people", [...three, renamed]);
  const skipped = await bench.resolve({ run: bench.latest(), how: "skip" });
  expect(skipped).toMatchObject({ received: 1, excluded: 1, writes: 0 });
  expect(await bench.run()).toMatchObject({ created: 0, updated: 1, unchanged: 3, deleted: 0 });
  expect(await people()).toEqual(before);
  expect(await bench.run()).toMatchObject({ received: 4, unchanged: 4, writes: 0 });
});

test.each(["all", "touched"])(
  "a record is not deleted with that of such a row below it either (%s)",
  async (mirror) => {
    const boss = { object: "contact", by: "externaluseridentifier", missing: "null" };
    const mapping = { externaluseridentifier: "code", parentcustomerid: { from: "boss", lookup: boss } };
    await bench.begin({ "syncs/people.yaml": peopleSync({ mapping, onLeave: "delete", allowDelete: true, mirror }) });
    const under = (n: number, more: SourceRow = {}) => person(n, { boss: null, ...more });
    bench.source("people", [under(1), under(2)]);
    await bench.run();
    bench.source("people", [under(1), under(2, { name: long })]);
    await bench.run();
    const above = (await bench.rows("contact")).find((row) => row.externaluseridentifier === "C2")!;
    const of = `/contacts(${above.contactid})`;
    await bench.person("POST", "contacts", { externaluseridentifier: "C3", "parentcustomerid_contact@odata.bind": of });
    bench.source("people", [under(1), under(3)]);
    for (const send of [which.all!, which.all!, bench.run]) {
      const held = await send();
      expect(held).toMatchObject({ deleted: 0, excluded: 1, created: 0 });
      expect(held.problems).toMatchObject([{ key: "2", code: "still_referenced" }]);
    }
    expect(await bench.rows("contact")).toHaveLength(3);
  },
);
