import { expect, test } from "vitest";
import { useSandbox } from "../raw-client.test-data.ts";

// The caches of metadata and the header that passes them: dataverse.md section 1.
const client = useSandbox();
const STRONG = { Consistency: "Strong" };
const CONTACT = "EntityDefinitions(LogicalName='contact')";
const addColumn = (name = "new_Late") =>
  client.api("POST", `${CONTACT}/Attributes`, {
    "@odata.type": "Microsoft.Dynamics.CRM.StringAttributeMetadata",
    SchemaName: name,
    MaxLength: 50,
  });
const shown = async (headers = {}) =>
  (await client.api("GET", `${CONTACT}/Attributes(LogicalName='new_late')`, undefined, headers)).status;
const write = async (headers = {}) =>
  (await client.api("POST", "contacts", { lastname: "a", new_late: "x" }, headers)).status;

test("POST metadata-lag: readers of metadata see a new column later, who asks for Strong at once", async () => {
  await client.control("POST", "metadata-lag", { ms: 30_000 });
  await addColumn();
  expect([await shown(), await shown(STRONG), await write()]).toEqual([404, 200, 204]);
  await client.control("POST", "clock", { advanceMs: 29_000 });
  expect(await shown()).toBe(404);
  await client.control("POST", "clock", { advanceMs: 2000 });
  expect([await shown(), await shown(STRONG)]).toEqual([200, 200]);
});

test("POST metadata-lag: writers of rows are refused the new column until then", async () => {
  await client.control("POST", "metadata-lag", { ms: 30_000, metadata: false, rows: true });
  await addColumn();
  expect([await shown(), await write(), await write(STRONG)]).toEqual([200, 400, 204]);
  await client.control("POST", "clock", { advance: "31s" });
  expect(await write()).toBe(204);
});

test("POST metadata-lag: two changes come one after the other; 0 ends it; a key made meanwhile knows every row", async () => {
  await client.control("POST", "metadata-lag", { ms: 30_000, rows: true });
  await addColumn();
  await client.control("POST", "clock", { advance: "20s" });
  await addColumn("new_Later");
  await client.api("POST", `${CONTACT}/Keys`, { SchemaName: "new_Key", KeyAttributes: ["new_late"] });
  await client.control("POST", "clock", { advance: "15s" });
  const later = () => client.api("GET", `${CONTACT}/Attributes(LogicalName='new_later')`);
  expect([await shown(), (await later()).status, await write(), await write()]).toEqual([200, 404, 204, 412]);
  await client.control("POST", "metadata-lag", { ms: 0 });
  expect((await later()).status).toBe(200);
});

test.each([{}, { ms: -1 }, { ms: "5" }, { ms: 5, colour: "red" }])(
  "an order that is none is refused: %j",
  async (body) => {
    expect((await client.control("POST", "metadata-lag", body)).status).toBe(400);
  },
);
