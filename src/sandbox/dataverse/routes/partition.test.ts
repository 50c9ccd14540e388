import { beforeEach, expect, test } from "vitest";
import { idIn, useSandbox } from "../../raw-client.test-data.ts";
import { createSensors, SENSORS } from "../elastic.test-data.ts";

// Rows of elastic tables: elastic-tables.md and use-elastic-tables.md of MicrosoftDocs/powerapps-docs, unless another
// page is named.
const client = useSandbox();
beforeEach(() => createSensors(client));
const ID = "ff67610c-82ce-412c-85df-0bbc6521bb01";
const OTHER = "02d82842-f3f4-ed11-8848-000d3a993550";
const row = (partition: string, id = ID) => `${SENSORS}(contoso_sensordataid=${id},partitionid='${partition}')`;
const create = (body: Record<string, unknown>) => client.api("POST", SENSORS, body);
const READING = { contoso_deviceid: "deviceid-001", contoso_sensortype: "Humidity", contoso_value: 40 };

test("partitionid: the page's create, update, retrieve and delete by it", async () => {
  const created = await create({
    ...READING,
    contoso_timestamp: "2023-05-15T22:36:24Z",
    partitionid: "deviceid-001",
    ttlinseconds: 86400,
  });
  expect(created.status).toBe(204);
  expect(created.headers["x-ms-session-token"]).toMatch(/^240:8#\d+#7=-1$/);
  const id = /=([0-9a-f-]{36}),partitionid='deviceid-001'\)$/.exec(String(created.headers["odata-entityid"]))![1]!;
  const updated = await client.api(
    "PATCH",
    `${SENSORS}(contoso_sensordataid=${id},partitionId='deviceid-001')`,
    { contoso_value: 60, contoso_timestamp: "2023-05-15T22:36:24Z" },
    { "If-Match": "*", "MSCRM.SessionToken": "240:8#144035978#7=-1" },
  );
  expect(updated.status).toBe(204);
  expect(updated.headers["odata-entityid"]).toMatch(
    new RegExp(`/${SENSORS}\\(contoso_sensordataid=${id},partitionid='deviceid-001'\\)$`),
  );
  const read = await client.api("GET", `${SENSORS}(${id})?partitionId=deviceid-001&$select=contoso_value,partitionid`);
  expect(read.json).toMatchObject({ contoso_value: 60, partitionid: "deviceid-001" });
  expect((await client.api("DELETE", row("deviceid-001", id))).status).toBe(204);
  expect((await client.api("GET", row("deviceid-001", id))).status).toBe(404);
});

test("partitionid: stays empty where none is sent, and the row is found by id alone, which is its partition", async () => {
  const id = idIn(await create(READING));
  expect((await client.api("GET", `${SENSORS}(${id})?$select=partitionid`)).json.partitionid).toBeNull();
  expect((await client.api("GET", `${SENSORS}?partitionId=${id}`)).json.value).toHaveLength(1);
  await client.api("PATCH", `${SENSORS}(${id})`, { partitionid: id }, { "If-Match": "*" });
  expect((await client.api("GET", `${SENSORS}(${id})`)).json.partitionid).toBeNull();
  expect((await client.api("GET", row(id, id))).status).toBe(200);
  for (const empty of [null, ""]) expect((await create({ ...READING, partitionid: empty })).status).toBe(204);
});

test("partitionid: a row is found in its partition only; case counts", async () => {
  await create({ ...READING, contoso_sensordataid: ID, partitionid: "A" });
  for (const address of [`${SENSORS}(${ID})`, row("B"), row("a")]) {
    const answer = await client.api("GET", address);
    expect([address, answer.status, answer.json.error.code]).toEqual([address, 404, "0x80040217"]);
    expect((await client.api("DELETE", address)).status).toBe(404);
    expect((await client.api("PATCH", address, { contoso_value: 1 }, { "If-Match": "*" })).status).toBe(404);
  }
  expect((await client.api("GET", row("A"))).status).toBe(200);
});

