import { DuckDBInstance } from "@duckdb/node-api";
import fc from "fast-check";
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
    for (const statement of [
      ...sourceViews(shape, from),
      ...touch(shape, { all: false, woken: false, by: byHash, twice: false }),
    ])
      await duck.run(statement);
    return (
      await duck.runAndReadAll(
        `SELECT key, gone, s_amount, s_key, "s_expression of x".v, "s_expression of x".failed FROM (${worked(shape, from, "touched")}) ORDER BY key`,
      )
    ).getRowsJson();
  };
  for (const statement of ["ATTACH ':memory:' AS st", ...createTables, "CREATE TABLE wake(key VARCHAR)"])
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
    for (const statement of [
      ...sourceViews(shape, from),
      ...touch(shape, { all: false, woken: false, by, twice: false }),
    ])
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

test("found by hashes first or joined at once, the same rows are looked at, those twice in the source and without a key, too", async () => {
  const shape = { key: ["id"], used: ["name"], computed: [] as unknown[], audiences: [] as unknown[] } as Shape;
  const instance = await DuckDBInstance.create();
  const duck = await instance.connect();
  const run = async (statements: string[]) => {
    for (const statement of statements) await duck.run(statement);
  };
  const number = fc.integer({ min: 0, max: 12 });
  const row = fc.tuple(fc.option(number, { freq: 5 }), fc.integer({ min: 0, max: 2 }));
  await run(["ATTACH ':memory:' AS st", ...createTables, "CREATE TABLE wake(key VARCHAR)"]);
  const look = async (how: { all: boolean; woken: boolean; twice: boolean }) => {
    await run(touch(shape, { ...how, by: byHash }));
    const found = await duck.runAndReadAll(
      "SELECT key, gone, h::VARCHAR, old_h::VARCHAR, known, place::VARCHAR, s_name FROM touched ORDER BY ALL",
    );
    return found.getRowsJson();
  };
  await fc.assert(
    fc.asyncProperty(
      fc.array(row, { maxLength: 20 }),
      fc.uniqueArray(row, { maxLength: 20, selector: ([id]) => id }),
      fc.array(number, { maxLength: 2 }),
      fc.boolean(),
      async (rows, known, wake, left) => {
        const of = (all: typeof rows) =>
          [[null, 9], ...all].map(([id, n]) => `(${id === null ? "NULL" : `'${id}'`}, 'n${n}')`);
        const scan = (all: typeof rows): Scan => ({
          views: [],
          select: `SELECT * FROM (VALUES ${of(all).join(", ")}) t(id, name)`,
          columns: ["id", "name"].map((name) => ({ name, type: "VARCHAR" })),
          paths: [],
          dates: {},
        });
        await run(["DELETE FROM st.link", "DELETE FROM wake", ...sourceViews(shape, scan(known))]);
        await run([
          `INSERT INTO st.link(key, h) SELECT key, ${left ? "CASE WHEN key <> '3' THEN h END" : "h"} FROM source WHERE key IS NOT NULL`,
        ]);
        await run([...wake.map((key) => `INSERT INTO wake VALUES ('${key}')`), ...sourceViews(shape, scan(rows))]);
        for (const all of [false, true])
          expect(await look({ all, woken: wake.length > 0, twice: true })).toEqual(
            await look({ all, woken: wake.length > 0, twice: false }),
          );
      },
    ),
    { numRuns: 60 },
  );
  duck.closeSync();
  instance.closeSync();
});
