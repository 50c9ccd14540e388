import fc from "fast-check";
import { expect, test } from "vitest";
import { bulkBounds, lesson, nextSize, partBounds } from "./size.ts";

const next = (size: number, ms: number, rows = size) => nextSize(size, rows, ms, bulkBounds);

/** The size that `rounds` calls lead to where a row takes `rowMs` and each call `callMs` besides. */
function settles(rowMs: number, callMs: number, rounds = 20, { first, most } = bulkBounds): number {
  let size = first;
  for (let i = 0; i < rounds; i++) size = nextSize(size, size, callMs + size * rowMs, { first, most });
  return size;
}

test("grows to some seconds a call, and never past the most", () => {
  expect(settles(11, 100)).toBe(400);
  expect(settles(0.1, 20)).toBe(1000);
  expect(settles(140, 0, 20, partBounds)).toBe(35);
});

test("shrinks where rows are slow, and where calls get no answer or are too large", () => {
  expect(settles(500, 100)).toBeLessThanOrEqual(20);
  expect(settles(60_000, 0)).toBe(1);
  expect(next(400, 240_000)).toBe(200);
  expect(next(400, Number.POSITIVE_INFINITY)).toBe(200);
  expect(next(1, Number.POSITIVE_INFINITY)).toBe(1);
});

test("a connection that breaks at once does not make the next request larger", () => {
  expect(next(100, lesson({ lost: "reset", ms: 3 }))).toBe(100);
  expect(next(100, lesson({ ms: 3 }))).toBe(200);
});

test("a call that takes 3 to 10 s has the right size", () => {
  for (const ms of [3000, 5000, 10_000]) expect(next(300, ms)).toBe(300);
});

test("a small rest that went fast changes nothing; a slow one does", () => {
  expect(next(400, 50, 7)).toBe(400);
  expect(next(400, 20_000, 300)).toBe(150);
});

test("is always between one and the most, and at most doubled", () => {
  const bounds = fc.constantFrom(bulkBounds, partBounds);
  const ms = fc.oneof(fc.double({ min: 0, max: 1e6, noNaN: true }), fc.constant(Number.POSITIVE_INFINITY));
  fc.assert(
    fc.property(bounds, fc.nat(999), fc.nat(999), ms, (bound, a, b, took) => {
      const size = 1 + (a % bound.most);
      const rows = 1 + (b % size);
      const result = nextSize(size, rows, took, bound);
      expect(Number.isInteger(result)).toBe(true);
      expect(result).toBeGreaterThanOrEqual(1);
      expect(result).toBeLessThanOrEqual(Math.min(bound.most, size * 2));
    }),
  );
});
