import { expect, test } from "vitest";
import { young } from "./state-file.ts";

test("a cursor is used for six days; one from the future, or of no time, is not", () => {
  const now = Date.parse("2026-11-21T12:00:00Z");
  expect(young("2026-11-21T12:00:00Z", now)).toBe(true);
  expect(young("2026-11-16T12:00:00Z", now)).toBe(true);
  for (const read of ["2026-11-15T11:59:59Z", "2026-11-21T12:00:01Z", "2027-01-01T00:00:00Z", "some day", undefined])
    expect(young(read, now), read).toBe(false);
});
