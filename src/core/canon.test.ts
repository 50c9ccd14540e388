import { DuckDBInstance } from "@duckdb/node-api";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { canonSql, canonValue, foldSql, foldValue, keptSql } from "./canon.ts";
import type { Column, ColumnType } from "./schema.ts";

const instance = await DuckDBInstance.create();
const connection = await instance.connect();
await connection.run("SET TimeZone = 'Asia/Kolkata'");
afterAll(() => {
  connection.closeSync();
  instance.closeSync();
});

const column = (type: ColumnType, more: Partial<Column> = {}): Column => ({
  name: "c",
  title: "C",
  type,
  required: false,
  create: true,
  update: true,
  ...more,
});

/** An expression over many values in one statement. */
async function inDuck(values: readonly (string | null)[], sql: (x: string) => string): Promise<(string | null)[]> {
  await connection.run("CREATE OR REPLACE TABLE v(i INTEGER, x VARCHAR)");
  const appender = await connection.createAppender("v");
  for (const [i, x] of values.entries()) {
    appender.appendInteger(i);
    if (x === null) appender.appendNull();
    else appender.appendVarchar(x);
    appender.endRow();
  }
  appender.closeSync();
  // What reads a text from DuckDB takes a byte order mark at its start for one: something has to stand before it.
  const rows = (await connection.runAndReadAll(`SELECT '>' || ${sql("x")} FROM v ORDER BY i`)).getRowsJson();
  return rows.map((r) => (r[0] as string | null)?.slice(1) ?? null);
}

const text = fc.string({ unit: "grapheme", maxLength: 20 });
const wholeNumber = fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n }).map(String);
const plain = fc
  .tuple(fc.bigInt({ min: -(10n ** 18n), max: 10n ** 18n }), fc.option(fc.stringMatching(/^[0-9]{1,12}$/)))
  .map(([w, f]) => (f === null ? String(w) : `${w}.${f}`));
const exponent = fc
  .tuple(fc.stringMatching(/^-?[0-9](\.[0-9]{1,12})?$/), fc.integer({ min: -14, max: 25 }))
  .map(([n, e]) => `${n}e${e}`);
const double = fc.double({ noNaN: true, noDefaultInfinity: true }).map(String);
const two = (max: number) => fc.integer({ min: 0, max }).map((n) => String(n).padStart(2, "0"));
const moment = fc
  .tuple(
    fc.integer({ min: 1700, max: 9990 }),
    two(13),
    two(32),
    fc.constantFrom("T", " "),
    two(25),
    two(60),
    fc.option(two(60)),
    fc.constantFrom("", ".5", ".999999", ".123456789"),
    fc.constantFrom("", "Z", "+02:00", "-0530", "+14:00"),
  )
  .map(([y, m, d, t, h, min, s, f, z]) => `${y}-${m}-${d}${t}${h}:${min}${s === null ? "" : `:${s}${f}`}${z}`);
const guid = fc.tuple(fc.uuid(), fc.boolean(), fc.boolean()).map(([g, up, braces]) => {
  const cased = up ? g.toUpperCase() : g;
  return braces ? `{${cased}}` : cased;
});
const several = fc.array(fc.integer({ min: -5, max: 200_000_000 }), { maxLength: 8 }).map((v) => v.join(", "));

const kinds: [string, Column, fc.Arbitrary<string>][] = [
  ["text", column("text"), text],
  ["integer", column("integer"), fc.oneof(wholeNumber, fc.constantFrom("+5", "007", "-0", "-00"))],
  ["choice", column("choice"), wholeNumber],
  ["decimal of 3", column("decimal", { precision: 3 }), fc.oneof(plain, exponent)],
  ["decimal of 0", column("decimal", { precision: 0 }), fc.oneof(plain, exponent)],
  ["decimal of unknown precision", column("decimal"), plain],
  ["money of 2", column("money", { precision: 2 }), fc.oneof(plain, exponent)],
  ["double", column("double"), fc.oneof(double, plain, exponent)],
  ["double of 2", column("double", { precision: 2 }), fc.oneof(double, plain, exponent)],
  ["boolean", column("boolean"), fc.constantFrom("true", "False", "TRUE", "1", "0", "yes")],
  [
    "date",
    column("date"),
    fc.oneof(
      moment,
      moment.map((m) => m.slice(0, 10)),
    ),
  ],
  [
    "datetime",
    column("datetime"),
    fc.oneof(
      moment,
      moment.map((m) => m.slice(0, 10)),
    ),
  ],
  ["choices", column("choices"), several],
  ["lookup", column("lookup"), guid],
  ["guid", column("guid"), guid],
];

describe("SQL and TypeScript say the same", () => {
  it.each(kinds)("%s", async (_, c, valid) => {
    const values = fc.sample(fc.oneof({ arbitrary: valid, weight: 9 }, { arbitrary: text, weight: 1 }), 3000);
    const all = [null, "", " ", ...values];
    const found = await inDuck(all, (x) => canonSql(c, x));
    const wrong = all.flatMap((v, i) => (canonValue(c, v) === found[i] ? [] : [[v, canonValue(c, v), found[i]]]));
    expect(wrong.slice(0, 5)).toEqual([]);
  });

  it.each(kinds)("%s: twice is once", (_, c, valid) => {
    for (const v of fc.sample(valid, 500)) {
      const once = canonValue(c, v);
      expect(canonValue(c, once)).toBe(once);
    }
  });
});

