import { afterAll, describe, expect, it } from "vitest";
import type { Column, ColumnType } from "../../../core/schema.ts";
import { closeDuck, column, convert, convertSql } from "./in-duck.ts";

afterAll(closeDuck);

const colors = {
  choices: [
    { value: 1, label: "Red" },
    { value: 2, label: "Dark blue" },
    { value: -3, label: "Äpfel" },
  ],
};
type Row = [text: string | null, want: string | null, bad: string | null];

/** Many texts through one line. */
const table = (what: string, target: Column, line: object, rows: Row[]) =>
  describe(what, () => {
    it.each(rows)("%j", async (text, want, bad) => {
      const found = await convert(target, line, text);
      expect(found.bad).toBe(bad);
      if (bad === null) expect(found.want).toBe(want);
    });
  });

table("text of 5", column("text", { maxLength: 5 }), {}, [
  ["abc", "abc", null],
  [" a ", " a ", null],
  ["", null, null],
  [null, null, null],
  ["abcde", "abcde", null],
  ["abcdef", null, "too_long"],
  ["äöüßé", "äöüßé", null],
  ["äöüßéx", null, "too_long"],
  ["a😀😀", "a😀😀", null],
  ["😀😀😀", null, "too_long"],
  ["a\nb", "a\nb", null],
]);

table("text of 5, cut", column("text", { maxLength: 5 }), { tooLong: "truncate" }, [
  ["abcdef", "abcde", null],
  ["abcde", "abcde", null],
  ["😀😀😀", "😀😀", null],
  ["😀😀😀😀😀😀", "😀😀", null],
  ["abcd😀", "abcd", null],
  ["a😀😀x😀", "a😀😀", null],
  ["äöüßéx", "äöüßé", null],
]);

table("whole numbers", column("integer", { min: -10, max: 2000 }), {}, [
  ["5", "5", null],
  [" +5 ", "5", null],
  ["-10", "-10", null],
  ["-11", null, "out_of_range"],
  ["2000", "2000", null],
  ["2001", null, "out_of_range"],
  ["1,500", "1500", null],
  ["5.0", "5", null],
  ["5.5", null, "not_whole"],
  ["-0", "0", null],
  ["007", "7", null],
  ["1e3", "1000", null],
  ["", null, null],
  ["  ", null, null],
  ["abc", null, "bad_number"],
  ["5 kg", null, "bad_number"],
  ["1_000", null, "bad_number"],
  ["0x10", null, "bad_number"],
  ["$5", null, "bad_number"],
  ["5-", null, "bad_number"],
  ["NaN", null, "bad_number"],
  ["99999999999999999999999999999999999999999", null, "out_of_range"],
]);

table("whole numbers without limits are 32 bits", column("integer"), {}, [
  ["2147483647", "2147483647", null],
  ["2147483648", null, "out_of_range"],
  ["-2147483648", "-2147483648", null],
]);

table("decimals of 2", column("decimal", { precision: 2, min: -1000, max: 1000.5 }), {}, [
  ["1.5", "1.50", null],
  ["1.005", "1.01", null],
  ["1000.5", "1000.50", null],
  ["1000.504", "1000.50", null],
  ["1000.51", null, "out_of_range"],
  [".5", "0.50", null],
  ["-.5", "-0.50", null],
  ["5.", "5.00", null],
  ["-0.001", "0.00", null],
  ["5e-8", "0.00", null],
  ["1,5", null, "bad_number"],
  ["0,500", null, "bad_number"],
  ["1.000.000", null, "bad_number"],
  ["(5)", null, "bad_number"],
]);

table("decimal comma", column("decimal", { precision: 2, min: -1e9, max: 1e9 }), { decimal: "," }, [
  ["1,5", "1.50", null],
  ["1.234,5", "1234.50", null],
  ["1 234 567,89", "1234567.89", null],
  ["1'234,5", "1234.50", null],
  ["1.234.567", "1234567.00", null],
  ["1.5", null, "bad_number"],
  ["1,234.5", null, "bad_number"],
  ["1.234 567,5", null, "bad_number"],
  ["1e3", null, "bad_number"],
]);

