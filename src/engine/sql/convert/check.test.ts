import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import type { SluiceError } from "../../../core/errors.ts";
import { mappingLine } from "../../../core/project.ts";
import type { Column } from "../../../core/schema.ts";
import { constantFault } from "./constant.ts";
import { closeDuck, column, convert } from "./in-duck.ts";
import { convertLine, type LineInput } from "./index.ts";

afterAll(closeDuck);

const fault = (target: Column, line: object, more: Partial<LineInput> = {}): SluiceError => {
  const parsed = mappingLine.parse("value" in line ? line : { from: "src", ...line });
  const source = "value" in line ? null : { name: "src", type: "VARCHAR" };
  try {
    convertLine({ target, line: parsed, source, column: "src", place: { file: "syncs/s.yaml" }, ...more });
  } catch (thrown) {
    return thrown as SluiceError;
  }
  return expect.fail("it was accepted");
};
const colors = column("choice", {
  choices: [
    { value: 1, label: "Red" },
    { value: 2, label: "red" },
    { value: 3, label: "Blue" },
  ],
});

describe("lines that cannot work for any row", () => {
  it.each([
    ["a lookup on text", column("text"), { lookup: { by: "a" } }, {}, "mapping_unfit", /points at no other table/],
    ["no lookup on a lookup", column("lookup"), {}, {}, "mapping_unfit", /another table/],
    ["date formats on text", column("text"), { formats: ["d/M/yyyy"] }, {}, "mapping_unfit", /takes no dates/],
    ["a date format with a wrong letter", column("date"), { formats: ["DD/MM/YYYY"] }, {}, "mapping_unfit", /`DD`/],
    [
      "date formats that contradict",
      column("date"),
      { formats: ["d/M/yyyy", "M/d/yyyy"] },
      {},
      "mapping_unfit",
      /two different days/,
    ],
    ["a decimal comma on a date", column("date"), { decimal: "," }, {}, "mapping_unfit", /takes no numbers/],
    ["truncation of a number", column("integer"), { tooLong: "truncate" }, {}, "mapping_unfit", /nothing to cut/],
    [
      "numbers into a date",
      column("date"),
      {},
      { source: { name: "src", type: "BIGINT" } },
      "mapping_unfit",
      /holds numbers/,
    ],
    ["a list", column("text"), {}, { source: { name: "src", type: "VARCHAR[]" } }, "mapping_unfit", /VARCHAR\[\]/],
    ["a zone on text", column("text"), { zone: "Europe/Berlin" }, {}, "mapping_unfit", /takes no dates/],
    [
      "a zone that is none",
      column("date"),
      { zone: "Europe/Berlni" },
      {},
      "mapping_unfit",
      /no time zone Europe\/Berlni/,
    ],
    ["rounding of text", column("text"), { rounding: "down" }, {}, "mapping_unfit", /no digits to round/],
    ["rounding of any digits", column("double"), { rounding: "down" }, {}, "mapping_unfit", /no digits to round/],
    ["a delimiter of one option", colors, { delimiter: "|" }, {}, "mapping_unfit", /no several values/],
    [
      "a phone number in a number",
      column("integer"),
      { format: "phone" },
      {},
      "mapping_unfit",
      /no texts of that form/,
    ],
    [
      "a phone number that is cut",
      column("text"),
      { format: "phone", tooLong: "truncate" },
      {},
      "mapping_unfit",
      /cut/,
    ],
    [
      "a country of an e-mail",
      column("text"),
      { format: "email", country: "DE" },
      {},
      "mapping_unfit",
      /phone numbers/,
    ],
    [
      "a country that is none",
      column("text"),
      { format: "phone", country: "XX" },
      {},
      "mapping_unfit",
      /No country XX/,
    ],
    ["an e-mail that is none", column("text"), { value: "ana@", format: "email" }, {}, "mapping_unfit", /no e-mail/],
    ["a number of nobody", column("text"), { value: "12", format: "phone" }, {}, "mapping_unfit", /no phone number/],
    [
      "more digits than wanted",
      column("decimal", { precision: 2 }),
      { value: 1.234, rounding: "reject" },
      {},
      "mapping_unfit",
      /more digits/,
    ],
    [
      "more digits than wanted behind a great number",
      column("money", { precision: 2 }),
      { value: -12_345_678.005, rounding: "reject" },
      {},
      "mapping_unfit",
      /more digits/,
    ],
    [
      "more digits than wanted of a double",
      column("double", { precision: 2 }),
      { value: 1.234, rounding: "reject" },
      {},
      "mapping_unfit",
      /more digits.*2 of them/,
    ],
    [
      "an unknown option as constant",
      colors,
      { value: "Green" },
      {},
      "mapping_unfit",
      /none of its options.*3 \(Blue\)/,
    ],
    ["a doubtful option as constant", colors, { value: "Red" }, {}, "mapping_unfit", /several of its options/],
    ["an unknown option among values", colors, { values: { b: "Bleu" } }, {}, "mapping_unfit", /"Bleu"/],
    ["a number too great", column("integer", { max: 5 }), { value: 6 }, {}, "mapping_unfit", /-2147483648 to 5/],
    ["a fraction for a whole number", column("integer"), { value: 1.5 }, {}, "mapping_unfit", /no whole number/],
    ["a constant too long", column("text", { maxLength: 3 }), { value: "abcd" }, {}, "mapping_unfit", /at most 3/],
    ["a date in no plain form", column("date"), { value: "31.12.2020" }, {}, "mapping_unfit", /no date/],
    ["a day that is none", column("date"), { value: "2020-02-30" }, {}, "mapping_unfit", /no date/],
    ["a day before 1753", column("date"), { value: "1700-01-01" }, {}, "mapping_unfit", /1753/],
  ] as [string, Column, object, Partial<LineInput>, string, RegExp][])("%s", (_, target, line, more, code, message) => {
    const error = fault(target, line, more);
    expect(error).toMatchObject({ code, message: expect.stringMatching(message), place: { file: "syncs/s.yaml" } });
    expect(error.remedy).not.toBe("");
  });

  it("dates that can be read in two ways, with the line to add", () => {
    const ambiguous = {
      value: "5/11/1944",
      readings: ["5 November 1944", "11 May 1944"],
      formats: ["d/M/yyyy", "M/d/yyyy"],
    };
    const error = fault(column("date"), {}, { ambiguous });
    expect(error).toMatchObject({ code: "ambiguous_date", message: expect.stringContaining("11 May 1944") });
    expect(error.remedy).toContain("`target: { from: src, formats: [M/d/yyyy] }`");
    expect(() => fault(column("date"), { formats: ["d/M/yyyy"] }, { ambiguous })).toThrow("it was accepted");
    expect(() => fault(column("text"), {}, { ambiguous })).toThrow("it was accepted");
  });

  it("a constant that will be cut is none", () => {
    expect(() => fault(column("text", { maxLength: 3 }), { value: "abcd", tooLong: "truncate" })).toThrow(
      "it was accepted",
    );
  });
});

