import fc from "fast-check";
import { expect, it } from "vitest";
import { readLocked, testFolder } from "./folder-for-tests.ts";

const number = fc.oneof(
  fc.integer({ min: -999, max: 99_999 }).map(String),
  fc.tuple(fc.integer({ min: -99, max: 999 }), fc.integer({ min: 0, max: 999 })).map(([a, b]) => `${a}.${b}`),
);
const day = fc.tuple(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 28 })).map(([m, d]) => {
  return `2024-${String(m).padStart(2, "0")}-${String(d).padStart(2, "0")}`;
});
const other = fc.oneof(
  day.map((d) => `${d}T10:00:00+02:00`),
  day.map((d) => d.split("-").reverse().join(".")),
  fc.constantFrom(
    "True",
    "false",
    "007",
    "+5",
    "1e5",
    "1,5",
    "1,000.50",
    "n/a",
    " 5",
    "12345678901234567890123",
    "-0",
    "",
  ),
);

/** A text for every row, keys of its own beside it. */
async function texts(query: object, values: string[], json = false): Promise<Map<string, unknown>> {
  const content = json
    ? JSON.stringify(values.map((v, i) => ({ id: `r${i}`, v: JSON.parse(v) })))
    : `id,v\n${values.map((v, i) => `r${i},"${v}"`).join("\n")}\n`;
  const folder = testFolder({ [json ? "t.json" : "t.csv"]: content });
  try {
    const scan = await folder.scan(query as { table: string });
    const rows = await readLocked(scan, (s) => `SELECT id, COLUMNS(* EXCLUDE (id))::VARCHAR FROM (${s})`);
    return new Map(rows.map(([id, ...rest]) => [id as string, rest]));
  } finally {
    await folder.close();
  }
}

const table = { table: "t" };
const statement = { sql: "SELECT id, v FROM t" };
const sums = { sql: "SELECT id, v, v * 2 AS twice, v + 1 AS more, round(v, 2) AS near FROM t" };
const wholeOrBare = number.filter((n) => !/\.\d*0$/.test(n) && !/^-0/.test(n));

it.each([
  ["a table's numbers, days and texts", table, fc.oneof(number, day, other), fc.oneof(number, day, other), false],
  ["a statement's numbers, as numbers come", sums, number, number, false],
  [
    "a statement's days and bare numbers, as anything comes",
    statement,
    fc.oneof(day, wholeOrBare),
    fc.oneof(day, number, fc.constantFrom("n/a", "007", "1e5")),
    false,
  ],
  [
    "a JSON table's numbers",
    table,
    number.filter((n) => JSON.stringify(Number(n)) === n),
    number.map((n) => String(Number(n))),
    true,
  ],
  [
    "a JSON statement's numbers",
    statement,
    number.filter((n) => JSON.stringify(Number(n)) === n),
    number.map((n) => String(Number(n))),
    true,
  ],
] as [string, object, fc.Arbitrary<string>, fc.Arbitrary<string>, boolean][])(
  "a row more changes no other: %s",
  async (_, query, one, added, json) => {
    const files = fc.tuple(fc.array(one, { minLength: 1, maxLength: 4 }), added);
    await fc.assert(
      fc.asyncProperty(files, async ([values, more]) => {
        const before = await texts(query, values, json);
        const after = await texts(query, [...values, more], json);
        for (const [id, text] of before) expect([id, after.get(id)]).toEqual([id, text]);
        expect(after.size).toBe(before.size + 1);
      }),
      { numRuns: 30 },
    );
  },
);

it("what a statement says of a number's digits holds", async () => {
  const sql = "SELECT id, CAST(v AS DECIMAL(9,2)) AS v FROM t";
  expect((await texts({ sql }, ["1.5", "2"])).get("r1")).toEqual(["2.00"]);
});
