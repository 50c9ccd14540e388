import { expect, test } from "vitest";
import { peopleSync, useWorkbench } from "../workbench.ts";

/** Dynamics changes under a sync that has run: what is harmless is told, what is not stops before anything is sent. */

const bench = useWorkbench();
const contact = "EntityDefinitions(LogicalName='contact')";
const tier = `${contact}/Attributes(LogicalName='new_tier')`;
const text = (SchemaName: string, more: object = {}) => ({
  "@odata.type": "Microsoft.Dynamics.CRM.StringAttributeMetadata",
  SchemaName,
  MaxLength: 50,
  ...more,
});
const people = [
  { id: "1", name: "Ana", email: "", tier: "gold" },
  { id: "2", name: "Ben", email: "", tier: "silver" },
];

async function begin() {
  const columns = [{ name: "new_Tier", title: "Tier", type: "text" as const, maxLength: 50 }];
  await bench.begin({ "syncs/people.yaml": peopleSync({ mapping: { new_tier: "tier" } }) }, { columns });
  bench.source("people", people);
  expect(await bench.run()).toMatchObject({ created: 2 });
}
const warnings = async () => (await bench.plan()).plans.flatMap((one) => one.warnings);

test("a column made shorter is told, once; longer values are rejected from then on", async () => {
  await begin();
  expect(await warnings()).toEqual([]);
  await bench.person("PUT", tier, text("new_Tier", { MaxLength: 5 }));
  expect(await warnings()).toEqual([
    "contact.new_tier takes 5 characters now, no longer 50: longer values are refused.",
  ]);
  expect(await bench.run()).toMatchObject({ rejected: 1, writes: 0 });
  expect(await warnings()).toEqual([]);
});

test("a removed column stops the run by name; nothing is sent", async () => {
  await begin();
  bench.source("people", [...people, { id: "3", name: "Cem", email: "", tier: "tin" }]);
  await bench.person("DELETE", tier);
  await expect(bench.run()).rejects.toMatchObject({
    code: "schema_changed",
    message: expect.stringContaining("contact.new_tier is not there any more."),
  });
  expect(await bench.control("GET", "requests")).toMatchObject({ writes: 0 });
  bench.write("syncs/people.yaml", peopleSync());
  expect(await bench.run()).toMatchObject({ created: 1 });
});

test("a column that was removed and made anew is filled again, though no record tells of a change", async () => {
  await begin();
  await bench.person("DELETE", tier);
  await bench.person("POST", `${contact}/Attributes`, text("new_Tier"));
  expect(await warnings()).toEqual([expect.stringContaining("contact.new_tier was removed and made anew")]);
  expect(await bench.run()).toMatchObject({ updated: 2 });
  expect((await bench.rows("contact")).map((row) => row.new_tier).sort()).toEqual(["gold", "silver"]);
  expect(await bench.run()).toMatchObject({ updated: 0, unchanged: 2 });
});

test("a new column without which no record is made stops a sync that does not map it", async () => {
  await begin();
  const required = { RequiredLevel: { Value: "SystemRequired" } };
  await bench.person("POST", `${contact}/Attributes`, text("new_Code", required));
  await expect(bench.run()).rejects.toMatchObject({
    code: "schema_changed",
    message: expect.stringContaining("contact takes no new record without new_code now"),
  });
  bench.write("syncs/people.yaml", peopleSync({ mode: "update", mapping: { new_tier: "tier" } }));
  expect(await bench.run()).toMatchObject({ unchanged: 2 });
});

test("a key that is gone is told: it guarded the match column", async () => {
  await begin();
  const { value } = (await bench.person("GET", `${contact}/Keys?$select=LogicalName`)) as {
    value: { LogicalName: string }[];
  };
  await bench.person("DELETE", `${contact}/Keys(LogicalName='${value[0]!.LogicalName}')`);
  expect(await warnings()).toEqual([expect.stringContaining("is gone: nothing there guards against doubled records")]);
});
