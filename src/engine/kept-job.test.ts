import { existsSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { useSyncedWorld } from "../../test/synced-world.ts";

const synced = useSyncedWorld();

test("a run's folder keeps its configuration, with connections by name alone, and what the plan said", async () => {
  synced.world.source = [{ id: "1", code: "a", name: "Ada" }];
  await synced.run();
  const kept = JSON.parse(readFileSync(synced.file("job.json"), "utf8"));
  expect(kept).toMatchObject({ run: "run-1", kind: "run", sync: "s", environment: "default", source: "rows" });
  expect(kept).toMatchObject({ destination: "crm", syncFile: { object: "contact" }, model: { name: "m" } });
  expect(kept.columns).toEqual([
    { name: "code", stored: "c_code", bit: 0 },
    { name: "name", stored: "c_name", bit: 1 },
  ]);
  expect(kept.fingerprint).toMatch(/^[0-9a-f]{64}$/);
  expect(JSON.parse(readFileSync(synced.file("plan.json"), "utf8"))).toMatchObject({
    sync: "s",
    plan: { create: 1 },
    received: 1,
    stops: [],
  });
});

test("a run that cannot shape its sync keeps none", async () => {
  synced.settings = { mapping: { code: "code", nobody: "name" } };
  await expect(synced.run()).rejects.toThrow();
  expect(existsSync(synced.file("job.json"))).toBe(false);
});
