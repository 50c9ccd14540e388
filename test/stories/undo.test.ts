import { expect, test } from "vitest";
import { inProcess } from "../in-process.ts";
import { peopleSync, useWorkbench } from "../workbench.ts";

/** A run is taken back in Dynamics, and what cannot be is told. */

const bench = useWorkbench();

const row = (id: string) => ({ id, name: `Name ${id}`, email: `p${id}@example.com` });
const [ana, ben, cid] = [row("1"), row("2"), row("3")];
const contacts = async () =>
  Object.fromEntries((await bench.rows("contact")).map((row) => [row.externaluseridentifier as string, row]));

test("updates go back but for what a person has changed; the sync stops until somebody approves", async () => {
  await bench.begin();
  bench.source("people", [ana, ben, cid]);
  await bench.run();
  bench.source(
    "people",
    [ana, ben, cid].map((row) => ({ ...row, name: "Wrong", email: `wrong${row.id}@example.com` })),
  );
  await bench.run();
  const { contactid } = (await contacts())["2"]!;
  await bench.person("PATCH", `contacts(${contactid})`, { lastname: "Benjamin" });
  const shown = await bench.undo({ sync: "people" }, { dryRun: true });
  expect(shown).toMatchObject({ counts: null, received: 3, plan: { update: 3, excluded: 0 }, partly: 1 });
  expect((await contacts())["1"]).toMatchObject({ lastname: "Wrong" });
  await expect(
    inProcess({ project: bench.folder, variables: bench.sandbox.env }, (client) => client.run({ plan: shown.run })),
  ).rejects.toMatchObject({ code: "plan_elsewhere", remedy: `\`sluice undo ${shown.of}\` does it.` });
  const undone = await bench.undo({ run: shown.of });
  expect(undone.counts).toMatchObject({ received: 3, updated: 3, excluded: 0, failed: 0 });
  expect(undone.problems).toMatchObject([{ code: "undo_changed", column: "lastname", rows: 1, keys: ["2"] }]);
  expect(undone.partly).toBe(1);
  // What is as before by now is so in part, too; a row of which nothing could be taken back is excluded.
  expect(await bench.undo({ run: shown.of })).toMatchObject({ counts: { unchanged: 3, excluded: 0 }, partly: 1 });
  expect(await contacts()).toMatchObject({
    1: { lastname: "Name 1", emailaddress1: "p1@example.com" },
    2: { lastname: "Benjamin", emailaddress1: "p2@example.com" },
    3: { lastname: "Name 3", emailaddress1: "p3@example.com" },
  });
  await expect(bench.run()).rejects.toMatchObject({ code: "undone" });
  bench.source("people", [ana, { ...ben, name: "Benjamin" }, cid]);
  expect(await bench.approve("undone")).toMatchObject({ updated: 0, unchanged: 3 });
  expect(await bench.run()).toMatchObject({ updated: 0, unchanged: 3 });
});

test("where nothing is left to take back the next run does not stop", async () => {
  await bench.begin();
  bench.source("people", [ana]);
  await bench.run();
  bench.source("people", [{ ...ana, name: "Second" }]);
  await bench.run();
  const second = bench.latest();
  bench.source("people", [{ ...ana, name: "Third" }]);
  await bench.run();
  const undone = await bench.undo({ run: second });
  expect(undone).toMatchObject({ stops: false, counts: { updated: 0, excluded: 1 }, partly: 0 });
  expect(undone.problems).toMatchObject([{ code: "undo_later" }]);
  expect(await bench.run()).toMatchObject({ unchanged: 1 });
});

