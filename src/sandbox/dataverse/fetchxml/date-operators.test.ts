import { beforeEach, expect, test } from "vitest";
import { getToken, targets, useSandbox } from "../../raw-client.test-data.ts";
import { sendFetch, valuesIn } from "./fetch.test-data.ts";

// Condition operators of dates: the page fetchxml/reference/operators. The clock stands at Wednesday, 15 May 2024, 12:30 UTC.
const client = useSandbox();

/** Names of the rows of `table` a condition finds, in order. */
async function found(set: string, table: string, name: string, condition: string): Promise<string> {
  const xml = `<fetch><entity name='${table}'><attribute name='${name}'/><filter>${condition}</filter></entity></fetch>`;
  return valuesIn(await sendFetch(client, set, xml), name).join(" ");
}

const ROWS: [string, string][] = [
  ["lastyear", "2023-05-14"],
  ["lastmonth", "2024-04-10"],
  ["lastweek", "2024-05-08"],
  ["yesterday", "2024-05-14"],
  ["now", "2024-05-15"],
  ["tomorrow", "2024-05-16"],
  ["nextweek", "2024-05-22"],
  ["nextmonth", "2024-06-20"],
  ["nextquarter", "2024-08-01"],
  ["nextyear", "2025-05-16"],
];

beforeEach(async () => {
  await client.control("POST", "clock", { set: "2024-05-15T12:30:00Z" });
  client.token = (await getToken(client)).json.access_token;
  const rows = ROWS.map(([name, day]) => ({ name, lastonholdtime: `${day}T11:00:00Z` }));
  rows.push({ name: "never", lastonholdtime: null as unknown as string });
  await client.api("POST", "accounts/Microsoft.Dynamics.CRM.CreateMultiple", targets(rows, "account"));
});

const accounts = (operator: string, values: string[], names: string) => async () => {
  const inside = values.map((value) => `<value>${value}</value>`).join("");
  const condition = `<condition attribute='lastonholdtime' operator='${operator}'>${inside}</condition>`;
  expect(await found("accounts", "account", "name", condition)).toBe(names);
};

