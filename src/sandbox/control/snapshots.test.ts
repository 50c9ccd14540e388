import { expect, test } from "vitest";
import { addCustomerKey, targets, useSandbox } from "../raw-client.test-data.ts";

const client = useSandbox();
const names = async () =>
  (await client.api("GET", "contacts?$select=lastname&$orderby=lastname")).json.value.map(
    (each: { lastname: string }) => each.lastname,
  );
const create = (...rows: Record<string, unknown>[]) =>
  client.api("POST", "contacts/Microsoft.Dynamics.CRM.CreateMultiple", targets(rows));
const ID = "11111111-1111-1111-1111-111111111111";

test("POST snapshots: tells what it keeps; a name twice replaces; a name that is none is refused", async () => {
  await create({ lastname: "a" });
  const first = (await client.control("POST", "snapshots", { name: "one" })).json;
  expect(first).toMatchObject({ name: "one", taken: expect.stringMatching(/Z$/) });
  await create({ lastname: "b" });
  expect((await client.control("POST", "snapshots", { name: "one" })).json.rows).toBe(first.rows + 1);
  for (const body of [{}, { name: "" }, { name: "../x" }, { name: 5 }, { name: "x".repeat(101) }]) {
    expect((await client.control("POST", "snapshots", body)).status).toBe(400);
  }
});

test("GET snapshots: those there are, also after a reset", async () => {
  await client.control("POST", "snapshots", { name: "kept" });
  await client.control("POST", "reset");
  const { snapshots } = (await client.control("GET", "snapshots")).json;
  expect(snapshots.map((each: { name: string }) => each.name)).toContain("kept");
});

test("DELETE snapshots/{name}: gone, and then not there", async () => {
  await client.control("POST", "snapshots", { name: "old" });
  expect((await client.control("DELETE", "snapshots/old")).status).toBe(204);
  expect((await client.control("DELETE", "snapshots/old")).status).toBe(400);
  expect((await client.control("POST", "snapshots/old/restore")).status).toBe(400);
});

test("POST snapshots/{name}/restore: rows, schema, keys, plug-ins, privileges, clock; as often as wanted", async () => {
  await addCustomerKey(client);
  await create({ contactid: ID, lastname: "a", new_customerno: "1" }, { lastname: "b", new_customerno: "2" });
  await client.control("POST", "plugins", { table: "contact", column: "jobtitle", rewrite: "upper" });
  await client.control("POST", "clock", { advance: "5m" });
  await client.control("POST", "snapshots", { name: "two-rows" });
  for (let round = 0; round < 2; round++) {
    await client.api("PATCH", "contacts(new_customerno='1')", { lastname: "changed", jobtitle: "x" });
    await client.api("DELETE", "contacts(new_customerno='2')");
    await create({ lastname: "c", new_customerno: "3" });
    await client.api("POST", "EntityDefinitions(LogicalName='contact')/Attributes", {
      "@odata.type": "Microsoft.Dynamics.CRM.StringAttributeMetadata",
      SchemaName: "new_Later",
      MaxLength: 50,
    });
    await client.api("PATCH", `contacts(${ID})`, { new_later: "x" });
    await client.control("DELETE", "plugins");
    await client.control("POST", "privileges", { table: "account", privilege: "Read", allowed: false });
    await client.control("POST", "clock", { reset: true });
    expect(await names()).toEqual(["c", "changed"]);

    expect((await client.control("POST", "snapshots/two-rows/restore")).status).toBe(204);
    expect(await names()).toEqual(["a", "b"]);
    expect((await client.api("GET", "contacts?$select=new_later")).status).toBe(400);
    expect((await client.api("GET", "accounts")).status).toBe(200);
    expect((await client.control("GET", "plugins")).json.plugins).toHaveLength(1);
    expect((await client.control("GET", "clock")).json.aheadMs).toBe(300_000);
    const taken = await create({ lastname: "d", new_customerno: "2" });
    expect([taken.status, taken.json.error.code]).toEqual([412, "0x80060892"]);
    expect((await client.api("GET", "contacts(new_customerno='1')?$select=lastname")).json.lastname).toBe("a");
  }
});

test("POST snapshots/{name}/restore: the change log goes back, a token from before holds, one from after has expired", async () => {
  await create({ contactid: ID, lastname: "a" }, { lastname: "b" });
  const link = async () =>
    (await client.api("GET", "contacts?$select=lastname", undefined, { Prefer: "odata.track-changes" })).json[
      "@odata.deltaLink"
    ].split("/v9.2/")[1] as string;
  const before = await link();
  await client.api("PATCH", `contacts(${ID})`, { lastname: "a2" });
  await client.control("POST", "snapshots", { name: "log" });
  await client.api("DELETE", `contacts(${ID})`);
  await create({ lastname: "c" });
  const after = await link();
  await client.control("POST", "snapshots/log/restore");
  const changes = await client.api("GET", before);
  expect(changes.json.value.map((each: { lastname: string }) => each.lastname)).toEqual(["a2"]);
  // Section 10: a version this server has never given.
  expect((await client.api("GET", after)).json.error.code).toBe("0x80044352");
});

test("POST snapshots/{name}/restore: owners and other computed columns follow the restored rows", async () => {
  await create({ contactid: ID, lastname: "a" });
  await client.control("POST", "snapshots", { name: "owner" });
  await client.control("POST", "snapshots/owner/restore");
  const row = (await client.api("GET", `contacts(${ID})?$select=_ownerid_value,_owninguser_value`)).json;
  expect(row._owninguser_value).toBe(row._ownerid_value);
});

test("POST snapshots: 100,000 rows are kept and brought back in a moment", async () => {
  const rows = Array.from({ length: 100_000 }, (_, n) => ({ lastname: `n${n}`, firstname: "x", jobtitle: String(n) }));
  await client.control("POST", "seed", { table: "contact", rows });
  const started = performance.now();
  await client.control("POST", "snapshots", { name: "many" });
  await client.control("POST", "snapshots/many/restore");
  const took = performance.now() - started;
  expect((await client.api("GET", "contacts/$count")).text).toBe("5000");
  // Both together; a loaded machine is given its time.
  expect(took).toBeLessThan(8000);
  await client.control("DELETE", "snapshots/many");
});
