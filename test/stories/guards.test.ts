import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { inProcess } from "../in-process.ts";
import { peopleSync, useWorkbench } from "../workbench.ts";

/** What stands against a plan stops its run before the first write, until a person lets it pass, that once. */

const bench = useWorkbench();
const people = (count: number, more = {}) =>
  Array.from({ length: count }, (_, i) => ({
    id: `${i + 1}`,
    name: `Name ${i + 1}`,
    email: `${i + 1}@example.com`,
    ...more,
  }));
const ask = <T>(use: Parameters<typeof inProcess<T>>[1]) =>
  inProcess({ project: bench.folder, variables: bench.sandbox.env }, use);
const newestPlan = () => {
  const runs = join(bench.folder, ".sluice", "default", "people", "runs");
  return JSON.parse(readFileSync(join(runs, readdirSync(runs).sort().at(-1)!, "plan.json"), "utf8"));
};

test("records that were there are not overwritten by a first run until somebody has looked; who did is kept", async () => {
  await bench.begin();
  const rows = people(12).map(({ id }) => ({ externaluseridentifier: id, lastname: "By hand" }));
  await bench.control("POST", "seed", { table: "contact", rows });
  bench.source("people", people(20));
  const { plans } = await bench.plan();
  expect(plans).toMatchObject([{ plan: { adopt: 12, create: 8 }, stops: [{ code: "first_contact" }] }]);
  await expect(bench.run()).rejects.toMatchObject({ code: "first_contact" });
  expect((await bench.control<{ writes: number }>("GET", "requests")).writes).toBe(0);
  expect(newestPlan()).toMatchObject({ plan: { adopt: 12 }, stops: [{ code: "first_contact" }] });
  expect(newestPlan()).not.toHaveProperty("approval");

  expect(await bench.approve("first_contact", "too_many_deletes")).toMatchObject({ created: 8, updated: 12 });
  const approval = { codes: ["first_contact", "too_many_deletes"], by: "a test", at: expect.any(String) };
  expect(newestPlan()).toMatchObject({ approval });
  const { runs } = await ask((client) => client.runs({ sync: "people" }));
  expect(runs[0]).toMatchObject({ kind: "run", status: "finished", approval });
  expect(runs[1]).toMatchObject({ kind: "run", status: "failed", error: { code: "first_contact" }, approval: null });
  expect(await bench.run()).toMatchObject({ unchanged: 20, writes: 0 });
});

test("a first run into an empty table, and records that agree already, pass without a question", async () => {
  await bench.begin();
  const rows = people(12).map(({ id, name, email }) => ({
    externaluseridentifier: id,
    lastname: name,
    emailaddress1: email,
  }));
  await bench.control("POST", "seed", { table: "contact", rows });
  bench.source("people", people(20));
  expect(await bench.run()).toMatchObject({ created: 8, unchanged: 12 });
});

test("another mapping that would rewrite many is looked at first; the source may change as many as it likes", async () => {
  await bench.begin();
  bench.source("people", people(12));
  await bench.run();
  bench.source("people", people(12, { email: "new@example.com" }));
  expect(await bench.run()).toMatchObject({ updated: 12 });
  bench.write("syncs/people.yaml", peopleSync({ mapping: { lastname: { expression: "upper(name)" } } }));
  await expect(bench.run()).rejects.toMatchObject({
    code: "too_many_changes",
    message: expect.stringMatching(
      /^12 of 12 records would be changed; this sync lets 10 .* Since the last run that sent all it was to send, the sync/,
    ),
  });
  const done = await ask((client) =>
    client.run({ syncs: ["people"], approve: { codes: ["too_many_changes", "undone"], by: "Ana" } }),
  );
  expect(done.runs[0]).toMatchObject({
    counts: { updated: 12 },
    approved: [{ code: "too_many_changes" }],
    warnings: [expect.stringContaining("undone was approved, but did not stand")],
  });
});

test("an approved rewriting that broke off, or of which a plan held back the rest, is asked about again", async () => {
  await bench.begin();
  bench.source("people", people(12));
  await bench.run();
  bench.write("syncs/people.yaml", peopleSync({ mapping: { lastname: { expression: "upper(name)" } } }));
  await bench.control("POST", "faults", { match: { path: "Multiple" }, times: 1000, status: 403 });
  await expect(bench.approve("too_many_changes")).rejects.toMatchObject({ code: "not_allowed" });
  await bench.control("DELETE", "faults");
  await expect(bench.run()).rejects.toMatchObject({ code: "too_many_changes" });
  const { plans } = await bench.plan();
  bench.source("people", people(12, { email: "moved@example.com" }));
  const narrowed = await ask((client) => client.run({ syncs: [], plan: plans[0]!.run, maxMoved: 1 }));
  expect(narrowed.totals).toMatchObject({ excluded: 12, writes: 0 });
  await expect(bench.run()).rejects.toMatchObject({ code: "too_many_changes" });
  expect(await bench.approve("too_many_changes")).toMatchObject({ updated: 12 });
  bench.source("people", people(12, { email: "new@example.com" }));
  expect(await bench.run()).toMatchObject({ updated: 12 });
});

test("an approval of `undone` for a run that broke off is for what it sent", async () => {
  await bench.begin();
  bench.source("people", people(2));
  await bench.run();
  await bench.undo({ sync: "people" }, { deleteCreated: true });
  await bench.control("POST", "faults", { match: { path: "Multiple" }, times: 1000, status: 403 });
  await expect(bench.approve("undone")).rejects.toMatchObject({ code: "not_allowed" });
  await bench.control("DELETE", "faults");
  await expect(bench.run()).rejects.toMatchObject({ code: "undone" });
  expect(await bench.approve("undone")).toMatchObject({ created: 2 });
  expect(await bench.run()).toMatchObject({ unchanged: 2 });
});

test("an approval is for one sync", async () => {
  await bench.begin({ "syncs/people.yaml": peopleSync(), "syncs/again.yaml": peopleSync({ object: "account" }) });
  const approve = { codes: ["undone" as const], by: "Ana" };
  await expect(ask((client) => client.run({ approve }))).rejects.toMatchObject({
    code: "usage",
    message: expect.stringContaining("one sync"),
  });
});

test("an approval of `undone` for a plan that does not have all rows is for those that it has", async () => {
  await bench.begin();
  const [ana, ben] = [people(2)[0]!, people(2)[1]!];
  bench.source("people", [ana, ben]);
  await bench.run();
  bench.source("people", [{ ...ana, name: "Anna" }, ben]);
  const { plans } = await bench.plan();
  bench.source("people", [
    { ...ana, name: "Anna" },
    { ...ben, name: "Wrong" },
  ]);
  await bench.run();
  await bench.undo({ sync: "people" });
  const approve = { codes: ["undone" as const], by: "Ana" };
  const done = await ask((client) => client.run({ syncs: [], plan: plans[0]!.run, approve }));
  expect(done.totals).toMatchObject({ updated: 1, excluded: 1 });
  await expect(bench.run()).rejects.toMatchObject({ code: "undone" });
});
