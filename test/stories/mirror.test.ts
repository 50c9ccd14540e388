import { describe, expect, onTestFinished, test, vi } from "vitest";
import { peopleSync, useWorkbench } from "../workbench.ts";

/** What we know of Dynamics comes by its changes; where those cannot be had, by reading everything. */

const bench = useWorkbench();
const person = (id: string, more = {}) => ({
  id,
  name: `Name ${id}`,
  email: `${id}@example.com`,
  phone: "123",
  ...more,
});
const idOf = async (key: string) =>
  (await bench.rows("contact")).find((row) => row.externaluseridentifier === key)?.contactid;

/** The same, so many days from now. */
async function inDays<T>(days: number, work: () => Promise<T>): Promise<T> {
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + days * 24 * 3600_000 });
  try {
    return await work();
  } finally {
    vi.useRealTimers();
  }
}

/** Somebody edits 1, deletes 2, makes a new 4; row 4 comes in the source. */
async function life(): Promise<void> {
  await bench.person("PATCH", `contacts(${await idOf("1")})`, { lastname: "By hand" });
  await bench.person("DELETE", `contacts(${await idOf("2")})`);
  await bench.person("POST", "contacts", {
    externaluseridentifier: "4",
    lastname: "Name 4",
    emailaddress1: "4@example.com",
  });
  bench.source("people", [person("1"), person("2"), person("3"), person("4")]);
}

const afterLife = { received: 4, updated: 1, excluded: 1, unchanged: 2, created: 0, writes: 1 };