table("money of 2", column("money", { precision: 2, min: -1e14, max: 1e14 }), {}, [
  ["$90,000 ", "90000.00", null],
  ["90000", "90000.00", null],
  ["-$5", "-5.00", null],
  ["$-5", "-5.00", null],
  ["€ 1,234.56", "1234.56", null],
  ["1234.56 €", "1234.56", null],
  ["£1\u00a0234.50", "1234.50", null],
  ["100000000000000", "100000000000000.00", null],
  ["100000000000000.01", null, "out_of_range"],
  ["90,00", null, "bad_number"],
  ["9,0000", null, "bad_number"],
  ["1,00,000", null, "bad_number"],
  ["$5€", null, "bad_number"],
  ["EUR 5", null, "bad_number"],
  ["$", null, "bad_number"],
  ["", null, null],
]);

table("doubles", column("double", { min: -1e11, max: 1e11 }), {}, [
  ["1.50", "1.5", null],
  ["1e5", "100000", null],
  ["0.00001", "1e-05", null],
  ["1.123456789012", "1.123456789012", null],
  ["100000000001", null, "out_of_range"],
  ["x", null, "bad_number"],
]);

// Sent 47.639583, Dataverse holds 47.63958: https://learn.microsoft.com/power-apps/developer/data-platform/webapi/create-entity-web-api
const place = column("double", { precision: 5, min: -1e11, max: 1e11 });
table("doubles of 5 digits", place, {}, [
  ["47.639583", "47.63958", null],
  ["1.123455", "1.12346", null],
  ["-1.123455", "-1.12346", null],
  ["1.50", "1.5", null],
  ["2.999999", "3", null],
  ["-0.000001", "0", null],
  ["0.00001", "1e-05", null],
  ["0.30000000000000004", "0.3", null],
  ["1.123456789e2", "112.34568", null],
  ["5e-300", "0", null],
  ["9999999999.999989", "9999999999.99999", null],
  ["1e11", "100000000000", null],
  ["100000000000.000001", "100000000000", null],
  ["100000000000.01", null, "out_of_range"],
  ["x", null, "bad_number"],
]);
table("doubles without digits", column("double", { precision: 0 }), {}, [
  ["2.5", "3", null],
  ["-0.4", "0", null],
]);

table("yes and no", column("boolean"), {}, [
  ...["true", "TRUE", " yes ", "Y", "t", "1", "on"].map((t): Row => [t, "true", null]),
  ...["false", "No", "n", "F", "0", "off"].map((t): Row => [t, "false", null]),
  ["", null, null],
  ["maybe", null, "bad_boolean"],
  ["2", null, "bad_boolean"],
]);

const allow = {
  choices: [
    { value: 0, label: "Allow" },
    { value: 1, label: "Do Not Allow" },
  ],
};
table("yes and no by the column's own labels", column("boolean", allow), {}, [
  ["do not allow", "true", null],
  ["Allow", "false", null],
  ["yes", "true", null],
]);
const reversed = {
  choices: [
    { value: 0, label: "Yes" },
    { value: 1, label: "No" },
  ],
};
table("labels that contradict the words mean nothing", column("boolean", reversed), {}, [
  ["yes", null, "bad_boolean"],
  ["true", "true", null],
]);

table("days", column("date"), {}, [
  ["1980-05-31", "1980-05-31", null],
  [" 1980-05-31 ", "1980-05-31", null],
  ["1980-05-31T23:59:59Z", "1980-05-31", null],
  ["1980-05-31T00:30:00+05:00", "1980-05-31", null],
  ["1753-01-01", "1753-01-01", null],
  ["1752-12-31", null, "date_out_of_range"],
  ["9999-12-31", "9999-12-31", null],
  ["1980-02-30", null, "bad_date"],
  ["31.05.1980", null, "bad_date"],
  ["80-05-31", null, "bad_date"],
  ["10000-01-01", null, "bad_date"],
  ["", null, null],
]);

