import { DuckDBInstance } from "@duckdb/node-api";
import { expect, test } from "vitest";
import type { Scan } from "../../core/connector.ts";
import { syncFile } from "../../core/project.ts";
import type { Job } from "../job.ts";
import { withExpressions } from "../shape/expression.ts";
import type { Shape } from "../shape.ts";
import { sourceViews } from "./source.ts";
import { createTables } from "./tables.ts";
import { touch } from "./touch.ts";

test("an expression is worked out for rows that changed, and a row changes with the columns it reads", async () => {
  const rows = (amount: string) => `SELECT * FROM (VALUES ('1', '7', 'x'), ('2', '${amount}', 'x')) t(id, amount, key)`;
  const column = (name: string) => ({ name, type: "VARCHAR" });
  const scan: Scan = {
    views: [],
    select: rows("8"),
    columns: ["id", "amount", "key"].map(column),
    paths: [],
    dates: {},
    typed: { amount: "TRY_CAST(amount AS INTEGER)" },
  };
  const mapping = { x: { expression: "amount * 2" } };
  const given = { sync: "s", syncFile: syncFile.parse({ model: "m", to: "crm", object: "o", match: "x", mapping }) };
  const { expressions } = await withExpressions(given as Job, scan);
  const shape = { key: ["id"], used: ["amount", "key"], computed: expressions, audiences: [] as unknown[] } as Shape;
  const instance = await DuckDBInstance.create();
  const duck = await instance.connect();
  const look = async (from: Scan) => {
    const statements = [...sourceViews(shape, from), "DROP TABLE IF EXISTS touched", touch(shape, from, false)[0]!];
    for (const statement of statements) await duck.run(statement);
    return (
      await duck.runAndReadAll(
        `SELECT key, gone, s_amount, s_key, "s_expression of x".v, "s_expression of x".failed FROM touched ORDER BY key`,
      )
    ).getRowsJson();
  };
  for (const statement of ["ATTACH ':memory:' AS st", ...createTables, "CREATE TEMP TABLE wake(key VARCHAR)"])
    await duck.run(statement);
  expect(await look(scan)).toEqual([
    ["1", false, "7", "x", 14, null],
    ["2", false, "8", "x", 16, null],
  ]);
  await duck.run("INSERT INTO st.link(key, h) SELECT key, h FROM touched");
  expect(await look(scan)).toEqual([]);
  expect(await look({ ...scan, select: rows("8 ") })).toEqual([["2", false, "8 ", "x", 16, null]]);
  expect(await look({ ...scan, select: rows("many") })).toEqual([["2", false, "many", "x", null, "amount = many"]]);
  expect(await look({ ...scan, select: `${rows("8")} WHERE id = '1'` })).toEqual([["2", true, null, null, null, null]]);
  duck.closeSync();
  instance.closeSync();
});
