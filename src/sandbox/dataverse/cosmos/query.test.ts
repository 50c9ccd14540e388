import { beforeEach, expect, test } from "vitest";
import { targets, useSandbox } from "../../raw-client.test-data.ts";
import { createSensors, SENSORS } from "../elastic.test-data.ts";

// query-json-columns-elastic-tables.md; the README of microsoft/PowerApps-Samples ElasticTableOperations (Web API) for
// the shape of answers.
const client = useSandbox();
const DEVICE = "Device-ABC-1234";
beforeEach(async () => {
  await createSensors(client);
  const rows = [0, 1, 2, 3, 4, 5].map((n) => ({
    contoso_deviceid: DEVICE,
    contoso_sensortype: n === 5 ? "Pressure" : "Humidity",
    contoso_value: n,
    contoso_energyconsumption: JSON.stringify({ power: n * 2, unit: n % 2 ? "kWh" : "Wh", tags: [n, "x"] }),
    partitionid: n === 4 ? "other" : DEVICE,
    ...(n === 1 ? { ttlinseconds: 86400 } : {}),
  }));
  const body = targets([...rows, { contoso_sensortype: "Empty" }], "contoso_sensordata");
  const made = await client.api("POST", `${SENSORS}/Microsoft.Dynamics.CRM.CreateMultiple`, body);
  expect(made.status).toBe(200);
});

const call = (values: Record<string, string>) => {
  const names = Object.keys(values);
  const brackets = names.map((name, n) => `${name}=@p${n}`).join(",");
  const query = names.map((name, n) => `@p${n}=${encodeURIComponent(values[name]!)}`).join("&");
  return client.api("GET", `ExecuteCosmosSqlQuery(${brackets})?${query}`);
};
const quoted = (text: string) => `'${text.replaceAll("'", "''")}'`;
const TABLE = "'contoso_sensordata'";
const run = (text: string, more: Record<string, string> = {}) =>
  call({ QueryText: quoted(text), EntityLogicalName: TABLE, ...more });
const values = async (text: string) =>
  (await run(`select c.props.contoso_value as v from c ${text}`)).json.Result.map((each: { v: number }) => each.v);

const SAMPLE =
  "select c.props.contoso_deviceid as deviceId, c.props.contoso_timestamp as timestamp, c.props.contoso_energyconsumption.power as power from c where c.props.contoso_sensortype=@sensortype and c.props.contoso_energyconsumption.power > @power";
const PARAMETERS =
  '{"Count":0,"IsReadOnly":false,"Keys":["@sensortype","@power"],"Values":[{"Type":"System.String","Value":"Humidity"},{"Type":"System.Int32","Value":"1"}]}';

