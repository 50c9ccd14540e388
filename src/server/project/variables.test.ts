import { expect, test } from "vitest";
import { fillVariables } from "./variables.ts";

const variables = { HOST: "crm.example.com", EMPTY: "" };

test("variables are replaced wherever there is text, also inside it", () => {
  const { value, missing } = fillVariables({ url: "https://${HOST}/api", list: ["${HOST}", 3, null] }, variables);
  expect(value).toEqual({ url: "https://crm.example.com/api", list: ["crm.example.com", 3, null] });
  expect(missing).toEqual([]);
});

test("what is not set, or set to nothing, is listed with its place", () => {
  const { missing } = fillVariables({ a: "x", b: ["${NOPE} ${EMPTY}"] }, variables);
  expect(missing.map(({ path, name }) => [path, name])).toEqual([
    [["b", 0], "NOPE"],
    [["b", 0], "EMPTY"],
  ]);
});

test("what cannot be a name is listed without one, an open brace too", () => {
  const { missing } = fillVariables({ a: "${MY-HOST}", b: "${HOST" }, variables);
  expect(missing).toMatchObject([
    { name: undefined, text: "${MY-HOST}" },
    { name: undefined, text: "${HOST" },
  ]);
});

test("a doubled dollar stands for itself, and a filled value is not filled again", () => {
  expect(fillVariables("$${HOST}", variables).value).toBe("${HOST}");
  expect(fillVariables("${A}", { A: "${HOST}" }).value).toBe("${HOST}");
});
