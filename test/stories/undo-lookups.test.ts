import { expect, test } from "vitest";
import { killedBefore } from "../sluice-process.ts";
import { peopleSync, type Row, useWorkbench, withFirms } from "../workbench.ts";

/** What a run wrote or deleted pointed at records that are gone themselves by the time it is taken back. */

const bench = useWorkbench();
const leaving = { onLeave: "delete", allowDelete: true, leaveLimit: 10, deleteLimit: 10 };
const firm = { from: "firm", lookup: { object: "account", by: "accountnumber", missing: "null" } };
const person = (id: string, name: string, firm: string | null) => ({ id, name, email: `${id}@example.com`, firm });
const one = async (table: string, column: string, value: string): Promise<Row | undefined> =>
  (await bench.rows(table)).find((row) => row[column] === value);
const contact = (id: string) => one("contact", "externaluseridentifier", id);
const makeFirm = async (no: string) =>
  (await bench.person("POST", "accounts", { name: no, accountnumber: no })).accountid as string;

test("a deleted record is made anew without a lookup whose record went with it, which the dry run tells", async () => {
  await bench.begin({
    ...withFirms,
    "syncs/people.yaml": null,
    "syncs/firms.yaml": JSON.stringify({
      ...{ model: "firms", to: "crm", object: "account", match: "accountnumber" },
      ...{ mapping: { accountnumber: "no", name: "title" }, ...leaving },
    }),
  });
  const firms = [
    { no: "F1", title: "One" },
    { no: "F2", title: "Two" },
  ];
  bench.source("firms", firms);
  await bench.run();
  const { accountid } = (await one("account", "accountnumber", "F2"))!;
  const bind = { "parentcustomerid_account@odata.bind": `/accounts(${accountid})` };
  const { contactid } = await bench.person("POST", "contacts", { lastname: "Boss", ...bind });
  const more = { telephone1: "123", "primarycontactid@odata.bind": `/contacts(${contactid})` };
  await bench.person("PATCH", `accounts(${accountid})`, more);
  bench.source("firms", firms.slice(0, 1));
  expect(await bench.run()).toMatchObject({ deleted: 1 });
  expect(await bench.rows("contact")).toEqual([]);
  const reason = { code: "undo_parent_gone", column: "primarycontactid", rows: 1, keys: ["F2"] };
  const shown = await bench.undo({ sync: "firms" }, { dryRun: true });
  expect(shown).toMatchObject({ plan: { create: 1, excluded: 0 }, problems: [reason] });
  const undone = await bench.undo({ run: shown.of });
  expect(undone).toMatchObject({ counts: { received: 1, created: 1, rejected: 0 }, problems: [reason] });
  expect(undone.problems[0]!.example).toContain(contactid as string);
  const back = await one("account", "accountnumber", "F2");
  expect(back).toMatchObject({ accountid, name: "Two", telephone1: "123" });
  expect(back).not.toHaveProperty("_primarycontactid_value");
  expect((await bench.undo({ run: undone.of })).counts).toMatchObject({ unchanged: 1, writes: 0 });
});

test("so is one whose lookup the sync maps, and the next runs go on from there", async () => {
  await bench.begin({ "syncs/people.yaml": peopleSync({ mapping: { parentcustomerid: firm }, ...leaving }) });
  const gone = await makeFirm("F1");
  bench.source("people", [person("1", "Ana", null), person("2", "Ben", "F1"), person("3", "Cid", null)]);
  await bench.run();
  bench.source("people", [person("1", "Ana", null)]);
  expect(await bench.run()).toMatchObject({ deleted: 2 });
  await bench.person("DELETE", `accounts(${gone})`);
  const undone = await bench.undo({ sync: "people" });
  expect(undone).toMatchObject({
    counts: { received: 2, created: 2, rejected: 0 },
    problems: [{ code: "undo_parent_gone", column: "parentcustomerid", rows: 1, keys: ["2"] }],
  });
  expect(await contact("2")).toMatchObject({ lastname: "Ben" });
  bench.source("people", [person("1", "Ana", null), person("2", "Ben", "F1"), person("3", "Cid", null)]);
  expect(await bench.approve("undone")).toMatchObject({ unchanged: 3, writes: 0 });
  await makeFirm("F1");
  expect(await bench.run()).toMatchObject({ updated: 1, writes: 1 });
});

