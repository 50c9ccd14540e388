import { expect, test } from "vitest";
import { young } from "./state-file.ts";

test("a cursor is used while it lives; one from the future, or of no time, is not", () => {
  const sixDays = 6 * 24 * 3600_000;
  const now = Date.parse("2026-11-21T12:00:00Z");
  expect(young("2026-11-21T12:00:00Z", now, sixDays)).toBe(true);
  expect(young("2026-11-16T12:00:00Z", now, sixDays)).toBe(true);
  for (const read of ["2026-11-15T11:59:59Z", "2026-11-21T12:00:01Z", "2027-01-01T00:00:00Z", "some day", undefined])
    expect(young(read, now, sixDays), read).toBe(false);
  expect(young("2026-11-21T12:00:00Z", now, 0)).toBe(false);
  expect(young("2020-11-21T12:00:00Z", now)).toBe(true);
});
