import { expect, test } from "vitest";
import { addPublisher, targets, useSandbox } from "../../raw-client.test-data.ts";

// Replays the requests that the README of microsoft/PowerApps-Samples dataverse/webapi/C#-NETx/ElasticTableOperations
// prints, with what its answers tell.
const client = useSandbox();
const CRM = "Microsoft.Dynamics.CRM.";
const SET = "contoso_sensordatas";
const DEVICE = "Device-ABC-1234";
const label = (text: string) => ({
  "@odata.type": `${CRM}Label`,
  LocalizedLabels: [{ "@odata.type": `${CRM}LocalizedLabel`, Label: text, LanguageCode: 1033, IsManaged: false }],
});
const column = (type: string, name: string, more: object = {}) => ({
  "@odata.type": `${CRM}${type}AttributeMetadata`,
  AttributeType: type,
  AttributeTypeName: { Value: `${type}Type` },
  DisplayName: label(name),
  SchemaName: `contoso_${name}`,
  ...more,
});
const TABLE = {
  "@odata.type": `${CRM}EntityMetadata`,
  CanCreateCharts: { "@odata.type": `${CRM}BooleanManagedProperty`, Value: false, CanBeChanged: false },
  Description: label("Stores IoT data emitted from devices"),
  DisplayCollectionName: label("Sensor Data"),
  DisplayName: label("Sensor Data"),
  EntitySetName: SET,
  HasActivities: false,
  HasNotes: false,
  IsActivity: false,
  OwnershipType: "UserOwned",
  SchemaName: "contoso_SensorData",
  TableType: "Elastic",
  Attributes: [
    column("String", "SensorType", { MaxLength: 100, IsPrimaryName: true }),
    column("String", "DeviceId", { MaxLength: 1000 }),
    column("Integer", "Value", { MaxValue: 2147483647, MinValue: -2147483648, Format: "None", SourceTypeMask: 0 }),
    column("DateTime", "TimeStamp", { Format: "DateOnly" }),
    column("String", "EnergyConsumption", { MaxLength: 1000, FormatName: { Value: "Json" } }),
  ],
};
const READING = {
  contoso_deviceid: DEVICE,
  contoso_sensortype: "Humidity",
  contoso_value: 40,
  contoso_timestamp: "2025-02-14T18:36:33.2713234Z",
  partitionid: DEVICE,
  ttlinseconds: 86400,
};
const UPDATE = { "If-Match": "*", "If-None-Match": "null" };

test("TableType Elastic: the sample's table, rows, bulk messages and clean-up", async () => {
  await addPublisher(client, "contoso");
  const made = await client.api("POST", "EntityDefinitions", TABLE, { Consistency: "Strong" });
  expect(made.status).toBe(204);

  const created = await client.api("POST", SET, READING, { "If-None-Match": "null" });
  expect([created.status, created.headers["x-ms-session-token"]]).toEqual([204, expect.any(String)]);
  const address = String(created.headers["odata-entityid"]).split("/api/data/v9.2/")[1]!;
  expect(address).toMatch(/^contoso_sensordatas\(contoso_sensordataid=[0-9a-f-]{36},partitionid='Device-ABC-1234'\)$/);

  for (const [path, value] of [
    [`${address}?partitionId=${DEVICE}`, 60],
    [address, 80],
  ] as const) {
    const updated = await client.api("PATCH", path, { contoso_value: value }, UPDATE);
    expect([updated.status, updated.headers["x-ms-session-token"]]).toEqual([204, expect.any(String)]);
    expect(updated.headers["odata-entityid"]).toBe(created.headers["odata-entityid"]);
  }

  const token = { "MSCRM.SessionToken": "207:30#172462320#7=154204239", "If-None-Match": "null" };
  const who = (await client.api("GET", "WhoAmI")).json;
  for (const path of [`${address}?partitionId=${DEVICE}&$select=contoso_value`, `${address}?$select=contoso_value`]) {
    const { json, headers } = await client.api("GET", path, undefined, token);
    expect(headers.etag).toBe(json["@odata.etag"]);
    expect(json["@odata.context"]).toMatch(/#contoso_sensordatas\(contoso_value\)\/\$entity$/);
    // Besides the selected column the sample's answer shows these.
    expect(Object.keys(json)).toEqual([
      "@odata.context",
      "@odata.etag",
      "contoso_value",
      "contoso_sensordataid",
      "versionnumber",
      "partitionid",
      "_ownerid_value",
      "_owningbusinessunit_value",
    ]);
    expect(json).toMatchObject({
      contoso_value: 80,
      partitionid: DEVICE,
      _ownerid_value: who.UserId,
      _owningbusinessunit_value: who.BusinessUnitId,
    });
  }

  const upserted = await client.api("PATCH", address, { ...READING, contoso_value: 60 }, { "If-None-Match": "null" });
  expect([upserted.status, upserted.headers["odata-entityid"]]).toEqual([204, created.headers["odata-entityid"]]);
  const deleted = await client.api("DELETE", `${address}?partitionId=${DEVICE}`);
  expect([deleted.status, deleted.headers["x-ms-session-token"]]).toEqual([204, undefined]);

  const bulk = (action: string, rows: Record<string, unknown>[]) =>
    client.api("POST", `${SET}/${CRM}${action}`, targets(rows, "contoso_sensordata"));
  const { contoso_value: _, contoso_timestamp: __, ...item } = READING;
  const many = await bulk("CreateMultiple", new Array(100).fill(item));
  expect([many.status, many.json.Ids.length]).toEqual([200, 100]);
  const each = (more: (n: number) => object) =>
    many.json.Ids.map((id: string, n: number) => ({ contoso_sensordataid: id, partitionid: DEVICE, ...more(n) }));
  const consumption = (n: number) => ({ power: 2 * n, powerUnit: "Watts", voltage: n, voltageUnit: "Volts" });
  const changed = await bulk(
    "UpdateMultiple",
    each((n) => ({ contoso_energyconsumption: JSON.stringify(consumption(n)) })),
  );
  expect([changed.status, changed.text]).toEqual([204, ""]);
  const gone = await bulk(
    "DeleteMultiple",
    each(() => ({})),
  );
  expect([gone.status, gone.text]).toEqual([204, ""]);
  expect((await client.api("GET", `${SET}/$count`)).text).toBe("0");
  expect((await client.api("DELETE", "EntityDefinitions(LogicalName='contoso_sensordata')")).status).toBe(204);
  expect((await client.api("GET", SET)).status).toBe(404);
});