test("an update gives back all but the lookup whose record is gone", async () => {
  await bench.begin({ "syncs/people.yaml": peopleSync({ mapping: { parentcustomerid: firm } }) });
  const [gone, stays, other] = [await makeFirm("F1"), await makeFirm("F2"), await makeFirm("F3")];
  bench.source("people", [person("1", "Ana", "F1"), person("2", "Ben", "F2")]);
  await bench.run();
  bench.source("people", [person("1", "Wrong", "F3"), person("2", "Wrong", "F3")]);
  await bench.run();
  await bench.person("DELETE", `accounts(${gone})`);
  const reason = { code: "undo_parent_gone", column: "parentcustomerid", rows: 1, keys: ["1"] };
  const shown = await bench.undo({ sync: "people" }, { dryRun: true });
  expect(shown).toMatchObject({ plan: { update: 2 }, problems: [reason] });
  const undone = await bench.undo({ run: shown.of });
  expect(undone).toMatchObject({ counts: { received: 2, updated: 2, rejected: 0 }, problems: [reason] });
  expect(await contact("1")).toMatchObject({ lastname: "Ana", _parentcustomerid_value: other });
  expect(await contact("2")).toMatchObject({ lastname: "Ben", _parentcustomerid_value: stays });
});

test("what an undo that died had not pointed at again, and the sync does not map, the next one lists", async () => {
  const firms = { model: "firms", to: "crm", object: "account", match: "accountnumber", ...leaving };
  await bench.begin({
    ...{ ...withFirms, "syncs/people.yaml": null },
    "syncs/firms.yaml": JSON.stringify({ ...firms, mapping: { accountnumber: "no", name: "title" } }),
  });
  const [first, second, third] = ["F1", "F2", "F3"].map((no) => ({ no, title: no }));
  bench.source("firms", [first!, second!, third!]);
  await bench.run();
  const [below, above] = [await one("account", "accountnumber", "F3"), await one("account", "accountnumber", "F2")];
  const bind = { "parentaccountid@odata.bind": `/accounts(${above!.accountid})` };
  await bench.person("PATCH", `accounts(${below!.accountid})`, bind);
  bench.source("firms", [first!]);
  expect(await bench.run()).toMatchObject({ deleted: 2 });
  const run = (await bench.runs())[0]!.id;
  await killedBefore(bench, { method: "POST", path: "$batch" }, "undo", run);
  const undone = await bench.undo({ run });
  expect(undone.problems).toMatchObject([{ code: "undo_unset", column: "parentaccountid", rows: 1, keys: ["F3"] }]);
  expect(undone.problems[0]!.example).toContain(above!.accountid as string);
  expect(await bench.rows("account")).toHaveLength(3);
});

/** A person (2) and the firm it points at are deleted, the person by a run, which is then taken back without the firm. */
async function withoutFirm(mapped: boolean): Promise<{ firm: string; run: string }> {
  await bench.begin({
    "syncs/people.yaml": peopleSync({ ...(mapped && { mapping: { parentcustomerid: firm } }), ...leaving }),
  });
  const gone = await makeFirm("F1");
  bench.source("people", [person("1", "Ana", null), person("2", "Ben", "F1")]);
  await bench.run();
  if (!mapped) await pointAt(gone);
  bench.source("people", [person("1", "Ana", null)]);
  expect(await bench.run()).toMatchObject({ deleted: 1 });
  await bench.person("DELETE", `accounts(${gone})`);
  const undone = await bench.undo({ sync: "people" });
  expect(undone).toMatchObject({ counts: { created: 1 }, problems: [{ code: "undo_parent_gone", keys: ["2"] }] });
  return { firm: gone, run: undone.of };
}

const pointAt = async (account: string) => {
  const bind = { "parentcustomerid_account@odata.bind": `/accounts(${account})` };
  await bench.person("PATCH", `contacts(${(await contact("2"))!.contactid})`, bind);
};
const comesBack = (accountid: string) =>
  bench.person("POST", "accounts", { accountid, name: "F1", accountnumber: "F1" });