describe("edits, deletions and new records of others are found", () => {
  test("by changes alone", async () => {
    await bench.begin();
    bench.source("people", [person("1"), person("2"), person("3")]);
    await bench.run();
    await life();
    expect(await bench.run()).toMatchObject(afterLife);
    expect(await bench.run()).toMatchObject({ excluded: 1, unchanged: 3, writes: 0 });
  });

  test("when the place to go on from has expired: everything is read, deletions by comparison", async () => {
    await bench.begin();
    bench.source("people", [person("1"), person("2"), person("3")]);
    await bench.run();
    await life();
    await bench.control("POST", "change-tracking", { expire: true });
    expect(await bench.run()).toMatchObject(afterLife);
    expect(await bench.run()).toMatchObject({ excluded: 1, unchanged: 3, writes: 0 });
  });

  test("when Dynamics answers an expired place with all rows: nothing is sent twice", async () => {
    await bench.begin();
    bench.source("people", [person("1"), person("2"), person("3")]);
    await bench.run();
    await bench.person("PATCH", `contacts(${await idOf("1")})`, { lastname: "By hand" });
    await bench.control("POST", "change-tracking", { expire: true, expired: "all rows" });
    expect(await bench.run()).toMatchObject({ updated: 1, unchanged: 2, writes: 1 });
    expect(await bench.run()).toMatchObject({ unchanged: 3, writes: 0 });
  });

  test("when the last run was a week ago: the place is not trusted, since all rows would say nothing of deletions", async () => {
    await bench.begin();
    bench.source("people", [person("1"), person("2"), person("3")]);
    await bench.run();
    await life();
    await bench.control("POST", "change-tracking", { expire: true, expired: "all rows" });
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 7 * 24 * 3600_000 });
    onTestFinished(() => void vi.useRealTimers());
    expect(await bench.run()).toMatchObject(afterLife);
  });

  test.each([
    [2, 25],
    [1, 1],
  ])("when the organisation keeps changes for %s days: a place of %s hours ago is not trusted", async (days, hours) => {
    await bench.begin();
    const [organization] = await bench.rows("organization");
    await bench.person("PATCH", `organizations(${organization!.organizationid})`, { expirechangetrackingindays: days });
    bench.source("people", [person("1"), person("2"), person("3")]);
    await bench.run();
    await life();
    await bench.control("POST", "change-tracking", { expire: true, expired: "all rows" });
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + hours * 3600_000 });
    onTestFinished(() => void vi.useRealTimers());
    expect(await bench.run()).toMatchObject(afterLife);
  });

  test("when changes could not be had for ten days of runs: the place from before is not gone by", async () => {
    await bench.begin();
    bench.source("people", [person("1"), person("2"), person("3")]);
    await bench.run();
    await bench.control("POST", "change-tracking", { table: "contact", enabled: false });
    await inDays(5, () => bench.run());
    await inDays(10, () => bench.run());
    await life();
    await bench.control("POST", "change-tracking", { table: "contact", enabled: true });
    await bench.control("POST", "change-tracking", { expire: true, expired: "all rows" });
    expect(await inDays(11, () => bench.run())).toMatchObject(afterLife);
  });

  test.each([
    ["and made anew", true],
    ["for good", false],
  ])("of firms that no lookup asked for in ten days: one that was deleted %s is known to be gone", async (_, anew) => {
    const firm = { lookup: { object: "account", by: "accountnumber" } };
    const mapping = { parentcustomerid: { from: "firm", ...firm } };
    await bench.begin({ "syncs/people.yaml": peopleSync({ mapping }) });
    const old = await bench.person("POST", "accounts", { accountnumber: "A", name: "Firm A" });
    bench.source("people", [person("1", { firm: "A" })]);
    expect(await bench.run()).toMatchObject({ created: 1 });
    bench.write("syncs/people.yaml", peopleSync());
    await inDays(5, () => bench.run());
    await inDays(10, () => bench.run());
    // Without the link, for deleting a firm takes its people along.
    await bench.person("PATCH", `contacts(${await idOf("1")})`, { "parentcustomerid_account@odata.bind": null });
    await bench.person("DELETE", `accounts(${old.accountid})`);
    const made = anew && (await bench.person("POST", "accounts", { accountnumber: "A", name: "Firm A" }));
    await bench.control("POST", "change-tracking", { expire: true, expired: "all rows" });
    bench.write("syncs/people.yaml", peopleSync({ mapping }));
    bench.source("people", [person("1", { firm: "A" }), person("2", { firm: "A" })]);
    const ran = await inDays(11, () => bench.run());
    if (made) {
      expect(ran).toMatchObject({ created: 1, updated: 1, problems: [] });
      const firms = (await bench.rows("contact")).map((row) => row._parentcustomerid_value);
      expect(firms).toEqual([made.accountid, made.accountid]);
      expect(await inDays(12, () => bench.run())).toMatchObject({ unchanged: 2, writes: 0 });
    } else expect(ran).toMatchObject({ rejected: 2, problems: Array(2).fill({ code: "parent_missing" }) });
  });

  test("on a table without change tracking", async () => {
    await bench.begin();
    await bench.control("POST", "change-tracking", { table: "contact", enabled: false });
    bench.source("people", [person("1"), person("2"), person("3")]);
    expect(await bench.run()).toMatchObject({ created: 3 });
    expect(await bench.run()).toMatchObject({ unchanged: 3, writes: 0 });
    await life();
    expect(await bench.run()).toMatchObject(afterLife);
    expect(await bench.run()).toMatchObject({ excluded: 1, unchanged: 3, writes: 0 });
  });
});

describe("a mapping that changes", () => {
  test("gains a column: only that is written, where it differs", async () => {
    await bench.begin();
    bench.source("people", [person("1"), person("2", { phone: null }), person("3")]);
    await bench.run();
    await bench.person("PATCH", `contacts(${await idOf("3")})`, { telephone1: "123" });
    bench.write("syncs/people.yaml", peopleSync({ mapping: { telephone1: "phone" } }));
    const ran = await bench.run();
    expect(ran).toMatchObject({ updated: 1, unchanged: 2, writes: 1 });
    expect(ran.sent).toEqual([{ contactid: await idOf("1"), telephone1: "123" }]);
    expect(await bench.run()).toMatchObject({ unchanged: 3, writes: 0 });
    expect(await bench.verify()).toMatchObject({ checked: 3, differences: 0 });
  });

  test("loses a column: nothing is written, and others may change it; regained, it is ours again", async () => {
    await bench.begin({ "syncs/people.yaml": peopleSync({ mapping: { telephone1: "phone" } }) });
    bench.source("people", [person("1"), person("2")]);
    await bench.run();
    bench.write("syncs/people.yaml", peopleSync());
    expect(await bench.run()).toMatchObject({ unchanged: 2, writes: 0 });
    await bench.person("PATCH", `contacts(${await idOf("1")})`, { telephone1: "999" });
    expect(await bench.run()).toMatchObject({ unchanged: 2, writes: 0 });
    bench.write("syncs/people.yaml", peopleSync({ mapping: { telephone1: "phone" } }));
    expect(await bench.run()).toMatchObject({ updated: 1, unchanged: 1, writes: 1 });
    expect((await bench.rows("contact"))[0]).toMatchObject({ telephone1: "123" });
  });

  test("a column that was shortened in Dynamics: rows that fit no more are found before sending", async () => {
    await bench.begin();
    bench.source("people", [person("1"), person("2", { name: "x".repeat(50) })]);
    bench.write("syncs/people.yaml", peopleSync({ mapping: { lastname: { value: "Same" }, jobtitle: "name" } }));
    expect(await bench.run()).toMatchObject({ created: 2 });
    bench.write("syncs/people.yaml", peopleSync({ mapping: { lastname: { value: "Same" }, suffix: "name" } }));
    const ran = await bench.run();
    expect(ran).toMatchObject({ updated: 1, rejected: 1, writes: 1 });
    expect(ran.problems).toMatchObject([{ key: "2", column: "suffix", code: "too_long" }]);
  });
});

