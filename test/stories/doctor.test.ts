import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
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

const parent = { parentcustomerid: { from: "firm", lookup: { object: "account", by: "accountnumber" } } };