table("days in declared formats", column("date"), { formats: ["M/d/yyyy", "MM-dd-yyyy"] }, [
  ["1/25/1976", "1976-01-25", null],
  ["04-08-1966", "1966-04-08", null],
  ["25/1/1976", null, "bad_date"],
  ["1976-01-25", null, "bad_date"],
  ["1/25/76", null, "bad_date"],
]);

table("instants", column("datetime"), {}, [
  ["2023-04-07T21:59:01Z", "2023-04-07T21:59:01Z", null],
  ["2023-04-07 21:59:01.9", "2023-04-07T21:59:01Z", null],
  ["2023-04-07T23:59+02:00", "2023-04-07T21:59:00Z", null],
  ["2023-04-07", "2023-04-07T00:00:00Z", null],
  ["1752-12-31T23:59:59Z", null, "date_out_of_range"],
  ["1753-01-01T00:00:00Z", "1753-01-01T00:00:00Z", null],
  ["now", null, "bad_date"],
]);

for (const type of ["choice", "state", "status"] as ColumnType[]) {
  table(`options (${type})`, column(type, colors), {}, [
    ["1", "1", null],
    ["red", "1", null],
    [" DARK BLUE ", "2", null],
    ["-3", "-3", null],
    ["äPFEL", "-3", null],
    ["3", null, "not_an_option"],
    ["01", null, "not_an_option"],
    ["", null, null],
  ]);
}

const twins = {
  choices: [
    { value: 1, label: "Open" },
    { value: 2, label: "open" },
    { value: 3, label: "2" },
    { value: 4, label: "4" },
  ],
};
table("names that several options have", column("choice", twins), {}, [
  ["open", null, "ambiguous_option"],
  ["1", "1", null],
  ["2", null, "ambiguous_option"],
  ["4", "4", null],
]);

table("several options", column("choices", colors), {}, [
  ["2,1", "1,2", null],
  ["Red; dark blue", "1,2", null],
  ["1,1, 1", "1", null],
  ["red,", "1", null],
  ["1,9", null, "not_an_option"],
  [",", null, "not_an_option"],
  ["", null, null],
]);
table("several options, of which one is doubtful", column("choices", twins), {}, [
  ["1,4", "1,4", null],
  ["1,open", null, "ambiguous_option"],
]);
const hundreds = { choices: Array.from({ length: 200 }, (_, i) => ({ value: i, label: `L${i}` })) };
const first = (n: number) => Array.from({ length: n }, (_, i) => i).join(",");
table("150 options at most", column("choices", hundreds), {}, [
  [first(150), first(150), null],
  [first(151), null, "too_many_options"],
]);

const id = "6f9619ff-8b86-d011-b42d-00c04fc964ff";
table("GUIDs", column("guid"), {}, [
  [id, id, null],
  [`{${id.toUpperCase()}}`, id, null],
  [` ${id} `, id, null],
  [`{${id}`, null, "bad_guid"],
  [id.replaceAll("-", ""), null, "bad_guid"],
  ["", null, null],
]);

table("lookups", column("lookup", { targets: [] }), { lookup: { by: "accountnumber" } }, [
  [" A1 ", "A1", null],
  ["", null, null],
]);

table("a required column", column("text", { required: true, maxLength: 5 }), {}, [
  ["", null, "required_empty"],
  [null, null, "required_empty"],
  ["a", "a", null],
]);
table("a required lookup", column("lookup", { required: true }), { lookup: { by: "a" } }, [
  [" ", null, "required_empty"],
]);

describe("values", () => {
  const line = { values: { M: "Red", F: 2, NA: null, "": "Äpfel" } };
  it.each([
    ["M", "1", null],
    [" M ", "1", null],
    ["F", "2", null],
    ["NA", null, null],
    ["", "-3", null],
    [null, "-3", null],
    ["red", "1", null],
    ["m", null, "not_an_option"],
  ] as Row[])("%j", async (text, want, bad) => {
    expect(await convert(column("choice", colors), line, text)).toMatchObject(bad ? { bad } : { want, bad });
  });

  it("stand in ISO form beside declared formats", async () => {
    const dates = { formats: ["dd.MM.yyyy"], values: { never: "1900-01-01" } };
    expect(await convert(column("date"), dates, "never")).toMatchObject({ want: "1900-01-01", bad: null });
    expect(await convert(column("date"), dates, "31.12.2020")).toMatchObject({ want: "2020-12-31", bad: null });
  });
});

