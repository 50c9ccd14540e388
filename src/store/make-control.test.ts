import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PGlite } from "@electric-sql/pglite";
import { expect, test } from "vitest";
import { makeControl } from "./make-control.ts";

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
    const made = await PGlite.create(at("second"));
    expect((await made.query("SELECT 1 AS one")).rows).toEqual([{ one: 1 }]);
    await made.close();
  } finally {
    rmSync(folder, { recursive: true });
  }
});
