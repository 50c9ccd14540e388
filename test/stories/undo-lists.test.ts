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
  (await bench.person("GET", `lists(${id})/listcontact_association?$select=lastname,contactid`)).value as unknown[];

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

test.each(["unlocked", "unlocked and linked anew", "left by her", "unlocked, its row gone"])(
  "a record that an undo let go of comes out of a list that was locked then by another undo: %s",
  async (what) => {
    await bench.begin({
      "syncs/people.yaml": peopleSync({
        onLeave: "delete",
        allowDelete: true,
        leaveLimit: 100,
        audiences: { vip: { list: "VIP" }, fan: { list: "FAN" } },
      }),
      "audiences/vip.yaml": "model: people\nwhere: vip = 'yes'\n",
      "audiences/fan.yaml": "model: people\nwhere: fan = 'yes'\n",
    });
    const [vip, fan] = [await list("VIP"), await list("FAN")];
    const theirs: unknown[] = [];
    for (const id of ["1", "2"]) {
      const body = { externaluseridentifier: id, lastname: "Old", emailaddress1: `${id}@example.com` };
      theirs.push((await bench.person("POST", "contacts", body)).contactid);
    }
    const member = async (action: string, EntityId: unknown) =>
      await bench.person("POST", `lists(${vip})/Microsoft.Dynamics.CRM.${action}MemberList`, { EntityId });
    await member("Add", theirs[1]);
    bench.source("people", [row("1", "yes", "yes"), row("2", "yes", "yes")]);
    await bench.approve("first_contact");
    const { id: run } = (await bench.runs())[0]!;
    await bench.person("PATCH", `lists(${vip})`, { lockstatus: true });
    const listed = [{ code: "undo_no_list", rows: 1 }];
    expect(await bench.undo({ run })).toMatchObject({ problems: listed, counts: { updated: 2 }, partly: 1 });
    expect([await members(vip), await members(fan)]).toMatchObject([{ length: 2 }, []]);
    expect(await bench.undo({ run })).toMatchObject({ problems: listed, counts: { writes: 0 } });
    await bench.person("PATCH", `lists(${vip})`, { lockstatus: false });
    if (what === "left by her") await member("Remove", theirs[0]);
    if (what === "unlocked, its row gone") {
      bench.source("people", [row("9", "no", "no")]);
      await bench.approve("undone", "first_contact", "audience_empty");
    }
    if (what === "unlocked and linked anew") {
      await bench.approve("undone", "first_contact");
      expect((await members(vip)).length).toBe(2);
      expect((await bench.undo({ sync: "people" })).problems).toEqual([]);
      expect((await members(vip)).length).toBe(2);
    }
    const again = await bench.undo({ run });
    expect(again).toMatchObject({ problems: [], counts: { writes: what === "left by her" ? 0 : 1 } });
    expect(await members(vip)).toMatchObject([{ lastname: "Old", contactid: theirs[1] }]);
    expect(await bench.undo({ run })).toMatchObject({ problems: [], counts: { writes: 0 } });
    // Both are hers alone: neither record nor membership goes with the rows.
    bench.source("people", [row("9", "no", "no")]);
    await bench.approve("undone", "first_contact", "audience_empty");
    expect(await members(vip)).toHaveLength(1);
    expect(await bench.rows("contact")).toMatchObject([
      { lastname: "Old" },
      { lastname: "Old" },
      { lastname: "Name 9" },
    ]);
  },
);
