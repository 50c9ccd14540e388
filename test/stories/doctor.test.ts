import { execFileSync } from "node:child_process";
import { chmodSync, cpSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { SluiceError } from "../../src/core/errors.ts";
import { standardFiles } from "../make-project.ts";
import { peopleSync, useWorkbench, withFirms } from "../workbench.ts";

/** What can be said of syncs without running them. */

const bench = useWorkbench();
const contact = "EntityDefinitions(LogicalName='contact')";
const tier = "contact.new_tier";

async function found() {
  const { syncs, ...rest } = await bench.doctor();
  const told = syncs.flatMap(({ steps }) => steps).filter((step) => !step.step.startsWith("required in forms"));
  return { ...rest, steps: told.map(({ step, status, cause }) => [step, status, ...(cause ? [cause] : [])]) };
}

test("before the first run, after it, and when something has changed: told by name, and nothing is written", async () => {
  const columns = [{ name: "new_Tier", title: "Tier", type: "text" as const, maxLength: 50 }];
  await bench.begin({ "syncs/people.yaml": peopleSync({ mapping: { new_tier: "tier" } }) }, { columns });
  bench.source("people", [{ id: "1", name: "Ana", email: "", tier: "gold" }]);
  expect((await found()).steps).toEqual([
    ["schema: contact", "ok"],
    ["state", "ok"],
  ]);
  await bench.run();
  await bench.control("POST", "requests/clear");
  const after = await found();
  expect(after).toMatchObject({ failed: 0, connections: [{ connection: "crm" }] });
  expect(after.steps).toEqual([
    ["schema: contact", "ok"],
    ["state", "ok"],
  ]);
  expect(await bench.control("GET", "requests")).toMatchObject({ writes: 0 });

  const attribute = `${contact}/Attributes(LogicalName='new_tier')`;
  const text = { "@odata.type": "Microsoft.Dynamics.CRM.StringAttributeMetadata", SchemaName: "new_Tier" };
  await bench.person("PUT", attribute, { ...text, MaxLength: 5 });
  const folder = join(bench.folder, ".sluice", "default", "people");
  chmodSync(folder, 0o755);
  mkdirSync(join(folder, "runs", "99999999"));
  writeFileSync(join(folder, "runs", "99999999", "journal.ndjson"), "");
  expect((await found()).steps).toEqual([
    ["schema: contact", "warning", `${tier} takes 5 characters now, no longer 50: longer values are refused.`],
    ["state", "warning", "Others on this machine may read it."],
    ["state", "warning", "The run 99999999 sent something and did not end."],
  ]);

  await bench.person("DELETE", attribute);
  const removed = await found();
  expect(removed.steps[0]).toEqual(["schema: contact", "failed", `${tier} is not there any more.`]);
  expect(removed.failed).toBeGreaterThan(0);

  // Dynamics lets us in no more: the state is looked at all the same.
  bench.write("connections/crm.yaml", standardFiles["connections/crm.yaml"]!.replace("${CLIENT_SECRET}", "other"));
  expect((await found()).steps).toEqual([
    ["schema: contact", "failed", expect.stringContaining("secret")],
    ["state", "warning", "Others on this machine may read it."],
    ["state", "warning", "The run 99999999 sent something and did not end."],
  ]);
});

test("a state that tells of another table, which every run refuses, and the way out", async () => {
  await bench.begin();
  bench.source("people", [{ id: "1", name: "Ana", email: "" }]);
  await bench.run();
  const accounts = { model: "people", to: "crm", object: "account", match: "accountnumber" };
  bench.write("syncs/people.yaml", JSON.stringify({ ...accounts, mapping: { accountnumber: "id", name: "name" } }));
  const refused = await bench.run().catch((thrown: SluiceError) => thrown);
  expect(refused).toMatchObject({ code: "state_elsewhere" });
  const { message, remedy } = refused as SluiceError;
  const { syncs, failed } = await bench.doctor();
  expect(failed).toBe(1);
  expect(syncs[0]!.steps[0]).toMatchObject({ step: "schema: account", status: "failed", cause: message, remedy });
  expect(remedy).toContain("sluice rebuild people --force");
  await bench.rebuild("people", { force: true });
  expect((await found()).failed).toBe(0);
  expect(await bench.run()).toMatchObject({ created: 1, writes: 1 });
});

test("a sync's folder that is older than the history is told", async () => {
  await bench.begin();
  bench.source("people", [{ id: "1", name: "Ana", email: "" }]);
  await bench.run();
  const [folder, backup] = [join(bench.folder, ".sluice/default/people"), join(bench.folder, "backup")];
  cpSync(folder, backup, { recursive: true });
  bench.source("people", [{ id: "1", name: "Bea", email: "" }]);
  await bench.run();
  const later = bench.latest();
  await bench.runs(); // makes the history's database
  expect((await bench.doctor()).failed).toBe(0);
  rmSync(folder, { recursive: true });
  cpSync(backup, folder, { recursive: true });
  const { syncs, failed } = await bench.doctor();
  expect(failed).toBe(1);
  expect(syncs[0]!.steps.at(-1)).toMatchObject({
    step: "state",
    status: "failed",
    cause: expect.stringContaining(`is older than the run ${later}`),
  });
  await bench.rebuild("people", { force: true });
  expect((await bench.doctor()).failed).toBe(0);
});

test("what the state folder takes is told part by part, and the sum is what du says", async () => {
  await bench.begin();
  bench.source("people", [{ id: "1", name: "Ana", email: "" }]);
  await bench.run();
  await bench.runs(); // makes the history's database
  const state = join(bench.folder, ".sluice");
  writeFileSync(join(state, "default", "people", "rows.duckdb.before-x"), Buffer.alloc(3 * 1024 ** 2, 1));
  const { sizes } = await bench.doctor();
  const all = sizes.at(-1)!;
  expect(sizes.map(({ part }) => part)).toEqual([
    "history of runs",
    "state of default/people",
    "moved aside of default/people",
    "plans and runs of default/people",
    "everything else",
    "all",
  ]);
  expect(sizes.slice(0, -1).reduce((sum, { bytes }) => sum + bytes, 0)).toBe(all.bytes);
  const du = Number(execFileSync("du", ["-sk", state], { encoding: "utf8" }).split("\t")[0]) * 1024;
  expect(Math.abs(all.bytes - du)).toBeLessThan(du / 20);
});

test("columns that forms ask for and the sync leaves out: told before the first run has ended, and never a rejection", async () => {
  const mapping = { externaluseridentifier: "id", emailaddress1: "email" };
  const sync = { model: "people", to: "crm", object: "contact", match: "externaluseridentifier", mapping };
  await bench.begin({ "syncs/people.yaml": JSON.stringify(sync) });
  bench.source("people", [{ id: "1", email: "ana@example.com" }]);
  const warnings = async () => (await bench.plan()).plans.flatMap((one) => one.warnings);
  expect(await warnings()).toEqual([expect.stringMatching(/^Forms of contact ask for lastname, /)]);
  expect(await bench.run()).toMatchObject({ created: 1, rejected: 0 });
  expect(await warnings()).toEqual([]);
});

test("the role: the least a sync needs and why, what is missing, and what is beyond need", async () => {
  await bench.begin({ ...withFirms, "syncs/people.yaml": peopleSync({ mapping: parent, mode: "update" }) });
  const role = await bench.role("people");
  const needed = role.privileges.filter((one) => one.needed).map((one) => one.name);
  expect(needed).toEqual([
    "prvReadContact",
    "prvWriteContact",
    "prvReadAccount",
    "prvAppendContact",
    "prvAppendToAccount",
    "prvReadOrganization",
    "prvReadTransactionCurrency",
    "prvReadSdkMessage",
    "prvReadSdkMessageFilter",
  ]);
  expect(role.missing).toBe(0);
  expect(role.privileges.find((one) => one.name === "prvDeleteContact")).toMatchObject({
    needed: false,
    held: "Global",
  });
  expect(role.privileges.find((one) => one.name === "prvAppendToAccount")).toMatchObject({
    object: "account",
    why: "parentcustomerid points at it",
  });
  await bench.control("POST", "privileges", { table: "contact", privilege: "Write", allowed: false });
  const less = await bench.role("people");
  expect(less.privileges.filter((one) => one.needed && one.held === null).map((one) => one.name)).toEqual([
    "prvWriteContact",
  ]);
  expect(less.missing).toBe(1);
});

test("the role of a sync that deletes and fills a list and a relationship; no right beyond it for what it does not do", async () => {
  const audiences = {
    vip: { list: "VIP" },
    fair: { relationship: "contactleads_association", with: { subject: "x" } },
  };
  await bench.begin({
    "syncs/people.yaml": peopleSync({ audiences, mode: "create", onLeave: "delete", allowDelete: true }),
    "audiences/vip.yaml": "model: people\nwhere: name = 'Ana'\n",
    "audiences/fair.yaml": "model: people\nwhere: name = 'Ana'\n",
  });
  bench.source("people", [{ id: "1", name: "Ana", email: "" }]);
  const role = await bench.role("people");
  const needed = role.privileges.filter((one) => one.needed).map((one) => one.name);
  expect(needed.filter((name) => /Contact|List|Lead/.test(name)).sort()).toEqual([
    "prvAppendContact",
    "prvAppendLead",
    "prvAppendToContact",
    "prvAppendToList",
    "prvCreateContact",
    "prvDeleteContact",
    "prvReadContact",
    "prvReadLead",
    "prvReadList",
    "prvWriteLead",
  ]);
});

test("columns under their titles, without prefix and in any case are known as runs know them", async () => {
  const columns = [
    { name: "new_Vip", title: "VIP", type: "text" as const, maxLength: 50 },
    { name: "new_Tier", title: "Loyalty tier", type: "text" as const, maxLength: 50 },
  ];
  const crm = `${standardFiles["connections/crm.yaml"]}prefix: new\n`;
  const sync = peopleSync({ mapping: { "loyalty TIER": "name" }, audiences: { vip: "Vip" } });
  const audience = "model: people\nwhere: name = 'Ana'\n";
  await bench.begin(
    { "connections/crm.yaml": crm, "syncs/people.yaml": sync, "audiences/vip.yaml": audience },
    { columns },
  );
  bench.source("people", [{ id: "1", name: "Ana", email: "" }]);
  await bench.run();
  for (const name of ["new_vip", "new_tier"])
    await bench.person("DELETE", `${contact}/Attributes(LogicalName='${name}')`);
  const told = (await found()).steps.filter(([, status]) => status === "failed").map(([, , cause]) => cause);
  expect(told.sort()).toEqual(["contact.new_tier is not there any more.", "contact.new_vip is not there any more."]);
});

const parent = { parentcustomerid: { from: "firm", lookup: { object: "account", by: "accountnumber" } } };
