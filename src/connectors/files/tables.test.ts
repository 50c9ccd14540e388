import { DuckDBInstance } from "@duckdb/node-api";
import { afterEach, describe, expect, it } from "vitest";
import { filesConfig } from "./config.ts";
import { type TestFolder, testFolder } from "./folder-for-tests.ts";

let folder: TestFolder | undefined;
afterEach(async () => {
  await folder?.close();
  folder = undefined;
});

describe("which file a table is", () => {
  it("goes by name, exact first, then without regard to case", async () => {
    folder = testFolder({ "Orders.csv": "a\nx\n", "b.tsv": "a\tb\nx\ty\n", "c.ndjson": '{"a":"x"}\n' });
    expect(await folder.session.objects()).toEqual(["Orders", "b", "c"].map((name) => ({ name, title: name })));
    expect(await folder.rows({ table: "orders" })).toEqual([["x"]]);
    expect(await folder.rows({ table: "b" })).toEqual([["x", "y"]]);
  });

  it.each([
    ["a missing table", {}, "order", "file_missing", /data\/order\.csv.*did you mean `orders`/],
    ["a missing table unlike any", {}, "zzz", "file_missing", /Tables there: bare, none, orders, twin\./],
    ["two files of one name", {}, "twin", "file_unreadable", /twin\.csv, twin\.json/],
    ["a missing path", { t: { path: "sub/ordrs.csv" } }, "t", "file_missing", /data\/sub\/ordrs\.csv/],
    ["a pattern without files", { t: { path: "2020_*.csv" } }, "t", "file_missing", /No file fits .*2020_\*\.csv/],
    ["a folder as path", { t: { path: "sub" } }, "t", "file_unreadable", /is a folder/],
    ["an ending that tells nothing", { t: { path: "x.dat" } }, "t", "file_unreadable", /does not tell/],
    ["a Parquet file that is none", { t: { path: "x.dat", format: "parquet" } }, "t", "file_unreadable", /Parquet/],
    ["JSON that is none", { t: { path: "x.dat", format: "json" } }, "t", "file_unreadable", /JSON/],
    ["JSON of bare values", { t: { path: "bare.json" } }, "t", "file_unreadable", /not objects/],
    ["JSON without rows", { t: { path: "none.json" } }, "t", "file_unreadable", /no rows/],
  ])("%s", async (_, tables, table, code, message) => {
    folder = testFolder(
      {
        "orders.csv": "a\n1\n",
        "twin.csv": "a\n",
        "twin.json": "[]",
        "sub/orders.csv": "a\n",
        "x.dat": "garbage",
        "bare.json": "[1,2]",
        "none.json": "[]",
      },
      tables,
    );
    await expect(folder.scan({ table })).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
  });

  it("says when the folder is missing", async () => {
    folder = testFolder({});
    const { rmSync } = await import("node:fs");
    rmSync(folder.path, { recursive: true });
    await expect(folder.scan({ table: "t" })).rejects.toMatchObject({
      code: "file_missing",
      message: `There is no folder ${folder.path}.`,
    });
    expect(await folder.session.objects()).toEqual([]);
  });
});

describe("JSON and Parquet", () => {
  it("keeps what JSON text says, offers nested values as JSON text", async () => {
    const rows = [
      {
        id: 1,
        u: "6F9619FF-8B86-D011-B42D-00C04FC964FF",
        day: "2020-01-01",
        zip: "007",
        n: { x: [1, 2] },
        m: 1,
        ok: true,
      },
      { id: 2, u: null, day: "2020-02-01", zip: "1", n: null, m: "text", ok: null },
    ];
    folder = testFolder({ "t.json": JSON.stringify(rows), "l.ndjson": rows.map((r) => JSON.stringify(r)).join("\n") });
    const scan = await folder.scan({ table: "t" });
    expect((await folder.session.describe("t")).columns[2]?.type).toBe("date");
    expect(scan.columns.map((c) => c.type)).toEqual([
      "BIGINT",
      "VARCHAR",
      "VARCHAR",
      "VARCHAR",
      "VARCHAR",
      "VARCHAR",
      "BOOLEAN",
    ]);
    const expected = [
      ["1", rows[0]?.u, "2020-01-01", "007", '{"x":[1,2]}', "1", true],
      ["2", null, "2020-02-01", "1", null, "text", null],
    ];
    expect(await folder.rows({ table: "t" })).toEqual(expected);
    expect(await folder.rows({ table: "l" })).toEqual(expected);
  });

  it("says which line of a JSON file is broken", async () => {
    folder = testFolder({ "t.ndjson": '{"a":1}\n{"a":2}\n{bad\n' });
    await expect(folder.scan({ table: "t" })).rejects.toMatchObject({
      code: "file_unreadable",
      message: expect.stringMatching(/t\.ndjson.*line/),
    });
  });

  it("reads Parquet with its own types", async () => {
    folder = testFolder({});
    const instance = await DuckDBInstance.create();
    const connection = await instance.connect();
    await connection.run(
      `COPY (SELECT 1::INT AS id, 1.50::DECIMAL(9,2) AS amount, DATE '2020-01-01' AS day, {'a': 1} AS n) TO '${folder.path}/p.parquet'`,
    );
    connection.closeSync();
    instance.closeSync();
    const scan = await folder.scan({ table: "p" });
    expect(scan.columns.map((c) => c.type)).toEqual(["INTEGER", "DECIMAL(9,2)", "DATE", "VARCHAR"]);
    expect(await folder.rows({ table: "p" })).toEqual([[1, "1.50", "2020-01-01", '{"a":1}']]);
    const object = await folder.session.describe("p");
    expect(object.columns.map((c) => c.type)).toEqual(["integer", "decimal", "date", "text"]);
    expect(object.columns.some((c) => c.create || c.update)).toBe(false);
  });
});

describe("the configuration", () => {
  it.each([
    ["an unknown key", { folder: "d", tabels: {} }],
    ["an unknown encoding", { folder: "d", tables: { t: { encoding: "klingon" } } }],
    [
      "a format with an unknown letter",
      { folder: "d", tables: { t: { columns: { a: { type: "date", formats: ["QQ/yyyy"] } } } } },
    ],
    [
      "formats that contradict",
      { folder: "d", tables: { t: { columns: { a: { type: "date", formats: ["d/M/yyyy", "M/d/yyyy"] } } } } },
    ],
    [
      "formats of a number",
      { folder: "d", tables: { t: { columns: { a: { type: "integer", formats: ["d/M/yyyy"] } } } } },
    ],
  ])("%s is refused", (_, config) => {
    expect(filesConfig.safeParse(config).success).toBe(false);
  });
});
