import { expect, test } from "vitest";
import { problemLines } from "./problems.ts";

const group = { status: "rejected", code: "too_long", column: "firstname", rows: 1, example: "1: too long" } as const;

test("a few keys, and that there are more", () => {
  expect(problemLines([{ ...group, rows: 1200, keys: ["1", "2"] }]).map((line) => line.trim())).toEqual([
    "! 1,200 rows rejected: firstname too_long",
    "1: too long",
    "keys: 1, 2, ...",
  ]);
});

test("rows without a key have no line of keys", () => {
  const lines = problemLines([{ ...group, code: "key_empty", column: null, rows: 2, keys: ["", ""] }]);
  expect(lines.join("\n")).not.toContain("keys:");
  expect(problemLines([{ ...group, keys: [] }])).toHaveLength(2);
});
