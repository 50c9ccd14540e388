import { expect, test } from "vitest";
import { peopleSync, type Row, useWorkbench } from "../workbench.ts";

/** What is written once all records of a run are there: lookups to other rows of it, and states. */

const bench = useWorkbench();

const contacts = async (): Promise<Record<string, Row>> =>
  Object.fromEntries((await bench.rows("contact")).map((row) => [String(row.externaluseridentifier), row]));
const bosses = async () => {
  const there = await contacts();
  const byId = new Map(Object.entries(there).map(([number, row]) => [row.contactid, number]));
  return Object.fromEntries(
    Object.entries(there).map(([number, row]) => [number, byId.get(row._parentcustomerid_value as string) ?? null]),
  );
};
const person = (id: string, boss: string | null, name: string | null = `Name ${id}`) => ({
  id,
  name,
  email: null,
  boss,
});
const ways = (missing: string) => ({ object: "contact", by: "externaluseridentifier", missing });
const start = (missing: string, keyed: boolean, more: Row = {}) =>
  bench.begin(
    {
      "syncs/people.yaml": peopleSync({
        mapping: { parentcustomerid: { from: "boss", lookup: ways(missing) } },
        ...more,
      }),
    },
    { keyed },
  );

test.each([true, false])("a circle, a chain and oneself arrive in one run (key: %s)", async (keyed) => {
  await start("reject", keyed);
  bench.source("people", [person("1", "2"), person("2", "3"), person("3", "1"), person("4", "4"), person("5", "1")]);
  expect((await bench.plan()).totals).toMatchObject({ received: 5, create: 5, rejected: 0 });
  const ran = await bench.run();
  expect(ran).toMatchObject({ received: 5, created: 5, rejected: 0, writes: 10 });
  expect(await bosses()).toEqual({ 1: "2", 2: "3", 3: "1", 4: "4", 5: "1" });
  expect(await bench.run()).toMatchObject({ unchanged: 5, writes: 0 });
  bench.source("people", [
    person("1", "6"),
    person("2", "3"),
    person("3", null),
    person("4", "6"),
    person("5", "1"),
    person("6", "5"),
  ]);
  expect(await bench.run()).toMatchObject({ created: 1, updated: 3, unchanged: 2 });
  expect(await bosses()).toEqual({ 1: "6", 2: "3", 3: null, 4: "6", 5: "1", 6: "5" });
  expect(await bench.run()).toMatchObject({ unchanged: 6, writes: 0 });
});

test("whoever waits for a row that cannot go is rejected too, to the end of the chain, and goes with it later", async () => {
  await start("reject", true);
  const long = "x".repeat(101);
  const rows = (first: string) => [person("1", "2"), person("2", "3"), person("3", null, first), person("4", null)];
  bench.source("people", rows(long));
  const ran = await bench.run();
  expect(ran).toMatchObject({ created: 1, rejected: 3, writes: 1 });
  expect(ran.problems).toMatchObject([
    { key: "1", code: "parent_missing", column: "parentcustomerid" },
    { key: "2", code: "parent_missing" },
    { key: "3", code: "too_long" },
  ]);
  expect(ran.problems[0]?.message).toContain('no record for "2"');
  bench.source("people", rows("Good"));
  expect(await bench.run()).toMatchObject({ received: 4, created: 3, rejected: 0, unchanged: 1, writes: 5 });
  expect(await bosses()).toEqual({ 1: "2", 2: "3", 3: null, 4: null });
  expect(await bench.run()).toMatchObject({ unchanged: 4, writes: 0 });
});

