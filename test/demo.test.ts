import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { DemoResult } from "../src/cli/demo/report.ts";

const launcher = fileURLToPath(new URL("../bin/sluice.js", import.meta.url));

describe("npm run demo -- --json", () => {
  let temporary: string;
  let ended: { status: number | string | null; stdout: string; stderr: string };
  let result: DemoResult;

  beforeAll(async () => {
    temporary = mkdtempSync(join(tmpdir(), "sluice-demo-test-"));
    ended = await new Promise((resolve) => {
      const env = { ...process.env, TMPDIR: temporary };
      const child = execFile(process.execPath, [launcher, "demo", "--json"], { env }, (_error, stdout, stderr) =>
        resolve({ status: child.exitCode, stdout, stderr }),
      );
    });
    result = JSON.parse(ended.stdout.trimEnd().split("\n").at(-1) ?? "") as DemoResult;
  });
  afterAll(() => rmSync(temporary, { recursive: true, force: true }));

  it("ends well, with one object on standard output and nothing left behind", () => {
    expect(ended.status, ended.stderr).toBe(0);
    expect(ended.stdout.trimEnd().split("\n")).toHaveLength(1);
    expect(readdirSync(temporary)).toEqual([]);
  });

  it("plans and loads 300 companies and the 4,960 customers that Dynamics takes", () => {
    expect(result.plan).toEqual({ create: 5260, adopt: 0, update: 0, unchanged: 0, rejected: 40 });
    expect(result.first).toMatchObject({ received: 5300, created: 5260, rejected: 40, failed: 0, writes: 5260 });
  });

  it("sends nothing where nothing changed", () => {
    expect(result.unchanged).toMatchObject({ received: 5300, unchanged: 5260, rejected: 40, writes: 0 });
  });

  it("sends exactly the 50 that changed and the 20 that left", () => {
    expect(result.changed).toMatchObject({
      received: 5300,
      updated: 70,
      created: 0,
      deleted: 0,
      rejected: 40,
      failed: 0,
      writes: 70,
    });
  });

  it("finds in Dynamics what was sent", () => {
    expect(result.verify.differences).toBe(0);
    expect(result.verify.checked).toBeGreaterThanOrEqual(5260);
  });
});
