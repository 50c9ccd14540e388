import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { expect, test } from "vitest";
import type { Client } from "../../src/api/index.ts";
import { inProcess } from "../in-process.ts";
import { peopleSync, useWorkbench } from "../workbench.ts";

/** What a person skipped goes again once its source row or the mapping has changed since, and not before. */

const bench = useWorkbench();
const people = (count: number, more = {}) =>
  Array.from({ length: count }, (_, n) => ({ id: `${n}`, name: `N${n}`, email: null, nick: `K${n}`, ...more }));
const withNick = (more = {}) => peopleSync({ mapping: { nickname: "nick" }, ...more });
const nicks = async () => (await bench.rows("contact")).flatMap((row) => row.nickname ?? []);

/** From then on requests to `path` are asked to wait for longer than anybody has patience. */
const stopAt = (path: string) =>
  bench.control("POST", "faults", { match: { path }, times: 1e6, status: 429, retryAfter: 1800 });

/** Synced; then the sync gains a mapping line, and the run with it ends without a fold: Dynamics asks to wait, or a guard stands. */
async function skipped(count: number, code: "throttled" | "too_many_changes", more = {}): Promise<void> {
  await bench.begin({ "syncs/people.yaml": peopleSync(more) });
  bench.source("people", people(count));
  await bench.run();
  bench.write("syncs/people.yaml", withNick(more));
  if (code === "throttled") await stopAt("UpdateMultiple");
  await expect(bench.runImpatiently(60)).rejects.toMatchObject({ code });
  await bench.control("DELETE", "faults");
  const done = await bench.resolve({ run: bench.latest(), how: "skip" });
  expect(done).toMatchObject({ excluded: count, writes: 0 });
}

test.each(["all", "touched", "none"])("of a run with a new mapping nothing is sent (mirror: %s)", async (mirror) => {
  await skipped(5, "throttled", { mirror });
  expect((await bench.plan()).plans[0]).toMatchObject({ plan: { update: 0, excluded: 5 } });
  for (let n = 0; n < 2; n++) expect(await bench.run()).toMatchObject({ received: 5, excluded: 5, writes: 0 });
  expect(await nicks()).toEqual([]);
  bench.source("people", [...people(1, { nick: "Kay" }), ...people(5).slice(1)]);
  expect(await bench.run()).toMatchObject({ updated: 1, excluded: 4, writes: 1 });
  expect(await bench.resend({ sync: "people", keys: ["1"] })).toMatchObject({ updated: 1, writes: 1 });
  expect(await bench.run()).toMatchObject({ unchanged: 2, excluded: 3, writes: 0 });
  expect((await nicks()).sort()).toEqual(["K1", "Kay"]);
});

test("a guard that stopped such a run does not stop the next", async () => {
  await skipped(20, "too_many_changes");
  for (let n = 0; n < 2; n++) expect(await bench.run()).toMatchObject({ excluded: 20, writes: 0 });
});

test("a mapping that changes after that sends them, also where it is again what it was before", async () => {
  await skipped(5, "throttled");
  bench.write("syncs/people.yaml", withNick({ drift: "keep" }));
  expect(await bench.run()).toMatchObject({ updated: 5, writes: 5 });

  await skipped(5, "throttled");
  bench.write("syncs/people.yaml", peopleSync());
  expect(await bench.run()).toMatchObject({ unchanged: 5, excluded: 0, writes: 0 });
  bench.write("syncs/people.yaml", withNick());
  expect(await bench.run()).toMatchObject({ updated: 5, writes: 5 });
});

test("a row at fault stays skipped, with or without a record", async () => {
  await bench.begin();
  bench.source("people", people(2));
  await bench.run();
  bench.write("syncs/people.yaml", withNick());
  bench.source("people", [...people(3, { nick: "x".repeat(101) }), ...people(4, { nick: null }).slice(3)]);
  await stopAt("CreateMultiple");
  await expect(bench.runImpatiently(60)).rejects.toMatchObject({ code: "throttled" });
  await bench.control("DELETE", "faults");
  expect(await bench.resolve({ run: bench.latest(), how: "skip" })).toMatchObject({ excluded: 4, writes: 0 });
  for (let n = 0; n < 2; n++) expect(await bench.run()).toMatchObject({ excluded: 4, rejected: 0, writes: 0 });
  expect(await bench.rows("contact")).toHaveLength(2);
});