test.each(["externaluseridentifier", "emailaddress1"])(
  "a chain of four levels goes in the run in which its root does, found by %s",
  async (by) => {
    await bench.begin({
      "syncs/people.yaml": peopleSync({
        mapping: { parentcustomerid: { from: "boss", lookup: { ...ways("reject"), by } } },
      }),
    });
    const named = (id: string) => (by === "emailaddress1" ? `${id}@example.com` : id);
    const row = (id: string, boss: string | null, name = `Name ${id}`) => ({
      ...person(id, boss && named(boss), name),
      email: `${id}@example.com`,
    });
    // The last waits for somebody who never comes; 6 has two reasons not to go, and 7 waits for it.
    const others = [row("5", "9"), row("6", "2", "x".repeat(101)), row("7", "6"), row("8", null)];
    const chain = (root: ReturnType<typeof row>[]) => [row("4", "3"), row("3", "2"), row("2", "1"), ...root, ...others];
    bench.source("people", chain([row("1", "0")]));
    expect(await bench.run()).toMatchObject({ received: 8, created: 1, rejected: 7, writes: 1 });
    expect(await bench.run()).toMatchObject({ received: 8, unchanged: 1, rejected: 7, writes: 0 });
    bench.source("people", chain([row("1", null)]));
    expect((await bench.plan()).totals).toMatchObject({ received: 8, create: 4, unchanged: 1, rejected: 3 });
    const mended = await bench.run();
    expect(mended).toMatchObject({ received: 8, created: 4, unchanged: 1, rejected: 3, writes: 7 });
    expect(mended.problems).toMatchObject([
      { key: "5", code: "parent_missing" },
      { key: "7", code: "parent_missing" },
      { key: "6", code: "too_long" },
    ]);
    expect(await bosses()).toEqual({ 1: null, 2: "1", 3: "2", 4: "3", 8: null });
    // A root that is new, and a parent that is found already.
    bench.source("people", [...chain([row("1", null)]), row("9", "4")]);
    expect(await bench.run()).toMatchObject({ received: 9, created: 2, unchanged: 5, rejected: 2, writes: 3 });
    expect(await bosses()).toMatchObject({ 5: "9", 9: "4" });
    expect(await bench.run()).toMatchObject({ unchanged: 7, rejected: 2, writes: 0 });
  },
);

test.each(["null", "reject"])(
  "a parent at fault is passed by for one that another way finds (missing: %s)",
  async (missing) => {
    const lookup = [ways(missing), { ...ways(missing), from: "mail", by: "emailaddress1" }];
    await bench.begin({
      "syncs/people.yaml": peopleSync({ mirror: "all", mapping: { parentcustomerid: { from: "boss", lookup } } }),
    });
    const long = "x".repeat(101);
    const row = (id: string, name: string, boss: string | null = null, mail: string | null = null) => ({
      ...person(id, boss, name),
      email: `${id}@example.com`,
      mail,
    });
    const rows = (first: string, second: string) => [
      row("1", first, "2", "3@example.com"),
      row("2", second),
      row("3", "Third"),
      row("4", "Fourth", "2", "9@example.com"),
    ];
    bench.source("people", rows("First", long));
    const alone = missing === "null" ? { 4: null } : {};
    expect(await bench.run()).toMatchObject({ created: missing === "null" ? 3 : 2 });
    expect(await bosses()).toEqual({ 1: "3", 3: null, ...alone });
    // Whether all rows are looked at, or one: the same.
    expect(await bench.run()).toMatchObject({ writes: 0 });
    bench.source("people", rows("Other", long));
    expect(await bench.run()).toMatchObject({ updated: 1, writes: 1 });
    expect(await bosses()).toEqual({ 1: "3", 3: null, ...alone });
    expect(await bench.run()).toMatchObject({ writes: 0 });
    bench.source("people", rows("Other", "Second"));
    expect((await bench.run()).problems).toEqual([]);
    expect(await bosses()).toEqual({ 1: "2", 2: null, 3: null, 4: "2" });
    expect(await bench.run()).toMatchObject({ unchanged: 4, writes: 0 });
  },
);

test("of two rows with one value the one at fault makes nothing ambiguous", async () => {
  const lookup = { object: "contact", by: "emailaddress1" };
  await bench.begin({ "syncs/people.yaml": peopleSync({ mapping: { parentcustomerid: { from: "boss", lookup } } }) });
  const two = "two@example.com";
  const row = (id: string, name: string, email: string, boss: string | null = null) => ({ id, name, email, boss });
  bench.source("people", [
    row("1", "First", "1@example.com", two),
    row("2", "x".repeat(101), two),
    row("3", "Third", two),
    row("4", "x".repeat(101), "5@example.com"),
    row("5", "x".repeat(101), "5@example.com"),
    row("6", "Sixth", "6@example.com", "5@example.com"),
  ]);
  const first = await bench.run();
  expect(first).toMatchObject({ created: 2, rejected: 4 });
  expect(first.problems[0]).toMatchObject({ key: "6", code: "parent_missing" });
  expect(await bosses()).toEqual({ 1: "3", 3: null });
  expect(await bench.run()).toMatchObject({ rejected: 4, writes: 0 });
});

test.each([{}, { mode: "create" }])("rows that do not go anyway may point at others that do not (%o)", async (more) => {
  const long = "x".repeat(101);
  await start("reject", true, more);
  bench.source("people", [person("5", null)]);
  await bench.run();
  bench.source("people", [
    person("1", "2", long),
    person("2", "1", long),
    person("3", "3", long),
    person("4", "2"),
    person("5", "2"),
  ]);
  const ran = await bench.run();
  const waiting = ["4", ...("mode" in more ? [] : ["5"])];
  expect(ran).toMatchObject({ created: 0, rejected: 3 + waiting.length, writes: 0 });
  expect(ran.problems).toMatchObject([
    ...waiting.map((key) => ({ key, code: "parent_missing", column: "parentcustomerid" })),
    ...["1", "2", "3"].map((key) => ({ key, code: "too_long" })),
  ]);
});

