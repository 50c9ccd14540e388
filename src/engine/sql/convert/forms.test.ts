import { afterAll, describe, expect, it } from "vitest";
import type { Column } from "../../../core/schema.ts";
import { closeDuck, column, convert, convertSql } from "./in-duck.ts";

afterAll(closeDuck);

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

table("e-mail addresses", column("text", { maxLength: 100 }), { format: "email" }, [
  ["ana@example.com", "ana@example.com", null],
  [" Ana.B+c@Mail.Example.com ", "Ana.B+c@Mail.Example.com", null],
  ["jürgen@müller.de", "jürgen@müller.de", null],
  ["o'neil@example.com", "o'neil@example.com", null],
  ["", null, null],
  [" \u00a0 ", null, null],
  ["ana", null, "bad_email"],
  ["ana@example", null, "bad_email"],
  ["ana@@example.com", null, "bad_email"],
  ["ana b@example.com", null, "bad_email"],
  ["ana.@example.com", null, "bad_email"],
  ["ana@.com", null, "bad_email"],
  ["Ana <ana@example.com>", null, "bad_email"],
  ["a@example.com;b@example.com", null, "bad_email"],
  [`${"a".repeat(64)}@b.ch`, `${"a".repeat(64)}@b.ch`, null],
  [`${"a".repeat(65)}@b.ch`, null, "bad_email"],
  [`a@${"b".repeat(98)}.ch`, null, "too_long"],
]);

table("addresses of the web", column("text", { maxLength: 40 }), { format: "url" }, [
  ["https://example.com", "https://example.com", null],
  [" HTTP://Example.com:8080/a?b#c ", "HTTP://Example.com:8080/a?b#c", null],
  [" ", null, null],
  ["example.com", null, "bad_url"],
  ["ftp://example.com", null, "bad_url"],
  ["https://", null, "bad_url"],
  ["https://a b.com", null, "bad_url"],
  ["javascript:alert(1)", null, "bad_url"],
  [`https://example.com/${"a".repeat(40)}`, null, "too_long"],
]);

table("phone numbers", column("text", { maxLength: 13 }), { format: "phone", country: "DE" }, [
  ["030 / 90 18 20", "+4930901820", null],
  ["+44 20 7946 0958", "+442079460958", null],
  ["030 90 18 20 90 1", null, "too_long"],
  ["12", null, "bad_phone"],
  ["", null, null],
  ["  ", null, null],
]);
table("phone numbers of nowhere", column("text"), { format: "phone" }, [
  ["+49 30 901820", "+4930901820", null],
  ["030 901820", null, "bad_phone"],
]);

const cents = column("decimal", { precision: 2, min: -1000, max: 1000 });
table("decimals rounded to the nearest", cents, { rounding: "nearest" }, [
  ["1.005", "1.01", null],
  ["-1.005", "-1.01", null],
]);
table("decimals rounded down", cents, { rounding: "down" }, [
  ["1.009", "1.00", null],
  ["-1.009", "-1.00", null],
  ["1.5", "1.50", null],
  ["1,000.009", "1000.00", null],
  ["1e-3", "0.00", null],
  ["9.999e2", "999.90", null],
  ["1000.01", null, "out_of_range"],
]);
table("decimals that must fit", cents, { rounding: "reject" }, [
  ["1.25", "1.25", null],
  ["1.2500", "1.25", null],
  ["1.255", null, "too_precise"],
  ["1e-3", null, "too_precise"],
  ["1001", null, "out_of_range"],
  ["1001.255", null, "out_of_range"],
  ["x", null, "bad_number"],
]);
const hundredths = column("double", { precision: 2, min: -1000, max: 1000 });
table("doubles rounded down", hundredths, { rounding: "down" }, [
  ["1.009", "1", null],
  ["-1.999", "-1.99", null],
  ["9.999e2", "999.9", null],
  ["1e-3", "0", null],
  ["1000.01", null, "out_of_range"],
]);
table("doubles that must fit", hundredths, { rounding: "reject" }, [
  ["1.2500", "1.25", null],
  ["1.255", null, "too_precise"],
  ["1e-3", null, "too_precise"],
  ["1001.255", null, "out_of_range"],
]);
table("whole numbers rounded", column("integer", { min: -10, max: 10 }), { rounding: "nearest" }, [
  ["2.5", "3", null],
  ["-2.5", "-3", null],
  ["10.4", "10", null],
  ["10.5", null, "out_of_range"],
]);
table("whole numbers rounded down", column("integer"), { rounding: "down" }, [
  ["2.9", "2", null],
  ["-2.9", "-2", null],
  ["2.", "2", null],
]);
table("numbers too large for a double, digit by digit", column("integer", { min: -(2 ** 63), max: 2 ** 63 }), {}, [
  ["9007199254740993", "9007199254740993", null],
  ["9223372036854775807", "9223372036854775807", null],
  ["-9223372036854775808", "-9223372036854775808", null],
  ["9223372036854775808", null, "out_of_range"],
]);

const languages = {
  choices: [
    { value: 1, label: "Red", labels: ["Red", "Rot", "Rouge"] },
    { value: 2, label: "Lamp", labels: ["Lamp", "Leuchte"] },
    { value: 3, label: "Candle", labels: ["Candle", "Leuchte"] },
  ],
};
table("options by their labels in any language", column("choice", languages), {}, [
  ["red", "1", null],
  ["ROUGE", "1", null],
  ["Leuchte", null, "ambiguous_option"],
  ["lamp", "2", null],
  ["Lampe", null, "not_an_option"],
]);
const allowed = {
  choices: [
    { value: 0, label: "Allow", labels: ["Allow", "Zulassen"] },
    { value: 1, label: "Do Not Allow", labels: ["Do Not Allow", "Nicht zulassen"] },
  ],
};
table("yes and no in any language", column("boolean", allowed), {}, [
  ["zulassen", "false", null],
  ["Nicht Zulassen", "true", null],
  ["no", "false", null],
]);

const several = column("choices", languages);
table("several options", several, {}, [
  ["Rot; candle", "1,3", null],
  ['["Rouge", "Lamp"]', "1,2", null],
  ["[1, 3]", "1,3", null],
  ['["Red, Lamp"]', null, "not_an_option"],
  ["[]", null, "not_an_option"],
]);
table("several options with a delimiter of their own", several, { delimiter: "|" }, [
  ["Red|Lamp", "1,2", null],
  ["Red,Lamp", null, "not_an_option"],
]);
table("several options that are translated", several, { values: { R: "Red", none: null, both: "Red;Lamp" } }, [
  ["R;Lamp", "1,2", null],
  ["both", "1,2", null],
  ["Lamp;none", "2", null],
  ["none", null, null],
  ["R;none;X", null, "not_an_option"],
]);

describe("a list of the source", () => {
  it.each([
    ["VARCHAR[]", "['Rot', 'lamp']", "1,2", null],
    ["BIGINT[]", "[3, 1]", "1,3", null],
    ["VARCHAR[]", "['Red, Lamp']", null, "not_an_option"],
    ["VARCHAR[]", "[]", null, null],
    ["VARCHAR[]", "NULL", null, null],
  ])("%s %s", async (type, value, want, bad) => {
    expect(await convertSql(several, {}, value, type)).toEqual({ want, bad, skip: false });
  });
});
