import { execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { curlOf } from "./curl.ts";

let folder: string;
/** Stands in for curl: tells what it was given. */
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "sluice-curl-"));
  const script = `#!${process.execPath}
const input = process.argv.includes("@-") ? require("node:fs").readFileSync(0, "utf8") : null;
console.log(JSON.stringify({ given: process.argv.slice(2), input }));`;
  writeFileSync(join(folder, "curl"), script);
  chmodSync(join(folder, "curl"), 0o755);
});
afterAll(() => rmSync(folder, { recursive: true }));

function given(text: string): { given: string[]; input: string | null } {
  const env = { PATH: [folder, process.env.PATH].join(delimiter), TOKEN: "t k$n`x`" };
  return JSON.parse(execFileSync("sh", { input: text, env, encoding: "utf8" }));
}

const nasty = [
  "it's",
  'a "b"',
  "$HOME $(date) `date`",
  "\\ \\n \\",
  "line\nline",
  "!! * ? [a] {b}",
  "😀 日本 ß",
  "BODY",
];

test("whatever is in a body, an address or a header arrives as it is", () => {
  for (const value of [...nasty, "BODY\nBODY_\nBODY__", "\u009b31m \u202e \u0000"]) {
    const body = JSON.stringify({ value });
    const url = `https://x.test/a?tag=${value.split("\n")[0]!.replace(/\p{Cc}|\u202e/gu, "")}`;
    const text = curlOf({ method: "POST", url, headers: { "x-y": "it's $HOME" }, body }, [value]);
    const told = given(text);
    expect(JSON.parse(told.input!)).toEqual({ value });
    expect(told.given).toEqual(
      expect.arrayContaining(["POST", url, "authorization: Bearer t k$n`x`", "x-y: it's $HOME", "@-"]),
    );
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    expect(text).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]/);
  }
});

test("no body, no input; a comment never becomes a command", () => {
  const text = curlOf({ method: "DELETE", url: "https://x.test/a(1)", headers: {} }, ["key\ntouch /nowhere/x\r"]);
  expect(given(text)).toEqual({
    given: ["-sS", "-i", "--globoff", "-X", "DELETE", "https://x.test/a(1)", "-H", "authorization: Bearer t k$n`x`"],
    input: null,
  });
  expect(text.split("\n").filter((line) => line.includes("touch"))).toEqual(["# key\ufffdtouch /nowhere/x\ufffd"]);
});