test.each(["null", "create"])("with `missing: %s` they go without a row that cannot go, at first", async (missing) => {
  await start(missing, true);
  bench.source("people", [person("1", "2"), person("2", null, "x".repeat(101))]);
  expect(await bench.run()).toMatchObject({ created: 1, rejected: 1, writes: 1 });
  bench.source("people", [person("1", "2"), person("2", null)]);
  expect(await bench.run()).toMatchObject({ created: 1, updated: 1 });
  expect(await bosses()).toEqual({ 1: "2", 2: null });
  expect(await bench.run()).toMatchObject({ unchanged: 2, writes: 0 });
});

/** Whose boss is said by a number, or else by an e-mail address. */
const inTwoWays = (byNumber = "reject", byMail = "reject") =>
  bench.begin({
    "syncs/people.yaml": peopleSync({
      mapping: {
        parentcustomerid: {
          lookup: [
            { ...ways(byNumber), from: "boss" },
            { object: "contact", from: "mail", by: "emailaddress1", missing: byMail },
          ],
        },
      },
    }),
  });
const mailed = (id: string, boss: string | null, mail: string | null, name = `Name ${id}`) => ({
  ...person(id, boss, name),
  ...{ email: `${id}@x.example`, mail: mail && `${mail}@x.example` },
});

test("whose new boss is there but cannot go lets go of the old one, as if there were no such row, until that can go", async () => {
  await start("null", true);
  const rows = (boss: string, third: string) => [person("1", boss), person("2", null), person("3", null, third)];
  bench.source("people", rows("2", "x".repeat(101)));
  expect(await bench.run()).toMatchObject({ created: 2, rejected: 1 });
  expect(await bosses()).toEqual({ 1: "2", 2: null });
  bench.source("people", rows("3", "x".repeat(101)));
  const [plan] = (await bench.plan()).plans;
  expect(plan!.samples).toMatchObject([{ key: "1", columns: [{ name: "parentcustomerid", new: null }] }]);
  expect(await bench.run()).toMatchObject({ updated: 1, unchanged: 1, rejected: 1, writes: 1 });
  expect(await bosses()).toEqual({ 1: null, 2: null });
  expect((await bench.verify()).differences).toBe(0);
  bench.source("people", rows("3", "Third"));
  expect(await bench.run()).toMatchObject({ created: 1, updated: 1 });
  expect(await bosses()).toEqual({ 1: "3", 2: null, 3: null });
  expect(await bench.run()).toMatchObject({ unchanged: 3, writes: 0 });
});

test("several ways to the other rows: circles and chains arrive in one run by each of them", async () => {
  await inTwoWays();
  const circles = [mailed("1", null, "2"), mailed("2", null, "1"), mailed("3", "4", null), mailed("4", null, "3")];
  // Who has no number of the sync's is found by the address; who has one, by that.
  bench.source("people", [...circles, mailed("5", "99", "1"), mailed("6", "5", "1"), mailed("7", null, "7")]);
  expect((await bench.plan()).totals).toMatchObject({ received: 7, create: 7, rejected: 0 });
  expect(await bench.run()).toMatchObject({ created: 7, rejected: 0, writes: 14 });
  expect(await bosses()).toEqual({ 1: "2", 2: "1", 3: "4", 4: "3", 5: "1", 6: "5", 7: "7" });
  expect(await bench.run()).toMatchObject({ unchanged: 7, writes: 0 });
});

test("a chain by several ways goes in the run in which its root does", async () => {
  await inTwoWays();
  const rows = (name: string) => [
    ...[mailed("1", null, null, name), mailed("2", null, "1"), mailed("3", "2", null)],
    ...[mailed("4", null, "3"), mailed("5", "98", "99")],
  ];
  bench.source("people", rows("x".repeat(101)));
  const first = await bench.run();
  expect(first).toMatchObject({ created: 0, rejected: 5, writes: 0 });
  const said = Object.fromEntries(first.problems.map(({ key, message }) => [key, message]));
  expect(said[2]).toContain('"1@x.example" to point at. It looks for an existing contact by emailaddress1');
  expect(said[3]).toContain('"2" to point at. It looks for an existing contact by externaluseridentifier');
  expect(await bench.run()).toMatchObject({ rejected: 5, writes: 0 });
  bench.source("people", rows("Good"));
  expect(await bench.run()).toMatchObject({ created: 4, rejected: 1, writes: 7 });
  expect(await bosses()).toEqual({ 1: null, 2: "1", 3: "2", 4: "3" });
  expect(await bench.run()).toMatchObject({ unchanged: 4, rejected: 1, writes: 0 });
});

