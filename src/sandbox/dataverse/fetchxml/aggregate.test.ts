import { beforeEach, expect, test } from "vitest";
import { targets, useSandbox } from "../../raw-client.test-data.ts";
import { sendFetch, valuesIn } from "./fetch.test-data.ts";

// The example of the page fetchxml/aggregate-data: ten accounts, and what its queries answer.
const client = useSandbox();
const fetch = (xml: string, headers?: Record<string, string>) => sendFetch(client, "accounts", xml, headers);
const aggregate = (inside: string, attributes = "") =>
  `<fetch aggregate='true' ${attributes}><entity name='account'>${inside}</entity></fetch>`;
const employees = (alias: string, how: string, more = "") =>
  `<attribute name='numberofemployees' alias='${alias}' aggregate='${how}' ${more}/>`;

const EXAMPLE: [number | null, string | null, string][] = [
  [null, null, "2023-08-27"],
  [1500, "Redmond", "2023-03-25"],
  [2700, "Lynnwood", "2023-03-25"],
  [2900, "Los Angeles", "2023-03-25"],
  [2900, "Redmond", "2023-03-25"],
  [3900, "Phoenix", "2023-03-25"],
  [4300, "Santa Cruz", "2023-03-25"],
  [4800, "Missoula", "2023-03-25"],
  [6000, "Dallas", "2023-03-25"],
  [6200, "Redmond", "2023-03-25"],
];

beforeEach(async () => {
  const rows = EXAMPLE.map(([numberofemployees, address1_city, day], n) => ({
    accountid: `${n}0000000-0000-0000-0000-000000000000`,
    name: `a${n}`,
    numberofemployees,
    address1_city,
    overriddencreatedon: `${day}T12:00:00Z`,
  }));
  await client.api("POST", "accounts/Microsoft.Dynamics.CRM.CreateMultiple", targets(rows, "account"));
});

test("fetch aggregate: avg, count, countcolumn, max, min and sum of the page's example", async () => {
  const all = ["avg", "count", "countcolumn", "max", "min", "sum"].map((how) => employees(how, how)).join("");
  const { json } = await fetch(aggregate(all), {});
  expect(json.value).toEqual([{ avg: 3911, count: 10, countcolumn: 9, max: 6200, min: 1500, sum: 35200 }]);
  const shown = await fetch(aggregate(employees("Sum", "sum")));
  expect(shown.json.value).toEqual([
    {
      "Sum@OData.Community.Display.V1.AttributeName": "numberofemployees",
      "Sum@OData.Community.Display.V1.FormattedValue": "35,200",
      Sum: 35200,
    },
  ]);
});

test("fetch aggregate: groups in the order of several aliases (page order-rows)", async () => {
  const xml = aggregate(
    `<attribute name='accountid' alias='n' aggregate='count'/><attribute name='address1_city' alias='City' groupby='true'/><filter><condition attribute='address1_city' operator='in'><value>Dallas</value><value>Phoenix</value><value>Redmond</value></condition></filter><order alias='n'/><order alias='City' descending='true'/>`,
  );
  expect(valuesIn(await fetch(xml), "City")).toEqual(["Phoenix", "Dallas", "Redmond"]);
});

test("countcolumn with distinct counts each value once", async () => {
  const { json } = await fetch(aggregate(employees("n", "countcolumn", "distinct='true'")), {});
  expect(json.value).toEqual([{ n: 8 }]);
});

test("attribute groupby: sums by city, the group without one first; the empty sum is 0", async () => {
  const xml = aggregate(
    `${employees("Total", "sum")}<attribute name='address1_city' alias='Count' aggregate='count'/><attribute name='address1_city' alias='City' groupby='true'/><order alias='City'/>`,
  );
  const { json } = await fetch(xml, {});
  expect(json.value.map((row: Record<string, unknown>) => [row.Total, row.Count, row.City ?? null])).toEqual([
    [0, 1, null],
    [6000, 1, "Dallas"],
    [2900, 1, "Los Angeles"],
    [2700, 1, "Lynnwood"],
    [4800, 1, "Missoula"],
    [3900, 1, "Phoenix"],
    [10600, 3, "Redmond"],
    [4300, 1, "Santa Cruz"],
  ]);
  const byTotal = xml.replace("<order alias='City'/>", "<order alias='Total' descending='true'/>");
  expect(valuesIn(await fetch(byTotal), "City")[0]).toBe("Redmond");
});

