import { own } from "../../own.ts";

/** A stretch of time as texts that compare like stored values: `from` is in it, `to` is not. */
export type DateRange = { from: string; to: string };

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** Open ends: every stored instant lies between them. */
const EVER = "";
const NEVER_ENDING = "~";
/** The organisation's fiscal settings, fixed here: years begin on 1 January and have four periods. */
const PERIODS = 4;
const MONTHS_IN_PERIOD = 12 / PERIODS;

/** Midnights and counts are UTC: the sandbox's users all live there. */
type Moment = { now: number; today: number; year: number; month: number };
type Make = (moment: Moment, x: number, y: number) => [from: number, to: number];

/**
 * The relative dates of Dataverse by the names of the Web API's query functions. FetchXML has the same ones under
 * other names. `takes` is how many whole numbers each needs. "Last X" begins at the midnight (or full hour) X units ago
 * and ends now; "next X" begins now and ends X units after tonight. Weeks are Sunday to Saturday. Source: the enum type
 * ConditionOperator and the pages of the query functions.
 */
const RANGES: Record<string, { takes: 0 | 1 | 2; make: Make }> = {
  Today: { takes: 0, make: ({ today }) => [today, today + DAY] },
  Yesterday: { takes: 0, make: ({ today }) => [today - DAY, today] },
  Tomorrow: { takes: 0, make: ({ today }) => [today + DAY, today + 2 * DAY] },
  Last7Days: { takes: 0, make: ({ now, today }) => [today - 7 * DAY, after(now)] },
  Next7Days: { takes: 0, make: ({ now, today }) => [now, today + 8 * DAY] },
  LastWeek: { takes: 0, make: ({ today }) => [sunday(today) - 7 * DAY, sunday(today)] },
  ThisWeek: { takes: 0, make: ({ today }) => [sunday(today), sunday(today) + 7 * DAY] },
  NextWeek: { takes: 0, make: ({ today }) => [sunday(today) + 7 * DAY, sunday(today) + 14 * DAY] },
  LastMonth: { takes: 0, make: ({ year, month }) => months(year, month - 1, 1) },
  ThisMonth: { takes: 0, make: ({ year, month }) => months(year, month, 1) },
  NextMonth: { takes: 0, make: ({ year, month }) => months(year, month + 1, 1) },
  LastYear: { takes: 0, make: ({ year }) => months(year - 1, 0, 12) },
  ThisYear: { takes: 0, make: ({ year }) => months(year, 0, 12) },
  NextYear: { takes: 0, make: ({ year }) => months(year + 1, 0, 12) },
  LastXHours: { takes: 1, make: ({ now }, x) => [floor(now, HOUR) - x * HOUR, after(now)] },
  LastXDays: { takes: 1, make: ({ now, today }, x) => [today - x * DAY, after(now)] },
  LastXWeeks: { takes: 1, make: ({ now, today }, x) => [today - x * 7 * DAY, after(now)] },
  LastXMonths: { takes: 1, make: ({ now, today }, x) => [addMonths(today, -x), after(now)] },
  LastXYears: { takes: 1, make: ({ now, today }, x) => [addMonths(today, -12 * x), after(now)] },
  NextXHours: { takes: 1, make: ({ now }, x) => [now, floor(now, HOUR) + (x + 1) * HOUR] },
  NextXDays: { takes: 1, make: ({ now, today }, x) => [now, today + (x + 1) * DAY] },
  NextXWeeks: { takes: 1, make: ({ now, today }, x) => [now, today + (7 * x + 1) * DAY] },
  NextXMonths: { takes: 1, make: ({ now, today }, x) => [now, addMonths(today + DAY, x)] },
  NextXYears: { takes: 1, make: ({ now, today }, x) => [now, addMonths(today + DAY, 12 * x)] },
  OlderThanXMinutes: { takes: 1, make: ({ now }, x) => [-Infinity, floor(now, MINUTE) - x * MINUTE] },
  OlderThanXHours: { takes: 1, make: ({ now }, x) => [-Infinity, floor(now, HOUR) - x * HOUR] },
  OlderThanXDays: { takes: 1, make: ({ today }, x) => [-Infinity, today - x * DAY] },
  OlderThanXWeeks: { takes: 1, make: ({ today }, x) => [-Infinity, today - x * 7 * DAY] },
  OlderThanXMonths: { takes: 1, make: ({ today }, x) => [-Infinity, addMonths(today, -x)] },
  OlderThanXYears: { takes: 1, make: ({ today }, x) => [-Infinity, addMonths(today, -12 * x)] },
  LastFiscalPeriod: { takes: 0, make: (moment) => periods(moment, -1, 1) },
  ThisFiscalPeriod: { takes: 0, make: (moment) => periods(moment, 0, 1) },
  NextFiscalPeriod: { takes: 0, make: (moment) => periods(moment, 1, 1) },
  LastXFiscalPeriods: { takes: 1, make: (moment, x) => periods(moment, -x, x) },
  NextXFiscalPeriods: { takes: 1, make: (moment, x) => periods(moment, 1, x) },
  LastFiscalYear: { takes: 0, make: ({ year }) => months(year - 1, 0, 12) },
  ThisFiscalYear: { takes: 0, make: ({ year }) => months(year, 0, 12) },
  NextFiscalYear: { takes: 0, make: ({ year }) => months(year + 1, 0, 12) },
  LastXFiscalYears: { takes: 1, make: ({ year }, x) => months(year - x, 0, 12 * x) },
  NextXFiscalYears: { takes: 1, make: ({ year }, x) => months(year + 1, 0, 12 * x) },
  InFiscalYear: { takes: 1, make: (_, year) => months(year, 0, 12) },
  InFiscalPeriodAndYear: { takes: 2, make: (_, period, year) => periodOf(year, period) },
  InOrBeforeFiscalPeriodAndYear: { takes: 2, make: (_, period, year) => [-Infinity, periodOf(year, period)[1]] },
  InOrAfterFiscalPeriodAndYear: { takes: 2, make: (_, period, year) => [periodOf(year, period)[0], Infinity] },
};

