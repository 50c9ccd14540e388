import { beforeEach, expect, test } from "vitest";
import { getToken, useSandbox } from "../../raw-client.test-data.ts";

// The pages of the query functions (Web API reference) and the enum type ConditionOperator. It is a Wednesday.
const NOW = "2024-07-31T14:37:20Z";
const INSTANTS = [
  "2024-07-31T14:30:00Z",
  "2024-07-30T00:00:00Z",
  "2024-08-01T23:59:59Z",
  "2024-07-29T23:00:00Z",
  "2024-07-25T12:00:00Z",
  "2024-08-06T12:00:00Z",
  "2024-06-15T12:00:00Z",
  "2024-08-20T00:00:00Z",
  "2024-02-10T12:00:00Z",
  "2023-05-05T12:00:00Z",
  "2025-03-03T12:00:00Z",
  "2020-01-01T00:00:00Z",
  null,
  "2024-07-31T11:10:00Z",
  "2024-07-31T16:10:00Z",
  "2024-11-11T12:00:00Z",
];
const client = useSandbox();

beforeEach(async () => {
  await client.control("POST", "clock", { set: NOW });
  client.token = (await getToken(client)).json.access_token;
  const rows = INSTANTS.map((instant, n) => ({ lastname: String(n + 1), lastonholdtime: instant }));
  await client.control("POST", "seed", { table: "contact", rows });
});

/** The numbers of the contacts whose `lastonholdtime` fulfils the function. */
async function found(name: string, ...values: string[]): Promise<number[]> {
  const numbered = values.map((value, n) => `,PropertyValue${values.length > 1 ? n + 1 : ""}=${value}`);
  const filter = `Microsoft.Dynamics.CRM.${name}(PropertyName='lastonholdtime'${numbered.join("")})`;
  const answer = await client.api("GET", `contacts?$select=lastname&$filter=${filter}`);
  expect(answer.status, answer.text).toBe(200);
  return answer.json.value.map((each: { lastname: string }) => Number(each.lastname));
}

test("Today: relative to now", async () => {
  expect(await found("Today")).toEqual([1, 14, 15]);
});
test("Yesterday: relative to now", async () => {
  expect(await found("Yesterday")).toEqual([2]);
});
test("Tomorrow: relative to now", async () => {
  expect(await found("Tomorrow")).toEqual([3]);
});
test("Last7Days: relative to now", async () => {
  expect(await found("Last7Days")).toEqual([1, 2, 4, 5, 14]);
});
test("Next7Days: relative to now", async () => {
  expect(await found("Next7Days")).toEqual([3, 6, 15]);
});
test("LastWeek: relative to now", async () => {
  expect(await found("LastWeek")).toEqual([5]);
});
test("ThisWeek: relative to now", async () => {
  expect(await found("ThisWeek")).toEqual([1, 2, 3, 4, 14, 15]);
});
test("NextWeek: relative to now", async () => {
  expect(await found("NextWeek")).toEqual([6]);
});
test("LastMonth: relative to now", async () => {
  expect(await found("LastMonth")).toEqual([7]);
});
test("ThisMonth: relative to now", async () => {
  expect(await found("ThisMonth")).toEqual([1, 2, 4, 5, 14, 15]);
});
test("NextMonth: relative to now", async () => {
  expect(await found("NextMonth")).toEqual([3, 6, 8]);
});
test("LastYear: relative to now", async () => {
  expect(await found("LastYear")).toEqual([10]);
});
test("ThisYear: relative to now", async () => {
  expect(await found("ThisYear")).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 14, 15, 16]);
});
test("NextYear: relative to now", async () => {
  expect(await found("NextYear")).toEqual([11]);
});
test("LastXHours: of 4", async () => {
  expect(await found("LastXHours", "4")).toEqual([1, 14]);
});
test("LastXDays: of 2", async () => {
  expect(await found("LastXDays", "2")).toEqual([1, 2, 4, 14]);
});
test("LastXWeeks: of 1", async () => {
  expect(await found("LastXWeeks", "1")).toEqual([1, 2, 4, 5, 14]);
});
test("LastXMonths: of 2", async () => {
  expect(await found("LastXMonths", "2")).toEqual([1, 2, 4, 5, 7, 14]);
});
test("LastXYears: of 2", async () => {
  expect(await found("LastXYears", "2")).toEqual([1, 2, 4, 5, 7, 9, 10, 14]);
});
test("NextXHours: of 2", async () => {
  expect(await found("NextXHours", "2")).toEqual([15]);
});
test("NextXDays: of 1", async () => {
  expect(await found("NextXDays", "1")).toEqual([3, 15]);
});
test("NextXWeeks: of 1", async () => {
  expect(await found("NextXWeeks", "1")).toEqual([3, 6, 15]);
});
test("NextXMonths: of 1", async () => {
  expect(await found("NextXMonths", "1")).toEqual([3, 6, 8, 15]);
});
test("NextXYears: of 1", async () => {
  expect(await found("NextXYears", "1")).toEqual([3, 6, 8, 11, 15, 16]);
});
test("OlderThanXMinutes: of 60", async () => {
  expect(await found("OlderThanXMinutes", "60")).toEqual([2, 4, 5, 7, 9, 10, 12, 14]);
});
test("OlderThanXHours: of 1", async () => {
  expect(await found("OlderThanXHours", "1")).toEqual([2, 4, 5, 7, 9, 10, 12, 14]);
});
test("OlderThanXDays: of 1", async () => {
  expect(await found("OlderThanXDays", "1")).toEqual([4, 5, 7, 9, 10, 12]);
});
test("OlderThanXWeeks: of 1", async () => {
  expect(await found("OlderThanXWeeks", "1")).toEqual([7, 9, 10, 12]);
});
test("OlderThanXMonths: of 1", async () => {
  expect(await found("OlderThanXMonths", "1")).toEqual([7, 9, 10, 12]);
});
test("OlderThanXYears: of 1", async () => {
  expect(await found("OlderThanXYears", "1")).toEqual([10, 12]);
});
test("LastFiscalPeriod: relative to now", async () => {
  expect(await found("LastFiscalPeriod")).toEqual([7]);
});
test("ThisFiscalPeriod: relative to now", async () => {
  expect(await found("ThisFiscalPeriod")).toEqual([1, 2, 3, 4, 5, 6, 8, 14, 15]);
});
test("NextFiscalPeriod: relative to now", async () => {
  expect(await found("NextFiscalPeriod")).toEqual([16]);
});
test("LastXFiscalPeriods: of 2", async () => {
  expect(await found("LastXFiscalPeriods", "2")).toEqual([7, 9]);
});
test("NextXFiscalPeriods: of 2", async () => {
  expect(await found("NextXFiscalPeriods", "2")).toEqual([11, 16]);
});
test("LastFiscalYear: relative to now", async () => {
  expect(await found("LastFiscalYear")).toEqual([10]);
});
test("ThisFiscalYear: relative to now", async () => {
  expect(await found("ThisFiscalYear")).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 14, 15, 16]);
});
test("NextFiscalYear: relative to now", async () => {
  expect(await found("NextFiscalYear")).toEqual([11]);
});
test("LastXFiscalYears: of 5", async () => {
  expect(await found("LastXFiscalYears", "5")).toEqual([10, 12]);
});
test("NextXFiscalYears: of 2", async () => {
  expect(await found("NextXFiscalYears", "2")).toEqual([11]);
});
test("InFiscalYear: of 2023", async () => {
  expect(await found("InFiscalYear", "2023")).toEqual([10]);
});
test("InFiscalPeriod: of 1", async () => {
  expect(await found("InFiscalPeriod", "1")).toEqual([9, 11, 12]);
});
test("InFiscalPeriodAndYear: of 2,2023", async () => {
  expect(await found("InFiscalPeriodAndYear", "2", "2023")).toEqual([10]);
});
test("InOrAfterFiscalPeriodAndYear: of 4,2024", async () => {
  expect(await found("InOrAfterFiscalPeriodAndYear", "4", "2024")).toEqual([11, 16]);
});
test("InOrBeforeFiscalPeriodAndYear: of 2,2023", async () => {
  expect(await found("InOrBeforeFiscalPeriodAndYear", "2", "2023")).toEqual([10, 12]);
});
test("On: of 2024-07-31", async () => {
  expect(await found("On", "'2024-07-31'")).toEqual([1, 14, 15]);
});
test("NotOn: of 2024-07-31", async () => {
  expect(await found("NotOn", "'2024-07-31'")).toEqual([2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 16]);
});
test("OnOrAfter: of 2024-08-20", async () => {
  expect(await found("OnOrAfter", "2024-08-20")).toEqual([8, 11, 16]);
});
test("OnOrBefore: of 2023-12-31T10:00:00Z", async () => {
  expect(await found("OnOrBefore", "'2023-12-31T10:00:00Z'")).toEqual([10, 12]);
});