test("ExecuteCosmosSqlQuery: the sample's query, page by page", async () => {
  const asked = { QueryParameters: PARAMETERS, PageSize: "2", PartitionId: `'${DEVICE}'` };
  const first = await run(SAMPLE, asked);
  expect(first.json).toEqual({
    "@odata.context": expect.stringMatching(/\$metadata#expando\/\$entity$/),
    "@odata.type": "#Microsoft.Dynamics.CRM.expando",
    PagingCookie: expect.stringMatching(/^[A-Za-z0-9+/]+=*$/),
    HasMore: true,
    "Result@odata.type": "#Collection(Microsoft.Dynamics.CRM.expando)",
    Result: [2, 4].map((power) => ({
      "@odata.type": "#Microsoft.Dynamics.CRM.expando",
      deviceId: DEVICE,
      power,
    })),
  });
  const last = await run(SAMPLE, { ...asked, PagingCookie: `'${first.json.PagingCookie}'` });
  expect(last.json).toMatchObject({ PagingCookie: "", HasMore: false, Result: [{ power: 6 }] });
  // The page prints the parameters with single quotes.
  const page = await run(SAMPLE, { QueryParameters: PARAMETERS.replaceAll('"', "'") });
  expect(page.json.Result).toHaveLength(4);
});

test.each([
  ["where c.props.contoso_value between 1 and 3", [1, 2, 3]],
  ["where c.props.contoso_value in (1, 5, 'x') order by c.props.contoso_value desc", [5, 1]],
  ["where c.props.contoso_value not in (0,1,2,3)", [4, 5]],
  ["where c.props.contoso_energyconsumption.unit = 'Wh' or c.props.contoso_value = 5", [0, 2, 4, 5]],
  ["where not (c.props.contoso_value < 4)", [4, 5]],
  ["where c.props.contoso_value != 3 and c.props['contoso_value'] <> 2 and c.props.contoso_value >= 1", [1, 4, 5]],
  ["where c.props.contoso_energyconsumption.tags[0] = 3", [3]],
  ['where contains(c.props.contoso_sensortype, "press", true)', [5]],
  ["where STARTSWITH(c.props.contoso_sensortype, 'Press') or endswith(c.props.contoso_sensortype, 'sure')", [5]],
  ["where array_contains(c.props.contoso_energyconsumption.tags, 4)", [4]],
  ["where is_defined(c.props.contoso_value) and length(c.props.contoso_sensortype) = 8 offset 4 limit 1", [4]],
  ["where upper(c.props.contoso_sensortype) = 'PRESSURE'", [5]],
  ["where c.props.contoso_value = '1'", []],
  ["where c.props.nosuch.deeper = null", []],
  ["where c.ttl = 86400", [1]],
])("ExecuteCosmosSqlQuery: %s", async (text, expected) => {
  expect(await values(text)).toEqual(expected);
});

test("ExecuteCosmosSqlQuery: SELECT *, VALUE, TOP, DISTINCT, and another alias", async () => {
  const all = (await run("select * from c where c.props.contoso_value = 1")).json.Result[0];
  expect(all).toMatchObject({ id: expect.any(String), ttl: 86400, props: { partitionid: DEVICE } });
  expect(all.props.contoso_energyconsumption).toEqual({ power: 2, unit: "kWh", tags: [1, "x"] });
  const types = await run("SELECT DISTINCT VALUE s.props.contoso_sensortype FROM sensors AS s");
  expect(types.json.Result).toEqual(["Humidity", "Pressure", "Empty"]);
  const top = await run("select top 2 s.props.contoso_value from s order by s.props.contoso_value desc");
  expect(top.json.Result.map((each: { contoso_value: number }) => each.contoso_value)).toEqual([5, 4]);
  const direct = await client.api(
    "GET",
    "ExecuteCosmosSqlQuery(QueryText='select value c.props.contoso_value from c where c.props.contoso_value in (1,2)',EntityLogicalName='contoso_sensordata',PageSize=1)",
  );
  expect(direct.json).toMatchObject({ Result: [1], HasMore: true });
});

test.each([
  "select value count(1) from c",
  "select c.props.contoso_value from c group by c.props.contoso_value",
  "select c.id from c join t in c.props.tags",
  "select c.id from c where c.props.contoso_sensortype like 'H%'",
])("ExecuteCosmosSqlQuery: what is not built is named: %s", async (text) => {
  const answer = await run(text);
  expect([answer.status, answer.json.error.message]).toEqual([501, expect.stringContaining("ExecuteCosmosSqlQuery")]);
});

test.each([
  "",
  "select",
  "select c.id",
  "select c.id from",
  "select c.id from c where",
  "select c.id from c where c.id =",
  "select x.id from c",
  "select c.id from c order",
  "select c.id from c limit x",
  "select c.id from c; drop",
  "select c.id from c where c.id = 'open",
  "select c.id from c where c.id = @nosuch",
  "select c.id from c where not in (1)",
  `select c.id from c where ${"(".repeat(5000)}`,
  `select c.id from c where ${"(".repeat(200)}1${")".repeat(200)}`,
  `select c.id from c where ${"1=1 or ".repeat(1500)}1=1`,
])("ExecuteCosmosSqlQuery: %j is a 400", async (text) => {
  expect((await run(text)).status).toBe(400);
});

test.each([
  { EntityLogicalName: TABLE },
  { QueryText: "'select c.id from c'" },
  { QueryText: "'select c.id from c'", EntityLogicalName: "'contact'" },
  { QueryText: "'select c.id from c'", EntityLogicalName: "'nosuch'" },
  { QueryText: "'select c.id from c'", EntityLogicalName: TABLE, PageSize: "0" },
  { QueryText: "'select c.id from c'", EntityLogicalName: TABLE, PageSize: "'x'" },
  { QueryText: "'select c.id from c'", EntityLogicalName: TABLE, PagingCookie: "'x'" },
  { QueryText: "'select c.id from c'", EntityLogicalName: TABLE, QueryParameters: "{" },
  { QueryText: "'select c.id from c'", EntityLogicalName: TABLE, QueryParameters: '{"Keys":["@a"]}' },
  { QueryText: "'select c.id from c'", EntityLogicalName: TABLE, Nosuch: "1" },
])("ExecuteCosmosSqlQuery: the parameters %j are a 400", async (given) => {
  expect((await call(given as unknown as Record<string, string>)).status).toBe(400);
});

test("ExecuteCosmosSqlQuery: needs the privilege to read, and GET", async () => {
  expect((await client.api("POST", "ExecuteCosmosSqlQuery", {})).status).toBe(404);
  await client.control("POST", "privileges", { table: "contoso_sensordata", privilege: "Read", allowed: false });
  expect((await run("select c.id from c")).status).toBe(403);
});