test("what a run made is deactivated, what it deleted comes back whole under its id", async () => {
  await bench.begin({ "syncs/people.yaml": peopleSync({ onLeave: "delete", allowDelete: true, leaveLimit: 10 }) });
  bench.source("people", [ana, ben]);
  await bench.run();
  const { contactid } = (await contacts())["2"]!;
  const [account] = await Promise.all([bench.person("POST", "accounts", { name: "Firm" })]);
  await bench.person("PATCH", `contacts(${contactid})`, {
    birthdate: "1990-05-17",
    description: 'said "so"',
    donotphone: true,
    "parentcustomerid_account@odata.bind": `/accounts(${account.accountid})`,
  });
  const before = (await contacts())["2"]!;
  bench.source("people", [ana, cid]);
  expect(await bench.run()).toMatchObject({ created: 1, deleted: 1 });
  const undone = await bench.undo({ sync: "people" });
  expect(undone.problems).toEqual([]);
  expect(undone.counts).toMatchObject({ received: 2, created: 1, updated: 1, rejected: 0 });
  expect(undone.warnings).toEqual([
    expect.stringMatching(/^A deleted record of contact comes back alone: .*annotation/),
  ]);
  const after = await contacts();
  expect(after["3"]).toMatchObject({ statecode: 1 });
  const kept = Object.entries(before).filter(([name]) => !/(on|by|versionnumber|_value|number|timezone.*)$/.test(name));
  expect(after["2"]).toMatchObject(Object.fromEntries(kept));
  expect(after["2"]).toMatchObject({ contactid, birthdate: "1990-05-17" });
  const again = await bench.undo({ run: undone.of });
  expect(again.counts).toMatchObject({ writes: 0, unchanged: 2 });
  expect((await bench.undo({ run: undone.of }, { deleteCreated: true })).counts).toMatchObject({ deleted: 1 });
  expect(Object.keys(await contacts()).sort()).toEqual(["1", "2"]);
});

test("who had been deactivated before the row left stays so, and who had been woken before it came back stays awake", async () => {
  await bench.begin({ "syncs/people.yaml": peopleSync({ onLeave: "deactivate", leaveLimit: 10 }) });
  bench.source("people", [ana, ben, cid]);
  await bench.run();
  const set = async (statecode: number) =>
    bench.person("PATCH", `contacts(${(await contacts())["2"]!.contactid})`, { statecode });
  await set(1);
  bench.source("people", [ana]);
  expect(await bench.run()).toMatchObject({ updated: 2 });
  const left = await bench.undo({ sync: "people" });
  expect(left).toMatchObject({ problems: [], counts: { received: 2, updated: 1, unchanged: 1, writes: 1 } });
  expect(await contacts()).toMatchObject({ 2: { statecode: 1 }, 3: { statecode: 0 } });
  await set(0);
  await bench.approve("undone");
  expect(await contacts()).toMatchObject({ 2: { statecode: 1 }, 3: { statecode: 1 } });
  await set(0);
  bench.source("people", [ana, ben, cid]);
  expect(await bench.run()).toMatchObject({ updated: 2 });
  const back = await bench.undo({ sync: "people" });
  expect(back).toMatchObject({ problems: [], counts: { received: 2, updated: 1, unchanged: 1, writes: 1 } });
  expect(await contacts()).toMatchObject({ 2: { statecode: 0 }, 3: { statecode: 1 } });
});

test("the status reason goes back with the state", async () => {
  await bench.begin({ "syncs/people.yaml": peopleSync({ onLeave: "deactivate", leaveLimit: 10 }) });
  const reason = async (label: string, StateCode: number) => {
    const Label = { LocalizedLabels: [{ Label: label, LanguageCode: 1033 }] };
    const status = { EntityLogicalName: "contact", AttributeLogicalName: "statuscode", Label, StateCode };
    return (await bench.person("POST", "InsertStatusValue", status)).NewOptionValue as number;
  };
  const [valued, doubled] = [await reason("Valued", 0), await reason("Doubled", 1)];
  bench.source("people", [ana, ben]);
  await bench.run();
  const { contactid } = (await contacts())["2"]!;
  const set = (values: { statuscode: number }) => bench.person("PATCH", `contacts(${contactid})`, values);
  await set({ statuscode: valued });
  bench.source("people", [ana]);
  await bench.run();
  expect((await contacts())["2"]).toMatchObject({ statecode: 1, statuscode: 2 });
  await set({ statuscode: doubled });
  const left = await bench.undo({ sync: "people" });
  expect(left).toMatchObject({ problems: [], counts: { updated: 1, writes: 1 } });
  expect(left.samples[0]!.columns).toContainEqual({ name: "statuscode", old: `${doubled}`, new: `${valued}` });
  expect((await contacts())["2"]).toMatchObject({ statecode: 0, statuscode: valued });
  expect((await bench.undo({ run: left.run })).problems).toEqual([]);
  expect((await contacts())["2"]).toMatchObject({ statecode: 1, statuscode: doubled });
  // A run that wakes it is taken back, too.
  bench.source("people", [ana, ben]);
  await bench.run();
  expect((await contacts())["2"]).toMatchObject({ statecode: 0, statuscode: 1 });
  const back = await bench.undo({ sync: "people" });
  expect(back).toMatchObject({ problems: [], counts: { updated: 1, writes: 1 } });
  expect((await contacts())["2"]).toMatchObject({ statecode: 1, statuscode: doubled });
  const told = await inProcess({ project: bench.folder, variables: bench.sandbox.env }, (client) =>
    client.changes({ run: back.run }),
  );
  expect(told.changes[0]!.columns).toContainEqual({
    column: "statuscode",
    old: "1",
    new: `${doubled}`,
    reason: "undone",
  });
});