describe("only the records of rows that are looked at are read", () => {
  const many = Array.from({ length: 300 }, (_, i) => ({ externaluseridentifier: `Other ${i}`, lastname: "Other" }));

  test("of a table without change tracking, with names that need care; and the plan says what that cannot see", async () => {
    await bench.begin({ "syncs/people.yaml": peopleSync({ mirror: "touched" }) });
    await bench.control("POST", "change-tracking", { table: "contact", enabled: false });
    const odd = ["O'Neil & 50% #1", 'say "yes" + [x]_', "Müller/Söhne?", "straße"];
    const rows = odd.map((name, i) => ({ externaluseridentifier: name, lastname: `Old ${i}` }));
    await bench.control("POST", "seed", { table: "contact", rows: [...many, ...rows] });
    bench.source(
      "people",
      odd.map((id) => person(id.toUpperCase().replace("STRASSE", "STRAßE"))),
    );
    const { plans } = await bench.plan();
    expect(plans[0]).toMatchObject({
      plan: { adopt: 4, create: 0 },
      mirror: { mode: "touched", unseen: expect.stringContaining("not seen") },
    });
    expect(await bench.run()).toMatchObject({ updated: 4, created: 0 });
    const quiet = await bench.run();
    expect(quiet).toMatchObject({ unchanged: 4, writes: 0 });
    bench.source("people", [
      ...odd.slice(1).map((id) => person(id.toUpperCase().replace("STRASSE", "STRAßE"))),
      person("new"),
    ]);
    const ran = await bench.run();
    expect(ran).toMatchObject({ created: 1, unchanged: 3, writes: 1 });
    // The record of the row that left, a look for the newcomer's match value, the create, and what became of it.
    expect(ran.requests - quiet.requests).toBe(4);
    expect(await bench.rows("contact")).toHaveLength(many.length + 5);
  });

  test("held, recreated, left: as with the whole table, once the row is looked at", async () => {
    await bench.begin({ "syncs/people.yaml": peopleSync({ mirror: "touched", onLeave: "clear" }) });
    bench.source("people", [person("1"), person("2"), person("3")]);
    expect(await bench.run()).toMatchObject({ created: 3 });
    await bench.person("PATCH", `contacts(${await idOf("1")})`, { lastname: "By hand" });
    await bench.person("DELETE", `contacts(${await idOf("2")})`);
    expect(await bench.run()).toMatchObject({ unchanged: 3, writes: 0 });
    bench.source("people", [person("1", { email: "new@example.com" }), person("2", { name: "Changed" })]);
    const ran = await bench.run();
    expect(ran).toMatchObject({ received: 3, updated: 2, excluded: 1, created: 0, writes: 2 });
    expect(ran.sent).toContainEqual({
      contactid: await idOf("1"),
      lastname: "Name 1",
      emailaddress1: "new@example.com",
    });
    expect(await bench.run()).toMatchObject({ received: 2, excluded: 1, unchanged: 1, writes: 0 });
  });
});
