import { expect, test } from "vitest";
import { sluice } from "../sluice-process.ts";
import { peopleSync, type SourceRow, useWorkbench, withFirms } from "../workbench.ts";

/** Plans of several syncs that are made by one command count what the runs of that command will do: each sees what those before it would. */

const bench = useWorkbench();
const firm = (no: string, title: string): SourceRow => ({ no, title });
const person = (id: string, firm: string): SourceRow => ({ id, name: `Name ${id}`, email: null, firm });
const firms = (more: object = {}) =>
  JSON.stringify({
    ...{ model: "firms", to: "crm", object: "account", match: "accountnumber" },
    mapping: { accountnumber: "no", name: "title", telephone1: "no" },
    ...more,
  });
const people = (lookup: object, more: object = {}) =>
  peopleSync({ ...more, mapping: { parentcustomerid: { from: "firm", lookup: { object: "account", ...lookup } } } });
type Outcome = Record<"create" | "update" | "unchanged" | "rejected", number>;
const outcome = ({ create, update, unchanged, rejected }: Outcome): Outcome => ({
  ...{ create, update, unchanged, rejected },
});

/** That the plans say what the runs then do. */
async function planThenRun(): Promise<Record<string, Outcome>> {
  const { plans } = await bench.plan();
  expect(plans.flatMap(({ warnings }) => warnings).filter((text) => text.includes("planned just before"))).toEqual([]);
  const { of } = await bench.run();
  const planned = plans.map(({ sync, plan }) => [sync, outcome(plan)] as const);
  const done = planned.map(([sync]) => {
    const { created, updated, unchanged, rejected } = of[sync]!;
    return [sync, outcome({ create: created, update: updated, unchanged, rejected })] as const;
  });
  expect(planned).toEqual(done);
  return Object.fromEntries(done);
}

const byTwo = { name: "firm", telephone1: "no" };
test.each([
  { by: "name", mirror: "all" },
  { by: byTwo, mirror: "all" },
  { by: byTwo, mirror: "touched" },
  { by: byTwo, mirror: "none" },
])(
  "firms would be called otherwise: who points at the new name finds it, who points at the old one waits: $by, $mirror",
  async ({ by, mirror }) => {
    await bench.begin({
      ...withFirms,
      "syncs/firms.yaml": firms({ mirror }),
      "syncs/people.yaml": people({ by }, { mirror }),
    });
    const at = (id: string, title: string, no: string) => ({ ...person(id, title), no });
    bench.source("firms", [firm("F1", "Old"), firm("F2", "Other")]);
    bench.source("people", [at("1", "Old", "F1"), at("2", "Old", "F1"), at("3", "Other", "F2")]);
    await planThenRun();
    bench.source("firms", [firm("F1", "New"), firm("F2", "Other")]);
    bench.source("people", [at("1", "New", "F1"), at("2", "Old", "F1"), at("3", "Other", "F2"), at("4", "New", "F1")]);
    expect(await planThenRun()).toEqual({
      firms: { create: 0, update: 1, unchanged: 1, rejected: 0 },
      people: { create: 1, update: 0, unchanged: 2, rejected: 1 },
    });
    expect(await bench.run()).toMatchObject({ writes: 0 });
  },
);

test("firms would be deleted: whoever is to point at one waits", async () => {
  const leaving = { onLeave: "delete", allowDelete: true, leaveLimit: "100 %" };
  await bench.begin({ ...withFirms, "syncs/firms.yaml": firms(leaving), "syncs/people.yaml": people({ by: "name" }) });
  bench.source("firms", [firm("F1", "One"), firm("F2", "Two")]);
  bench.source("people", [person("1", "One")]);
  await planThenRun();
  bench.source("firms", [firm("F1", "One")]);
  bench.source("people", [person("1", "One"), person("2", "Two")]);
  const done = await planThenRun();
  expect(done.people).toEqual({ create: 0, update: 0, unchanged: 1, rejected: 1 });
});

test("firms that a lookup before would have made are there for the next", async () => {
  const leads = JSON.stringify({
    ...{ model: "people", to: "crm", object: "lead", match: "subject" },
    mapping: {
      ...{ subject: "id", lastname: "name" },
      parentaccountid: { from: "firm", lookup: { object: "account", by: "accountnumber" } },
    },
  });
  await bench.begin({
    "syncs/people.yaml": people({ by: "accountnumber", missing: "create" }),
    "syncs/zleads.yaml": leads,
  });
  bench.source("people", [person("1", "F1")]);
  expect(await planThenRun()).toEqual({
    people: { create: 1, update: 0, unchanged: 0, rejected: 0 },
    zleads: { create: 1, update: 0, unchanged: 0, rejected: 0 },
  });
});

