import { describe, expect, it } from "vitest";
import { syncFile } from "./project.ts";

const parse = (mapping: object) => syncFile.safeParse({ model: "m", to: "crm", object: "o", match: "x", mapping });

describe("currency of an amount", () => {
  it("is short for a lookup of the record's, once for all of its amounts", () => {
    const { data } = parse({ x: "id", a: { from: "a", currency: "EUR" }, b: { from: "b", currency: "EUR" }, c: "c" });
    expect(data?.mapping.transactioncurrencyid).toMatchObject({
      value: "EUR",
      lookup: [{ object: "transactioncurrency", by: "isocurrencycode", missing: "reject" }],
    });
    expect(parse({ x: { from: "id", currency: { from: "cur" } } }).data?.mapping.transactioncurrencyid).toMatchObject({
      from: "cur",
    });
    expect(parse({ x: "id" }).data?.mapping).not.toHaveProperty("transactioncurrencyid");
  });

  it.each([
    [{ a: { from: "a", currency: "EUR" }, b: { from: "b", currency: "USD" } }, /one currency, and a says another/],
    [{ a: { from: "a", currency: "EUR" }, transactioncurrencyid: "cur" }, /line for transactioncurrencyid, too/],
  ])("that would be written twice is refused: %o", (mapping, says) => {
    const { error } = parse(mapping);
    expect(error?.issues[0]).toMatchObject({
      message: expect.stringMatching(says),
      path: ["mapping", expect.any(String), "currency"],
    });
  });

  it("is written in capital letters", () => {
    expect(parse({ a: { from: "a", currency: "Euro" } }).success).toBe(false);
  });
});