test("attribute dategrouping: day, week, month, quarter, year and the fiscal ones as the page shows them", async () => {
  const parts = ["day", "week", "month", "quarter", "year", "fiscal-period", "fiscal-year"];
  const groups = parts.map(
    (part) => `<attribute name='createdon' alias='${part.replace("-", "")}' groupby='true' dategrouping='${part}'/>`,
  );
  const { json } = await fetch(aggregate(`${employees("Total", "sum")}${groups.join("")}<order alias='month'/>`));
  const formatted = (row: Record<string, unknown>, alias: string) =>
    row[`${alias}@OData.Community.Display.V1.FormattedValue`];
  const [march, august] = json.value;
  expect([march.Total, march.day, march.week, march.month, march.quarter]).toEqual([35200, 25, 12, 3, 1]);
  expect([august.Total, august.day, august.week, august.month, august.quarter]).toEqual([0, 27, 35, 8, 3]);
  expect(["year", "fiscalperiod", "fiscalyear"].map((alias) => formatted(march, alias))).toEqual([
    "2,023",
    "Quarter 1 FY2023",
    "FY2023",
  ]);
  expect(formatted(august, "fiscalperiod")).toBe("Quarter 3 FY2023");
});

test("groups by a linked column, sums over the entity's", async () => {
  await client.api("POST", "contacts", {
    lastname: "L",
    "parentcustomerid_account@odata.bind": "accounts(10000000-0000-0000-0000-000000000000)",
  });
  const xml = aggregate(
    `${employees("Total", "sum")}<link-entity name='contact' from='parentcustomerid' to='accountid' alias='c'><attribute name='lastname' alias='who' groupby='true'/></link-entity>`,
  );
  expect((await fetch(xml, {})).json.value).toEqual([{ who: "L", Total: 1500 }]);
});

test("over nothing there is one row without groups and none with them", async () => {
  const none = "<filter><condition attribute='name' operator='eq' value='?'/></filter>";
  expect((await fetch(aggregate(`${employees("n", "count")}${employees("m", "max")}${none}`), {})).json.value).toEqual([
    { n: 0 },
  ]);
  const grouped = `${employees("n", "count")}<attribute name='name' alias='g' groupby='true'/>${none}`;
  expect((await fetch(aggregate(grouped), {})).json.value).toEqual([]);
});

test("attribute rowaggregate: CountChildren counts the rows directly below (page aggregate-data)", async () => {
  await client.api("PATCH", "accounts(20000000-0000-0000-0000-000000000000)", {
    "parentaccountid@odata.bind": "accounts(10000000-0000-0000-0000-000000000000)",
  });
  const xml =
    "<fetch top='2'><entity name='account'><attribute name='name'/><attribute name='accountid' alias='below' rowaggregate='CountChildren'/><filter><condition attribute='name' operator='in'><value>a1</value><value>a2</value></condition></filter></entity></fetch>";
  expect(valuesIn(await fetch(xml), "below")).toEqual([1, 0]);
});

test("fetch aggregatelimit: more rows than it are 0x8004e023", async () => {
  const answer = await fetch(aggregate(employees("n", "count"), "aggregatelimit='9'"));
  expect([answer.status, answer.json.error.code]).toEqual([400, "0x8004e023"]);
  expect((await fetch(aggregate(employees("n", "count"), "aggregatelimit='10'"))).status).toBe(200);
});

test("more than 50,000 rows are too many to aggregate, whatever aggregatelimit says (section 14)", async () => {
  const rows = targets(
    Array.from({ length: 12_500 }, () => ({ name: "n" })),
    "account",
  );
  for (let n = 0; n < 4; n++) await client.api("POST", "accounts/Microsoft.Dynamics.CRM.CreateMultiple", rows);
  const answer = await fetch(aggregate(employees("n", "count"), "aggregatelimit='90000'"));
  expect([answer.status, answer.json.error.code]).toEqual([400, "0x8004e023"]);
});

test.each([
  ["neither group nor aggregate", "<attribute name='name' alias='n'/>", "0x8004111e"],
  ["no alias", "<attribute name='name' aggregate='count'/>", "0x8004110b"],
  ["unknown function", employees("n", "median"), "0x8004111a"],
  ["sum of text", "<attribute name='name' alias='n' aggregate='sum'/>", "0x8004111a"],
  ["the same alias twice", employees("n", "sum") + employees("n", "avg"), "0x8004111b"],
  ["order by a column", `${employees("n", "sum")}<order attribute='name'/>`, "0x8004111f"],
  ["order by an unknown alias", `${employees("n", "sum")}<order alias='m'/>`, "0x8004110a"],
  ["nothing at all", "", "0x8004111e"],
])("aggregate refused: %s", async (_name, inside, code) => {
  const answer = await fetch(aggregate(inside));
  expect([answer.status, answer.json.error.code]).toEqual([400, code]);
});