describe("a constant that passes set-up passes for every row", () => {
  const targets = [
    column("text", { maxLength: 5 }),
    column("integer", { min: -50, max: 50 }),
    column("decimal", { precision: 2, min: -50, max: 50 }),
    column("money", { precision: 2 }),
    column("double"),
    column("double", { precision: 1, min: -50, max: 50 }),
    column("boolean"),
    colors,
    column("choices", {
      choices: [
        { value: 1, label: "a" },
        { value: 2, label: "b" },
      ],
    }),
    column("date"),
    column("datetime"),
    column("guid"),
  ];
  const texts = fc.oneof(
    fc.constantFrom(
      "yes",
      "Blue",
      "3",
      "a;b",
      "1,2",
      "2020-01-31",
      "2020-01-31T10:00:00Z",
      "2020-02-30",
      "1e3",
      "-0.004",
      "6f9619ff-8b86-d011-b42d-00c04fc964ff",
    ),
    fc.double({ min: -100, max: 100, noNaN: true }).map(String),
    fc.integer({ min: -100, max: 100 }).map(String),
    fc.string({ maxLength: 6 }),
  );
  it.each(targets)("$type", async (target) => {
    for (const text of new Set(fc.sample(texts, 60))) {
      if (constantFault(target, mappingLine.parse({ value: text }), text) !== null) continue;
      expect([text, (await convert(target, { value: text }, null)).bad]).toEqual([text, null]);
    }
  });
});
