import { beforeEach, expect, test } from "vitest";
import { type Answer, targets, useSandbox } from "../../raw-client.test-data.ts";
import { createSensors, SENSORS } from "../elastic.test-data.ts";

// Bulk messages on elastic tables: bulk-operations.md, "On Error behavior with elastic tables" and "DeleteMultiple";
// dataverse.md section 7.
const client = useSandbox();
beforeEach(() => createSensors(client));
const ID = (n: number) => `6${n}14ca58-0928-ee11-9965-6045bd5cd155`;
const PARTITION = "Device-ABC-1234";
const DETAILS = "@Microsoft.PowerApps.CDS.ErrorDetails.Plugin.BulkApiErrorDetails";
const ANNOTATED = { Prefer: 'odata.include-annotations="*"' };
const post = (action: string, rows: Record<string, unknown>[], headers: Record<string, string> = {}) =>
  client.api("POST", `${SENSORS}/Microsoft.Dynamics.CRM.${action}`, targets(rows, "contoso_sensordata"), headers);
const item = (n: number, more: object = {}) => ({ contoso_sensordataid: ID(n), partitionid: PARTITION, ...more });
const values = async () =>
  (await client.api("GET", `${SENSORS}?$select=contoso_value&$orderby=contoso_value`)).json.value.map(
    (each: { contoso_value: number }) => each.contoso_value,
  );
const details = (answer: Answer) =>
  JSON.parse(answer.json.error[DETAILS]).map((each: Record<string, unknown>) => [
    each.RequestIndex,
    each.Id,
    each.StatusCode,
  ]);

test("CreateMultiple: on an elastic table answers ids and a session token", async () => {
  const answer = await post("CreateMultiple", [item(1), item(2), { contoso_value: 3 }]);
  expect([answer.status, answer.json.Ids.slice(0, 2)]).toEqual([200, [ID(1), ID(2)]]);
  expect(answer.headers["x-ms-session-token"]).toBeDefined();
});

test("Partial success: of CreateMultiple, told of every item where annotations are asked for", async () => {
  const rows = [
    item(1, { contoso_value: 1 }),
    item(1, { contoso_value: 2 }),
    item(2, { contoso_deviceid: "x".repeat(101) }),
    { contoso_value: 4 },
  ];
  const answer = await post("CreateMultiple", rows, ANNOTATED);
  expect([answer.status, answer.json.error.code]).toEqual([412, "0x80040237"]);
  expect(details(answer)).toEqual([
    [0, ID(1), 201],
    [1, ID(1), 412],
    [2, ID(2), 400],
    [3, expect.stringMatching(/^[0-9a-f-]{36}$/), 201],
  ]);
  expect(await values()).toEqual([1, 4]);
});

test.each([
  [{}, false],
  [{ Prefer: 'odata.include-annotations="OData.Community.Display.V1.FormattedValue"' }, false],
  [{ Prefer: 'odata.include-annotations="Microsoft.PowerApps.CDS.ErrorDetails.*"' }, true],
])("Partial success: details come with %j: %s", async (headers, told) => {
  const answer = await post("CreateMultiple", [item(1), item(1)], headers as Record<string, string>);
  expect([answer.status, DETAILS in answer.json.error]).toEqual([412, told]);
});

test("Partial success: of UpdateMultiple", async () => {
  await post("CreateMultiple", [item(1, { contoso_value: 1, contoso_deviceid: "d" }), item(2, { contoso_value: 2 })]);
  const rows = [item(1, { contoso_value: 11 }), { contoso_sensordataid: ID(2), contoso_value: 12 }, item(3), item(2)];
  const answer = await post("UpdateMultiple", rows, ANNOTATED);
  expect([answer.status, answer.json.error.code]).toEqual([404, "0x80040217"]);
  expect(details(answer).map((each: unknown[]) => each[2])).toEqual([204, 404, 404, 204]);
  expect(await values()).toEqual([2, 11]);
  const read = await client.api("GET", `${SENSORS}(${ID(1)})?partitionId=${PARTITION}`);
  expect(read.json.contoso_deviceid).toBe("d");
});

test("UpdateMultiple: on an elastic table is 204 with a session token", async () => {
  await post("CreateMultiple", [item(1, { contoso_value: 1 })]);
  const answer = await post("UpdateMultiple", [item(1, { contoso_value: 2 })]);
  expect([answer.status, answer.text]).toEqual([204, ""]);
  expect(answer.headers["x-ms-session-token"]).toBeDefined();
  expect(await values()).toEqual([2]);
});

test("UpsertMultiple: on an elastic table replaces rows and creates them, by id and partition", async () => {
  await post("CreateMultiple", [item(1, { contoso_value: 1, contoso_deviceid: "d" })]);
  const answer = await post("UpsertMultiple", [
    item(1, { contoso_value: 2 }),
    { contoso_sensordataid: ID(1), contoso_value: 3 },
    { "@odata.id": `${SENSORS}(contoso_sensordataid=${ID(2)},partitionid='${PARTITION}')`, contoso_value: 4 },
  ]);
  expect([answer.status, answer.text]).toEqual([204, ""]);
  expect(await values()).toEqual([2, 3, 4]);
  const read = await client.api("GET", `${SENSORS}(${ID(1)})?partitionId=${PARTITION}`);
  expect(read.json.contoso_deviceid).toBeNull();
});

test("DeleteMultiple: the page's request", async () => {
  await post("CreateMultiple", [item(1), item(2), item(3), { contoso_value: 4 }]);
  const answer = await post("DeleteMultiple", [item(1), item(2), item(3)]);
  expect([answer.status, answer.text]).toEqual([204, ""]);
  expect(answer.headers["x-ms-session-token"]).toBeUndefined();
  expect(await values()).toEqual([4]);
});

test("Partial success: of DeleteMultiple", async () => {
  await post("CreateMultiple", [item(1, { contoso_value: 1 }), item(2, { contoso_value: 2 })]);
  const answer = await post("DeleteMultiple", [{ contoso_sensordataid: ID(1) }, item(2), item(2)], ANNOTATED);
  expect(details(answer)).toEqual([
    [0, ID(1), 404],
    [1, ID(2), 204],
    [2, ID(2), 404],
  ]);
  expect(await values()).toEqual([1]);
});

test.each([
  ["CreateMultiple", { nosuch: 1 }],
  ["UpdateMultiple", { contoso_sensordataid: undefined }],
  ["UpdateMultiple", { contoso_value: "x" }],
  ["UpsertMultiple", { contoso_sensordataid: 5 }],
  ["DeleteMultiple", { contoso_sensordataid: null }],
  ["DeleteMultiple", { partitionid: 5 }],
])("Partial success: what cannot be read in %s fails all, before anything is written", async (action, bad) => {
  await post("CreateMultiple", [item(1, { contoso_value: 1 })]);
  const good = action === "CreateMultiple" ? item(3) : item(1, { contoso_value: 5 });
  const answer = await post(action, [good, item(2, bad)], ANNOTATED);
  expect([answer.status, answer.json.error.code, DETAILS in answer.json.error]).toEqual([400, "0x80048d19", false]);
  expect(await values()).toEqual([1]);
});

test("DeleteMultiple: needs the privilege, which it lacks for every item", async () => {
  await post("CreateMultiple", [item(1, { contoso_value: 1 })]);
  await client.control("POST", "privileges", { table: "contoso_sensordata", privilege: "Delete", allowed: false });
  const answer = await post("DeleteMultiple", [item(1)]);
  expect([answer.status, await values()]).toEqual([403, [1]]);
});
