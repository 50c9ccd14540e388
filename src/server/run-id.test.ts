import { expect, test } from "vitest";
import { newRunId } from "./run-id.ts";

test("ids sort in the order they were made, also within a millisecond and when the clock goes back", () => {
  const start = Date.now() + 1000;
  const ids = [start, start, start - 5000, start + 1].map((now) => newRunId(undefined, now));
  expect([...ids].sort()).toEqual(ids);
  expect(new Set(ids).size).toBe(4);
});

test("a run comes after the last one of its sync, though that was made by a clock that went ahead", () => {
  const ahead = newRunId(undefined, Date.now() + 3_600_000).replace(/....$/, "ffff");
  const ids = [ahead, newRunId(ahead), newRunId(ahead), newRunId("20990101T000000000-ffff")];
  expect([...ids].sort()).toEqual(ids);
  expect(ids.at(-1)).toMatch(/^20990101T000000001-/);
});

test("an id is a plain folder name", () => {
  expect(newRunId()).toMatch(/^\d{8}T\d{9}-[0-9a-f]{4}$/);
});