test("partitionid: ids are unique within a partition only", async () => {
  for (const partitionid of ["A", "B", undefined]) {
    expect((await create({ ...READING, contoso_sensordataid: ID, partitionid })).status).toBe(204);
  }
  for (const partitionid of ["A", undefined, ID]) {
    const again = await create({ ...READING, contoso_sensordataid: ID, partitionid });
    expect([again.status, again.json.error.code]).toEqual([412, "0x80040237"]);
  }
  expect((await client.api("GET", `${SENSORS}/$count`)).text).toBe("3");
  expect((await client.api("DELETE", row("A"))).status).toBe(204);
  expect((await client.api("GET", `${SENSORS}/$count`)).text).toBe("2");
  expect((await create({ ...READING, contoso_sensordataid: ID, partitionid: "A" })).status).toBe(204);
});

test("partitionid: of a row that is there cannot be changed", async () => {
  await create({ ...READING, contoso_sensordataid: ID, partitionid: "A" });
  await client.api("PATCH", row("A"), { contoso_value: 5, partitionid: "B" }, { "If-Match": "*" });
  expect((await client.api("GET", row("A"))).json).toMatchObject({ contoso_value: 5, partitionid: "A" });
  expect((await client.api("GET", row("B"))).status).toBe(404);
});

test.each([
  ["x".repeat(101), "0x80044331"],
  [5, "0x80048d19"],
  [{}, "0x80048d19"],
])("partitionid: %j is refused on POST and PATCH", async (partitionid, code) => {
  for (const answer of [
    await create({ partitionid }),
    await client.api("PATCH", `${SENSORS}(${ID})`, { partitionid }),
  ]) {
    expect([answer.status, answer.json.error.code]).toEqual([400, code]);
  }
});

test("partitionId: with quotes or without names the partition of a row and of a list", async () => {
  await create({ ...READING, contoso_sensordataid: ID, partitionid: "deviceid-001" });
  await create({ ...READING, contoso_sensordataid: ID, partitionid: "o'brien", contoso_value: 7 });
  await create({ ...READING, contoso_sensordataid: OTHER, partitionid: "deviceid-001", contoso_value: 41 });
  for (const value of ["deviceid-001", "'deviceid-001'"]) {
    expect((await client.api("GET", `${SENSORS}(${ID})?partitionId=${value}`)).json.contoso_value).toBe(40);
    const list = await client.api("GET", `${SENSORS}?partitionId=${value}&$select=contoso_value&$count=true`);
    expect(list.json["@odata.count"]).toBe(2);
    expect(list.json.value.map((each: { contoso_value: number }) => each.contoso_value)).toEqual([40, 41]);
  }
  expect((await client.api("GET", `${SENSORS}(${ID})?partitionId='o''brien'`)).json.contoso_value).toBe(7);
  expect((await client.api("GET", `${SENSORS}/$count?partitionId=deviceid-001`)).text).toBe("2");
  expect((await client.api("GET", `${SENSORS}?partitionId=none`)).json.value).toEqual([]);
  expect((await client.api("DELETE", `${SENSORS}(${ID})?partitionId=deviceid-001`)).status).toBe(204);
  expect((await client.api("GET", `${SENSORS}?$select=contoso_value`)).json.value).toHaveLength(2);
});

test("partitionId: pages, filters, orders, groups and FetchXML stay within it", async () => {
  for (let n = 0; n < 6; n++) await create({ ...READING, partitionid: n % 2 ? "odd" : "even", contoso_value: n });
  const values = (answer: { json: { value: { contoso_value: number }[] } }) =>
    answer.json.value.map((each) => each.contoso_value);
  const list = `${SENSORS}?partitionId=odd&$select=contoso_value`;
  const first = await client.api("GET", list, undefined, { Prefer: "odata.maxpagesize=2" });
  expect(values(first)).toEqual([1, 3]);
  const next = String(first.json["@odata.nextLink"]).split("/api/data/v9.2/")[1]!;
  expect(values(await client.api("GET", next, undefined, { Prefer: "odata.maxpagesize=2" }))).toEqual([5]);
  expect(values(await client.api("GET", `${list}&$filter=contoso_value lt 4&$orderby=contoso_value desc`))).toEqual([
    3, 1,
  ]);
  const sum = await client.api("GET", `${SENSORS}?partitionId=odd&$apply=aggregate(contoso_value with sum as s)`);
  expect(sum.json.value[0].s).toBe(9);
  const fetch = encodeURIComponent(
    "<fetch><entity name='contoso_sensordata'><attribute name='contoso_value'/><order attribute='contoso_value'/></entity></fetch>",
  );
  expect(values(await client.api("GET", `${SENSORS}?fetchXml=${fetch}&partitionId=even`))).toEqual([0, 2, 4]);
});

