import { expect, it } from "vitest";
import { matrixFaults } from "./matrix.ts";

it("has a test and a line for every operation, and a 501 for every absent one", async () => {
  const { operations, absent, faults } = await matrixFaults();
  expect(faults).toEqual([]);
  expect(operations).toBeGreaterThan(100);
  expect(absent).toBeGreaterThan(100);
});
