import fc from "fast-check";
import { expect, test } from "vitest";
import { partOf } from "./share.ts";

test("whoever comes, goes and asks in any order: the parts are never more than one, and equal once all have asked twice", () => {
  const step = fc.record({ run: fc.integer({ min: 0, max: 60 }), ends: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      const parts = new Map<number, number>();
      const ask = (run: number) => {
        parts.delete(run);
        parts.set(run, partOf([...parts.values()]));
      };
      for (const { run, ends } of steps) {
        if (ends) parts.delete(run);
        else ask(run);
        expect([...parts.values()].reduce((sum, part) => sum + part, 0)).toBeLessThanOrEqual(1 + 1e-9);
      }
      const runs = [...parts.keys()];
      for (const run of [...runs, ...runs.toReversed()]) ask(run);
      for (const part of parts.values()) expect(part).toBeCloseTo(1 / parts.size, 9);
    }),
  );
});
