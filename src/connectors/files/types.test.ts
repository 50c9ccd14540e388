import { afterEach, describe, expect, it } from "vitest";
import { readLocked, type TestFolder, testFolder } from "./folder-for-tests.ts";

let folder: TestFolder | undefined;
afterEach(async () => {
  await folder?.close();
  folder = undefined;
});

const column = async (values: string[], declared?: object | string) => {
  const content = `id,v\n${values.map((v, i) => `r${i},${v}`).join("\n")}\n`;
  folder = testFolder({ "t.csv": content }, declared ? { t: { columns: { v: declared } } } : {});
  const scan = await folder.scan({ table: "t" });
  const rows = await readLocked(scan);
  return { scan, type: scan.columns[1]?.type, values: rows.map((r) => r[1]) };
};

/** The type that SQL sees, and the values in it. */
const typed = async (values: string[]) => {
  const { scan } = await column(values);
  const inType = (s: string) => `SELECT * REPLACE (${scan.typed?.v ?? "v"} AS v) FROM (${s})`;
  const rows = await readLocked(scan, inType);
  const statement = await folder?.scan({ sql: "SELECT v FROM t" });
  return { type: statement?.columns[0]?.type, values: rows.map((r) => r[1]) };
};

describe("detected types", () => {
  it.each([
    ["whole numbers", ["1", "-20", "0", ""], "BIGINT", ["1", "-20", "0", null]],
    ["whole numbers with blanks around", [" 1", "2 ", "  "], "BIGINT", ["1", "2", null]],
    ["leading zeros stay text", ["01", "2"], "VARCHAR", ["01", "2"]],
    ["a plus stays text", ["+1", "2"], "VARCHAR", ["+1", "2"]],
    ["19 digits stay text", ["1234567890123456789", "1"], "VARCHAR", ["1234567890123456789", "1"]],
    ["18 digits are a number", ["123456789012345678"], "BIGINT", ["123456789012345678"]],
    ["decimals", ["1.50", "-2.25", "3.00"], "DECIMAL(18,2)", ["1.50", "-2.25", "3.00"]],
    ["decimals and whole numbers", ["1.5", "2"], "DECIMAL(18,1)", ["1.5", "2.0"]],
    ["thousands groups stay text", ['"1,000"', "2"], "VARCHAR", ["1,000", "2"]],
    ["exponents stay text", ["1e5", "2"], "VARCHAR", ["1e5", "2"]],
    ["true and false", ["true", "False", ""], "BOOLEAN", [true, false, null]],
    ["yes and no stay text", ["yes", "no"], "VARCHAR", ["yes", "no"]],
    ["1 and 0 are numbers", ["1", "0"], "BIGINT", ["1", "0"]],
    ["ISO dates", ["2020-02-29", ""], "DATE", ["2020-02-29", null]],
    ["a day that is none stays text", ["2020-02-30", "2020-01-01"], "VARCHAR", ["2020-02-30", "2020-01-01"]],
    [
      "ISO timestamps",
      ["2020-02-29T10:00:00Z", "2020-02-29 12:00:00+02:00"],
      "TIMESTAMP",
      ["2020-02-29 10:00:00", "2020-02-29 10:00:00"],
    ],
    ["hour 24 stays text", ["2020-02-29T24:00:00Z"], "VARCHAR", ["2020-02-29T24:00:00Z"]],
    ["nothing at all is text", ["", ""], "VARCHAR", [null, null]],
    ["blanks in text stay", [" a ", "b"], "VARCHAR", [" a ", "b"]],
  ])("%s", async (_, given, type, values) => {
    const found = await typed(given);
    expect(found.type).toBe(type);
    expect(found.values).toEqual(values);
  });

  it.each([
    ["numbers", ["1", "1.50", "-0", " 2"]],
    ["truths", ["True", "FALSE"]],
    ["days", ["2020-02-29", "2020-01-01"]],
    ["instants", ["2020-02-29T10:00:00Z", "2020-02-29 12:00:00+02:00"]],
  ])("leave the rows of a table the text that they are: %s", async (_, given) => {
    const found = await column(given);
    expect(found.type).toBe("VARCHAR");
    expect(found.values).toEqual(given);
  });

  it("looks at every row, not at the first ones", async () => {
    const found = await typed([...Array.from({ length: 30_000 }, (_, i) => String(i)), "n/a"]);
    expect(found.type).toBe("VARCHAR");
  });
});

describe("detected dates", () => {
  it("takes the order that one value proves", async () => {
    expect((await column(["1/25/1976", "3/4/1966"])).scan.dates).toEqual({ v: ["%-m/%-d/%Y"] });
    await folder?.close();
    expect((await column(["25.01.1976", "03.04.1966"])).scan.dates).toEqual({ v: ["%d.%m.%Y"] });
  });

  it("reports what can be read two ways, and mixed ways of writing", async () => {
    const two = await column(["05-11-1944", "01-01-1950"]);
    expect(two.scan.dates).toEqual({});
    expect(two.scan.ambiguous?.v).toEqual({
      value: "05-11-1944",
      readings: ["5 November 1944", "11 May 1944"],
      formats: ["dd-MM-yyyy", "MM-dd-yyyy"],
    });
    await folder?.close();
    expect((await column(["1/25/1976", "04-08-1966"])).scan.ambiguous?.v?.readings).toEqual([]);
  });

  it("keeps such columns as text", async () => {
    expect((await column(["1/25/1976"])).values).toEqual(["1/25/1976"]);
  });
});

describe("declared types", () => {
  it("keep a misfit in the row, and offer the typed value for conditions", async () => {
    const found = await column(["5", "abc", "007", ""], "integer");
    expect(found.values).toEqual(["5", "abc", "007", null]);
    const typed = found.scan.typed?.v;
    const rows = await readLocked(
      found.scan,
      (s) => `SELECT id FROM (SELECT * REPLACE (${typed} AS v) FROM (${s})) WHERE v >= 7`,
    );
    expect(rows).toEqual([["r2"]]);
  });

  it("carry declared date formats to the mapping", async () => {
    const found = await column(["1/25/1976", "04-08-1966"], { type: "date", formats: ["M/d/yyyy", "MM-dd-yyyy"] });
    expect(found.scan.dates).toEqual({ v: ["%-m/%-d/%Y", "%m-%d-%Y"] });
    const typed = found.scan.typed?.v;
    const rows = await readLocked(found.scan, (s) => `SELECT (${typed})::VARCHAR FROM (${s})`);
    expect(rows).toEqual([["1976-01-25"], ["1966-04-08"]]);
  });

  it("detect the format of a declared date, or ask", async () => {
    expect((await column(["13/1/1990", "2/1/1990"], "date")).scan.dates).toEqual({ v: ["%-d/%-m/%Y"] });
    await folder?.close();
    await expect(column(["3/1/1990"], "date")).rejects.toMatchObject({
      code: "ambiguous_date",
      message: expect.stringContaining("3 January 1990 or 1 March 1990"),
      remedy: expect.stringContaining("tables: { t: { columns: { v: { type: date, formats: [d/M/yyyy] } } } }"),
    });
  });

  it("as text switch detection off", async () => {
    expect((await column(["1", "2"], "text")).type).toBe("VARCHAR");
  });

  it("of a column that is not there are an error", async () => {
    folder = testFolder({ "t.csv": "id,total\n1,2\n" }, { t: { columns: { totl: "decimal" } } });
    await expect(folder.scan({ table: "t" })).rejects.toMatchObject({
      code: "unknown_column",
      message: expect.stringContaining("did you mean `total`?"),
    });
  });
});
