import { describe, expect, it } from "vitest";
import { syncFile } from "../src/core/project.ts";
import { columnTable, rowTable } from "../src/core/state.ts";
import { document, documents, withTables } from "./generate-tables.ts";

describe("tables in the documents", () => {
  it.each(documents)("%s is what the code says (else run: node docs/generate-tables.ts)", (name) => {
    const { stands, should } = document(name);
    expect(stands).toBe(should);
  });

  it("names every key of a sync and every rule of the state tables", () => {
    const keys = withTables("<!-- table: sync -->\n<!-- end -->");
    for (const key of Object.keys(syncFile.shape)) expect(keys).toContain(`| \`${key}\` |`);
    const lines = (name: string) => withTables(`<!-- table: ${name} -->\n<!-- end -->`).match(/^\|/gm)!.length;
    expect(lines("rows")).toBe(rowTable.length + 2);
    expect(lines("columns")).toBe(columnTable.length + 2);
  });

  it("refuses an unknown table and a marker without its end", () => {
    expect(() => withTables("<!-- table: nonsense -->\n<!-- end -->")).toThrow('no table "nonsense"');
    expect(() => withTables("<!-- table: sync -->\ntext")).toThrow("has no end");
  });
});