describe("empty: skip", () => {
  const line = { empty: "skip", values: { NA: null } };
  it.each([
    ["", true, null],
    ["  ", true, null],
    [null, true, null],
    ["NA", false, null],
    ["5", false, "5"],
  ])("%j", async (text, skip, want) => {
    expect(await convert(column("integer", { required: true, max: 9 }), line, text)).toEqual({ want, bad: null, skip });
  });

  it("skips a text of nothing but blanks where it must have a form", async () => {
    const line = { format: "email", empty: "skip" };
    expect(await convert(column("text"), line, " ")).toEqual({ want: null, bad: null, skip: true });
  });

  it("is no business of other lines", async () => {
    expect((await convert(column("text"), {}, "")).skip).toBe(false);
  });
});

describe("typed sources", () => {
  it.each([
    ["BIGINT", "5", column("text"), "5"],
    ["BIGINT", "5", column("integer"), "5"],
    ["BIGINT", "1", column("choice", colors), "1"],
    ["BIGINT", "1", column("boolean"), "true"],
    ["DOUBLE", "5", column("integer"), "5"],
    ["DOUBLE", "5.5", column("text"), "5.5"],
    ["DOUBLE", "2", column("choice", colors), "2"],
    ["DOUBLE", "1e10", column("money", { precision: 2 }), "10000000000.00"],
    ["DECIMAL(9,2)", "5.5", column("text"), "5.50"],
    ["BOOLEAN", "true", column("boolean"), "true"],
    ["BOOLEAN", "true", column("text"), "true"],
    ["DATE", "'2020-02-29'", column("date"), "2020-02-29"],
    ["DATE", "'2020-02-29'", column("datetime"), "2020-02-29T00:00:00Z"],
    ["DATE", "'2020-02-29'", column("text"), "2020-02-29"],
    ["TIMESTAMP", "'2020-02-29 10:00:00.5'", column("datetime"), "2020-02-29T10:00:00Z"],
    ["TIMESTAMP", "'2020-02-29 10:00:00'", column("date"), "2020-02-29"],
    ["TIMESTAMP WITH TIME ZONE", "'2020-02-29 10:00:00+00'", column("datetime"), "2020-02-29T10:00:00Z"],
    ["TIMESTAMP WITH TIME ZONE", "'2020-02-29 10:00:00+00'", column("text"), "2020-02-29T10:00:00Z"],
    ["UUID", `'${id}'`, column("guid"), id],
  ])("%s %s", async (type, value, target, want) => {
    expect(await convertSql(target, {}, value, type)).toEqual({ want, bad: null, skip: false });
  });

  it.each(["NULL::DOUBLE", "NULL::DATE", "NULL::BIGINT"])("%s is empty", async (value) => {
    const type = value.split("::")[1] as string;
    const target = column(type === "DATE" ? "date" : "integer");
    expect(await convertSql(target, {}, value, type)).toEqual({ want: null, bad: null, skip: false });
  });

  it("of double that are no numbers are refused", async () => {
    expect((await convertSql(column("double"), {}, "'nan'", "DOUBLE")).bad).toBe("bad_number");
  });

  it("keep their point where the line declares a comma for texts", async () => {
    expect((await convertSql(column("decimal", { precision: 1 }), { decimal: "," }, "1.5", "DOUBLE")).want).toBe("1.5");
  });
});

describe("constants", () => {
  it.each([
    [column("choice", colors), "Red", "1"],
    [column("boolean"), true, "true"],
    [column("integer"), 7, "7"],
    [column("money", { precision: 2 }), 7.5, "7.50"],
    [column("date"), "2020-01-31", "2020-01-31"],
    [column("text", { maxLength: 3 }), "abc", "abc"],
  ])("%o", async (target, value, want) => {
    expect(await convert(target, { value }, null)).toEqual({ want, bad: null, skip: false });
  });
});
