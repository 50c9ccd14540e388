import { expect, test } from "vitest";
import { peopleSync, useWorkbench, withFirms } from "../workbench.ts";

/** A key that comes twice: what happens to its record meanwhile is looked at as soon as it comes once. */

const bench = useWorkbench();
const person = (id: string, more = {}) => ({
  id,
  name: `Name ${id}`,
  email: `${id}@example.com`,
  phone: "123",
  ...more,
});
const there = async (key: string) => (await bench.rows("contact")).find((row) => row.externaluseridentifier === key);

async function doubledOnce(more = {}) {
  const rows = [person("1", more), person("2", more)];
  bench.source("people", [...rows, person("2", more)]);
  await bench.run("people");
  // Nothing is forgotten where it stays so for a while.
  await bench.run("people");
  bench.source("people", rows);
  return await bench.run("people");
}

test("somebody's change", async () => {
  await bench.begin();
  bench.source("people", [person("1"), person("2")]);
  await bench.run();
  await bench.person("PATCH", `contacts(${(await there("2"))?.contactid})`, { lastname: "By hand" });
  expect(await doubledOnce()).toMatchObject({ updated: 1, unchanged: 1 });
  expect((await there("2"))?.lastname).toBe("Name 2");
  expect(await bench.run()).toMatchObject({ writes: 0 });
});

test("a deletion", async () => {
  await bench.begin({ "syncs/people.yaml": peopleSync({ deletedThere: "recreate" }) });
  bench.source("people", [person("1"), person("2")]);
  await bench.run();
  await bench.person("DELETE", `contacts(${(await there("2"))?.contactid})`);
  expect(await doubledOnce()).toMatchObject({ created: 1 });
  expect(await there("2")).toBeDefined();
});

test("another mapping", async () => {
  await bench.begin({ "syncs/people.yaml": peopleSync({ mapping: { telephone1: { value: "111" } } }) });
  bench.source("people", [person("1"), person("2")]);
  await bench.run();
  bench.write("syncs/people.yaml", peopleSync({ mapping: { telephone1: { value: "222" } } }));
  await doubledOnce();
  expect((await there("2"))?.telephone1).toBe("222");
});

test("a parent that goes by another value", async () => {
  await bench.begin(withFirms);
  bench.source("firms", [
    { no: "F1", title: "First" },
    { no: "F2", title: "Second" },
  ]);
  bench.source("people", [person("1", { firm: "F1" }), person("2", { firm: "F1" })]);
  await bench.run();
  const firms = await bench.rows("account");
  const id = (no: string) => firms.find((each) => each.accountnumber === no)!.accountid;
  bench.source("firms", [{ no: "F2", title: "Second" }]);
  await bench.person("PATCH", `accounts(${id("F1")})`, { accountnumber: "OLD" });
  await bench.person("PATCH", `accounts(${id("F2")})`, { accountnumber: "F1" });
  await doubledOnce({ firm: "F1" });
  const all = await bench.rows("contact");
  expect(all.map((each) => each._parentcustomerid_value)).toEqual([id("F2"), id("F2")]);
});
