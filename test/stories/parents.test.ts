import { expect, test } from "vitest";
import { peopleSync, useWorkbench, withFirms } from "../workbench.ts";

/** A contact that points at an account: it waits for it, and goes by itself once it is there. */

const bench = useWorkbench();

const firm = (no: string) => ({ no, title: `Firm ${no}` });
const person = (id: string, firm: string) => ({ id, name: `Name ${id}`, email: `${id}@example.com`, firm });
const parents = async () =>
  Object.fromEntries(
    (await bench.rows("contact")).map((row) => [row.externaluseridentifier, row._parentcustomerid_value]),
  );
const accountId = async (number: string) =>
  (await bench.rows("account")).find((row) => row.accountnumber === number)?.accountid;

test("the account comes by our other sync: the contact follows in that very run, its own row unchanged", async () => {
  await bench.begin(withFirms);
  bench.source("firms", [firm("F1")]);
  bench.source("people", [person("1", "F1"), person("2", "F9"), person("3", "f9 ")]);
  const planned = await bench.plan();
  expect(planned.totals).toMatchObject({ received: 4, create: 2, rejected: 2 });
  const first = await bench.run();
  expect(first).toMatchObject({ received: 4, created: 2, rejected: 2, writes: 2 });
  expect(first.problems).toMatchObject([
    { key: "2", status: "rejected", code: "parent_missing", column: "parentcustomerid", wake: "parent" },
    { key: "3", code: "parent_missing" },
  ]);
  expect(first.problems[0]?.message).toContain('"F9"');

  expect(await bench.run()).toMatchObject({ received: 4, unchanged: 2, rejected: 2, writes: 0 });

  bench.source("firms", [firm("F1"), firm("F9")]);
  expect((await bench.plan()).totals).toMatchObject({ create: 3, rejected: 0, unchanged: 2 });
  const third = await bench.run();
  expect(third.of).toMatchObject({ firms: { created: 1, writes: 1 }, people: { created: 2, unchanged: 1, writes: 2 } });
  const [f1, f9] = [await accountId("F1"), await accountId("F9")];
  expect(await parents()).toEqual({ 1: f1, 2: f9, 3: f9 });
  expect(await bench.run()).toMatchObject({ writes: 0, unchanged: 5, rejected: 0 });
});

test("somebody makes the account in Dynamics: the contact goes in the next run", async () => {
  await bench.begin({ ...withFirms, "models/firms.yaml": null, "syncs/firms.yaml": null });
  bench.source("people", [person("1", "F9"), person("2", "F8")]);
  expect(await bench.run()).toMatchObject({ created: 0, rejected: 2, writes: 0 });
  await bench.person("POST", "accounts", { name: "By hand", accountnumber: "F9" });
  const second = await bench.run();
  expect(second).toMatchObject({ created: 1, rejected: 1, writes: 1 });
  expect(second.problems).toMatchObject([{ key: "2", code: "parent_missing" }]);
  expect(await parents()).toEqual({ 1: await accountId("F9") });
});

test("the account loses its number in Dynamics and another gets it: the contact keeps its values and finds it", async () => {
  await bench.begin({ ...withFirms, "models/firms.yaml": null, "syncs/firms.yaml": null });
  bench.source("people", [person("1", "F1")]);
  await bench.person("POST", "accounts", { name: "Old", accountnumber: "F1" });
  expect(await bench.run()).toMatchObject({ created: 1 });
  // Deleting it would take its contacts along (Cascade).
  await bench.person("PATCH", `accounts(${await accountId("F1")})`, { accountnumber: "gone" });
  const without = await bench.run();
  expect(without).toMatchObject({ rejected: 1, writes: 0 });
  expect(without.problems).toMatchObject([{ key: "1", code: "parent_missing" }]);
  await bench.person("POST", "accounts", { name: "New", accountnumber: "F1" });
  expect(await bench.run()).toMatchObject({ updated: 1, rejected: 0, writes: 1 });
  expect(await parents()).toEqual({ 1: await accountId("F1") });
});

test("`missing: null`: the contact goes without, and gets its account once it is there", async () => {
  const lookup = { object: "account", by: "accountnumber", missing: "null" };
  await bench.begin({ "syncs/people.yaml": peopleSync({ mapping: { parentcustomerid: { from: "firm", lookup } } }) });
  bench.source("people", [person("1", "F9")]);
  expect(await bench.run()).toMatchObject({ created: 1, rejected: 0 });
  expect(await parents()).toEqual({ 1: undefined });
  await bench.person("POST", "accounts", { name: "By hand", accountnumber: "F9" });
  expect(await bench.run()).toMatchObject({ updated: 1, writes: 1 });
  expect(await parents()).toEqual({ 1: await accountId("F9") });
});

test("two accounts of one number: neither is guessed, and once one is gone the contact goes", async () => {
  await bench.begin({ ...withFirms, "models/firms.yaml": null, "syncs/firms.yaml": null }, { keyed: false });
  bench.source("people", [person("1", "F1")]);
  await bench.person("POST", "accounts", { name: "One", accountnumber: "F1" });
  const { accountid } = await bench.person("POST", "accounts", { name: "Two", accountnumber: "F1" });
  const first = await bench.run();
  expect(first).toMatchObject({ rejected: 1, writes: 0 });
  expect(first.problems).toMatchObject([{ key: "1", code: "parent_ambiguous", column: "parentcustomerid" }]);
  await bench.person("DELETE", `accounts(${accountid})`);
  expect(await bench.run()).toMatchObject({ created: 1, writes: 1 });
});

test.each([{ onLeave: "deactivate" }, { onLeave: "delete", allowDelete: true }])(
  "rows that left earlier are left alone when their firm changes: %o",
  async (then) => {
    const lookup = { object: "account", by: "accountnumber", missing: "null" };
    const sync = (more = {}) => peopleSync({ mapping: { parentcustomerid: { from: "firm", lookup } }, ...more });
    await bench.begin({ "syncs/people.yaml": sync() });
    const firm = await bench.person("POST", "accounts", { name: "First", accountnumber: "F1" });
    const [one, other] = [
      { id: "1", name: "One", email: null, firm: "F1" },
      { id: "2", name: "Two", email: null, firm: null },
    ];
    bench.source("people", [one, other]);
    await bench.run();
    bench.source("people", [other]);
    await bench.run();
    // What becomes of rows that leave is said only later: it is not for those that have left before.
    bench.write("syncs/people.yaml", sync(then));
    expect(await bench.run()).toMatchObject({ writes: 0 });
    await bench.person("PATCH", `accounts(${firm.accountid})`, { accountnumber: "F1-old" });
    expect(await bench.run()).toMatchObject({ received: 1, unchanged: 1, writes: 0 });
    expect((await bench.rows("contact")).map((row) => row.statecode)).toEqual([0, 0]);
  },
);
