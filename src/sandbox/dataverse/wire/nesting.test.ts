import { expect, test } from "vitest";
import { takesTooLong } from "./nesting.ts";

const long = (text: string) => Buffer.from(text + " ".repeat(9 * 1024 * 1024));

// Ours: no page gives a depth; the bound keeps a long body from stopping the service for everybody.
test("a long body is told from a long and deep one; brackets within strings do not count", () => {
  expect(takesTooLong(long("[".repeat(2000)))).toBe(true);
  expect(takesTooLong(long('{"a":'.repeat(2000)))).toBe(true);
  expect(takesTooLong(long('[{"a":[]}]'.repeat(2000)))).toBe(false);
  expect(takesTooLong(long(`"${"[".repeat(2000)}"`))).toBe(false);
  expect(takesTooLong(long(`"\\"${"[".repeat(2000)}"`))).toBe(false);
  expect(takesTooLong(long(`"\\\\"${"[".repeat(2000)}`))).toBe(true);
  expect(takesTooLong(long(`"${"[".repeat(2000)}`))).toBe(false);
  expect(takesTooLong(Buffer.from("[".repeat(2000)))).toBe(false);
});