test("a record made anew without a lookup gets it by another undo, once what it pointed at is back", async () => {
  const { firm, run } = await withoutFirm(true);
  const reason = { code: "undo_parent_gone", column: "parentcustomerid", rows: 1, keys: ["2"] };
  expect(await bench.undo({ run })).toMatchObject({ counts: { unchanged: 1, writes: 0 }, problems: [reason] });
  await comesBack(firm);
  expect(await bench.undo({ run }, { dryRun: true })).toMatchObject({ plan: { update: 1, excluded: 0 }, problems: [] });
  expect(await bench.undo({ run })).toMatchObject({ counts: { received: 1, updated: 1, writes: 1 }, problems: [] });
  expect(await contact("2")).toMatchObject({ lastname: "Ben", _parentcustomerid_value: firm });
  expect(await bench.undo({ run })).toMatchObject({ counts: { unchanged: 1, writes: 0 }, problems: [] });
  // It has been given back: whoever empties it now wants it empty.
  await bench.person("DELETE", `contacts(${(await contact("2"))!.contactid})/parentcustomerid_account/$ref`);
  expect(await bench.undo({ run })).toMatchObject({ counts: { unchanged: 1, writes: 0 }, problems: [] });
  bench.source("people", [person("1", "Ana", null), person("2", "Ben", null)]);
  expect(await bench.approve("undone")).toMatchObject({ unchanged: 2, writes: 0 });
});

test("not where somebody has pointed it elsewhere, or a later run has written it, which is told", async () => {
  const { firm, run } = await withoutFirm(true);
  await comesBack(firm);
  const other = await makeFirm("F2");
  await pointAt(other);
  const changed = { code: "undo_changed", column: "parentcustomerid", keys: ["2"] };
  expect(await bench.undo({ run })).toMatchObject({ counts: { unchanged: 1, writes: 0 }, problems: [changed] });
  const third = await makeFirm("F3");
  bench.source("people", [person("1", "Ana", null), person("2", "Ben", "F3")]);
  expect(await bench.approve("undone")).toMatchObject({ updated: 1 });
  const later = { code: "undo_later", column: "parentcustomerid", keys: ["2"] };
  expect(await bench.undo({ run })).toMatchObject({ counts: { unchanged: 1, writes: 0 }, problems: [later] });
  expect(await contact("2")).toMatchObject({ _parentcustomerid_value: third });
});

test("one that the sync does not map is listed until somebody has set it", async () => {
  const { firm, run } = await withoutFirm(false);
  const listed = (code: string) => ({
    ...{ counts: { unchanged: 1, writes: 0 } },
    problems: [{ code, column: "parentcustomerid", rows: 1, keys: ["2"] }],
  });
  expect(await bench.undo({ run })).toMatchObject(listed("undo_parent_gone"));
  await comesBack(firm);
  expect(await bench.undo({ run })).toMatchObject(listed("undo_unset"));
  await pointAt(firm);
  expect(await bench.undo({ run })).toMatchObject({ counts: { unchanged: 1, writes: 0 }, problems: [] });
});

/** A record (2) that belonged to a team is deleted by a run, and the team by a person; then the run is taken back. */
async function withoutTeam(mapped: boolean) {
  const own = mapped ? { ownerid: "owner" } : {};
  await bench.begin({ "syncs/people.yaml": peopleSync({ mapping: own, ...leaving }) });
  const { businessunitid } = (await bench.rows("businessunit"))[0]!;
  const sales = {
    ...{ name: "Sales", teamtype: 0 },
    "businessunitid@odata.bind": `/businessunits(${businessunitid})`,
  };
  const { teamid } = await bench.person("POST", "teams", sales);
  const user = { domainname: "ana@contoso.com", lastname: "Ana", internalemailaddress: "ana@example.com" };
  const bind = { "businessunitid@odata.bind": `/businessunits(${businessunitid})` };
  const { systemuserid } = await bench.person("POST", "systemusers", { ...user, ...bind });
  const belongs = async (owner: string) =>
    await bench.person("PATCH", `contacts(${(await contact("2"))!.contactid})`, { "ownerid@odata.bind": owner });
  const rows = ["1", "2"].map((id) => ({
    ...person(id, `Name ${id}`, null),
    owner: id === "1" ? "ana@example.com" : "Sales",
  }));
  bench.source("people", rows);
  await bench.run();
  if (!mapped) await belongs(`/teams(${teamid})`);
  bench.source("people", rows.slice(0, 1));
  expect(await bench.run()).toMatchObject({ deleted: 1 });
  const { id: run } = (await bench.runs())[0]!;
  await bench.person("DELETE", `teams(${teamid})`);
  return { run, teamid, systemuserid, belongs, back: () => bench.person("POST", "teams", { teamid, ...sales }), rows };
}

const owned = (code: string) => ({
  problems: [{ code, column: "ownerid", rows: 1, keys: ["2"] }],
  counts: { unchanged: 1, writes: 0 },
});

