import { expect, test } from "vitest";
import { peopleSync, useWorkbench } from "../workbench.ts";

/** Members that a run put into lists come out of those that take an order, and are listed of the others. */

const bench = useWorkbench();
const row = (id: string, vip: string, fan: string) => ({
  id,
  name: `Name ${id}`,
  email: `${id}@example.com`,
  vip,
  fan,
});
const list = async (name: string) =>
  (await bench.person("POST", "lists", { listname: name, createdfromcode: 2, type: false })).listid as string;
const members = async (id: string) =>
  (await bench.person("GET", `lists(${id})/listcontact_association?$select=lastname`)).value as unknown[];

test.each(["gone", "locked"])("of two lists one is %s", async (what) => {
  await bench.begin({
    "syncs/people.yaml": peopleSync({ audiences: { vip: { list: "VIP" }, fan: { list: "FAN" } } }),
    "audiences/vip.yaml": "model: people\nwhere: vip = 'yes'\n",
    "audiences/fan.yaml": "model: people\nwhere: fan = 'yes'\n",
  });
  const [vip, fan] = [await list("VIP"), await list("FAN")];
  bench.source("people", [row("1", "no", "no"), row("2", "no", "no")]);
  await bench.run();
  bench.source("people", [row("1", "yes", "yes"), row("2", "no", "yes")]);
  await bench.run();
  if (what === "gone") await bench.person("DELETE", `lists(${vip})`);
  else await bench.person("PATCH", `lists(${vip})`, { lockstatus: true });
  const done = await bench.undo({ sync: "people" });
  expect(done.problems).toMatchObject([{ code: "undo_no_list", rows: 1 }]);
  expect(await members(fan)).toEqual([]);
});

test("a record that an undo let go of is put back into no list by the undo of that undo", async () => {
  await bench.begin({
    "syncs/people.yaml": peopleSync({ audiences: { vip: { list: "VIP" } } }),
    "audiences/vip.yaml": "model: people\nwhere: vip = 'yes'\n",
  });
  const vip = await list("VIP");
  await bench.person("POST", "contacts", { externaluseridentifier: "1", lastname: "Mara's" });
  bench.source("people", [row("1", "yes", "no")]);
  await bench.approve("first_contact");
  expect(await members(vip)).toHaveLength(1);
  await bench.undo({ sync: "people" });
  expect(await members(vip)).toEqual([]);
  const back = await bench.undo({ sync: "people" });
  expect(back.problems.map(({ code }) => code)).toEqual(expect.arrayContaining(["undo_unlinked"]));
  expect(await members(vip)).toEqual([]);
});

test("an undo made after the audience was given up can itself be undone", async () => {
  const audiences = { vip: { list: "VIP" } };
  await bench.begin({
    "syncs/people.yaml": peopleSync({ audiences }),
    "audiences/vip.yaml": "model: people\nwhere: vip = 'yes'\n",
  });
  const vip = await list("VIP");
  bench.source("people", [row("1", "no", "no")]);
  await bench.run();
  bench.source("people", [row("1", "yes", "no")]);
  await bench.run();
  bench.write("syncs/people.yaml", peopleSync());
  await bench.undo({ sync: "people" });
  expect(await members(vip)).toEqual([]);
  const back = await bench.undo({ sync: "people" });
  expect(back).toMatchObject({ problems: [], counts: { updated: 1, excluded: 0 } });
  expect(await members(vip)).toHaveLength(1);
});

test("a member that a person had put there, and the run took for its own, is hers again", async () => {
  await bench.begin({
    "syncs/people.yaml": peopleSync({ audiences: { vip: { list: "VIP" } } }),
    "audiences/vip.yaml": "model: people\nwhere: vip = 'yes'\n",
  });
  const vip = await list("VIP");
  bench.source("people", [row("1", "no", "no"), row("2", "no", "no")]);
  await bench.run();
  const [{ contactid }] = (await bench.rows("contact")) as [{ contactid: string }];
  await bench.person("POST", `lists(${vip})/Microsoft.Dynamics.CRM.AddMemberList`, { EntityId: contactid });
  bench.source("people", [{ ...row("1", "yes", "no"), name: "Wrong" }, row("2", "no", "no")]);
  expect(await bench.run()).toMatchObject({ updated: 1, writes: 1 });
  const undone = await bench.undo({ sync: "people" });
  expect(undone).toMatchObject({ problems: [], counts: { received: 1, updated: 1, writes: 1 } });
  bench.source("people", [row("1", "no", "no"), row("2", "no", "no")]);
  await bench.approve("undone", "audience_empty");
  expect(await members(vip)).toHaveLength(1);
});
