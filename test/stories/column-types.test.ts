import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type SourceRow, useWorkbench } from "../workbench.ts";

/**
 * Every type of column x good, empty, wrong, too long and the edges of what it takes: one row a case, all of them in one
 * table and one run. What is taken is read back from the sandbox, what is refused says column, reason and remedy, and
 * a second run writes nothing.
 */
const bench = useWorkbench({ schema: join(import.meta.dirname, "..", "every-column-type.yaml") });

/** What the sandbox then holds; or why the row was rejected: code, and what its sentence says of remedy. */
type Case = [value: string, then: unknown] | [value: string, code: string, remedy: RegExp];
type Column = { line: object; empty?: unknown; cases: Case[] };

const long = "x".repeat(2001);
const ids = { account: "a0000000-0000-4000-8000-000000000001", contact: "c0000000-0000-4000-8000-000000000001" };

const columns: Record<string, Column> = {
  con_text: {
    line: {},
    cases: [
      ["good", "good"],
      ["12345", "12345"],
      ["😀😀1", "😀😀1"],
      ["123456", "too_long", /at most 5; `tooLong: truncate` cuts/],
      ["😀😀😀", "too_long", /at most 5/],
    ],
  },
  con_cut: {
    line: { tooLong: "truncate" },
    cases: [
      ["123456", "12345"],
      ["😀😀😀", "😀😀"],
      ["😀".repeat(6), "😀😀"],
    ],
  },
  con_memo: {
    line: {},
    cases: [
      ['two\nlines, "quoted" \\ and \t more', 'two\nlines, "quoted" \\ and \t more'],
      [long.slice(1), long.slice(1)],
      [long, "too_long", /at most 2000/],
    ],
  },
  con_area: { line: {}, cases: [["a\nb", "a\nb"]] },
  con_email: {
    line: { format: "email" },
    cases: [
      ["ana@example.com", "ana@example.com"],
      ["ana@example", "bad_email", /name@example\.com/],
      [`${"a".repeat(60)}@${"b".repeat(40)}.example.com`, "too_long", /at most 100/],
    ],
  },
  con_phone: {
    line: { format: "phone", country: "DE" },
    cases: [
      ["030 / 90 18 20", "+4930901820"],
      ["+44 20 7946 0958", "+442079460958"],
      ["call me", "bad_phone", /`country: DE`/],
      ["12", "bad_phone", /begins with \+/],
    ],
  },
  con_url: {
    line: { format: "url" },
    cases: [
      ["https://example.com/a?b=c&d", "https://example.com/a?b=c&d"],
      ["example.com", "bad_url", /http:\/\/ or https:\/\//],
      [`https://example.com/${"a".repeat(90)}`, "too_long", /at most 100/],
    ],
  },
  con_integer: {
    line: {},
    cases: [
      ["1,500", 1500],
      ["-10", -10],
      ["2000", 2000],
      ["-11", "out_of_range", /takes -10 to 2000/],
      ["2001", "out_of_range", /takes -10 to 2000/],
      ["1.5", "not_whole", /`rounding: nearest`/],
      ["five", "bad_number", /`decimal` say/],
    ],
  },
  con_bigint: {
    line: {},
    cases: [
      // The sandbox counts in doubles; that no digit is lost beyond is for forms.test.ts to show.
      ["9007199254740991", 9007199254740991],
      ["-9007199254740991", -9007199254740991],
      ["9223372036854775808", "out_of_range", /-9223372036854775808 to 9223372036854775807/],
    ],
  },
  con_decimal: {
    line: {},
    cases: [
      ["1.005", 1.01],
      ["-1000", -1000],
      ["1000.5", 1000.5],
      ["1000.51", "out_of_range", /-1000 to 1000\.5/],
      ["1,5", "bad_number", /read in one way only/],
    ],
  },
  con_exact: {
    line: { rounding: "reject", decimal: "," },
    cases: [
      ["1.234,50", 1234.5],
      ["1,005", "too_precise", /2 of them; `rounding: nearest`/],
      ["1.5", "bad_number", /`decimal` say/],
    ],
  },
  con_double: {
    line: {},
    cases: [
      ["0.25", 0.25],
      ["1.123456789", 1.12346],
      ["-1e3", -1000],
      ["1000.001", "out_of_range", /-1000 to 1000/],
      ["NaN", "bad_number", /Correct it/],
    ],
  },
  con_money: {
    line: { currency: "USD" },
    cases: [
      ["$1,234.565", 1234.57],
      ["0", 0],
      ["1000000", 1_000_000],
      ["-0.01", "out_of_range", /0 to 1000000/],
      ["1000000.01", "out_of_range", /0 to 1000000/],
      ["12 apples", "bad_number", /Correct it/],
    ],
  },
  con_boolean: {
    line: { values: { ja: true } },
    cases: [
      ["ja", true],
      ["Yes", true],
      ["0", false],
      ["maybe", "bad_boolean", /`values`/],
    ],
  },
  con_date: {
    line: { formats: ["d.M.yyyy"] },
    cases: [
      ["29.2.2020", "2020-02-29"],
      ["1.1.1753", "1753-01-01"],
      ["31.12.9999", "9999-12-31"],
      ["31.12.1752", "date_out_of_range", /1753 and 9999.*`values`/],
      ["30.2.2020", "bad_date", /read as d\.M\.yyyy/],
      ["2020-02-29", "bad_date", /`formats` declares others/],
    ],
  },
  con_instant: {
    line: { zone: "Europe/Berlin" },
    cases: [
      ["2024-07-01 12:00", "2024-07-01T10:00:00Z"],
      ["2024-07-01T12:00:00-05:00", "2024-07-01T17:00:00Z"],
      ["1752-12-31 12:00", "date_out_of_range", /1753/],
      ["yesterday", "bad_date", /ISO 8601/],
    ],
  },
  con_userday: {
    line: {},
    cases: [
      ["2024-07-01", "2024-07-01T12:00:00Z"],
      ["1753-01-01", "1753-01-01T12:00:00Z"],
      ["no day", "bad_date", /ISO 8601/],
    ],
  },
  con_wall: {
    line: { zone: "Europe/Berlin" },
    cases: [
      ["2024-07-01 12:00", "2024-07-01T12:00:00Z"],
      ["2024-13-01", "bad_date", /ISO 8601/],
    ],
  },
  con_choice: {
    line: { values: { F: "Blue" } },
    cases: [
      ["ROT", 1],
      ["2", 2],
      ["F", 2],
      ["Green", "not_an_option", /1 \(Red\), 2 \(Blue\).*`values`/],
      ["twin", "ambiguous_option", /Use the number/],
    ],
  },
  con_choices: {
    line: { delimiter: "|" },
    cases: [
      ["Green|red", "1,9"],
      ['["Blue"]', "2"],
      ["Red|Black", "not_an_option", /9 \(Green\)/],
      [",", "not_an_option", /1 \(Red\)/],
    ],
  },
  con_account: {
    line: { lookup: { by: "accountnumber" } },
    cases: [
      ["F1", ids.account],
      ["f1", ids.account],
      ["F2", "parent_missing", /`missing: null`/],
    ],
  },
  con_customer: {
    line: { lookup: { object: "contact", by: "emailaddress1" } },
    cases: [
      ["ana@example.com", ids.contact],
      ["nobody@example.com", "parent_missing", /once there is/],
    ],
  },
};

const rowOf = (title: string, column: string, value: string): SourceRow => ({
  ...Object.fromEntries(Object.keys(columns).map((name) => [name, null])),
  title,
  [column]: value,
});
const all = Object.entries(columns).flatMap(([name, { cases }]) =>
  cases.map(([value, then, remedy], i) => ({ title: `${name} ${i}`, name, value, then, remedy })),
);
const accepted = all.filter((c) => c.remedy === undefined);
const rejected = all.filter((c) => c.remedy !== undefined);

async function begin(lines: Record<string, object | string>): Promise<void> {
  const mapping = { con_title: "title", ...lines };
  await bench.begin({
    "models/people.yaml": "connection: data\ntable: things\nkey: title\n",
    "syncs/people.yaml": JSON.stringify({
      model: "people",
      to: "crm",
      object: "con_thing",
      match: "con_title",
      mapping,
    }),
  });
  bench.source(
    "things",
    all.map((c) => rowOf(c.title, c.name, c.value)),
  );
  await bench.person("POST", "accounts", { accountid: ids.account, name: "First", accountnumber: "F1" });
  await bench.person("POST", "contacts", { contactid: ids.contact, lastname: "Ana", emailaddress1: "ana@example.com" });
}

const lookups = ["con_account", "con_customer"];
const stored = async () => new Map((await bench.rows("con_thing")).map((row) => [row.con_title as string, row]));
const read = (row: Record<string, unknown> | undefined, name: string) =>
  row?.[lookups.includes(name) ? `_${name}_value` : name] ?? null;

test("every type: what is good arrives, what is not is named with column, reason and remedy; then nothing is left to do", async () => {
  await begin(Object.fromEntries(Object.entries(columns).map(([name, { line }]) => [name, { from: name, ...line }])));
  const first = await bench.run();
  expect(first).toMatchObject({ received: all.length, created: accepted.length, rejected: rejected.length, failed: 0 });

  const problems = new Map(first.problems.map((p) => [p.key, p]));
  for (const { title, name, value, then, remedy } of rejected) {
    expect(problems.get(title), title).toMatchObject({ code: then, column: name, status: "rejected" });
    const { message } = problems.get(title)!;
    expect(message).toContain(name);
    expect(message).toContain(value.slice(0, 70));
    expect(message).toMatch(remedy!);
  }
  const rows = await stored();
  expect(rows.size).toBe(accepted.length);
  for (const { title, name, then } of accepted) expect([title, read(rows.get(title), name)]).toEqual([title, then]);

  expect(await bench.run()).toMatchObject({ unchanged: accepted.length, rejected: rejected.length, writes: 0 });
  expect(await bench.verify()).toMatchObject({ checked: accepted.length, differences: 0 });

  // Every value goes away again: none is ever sent as an empty text.
  bench.source(
    "things",
    accepted.map((c) => rowOf(c.title, "title", c.title)),
  );
  const cleared = await bench.run();
  expect(cleared).toMatchObject({ updated: accepted.length, rejected: 0, failed: 0 });
  expect(JSON.stringify(cleared.sent)).not.toContain('""');
  for (const [title, row] of await stored()) {
    const { name } = accepted.find((c) => c.title === title)!;
    expect([title, read(row, name)]).toEqual([title, null]);
  }
  expect(await bench.run()).toMatchObject({ unchanged: accepted.length, writes: 0 });
});

test("a plan tells a number as it then stands there: digits that no column holds change nothing", async () => {
  await begin({ con_double: "con_double", con_decimal: "con_decimal" });
  const source = (value: string) =>
    bench.source("things", [{ ...rowOf("one", "con_double", value), con_decimal: value }]);
  source("1.123456789");
  const [first] = (await bench.plan()).plans;
  expect(first!.samples[0]!.columns).toEqual(
    expect.arrayContaining([
      { name: "con_double", old: null, new: "1.12346" },
      { name: "con_decimal", old: null, new: "1.12" },
    ]),
  );
  await bench.run();
  source("1.12345999");
  expect((await bench.plan()).plans[0]!.plan).toMatchObject({ update: 0, unchanged: 1 });
});

test("the first day that Dynamics holds began before its first instant, east of London: it is refused by name", async () => {
  await begin({ con_userday: { from: "con_userday", zone: "Europe/Berlin" } });
  const days = ["1753-01-01", "1753-01-02", "9999-12-31"];
  bench.source(
    "things",
    days.map((day) => rowOf(day, "con_userday", day)),
  );
  expect((await bench.plan()).plans[0]!.plan).toMatchObject({ create: 2, rejected: 1 });
  const ran = await bench.run();
  expect(ran).toMatchObject({ created: 2, rejected: 1, writes: 2 });
  expect(ran.problems).toMatchObject([{ key: "1753-01-01", code: "date_out_of_range", column: "con_userday" }]);
  expect(ran.problems[0]!.message).toContain("counts in UTC");
  expect((await stored()).get("9999-12-31")).toMatchObject({ con_userday: "9999-12-30T23:00:00Z" });
  expect(await bench.run()).toMatchObject({ unchanged: 2, rejected: 1, writes: 0 });
});

describe("columns that no mapping can write are refused before anything is sent, each with its reason", () => {
  test.each([
    ["con_thing", "con_file", {}, /con_file cannot be written: it holds a file/],
    ["con_thing", "con_image", {}, /con_image cannot be written: it holds an image/],
    ["con_thing", "createdon", {}, /createdon cannot be written: Dynamics keeps it itself/],
    ["con_thing", "con_money_base", {}, /con_money_base cannot be written/],
    ["con_thing", "con_nothing", {}, /has no column con_nothing/],
    ["con_thing", "overriddencreatedon", {}, /can only be set when a record is made/],
    ["account", "aging30", {}, /aging30 cannot be written: Dynamics keeps it itself/],
    ["account", "lastusedincampaign", {}, /can only be changed on records that exist/],
    ["contact", "subscriptionid", { mode: "update" }, /can only be set when a record is made/],
  ])("%s.%s %o", async (object, column, more, says) => {
    const match = { con_thing: "con_title", account: "accountnumber", contact: "externaluseridentifier" }[object]!;
    const mapping = { [match]: "title", [column]: "con_text" };
    const sync = { model: "people", to: "crm", object, match, mapping, ...more };
    bench.write("syncs/people.yaml", JSON.stringify(sync));
    await expect(bench.plan()).rejects.toMatchObject({
      message: expect.stringMatching(says),
      remedy: expect.stringMatching(/./),
    });
  });
});
