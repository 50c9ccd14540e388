import { DuckDBInstance } from "@duckdb/node-api";
import { expect, test } from "vitest";
import type { Scan } from "../../core/connector.ts";
import { syncFile } from "../../core/project.ts";
import type { Job } from "../job.ts";
import { withExpressions } from "../shape/expression.ts";
import type { Shape } from "../shape.ts";
import { sourceViews } from "./source.ts";
import { createTables } from "./tables.ts";
import { byHash, byKey, misjoined, touch } from "./touch.ts";
import { worked } from "./worked.ts";

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
    for (const statement of [...sourceViews(shape, from), ...touch(shape, { all: false, woken: false, by: byHash })])
      await duck.run(statement);
    return (
      await duck.runAndReadAll(
        `SELECT key, gone, s_amount, s_key, "s_expression of x".v, "s_expression of x".failed FROM (${worked(shape, from, "touched")}) ORDER BY key`,
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

test("a row that finds another row's link is told, and finds its own by the key itself", async () => {
  const scan = (rows: string): Scan => ({
    views: [],
    select: `SELECT * FROM (VALUES ${rows}) t(id, name)`,
    columns: ["id", "name"].map((name) => ({ name, type: "VARCHAR" })),
    paths: [],
    dates: {},
  });
  const shape = { key: ["id"], used: ["name"], computed: [] as unknown[], audiences: [] as unknown[] } as Shape;
  const instance = await DuckDBInstance.create();
  const duck = await instance.connect();
  const rows = async (sql: string) => (await duck.runAndReadAll(sql)).getRowsJson();
  const look = async (from: Scan, by: (key: string) => string) => {
    for (const statement of [...sourceViews(shape, from), ...touch(shape, { all: false, woken: false, by })])
      await duck.run(statement);
    return rows(misjoined);
  };
  for (const statement of ["ATTACH ':memory:' AS st", ...createTables]) await duck.run(statement);
  const sameLength = (key: string) => `length(${key})`;
  await look(scan("('a1', 'Ana'), ('\u00a0b22 ', 'Ben')"), sameLength);
  expect(await rows("SELECT key FROM touched ORDER BY key")).toEqual([["a1"], ["b22"]]);
  await duck.run("INSERT INTO st.link(key, id, h) SELECT key, 'record of ' || key, h FROM touched");
  // a1 is gone and c3 is new, but has as many characters.
  const next = scan("('c3', 'Cleo'), ('b22', 'Ben')");
  expect(await look(next, sameLength)).toEqual([["1"]]);
  for (const by of [byKey, byHash]) {
    expect(await look(next, by)).toEqual([["0"]]);
    expect(
      await rows("SELECT t.key, gone, known, link_id FROM touched t LEFT JOIN linked USING (place) ORDER BY t.key"),
    ).toEqual([
      ["a1", true, true, "record of a1"],
      ["c3", false, false, null],
    ]);
  }
  duck.closeSync();
  instance.closeSync();
});
