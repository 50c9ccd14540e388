import { expect, test } from "vitest";
import { peopleSync, type SourceRow, useWorkbench } from "../workbench.ts";

/** Audiences as members of marketing lists and of any many-to-many relationship. */

const bench = useWorkbench();
const person = (n: number | string, vip = "yes", more = {}): SourceRow => ({
  id: String(n),
  name: `Name ${n}`,
  email: `${n}@example.com`,
  vip,
  ...more,
});
const files = (target: unknown, more = {}) => ({
  "syncs/people.yaml": peopleSync({ audiences: { vip: target }, ...more }),
  "audiences/vip.yaml": "model: people\nwhere: vip = 'yes'\n",
});
const begin = async (target: unknown, more = {}) => {
  await bench.begin(files(target, more));
};
const makeList = async (more = {}) => {
  const list = await bench.person("POST", "lists", { listname: "VIP", createdfromcode: 2, type: false, ...more });
  return String(list.listid);
};
const contactId = async (n: number | string) =>
  String((await bench.rows("contact")).find((row) => row.externaluseridentifier === String(n))!.contactid);
const members = async (list: string): Promise<string[]> => {
  const { value } = await bench.person("GET", `lists(${list})/listcontact_association?$select=lastname`);
  return (value as { lastname: string }[]).map((row) => row.lastname).sort();
};

test("a marketing list holds who is in the audience: added with the first load, removed when they leave", async () => {
  await begin({ list: "VIP" });
  const list = await makeList();
  bench.source("people", [person(1), person(2), person(3, "no")]);
  const { plans } = await bench.plan();
  expect(plans).toMatchObject([{ plan: { create: 3 } }]);
  const first = await bench.run();
  expect(first).toMatchObject({ received: 3, created: 3, updated: 0, failed: 0, rejected: 0, writes: 5 });
  expect(first.log.map((each) => each.path.split("/").at(-1))).toEqual([
    "Microsoft.Dynamics.CRM.CreateMultiple",
    "AddListMembersList",
  ]);
  expect(await members(list)).toEqual(["Name 1", "Name 2"]);
  expect(await bench.run()).toMatchObject({ unchanged: 3, writes: 0 });

  bench.source("people", [person(1), person(2, "no"), person(3), person(4)]);
  const planned = await bench.plan();
  expect(planned.totals).toMatchObject({ create: 1, update: 2, unchanged: 1 });
  expect(planned.plans[0]!.samples).toContainEqual(
    expect.objectContaining({ key: "2", columns: [{ name: "vip", old: "member", new: null }] }),
  );
  expect(await bench.run()).toMatchObject({ created: 1, updated: 2, unchanged: 1, writes: 4 });
  expect(await members(list)).toEqual(["Name 1", "Name 3", "Name 4"]);
  expect(await bench.verify()).toMatchObject({ differences: 0 });

  bench.source("people", [person(3), person(4)]);
  expect(await bench.run()).toMatchObject({ received: 3, updated: 1, unchanged: 2, writes: 1 });
  expect(await members(list)).toEqual(["Name 3", "Name 4"]);
  expect(await bench.run()).toMatchObject({ received: 2, unchanged: 2, writes: 0 });
});

test("who somebody takes out is put back, who somebody puts in stays", async () => {
  await begin({ list: "VIP" });
  const list = await makeList();
  bench.source("people", [person(1), person(2), person(3, "no")]);
  await bench.run();
  const action = (name: string, id: string) =>
    bench.person("POST", `lists(${list})/Microsoft.Dynamics.CRM.${name}`, { EntityId: id });
  await action("RemoveMemberList", await contactId(1));
  await action("AddMemberList", await contactId(3));
  const { differences, syncs } = await bench.verify();
  expect({ differences, row: syncs[0]!.rows[0] }).toMatchObject({
    differences: 1,
    row: { key: "1", column: "vip", expected: "member", found: null },
  });
  expect(await bench.run()).toMatchObject({ updated: 1, unchanged: 2, writes: 1 });
  expect(await members(list)).toEqual(["Name 1", "Name 2", "Name 3"]);
  expect(await bench.run()).toMatchObject({ unchanged: 3, writes: 0 });
});

test("a list that cannot take the rows is refused before anything is sent, with the reason", async () => {
  await begin({ list: "VIP" });
  bench.source("people", [person(1)]);
  const refused = async (message: string) => {
    await expect(bench.run()).rejects.toMatchObject({
      code: "mapping_unfit",
      message: expect.stringContaining(message),
      place: { file: "syncs/people.yaml" },
    });
    expect(await bench.control("GET", "requests")).toMatchObject({ writes: 0 });
  };
  await refused("There is no marketing list VIP");
  const list = await makeList();
  await bench.person("PATCH", `lists(${list})`, { lockstatus: true });
  await refused("is locked");
  await bench.person("PATCH", `lists(${list})`, { lockstatus: false, statecode: 1 });
  await refused("is inactive");
  await makeList();
  await refused("2 marketing lists are called VIP");
  const accounts = await makeList({ listname: "Firms", createdfromcode: 1 });
  bench.write("syncs/people.yaml", files({ list: accounts })["syncs/people.yaml"]);
  await refused("is one of account records");
  const dynamic = await makeList({ listname: "Query", type: true });
  bench.write("syncs/people.yaml", files({ list: dynamic })["syncs/people.yaml"]);
  await refused("is dynamic");
  bench.write(
    "syncs/people.yaml",
    files({ relationship: "contactleads_asociation", with: { id: list } })["syncs/people.yaml"],
  );
  await refused("did you mean `contactleads_association`");
});