test("what a sync before would create in the very table is not seen, and that is said", async () => {
  const phones = JSON.stringify({
    ...{ model: "people", to: "crm", object: "contacts", match: "externaluseridentifier", mode: "update" },
    mapping: { externaluseridentifier: "id", telephone1: "firm" },
  });
  await bench.begin({ "syncs/phones.yaml": phones });
  bench.source("people", [person("1", "030 1"), person("2", "030 2")]);
  const told =
    "people, planned just before, would create 2 records of contact. A row that such a record fits is planned here as if it were not there; run after people, it finds it.";
  const before = await bench.plan();
  expect(before.plans.map(({ sync, plan, warnings }) => [sync, plan.update, warnings.includes(told)])).toEqual([
    ["people", 0, false],
    ["phones", 0, true],
  ]);
  expect(await bench.run()).toMatchObject({ of: { people: { created: 2 }, phones: { updated: 2 } } });
  const after = await bench.plan();
  expect(after.plans.flatMap(({ warnings }) => warnings)).not.toContain(told);
});

const byMail = { object: "contact", by: "emailaddress1" };
const calls = (mapping: object) => ({
  "models/calls.yaml": "connection: data\ntable: calls\nkey: id\n",
  "syncs/calls.yaml": JSON.stringify({
    ...{ model: "calls", to: "crm", object: "phonecall", match: "category" },
    mapping: { category: "id", subject: "id", ...mapping },
  }),
});
const withMail = (id: string, email: string): SourceRow => ({ ...person(id, ""), email });
const toAndAbout = {
  to: { from: "to", lookup: byMail, write: "on create" },
  regardingobjectid: { from: "re", lookup: byMail },
};

test("what a plan pointed at before it was made is shown by its value, and the plan can be applied once it is there", async () => {
  await bench.begin(calls(toAndAbout));
  bench.source("people", [withMail("1", "A@x.example"), withMail("2", "b@x.example")]);
  await bench.person("POST", "contacts", { lastname: "C", emailaddress1: "c@x.example" });
  const [theirs] = await bench.rows("contact");
  bench.source("calls", [
    { id: "c1", to: "a@x.example", re: "b@x.example" },
    { id: "c2", to: "b@x.example;c@x.example;a@x.example", re: "c@x.example" },
  ]);
  const { plans } = await bench.plan();
  const shown = plans[1]!.samples.find((sample) => sample.key === "c2")!.columns;
  const to = `contact:(to be created: a@x.example);contact:(to be created: b@x.example);contact:${theirs!.contactid}`;
  expect(shown).toContainEqual({ name: "to", old: null, new: to });
  for (const { run } of plans)
    expect(await sluice(bench, "run", "--plan", run, "--json").ended).toMatchObject({
      status: 0,
      last: { totals: { created: 2, rejected: 0, excluded: 0 } },
    });
  expect(await bench.rows("activityparty")).toHaveLength(4);
  expect(await bench.run()).toMatchObject({ writes: 0 });
});

test("parties that are others by then have moved", async () => {
  await bench.begin(calls(toAndAbout));
  bench.source("people", [withMail("1", "a@x.example"), withMail("2", "b@x.example")]);
  const rows = (to: string) => [{ id: "c1", to, re: null }];
  bench.source("calls", rows("a@x.example"));
  const { plans } = await bench.plan();
  await bench.run("people");
  bench.source("calls", rows("a@x.example;b@x.example"));
  expect(await sluice(bench, "run", "--plan", plans[1]!.run, "--json").ended).toMatchObject({
    status: 2,
    last: { error: { code: "plan_moved" } },
  });
});

test("two records to be created with one value are two", async () => {
  await bench.begin(calls(toAndAbout));
  bench.source("people", [withMail("1", "a@x.example"), withMail("2", "a@x.example"), withMail("3", "b@x.example")]);
  bench.source("calls", [
    { id: "c1", to: "a@x.example", re: null },
    { id: "c2", to: null, re: "a@x.example" },
    { id: "c3", to: "b@x.example", re: "b@x.example" },
  ]);
  expect((await planThenRun()).calls).toEqual({ create: 1, update: 0, unchanged: 0, rejected: 2 });
});

test("firms by which people are found are told from their ids, though others could be pointed at, too", async () => {
  await bench.begin({
    ...calls({
      regardingobjectid: { lookup: { object: "contact", by: { parentcustomerid: "firm", lastname: "who" } } },
    }),
    "syncs/people.yaml": people({ by: "accountnumber" }),
  });
  const firm = async (no: string) =>
    (await bench.person("POST", "accounts", { name: no, accountnumber: no })).accountid as string;
  const [first, second] = [await firm("F1"), await firm("F2")];
  const call = (id: string, firm: string, n: number) => ({ id, firm, who: `Name ${n}` });
  bench.source("people", [person("1", "F1"), person("2", "F1")]);
  bench.source("calls", [call("c1", first, 1), call("c2", second, 1)]);
  expect((await planThenRun()).calls).toEqual({ create: 1, update: 0, unchanged: 0, rejected: 1 });
  bench.source("people", [person("1", "F2"), person("2", "F1")]);
  bench.source("calls", [call("c1", first, 1), call("c2", second, 1), call("c3", first, 2)]);
  expect((await planThenRun()).calls).toEqual({ create: 2, update: 0, unchanged: 0, rejected: 1 });
  expect(await bench.run()).toMatchObject({ writes: 0 });
});
