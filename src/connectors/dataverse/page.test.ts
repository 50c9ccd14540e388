import { expect, test } from "vitest";
import { takeApart } from "./page.ts";

const apart = (text: string, changes = false) => {
  const parts = takeApart(Buffer.from(text), "id", changes);
  return parts && { ...parts, rows: parts.rows.toString() };
};

test("rows go on as received, digits and all; links around them are told", () => {
  const rows = '[{"id":"a","n":1.000000000000000000001,"value":[1]},{"n":"]}","id":"b"}]';
  const page = `{"@odata.context":"https://x/$metadata#things(\\"value\\":[)","value":${rows},"@odata.nextLink":"https://x/y?a=[1]&b={}"}`;
  expect(apart(page)).toEqual({ rows, count: 2, deleted: [], next: "https://x/y?a=[1]&b={}", delta: undefined });
  const delta = '{ "@odata.deltaLink" : "d",\n "value" : [ ] }';
  expect(apart(delta)).toEqual({ rows: "[ ]", count: 0, deleted: [], next: undefined, delta: "d" });
});

test("the property's name inside a text is none", () => {
  const row = JSON.stringify({ id: "a", text: 'says "id":"b" and "value":[ and "reason":"' });
  expect(apart(`{"value":[${row}]}`)).toMatchObject({ rows: `[${row}]`, count: 1, deleted: [] });
});

test("tombstones are counted and told; a row that has a reason is none", () => {
  const gone = { "@odata.context": "https://x/$metadata#things/$deletedEntity", id: "b", reason: "deleted" };
  const rows = [{ thing: "a", reason: "own" }, gone, { id: 5, reason: "odd" }];
  const parts = takeApart(Buffer.from(JSON.stringify({ value: rows })), "thing", true);
  expect(parts).toMatchObject({ count: 2, deleted: ["b"] });
});

test("what is cut off, and what is no page, is none; of changes, an empty object is one without rows", () => {
  const whole = '{"value":[{"id":"a","list":[1]},{"id":"b"}],"@odata.nextLink":"https://x"}';
  for (let end = 0; end < whole.length; end++) expect(apart(whole.slice(0, end), true)).toBeUndefined();
  for (const text of ["<html>", "[]", '{"value":5}', '{"value":[],"@odata.nextLink":5}', "{}"])
    expect(apart(text)).toBeUndefined();
  expect(apart("{}", true)).toEqual({ rows: "[]", count: 0, deleted: [], delta: undefined });
});
