import { expect, test } from "vitest";
import { count, duration, shown, table } from "./table.ts";

test("columns are as wide as their widest cell, numbers end flush, no line ends in blanks", () => {
  expect(
    table(
      ["name", "rows"],
      [
        ["a", "5"],
        ["long name", "1,234"],
      ],
      [1],
    ),
  ).toEqual(["name        rows", "a              5", "long name  1,234"]);
  expect(table(["a", "b"], [["x"]])[1]).toBe("x");
});

test("accents written as combining marks, emoji and colours take the room that is seen", () => {
  const [, , last] = table(
    ["n", "x"],
    [
      ["e\u0301e\u0301", "1"],
      ["\u001b[1mab\u001b[22m", "2"],
    ],
  );
  expect(last).toBe("\u001b[1mab\u001b[22m  2");
});

test("numbers and times as people write them", () => {
  expect(count(1234567.4)).toBe("1,234,567");
  expect([0.423, 12.34, 185].map(duration)).toEqual(["0.42 s", "12.3 s", "3 min 05 s"]);
});

test("a value is one line, quoted, and shortened; nothing is empty", () => {
  expect(shown(null)).toBe("empty");
  expect(shown("a\nb")).toBe('"a\\nb"');
  expect(shown("x".repeat(100))).toHaveLength(60);
  expect(shown("empty")).toBe('"empty"');
});
