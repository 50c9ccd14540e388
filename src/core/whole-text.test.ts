import { expect, test } from "vitest";
import { beginning, wholeText } from "./whole-text.ts";

test("what no database keeps in a text becomes the replacement character, and all else stays", () => {
  expect(wholeText("a\ud83d\0b\ude00 😀 \u0001ü")).toBe("a\ufffd\ufffdb\ufffd 😀 \u0001ü");
});

test("a text that is cut ends with a whole sign", () => {
  expect(["a😀b", "😀😀", "\ud83d😀"].map((text) => beginning(text, 2))).toEqual(["a", "😀", "\ufffd"]);
  expect(beginning("short", 600)).toBe("short");
});
