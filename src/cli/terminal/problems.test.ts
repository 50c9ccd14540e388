import { expect, test } from "vitest";
import { problemLines } from "./problems.ts";

const group = {
  status: "rejected",
  code: "too_long",
  column: "firstname",
  cause: null,
  rows: 1,
  example: "1: too long",
  again: "when its source row changes",
} as const;

test("a few keys, and that there are more", () => {
  expect(problemLines([{ ...group, rows: 1200, keys: ["1", "2"] }]).map((line) => line.trim())).toEqual([
    "! 1,200 rows rejected: firstname too_long",
    "1: too long",
    "tried again when its source row changes",
    "keys: 1, 2, ...",
  ]);
});

test("what rows hold commands no terminal and makes no line of its own", () => {
  const lines = problemLines([{ ...group, example: "a\u001b[31m: \u202eno", keys: ["1\n+ delete 2"] }]);
  expect(lines.join("|")).not.toMatch(/\p{Cc}|\u202e/u);
  expect(lines.at(-1)).toBe("      keys: 1\ufffd+ delete 2");
});

test("rows without a key have no line of keys", () => {
  const lines = problemLines([{ ...group, code: "key_empty", column: null, rows: 2, keys: ["", ""] }]);
  expect(lines.join("\n")).not.toContain("keys:");
  expect(problemLines([{ ...group, keys: [] }])).toHaveLength(3);
});

test("a refusal is named by the destination's own code", () => {
  const refused = { ...group, code: "refused", column: null, cause: "0x80040265", keys: ["1"] };
  expect(problemLines([refused])[0]).toBe("  ! 1 row rejected: 0x80040265");
});

test("a row of which undo keeps a value is not called excluded: its other values may have been taken back", () => {
  const kept = problemLines([{ ...group, status: "excluded", code: "undo_changed", keys: ["1"] }]);
  expect(kept[0]).toBe("  ! 1 row not taken back: firstname undo_changed");
});