test("a list that a new audience was to fill stays as it is", async () => {
  await bench.begin({ "audiences/vip.yaml": "model: people\nwhere: name <> ''\n" });
  await bench.person("POST", "lists", { listname: "VIP", createdfromcode: 2, type: false });
  bench.source("people", people(5));
  await bench.run();
  bench.write("syncs/people.yaml", peopleSync({ audiences: { vip: { list: "VIP" } }, requestLimit: 1 }));
  await expect(bench.run()).rejects.toMatchObject({ code: "request_budget" });
  const run = bench.latest();
  bench.write("syncs/people.yaml", peopleSync({ audiences: { vip: { list: "VIP" } }, requestLimit: 1000 }));
  expect(await bench.resolve({ run, how: "skip" })).toMatchObject({ excluded: 5, writes: 0 });
  for (let n = 0; n < 2; n++) expect(await bench.run()).toMatchObject({ excluded: 5, writes: 0 });
});

test("what was to leave is not done by a mapping that changes later, but who comes back goes again", async () => {
  await bench.begin({ "syncs/people.yaml": peopleSync({ onLeave: "delete", allowDelete: true, leaveLimit: 1 }) });
  bench.source("people", people(5));
  await bench.run();
  bench.source("people", people(2));
  await expect(bench.run()).rejects.toMatchObject({ code: "too_many_leaves" });
  expect(await bench.resolve({ run: bench.latest(), how: "skip" })).toMatchObject({ excluded: 3, writes: 0 });
  bench.write("syncs/people.yaml", withNick({ onLeave: "delete", allowDelete: true, leaveLimit: 1 }));
  expect(await bench.run()).toMatchObject({ updated: 2, excluded: 3, deleted: 0, writes: 2 });
  bench.source("people", people(3));
  expect(await bench.run()).toMatchObject({ updated: 1, unchanged: 2, excluded: 2, writes: 1 });
});

/** As a DuckDB of another version leaves the state, to which every row has another hash. */
async function byAnotherDuckdb(): Promise<void> {
  const database = await DuckDBInstance.create(join(bench.folder, ".sluice/default/people/rows.duckdb"));
  const duck = await database.connect();
  await duck.run("UPDATE meta SET value = 'another' WHERE name = 'engine'");
  await duck.run("UPDATE link SET h = h // 2 + 1 WHERE h IS NOT NULL");
  duck.closeSync();
  database.closeSync();
}

test("another DuckDB wakes nobody but whose row has changed", async () => {
  await bench.begin();
  await bench.control("POST", "plugins", { table: "contact", column: "lastname", equals: "Evil", throws: "No." });
  bench.source("people", people(4, { name: "Evil" }));
  expect(await bench.run()).toMatchObject({ rejected: 4 });
  await bench.resolve({ run: bench.latest(), how: "skip" });
  await bench.control("DELETE", "plugins");
  await byAnotherDuckdb();
  expect(await bench.run()).toMatchObject({ excluded: 4, writes: 0 });
  await byAnotherDuckdb();
  bench.source("people", [...people(1), ...people(4, { name: "Evil" }).slice(1)]);
  expect(await bench.run()).toMatchObject({ created: 1, excluded: 3, writes: 1 });
  expect(await bench.run()).toMatchObject({ unchanged: 1, excluded: 3, writes: 0 });
});

test("a plan that has such a row sends it, and so does a resend that is killed", async () => {
  await bench.begin();
  bench.source("people", people(3));
  const { plans } = await bench.plan();
  await stopAt("CreateMultiple");
  await expect(bench.runImpatiently(60)).rejects.toMatchObject({ code: "throttled" });
  await bench.control("DELETE", "faults");
  expect(await bench.resolve({ run: bench.latest(), how: "skip" })).toMatchObject({ excluded: 3, writes: 0 });
  expect((await bench.plan()).plans[0]).toMatchObject({ plan: { create: 0, excluded: 3 } });
  const apply = (client: Client) => client.run({ plan: plans[0]!.run });
  const { totals } = await inProcess({ project: bench.folder, variables: bench.sandbox.env }, apply);
  expect(totals).toMatchObject({ created: 3, excluded: 0 });

  bench.source("people", people(3, { name: "New" }));
  await stopAt("UpdateMultiple");
  await expect(bench.runImpatiently(60)).rejects.toMatchObject({ code: "throttled" });
  await bench.control("DELETE", "faults");
  await bench.resolve({ run: bench.latest(), how: "skip" });
  const state = join(bench.folder, ".sluice/default/people/rows.duckdb");
  const before = readFileSync(state);
  expect(await bench.resend({ sync: "people", code: "skipped" })).toMatchObject({ updated: 3, writes: 3 });
  // As one is left that was killed before its fold.
  writeFileSync(state, before);
  for (const file of ["done.json", "outcome.parquet"])
    rmSync(join(bench.folder, ".sluice/default/people/runs", bench.latest(), file));
  expect(await bench.run()).toMatchObject({ unchanged: 3, excluded: 0, writes: 0 });
});

