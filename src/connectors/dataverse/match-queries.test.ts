import { expect, test } from "vitest";
import { matchQueries } from "./match-queries.ts";
import { contact } from "./stub.ts";

const select = "contacts?$select=contactid";
const queries = (columns: string[], values: string[][], room = 30_000) =>
  matchQueries(room, select, contact, { columns, values });
const filter = (query: string) => new URL(query, "http://x").searchParams.get("$filter");

test("values are literals of their column's type, whatever stands in them", () => {
  const odd = 'O\'Neil & 50% "x" + ü/\u0000\n#?';
  expect(filter(queries(["lastname"], [[odd], ["b"]])[0]!)).toBe(
    `lastname eq '${odd.replace("'", "''")}' or lastname eq 'b'`,
  );
  const id = "00000000-0000-4000-8000-000000000001";
  expect(filter(queries(["parentcustomerid"], [[`account:${id}`]])[0]!)).toBe(`_parentcustomerid_value eq ${id}`);
  expect(filter(queries(["contactid"], [[id]])[0]!)).toBe(`contactid eq ${id}`);
});

test("several columns belong together", () => {
  expect(
    filter(
      queries(
        ["lastname", "contactid"],
        [
          ["a", "1"],
          ["b", "2"],
        ],
      )[0]!,
    ),
  ).toBe("(lastname eq 'a' and contactid eq 1) or (lastname eq 'b' and contactid eq 2)");
});

test("no query has more conditions or is longer than it may be, and none is lost", () => {
  const values = Array.from({ length: 450 }, (_, i) => [`value ${i}`]);
  const few = queries(["lastname"], values);
  expect(few.map((query) => filter(query)!.split(" or ").length)).toEqual([200, 200, 50]);
  const short = queries(["lastname"], values, 1000);
  expect(Math.max(...short.map((query) => query.length))).toBeLessThanOrEqual(1000 + "&$filter=".length);
  expect(short.flatMap((query) => filter(query)!.split(" or "))).toHaveLength(450);
  expect(queries(["lastname"], [])).toEqual([]);
});
