import { beforeEach, expect, test } from "vitest";
import { useSandbox } from "../../raw-client.test-data.ts";
import { createSensors, SENSOR_TABLE, SENSORS } from "../elastic.test-data.ts";

// Definitions of elastic tables: create-elastic-tables.md and maker/data-platform/create-edit-elastic-tables.md; the
// facts of their own columns from the reference page of flowlog, an elastic table.
const client = useSandbox();
beforeEach(() => createSensors(client));
const CRM = "Microsoft.Dynamics.CRM.";
const TABLE = "EntityDefinitions(LogicalName='contoso_sensordata')";
const column = (type: string, more: object = {}) => ({
  "@odata.type": `${CRM}${type}AttributeMetadata`,
  SchemaName: "contoso_X",
  ...more,
});

test("TableType Elastic: makes an elastic table; Standard and nothing make a standard one", async () => {
  expect((await client.api("GET", `${TABLE}?$select=TableType`)).json.TableType).toBe("Elastic");
  const again = { ...SENSOR_TABLE, SchemaName: "contoso_Plain", TableType: "Standard" };
  expect((await client.api("POST", "EntityDefinitions", again)).status).toBe(204);
  const plain = await client.api("GET", "EntityDefinitions(LogicalName='contoso_plain')?$expand=Attributes");
  expect(plain.json.TableType).toBe("Standard");
  expect(plain.json.Attributes.map((each: { LogicalName: string }) => each.LogicalName)).not.toContain("partitionid");
  for (const TableType of ["elastic", 5, {}]) {
    const answer = await client.api("POST", "EntityDefinitions", { ...again, SchemaName: "contoso_B", TableType });
    expect(answer.status).toBe(400);
  }
  const found = await client.api("GET", "EntityDefinitions?$filter=TableType eq 'Elastic'&$select=LogicalName");
  expect(found.json.value.map((each: { LogicalName: string }) => each.LogicalName)).toEqual(["contoso_sensordata"]);
});

test("TableType Elastic: gives it PartitionId and TTLInSeconds, and no status", async () => {
  const { json } = await client.api("GET", `${TABLE}/Attributes?$select=LogicalName`);
  const names = json.value.map((each: { LogicalName: string }) => each.LogicalName);
  expect(names).toEqual(expect.arrayContaining(["partitionid", "ttlinseconds", "contoso_sensordataid", "ownerid"]));
  expect(names).not.toContain("statecode");
  expect(names).not.toContain("statuscode");
  const text = await client.api("GET", `${TABLE}/Attributes(LogicalName='partitionid')/${CRM}StringAttributeMetadata`);
  expect(text.json).toMatchObject({ SchemaName: "PartitionId", MaxLength: 100 });
  const ttl = await client.api("GET", `${TABLE}/Attributes(LogicalName='ttlinseconds')/${CRM}IntegerAttributeMetadata`);
  expect(ttl.json).toMatchObject({ SchemaName: "TTLInSeconds", MinValue: 1, MaxValue: 2147483647 });
  for (const name of ["partitionid", "ttlinseconds"]) {
    expect((await client.api("DELETE", `${TABLE}/Attributes(LogicalName='${name}')`)).status).toBe(400);
  }
});

test("TableType Elastic: has one key, KeyForNoSqlEntityWithPKPartitionId, and takes no other", async () => {
  const { json } = await client.api("GET", `${TABLE}/Keys`);
  expect(json.value).toHaveLength(1);
  expect(json.value[0]).toMatchObject({
    LogicalName: "keyfornosqlentitywithpkpartitionid",
    SchemaName: "KeyForNoSqlEntityWithPKPartitionId",
    KeyAttributes: ["contoso_sensordataid", "partitionid"],
    EntityKeyIndexStatus: "Active",
  });
  const key = { SchemaName: "contoso_Key", KeyAttributes: ["contoso_deviceid"] };
  expect((await client.api("POST", `${TABLE}/Keys`, key)).json.error.code).toBe("0x80040203");
  const own = `${TABLE}/Keys(LogicalName='keyfornosqlentitywithpkpartitionid')`;
  expect((await client.api("DELETE", own)).status).toBe(400);
});

test("TableType Elastic: lists UpsertMultiple and DeleteMultiple among its messages", async () => {
  const { json } = await client.api(
    "GET",
    "sdkmessagefilters?$filter=primaryobjecttypecode eq 'contoso_sensordata'&$expand=sdkmessageid($select=name)",
  );
  const names = json.value.map((each: { sdkmessageid: { name: string } }) => each.sdkmessageid.name);
  expect(names).toEqual(
    expect.arrayContaining(["CreateMultiple", "UpdateMultiple", "UpsertMultiple", "DeleteMultiple"]),
  );
});

