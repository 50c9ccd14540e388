import { existsSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { peopleSync, useWorkbench, withFirms } from "../workbench.ts";

/** A sync's state file is lost or damaged: everything is found again, nothing is sent, and what cannot be known is said. */

const bench = useWorkbench();
const person = (id: string, more = {}) => ({
  id,
  name: `Name ${id}`,
  email: `${id}@example.com`,
  phone: "123",
  firm: null,
  ...more,
});
const idOf = async (key: string) =>
  (await bench.rows("contact")).find((row) => row.externaluseridentifier === key)?.contactid;
const folder = () => join(bench.folder, ".sluice", "default", "people");
const state = () => join(folder(), "rows.duckdb");

test("damaged: a run refuses it, a rebuild moves it aside and links again what both sides hold", async () => {
  await bench.begin({ "syncs/people.yaml": peopleSync({ drift: "keep" }) });
  bench.source("people", [person("1"), person("2"), person("3"), person("4")]);
  await bench.run();
  await bench.person("PATCH", `contacts(${await idOf("1")})`, { lastname: "By hand" });
  await bench.person("DELETE", `contacts(${await idOf("2")})`);
  await expect(bench.rebuild("people")).rejects.toMatchObject({ code: "state_whole" });
  truncateSync(state(), 5000);
  await expect(bench.run()).rejects.toMatchObject({
    code: "state_broken",
    remedy: expect.stringContaining("sluice rebuild"),
  });
  const before = await bench.rows("contact");
  const done = await bench.rebuild("people");
  expect(done).toMatchObject({ received: 4, linked: 2, differ: 1, missing: 1, excluded: 0, rejected: 0, problems: [] });
  expect(done.unknown).toEqual([expect.stringContaining("1 row has no record")]);
  expect(existsSync(done.aside!)).toBe(true);
  expect(await bench.rows("contact")).toEqual(before);
  const next = await bench.run();
  expect(next).toMatchObject({ updated: 1, created: 1, unchanged: 2, writes: 2 });
  expect(await bench.run()).toMatchObject({ unchanged: 4, writes: 0 });
  await bench.person("PATCH", `contacts(${await idOf("3")})`, { lastname: "By hand" });
  expect(await bench.run()).toMatchObject({ unchanged: 4, writes: 0 });
});

test("lost: audiences, lists, parents and rows that left are as they were, or it is said that nobody can tell", async () => {
  const people = {
    ...withParents(),
    onLeave: "clear",
    audiences: { vips: "new_status", fans: { list: "Newsletter" } },
  };
  await bench.begin(
    {
      ...withFirms,
      "syncs/people.yaml": JSON.stringify(people),
      "audiences/vips.yaml": "model: people\nwhere: phone = '999'\n",
      "audiences/fans.yaml": "model: people\nwhere: phone = '999'\n",
    },
    { columns: [{ name: "new_Status", title: "Status", type: "text", maxLength: 20 }] },
  );
  await bench.person("POST", "lists", { listname: "Newsletter", type: false, createdfromcode: 2 });
  bench.source("firms", [{ no: "F1", title: "First" }]);
  const vip = { phone: "999", firm: "F1" };
  bench.source("people", [person("1", vip), person("2", vip), person("3", { firm: "F1" }), person("4", vip)]);
  expect(await bench.run()).toMatchObject({ rejected: 0, failed: 0 });
  // 2 leaves its audiences, 4 leaves the source, while there is no state.
  bench.source("people", [person("1", vip), person("2", { firm: "F1" }), person("3", { firm: "F1" })]);
  for (const name of readdirSync(folder()).filter((each) => each.startsWith("rows.duckdb")))
    rmSync(join(folder(), name));
  const toldByDoctor = async () =>
    expect((await bench.doctor("people")).syncs[0]!.steps).toContainEqual(
      expect.objectContaining({ step: "state", status: "failed", remedy: expect.stringContaining("sluice rebuild") }),
    );
  await toldByDoctor();
  // A plan makes a state that knows nothing: it says so, and a rebuild still has something to find.
  const { plans } = await bench.plan("people");
  expect(plans[0]!.warnings[0]).toMatch(/rows[.]duckdb, which knew the rows of earlier runs, is gone.*sluice rebuild/);
  await toldByDoctor();
  await expect(bench.verify("people")).rejects.toMatchObject({ code: "state_broken" });
  const done = await bench.rebuild("people");
  expect(done).toMatchObject({
    aside: expect.stringContaining("rows.duckdb.before-"),
    received: 3,
    linked: 2,
    differ: 1,
    missing: 0,
  });
  expect(done.unknown).toEqual([
    expect.stringContaining("1 record of contact belongs to no row"),
    expect.stringContaining("1 record of no row is realized in new_status (vips)"),
    expect.stringContaining("The marketing list Newsletter: members"),
  ]);
  expect(await bench.run("people")).toMatchObject({ updated: 1, unchanged: 2, writes: 1 });
  const statuses = (await bench.rows("contact")).map((row) => [row.externaluseridentifier, row.new_status]).sort();
  expect(statuses).toEqual([
    ["1", "realized"],
    ["2", "exited"],
    ["3", undefined],
    ["4", "realized"],
  ]);
  // 1 is ours again, and may leave.
  bench.source("people", [
    person("1", { firm: "F1" }),
    person("2", { firm: "F1", phone: "999" }),
    person("3", { firm: "F1" }),
  ]);
  expect(await bench.run("people")).toMatchObject({ updated: 2, unchanged: 1 });
  expect(await bench.run("people")).toMatchObject({ unchanged: 3, writes: 0 });
});

async function undone(): Promise<void> {
  await bench.begin();
  bench.source("people", [person("1")]);
  await bench.run();
  bench.source("people", [person("1", { name: "New" })]);
  await bench.run();
  await bench.undo({ sync: "people" });
}

test("what was taken back stops the next run also where the state was lost since", async () => {
  await undone();
  rmSync(state());
  await bench.rebuild("people");
  await expect(bench.run()).rejects.toMatchObject({ code: "undone" });
});

test("and where nobody has rebuilt it, or an older one was put back, which is told", async () => {
  await undone();
  rmSync(state());
  await expect(bench.run()).rejects.toMatchObject({ code: "undone" });
  await undone();
  bench.source("people", [person("1")]);
  await bench.approve("undone");
  const older = readFileSync(state());
  bench.source("people", [person("1", { name: "Newer" })]);
  await bench.run();
  await bench.undo({ sync: "people" });
  writeFileSync(state(), older);
  const fault = { message: expect.stringMatching(/older than the run/) };
  await expect(bench.verify()).rejects.toMatchObject({ code: "state_broken", ...fault });
  expect((await bench.doctor()).syncs[0]!.steps).toContainEqual(
    expect.objectContaining({ step: "state", status: "failed", cause: fault.message }),
  );
  const { plans } = await bench.plan("people");
  expect(plans[0]!.warnings).toContainEqual(expect.stringMatching(/rows[.]duckdb is older than the run .*--force/));
  expect(plans[0]!.stops.map(({ code }) => code)).toContain("undone");
  expect(await bench.approve("undone")).toMatchObject({ updated: 1 });
  expect((await bench.plan("people")).plans[0]!.warnings).toEqual([]);
  expect(await bench.verify()).toMatchObject({ checked: 1, differences: 0 });
  expect(await bench.run()).toMatchObject({ unchanged: 1 });
});

test("and where the run that was approved broke off", async () => {
  await undone();
  await bench.control("POST", "faults", { match: { path: "Multiple" }, times: 1000, status: 403 });
  await expect(bench.approve("undone")).rejects.toMatchObject({ code: "not_allowed" });
  await bench.control("DELETE", "faults");
  rmSync(state());
  await expect(bench.run()).rejects.toMatchObject({ code: "undone" });
});

test("a state from before an undo is an older one", async () => {
  await undone();
  await bench.approve("undone");
  bench.source("people", [person("1", { name: "Wrong" })]);
  await bench.run();
  const older = readFileSync(state());
  await bench.undo({ sync: "people" });
  expect(await bench.verify()).toMatchObject({ differences: 0 });
  writeFileSync(state(), older);
  await expect(bench.verify()).rejects.toMatchObject({ code: "state_broken" });
  await expect(bench.run()).rejects.toMatchObject({ code: "undone" });
});

test("but not where somebody has let it pass before", async () => {
  await undone();
  await bench.approve("undone");
  rmSync(state());
  await bench.rebuild("people");
  expect(await bench.run()).toMatchObject({ writes: 0 });
});

function withParents() {
  const sync = JSON.parse(peopleSync()) as Record<string, unknown> & { mapping: object };
  const parentcustomerid = { from: "firm", lookup: { object: "account", by: "accountnumber" } };
  return { ...sync, mapping: { ...sync.mapping, parentcustomerid } };
}
