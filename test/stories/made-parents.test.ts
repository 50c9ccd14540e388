import { expect, test } from "vitest";
import { inProcess } from "../in-process.ts";
import { peopleSync, type SourceRow, useWorkbench } from "../workbench.ts";

/** `missing: create`: a parent that is not there is made first, once, whoever wants it. */

const bench = useWorkbench();
const lookup = { object: "account", by: "accountnumber", missing: "create" };
const accounts = () => bench.rows("account");
const person = (id: string, firm: string | null, more: SourceRow = {}) => ({
  id,
  name: `Name ${id}`,
  email: null,
  firm,
  ...more,
});
const firmOf = async () => {
  const byId = new Map((await accounts()).map((row) => [row.accountid, row.accountnumber]));
  return Object.fromEntries(
    (await bench.rows("contact")).map((row) => [
      row.externaluseridentifier,
      byId.get(row._parentcustomerid_value) ?? null,
    ]),
  );
};

test("several rows and lookups that want one parent make one; it is counted apart, and made once for ever", async () => {
  await bench.begin({
    "syncs/people.yaml": peopleSync({ mapping: { parentcustomerid: { from: "firm", lookup } } }),
  });
  await bench.person("POST", "accounts", { name: "There", accountnumber: "F1" });
  const long = "F".repeat(21);
  bench.source("people", [
    person("1", "F1"),
    person("2", "F2"),
    person("3", "f2 "),
    person("4", "F3/ä"),
    person("5", null),
    person("6", long),
    person("7", "F7", { name: null, email: "x".repeat(200) }),
  ]);
  const planned = await bench.plan();
  expect(planned.totals).toMatchObject({ received: 7, create: 5, rejected: 2, parents: 2 });
  const ran = await bench.run();
  expect(ran).toMatchObject({ received: 7, created: 5, rejected: 2, parents: 2, writes: 7 });
  expect(ran.problems).toMatchObject([
    { key: "6", code: "too_long" },
    { key: "7", code: "too_long" },
  ]);
  expect((await accounts()).map(({ accountnumber, name }) => [accountnumber, name]).sort()).toEqual([
    ["F1", "There"],
    ["F2", "F2"],
    ["F3/ä", "F3/ä"],
  ]);
  expect(await firmOf()).toEqual({ 1: "F1", 2: "F2", 3: "F2", 4: "F3/ä", 5: null });
  expect(await bench.run()).toMatchObject({ unchanged: 5, rejected: 2, parents: 0, writes: 0 });

  // Somebody gives the account another number: there is no F2 any more, and another is made.
  const two = (await accounts()).find((row) => row.accountnumber === "F2")!;
  await bench.person("PATCH", `accounts(${two.accountid})`, { accountnumber: "F2-old" });
  expect(await bench.run()).toMatchObject({ updated: 2, parents: 1, writes: 3 });
  expect(await firmOf()).toMatchObject({ 2: "F2", 3: "F2" });
  expect(await bench.run()).toMatchObject({ writes: 0 });
});

test("a run that stops between the parents and their rows is gone on with: nothing is made twice", async () => {
  await bench.begin(
    { "syncs/people.yaml": peopleSync({ mapping: { parentcustomerid: { from: "firm", lookup } } }) },
    { keyed: false },
  );
  bench.source("people", [person("1", "F1"), person("2", "F2")]);
  await bench.control("POST", "privileges", { table: "contact", privilege: "Create", allowed: false });
  await expect(bench.run()).rejects.toMatchObject({ code: "not_allowed" });
  expect(await accounts()).toHaveLength(2);
  await bench.control("POST", "privileges", { table: "contact", privilege: "Create", allowed: true });
  expect(await bench.run()).toMatchObject({ created: 2, writes: 2 });
  expect(await accounts()).toHaveLength(2);
  expect(await firmOf()).toEqual({ 1: "F1", 2: "F2" });
});

test("of several columns, and the last of several ways; what cannot be made of its key alone is refused at set-up", async () => {
  const ways = [
    { object: "contact", from: "boss", by: "emailaddress1" },
    { object: "account", by: { accountnumber: "firm", address1_city: "town" }, missing: "create" },
  ];
  await bench.begin({ "syncs/people.yaml": peopleSync({ mapping: { parentcustomerid: { lookup: ways } } }) });
  const boss = await bench.person("POST", "contacts", { lastname: "Boss", emailaddress1: "boss@example.com" });
  bench.source("people", [
    person("1", "F1", { boss: "boss@example.com", town: "Ulm" }),
    person("2", "F1", { boss: "nobody@example.com", town: "Ulm" }),
    person("3", "F1", { boss: null, town: "Köln" }),
  ]);
  const refused = await bench.run();
  expect(refused).toMatchObject({ created: 2, parents: 1, rejected: 1, writes: 3 });
  expect(refused.problems[0]?.message).toContain("parentcustomerid: its record could not be made: Entity Key");
  bench.source("people", [
    person("1", "F1", { boss: "boss@example.com", town: "Ulm" }),
    person("2", "F1", { boss: "nobody@example.com", town: "Ulm" }),
    person("3", "F3", { boss: null, town: "Köln" }),
  ]);
  expect(await bench.run()).toMatchObject({ created: 1, parents: 1, writes: 2 });
  expect((await accounts()).map((row) => [row.name, row.address1_city]).sort()).toEqual([
    ["F1 Ulm", "Ulm"],
    ["F3 Köln", "Köln"],
  ]);
  const first = (await bench.rows("contact")).find((row) => row.externaluseridentifier === "1");
  expect(first?._parentcustomerid_value).toBe(boss.contactid);
  expect(await bench.run()).toMatchObject({ unchanged: 3, writes: 0 });

  const owner = { from: "boss", lookup: { object: "systemuser", by: "internalemailaddress", missing: "create" } };
  bench.write("syncs/people.yaml", peopleSync({ mapping: { ownerid: owner } }));
  await expect(bench.run()).rejects.toMatchObject({
    code: "mapping_unfit",
    message: expect.stringContaining("systemuser"),
  });
});

