import { afterAll, describe, expect, it } from "vitest";
import { closeDuck, column, convert, convertSql } from "./in-duck.ts";
import { nearestZones, zoneName } from "./zone.ts";

afterAll(closeDuck);

const berlin = { zone: "Europe/Berlin" };
const newYork = { zone: "America/New_York" };
const userLocal = column("datetime", { behavior: "UserLocal" });
const day = column("date");
const anywhere = column("datetime", { behavior: "TimeZoneIndependent" });
const userDay = column("datetime", { behavior: "UserLocal", dateOnly: true });
const xxx = { formats: ["d.M.yyyy HH:mm XXX"] };

describe("what a date becomes, by the column's behaviour and the line's zone", () => {
  it.each([
    // An instant: the zone says what a text without an offset means.
    [userLocal, {}, "2024-07-01 12:00:00", "2024-07-01T12:00:00Z"],
    [userLocal, berlin, "2024-07-01 12:00:00", "2024-07-01T10:00:00Z"],
    [userLocal, berlin, "2024-01-01 12:00:00", "2024-01-01T11:00:00Z"],
    [userLocal, berlin, "2024-07-01", "2024-06-30T22:00:00Z"],
    [userLocal, berlin, "2024-07-01T12:00:00Z", "2024-07-01T12:00:00Z"],
    [userLocal, berlin, "2024-07-01T12:00:00-05:00", "2024-07-01T17:00:00Z"],
    [userLocal, { ...berlin, formats: ["d.M.yyyy HH:mm"] }, "1.7.2024 12:00", "2024-07-01T10:00:00Z"],
    [userLocal, { ...berlin, ...xxx }, "1.7.2024 12:00 -05:00", "2024-07-01T17:00:00Z"],
    [userLocal, { zone: "europe/berlin" }, "2024-07-01 12:00:00", "2024-07-01T10:00:00Z"],
    // The hour that spring leaves out is read by the offset before it, the hour that autumn has twice as the second.
    [userLocal, berlin, "2024-03-31 02:30:00", "2024-03-31T01:30:00Z"],
    [userLocal, berlin, "2024-10-27 02:30:00", "2024-10-27T01:30:00Z"],
    // A day, as written; of an instant, the day it is in the zone.
    [day, {}, "2024-07-01T23:30:00Z", "2024-07-01"],
    [day, {}, "2024-07-01T23:30:00-05:00", "2024-07-01"],
    [day, berlin, "2024-07-01T23:30:00Z", "2024-07-02"],
    [day, berlin, "2024-07-01 23:30:00", "2024-07-01"],
    [day, berlin, "2024-07-01", "2024-07-01"],
    [day, xxx, "1.7.2024 23:30 -05:00", "2024-07-01"],
    [day, { ...berlin, ...xxx }, "1.7.2024 23:30 -05:00", "2024-07-02"],
    // A time on the wall, the same everywhere.
    [anywhere, {}, "2024-07-01 12:00:00", "2024-07-01T12:00:00Z"],
    [anywhere, berlin, "2024-07-01 12:00:00", "2024-07-01T12:00:00Z"],
    [anywhere, {}, "2024-07-01T12:00:00-05:00", "2024-07-01T12:00:00Z"],
    [anywhere, berlin, "2024-07-01T12:00:00Z", "2024-07-01T14:00:00Z"],
    // A day that Dataverse keeps as an instant: noon in UTC, or midnight in the zone.
    [userDay, {}, "2024-07-01", "2024-07-01T12:00:00Z"],
    [userDay, {}, "2024-07-01T23:30:00-05:00", "2024-07-01T12:00:00Z"],
    [userDay, berlin, "2024-07-01", "2024-06-30T22:00:00Z"],
    [userDay, berlin, "2024-01-01 18:00", "2023-12-31T23:00:00Z"],
    [userDay, newYork, "2024-07-01", "2024-07-01T04:00:00Z"],
  ])("%o %o %s", async (target, line, text, want) => {
    expect(await convert(target, line, text)).toEqual({ want, bad: null, skip: false });
  });

  it.each([
    ["TIMESTAMP", "'2024-07-01 12:00:00'", userLocal, "2024-07-01T10:00:00Z"],
    ["TIMESTAMP WITH TIME ZONE", "'2024-07-01 12:00:00+00'", userLocal, "2024-07-01T12:00:00Z"],
    ["TIMESTAMP WITH TIME ZONE", "'2024-07-01 23:00:00+00'", day, "2024-07-02"],
    ["TIMESTAMP WITH TIME ZONE", "'2024-07-01 12:00:00+00'", anywhere, "2024-07-01T14:00:00Z"],
    ["DATE", "'2024-07-01'", userDay, "2024-06-30T22:00:00Z"],
    ["DATE", "'2024-07-01'", day, "2024-07-01"],
  ])("of type %s %s", async (type, value, target, want) => {
    expect(await convertSql(target, berlin, value, type)).toEqual({ want, bad: null, skip: false });
  });

  it("of a type, beside `values`", async () => {
    const line = { ...berlin, values: { "2024-01-01T00:00:00": "2025-01-01" } };
    const at = (time: string) => convertSql(userLocal, line, `'${time}'`, "TIMESTAMP");
    expect((await at("2024-07-01 12:00:00")).want).toBe("2024-07-01T10:00:00Z");
    expect((await at("2024-01-01 00:00:00")).want).toBe("2024-12-31T23:00:00Z");
  });

  it.each([
    [userLocal, berlin, "1753-01-01 00:30:00", "date_out_of_range"],
    [userLocal, berlin, "2024-02-30", "bad_date"],
    [userDay, {}, "9999-12-31", null],
    [userDay, {}, "1752-12-31", "date_out_of_range"],
    // Midnight of a day in a zone may be in another year.
    [userDay, {}, "1753-01-01", null],
    [userDay, berlin, "1753-01-01", "date_out_of_range"],
    [userDay, berlin, "1753-01-01 12:00", "date_out_of_range"],
    [userDay, berlin, "1753-01-02", null],
    [userDay, berlin, "9999-12-31 23:59", null],
    [userDay, newYork, "1752-12-31 23:00", "date_out_of_range"],
    [userDay, newYork, "1753-01-01", null],
    [userDay, newYork, "9999-12-31 23:59", null],
    [userDay, berlin, "9999-12-31T23:30:00Z", "date_out_of_range"],
    [userLocal, berlin, "1753-01-01 00:53:28", null],
    [userLocal, berlin, "1753-01-01 00:53:27", "date_out_of_range"],
    [userLocal, newYork, "1752-12-31 23:00", null],
    [userLocal, newYork, "9999-12-31 18:59:59", null],
    [userLocal, newYork, "9999-12-31 19:00", "date_out_of_range"],
    [userLocal, {}, "9999-12-31T23:30:00-05:00", "date_out_of_range"],
    [userLocal, {}, "1753-01-01T00:30:00+01:00", "date_out_of_range"],
    [day, berlin, "1753-01-01", null],
    [day, berlin, "9999-12-31", null],
    [day, berlin, "9999-12-31T23:30:00Z", "date_out_of_range"],
    [day, newYork, "1753-01-01T00:30:00Z", "date_out_of_range"],
    [anywhere, berlin, "1753-01-01 00:00", null],
    [anywhere, berlin, "9999-12-31T23:30:00Z", "date_out_of_range"],
    [anywhere, {}, "10000-01-01", "bad_date"],
    [userDay, berlin, "", null],
    [anywhere, {}, " ", null],
  ])("at the edges: %o %o %s", async (target, line, text, bad) => {
    expect((await convert(target, line, text)).bad).toBe(bad);
  });
});

