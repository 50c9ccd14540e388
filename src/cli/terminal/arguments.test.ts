import { expect, test } from "vitest";
import { share } from "./arguments.ts";

test("a share is said in per cent, and none of it without the sign", () => {
  expect(["0", "0%", "2 %"].map(share)).toEqual([0, 0, 0.02]);
  expect(() => share("1")).toThrow("Say a share");
});
