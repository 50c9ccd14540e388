import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openDuck, text } from "../duck.ts";
import type { Shape } from "../shape.ts";
import { caughtUpdates } from "./recover-updates.ts";
import { addColumn, createTables, existingColumns, missingColumns, valueViews } from "./tables.ts";

/** A record is found whose lookup, as the file of a dead run says, was given another parent: its base, and how it was found. */
async function caught(inFile: string, tabled: boolean): Promise<{ base: object[]; plan: string }> {
  const folder = await mkdtemp(join(tmpdir(), "sluice-caught-"));
  const duck = await openDuck({ memoryLimit: "256MB", threads: 1, temp: folder });
  const code = { index: 0, name: "code", target: { type: "text" } };
  const shape = {
    columns: [code, { index: 1, name: "parent", target: { type: "lookup" }, tabled }],
    match: [code],
  } as unknown as Shape;
  const stored = tabled ? "c_parent:table" : "c_parent";
  const file = join(folder, "change.parquet");
  const columns = ["key", "id", "kind", "m", "a", "match_value", "c_code", inFile];
  try {
    await duck.run("ATTACH ':memory:' AS st");
    for (const statement of [...createTables, ...missingColumns(shape).map(addColumn)]) await duck.run(statement);
    for (const statement of valueViews(shape, await duck.all(existingColumns), undefined)) await duck.run(statement);
    await duck.run("INSERT INTO st.link VALUES ('1', 'x', 7, 'a', false)");
    await duck.run(`INSERT INTO st.base(key, c_code, "${stored}") VALUES ('1', 'A', 'old')`);
    await duck.run(`CREATE TABLE have_now AS SELECT 'x' AS id, false AS gone, 'A' AS c_code, 'new' AS "${stored}"`);
    await duck.run(`COPY (SELECT '1' AS key, 'x' AS id, 'update' AS kind, 2::UBIGINT AS m, 0::UBIGINT AS a, 'a' AS match_value,
  NULL::VARCHAR AS c_code, 'new' AS "${inFile}", 'A' AS o_code, 'old' AS o_parent) TO ${text(file)} (FORMAT parquet)`);
    const statements = caughtUpdates(shape, file, columns);
    const plan = JSON.stringify(await duck.all(`EXPLAIN ${statements[0]}`));
    for (const statement of statements) await duck.run(statement);
    return { base: await duck.all(`SELECT c_code AS code, "${stored}" AS parent FROM st.base`), plan };
  } finally {
    await duck.close();
    await rm(folder, { recursive: true, force: true });
  }
}

test.each([true, false])("what a dead run wrote into a lookup is its base (several tables: %s)", async (tabled) => {
  const { base } = await caught(tabled ? "c_parent:table" : "c_parent", tabled);
  expect(base).toEqual([{ code: "A", parent: "new" }]);
});

test.each([true, false])("a mapping that names tables now and did not then, or not any more (%s)", async (tabled) => {
  const { base } = await caught(tabled ? "c_parent" : "c_parent:table", tabled);
  expect(base).toEqual([{ code: "A", parent: "old" }]);
});

test("no join compares every update with every row's base", async () => {
  const { plan } = await caught("c_parent", false);
  expect(plan).toContain("HASH_JOIN");
  expect(plan).not.toMatch(/NL_JOIN|NESTED_LOOP_JOIN|CROSS_PRODUCT/);
});