test("partitionId: goes with a property, a lookup and a reference of a row", async () => {
  await create({ ...READING, contoso_sensordataid: ID, partitionid: "A" });
  const at = (path: string) => client.api("GET", `${SENSORS}(${ID})/${path}?partitionId=A`);
  expect((await at("contoso_value")).json.value).toBe(40);
  expect((await at("contoso_value/$value")).text).toBe("40");
  expect((await at("createdby")).json.systemuserid).toMatch(/^[0-9a-f-]{36}$/);
  expect((await at("createdby/$ref")).status).toBe(200);
  expect((await client.api("GET", `${SENSORS}(${ID})/contoso_value`)).status).toBe(404);
});

test("partitionId: FetchXML pages and BulkDelete tell rows of one id apart", async () => {
  for (const partitionid of ["A", "B", "C"]) await create({ contoso_sensordataid: ID, partitionid, contoso_value: 1 });
  const xml = (more: string) =>
    encodeURIComponent(
      `<fetch count='1' ${more}><entity name='contoso_sensordata'><attribute name='partitionid'/></entity></fetch>`,
    );
  const annotated = { Prefer: 'odata.include-annotations="*"' };
  const found: string[] = [];
  let more = "page='1'";
  for (let page = 2; more !== "" && page < 9; page++) {
    const { json } = await client.api("GET", `${SENSORS}?fetchXml=${xml(more)}`, undefined, annotated);
    found.push(json.value[0].partitionid);
    const cookie = json["@Microsoft.Dynamics.CRM.fetchxmlpagingcookie"];
    const inner = cookie && decodeURIComponent(decodeURIComponent(/pagingcookie="([^"]*)"/.exec(cookie)![1]!));
    const escaped = (text: string) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
    more = inner === undefined ? "" : `page='${page}' paging-cookie='${escaped(inner)}'`;
  }
  expect(found).toEqual(["A", "B", "C"]);
  const job = await client.api("POST", "BulkDelete", {
    QuerySet: [{ EntityName: "contoso_sensordata" }],
    JobName: "all",
    SendEmailNotification: false,
    ToRecipients: [],
    CCRecipients: [],
    RecurrencePattern: "",
    StartDateTime: "2020-01-01T00:00:00Z",
  });
  expect([job.status, job.text]).toEqual([200, expect.anything()]);
  await client.control("POST", "clock", { advance: "10m" });
  expect((await client.api("GET", SENSORS)).json.value).toEqual([]);
});

test("partitionId: has no effect on POST and PATCH, nor on tables that are not elastic", async () => {
  const posted = await client.api("POST", `${SENSORS}?partitionId=x`, { ...READING, contoso_sensordataid: ID });
  expect(posted.status).toBe(204);
  expect((await client.api("GET", `${SENSORS}(${ID})`)).status).toBe(200);
  await client.api("PATCH", `${SENSORS}(${OTHER})?partitionId=x`, READING);
  expect((await client.api("GET", `${SENSORS}(${OTHER})`)).status).toBe(200);
  const contact = idIn(await client.api("POST", "contacts", { lastname: "a" }));
  expect((await client.api("GET", `contacts(${contact})?partitionId=x`)).status).toBe(200);
  expect((await client.api("GET", "contacts?partitionId=x")).json.value).toHaveLength(1);
});

