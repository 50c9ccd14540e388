import { expect, test } from "vitest";
import { didYouMean, nearest } from "./nearest.ts";

const keys = ["match", "mapping", "mode", "model", "object"];

test("a swapped pair, a missing letter and another case are near", () => {
  expect(nearest("mathc", keys)).toEqual(["match"]);
  expect(nearest("maping", keys)).toEqual(["mapping"]);
  expect(nearest("OBJECT", keys)).toEqual(["object"]);
});

test("nearest first, ties by name, no more than asked for", () => {
  expect(nearest("mode", keys)).toEqual(["mode", "model"]);
  expect(nearest("customer", ["customerz", "customery", "customerx", "customerw"])).toHaveLength(3);
});

test("what begins alike is near, however long", () => {
  expect(nearest("email", ["emailaddress1", "telephone1"])).toEqual(["emailaddress1"]);
});

test("a title that is its name in another case is not offered beside it", () => {
  expect(didYouMean("contcat", ["Contact", "contact", "Contract"])).toBe("; did you mean `contact` or `Contract`?");
});

test("nothing is offered when nothing is near", () => {
  expect(nearest("zebra", keys)).toEqual([]);
  expect(nearest("id", ["no", "of"])).toEqual([]);
  expect(didYouMean("zebra", keys)).toBe("");
});

test("the offer is a clause", () => {
  expect(didYouMean("mod", keys)).toBe("; did you mean `mode` or `model`?");
});
