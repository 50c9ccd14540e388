import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { checkLease, enterFolder, lastLease } from "./fence.ts";

test("a folder is that of the highest lease: who has a lower one has lost it", () => {
  const home = mkdtempSync(join(tmpdir(), "sluice-test-"));
  const folder = join(home, "default", "people");
  expect(lastLease(folder)).toBe(0);
  enterFolder(folder, 3);
  expect(lastLease(folder)).toBe(3);
  expect(() => checkLease(folder, 3)).not.toThrow();
  enterFolder(folder, 4);
  expect(() => checkLease(folder, 3)).toThrow(expect.objectContaining({ code: "lease_lost", kind: "state" }));
  expect(() => checkLease(folder, 4)).not.toThrow();
  expect(() => enterFolder(folder, 3)).toThrow(expect.objectContaining({ code: "lease_lost" }));
  expect(lastLease(folder)).toBe(4);
  rmSync(home, { recursive: true });
});