test.each([
  ["LastXDays(PropertyName='lastname',PropertyValue=2)", "LastXDays"],
  ["LastXDays(PropertyName='lastonholdtime',PropertyValue=0)", "greater than 0"],
  ["LastXDays(PropertyName='lastonholdtime',PropertyValue='x')", "Edm.Int64"],
  ["LastXDays(PropertyName='lastonholdtime',PropertyValue=1.5)", "Edm.Int64"],
  ["LastXDays(PropertyName='lastonholdtime')", "An unknown function with name 'Microsoft.Dynamics.CRM.LastXDays'"],
  ["LastXDays('lastonholdtime',2)", "Syntax error"],
  ["Today(PropertyName='lastonholdtime',PropertyValue=1)", "An unknown function"],
  ["Today(PropertyName='nope')", "Could not find a property named 'nope'"],
  ["Today(PropertyName=lastonholdtime)", "Syntax error"],
  ["Today(PropertyName=5)", "Edm.String"],
  ["Today()", "An unknown function"],
  ["today(PropertyName='lastonholdtime')", "An unknown function"],
  ["On(PropertyName='lastonholdtime',PropertyValue='soon')", "not a date"],
  ["InFiscalYear(PropertyName='lastonholdtime',PropertyValue=null)", "Edm.Int64"],
  ["constructor(PropertyName='lastonholdtime')", "An unknown function"],
])("Microsoft.Dynamics.CRM.%s is a 400", async (text, message) => {
  const filter = encodeURIComponent(`Microsoft.Dynamics.CRM.${text}`);
  const answer = await client.api("GET", `contacts?$filter=${filter}`);
  expect([answer.status, answer.json.error.code]).toEqual([400, "0x80060888"]);
  expect(answer.json.error.message).toContain(message);
});

test("values beyond every calendar find all or nothing", async () => {
  expect(await found("LastXYears", "9007199254740991")).toContain(12);
  expect(await found("OlderThanXMonths", "9007199254740991")).toEqual([]);
  expect(await found("InFiscalPeriodAndYear", "9007199254740991", "9007199254740991")).toEqual([]);
});