test("an owner that was gone is given back once it is there: what Dynamics had put in its place is nobody's change", async () => {
  const { run, teamid, back, rows } = await withoutTeam(true);
  const undone = await bench.undo({ run });
  expect(undone).toMatchObject({ ...owned("undo_parent_gone"), counts: { created: 1 } });
  expect(await contact("2")).toHaveProperty("_ownerid_value");
  expect(await bench.undo({ run })).toMatchObject(owned("undo_parent_gone"));
  await back();
  expect(await bench.undo({ run }, { dryRun: true })).toMatchObject({ plan: { update: 1, excluded: 0 }, problems: [] });
  expect(await bench.undo({ run })).toMatchObject({ counts: { received: 1, updated: 1, writes: 1 }, problems: [] });
  expect(await contact("2")).toMatchObject({ lastname: "Name 2", _ownerid_value: teamid });
  expect(await bench.undo({ run })).toMatchObject({ counts: { unchanged: 1, writes: 0 }, problems: [] });
  bench.source("people", rows);
  expect(await bench.approve("undone")).toMatchObject({ unchanged: 2, writes: 0 });
});

test("not where somebody has chosen another owner since, which stays", async () => {
  const { run, systemuserid, belongs, back } = await withoutTeam(true);
  await bench.undo({ run });
  await belongs(`/systemusers(${systemuserid})`);
  await back();
  expect(await bench.undo({ run })).toMatchObject(owned("undo_changed"));
  expect(await contact("2")).toMatchObject({ _ownerid_value: systemuserid });
});

test("an owner that the sync does not map is listed until somebody has set it", async () => {
  const { run, teamid, belongs, back } = await withoutTeam(false);
  expect(await bench.undo({ run })).toMatchObject({ ...owned("undo_parent_gone"), counts: { created: 1 } });
  expect(await bench.undo({ run })).toMatchObject(owned("undo_parent_gone"));
  await back();
  const listed = await bench.undo({ run });
  expect(listed).toMatchObject(owned("undo_unset"));
  expect(listed.problems[0]!.example).toContain(teamid as string);
  await belongs(`/teams(${teamid})`);
  expect(await bench.undo({ run })).toMatchObject({ counts: { unchanged: 1, writes: 0 }, problems: [] });
});

test.each([false, true])(
  "of records that point at one another, too; an undo that was broken off (%s) does not tell what was put there",
  async (brokenOff) => {
    const firms = { model: "firms", to: "crm", object: "account", match: "accountnumber", ...leaving };
    await bench.begin({
      ...{ ...withFirms, "syncs/people.yaml": null },
      "syncs/firms.yaml": JSON.stringify({
        ...firms,
        mapping: { accountnumber: "no", name: "title", ownerid: "owner" },
      }),
    });
    const { businessunitid } = (await bench.rows("businessunit"))[0]!;
    const at = { "businessunitid@odata.bind": `/businessunits(${businessunitid})` };
    const sales = { name: "Sales", teamtype: 0, ...at };
    const { teamid } = await bench.person("POST", "teams", sales);
    const rows = ["F1", "F2", "F3"].map((no) => ({ no, title: no, owner: no === "F1" ? null : "Sales" }));
    bench.source("firms", rows);
    await bench.run();
    const [below, above] = [await one("account", "accountnumber", "F3"), await one("account", "accountnumber", "F2")];
    const bind = { "parentaccountid@odata.bind": `/accounts(${above!.accountid})` };
    await bench.person("PATCH", `accounts(${below!.accountid})`, bind);
    bench.source("firms", rows.slice(0, 1));
    expect(await bench.run()).toMatchObject({ deleted: 2 });
    await bench.person("DELETE", `teams(${teamid})`);
    const { id: run } = (await bench.runs())[0]!;
    if (brokenOff) await killedBefore(bench, { method: "POST", path: "$batch" }, "undo", run);
    else expect(await bench.undo({ run })).toMatchObject({ counts: { created: 2 }, problems: [{ column: "ownerid" }] });
    await bench.person("POST", "teams", { teamid, ...sales });
    if (!brokenOff) {
      expect(await bench.undo({ run })).toMatchObject({ counts: { updated: 2, writes: 2 }, problems: [] });
      return;
    }
    const { problems, counts } = await bench.undo({ run });
    expect(counts).toMatchObject({ unchanged: 2, writes: 0 });
    expect(problems.map(({ code, column, rows }) => [code, column, rows])).toEqual([
      ["undo_unset", "ownerid", 2],
      ["undo_unset", "parentaccountid", 1],
    ]);
  },
);
