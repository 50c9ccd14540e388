import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { expect, test } from "vitest";
import type { Shape } from "../shape.ts";
import { basedOn, linkedKeys } from "./decide.ts";
import { addColumn, createTables, existingColumns, missingColumns, valueViews } from "./tables.ts";

test("the base of few rows, of more and of many is the same, also where rows were written anew since", async () => {
  const [a, b] = ["a", "b"].map((name) => ({ name, target: { type: "text" } }));
  const shape = { columns: [a, b], match: [a] } as Shape;
  const instance = await DuckDBInstance.create(":memory:", { preserve_insertion_order: "false" });
  const duck = await instance.connect();
  const run = async (...statements: string[]) => {
    for (const statement of statements) await duck.run(statement);
  };
  const base = (to: string, of: string) =>
    `INSERT INTO st.base(key, c_a, c_b) SELECT 'k' || range, '${to}' || range, NULL FROM range(500_000) WHERE ${of}`;
  await run("ATTACH ':memory:' AS st", ...createTables, ...missingColumns(shape).map(addColumn), base("old", "true"));
  await run("DELETE FROM st.base WHERE rowid % 3 = 0", base("new", "range % 3 = 0"));
  const existing = (await duck.runAndReadAll(existingColumns)).getRowObjectsJson() as { table: string; name: string }[];
  await run(...valueViews(shape, existing, undefined));
  await run(
    "CREATE TABLE touched AS SELECT 'k' || range * 7919 AS key, range AS place FROM range(100)",
    "CREATE TABLE linked AS SELECT range AS place, CASE WHEN range % 4 > 0 THEN 'id' END AS link_id FROM range(100)",
    linkedKeys,
  );
  const folder = await mkdtemp(join(tmpdir(), "sluice-base-"));
  for (const rows of [75, 1000, 100_000]) {
    await run("DROP TABLE IF EXISTS based", "DROP TABLE IF EXISTS based_at", ...basedOn(rows, folder));
    const found = (await duck.runAndReadAll("FROM based ORDER BY key")).getRowsJson();
    const wanted = Array.from({ length: 100 }, (_, n) => n * 7919)
      .filter((n) => n < 500_000 && (n / 7919) % 4 > 0)
      .map((n) => [`k${n}`, `${n % 3 === 0 ? "new" : "old"}${n}`, null]);
    expect(found).toEqual(wanted.sort((a, b) => (a[0]! < b[0]! ? -1 : 1)));
  }
  duck.closeSync();
  await rm(folder, { recursive: true });
  instance.closeSync();
});
