import { describe, expect, it } from "vitest";
import type { RunCounts } from "../../core/run.ts";
import { causeLines, type DemoResult, faultsOf, sampleLines, stepLines } from "./report.ts";

const run = (counts: Partial<RunCounts>): RunCounts => ({
  received: 0,
  created: 0,
  updated: 0,
  deleted: 0,
  unchanged: 0,
  excluded: 0,
  rejected: 0,
  failed: 0,
  writes: 0,
  requests: 9,
  seconds: 0.5,
  ...counts,
});

const good = (): DemoResult => ({
  plan: { create: 5260, adopt: 0, update: 0, unchanged: 0, rejected: 40 },
  first: run({ received: 5300, created: 5260, rejected: 40, writes: 5260 }),
  unchanged: run({ received: 5300, unchanged: 5260, rejected: 40 }),
  changed: run({ received: 5300, updated: 70, unchanged: 5190, rejected: 40, writes: 70 }),
  verify: { checked: 5260, differences: 0 },
  seconds: 9,
});

describe("faultsOf", () => {
  it("finds none when the numbers hold", () => {
    expect(faultsOf(good(), 70)).toEqual([]);
  });

  const broken: [string, (r: DemoResult) => void, string][] = [
    [
      "an outcome too few",
      (r) => r.unchanged.unchanged--,
      "unchanged run received 5300 rows, but has outcomes for 5299",
    ],
    ["a failed row", (r) => Object.assign(r.first, { failed: 1, received: 5301 }), "first run 1 rows failed"],
    ["a plan that was not kept", (r) => r.plan.create++, "The plan said 5261 creates"],
    ["other rejects than planned", (r) => r.plan.rejected--, "The plan said 39 rejects"],
    ["writes that made nothing", (r) => r.first.writes++, "wrote 5261 rows"],
    ["writes though nothing changed", (r) => r.unchanged.writes++, "yet 1 rows were written"],
    ["69 writes for 70 changes", (r) => r.changed.writes--, "70 customers were changed or left, yet 69"],
    ["records that are gone", (r) => r.verify.checked--, "Only 5259 of 5260"],
    ["a difference", (r) => r.verify.differences++, "1 values in Dynamics"],
  ];
  it.each(broken)("finds %s", (_, breakIt, sentence) => {
    const result = good();
    breakIt(result);
    expect(faultsOf(result, 70)).toEqual([expect.stringContaining(sentence)]);
  });

  it("does not take an empty first load for a success", () => {
    const result = good();
    result.plan.create = 0;
    Object.assign(result.first, { created: 0, writes: 0, received: 40 });
    expect(faultsOf(result, 70)).toEqual(["The first load created nothing."]);
  });
});

describe("what people read", () => {
  it("puts numbers under their names, one line per step", () => {
    const lines = stepLines(good());
    expect(lines).toHaveLength(5);
    const end = lines[0]!.indexOf("writes") + "writes".length;
    expect(lines.map((line) => line.slice(0, end).split(/\s+/).at(-1))).toEqual(["writes", "40", "5,260", "0", "70"]);
  });

  it("shows an update as old and new, a create as values", () => {
    const columns = [{ name: "emailaddress1", old: null, new: "a@example.com" }];
    expect(sampleLines({ key: "C-1", op: "update", id: "x", columns })).toEqual([
      "  ~ update C-1",
      '      emailaddress1  empty -> "a@example.com"',
    ]);
    const created = sampleLines({ key: "C-1", op: "create", id: null, columns });
    expect(created[1]).toBe('      emailaddress1  "a@example.com"');
  });

  it("names the causes of rejected rows, the most frequent first", () => {
    const group = { status: "rejected" as const, cause: null, keys: [], again: "in every run" };
    const lines = causeLines([
      { ...group, code: "key_empty", column: null, rows: 1, example: "has no key" },
      { ...group, code: "too_long", column: "firstname", rows: 12, example: "is too long" },
    ]);
    expect(lines.map((line) => line.trim().split(/\s{2,}/))).toEqual([
      ["rows", "column", "for example"],
      ["12", "firstname", "is too long"],
      ["1", "has no key"],
    ]);
  });
});