test("two lines that make their parents make one for a value; one that makes none waits for it", async () => {
  const both = (missing: string) =>
    peopleSync({
      mapping: {
        parentcustomerid: { from: "firm", lookup },
        msa_managingpartnerid: { from: "partner", lookup: { ...lookup, missing } },
      },
    });
  await bench.begin({ "syncs/people.yaml": both("reject") });
  bench.source("people", [person("1", "F1", { partner: "f1" }), person("2", "F2", { partner: null })]);
  expect(await bench.run()).toMatchObject({ created: 1, rejected: 1, parents: 1 });
  bench.write("syncs/people.yaml", both("create"));
  expect(await bench.run()).toMatchObject({ created: 1, rejected: 0, parents: 1 });
  expect(await accounts()).toHaveLength(2);
  expect(await bench.run()).toMatchObject({ unchanged: 2, writes: 0 });
});

test("a key that may itself point at several tables makes no parent: an id does not say which; one that points at one table does", async () => {
  const by = { parentcustomerid: "firm", lastname: "boss" };
  const line = { lookup: { object: "contact", by, missing: "create" } };
  await bench.begin({ "syncs/people.yaml": peopleSync({ mapping: { parentcustomerid: line } }) });
  const refused = {
    code: "mapping_unfit",
    message: expect.stringContaining(
      "parentcustomerid: an id does not say which table that points at (account, contact)",
    ),
    place: { path: ["mapping", "parentcustomerid"] },
  };
  const { accountid } = await bench.person("POST", "accounts", { name: "F1" });
  bench.source("people", [person("1", accountid as string, { boss: "Zed" })]);
  await expect(bench.plan()).rejects.toMatchObject(refused);
  await expect(bench.run()).rejects.toMatchObject(refused);
  const one = { object: "contact", by: { msa_managingpartnerid: "firm", lastname: "boss" }, missing: "create" };
  bench.write("syncs/people.yaml", peopleSync({ mapping: { parentcustomerid: { lookup: one } } }));
  expect(await bench.run()).toMatchObject({ created: 1, parents: 1 });
  expect(await bench.run()).toMatchObject({ unchanged: 1, writes: 0 });
});

test("the name of a made parent is as much of its key as there is room for, in signs of two units, too", async () => {
  const mapping = { parentcustomerid: { from: "firm", lookup: { ...lookup, by: "description" } } };
  await bench.begin({ "syncs/people.yaml": peopleSync({ mapping }) });
  const [short, long] = ["😀".repeat(80), `x${"😀".repeat(90)}`];
  bench.source("people", [person("1", short), person("2", long)]);
  expect(await bench.run()).toMatchObject({ created: 2, parents: 2, rejected: 0, writes: 4 });
  const made = Object.fromEntries((await accounts()).map(({ description, name }) => [description, name]));
  expect(made).toEqual({ [short]: short, [long]: `x${"😀".repeat(79)}` });
  expect(await bench.run()).toMatchObject({ unchanged: 2, writes: 0 });
});

test("a made parent that goes by another value is left there; of a third for one value the row is refused until there is one", async () => {
  await bench.begin({
    "syncs/people.yaml": peopleSync({ mapping: { parentcustomerid: { from: "firm", lookup } } }),
  });
  bench.source("people", [person("1", "F1")]);
  await bench.run();
  const rename = async (value: string) => {
    const now = (await accounts()).find((row) => row.accountnumber === "F1")!;
    await bench.person("PATCH", `accounts(${now.accountid})`, { accountnumber: value });
    return now;
  };
  await rename("F1-1");
  expect(await bench.run()).toMatchObject({ updated: 1, parents: 1, writes: 2 });
  expect(await firmOf()).toEqual({ 1: "F1" });
  expect(await bench.run()).toMatchObject({ unchanged: 1, writes: 0 });
  const second = await rename("F1-2");
  const refused = await bench.run();
  expect(refused).toMatchObject({ rejected: 1, parents: 0, writes: 0 });
  expect(refused.problems[0]).toMatchObject({ code: "parent_renamed", message: expect.stringContaining('"F1"') });
  await bench.person("PATCH", `accounts(${second.accountid})`, { accountnumber: "F1" });
  expect(await bench.run()).toMatchObject({ unchanged: 1, rejected: 0, writes: 0 });
  expect(await accounts()).toHaveLength(2);
});

