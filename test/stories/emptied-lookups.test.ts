import { describe, expect, test } from "vitest";
import { type Row, useWorkbench } from "../workbench.ts";

/**
 * `drift: keep`, and a lookup that Dynamics emptied because the record it pointed at was deleted: nobody's edit. What people
 * emptied stays empty.
 */

const bench = useWorkbench();

const firm = (no: string) => ({ no, title: `Firm ${no}` });
const person = (id: string, firm: string, name = `Name ${id}`) => ({ id, name, firm });
const limits = { allowDelete: true, leaveLimit: 10, deleteLimit: 10 };
const syncOf = (model: string, object: string, match: string, mapping: Row, more: Row) =>
  JSON.stringify({ model, to: "crm", object, match, mapping, ...more });
const accounts = { accountnumber: "no", name: "title" };

/** Firms 1 to 3 are accounts, person 1 is a lead of the first and person 2 one of the second. */
async function begin(more: Row = {}, lookup: Row = {}): Promise<void> {
  const parent = { from: "firm", lookup: { object: "account", by: "accountnumber", ...lookup } };
  const lead = { emailaddress1: "id", lastname: "name", parentaccountid: parent };
  await bench.begin({
    "models/firms.yaml": "connection: data\ntable: firms\nkey: no\n",
    "syncs/firms.yaml": syncOf("firms", "account", "accountnumber", accounts, { onLeave: "delete", ...limits }),
    "syncs/people.yaml": syncOf("people", "lead", "emailaddress1", lead, { drift: "keep", ...more }),
  });
  bench.source("firms", [firm("F1"), firm("F2"), firm("F3")]);
  bench.source("people", [person("1", "F1"), person("2", "F2")]);
  expect(await bench.run()).toMatchObject({ created: 5 });
}

/** Whose lead each is: the number of the account. */
async function firms(): Promise<Record<string, unknown>> {
  const numbers = new Map((await bench.rows("account")).map((row) => [row.accountid, row.accountnumber]));
  const leads = await bench.rows("lead");
  return Object.fromEntries(leads.map((row) => [row.emailaddress1, numbers.get(row._parentaccountid_value)]));
}
const lead = async (id: string) => (await bench.rows("lead")).find((row) => row.emailaddress1 === id)!.leadid;
const empties = async (id: string) =>
  bench.person("PATCH", `leads(${await lead(id)})`, { "parentaccountid@odata.bind": null });
const settled = async () => expect(await bench.run()).toMatchObject({ writes: 0, rejected: 0 });

describe.each(["all", "touched", "none"])("mirror: %s", (mirror) => {
  test("its firm leaves, and its row moves to another one in the same run", async () => {
    await begin({ mirror });
    bench.source("firms", [firm("F1"), firm("F3")]);
    bench.source("people", [person("1", "F1"), person("2", "F3")]);
    expect((await bench.run()).of).toMatchObject({ firms: { deleted: 1 }, people: { updated: 1, writes: 1 } });
    expect(await firms()).toEqual({ 1: "F1", 2: "F3" });
    await settled();
    expect(await bench.verify()).toMatchObject({ differences: 0 });
  });

  test("its firm leaves, and its row moves later: until then it is rejected", async () => {
    await begin({ mirror });
    bench.source("firms", [firm("F1"), firm("F3")]);
    for (let n = 0; n < 2; n++)
      expect((await bench.run()).problems).toMatchObject([{ key: "2", code: "parent_missing" }]);
    bench.source("people", [person("1", "F1"), person("2", "F3")]);
    expect((await bench.run()).of).toMatchObject({ people: { updated: 1, rejected: 0, writes: 1 } });
    expect(await firms()).toEqual({ 1: "F1", 2: "F3" });
    await settled();
  });
});

test("everything is read anew: what is not there any more is gone", async () => {
  await begin();
  bench.source("firms", [firm("F1"), firm("F3")]);
  await bench.run("firms");
  await bench.control("POST", "change-tracking", { expire: true });
  bench.source("people", [person("1", "F1"), person("2", "F3")]);
  expect(await bench.run()).toMatchObject({ updated: 1, writes: 1 });
  expect(await firms()).toEqual({ 1: "F1", 2: "F3" });
  await settled();
});

test("`missing: null`: it stays empty, then follows its row", async () => {
  await begin({}, { missing: "null" });
  bench.source("firms", [firm("F1"), firm("F3")]);
  expect((await bench.run()).of).toMatchObject({ people: { unchanged: 2, writes: 0 } });
  bench.source("people", [person("1", "F1"), person("2", "F3")]);
  expect(await bench.run()).toMatchObject({ updated: 1, writes: 1 });
  expect(await firms()).toEqual({ 1: "F1", 2: "F3" });
});

test("the firm is made anew under its own id, by an undo: the lead is its again", async () => {
  await begin();
  bench.source("firms", [firm("F1"), firm("F3")]);
  expect(await bench.run()).toMatchObject({ deleted: 1, rejected: 1 });
  await bench.undo({ sync: "firms" });
  bench.source("firms", [firm("F1"), firm("F2"), firm("F3")]);
  expect((await bench.run("people")).of).toMatchObject({ people: { updated: 1, rejected: 0, writes: 1 } });
  expect(await firms()).toEqual({ 1: "F1", 2: "F2" });
});

