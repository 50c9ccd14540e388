import { expect, test } from "vitest";
import { mostLeavers } from "./guard.ts";

test("a limit is a number of rows, or a share of the known ones, rounded down", () => {
  expect(mostLeavers(7, 1000)).toBe(7);
  expect(mostLeavers(0, 1000)).toBe(0);
  expect(mostLeavers("5 %", 1000)).toBe(50);
  expect(mostLeavers("2.5%", 199)).toBe(4);
  expect(mostLeavers("100 %", 0)).toBe(0);
});