test.each([
  ["Money", {}],
  ["MultiSelectPicklist", { OptionSet: { Options: [{ Value: 1, Label: { LocalizedLabels: [] } }] } }],
  ["File", {}],
  ["Image", {}],
])("TableType Elastic: takes no column of type %s", async (type, more) => {
  const answer = await client.api("POST", `${TABLE}/Attributes`, column(type, more));
  expect([answer.status, answer.json.error.code]).toEqual([400, "0x80040203"]);
});

const RELATION = {
  "@odata.type": `${CRM}OneToManyRelationshipMetadata`,
  SchemaName: "contoso_account_sensor",
  ReferencedEntity: "account",
  ReferencingEntity: "contoso_sensordata",
  Lookup: { SchemaName: "contoso_AccountId" },
};

test("TableType Elastic: is in no many-to-many relationship, and duplicates are not looked for", async () => {
  const pairs = {
    "@odata.type": `${CRM}ManyToManyRelationshipMetadata`,
    SchemaName: "contoso_pairs",
    Entity1LogicalName: "contact",
    Entity2LogicalName: "contoso_sensordata",
  };
  expect((await client.api("POST", "RelationshipDefinitions", pairs)).json.error.code).toBe("0x80040203");
  const detection = { IsDuplicateDetectionEnabled: { Value: true } };
  expect((await client.api("PUT", TABLE, detection)).json.error.code).toBe("0x80040203");
  expect((await client.api("GET", TABLE)).json.CanBeInManyToMany.Value).toBe(false);
  const names = async (call: string) => (await client.api("GET", call)).json.EntityNames;
  expect(await names("GetValidManyToMany()")).not.toContain("contoso_sensordata");
  expect(await names("GetValidReferencedEntities()")).toContain("contoso_sensordata");
});

test.each([[{ Delete: "Cascade" }], [{ Delete: "RemoveLink" }], [{ Delete: "NoCascade", Assign: "Cascade" }]])(
  "NoCascade: is all that relationships of elastic tables may have, and %j is refused",
  async (config) => {
    const body = { ...RELATION, CascadeConfiguration: config };
    expect((await client.api("POST", "RelationshipDefinitions", body)).json.error.code).toBe("0x80040203");
  },
);

test("NoCascade: deleting the one row leaves the lookups of the many", async () => {
  const body = { ...RELATION, CascadeConfiguration: { Delete: "NoCascade", Assign: "NoCascade" } };
  expect((await client.api("POST", "RelationshipDefinitions", body)).status).toBe(204);
  const account = "aaaaaaaa-0000-4000-8000-000000000001";
  const sensor = "aaaaaaaa-0000-4000-8000-000000000002";
  await client.api("POST", "accounts", { accountid: account, name: "a" });
  const made = await client.api("POST", SENSORS, {
    contoso_sensordataid: sensor,
    "contoso_AccountId@odata.bind": `/accounts(${account})`,
  });
  expect(made.status).toBe(204);
  // "related rows can be retrieved when retrieving a record"
  const read = await client.api("GET", `${SENSORS}(${sensor})?$expand=contoso_AccountId($select=name)`);
  expect(read.json.contoso_AccountId.name).toBe("a");
  expect((await client.api("DELETE", `accounts(${account})`)).status).toBe(204);
  expect((await client.api("GET", `${SENSORS}(${sensor})`)).json._contoso_accountid_value).toBe(account);
});

test("TableType Elastic: a lookup to its rows holds those in their default partition only", async () => {
  const body = {
    ...RELATION,
    SchemaName: "contoso_sensor_contact",
    ReferencedEntity: "contoso_sensordata",
    ReferencingEntity: "contact",
    Lookup: { SchemaName: "contoso_SensorId" },
  };
  expect((await client.api("POST", "RelationshipDefinitions", body)).status).toBe(204);
  const sensor = "aaaaaaaa-0000-4000-8000-000000000002";
  await client.api("POST", SENSORS, { contoso_sensordataid: sensor, contoso_sensortype: "t", partitionid: "p" });
  const bind = (address: string) => client.api("POST", "contacts", { "contoso_SensorId@odata.bind": address });
  expect((await bind(`/${SENSORS}(${sensor})`)).status).toBe(404);
  expect((await bind(`/${SENSORS}(contoso_sensordataid=${sensor},partitionid='p')`)).status).toBe(204);
  const annotated = { Prefer: 'odata.include-annotations="*"' };
  const name = "_contoso_sensorid_value@OData.Community.Display.V1.FormattedValue";
  const read = async () => (await client.api("GET", "contacts", undefined, annotated)).json.value[0];
  expect((await read())._contoso_sensorid_value).toBe(sensor);
  // "Formatted values for lookup columns are not returned" for a row in a partition of its own.
  expect((await read())[name]).toBeUndefined();
  await client.api("POST", SENSORS, { contoso_sensordataid: sensor, contoso_sensortype: "u" });
  expect((await read())[name]).toBe("u");
});

