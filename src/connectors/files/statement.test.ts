import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type TestFolder, testFolder } from "./folder-for-tests.ts";

let folder: TestFolder;
beforeAll(() => {
  folder = testFolder(
    {
      "customers.csv": "id,name,born\n1,Ann,1/25/1976\n2,Bob,x\n",
      "orders.csv": "id,amount,on\n1,10.50,2020-01-02\n1,5.25,2020-01-03\n",
      "big table.csv": "id\n7\n",
    },
    { customers: { columns: { born: { type: "date", formats: ["M/d/yyyy"] } } } },
  );
});
afterAll(() => folder.close());

describe("one SELECT over the tables", () => {
  it.each([
    [
      "a join",
      "SELECT name, sum(amount) AS total FROM customers JOIN orders USING (id) GROUP BY name",
      [["Ann", "15.75"]],
    ],
    ["a semicolon at the end", "SELECT name FROM customers WHERE id = 1;\n", [["Ann"]]],
    ["a comment at the end", "SELECT name FROM customers WHERE id = 1 -- the first", [["Ann"]]],
    ["a semicolon and a comment", "SELECT name FROM customers WHERE name <> ';--' AND id = 1; -- end", [["Ann"]]],
    [
      "a CTE with a table's name",
      "WITH orders AS (SELECT * FROM orders WHERE amount > 6) SELECT count(*) FROM orders",
      [["1"]],
    ],
    [
      "a recursive CTE",
      "WITH RECURSIVE r AS (SELECT 1 AS a UNION ALL SELECT a + 1 FROM r WHERE a < 3) SELECT max(a) AS a FROM r",
      [[3]],
    ],
    [
      "a CTE inside a subquery, and one in the next",
      "WITH a AS (SELECT 1 AS id), b AS (FROM a) SELECT name FROM customers WHERE id IN (SELECT id FROM b) AND id IN (FROM a)",
      [["Ann"]],
    ],
    [
      "a CTE in both parts of a union",
      "WITH a AS (SELECT 1 AS n) SELECT sum(n) AS n FROM (FROM A UNION ALL (WITH c AS (FROM a) FROM c))",
      [["2"]],
    ],
    ["a subquery", "SELECT name FROM customers c WHERE EXISTS (SELECT 1 FROM Orders o WHERE o.id = c.id)", [["Ann"]]],
    ["a name with a blank", 'SELECT id FROM "big table"', [["7"]]],
    ["a list", "SELECT sum(x) AS s FROM unnest([1, 2]) AS u(x)", [["3"]]],
    ["dates compared", "SELECT amount FROM orders WHERE \"on\" > DATE '2020-01-02'", [["5.25"]]],
    ["a column without the misfit", "SELECT count(*) AS n FROM customers", [["2"]]],
    ["a declared date where it fits", "SELECT born FROM customers WHERE id = 1", [["1976-01-25"]]],
  ])("%s", async (_, sql, rows) => {
    expect(await folder.rows({ sql })).toEqual(rows);
  });

  it("names only the files that are read, and the types of the result", async () => {
    const scan = await folder.scan({ sql: "SELECT id, amount * 2 AS twice FROM orders" });
    expect(scan.paths).toEqual([`${folder.path}/orders.csv`]);
    expect(scan.columns).toEqual([
      { name: "id", type: "BIGINT" },
      { name: "twice", type: "DECIMAL(18,2)" },
    ]);
  });

  it("finds dates in the result", async () => {
    const scan = await folder.scan({
      sql: "SELECT strftime(\"on\", '%d.%m.%Y') AS day, '31.12.2020' AS eve FROM orders",
    });
    expect(scan.dates).toEqual({ eve: ["%d.%m.%Y"] });
    expect(scan.ambiguous?.day?.formats).toEqual(["dd.MM.yyyy", "MM.dd.yyyy"]);
  });
});

const file = '"/etc/passwd.csv"';

