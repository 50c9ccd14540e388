import { expect, test } from "vitest";
import { masked } from "./mask.ts";
import type { Column, ColumnType } from "./schema.ts";

const of = (types: Record<string, ColumnType>) => ({
  columns: Object.entries(types).map(
    ([name, type]): Column => ({ name, type, title: name, required: false, create: true, update: true }),
  ),
});

test("by type: a text keeps its length and punctuation, numbers and dates are ones of nobody; null stays", () => {
  const table = of({
    name: "text",
    mail: "text",
    none: "text",
    n: "integer",
    d: "decimal",
    m: "money",
    f: "double",
    day: "date",
    at: "datetime",
  });
  const row = `{"name":"Zoë O'Brien 日本😀","mail":"a.b+7@x-y.com","none":null,"n":-12,"d":0.12345678901234567890,"m":9.5,"f":1e3,"day":"1990-02-03","at":"2020-01-01T10:00:00Z"}`;
  expect(JSON.parse(masked(table, row))).toEqual({
    ...{ name: "xxx x'xxxxx xxxxx".replace(/xxxxx$/, "xxxx"), mail: "x.x+0@x-x.xxx", none: null },
    ...{ n: 0, d: 0, m: 0, f: 0, day: "1900-01-01", at: "1900-01-01T00:00:00Z" },
  });
});

test("what names something in the destination stays, and so does the order", () => {
  const table = of({ contactid: "guid", gendercode: "choice", likes: "choices", statecode: "state", yes: "boolean" });
  const row = `{"@odata.type":"Microsoft.Dynamics.CRM.contact","contactid":"7b0c4f6e-1c2d-4e5f-8a9b-0c1d2e3f4a5b","gendercode":1,"likes":"1,2","statecode":0,"yes":true,"parentcustomerid_account@odata.bind":"/accounts(1)","contact_activity_parties":[{"participationtypemask":1}]}`;
  expect(masked(table, row)).toBe(row);
});