test("a lookup goes back to the table it pointed at before, though the sync writes into another", async () => {
  const firm = { from: "firm", lookup: { object: "account", by: "accountnumber" } };
  await bench.begin({ "syncs/people.yaml": peopleSync({ mapping: { parentcustomerid: firm } }) });
  const { accountid } = await bench.person("POST", "accounts", { name: "Firm", accountnumber: "F1" });
  const boss = (await bench.person("POST", "contacts", { lastname: "Boss" })).contactid as string;
  bench.source("people", [
    { ...ana, firm: null },
    { ...ben, firm: null },
  ]);
  await bench.run();
  for (const { contactid } of [(await contacts())["1"]!, (await contacts())["2"]!])
    await bench.person("PATCH", `contacts(${contactid})`, {
      "parentcustomerid_contact@odata.bind": `/contacts(${boss})`,
    });
  bench.source("people", [
    { ...ana, firm: "F1" },
    { ...ben, firm: null },
  ]);
  expect(await bench.run()).toMatchObject({ updated: 2, writes: 2 });
  expect((await contacts())["1"]).toMatchObject({ _parentcustomerid_value: accountid });
  const undone = await bench.undo({ sync: "people" });
  expect(undone.problems).toEqual([]);
  expect(undone.counts).toMatchObject({ received: 2, updated: 2, rejected: 0 });
  expect(await contacts()).toMatchObject({
    1: { _parentcustomerid_value: boss },
    2: { _parentcustomerid_value: boss },
  });
  expect((await bench.undo({ run: undone.run })).counts).toMatchObject({ updated: 2, rejected: 0 });
  expect((await contacts())["1"]).toMatchObject({ _parentcustomerid_value: accountid });
  expect((await contacts())["2"]).not.toHaveProperty("_parentcustomerid_value");
});

test.each([false, true])(
  "records that point at one another, deleted by one run, all come back by one undo (mapped: %s)",
  async (mapped) => {
    const boss = { from: "boss", lookup: { object: "contact", by: "externaluseridentifier", missing: "null" } };
    const state = mapped ? { mapping: { parentcustomerid: boss, statecode: "state" } } : {};
    await bench.begin({
      "syncs/people.yaml": peopleSync({
        onLeave: "delete",
        allowDelete: true,
        leaveLimit: 10,
        deleteLimit: 10,
        ...state,
      }),
    });
    const person = (id: string, by: string | null, state = "Active") => ({ ...row(id), boss: by, state });
    const all = [
      person("1", "2"),
      person("2", "3", "Inactive"),
      person("3", "1"),
      person("4", "4"),
      person("5", "9"),
      person("9", null),
    ];
    bench.source("people", all);
    await bench.run();
    const ids = Object.fromEntries(
      Object.entries(await contacts()).map(([id, { contactid }]) => [id, contactid as string]),
    );
    const bind = (id: string, to: string, name = "parentcustomerid_contact") =>
      bench.person("PATCH", `contacts(${ids[id]})`, { [`${name}@odata.bind`]: `/contacts(${ids[to]})` });
    if (!mapped) for (const { id, boss: by } of all) if (by) await bind(id, by);
    if (!mapped) await bench.person("PATCH", `contacts(${ids["2"]})`, { statecode: 1 });
    const before = await contacts();
    expect(before["2"]).toMatchObject({ statecode: 1 });
    bench.source("people", [person("9", null)]);
    // Dynamics deletes those below along with each: fewer requests than rows.
    expect(await bench.runThroughFaults()).toMatchObject({ deleted: 5 });
    const undone = await bench.undo({ sync: "people" });
    expect(undone.problems).toEqual([]);
    expect(undone.counts).toMatchObject({ received: 5, created: 5, rejected: 0, failed: 0 });
    const after = await contacts();
    for (const id of Object.keys(ids))
      expect(after[id]).toMatchObject({
        contactid: ids[id],
        statecode: before[id]!.statecode,
        ...(before[id]!._parentcustomerid_value
          ? { _parentcustomerid_value: before[id]!._parentcustomerid_value }
          : {}),
      });
    expect((await bench.undo({ run: undone.of })).counts).toMatchObject({ unchanged: 5, writes: 0 });
  },
);

