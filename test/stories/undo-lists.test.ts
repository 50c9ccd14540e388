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

test("a person's record stays its row's while a list is locked, so that another undo takes it out of that, too", async () => {
  await bench.begin({
    "syncs/people.yaml": peopleSync({ audiences: { vip: { list: "VIP" }, fan: { list: "FAN" } } }),
    "audiences/vip.yaml": "model: people\nwhere: vip = 'yes'\n",
    "audiences/fan.yaml": "model: people\nwhere: fan = 'yes'\n",
  });
  const [vip, fan] = [await list("VIP"), await list("FAN")];
  const ids = ["1", "2", "3"];
  const theirs: unknown[] = [];
  for (const id of ids) {
    const { name: lastname, email } = row(id, "", "");
    const body = { externaluseridentifier: id, lastname: id === "2" ? "Old" : lastname, emailaddress1: email };
    theirs.push((await bench.person("POST", "contacts", body)).contactid);
  }
  await bench.person("POST", `lists(${vip})/Microsoft.Dynamics.CRM.AddMemberList`, { EntityId: theirs[2] });
  bench.source(
    "people",
    ids.map((id) => row(id, "yes", "yes")),
  );
  await bench.approve("first_contact");
  const { id: run } = (await bench.runs())[0]!;
  await bench.person("PATCH", `lists(${vip})`, { lockstatus: true });
  const listed = { code: "undo_no_list", rows: 3 };
  expect(await bench.undo({ run })).toMatchObject({
    problems: [listed],
    counts: { updated: 3, excluded: 0 },
    partly: 3,
  });
  expect([await members(vip), await members(fan)]).toMatchObject([{ length: 3 }, []]);
  expect(await bench.undo({ run })).toMatchObject({ problems: [listed], counts: { writes: 0 } });
  await bench.person("PATCH", `lists(${vip})`, { lockstatus: false });
  expect(await bench.undo({ run })).toMatchObject({ problems: [], counts: { updated: 2, unchanged: 1, writes: 2 } });
  expect([await members(vip), await members(fan)]).toMatchObject([[{ lastname: "Name 3" }], []]);
  expect(await bench.undo({ run })).toMatchObject({ counts: { unchanged: 3, writes: 0 }, problems: [] });
  // What she had put there is hers.
  bench.source(
    "people",
    ids.map((id) => row(id, "no", "no")),
  );
  await bench.approve("undone", "first_contact", "audience_empty");
  expect(await members(vip)).toHaveLength(1);
  expect(await bench.run()).toMatchObject({ unchanged: 3, writes: 0 });
});

test.each(["the list is locked", "a person takes it out", "the list is gone"])(
  "a record that is only linked and put into a list is let go when all of it is back: %s",
  async (what) => {
    await bench.begin({
      "syncs/people.yaml": peopleSync({ audiences: { vip: { list: "VIP" } } }),
      "audiences/vip.yaml": "model: people\nwhere: vip = 'yes'\n",
    });
    const vip = await list("VIP");
    const body = { externaluseridentifier: "1", lastname: "Name 1", emailaddress1: "1@example.com" };
    const { contactid } = await bench.person("POST", "contacts", body);
    bench.source("people", [row("2", "no", "no")]);
    await bench.run();
    bench.source("people", [row("1", "yes", "no"), row("2", "no", "no")]);
    await bench.run();
    const { id: run } = (await bench.runs())[0]!;
    const lock = (lockstatus: boolean) => bench.person("PATCH", `lists(${vip})`, { lockstatus });
    const none = { problems: [{ code: "undo_no_list", rows: 1 }] };
    if (what === "the list is gone") {
      await bench.person("DELETE", `lists(${vip})`);
      expect(await bench.undo({ run })).toMatchObject({ ...none, partly: 1 });
    } else {
      await lock(true);
      expect(await bench.undo({ run })).toMatchObject({ ...none, counts: { excluded: 1 }, stops: false });
      await lock(false);
      if (what === "a person takes it out")
        await bench.person("POST", `lists(${vip})/Microsoft.Dynamics.CRM.RemoveMemberList`, { EntityId: contactid });
      const writes = what === "a person takes it out" ? 0 : 1;
      expect(await bench.undo({ run })).toMatchObject({ counts: { writes }, problems: [], stops: true });
      expect(await members(vip)).toEqual([]);
    }
    // It has no link any more: the row leaves, and nothing is the sync's.
    bench.source("people", [row("2", "no", "no")]);
    const again = what === "the list is gone" ? {} : { audiences: { vip: { list: "VIP" } } };
    bench.write("syncs/people.yaml", peopleSync({ onLeave: "deactivate", leaveLimit: 100, ...again }));
    await bench.approve("undone", "audience_empty");
    expect((await bench.rows("contact")).map((r) => r.statecode)).toEqual([0, 0]);
  },
);
