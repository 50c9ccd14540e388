import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { makeControl, openEngine } from "./make-control.ts";

test("a template that was damaged is made anew; what comes after is a copy of it", async () => {
  const folder = mkdtempSync(join(tmpdir(), "sluice-test-"));
  const at = (name: string) => join(folder, name);
  try {
    mkdirSync(at("kept"));
    writeFileSync(join(at("kept"), "PG_VERSION"), "");
    await makeControl(at("first"), at("kept"));
    expect(readdirSync(at("first"))).toEqual(readdirSync(at("kept")));
    writeFileSync(join(at("kept"), "mark"), "");
    await makeControl(at("second"), at("kept"));
    expect(readdirSync(at("second"))).toEqual(readdirSync(at("kept")));
    const made = await openEngine(at("second"));
    expect((await made.query("SELECT datname FROM pg_database")).rows).toEqual([{ datname: "postgres" }]);
    await made.close();
  } finally {
    rmSync(folder, { recursive: true });
  }
});
