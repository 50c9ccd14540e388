import { expect, test } from "vitest";
import { peopleSync, useWorkbench } from "../workbench.ts";

/** Rows that go from the source: what happens to their records, and how they come back. */

const bench = useWorkbench();
const columns = [{ name: "new_Vip", title: "VIP", type: "text" as const, maxLength: 20 }];
const person = (id: string, more = {}) => ({
  id,
  number: `N${id}`,
  name: `Name ${id}`,
  email: `${id}@example.com`,
  vip: "yes",
  ...more,
});
const start = (more: Record<string, unknown>) =>
  bench.begin(
    {
      "syncs/people.yaml": peopleSync({
        mapping: { externaluseridentifier: "number" },
        audiences: { vip: "new_vip" },
        ...more,
      }),
      "audiences/vip.yaml": "model: people\nwhere: vip = 'yes'\n",
    },
    { columns },
  );
const record = async (number: string) =>
  (await bench.rows("contact")).find((row) => row.externaluseridentifier === number)!;

test("a row that left exits its audiences and nothing else; when it comes back it finds its record", async () => {
  await start({});
  bench.source("people", [person("1"), person("2"), person("3", { vip: "no" })]);
  await bench.run();
  bench.source("people", [person("2")]);
  const { totals } = await bench.plan();
  expect(totals).toMatchObject({ received: 2, update: 1, unchanged: 1 });
  const left = await bench.run();
  expect(left).toMatchObject({ received: 2, updated: 1, unchanged: 1, writes: 1 });
  expect(left.sent).toEqual([{ contactid: (await record("N1")).contactid, new_vip: "exited" }]);
  expect(await record("N1")).toMatchObject({ lastname: "Name 1", statecode: 0 });
  expect(await record("N3")).not.toHaveProperty("new_vip");
  expect(await bench.run()).toMatchObject({ received: 1, unchanged: 1, writes: 0 });

  bench.source("people", [person("1", { name: "Back" }), person("2")]);
  const back = await bench.run();
  expect(back).toMatchObject({ received: 2, created: 0, updated: 1, unchanged: 1, writes: 1 });
  expect(await record("N1")).toMatchObject({ lastname: "Back", new_vip: "realized" });
  expect(await bench.run()).toMatchObject({ unchanged: 2, writes: 0 });
});

test("leaving an audience alone writes `exited`; who was never in it gets no status", async () => {
  await start({});
  bench.source("people", [person("1"), person("2", { vip: "no" }), person("3")]);
  await bench.run();
  bench.source("people", [person("1", { vip: "no" }), person("2", { vip: "no" }), person("3")]);
  expect(await bench.run()).toMatchObject({ updated: 1, unchanged: 2, writes: 1 });
  expect(await record("N1")).toMatchObject({ new_vip: "exited" });
  expect(await record("N2")).not.toHaveProperty("new_vip");
});

test("`onLeave: clear` empties the mapped columns but not what the record is known by", async () => {
  await start({ onLeave: "clear" });
  bench.source("people", [person("1"), person("2")]);
  await bench.run();
  bench.source("people", [person("2")]);
  expect(await bench.run()).toMatchObject({ received: 2, updated: 1, writes: 1 });
  const one = await record("N1");
  expect(one).toMatchObject({ new_vip: "exited", externaluseridentifier: "N1" });
  expect(one).not.toHaveProperty("emailaddress1");
  expect(await bench.run()).toMatchObject({ received: 1, writes: 0 });
  bench.source("people", [person("1"), person("2")]);
  expect(await bench.run()).toMatchObject({ updated: 1, created: 0, writes: 1 });
  expect(await record("N1")).toMatchObject({ lastname: "Name 1", emailaddress1: "1@example.com", new_vip: "realized" });
});

