import { rmSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { CallOptions, Client } from "../../src/api/index.ts";
import { inProcess } from "../in-process.ts";
import { peopleSync, useWorkbench } from "../workbench.ts";

/** A run that was broken off between its waves, or was about some rows, is resolved for what is left of just that. */

const bench = useWorkbench();
const row = (id: string, name: string, more = {}) => ({ id, name, email: `${id}@example.com`, ...more });
const people = (count: number, vip = "no") =>
  Array.from({ length: count }, (_, n) => row(`${n}`, `Name ${n}`, { vip }));
const refuses = (name: string) =>
  bench.control("POST", "plugins", { table: "contact", column: "lastname", equals: name, throws: `No ${name}.` });
/** From then on requests to `path` are asked to wait for longer than anybody has patience. */
const stopAt = (path: string, nth: number) =>
  bench.control(
    "POST",
    "faults",
    [0, 1, 2, 3].map((n) => ({ match: { method: "POST", path }, status: 429, retryAfter: 1800, nth: nth + n })),
  );
const members = async (list: string) =>
  ((await bench.person("GET", `lists(${list})/listcontact_association?$select=lastname`)).value as unknown[]).length;

async function withList(): Promise<string> {
  await bench.begin({
    "syncs/people.yaml": peopleSync({ audiences: { vip: { list: "VIP" } } }),
    "audiences/vip.yaml": "model: people\nwhere: vip = 'yes'\n",
  });
  const list = await bench.person("POST", "lists", { listname: "VIP", createdfromcode: 2, type: false });
  return list.listid as string;
}

async function brokenOff(path: string, nth = 1): Promise<string> {
  await stopAt(path, nth);
  await expect(bench.runImpatiently(60)).rejects.toMatchObject({ code: "throttled" });
  await bench.control("DELETE", "faults");
  return bench.latest();
}

/** Ctrl-C once so many changes were sent. */
async function stoppedAfter(sent: number, start: (client: Client, options: CallOptions) => Promise<unknown>) {
  const stop = new AbortController();
  const onEvent: CallOptions["onEvent"] = (event) => {
    if (event.type === "progress" && event.progress.phase === "deliver" && event.progress.done >= sent) stop.abort();
  };
  return inProcess({ project: bench.folder, variables: bench.sandbox.env }, (client) =>
    start(client, { signal: stop.signal, onEvent }),
  );
}

test("skip accepts rows whose memberships alone are left, and they go with their next change", async () => {
  const list = await withList();
  bench.source("people", people(3));
  await bench.run();
  bench.source("people", people(3, "yes"));
  const skipped = await bench.resolve({ run: await brokenOff("AddListMembers"), how: "skip" });
  expect(skipped).toMatchObject({ excluded: 3, writes: 0 });
  expect(await bench.run()).toMatchObject({ writes: 0 });
  expect(await members(list)).toBe(0);
  bench.source("people", [row("0", "Other", { vip: "yes" }), ...people(3, "yes").slice(1)]);
  await bench.run();
  expect(await members(list)).toBe(1);
});

test("retry sends the memberships of records that were made before", async () => {
  const list = await withList();
  bench.source("people", people(3, "yes"));
  const done = await bench.resolve({ run: await brokenOff("AddListMembers"), how: "retry" });
  expect(done).toMatchObject({ writes: 3, excluded: 0 });
  expect(await members(list)).toBe(3);
});

test("retry: what was delivered has not moved", async () => {
  await bench.begin();
  bench.source("people", people(250));
  const run = await brokenOff("Multiple", 2);
  const written = (await bench.rows("contact")).length;
  const done = await bench.resolve({ run, how: "retry" });
  expect(done).toMatchObject({ created: 250 - written, excluded: 0, problems: [] });
  expect(written).toBeGreaterThan(0);
});

test("skip of a resend is about its rows alone", async () => {
  await bench.begin();
  await refuses("Evil");
  await refuses("Bad");
  bench.source("people", [row("1", "Evil"), row("2", "Bad"), row("3", "Dora")]);
  await bench.run();
  await bench.resend({ sync: "people", keys: ["1"] });
  expect(await bench.resolve({ run: bench.latest(), how: "skip" })).toMatchObject({ received: 1, excluded: 1 });
  await bench.control("DELETE", "plugins");
  await bench.run();
  await bench.run();
  expect((await bench.rows("contact")).map((each) => each.lastname).sort()).toEqual(["Bad", "Dora"]);
});

test.each(["restart", "retry"] as const)("%s of a resend that was broken off goes on with its rows", async (how) => {
  await bench.begin();
  await refuses("Evil");
  bench.source("people", [...Array.from({ length: 2500 }, (_, n) => row(`e${n}`, "Evil")), row("1", "Ann")]);
  await bench.run();
  await bench.control("DELETE", "plugins");
  const broken = stoppedAfter(1, (client, options) => client.resend({ sync: "people", code: "0x80040265" }, options));
  await expect(broken).rejects.toMatchObject({ code: "interrupted" });
  const written = (await bench.rows("contact")).length;
  expect(written).toBeLessThan(2501);
  const done = await bench.resolve({ run: bench.latest(), how });
  expect(done).toMatchObject({ created: 2501 - written, excluded: 0 });
});

test("restart of a skip that died accepts its rows again", async () => {
  await bench.begin();
  bench.source("people", people(250));
  const run = await brokenOff("Multiple", 2);
  const written = (await bench.rows("contact")).length;
  expect(await bench.resolve({ run, how: "skip" })).toMatchObject({ excluded: 250 - written, writes: 0 });
  // As one is left that was killed right after its fold.
  const skip = bench.latest();
  rmSync(join(bench.folder, ".sluice/default/people/runs", skip, "done.json"));
  expect(await bench.resolve({ run: skip, how: "restart" })).toMatchObject({ writes: 0 });
});

const bossed = (missing: string) =>
  bench.begin({
    "syncs/people.yaml": peopleSync({
      mapping: {
        parentcustomerid: { from: "boss", lookup: { object: "contact", by: "externaluseridentifier", missing } },
      },
    }),
  });
const byNumber = async () =>
  Object.fromEntries((await bench.rows("contact")).map((each) => [String(each.externaluseridentifier), each]));

test("retry sets the states of records that were made before", async () => {
  await bench.begin({ "syncs/people.yaml": peopleSync({ mapping: { statecode: "state" } }) });
  bench.source("people", [row("1", "Ann", { state: "Inactive" }), row("2", "Bea", { state: "Active" })]);
  const done = await bench.resolve({ run: await brokenOff("UpdateMultiple"), how: "retry" });
  expect(done).toMatchObject({ received: 2, updated: 1, unchanged: 1, excluded: 0, writes: 1 });
  expect(await byNumber()).toMatchObject({ 1: { statecode: 1 }, 2: { statecode: 0 } });
});

test("retry points at records that the run had made, but not past what a person has written meanwhile", async () => {
  await bossed("reject");
  bench.source(
    "people",
    ["1", "2", "3"].map((id) => row(id, `Name ${id}`, { boss: id === "1" ? "3" : "1" })),
  );
  const broken = stoppedAfter(3, (client, options) => client.run({ syncs: ["people"] }, options));
  await expect(broken).rejects.toMatchObject({ code: "interrupted" });
  const run = bench.latest();
  const made = await byNumber();
  await bench.person("PATCH", `contacts(${made["3"]!.contactid})`, {
    "parentcustomerid_contact@odata.bind": `/contacts(${made["2"]!.contactid})`,
  });
  const done = await bench.resolve({ run, how: "retry" });
  expect(done).toMatchObject({ received: 3, updated: 2, excluded: 1, writes: 2 });
  expect(done.problems).toMatchObject([{ key: "3", code: "moved" }]);
  const boss = Object.values(await byNumber()).map((each) => each._parentcustomerid_value);
  expect(boss).toEqual([made["3"]!.contactid, made["1"]!.contactid, made["2"]!.contactid]);
});

test("retry makes records that point at others which the run had made", async () => {
  await bossed("reject");
  const rows = Array.from({ length: 250 }, (_, n) => row(`${n}`, `Name ${n}`, { boss: `${(n + 125) % 250}` }));
  bench.source("people", rows);
  const run = await brokenOff("CreateMultiple", 2);
  const written = (await bench.rows("contact")).length;
  expect(written).toBeGreaterThan(0);
  const done = await bench.resolve({ run, how: "retry" });
  expect(done).toMatchObject({ created: 250 - written, updated: written, excluded: 0, problems: [] });
  expect((await bench.rows("contact")).filter((each) => !each._parentcustomerid_value)).toEqual([]);
});

test("retry deletes records that pointed at others which the run had deleted", async () => {
  const mapping = {
    ...{ accountnumber: "id", name: "name" },
    parentaccountid: { from: "boss", lookup: { object: "account", by: "accountnumber" } },
  };
  const sync = { model: "people", to: "crm", object: "account", match: "accountnumber", mapping };
  const deletes = { onLeave: "delete", allowDelete: true, leaveLimit: 250 };
  await bench.begin({ "syncs/people.yaml": JSON.stringify({ ...sync, ...deletes }) });
  const rows = Array.from({ length: 250 }, (_, n) => row(`${n}`, `Name ${n}`, { boss: `${(n + 125) % 250}` }));
  bench.source("people", [...rows, row("stays", "Name", { boss: null })]);
  await bench.run();
  bench.source("people", [row("stays", "Name", { boss: null })]);
  const run = await brokenOff("$batch", 2);
  const left = (await bench.rows("account")).filter((each) => each.accountnumber !== "stays");
  const emptied = left.filter((each) => !each._parentaccountid_value);
  expect(emptied.length).toBeGreaterThan(0);
  await bench.person("PATCH", `accounts(${emptied[0]!.accountid})`, { name: "By hand" });
  const done = await bench.resolve({ run, how: "retry" });
  expect(done).toMatchObject({ deleted: left.length - 1, excluded: 1 });
  expect(done.problems).toMatchObject([{ key: emptied[0]!.accountnumber, code: "moved" }]);
});

test("retry where the journal is lost: what is there has not moved", async () => {
  const list = await withList();
  bench.source("people", people(250, "yes"));
  const run = await brokenOff("AddListMembers", 2);
  const written = await members(list);
  expect(written).toBeGreaterThan(0);
  rmSync(join(bench.folder, ".sluice/default/people/runs", run, "journal.ndjson"));
  const done = await bench.resolve({ run, how: "retry" });
  expect(done).toMatchObject({ writes: 250 - written, excluded: 0, problems: [] });
  expect(await members(list)).toBe(250);
});

test("retry sets a state again that was set, for no read tells who has set it", async () => {
  await bench.begin({ "syncs/people.yaml": peopleSync({ onLeave: "deactivate" }) });
  bench.source("people", people(20));
  await bench.run();
  bench.source("people", people(1));
  await bench.approve("too_many_leaves");
  bench.source("people", [
    row("0", "Name 0"),
    ...people(20)
      .slice(1)
      .map((each) => ({ ...each, name: "New" })),
  ]);
  const run = await brokenOff("UpdateMultiple", 2);
  const done = await bench.resolve({ run, how: "retry" });
  expect(done).toMatchObject({ updated: 19, excluded: 0, problems: [] });
  expect((await bench.rows("contact")).filter((each) => each.lastname === "New" && each.statecode === 0)).toHaveLength(
    19,
  );
});