describe("what was put aside while the column kept another number of digits", () => {
  const digits = [0, 1, 2, 4, 10];
  it.each(["decimal", "money", "double"] as const)("%s", async (type) => {
    const texts = fc.sample(fc.oneof(plain, exponent, text), 500);
    for (const was of digits)
      for (const now of digits) {
        const kept = [null, ...texts].map((v) => canonValue(column(type, { precision: was }), v));
        const then = column(type, { precision: now });
        expect(await inDuck(kept, (x) => keptSql(then, x))).toEqual(kept.map((v) => canonValue(then, v)));
      }
  });

  it.each(["text", "integer", "datetime", "lookup"] as const)("%s: as it is", (type) => {
    expect(keptSql(column(type), "x")).toBe("x");
  });
});

describe("canonical text", () => {
  it.each([
    ["text", {}, "", null],
    ["text", {}, " a ", " a "],
    ["integer", {}, "007", "7"],
    ["integer", {}, "-0", "0"],
    ["money", { precision: 2 }, "5000.0", "5000.00"],
    ["money", { precision: 2 }, "5000.0000", "5000.00"],
    ["money", { precision: 2 }, "-0.001", "0.00"],
    ["money", { precision: 2 }, "1.005", "1.01"],
    ["money", { precision: 2 }, "-1.005", "-1.01"],
    ["decimal", { precision: 0 }, "2.5", "3"],
    ["decimal", { precision: 4 }, "1e-7", "0.0000"],
    ["decimal", { precision: 2 }, "1e21", "1000000000000000000000.00"],
    ["double", {}, "1.0", "1"],
    ["double", {}, "1e3", "1000"],
    ["double", {}, "0.10", "0.1"],
    ["double", {}, "0.00001", "1e-05"],
    ["double", {}, "-0.0", "0"],
    ["double", { precision: 5 }, "1.1234550000000001", "1.12346"],
    ["double", { precision: 5 }, "1.5", "1.5"],
    ["double", { precision: 2 }, "-0.004", "0"],
    ["boolean", {}, "True", "true"],
    ["date", {}, "1980-05-31T00:00:00Z", "1980-05-31"],
    ["datetime", {}, "2023-04-07T23:59:01.999+02:00", "2023-04-07T21:59:01Z"],
    ["datetime", {}, "2023-04-07", "2023-04-07T00:00:00Z"],
    ["choices", {}, "10, 9,10", "9,10"],
    ["guid", {}, "{6F9619FF-8B86-D011-B42D-00C04FC964FF}", "6f9619ff-8b86-d011-b42d-00c04fc964ff"],
  ] as [ColumnType, Partial<Column>, string, string | null][])("%s %o %s", (type, more, value, canonical) => {
    expect(canonValue(column(type, more), value)).toBe(canonical);
  });
});

describe("folding", () => {
  it("is the same in SQL and TypeScript for every sign there is", async () => {
    const signs: string[] = [];
    for (let i = 1; i < 0x110000; i++) if (i < 0xd800 || i > 0xdfff) signs.push(`x${String.fromCodePoint(i)}`);
    const found = await inDuck(signs, foldSql);
    const wrong = signs.flatMap((s, i) =>
      foldValue(s) === found[i] ? [] : [[s.codePointAt(1)?.toString(16), foldValue(s), found[i]]],
    );
    expect(wrong.slice(0, 20)).toEqual([]);
  });

  it("is the same for random texts", async () => {
    const latin = fc.string({ unit: fc.constantFrom(..."aÁéÑßøŁİıΣςάЙй́̈ 😀田가ẞ"), maxLength: 12 });
    const sample = fc.sample(fc.oneof(latin, text, fc.string({ unit: "binary", maxLength: 12 })), 5000);
    const texts = ["\ufeffÁ", ...sample].map((t) => t.toWellFormed());
    const found = await inDuck(texts, foldSql);
    const wrong = texts.flatMap((t, i) =>
      foldValue(t) === found[i] ? [] : [[JSON.stringify(t), foldValue(t), found[i]]],
    );
    expect(wrong.slice(0, 5)).toEqual([]);
  });

  it("a NUL hides nothing that stands behind it", async () => {
    const texts = ["a\0b", "É\0é", "\0É", "ह\0É", "\0"];
    expect(await inDuck(texts, foldSql)).toEqual(texts.map(foldValue));
    expect(foldValue("É\0é")).toBe("ee");
  });

  it.each([
    ["JIMÉNEZ", "jiménez"],
    ["Jimenez", "Jiménez"],
    ["e\u0301", "é"],
    ["Ann", "Ann  "],
    ["ΟΔΟΣ", "οδοσ"],
    ["ЁЛКА", "елка"],
    ["İstanbul", "istanbul"],
    ["Straße", "STRASSE"],
    ["STRAẞE", "strasse"],
  ])("%s is %s", (a, b) => {
    expect(foldValue(a)).toBe(foldValue(b));
  });

  it.each([
    ["Ann", " Ann"],
    ["Ann", "Anna"],
    ["भारती", "भरत"],
    ["田", "由"],
    ["a😀", "a😁"],
  ])("%s is not %s", (a, b) => {
    expect(foldValue(a)).not.toBe(foldValue(b));
  });
});