test("FormatName Json: shows, and holds JSON only", async () => {
  const address = `${TABLE}/Attributes(LogicalName='contoso_energyconsumption')/${CRM}StringAttributeMetadata`;
  expect((await client.api("GET", address)).json).toMatchObject({ FormatName: { Value: "Json" }, Format: "Text" });
  const memo = column("Memo", { FormatName: { Value: "Json" }, MaxLength: 100000 });
  expect((await client.api("POST", `${TABLE}/Attributes`, memo)).status).toBe(204);
  // query-json-columns-elastic-tables.md, "Set Json column data"
  const power = '{ "power": 0.55, "powerUnit":"kWh", "voltage": 2, "voltageUnit": "kV" }';
  const write = (value: unknown, name = "contoso_energyconsumption") => client.api("POST", SENSORS, { [name]: value });
  expect((await write(power)).status).toBe(204);
  expect((await client.api("GET", SENSORS)).json.value[0].contoso_energyconsumption).toBe(power);
  for (const good of ["[]", "5", "null", "", null]) expect((await write(good)).status).toBe(204);
  for (const bad of ["{", "power", "{'a':1}", "[1,]"]) {
    for (const name of ["contoso_energyconsumption", "contoso_x"]) {
      const answer = await write(bad, name);
      expect([answer.status, answer.json.error.code]).toEqual([400, "0x80040203"]);
    }
  }
  expect((await write({ power: 1 })).json.error.code).toBe("0x80048d19");
});

test("Elastic joins: related rows neither come with a list nor are asked about", async () => {
  await client.api("POST", "RelationshipDefinitions", RELATION);
  await client.api("POST", SENSORS, { contoso_value: 1 });
  const link = (type: string) =>
    client.api(
      "GET",
      `${SENSORS}?fetchXml=${encodeURIComponent(
        `<fetch><entity name='contoso_sensordata'><attribute name='contoso_value'/><link-entity name='account' from='accountid' to='contoso_accountid' link-type='${type}' alias='a'><attribute name='name'/></link-entity></entity></fetch>`,
      )}`,
    );
  for (const answer of [
    await link("outer"),
    await link("inner"),
    await link("exists"),
    await client.api("GET", `${SENSORS}?$expand=contoso_AccountId`),
    await client.api("GET", "accounts?$expand=contoso_account_sensor"),
    await client.api("GET", `${SENSORS}?$filter=contoso_AccountId/name eq 'a'`),
    await client.api("GET", "accounts?$filter=contoso_account_sensor/any(s:s/contoso_value eq 1)"),
  ]) {
    expect([answer.status, answer.json.error]).toEqual([
      400,
      { code: "0x80048d0b", message: "Link entities are not supported" },
    ]);
  }
});

test("TableType Elastic: columns are not compared, and lookups not ordered by", async () => {
  const fetch = (inner: string) =>
    client.api(
      "GET",
      `${SENSORS}?fetchXml=${encodeURIComponent(`<fetch><entity name='contoso_sensordata'><attribute name='contoso_value'/>${inner}</entity></fetch>`)}`,
    );
  for (const answer of [
    await client.api("GET", `${SENSORS}?$filter=contoso_value eq 1 and not (contoso_value gt ttlinseconds)`),
    await client.api("GET", `${SENSORS}?$orderby=_ownerid_value`),
    await fetch("<filter><condition attribute='contoso_value' operator='gt' valueof='ttlinseconds'/></filter>"),
    await fetch("<order attribute='ownerid'/>"),
  ]) {
    expect([answer.status, answer.json.error.code]).toEqual([400, "0x80040203"]);
  }
  expect((await client.api("GET", `${SENSORS}?$filter=contoso_value eq null&$orderby=contoso_value`)).status).toBe(200);
});

test("TableType Elastic: $metadata tells its key", async () => {
  const { text } = await client.api("GET", "$metadata?annotations=true");
  const type = /<EntityType Name="contoso_sensordata"[\s\S]*?<\/EntityType>/.exec(text)?.[0];
  expect(type).toContain('Property="Name" PropertyPath="partitionid"');
});