test("condition today: by the clock", accounts("today", [], "now"));
test("condition yesterday: by the clock", accounts("yesterday", [], "yesterday"));
test("condition tomorrow: by the clock", accounts("tomorrow", [], "tomorrow"));
test("condition last-seven-days: by the clock", accounts("last-seven-days", [], "lastweek yesterday now"));
test("condition next-seven-days: by the clock", accounts("next-seven-days", [], "tomorrow nextweek"));
test("condition last-week: by the clock", accounts("last-week", [], "lastweek"));
test("condition this-week: by the clock", accounts("this-week", [], "yesterday now tomorrow"));
test("condition next-week: by the clock", accounts("next-week", [], "nextweek"));
test("condition last-month: by the clock", accounts("last-month", [], "lastmonth"));
test("condition this-month: by the clock", accounts("this-month", [], "lastweek yesterday now tomorrow nextweek"));
test("condition next-month: by the clock", accounts("next-month", [], "nextmonth"));
test("condition last-year: by the clock", accounts("last-year", [], "lastyear"));
test(
  "condition this-year: by the clock",
  accounts("this-year", [], "lastmonth lastweek yesterday now tomorrow nextweek nextmonth nextquarter"),
);
test("condition next-year: by the clock", accounts("next-year", [], "nextyear"));
test("condition last-x-hours: by the clock", accounts("last-x-hours", ["26"], "yesterday now"));
test("condition next-x-hours: by the clock", accounts("next-x-hours", ["24"], "tomorrow"));
test("condition last-x-days: by the clock", accounts("last-x-days", ["1"], "yesterday now"));
test("condition next-x-days: by the clock", accounts("next-x-days", ["1"], "tomorrow"));
test("condition last-x-weeks: by the clock", accounts("last-x-weeks", ["1"], "lastweek yesterday now"));
test("condition next-x-weeks: by the clock", accounts("next-x-weeks", ["1"], "tomorrow nextweek"));
test("condition last-x-months: by the clock", accounts("last-x-months", ["2"], "lastmonth lastweek yesterday now"));
test("condition next-x-months: by the clock", accounts("next-x-months", ["2"], "tomorrow nextweek nextmonth"));
test(
  "condition last-x-years: by the clock",
  accounts("last-x-years", ["2"], "lastyear lastmonth lastweek yesterday now"),
);
test(
  "condition next-x-years: by the clock",
  accounts("next-x-years", ["2"], "tomorrow nextweek nextmonth nextquarter nextyear"),
);
test(
  "condition olderthan-x-minutes: by the clock",
  accounts("olderthan-x-minutes", ["90"], "lastyear lastmonth lastweek yesterday"),
);
test("condition olderthan-x-hours: by the clock", accounts("olderthan-x-hours", ["26"], "lastyear lastmonth lastweek"));
test("condition olderthan-x-days: by the clock", accounts("olderthan-x-days", ["1"], "lastyear lastmonth lastweek"));
test("condition olderthan-x-weeks: by the clock", accounts("olderthan-x-weeks", ["1"], "lastyear lastmonth"));
test("condition olderthan-x-months: by the clock", accounts("olderthan-x-months", ["1"], "lastyear lastmonth"));
test("condition olderthan-x-years: by the clock", accounts("olderthan-x-years", ["1"], "lastyear"));
test("condition on: by the clock", accounts("on", ["2024-05-15"], "now"));
test("condition on-or-after: by the clock", accounts("on-or-after", ["2024-06-20"], "nextmonth nextquarter nextyear"));
test("condition on-or-before: by the clock", accounts("on-or-before", ["2024-04-10"], "lastyear lastmonth"));
test("condition last-fiscal-period: by the clock", accounts("last-fiscal-period", [], ""));
test(
  "condition this-fiscal-period: by the clock",
  accounts("this-fiscal-period", [], "lastmonth lastweek yesterday now tomorrow nextweek nextmonth"),
);
test("condition next-fiscal-period: by the clock", accounts("next-fiscal-period", [], "nextquarter"));
test("condition last-x-fiscal-periods: by the clock", accounts("last-x-fiscal-periods", ["4"], "lastyear"));
test("condition next-x-fiscal-periods: by the clock", accounts("next-x-fiscal-periods", ["1"], "nextquarter"));
test("condition last-fiscal-year: by the clock", accounts("last-fiscal-year", [], "lastyear"));
test(
  "condition this-fiscal-year: by the clock",
  accounts("this-fiscal-year", [], "lastmonth lastweek yesterday now tomorrow nextweek nextmonth nextquarter"),
);
test("condition next-fiscal-year: by the clock", accounts("next-fiscal-year", [], "nextyear"));
test("condition last-x-fiscal-years: by the clock", accounts("last-x-fiscal-years", ["1"], "lastyear"));
test("condition next-x-fiscal-years: by the clock", accounts("next-x-fiscal-years", ["2"], "nextyear"));
test("condition in-fiscal-year: by the clock", accounts("in-fiscal-year", ["2025"], "nextyear"));
test("condition in-fiscal-period: by the clock", accounts("in-fiscal-period", ["3"], "nextquarter"));
test(
  "condition in-fiscal-period-and-year: by the clock",
  accounts("in-fiscal-period-and-year", ["2", "2023"], "lastyear"),
);
test(
  "condition in-or-before-fiscal-period-and-year: by the clock",
  accounts("in-or-before-fiscal-period-and-year", ["2", "2023"], "lastyear"),
);
test(
  "condition in-or-after-fiscal-period-and-year: by the clock",
  accounts("in-or-after-fiscal-period-and-year", ["3", "2024"], "nextquarter nextyear"),
);