it("whatever the zone, of a day at the edges what is fine is an instant that Dataverse holds", async () => {
  for (const zone of Intl.supportedValuesOf("timeZone"))
    for (const text of ["1753-01-01", "9999-12-31"]) {
      const { want, bad } = await convert(userDay, { zone }, text);
      const holds = want! >= "1753-01-01T00:00:00Z" && want! <= "9999-12-31T23:59:59Z";
      expect([zone, text, bad]).toEqual([zone, text, holds ? null : "date_out_of_range"]);
    }
});

describe("zones", () => {
  it("are all known to DuckDB, too", async () => {
    for (const zone of Intl.supportedValuesOf("timeZone"))
      expect((await convert(userLocal, { zone }, "2024-07-01 12:00:00")).bad).toBe(null);
  });

  it.each([
    ["Europe/Berlin", "Europe/Berlin"],
    ["europe/berlin", "Europe/Berlin"],
    ["UTC", "UTC"],
    ["+02:00", undefined],
    ["Europe/Berlni", undefined],
    ["", undefined],
  ])("%s", (zone, name) => {
    expect(zoneName(zone)).toBe(name);
  });

  it("that are misspelt are told by what is near", () => {
    expect(nearestZones("Europe/Berlni")).toContain("Europe/Berlin");
    expect(nearestZones("Berlin")).toContain("Europe/Berlin");
    expect(nearestZones("nowhere at all")).toEqual([]);
  });
});
