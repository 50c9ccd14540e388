import { DuckDBInstance } from "@duckdb/node-api";
import { describe, expect, it } from "vitest";
import type { Scan } from "../../core/connector.ts";
import { syncFile } from "../../core/project.ts";
import type { Job } from "../job.ts";
import { expressed, withExpressions } from "./expression.ts";

const scan: Scan = {
  views: [],
  select:
    "SELECT * FROM (VALUES ('1', ' ada', 'Lovelace', '7', DATE '2020-02-29', 'x', '1'), ('2', NULL, 'x''y', 'seven', NULL, 'y', '2')) t(id, first, last, amount, born, \"a b\", r)",
  columns: [
    { name: "id", type: "VARCHAR" },
    { name: "first", type: "VARCHAR" },
    { name: "last", type: "VARCHAR" },
    { name: "amount", type: "VARCHAR" },
    { name: "born", type: "DATE" },
    { name: "a b", type: "VARCHAR" },
    { name: "r", type: "VARCHAR" },
  ],
  paths: [],
  dates: {},
};

const jobOf = (expression: string): Job =>
  ({
    sync: "s",
    syncFile: syncFile.parse({ model: "m", to: "crm", object: "o", match: "x", mapping: { x: { expression } } }),
  }) as Job;

async function valuesOf(expression: string, from = scan): Promise<{ type: string; values: unknown[] }> {
  const computed = await withExpressions(jobOf(expression), from);
  const instance = await DuckDBInstance.create();
  const duck = await instance.connect();
  const names = computed.expressions[0]!.reads;
  const values = expressed(from, names, [`${computed.expressions[0]!.sql} AS x`], from.select);
  const reader = await duck.runAndReadAll(`SELECT x.v, x.failed FROM (${values})`);
  const rows = reader.getRowsJson();
  duck.closeSync();
  instance.closeSync();
  return { type: computed.columns.at(-1)!.type, values: rows };
}

const faultOf = (expression: string, from = scan) =>
  withExpressions(jobOf(expression), from).then(
    () => expect.fail(),
    (e) => e,
  );

describe("an expression over the row's columns", () => {
  it.each([
    ["upper(trim(first)) || ' ' || last", "VARCHAR", ["ADA Lovelace", null]],
    ["coalesce(first, 'none') -- as it is", "VARCHAR", [" ada", "none"]],
    ["CASE WHEN born IS NULL THEN 0 ELSE date_part('year', born) END", "BIGINT", ["2020", "0"]],
    ["born + INTERVAL 1 DAY", "TIMESTAMP", ["2020-03-01 00:00:00", null]],
    ["CASE WHEN last = 'never' THEN 'x'::INTEGER ELSE 1 END", "INTEGER", [1, 1]],
    ["NULL", "INTEGER", [null, null]],
    ["coalesce(try_cast('soon' AS DATE)::VARCHAR, last)", "VARCHAR", ["Lovelace", "x'y"]],
    ["LAST", "VARCHAR", ["Lovelace", "x'y"]],
    ["id IN ('1', '3') AND last LIKE 'L%'", "BOOLEAN", [true, false]],
    ["'both'", "VARCHAR", ["both", "both"]],
    ['"a b" || r', "VARCHAR", ["x1", "y2"]],
    [
      "[first, last]",
      "VARCHAR[]",
      [
        [" ada", "Lovelace"],
        [null, "x'y"],
      ],
    ],
  ])("%s", async (expression, type, values) => {
    expect(await valuesOf(expression)).toEqual({ type, values: values.map((v) => [v, null]) });
  });

  it("fails on the rows it cannot work on, and on no other", async () => {
    const { type, values } = await valuesOf("amount::INTEGER * 2");
    expect(type).toBe("INTEGER");
    expect(values).toEqual([
      [14, null],
      [null, "amount = seven"],
    ]);
  });

  it("sees a column of a declared type in that type; a value that does not fit is no empty one", async () => {
    const typed = { ...scan, typed: { amount: "TRY_CAST(amount AS INTEGER)" } };
    expect(await valuesOf("coalesce(amount, 0) + 1", typed)).toEqual({
      type: "INTEGER",
      values: [
        [8, null],
        [null, "amount = seven"],
      ],
    });
  });
});

describe("an expression that cannot stand in a mapping", () => {
  it.each([
    ["upper(", /cannot be read/],
    ["(SELECT 1)", /holds a subquery/],
    ["id IN (SELECT id FROM t)", /holds a subquery/],
    ["sum(amount)", /calls sum\(\)/],
    ["row_number() OVER ()", /a window function/],
    ["COLUMNS(*)", /holds `\*`/],
    ["random()", /calls random\(\)/],
    ["now()", /calls now\(\)/],
    ["getenv('HOME')", /calls getenv\(\)/],
    ["current_setting('threads')", /calls current_setting\(\)/],
    ["read_text('/etc/passwd')", /calls read_text\(\)/],
    ["list_transform([1], lambda x: x)", /a lambda|list_transform/],
    ["first FROM t", /not one expression/],
    ["first, last", /not one expression/],
    ["first AS f", /not one expression/],
    ["first; SELECT 2", /not one expression/],
    ["first WHERE true", /not one expression/],
    ["$1", /a parameter/],
    ["#1", /positional_reference/],
    ["first; DROP TABLE t", /not one expression/],
    ["'soon'::DATE::VARCHAR", /does not run: .*"soon"/],
    ["last.upper()", /calls last\.upper\(\)/],
    ["system.main.getenv('HOME')", /calls system\.getenv\(\)/],
    ["upper(amount, 2)", /does not run: No function matches/],
    ["born + first", /does not run/],
  ])("%s", async (expression, says) => {
    const error = await faultOf(expression);
    expect(error).toMatchObject({
      code: "expression_invalid",
      message: expect.stringMatching(says),
      place: { file: "syncs/s.yaml", path: ["mapping", "x", "expression"] },
    });
    expect(error.remedy).not.toBe("");
  });

  it.each(["frist || last", "current_date", "rowid", "t.first", '"row as read".first'])("%s", async (expression) => {
    expect(await faultOf(expression)).toMatchObject({ code: "unknown_column" });
  });

  it("is told the nearest name", async () => {
    expect((await faultOf("upper(frist)")).remedy).toBe("Did you mean first?");
    expect((await faultOf("uper(first)")).remedy).toContain("upper");
  });
});