test("the row is refused in that run, and goes in a later one", async () => {
  await begin();
  bench.source("firms", [firm("F1"), firm("F3")]);
  bench.source("people", [person("1", "F1"), person("2", "F3", "Other")]);
  await bench.control("POST", "plugins", { table: "lead", column: "lastname", equals: "Other", throws: "Not so." });
  expect((await bench.run()).problems).toMatchObject([{ key: "2", code: "refused" }]);
  expect(await bench.run()).toMatchObject({ rejected: 1, writes: 0 });
  await bench.control("DELETE", "plugins");
  bench.source("people", [person("1", "F1"), person("2", "F3", "Another")]);
  expect(await bench.run()).toMatchObject({ updated: 1, rejected: 0 });
  expect(await firms()).toEqual({ 1: "F1", 2: "F3" });
  await settled();
});

test.each(["all", "touched"])("mirror %s: a run of another row alone forgets nothing of it", async (mirror) => {
  await begin({ mirror });
  bench.source("people", [person("1", "F1"), person("2", "F2"), person("3", "F9")]);
  await bench.run();
  bench.source("firms", [firm("F1"), firm("F3")]);
  await bench.run("firms");
  expect(await bench.resend({ sync: "people", keys: ["3"] })).toMatchObject({ received: 1, rejected: 1 });
  bench.source("people", [person("1", "F1"), person("2", "F3"), person("3", "F1")]);
  expect(await bench.run()).toMatchObject({ updated: 1, created: 1, rejected: 0 });
  expect(await firms()).toEqual({ 1: "F1", 2: "F3", 3: "F1" });
});

test.each(["all", "touched"])("mirror %s: its row had left meanwhile, and comes back", async (mirror) => {
  await begin({ mirror });
  bench.source("people", [person("1", "F1")]);
  await bench.run();
  bench.source("firms", [firm("F1"), firm("F3")]);
  expect((await bench.run()).of).toMatchObject({ firms: { deleted: 1 }, people: { unchanged: 1, writes: 0 } });
  bench.source("people", [person("1", "F1"), person("2", "F3")]);
  expect(await bench.run()).toMatchObject({ updated: 1, created: 0, writes: 1 });
  expect(await firms()).toEqual({ 1: "F1", 2: "F3" });
  await settled();
});

test("what people emptied stays empty: while its firm is there, and when that leaves later", async () => {
  await begin();
  await empties("2");
  expect(await bench.run()).toMatchObject({ unchanged: 5, writes: 0 });
  bench.source("people", [person("1", "F1"), person("2", "F3")]);
  expect(await bench.run()).toMatchObject({ unchanged: 5, writes: 0 });
  bench.source("firms", [firm("F1"), firm("F3")]);
  expect((await bench.run()).of).toMatchObject({ firms: { deleted: 1 }, people: { unchanged: 2, writes: 0 } });
  await settled();
  expect(await firms()).toEqual({ 1: "F1", 2: undefined });
});

test("a firm that only goes by another number is not gone: what people emptied stays empty", async () => {
  await begin();
  await empties("2");
  const { accountid } = (await bench.rows("account")).find((row) => row.accountnumber === "F2")!;
  await bench.person("PATCH", `accounts(${accountid})`, { accountnumber: null });
  bench.source("people", [person("1", "F1"), person("2", "F3")]);
  expect(await bench.run("people")).toMatchObject({ unchanged: 2, writes: 0 });
  await bench.control("POST", "change-tracking", { expire: true });
  expect(await bench.run("people")).toMatchObject({ unchanged: 2, writes: 0 });
});

test("records of one table: the run that deletes the parent is the sync's own", async () => {
  const parent = { from: "over", lookup: { object: "account", by: "accountnumber" } };
  const groups = { onLeave: "delete", drift: "keep", ...limits };
  await bench.begin({
    "models/firms.yaml": "connection: data\ntable: firms\nkey: no\n",
    "syncs/firms.yaml": syncOf("firms", "account", "accountnumber", { ...accounts, parentaccountid: parent }, groups),
    "models/people.yaml": null,
    "syncs/people.yaml": null,
  });
  const part = (no: string, over: string | null) => ({ ...firm(no), over });
  bench.source("firms", [part("F1", null), part("F2", null), part("F3", "F2")]);
  expect(await bench.run()).toMatchObject({ created: 3 });
  bench.source("firms", [part("F1", null), part("F3", "F2")]);
  expect(await bench.run()).toMatchObject({ deleted: 1 });
  expect((await bench.run()).problems).toMatchObject([{ key: "F3", code: "parent_missing" }]);
  bench.source("firms", [part("F1", null), part("F3", "F1")]);
  expect(await bench.run()).toMatchObject({ updated: 1, rejected: 0 });
  const [first, third] = (await bench.rows("account")).sort((a, b) =>
    String(a.accountnumber).localeCompare(String(b.accountnumber)),
  );
  expect(third).toMatchObject({ _parentaccountid_value: first!.accountid });
  await settled();
});
