import { expect, test } from "vitest";
import { keyWarnings } from "./guarded.ts";

const key = (name: string, active: boolean, ...columns: string[]) => ({ name, columns, active });

test("a key that is not active is told where it stands on exactly what is matched by, and no other guards it", () => {
  const [one, ...more] = keyWarnings("contact", [key("k", false, "b", "a")], ["a", "b"]);
  expect(one).toContain("The key k of contact is not active, so it does not guard a, b");
  expect(more).toEqual([]);
  expect(keyWarnings("contact", [key("k", true, "a", "b")], ["a", "b"])).toEqual([]);
  expect(keyWarnings("contact", [key("k", false, "a"), key("l", true, "a")], ["a"])).toEqual([]);
  expect(keyWarnings("contact", [key("k", false, "a", "b")], ["a"])).toEqual([]);
  expect(keyWarnings("contact", [], ["a"])).toEqual([]);
});