describe("everything else is refused", () => {
  it.each([
    ["nothing", "  ", "sql_invalid", /empty/],
    ["two statements", "SELECT 1; SELECT 2", "sql_invalid", /2 statements/],
    ["a change", "DROP TABLE customers", "sql_invalid", /not one SELECT/],
    ["a copy", "COPY (SELECT 1) TO 'x.csv'", "sql_invalid", /not one SELECT/],
    ["a setting", "SET memory_limit='1GB'", "sql_invalid", /not one SELECT/],
    ["a file by function", "SELECT * FROM read_csv('/etc/passwd')", "sql_invalid", /read_csv\(\)/],
    [
      "a file in a subquery",
      "SELECT (SELECT max(content) FROM read_text('/etc/passwd')) AS x",
      "sql_invalid",
      /read_text\(\)/,
    ],
    ["a file as table", "SELECT * FROM '/etc/passwd'", "unknown_name", /\/etc\/passwd/],
    [
      "a file as table behind a CTE of its name",
      'WITH "/etc/passwd" AS (SELECT 1 AS a) SELECT * FROM main."/etc/passwd"',
      "sql_invalid",
      /main\./,
    ],
    [
      "a file behind a WITH of its name that reads it",
      `WITH ${file} AS (FROM ${file}) FROM ${file}`,
      "unknown_name",
      /passwd/,
    ],
    [
      "one in the first part of a recursion",
      `WITH RECURSIVE ${file} AS (FROM ${file} UNION FROM ${file}) FROM ${file}`,
      "unknown_name",
      /passwd/,
    ],
    [
      "a file before a WITH of its name",
      `WITH b AS (FROM ${file}), ${file} AS (SELECT 1) FROM b`,
      "unknown_name",
      /passwd/,
    ],
    [
      "a file beside a WITH of its name",
      `SELECT * FROM (WITH ${file} AS (SELECT 1) FROM ${file}) a, ${file} b`,
      "unknown_name",
      /passwd/,
    ],
    [
      "a file after a WITH of its name",
      `(WITH ${file} AS (SELECT 1) FROM ${file}) UNION FROM ${file}`,
      "unknown_name",
      /passwd/,
    ],
    [
      "a file whose name a WITH has with another letter",
      'WITH "/etc/\u212Aeys.csv" AS (SELECT 1) FROM "/etc/keys.csv"',
      "unknown_name",
      /keys\.csv/,
    ],
    ["a view's text", "SELECT pg_get_viewdef(1) AS x", "sql_invalid", /pg_get_viewdef\(\)/],
    ["its own text", "SELECT current_query() AS x", "sql_invalid", /current_query\(\)/],
    [
      "what SQL in a text would do",
      "SELECT json_serialize_plan('FROM st.link') AS x",
      "sql_invalid",
      /json_serialize_plan\(\)/,
    ],
    [
      "a setting's value",
      "SELECT system.main.Current_Setting('allowed_paths') AS x",
      "sql_invalid",
      /current_setting\(\)/,
    ],
    ["a table by a query text", "SELECT * FROM query('SELECT 1')", "sql_invalid", /query\(\)/],
    ["the catalogue", "SELECT * FROM information_schema.tables", "sql_invalid", /information_schema/],
    ["DuckDB's own tables", "SELECT * FROM duckdb_settings()", "sql_invalid", /duckdb_settings/],
    ["a description", "SUMMARIZE customers", "sql_invalid", /SUMMARIZE/],
    ["a parameter", "SELECT $1", "sql_invalid", /parameter/],
    ["an unknown table", "SELECT * FROM custmers", "unknown_name", /did you mean `customers`/],
    ["an unknown column", "SELECT nam FROM customers", "sql_invalid", /"nam" not found/],
    ["a mistake", "SELECT *\nFORM customers", "sql_invalid", /line 2/],
    [
      "a declared column that does not fit",
      "SELECT born FROM customers",
      "file_unreadable",
      /column born: not a DATE: x/,
    ],
    ["a condition on it", "SELECT id FROM customers WHERE born > DATE '1970-01-01'", "file_unreadable", /column born/],
  ])("%s", async (_, sql, code, message) => {
    await expect(folder.scan({ sql })).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
  });
});