/** How many whole numbers a relative date needs, or undefined when there is none of this name. */
export function rangeParameters(name: string): 0 | 1 | 2 | undefined {
  return own(RANGES, name)?.takes;
}

/** The stretch a relative date means at `now` (milliseconds). The name must be known to `rangeParameters`. */
export function dateRange(name: string, now: number, x = 0, y = 0): DateRange {
  const date = new Date(now);
  const moment = {
    now: floor(now, 1000),
    today: floor(now, DAY),
    year: date.getUTCFullYear(),
    month: date.getUTCMonth(),
  };
  const [from, to] = RANGES[name]!.make(moment, x, y);
  return { from: bound(from), to: bound(to) };
}

/** The stretches of `On`, `OnOrAfter` and `OnOrBefore` a day (`YYYY-MM-DD`, or an instant in it). */
export function dayRange(name: "On" | "OnOrAfter" | "OnOrBefore", value: string): DateRange {
  const start = Date.parse(`${value.slice(0, 10)}T00:00:00Z`);
  return {
    from: name === "OnOrBefore" ? EVER : bound(start),
    to: name === "OnOrAfter" ? NEVER_ENDING : bound(start + DAY),
  };
}

/** Whether a stored day or instant lies in the stretch; a day counts as its midnight. */
export function isWithin(range: DateRange, value: string): boolean {
  const at = value.length === 10 ? `${value}T00:00:00Z` : value;
  return range.from <= at && at < range.to;
}

/** The number of the fiscal period, from 1, that a stored day or instant falls into (`InFiscalPeriod`). */
export function fiscalPeriodOf(value: string): number {
  return Math.ceil(Number(value.slice(5, 7)) / MONTHS_IN_PERIOD);
}

/** Stored instants are whole seconds, and this very second belongs to the past. */
const after = (now: number) => now + 1000;
const floor = (at: number, unit: number) => Math.floor(at / unit) * unit;
/** 1970 began on a Thursday. */
const sunday = (today: number) => today - ((today / DAY + 4) % 7) * DAY;

function months(year: number, month: number, count: number): [number, number] {
  return [firstOf(year, month), firstOf(year, month + count)];
}

/** Unlike Date.UTC, takes years below 100 for what they are; what is beyond every calendar is infinite. */
function firstOf(year: number, month: number): number {
  const count = year * 12 + month;
  return Math.abs(count) < 1_000_000 ? new Date(0).setUTCFullYear(0, count, 1) : count * Infinity;
}

/** The same day of another month, or that month's last day where it is shorter. */
function addMonths(day: number, count: number): number {
  const date = new Date(day);
  const [year, month] = [date.getUTCFullYear(), date.getUTCMonth() + count];
  const end = firstOf(year, month + 1);
  if (!Number.isFinite(end)) return end;
  const last = new Date(end - DAY).getUTCDate();
  return new Date(0).setUTCFullYear(year, month, Math.min(date.getUTCDate(), last));
}

function periods({ year, month }: Moment, distance: number, count: number): [number, number] {
  const current = Math.floor(month / MONTHS_IN_PERIOD);
  return months(year, (current + distance) * MONTHS_IN_PERIOD, count * MONTHS_IN_PERIOD);
}

function periodOf(year: number, period: number): [number, number] {
  return months(year, (period - 1) * MONTHS_IN_PERIOD, MONTHS_IN_PERIOD);
}

/** Years that can be stored: beyond them a stretch has no end. */
const EARLIEST = Date.parse("0001-01-01T00:00:00Z");
const LATEST = Date.parse("9999-12-31T23:59:59Z");

function bound(at: number): string {
  if (at < EARLIEST) return EVER;
  return at > LATEST ? NEVER_ENDING : `${new Date(at).toISOString().slice(0, 19)}Z`;
}