test("Elastic upsert: creates the row, and replaces it whole where it is there", async () => {
  const body = { ...READING, partitionid: "deviceid-001", ttlinseconds: 86400 };
  const address = `${SENSORS}(${ID})?partitionid="deviceid-001"`;
  const headers = { "x-ms-session-token": "hn76qq#7324" };
  expect((await client.api("PATCH", address, body, headers)).status).toBe(204);
  expect((await client.api("GET", row("deviceid-001"))).json).toMatchObject(READING);
  const again = await client.api("PATCH", address, { contoso_sensortype: "Pressure", partitionid: "deviceid-001" });
  expect(again.headers["x-ms-session-token"]).toBeDefined();
  expect((await client.api("GET", row("deviceid-001"))).json).toMatchObject({
    contoso_sensortype: "Pressure",
    contoso_value: null,
    contoso_deviceid: null,
    ttlinseconds: null,
  });
  const shown = await client.api("PATCH", row("new"), { contoso_value: 1 }, { Prefer: "return=representation" });
  expect([shown.status, shown.json.partitionid]).toEqual([201, "new"]);
  expect(shown.headers["x-ms-session-token"]).toBeDefined();
});

test("Elastic upsert: with If-Match it is an update, with If-None-Match it only creates", async () => {
  await create({ ...READING, contoso_sensordataid: ID, partitionid: "A" });
  await client.api("PATCH", row("A"), { contoso_value: 41 }, { "If-Match": "*" });
  const { json } = await client.api("GET", row("A"));
  expect(json).toMatchObject({ ...READING, contoso_value: 41 });
  const etag = json["@odata.etag"];
  expect((await client.api("PATCH", row("A"), { contoso_value: 42 }, { "If-Match": etag })).status).toBe(204);
  expect((await client.api("PATCH", row("A"), { contoso_value: 43 }, { "If-Match": etag })).status).toBe(412);
  expect((await client.api("PATCH", row("A"), { contoso_value: 9 }, { "If-None-Match": "*" })).status).toBe(412);
  expect((await client.api("GET", row("A"))).json).toMatchObject({
    contoso_deviceid: "deviceid-001",
    contoso_value: 42,
  });
});

test("x-ms-session-token: answers writes, and not deletions or reads or other tables", async () => {
  await create({ ...READING, contoso_sensordataid: ID });
  const address = `${SENSORS}(${ID})`;
  const token = async (...call: Parameters<typeof client.api>) =>
    (await client.api(...call)).headers["x-ms-session-token"];
  expect(await token("POST", SENSORS, READING, { Prefer: "return=representation" })).toBeDefined();
  expect(await token("PUT", `${address}/contoso_value`, { value: 3 })).toBeDefined();
  expect(await token("DELETE", `${address}/contoso_value`)).toBeDefined();
  expect(await token("GET", address)).toBeUndefined();
  expect(await token("DELETE", address)).toBeUndefined();
  expect(await token("POST", "contacts", { lastname: "a" })).toBeUndefined();
});

test("MSCRM.SessionToken: a read with one sees the write it came from", async () => {
  const created = await create({ ...READING, contoso_sensordataid: ID });
  const headers = { "MSCRM.SessionToken": String(created.headers["x-ms-session-token"]) };
  expect((await client.api("GET", `${SENSORS}(${ID})`, undefined, headers)).json.contoso_value).toBe(40);
  expect((await client.api("GET", `${SENSORS}(${ID})`, undefined, { "MSCRM.SessionToken": "htjy#4567" })).status).toBe(
    200,
  );
});

