import { expect, test } from "vitest";
import { dateRange, dayRange, fiscalPeriodOf, isWithin, rangeParameters } from "./date-ranges.ts";

// A Wednesday, 14:37:20 UTC. Source of the meanings: enum type ConditionOperator; pages of the query functions.
const NOW = Date.parse("2024-07-31T14:37:20.500Z");

test.each([
  ["Today", 0, "2024-07-31T00:00:00Z", "2024-08-01T00:00:00Z"],
  ["Yesterday", 0, "2024-07-30T00:00:00Z", "2024-07-31T00:00:00Z"],
  ["Tomorrow", 0, "2024-08-01T00:00:00Z", "2024-08-02T00:00:00Z"],
  ["Last7Days", 0, "2024-07-24T00:00:00Z", "2024-07-31T14:37:21Z"],
  ["Next7Days", 0, "2024-07-31T14:37:20Z", "2024-08-08T00:00:00Z"],
  ["LastWeek", 0, "2024-07-21T00:00:00Z", "2024-07-28T00:00:00Z"],
  ["ThisWeek", 0, "2024-07-28T00:00:00Z", "2024-08-04T00:00:00Z"],
  ["NextWeek", 0, "2024-08-04T00:00:00Z", "2024-08-11T00:00:00Z"],
  ["LastMonth", 0, "2024-06-01T00:00:00Z", "2024-07-01T00:00:00Z"],
  ["NextMonth", 0, "2024-08-01T00:00:00Z", "2024-09-01T00:00:00Z"],
  ["ThisYear", 0, "2024-01-01T00:00:00Z", "2025-01-01T00:00:00Z"],
  ["LastXHours", 3, "2024-07-31T11:00:00Z", "2024-07-31T14:37:21Z"],
  ["NextXHours", 3, "2024-07-31T14:37:20Z", "2024-07-31T18:00:00Z"],
  ["LastXDays", 2, "2024-07-29T00:00:00Z", "2024-07-31T14:37:21Z"],
  ["NextXDays", 2, "2024-07-31T14:37:20Z", "2024-08-03T00:00:00Z"],
  ["LastXWeeks", 1, "2024-07-24T00:00:00Z", "2024-07-31T14:37:21Z"],
  ["LastXMonths", 1, "2024-06-30T00:00:00Z", "2024-07-31T14:37:21Z"],
  ["LastXMonths", 5, "2024-02-29T00:00:00Z", "2024-07-31T14:37:21Z"],
  ["NextXMonths", 1, "2024-07-31T14:37:20Z", "2024-09-01T00:00:00Z"],
  ["LastXYears", 1, "2023-07-31T00:00:00Z", "2024-07-31T14:37:21Z"],
  ["OlderThanXMinutes", 5, "", "2024-07-31T14:32:00Z"],
  ["OlderThanXHours", 1, "", "2024-07-31T13:00:00Z"],
  ["OlderThanXMonths", 1, "", "2024-06-30T00:00:00Z"],
  ["ThisFiscalPeriod", 0, "2024-07-01T00:00:00Z", "2024-10-01T00:00:00Z"],
  ["LastXFiscalPeriods", 2, "2024-01-01T00:00:00Z", "2024-07-01T00:00:00Z"],
  ["NextXFiscalPeriods", 2, "2024-10-01T00:00:00Z", "2025-04-01T00:00:00Z"],
  ["InFiscalYear", 2013, "2013-01-01T00:00:00Z", "2014-01-01T00:00:00Z"],
  ["LastXYears", 5000, "", "2024-07-31T14:37:21Z"],
  ["LastXDays", 1e18, "", "2024-07-31T14:37:21Z"],
  ["NextXYears", 9e9, "2024-07-31T14:37:20Z", "~"],
])("%s(%d)", (name, x, from, to) => {
  expect(dateRange(name, NOW, x)).toEqual({ from, to });
});

test("fiscal periods with their year, quarters from January", () => {
  expect(dateRange("InFiscalPeriodAndYear", NOW, 2, 2023)).toEqual({
    from: "2023-04-01T00:00:00Z",
    to: "2023-07-01T00:00:00Z",
  });
  expect(dateRange("InOrBeforeFiscalPeriodAndYear", NOW, 2, 2023).to).toBe("2023-07-01T00:00:00Z");
  expect(dateRange("InOrAfterFiscalPeriodAndYear", NOW, 2, 2023).from).toBe("2023-04-01T00:00:00Z");
  expect(fiscalPeriodOf("2020-12-31")).toBe(4);
});

test("days and instants within a stretch", () => {
  const range = dayRange("On", "2024-07-31");
  for (const inside of ["2024-07-31", "2024-07-31T00:00:00Z", "2024-07-31T23:59:59Z"]) {
    expect(isWithin(range, inside)).toBe(true);
  }
  for (const outside of ["2024-07-30", "2024-08-01T00:00:00Z"]) expect(isWithin(range, outside)).toBe(false);
  expect(isWithin(dayRange("OnOrBefore", "2024-07-31"), "1753-01-01")).toBe(true);
  expect(isWithin(dayRange("OnOrAfter", "2024-07-31"), "9999-12-31")).toBe(true);
});

test("names that are none", () => {
  expect(rangeParameters("constructor")).toBeUndefined();
  expect(rangeParameters("LastXDays")).toBe(1);
});