test.each([true, false])("blanks around a value make no second parent; a key: %s", async (keyed) => {
  await bench.begin(
    { "syncs/people.yaml": peopleSync({ mapping: { parentcustomerid: { from: "firm", lookup } } }) },
    { keyed },
  );
  await bench.person("POST", "accounts", { name: "There", accountnumber: "F1" });
  bench.source("people", [person("1", " F1"), person("2", "F1"), person("3", " F2 "), person("4", "f2")]);
  expect(await bench.run()).toMatchObject({ created: 4, parents: 1, rejected: 0 });
  expect(await firmOf()).toMatchObject({ 1: "F1", 2: "F1", 3: expect.stringMatching(/^f2$/i) });
  bench.source(
    "people",
    [" F1", "F1", " F2 ", "f2"].map((firm, i) => person(`${i + 1}`, firm, { name: "New" })),
  );
  expect(await bench.run()).toMatchObject({ updated: 4, parents: 0, writes: 4 });
  expect(await accounts()).toHaveLength(2);
});

test.each([true, false])(
  "a sharp s is two s, as to Dynamics: one parent for both, and none for the one that is there; a key: %s",
  async (keyed) => {
    await bench.begin(
      { "syncs/people.yaml": peopleSync({ mapping: { parentcustomerid: { from: "firm", lookup } } }) },
      { keyed },
    );
    await bench.person("POST", "accounts", { name: "There", accountnumber: "Preß" });
    bench.source("people", [person("1", "Straße"), person("2", "STRASSE"), person("3", "press")]);
    expect(await bench.run()).toMatchObject({ created: 3, parents: 1, rejected: 0, failed: 0 });
    expect(await firmOf()).toMatchObject({ 1: expect.stringMatching(/^stra(ß|ss)e$/i), 3: "Preß" });
    expect(await accounts()).toHaveLength(2);
    expect(await bench.run()).toMatchObject({ unchanged: 3, writes: 0 });
  },
);

test("a parent that somebody renames before the next run has seen it is made anew", async () => {
  await bench.begin({ "syncs/people.yaml": peopleSync({ mapping: { parentcustomerid: { from: "firm", lookup } } }) });
  bench.source("people", [person("1", "F1"), person("2", "F2")]);
  await bench.run();
  const now = (await accounts()).find((row) => row.accountnumber === "F1")!;
  await bench.person("PATCH", `accounts(${now.accountid})`, { accountnumber: "F1-old" });
  expect(await bench.run()).toMatchObject({ updated: 1, unchanged: 1, parents: 1, writes: 2 });
  expect(await firmOf()).toEqual({ 1: "F1", 2: "F2" });
  expect(await bench.run()).toMatchObject({ unchanged: 2, writes: 0 });
});

// Of this lookup Dynamics empties the column where the parent is deleted; with `parentcustomerid` the contacts go, too.
test.each(["all", "touched"])(
  "a parent that somebody deletes before the next run is made anew; mirror %s",
  async (mirror) => {
    const mapping = { msa_managingpartnerid: { from: "firm", lookup } };
    await bench.begin({ "syncs/people.yaml": peopleSync({ mirror, mapping }) }, { keyed: false });
    bench.source("people", [person("1", "F1"), person("2", "F2")]);
    await bench.run();
    const now = (await accounts()).find((row) => row.accountnumber === "F1")!;
    await bench.person("DELETE", `accounts(${now.accountid})`);
    expect(await bench.run()).toMatchObject({ updated: 1, unchanged: 1, parents: 1, writes: 2 });
    expect((await accounts()).map((row) => row.accountnumber).sort()).toEqual(["F1", "F2"]);
    expect(await bench.run()).toMatchObject({ unchanged: 2, writes: 0 });
  },
);

test("a plan that makes a second parent is applied, whoever made another account meanwhile", async () => {
  await bench.begin({ "syncs/people.yaml": peopleSync({ mapping: { parentcustomerid: { from: "firm", lookup } } }) });
  bench.source("people", [person("1", "F1")]);
  await bench.run();
  const now = (await accounts()).find((row) => row.accountnumber === "F1")!;
  await bench.person("PATCH", `accounts(${now.accountid})`, { accountnumber: "F1-old" });
  const { plans } = await bench.plan();
  await bench.person("POST", "accounts", { name: "Other", accountnumber: "F9" });
  const applied = await inProcess({ project: bench.folder, variables: bench.sandbox.env }, (client) =>
    client.run({ syncs: ["people"], plan: plans[0]!.run }),
  );
  expect(applied.totals).toMatchObject({ updated: 1, excluded: 0, parents: 1 });
  expect(await firmOf()).toEqual({ 1: "F1" });
});
