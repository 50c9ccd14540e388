import { expect, test } from "vitest";
import { useWorkbench } from "../workbench.ts";

/** Dynamics asks for more patience than a run has. */

const bench = useWorkbench();
const people = (count: number) =>
  Array.from({ length: count }, (_, n) => ({ id: `${n}`, name: `Name ${n}`, email: `${n}@example.com` }));

test("asked to wait longer than allowed: the run ends at once and says how long; the next one does the rest, once", async () => {
  await bench.begin();
  bench.source("people", people(500));
  const halfAnHour = { match: { method: "POST", path: "Multiple" }, status: 429, retryAfter: 1800 };
  await bench.control(
    "POST",
    "faults",
    [2, 3, 4, 5].map((nth) => ({ ...halfAnHour, nth })),
  );
  await expect(bench.runImpatiently(60)).rejects.toMatchObject({
    code: "throttled",
    message: expect.stringContaining("1800 s"),
    retryAfterMs: 1_800_000,
  });
  const written = (await bench.rows("contact")).length;
  expect(written).toBeGreaterThan(0);
  expect(written).toBeLessThan(500);
  await bench.control("DELETE", "faults");
  expect(await bench.runThroughFaults()).toMatchObject({
    received: 500,
    created: 500 - written,
    unchanged: written,
    failed: 0,
  });
  const there = await bench.rows("contact");
  expect(there).toHaveLength(500);
  expect(new Set(there.map((row) => row.externaluseridentifier)).size).toBe(500);
  expect(await bench.run()).toMatchObject({ unchanged: 500, writes: 0 });
});
