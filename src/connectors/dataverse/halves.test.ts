import fc from "fast-check";
import { expect, test } from "vitest";
import { mendHalves } from "./halves.ts";

const mended = (json: string) => mendHalves(Buffer.from(json)).toString();

test.each([
  ["a half alone", '"x\\ud83d"', '"x\\ufffd"'],
  ["either half, in either case", '"\\uDE00 \\uD83d,\\udbFF"', '"\\ufffd \\ufffd,\\ufffd"'],
  ["two first halves before a second", '"\\ud83d\\ud83d\\ude00"', '"\\ufffd\\ud83d\\ude00"'],
  ["the halves in the wrong order", '"\\ude00\\ud83d"', '"\\ufffd\\ufffd"'],
  ["one behind a backslash", '"\\\\\\ud83dü"', '"\\\\\\ufffdü"'],
])("%s becomes the replacement character", (_what, json, expected) => {
  expect(mended(json)).toBe(expected);
});

test.each([
  '"\\ud83d\\uDE00"',
  '"\\\\ud83d"',
  '"\\ud7ff\\uE000 \\uABCD"',
  '"😀 \\n"',
  "<html>\\u</html>",
  '"cut \\ud8',
  "\\ud",
])("%s stays as it is", (json) => {
  expect(mended(json)).toBe(json);
});

test("whatever the texts: parsed, an answer is what it was, made well-formed", () => {
  const unit = fc.constantFrom("\ud83d", "\ude00", "\\", "u", "d83d", "\\ud83d", '"', "ü", "a", "\n");
  const text = fc.array(unit).map((units) => units.join(""));
  const escaped = (json: string) =>
    json.replace(
      /[^\0-\x7f]/g,
      (c) => `\\u${c.charCodeAt(0).toString(16)[c === "ü" ? "padStart" : "toUpperCase"](4, "0")}`,
    );
  fc.assert(
    fc.property(fc.array(text), (texts) => {
      for (const json of [JSON.stringify(texts), escaped(JSON.stringify(texts))])
        expect(JSON.parse(mended(json))).toEqual(texts.map((each) => each.toWellFormed()));
    }),
  );
});
