import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { sql } from "kysely";
import { expect, test } from "vitest";
import { openControl } from "./control.ts";
import { partOf, renewShare } from "./share.ts";

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

test.each(["- interval '30 days'", "+ interval '30 days'"])(
  "the database's clock is set (times then lie at now %s): nobody rests for it, and all have their part once they have asked again",
  async (lies) => {
    const folder = mkdtempSync(join(tmpdir(), "sluice-test-"));
    const control = await openControl(folder);
    const ask = (run: string, shut = 0) => renewShare(control, "default/crm", run, shut);
    try {
      await ask("a", 20_000);
      const told = await ask("b");
      expect(told.shut).toBeGreaterThan(15_000);
      expect(told.shut).toBeLessThanOrEqual(20_000);
      await control
        .updateTable("connection_share")
        .set(({ ref }) => ({
          until: sql`${ref("until")} ${sql.raw(lies)}`,
          shut: sql`${ref("shut")} ${sql.raw(lies)}`,
        }))
        .execute();
      expect(await ask("b")).toMatchObject({ shut: 0 });
      await ask("a", 10_000);
      const [b, a] = [await ask("b"), await ask("a")];
      expect([a.part, b.part]).toEqual([0.5, 0.5]);
      expect(b.shut).toBeLessThanOrEqual(10_000);
    } finally {
      await control.destroy();
      rmSync(folder, { recursive: true });
    }
  },
);