test("ttlinseconds: a row vanishes so long after its last change, with a tombstone", async () => {
  const tracked = await client.api("GET", SENSORS, undefined, { Prefer: "odata.track-changes" });
  const delta = String(tracked.json["@odata.deltaLink"]).split("/api/data/v9.2/")[1]!;
  await create({ ...READING, contoso_sensordataid: ID, ttlinseconds: 100 });
  await create({ ...READING, contoso_sensordataid: OTHER, partitionid: "A", ttlinseconds: 200 });
  await create({ ...READING });
  const count = async () => (await client.api("GET", `${SENSORS}/$count`)).text;
  await client.control("POST", "clock", { advance: "90s" });
  expect(await count()).toBe("3");
  // "interpreted as a delta from the time that a record was last modified" (create-edit-elastic-tables.md)
  await client.api("PATCH", `${SENSORS}(${ID})`, { contoso_value: 1 }, { "If-Match": "*" });
  await client.control("POST", "clock", { advance: "50s" });
  expect(await count()).toBe("3");
  await client.control("POST", "clock", { advance: "65s" });
  expect(await count()).toBe("1");
  expect((await client.api("GET", `${SENSORS}(${ID})`)).status).toBe(404);
  const changes = (await client.api("GET", delta)).json.value;
  expect(changes.map((each: { id?: string; reason?: string }) => [each.id, each.reason])).toEqual([
    [undefined, undefined],
    [ID, "deleted"],
    [OTHER, "deleted"],
  ]);
  expect((await create({ ...READING, contoso_sensordataid: ID })).status).toBe(204);
});

test("ttlinseconds: emptied, the row stays; a snapshot keeps when it ends", async () => {
  await create({ ...READING, contoso_sensordataid: ID, ttlinseconds: 100 });
  await create({ ...READING, contoso_sensordataid: OTHER, ttlinseconds: 100 });
  await client.api("PATCH", `${SENSORS}(${ID})`, { ttlinseconds: null }, { "If-Match": "*" });
  await client.control("POST", "snapshots", { name: "s" });
  await client.control("POST", "clock", { advance: "10m" });
  expect((await client.api("GET", SENSORS)).json.value).toHaveLength(1);
  await client.control("POST", "snapshots/restore", { name: "s" });
  expect((await client.api("GET", SENSORS)).json.value).toHaveLength(1);
});

test.each([0, -1, 2147483648, 1.5, "60"])("ttlinseconds: %j is refused", async (ttlinseconds) => {
  expect((await create({ ...READING, ttlinseconds })).status).toBe(400);
});

test("No transactions: a failed change set leaves what it wrote to elastic tables", async () => {
  const part = (id: number, path: string, body: object) =>
    `--c\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\nContent-ID: ${id}\r\n\r\nPOST /api/data/v9.2/${path} HTTP/1.1\r\nContent-Type: application/json\r\n\r\n${JSON.stringify(body)}\r\n`;
  const batch = `--b\r\nContent-Type: multipart/mixed;boundary=c\r\n\r\n${part(1, SENSORS, READING)}${part(2, "contacts", { lastname: "a" })}${part(3, "contacts", { nosuch: 1 })}--c--\r\n\r\n--b--\r\n`;
  const answer = await client.api("POST", "$batch", batch, { "content-type": "multipart/mixed;boundary=b" });
  expect(answer.status).toBe(400);
  expect((await client.api("GET", SENSORS)).json.value).toHaveLength(1);
  expect((await client.api("GET", "contacts")).json.value).toEqual([]);
});

test("No transactions: one that succeeds gives each part its token", async () => {
  const part = `--c\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\nContent-ID: 1\r\n\r\nPOST /api/data/v9.2/${SENSORS} HTTP/1.1\r\nContent-Type: application/json\r\n\r\n${JSON.stringify(READING)}\r\n`;
  const batch = `--b\r\nContent-Type: multipart/mixed;boundary=c\r\n\r\n${part}--c--\r\n\r\n--b--\r\n`;
  const answer = await client.api("POST", "$batch", batch, { "content-type": "multipart/mixed;boundary=b" });
  expect([answer.status, answer.text]).toEqual([200, expect.stringMatching(/x-ms-session-token: 240:8#\d+#7=-1/i)]);
});

test.each(["o'brien", "a b", "é😀", "50%", "a/b", "x=1,y"])(
  "partitionid: the address that answers a POST into %j finds the row",
  async (partitionid) => {
    const made = await create({ ...READING, partitionid });
    const address = String(made.headers["odata-entityid"]).split("/api/data/v9.2/")[1]!;
    const read = await client.api("GET", address);
    // Characters that no key in an address can have (dataverse.md section 4).
    const addressable = !/[%/]/.test(partitionid);
    expect([read.status, read.json.partitionid]).toEqual(addressable ? [200, partitionid] : [400, undefined]);
  },
);