test("whether a row goes without another that cannot go is said by the way that finds that", async () => {
  await inTwoWays("reject", "null");
  const rows = (name: string) => [mailed("1", null, null, name), mailed("2", "1", null), mailed("3", null, "1")];
  bench.source("people", rows("x".repeat(101)));
  expect(await bench.run()).toMatchObject({ created: 1, rejected: 2, writes: 1 });
  expect(await bosses()).toEqual({ 3: null });
  bench.source("people", rows("Good"));
  expect(await bench.run()).toMatchObject({ created: 2, updated: 1, rejected: 0 });
  expect(await bosses()).toEqual({ 1: null, 2: "1", 3: "1" });
  expect(await bench.run()).toMatchObject({ unchanged: 3, writes: 0 });
});

const states = (more: Row = {}) =>
  bench.begin({ "syncs/people.yaml": peopleSync({ mapping: { statuscode: "status", statecode: "state" }, ...more }) });
const one = (id: string, state: string | null, status: string | null, name = `Name ${id}`) => ({
  id,
  name,
  email: null,
  state,
  status,
});

test("a record is made active, written, and put into its state last; who becomes active is woken first", async () => {
  await states();
  bench.source("people", [
    one("1", "Active", null),
    one("2", "Inactive", null),
    one("3", null, "Inactive"),
    one("4", "1", "2"),
    one("5", null, null),
    one("6", "Active", "Inactive"),
    one("7", "Asleep", null),
  ]);
  const first = await bench.run();
  expect(first).toMatchObject({ created: 5, rejected: 2, writes: 8 });
  expect(first.problems).toMatchObject([
    { key: "7", code: "not_an_option", column: "statecode" },
    { key: "6", code: "status_of_other_state", column: "statuscode" },
  ]);
  expect(await contacts()).toMatchObject({
    1: { statecode: 0, statuscode: 1 },
    2: { statecode: 1, statuscode: 2 },
    3: { statecode: 1, statuscode: 2 },
    4: { statecode: 1, statuscode: 2 },
    5: { statecode: 0, statuscode: 1 },
  });
  expect(await bench.run()).toMatchObject({ unchanged: 5, rejected: 2, writes: 0 });

  bench.source("people", [
    one("1", "Inactive", null, "Changed"),
    one("2", "Active", "Active", "Changed"),
    one("3", null, null),
    one("4", "1", "2", "Changed"),
    one("5", null, null),
  ]);
  const second = await bench.run();
  expect(second).toMatchObject({ updated: 3, unchanged: 2, writes: 5 });
  const woken = (await contacts())["2"]!.contactid;
  expect(second.sent[0]).toEqual({ contactid: woken, statecode: 0, statuscode: 1 });
  expect(await contacts()).toMatchObject({
    1: { statecode: 1, lastname: "Changed" },
    2: { statecode: 0, statuscode: 1, lastname: "Changed" },
    3: { statecode: 1 },
    4: { statecode: 1, lastname: "Changed" },
  });
  expect(await bench.run()).toMatchObject({ unchanged: 5, writes: 0 });
  expect(await bench.verify()).toMatchObject({ syncs: [{ differences: 0 }] });
});

test("a status alone brings its state; a record put to rest because its row left comes back as its row says", async () => {
  await bench.begin({
    "syncs/people.yaml": peopleSync({ mapping: { statuscode: "status" }, onLeave: "deactivate", drift: "keep" }),
  });
  const row = (id: string, status: string | null) => ({ id, name: `Name ${id}`, email: null, status });
  bench.source("people", [row("1", "Active"), row("2", "Inactive"), row("3", null)]);
  expect(await bench.run()).toMatchObject({ created: 3, writes: 4 });
  bench.source("people", [row("3", null)]);
  expect(await bench.run()).toMatchObject({ updated: 2 });
  expect(await contacts()).toMatchObject({ 1: { statecode: 1 }, 2: { statecode: 1 } });
  bench.source("people", [row("1", "Active"), row("2", "Inactive"), row("3", null)]);
  expect(await bench.run()).toMatchObject({ updated: 1, unchanged: 2, writes: 1 });
  expect(await contacts()).toMatchObject({ 1: { statecode: 0, statuscode: 1 }, 2: { statecode: 1 } });
  expect(await bench.run()).toMatchObject({ unchanged: 3, writes: 0 });
});