test("an undo broken off before the records it made anew point at one another is ended by the next", async () => {
  const boss = { from: "boss", lookup: { object: "contact", by: "externaluseridentifier", missing: "null" } };
  const leaving = { onLeave: "delete", allowDelete: true, leaveLimit: 10, deleteLimit: 10 };
  await bench.begin({ "syncs/people.yaml": peopleSync({ ...leaving, mapping: { parentcustomerid: boss } }) });
  bench.source("people", [
    { ...ana, boss: "2" },
    { ...ben, boss: "1" },
    { ...cid, boss: null },
  ]);
  await bench.run();
  const before = await contacts();
  bench.source("people", [{ ...cid, boss: null }]);
  expect(await bench.runThroughFaults()).toMatchObject({ deleted: 2 });
  const of = bench.latest();
  await bench.control("POST", "faults", { match: { path: "$batch" }, status: 401, times: 100 });
  await expect(bench.undo({ run: of })).rejects.toMatchObject({ kind: "auth" });
  await bench.control("DELETE", "faults");
  expect((await contacts())["1"]).not.toHaveProperty("_parentcustomerid_value");
  expect((await bench.undo({ run: of })).counts).toMatchObject({ updated: 2, writes: 2 });
  for (const id of ["1", "2"])
    expect((await contacts())[id]).toMatchObject({ _parentcustomerid_value: before[id]!._parentcustomerid_value });
  expect((await bench.undo({ run: of })).counts).toMatchObject({ unchanged: 2, writes: 0 });
});

test("a run of as many columns as a sync may map is taken back: the state it may have to set is none of them", async () => {
  const parts =
    "line1 line2 line3 city county country fax name postalcode postofficebox primarycontactname stateorprovince";
  const addresses = `${parts} telephone1 telephone2 telephone3 upszone`.split(" ");
  const others =
    "firstname middlename nickname suffix salutation jobtitle department description assistantname assistantphone";
  const names = [
    ...["address1", "address2", "address3"].flatMap((address) => addresses.map((name) => `${address}_${name}`)),
    ...`${others} managername managerphone spousesname`.split(" "),
  ];
  const mapping = Object.fromEntries(names.map((name) => [name, "v"]));
  expect(names.length).toBe(61);
  await bench.begin({ "syncs/people.yaml": peopleSync({ mapping, onLeave: "deactivate", leaveLimit: 10 }) });
  const people = (v: string) => [ana, ben].map((each) => ({ ...each, v }));
  bench.source("people", people("a"));
  await bench.run();
  bench.source("people", people("b").slice(0, 1));
  expect(await bench.run()).toMatchObject({ updated: 2 });
  const undone = await bench.undo({ sync: "people" });
  expect(undone).toMatchObject({ problems: [], counts: { received: 2, updated: 2 } });
  expect(await contacts()).toMatchObject({ 1: { spousesname: "a", address1_line1: "a" }, 2: { statecode: 0 } });
});
