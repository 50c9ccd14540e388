import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { readDocument } from "./document.ts";

const folder = mkdtempSync(join(tmpdir(), "sluice-test-"));
afterAll(() => rmSync(folder, { recursive: true }));

function read(text: string) {
  writeFileSync(join(folder, "a.yaml"), text);
  return readDocument(folder, "a.yaml");
}

test("a place is the line of the key, or of the item of a list", () => {
  const document = read("name: x\nlist:\n  - one\n  - two\nmap:\n  1: a\n  deep:\n    key: |\n      text\n");
  const line = (...path: (string | number)[]) => document.place(path).line;
  expect([line(), line("list"), line("list", 1), line("map", 1), line("map", "deep", "key")]).toEqual([1, 2, 4, 6, 8]);
});

test("a path that leaves the file ends at its last known part", () => {
  expect(read("a:\n  b: 1\n").place(["a", "b", "c"]).line).toBe(2);
  expect(read("\n\na:\n  b: 1\n").place(["z"]).line).toBe(3);
  expect(read("").place(["z"]).line).toBe(1);
});

test("Windows line ends and a byte order mark change no line", () => {
  const document = read("\ufeffa: 1\r\nb: 2\r\n");
  expect(document.value).toEqual({ a: 1, b: 2 });
  expect(document.place(["b"]).line).toBe(2);
});

test.each([
  ["a second document", "a: 1\n---\nb: 2\n"],
  ["an unknown tag", "a: !secret x\n"],
  ["an alias without its anchor", "a: *nobody\n"],
  [
    "an alias bomb",
    `a: &a [x,x,x,x,x,x,x,x,x]\n${[..."bcdefg"].map((c, i) => `${c}: &${c} [${Array(9).fill(`*${"abcdef"[i]}`)}]`).join("\n")}\n`,
  ],
  ["a tab for indentation", "a:\n\tb: 1\n"],
])("%s is refused as not valid", (_, text) => {
  expect(() => read(text)).toThrow(expect.objectContaining({ code: "yaml_syntax" }));
});