const withList = (more = {}) => peopleSync({ audiences: { vip: { list: "VIP" } }, ...more });

test("no guard stops a skip, not even an emptied audience, and the next run is judged as ever", async () => {
  await bench.begin({ "syncs/people.yaml": withList(), "audiences/vip.yaml": "model: people\nwhere: nick <> ''\n" });
  await bench.person("POST", "lists", { listname: "VIP", createdfromcode: 2, type: false });
  bench.source("people", people(3));
  await bench.run();
  bench.source("people", people(3, { nick: null }));
  await expect(bench.run()).rejects.toMatchObject({ code: "audience_empty" });
  const run = bench.latest();
  bench.write("syncs/people.yaml", withList({ requestLimit: 1 }));
  expect(await bench.resolve({ run, how: "skip" })).toMatchObject({ excluded: 3, writes: 0 });
  bench.write("syncs/people.yaml", withList());
  expect(await bench.run()).toMatchObject({ excluded: 3, writes: 0 });
  bench.source("people", [...people(1, { nick: null, name: "New" }), ...people(3, { nick: null }).slice(1)]);
  expect(await bench.run()).toMatchObject({ updated: 1, excluded: 2, writes: 2 });
  bench.source("people", people(3, { nick: null, name: "Newer" }));
  await expect(bench.run()).rejects.toMatchObject({ code: "audience_empty" });
});

test("nor an empty source, whose rows are as they were once they are back", async () => {
  await bench.begin({ "syncs/people.yaml": peopleSync({ onLeave: "delete", allowDelete: true }) });
  bench.source("people", people(3));
  await bench.run();
  bench.write("data/people.csv", "id,name,email,nick\n");
  await expect(bench.run()).rejects.toMatchObject({ code: "source_empty" });
  expect(await bench.resolve({ run: bench.latest(), how: "skip" })).toMatchObject({ excluded: 3, writes: 0 });
  expect(await bench.run()).toMatchObject({ excluded: 3, deleted: 0, writes: 0 });
  bench.source("people", people(3));
  expect(await bench.run()).toMatchObject({ unchanged: 3, writes: 0 });
});

test("what an undo took back is skipped, and the next run stops all the same", async () => {
  await bench.begin();
  bench.source("people", people(2));
  await bench.run();
  bench.source("people", people(2, { name: "New" }));
  await bench.run();
  await bench.undo({ sync: "people" });
  await expect(bench.run()).rejects.toMatchObject({ code: "undone" });
  expect(await bench.resolve({ run: bench.latest(), how: "skip" })).toMatchObject({ excluded: 2, writes: 0 });
  await expect(bench.run()).rejects.toMatchObject({ code: "undone" });
  expect(await bench.approve("undone")).toMatchObject({ excluded: 2, writes: 0 });
  expect(await bench.run()).toMatchObject({ excluded: 2, writes: 0 });
  expect((await bench.rows("contact")).map((row) => row.lastname).sort()).toEqual(["N0", "N1"]);
});

test("a rebuilt state has forgotten it, and says so", async () => {
  await bench.begin();
  bench.source("people", people(3));
  await bench.run();
  bench.source("people", people(4, { name: "New" }));
  await stopAt("UpdateMultiple");
  await expect(bench.runImpatiently(60)).rejects.toMatchObject({ code: "throttled" });
  await bench.control("DELETE", "faults");
  await bench.resolve({ run: bench.latest(), how: "skip" });
  bench.source("people", [...people(1), ...people(4, { name: "New" }).slice(1)]);
  rmSync(join(bench.folder, ".sluice/default/people/rows.duckdb"));
  const skip = bench.latest();
  const { unknown } = await bench.rebuild("people");
  expect(unknown).toContainEqual(expect.stringMatching(/^2 rows that were skipped are as never seen: the next run/));
  for (const file of ["rows.duckdb", `runs/${bench.latest()}/outcome.parquet`])
    rmSync(join(bench.folder, ".sluice/default/people", file));
  writeFileSync(join(bench.folder, ".sluice/default/people/runs", skip, "outcome.parquet"), "torn");
  const torn = await bench.rebuild("people");
  expect(torn.unknown).toContainEqual(expect.stringMatching(/^Whether rows were skipped cannot be told/));
  expect(await bench.run()).toMatchObject({ received: 4, updated: 2, unchanged: 2, writes: 2 });
});