test("an audience pointed at another list leaves the old one as it is, says so, and can empty it", async () => {
  await begin({ list: "VIP" });
  const [old, other] = [await makeList(), await makeList({ listname: "Others" })];
  bench.source("people", [person(1), person(2), person(3, "no")]);
  await bench.run();
  bench.write("syncs/people.yaml", files({ list: "Others" })["syncs/people.yaml"]);
  const keeps = expect.stringContaining(
    "The marketing list VIP is filled by no audience any more, and keeps the 2 members",
  );
  expect((await bench.plan()).plans).toMatchObject([{ plan: { update: 2 }, warnings: [keeps] }]);
  expect(await bench.run()).toMatchObject({ updated: 2, unchanged: 1, writes: 2 });
  expect([await members(old), await members(other)]).toEqual(Array(2).fill(["Name 1", "Name 2"]));
  expect((await bench.plan()).plans).toMatchObject([{ warnings: [] }]);

  bench.write("audiences/nobody.yaml", "model: people\nwhere: 1 = 0\n");
  const both = { vip: { list: "Others" }, nobody: { list: old } };
  bench.write("syncs/people.yaml", peopleSync({ audiences: both }));
  await expect(bench.run()).rejects.toMatchObject({ code: "audience_empty" });
  for (const writes of [2, 0])
    expect(await bench.approve("audience_empty", "too_many_leaves")).toMatchObject({ updated: writes, writes });
  expect([await members(old), await members(other)]).toEqual([[], ["Name 1", "Name 2"]]);
});

test.each([
  ["by name and by id", async () => ({ list: await makeList() }), { list: "vip" }],
  ["by one name", async () => makeList().then(() => ({ list: "VIP" })), { list: "VIP" }],
  [
    "by one relationship",
    async () => {
      const lead = await bench.person("POST", "leads", { subject: "Spring fair", lastname: "Fair" });
      return { relationship: "contactleads_association", with: { id: lead.leadid } };
    },
    { relationship: "ContactLeads_Association", with: { subject: "Spring fair" } },
  ],
])("two syncs that fill one list, %s, are refused: each would undo the other", async (_, make, theirs) => {
  const own = { model: "people", to: "crm", object: "contact", match: "externaluseridentifier", mode: "update" };
  const more = (into: object) =>
    JSON.stringify({ ...own, mapping: { externaluseridentifier: "id" }, audiences: { gold: into } });
  await begin({ list: "VIP" });
  const into = await make();
  bench.write("syncs/people.yaml", files(into)["syncs/people.yaml"]);
  bench.write("audiences/gold.yaml", "model: people\nwhere: id = '1'\n");
  bench.write("syncs/more.yaml", more(theirs));
  bench.source("people", [person(1), person(2)]);
  const message = expect.stringMatching(
    /is filled by the syncs (more and people|people and more): each would take out/,
  );
  await expect(bench.plan()).rejects.toMatchObject({ message });
  await expect(bench.run()).rejects.toMatchObject({ message, place: { path: ["audiences", expect.any(String)] } });
  await makeList({ listname: "Gold" });
  bench.write("syncs/more.yaml", more({ list: "Gold" }));
  expect(await bench.run()).toMatchObject({ received: 4, created: 2 });
});

test("rows are associated with one record by any many-to-many relationship, in batches", async () => {
  await begin({ relationship: "contactleads_association", with: { subject: "Spring fair" } });
  const lead = await bench.person("POST", "leads", { subject: "Spring fair", lastname: "Fair" });
  bench.source("people", [person(1), person(2), person(3, "no")]);
  expect(await bench.run()).toMatchObject({ created: 3, failed: 0, rejected: 0, writes: 5 });
  const there = async () => {
    const { value } = await bench.person("GET", `leads(${lead.leadid})/contactleads_association?$select=lastname`);
    return (value as { lastname: string }[]).map((row) => row.lastname).sort();
  };
  expect(await there()).toEqual(["Name 1", "Name 2"]);
  bench.source("people", [person(1, "no"), person(2), person(3)]);
  expect(await bench.run()).toMatchObject({ updated: 2, unchanged: 1, writes: 2 });
  expect(await there()).toEqual(["Name 2", "Name 3"]);
  expect(await bench.run()).toMatchObject({ unchanged: 3, writes: 0 });
});
