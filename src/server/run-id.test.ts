import { expect, test } from "vitest";
import { newRunId } from "./run-id.ts";

test("ids sort in the order they were made, also within a millisecond and when the clock goes back", () => {
  const start = Date.now() + 1000;
  const ids = [start, start, start - 5000, start + 1].map((now) => newRunId(now));
  expect([...ids].sort()).toEqual(ids);
  expect(new Set(ids).size).toBe(4);
});

test("an id is a plain folder name", () => {
  expect(newRunId()).toMatch(/^\d{8}T\d{9}-[0-9a-f]{4}$/);
});