test("`onLeave: clear` leaves what is never empty as it is: an owner, a state, a yes or no that a record must have", async () => {
  await bench.begin({
    "syncs/people.yaml": JSON.stringify({
      model: "people",
      to: "crm",
      object: "list",
      match: "listname",
      onLeave: "clear",
      mapping: {
        listname: "name",
        createdfromcode: { value: 2, write: "on create" },
        type: "dynamic",
        ownerid: "owner",
        statuscode: "status",
        purpose: "email",
      },
    }),
  });
  const [user] = await bench.rows("systemuser");
  const list = (id: string) => ({
    ...{ id, name: `List ${id}`, email: "mail", dynamic: "yes" },
    ...{ owner: String(user!.domainname), status: "Inactive" },
  });
  bench.source("people", [list("1"), list("2")]);
  expect(await bench.run()).toMatchObject({ created: 2 });
  bench.source("people", [list("2")]);
  expect((await bench.plan()).totals).toMatchObject({ update: 1, unchanged: 1 });
  expect(await bench.run()).toMatchObject({ received: 2, updated: 1, unchanged: 1, rejected: 0, writes: 1 });
  const lists = (await bench.rows("list")).toSorted((a, b) => (String(a.listname) < String(b.listname) ? -1 : 1));
  expect(lists).toMatchObject([
    { listname: "List 1", type: true, _ownerid_value: user!.systemuserid, statecode: 1 },
    { listname: "List 2", purpose: "mail" },
  ]);
  expect(lists[0]).not.toHaveProperty("purpose");
  expect(await bench.run()).toMatchObject({ received: 1, unchanged: 1, writes: 0 });
});

test("`onLeave: deactivate` deactivates the record, once, and activates it when its row comes back", async () => {
  await start({ onLeave: "deactivate" });
  bench.source("people", [person("1"), person("2")]);
  await bench.run();
  bench.source("people", [person("2")]);
  expect(await bench.run()).toMatchObject({ received: 2, updated: 1, failed: 0, rejected: 0 });
  expect(await record("N1")).toMatchObject({ statecode: 1, new_vip: "exited" });
  expect(await bench.run()).toMatchObject({ received: 1, unchanged: 1, writes: 0 });

  bench.source("people", [person("1"), person("2")]);
  expect((await bench.plan()).totals).toMatchObject({ received: 2, update: 1, unchanged: 1 });
  expect(await bench.run()).toMatchObject({ received: 2, updated: 1, unchanged: 1, failed: 0 });
  expect(await record("N1")).toMatchObject({ statecode: 0, new_vip: "realized" });
  expect(await bench.run()).toMatchObject({ unchanged: 2, writes: 0 });
});

test("a changed source key with the same match value finds its record again", async () => {
  await start({ onLeave: "clear" });
  bench.source("people", [person("1"), person("2")]);
  await bench.run();
  bench.source("people", [{ ...person("1"), id: "1-new" }, person("2")]);
  const { totals } = await bench.plan();
  expect(totals).toMatchObject({ received: 2, adopt: 1, unchanged: 1, update: 0, create: 0 });
  const moved = await bench.run();
  expect(moved).toMatchObject({ received: 2, created: 0, unchanged: 2, writes: 0 });
  bench.source("people", [{ ...person("1"), id: "1-new", name: "Changed" }, person("2")]);
  expect(await bench.run()).toMatchObject({ updated: 1, unchanged: 1, writes: 1 });
  expect(await bench.rows("contact")).toHaveLength(2);
});

test("an empty source stops the run before any write; an empty one that never had rows is no error", async () => {
  await start({ onLeave: "clear" });
  const header = "id,number,name,email,vip\n";
  bench.write("data/people.csv", header);
  expect(await bench.run()).toMatchObject({ received: 0, writes: 0 });
  bench.source("people", [person("1"), person("2")]);
  await bench.run();
  bench.write("data/people.csv", header);
  await expect(bench.run()).rejects.toMatchObject({ code: "source_empty" });
  expect((await bench.plan()).plans).toMatchObject([{ stops: [{ code: "source_empty" }, { code: "audience_empty" }] }]);
  expect((await bench.control<{ writes: number }>("GET", "requests")).writes).toBe(0);
  bench.source("people", [person("1"), person("2")]);
  expect(await bench.run()).toMatchObject({ unchanged: 2, writes: 0 });
});
