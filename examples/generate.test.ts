import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { change, generate } from "./generate.ts";
import { rejectedCount, soundCustomers } from "./generator/change.ts";
import { fromCsv, toCsv } from "./generator/csv.ts";
import type { Customer } from "./generator/customers.ts";
import { audiences, lapsedBefore, type Order, vipCents } from "./generator/orders.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sluice-example-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const text = (name: string, at = folder) => readFileSync(join(at, name), "utf8");
const customers = () => fromCsv(text("customers.csv")) as Customer[];
const orders = () => fromCsv(text("orders.csv")) as Order[];
const companies = () => new Set(fromCsv(text("companies.csv")).map((c) => c.company_no!));

describe("generate", () => {
  it("writes the same bytes for the same seed, others for another", () => {
    const [a, b, c] = ["a", "b", "c"].map((name) => join(folder, name)) as [string, string, string];
    generate({ folder: a, seed: 7 });
    generate({ folder: b, seed: 7 });
    generate({ folder: c, seed: 8 });
    expect(readdirSync(a).sort()).toEqual(["companies.csv", "customers.csv", "orders.csv"]);
    for (const name of readdirSync(a)) {
      expect(text(name, a)).toBe(text(name, b));
      expect(text(name, a)).not.toBe(text(name, c));
    }
  });

  it("makes 5000 customers, of which exactly 40 are unfit, and 300 companies", () => {
    const counts = generate({ folder });
    expect(counts).toMatchObject({ customers: 5000, companies: 300 });
    expect(customers()).toHaveLength(5000);
    expect(orders()).toHaveLength(counts.orders);
    expect(rejectedCount).toBe(40);
    expect(soundCustomers(customers(), companies())).toHaveLength(5000 - 40);
  });

  it.each([1, 2, 3])("has the mess of real files (seed %i)", (seed) => {
    generate({ folder, seed });
    const rows = customers();
    const share = (test: (c: Customer) => boolean) => rows.filter(test).length / rows.length;
    expect(share((c) => /[^\u0020-\u007e]/.test(c.last_name))).toBeGreaterThan(0.3);
    expect(share((c) => c.email !== "" && !c.email.includes("@"))).toBeGreaterThan(0.01);
    expect(share((c) => c.birth_date === "")).toBeGreaterThan(0.08);
    expect(share((c) => /^\d\d\.\d\d\.\d{4}$/.test(c.birth_date))).toBeGreaterThan(0.1);
    expect(new Set(rows.map((c) => c.phone.replace(/\d+/g, "9"))).size).toBeGreaterThan(4);
    const { vip, lapsed } = audiences(orders());
    expect(vip.size).toBeGreaterThan(100);
    expect(lapsed.size).toBeGreaterThan(100);
  });

  it("refuses fewer customers than its flaws need", () => {
    expect(() => generate({ folder, customers: 999 })).toThrow("at least 1000");
  });

  it("knows the audiences by the same thresholds as the YAML", () => {
    const yaml = (name: string) => readFileSync(new URL(`audiences/${name}.yaml`, import.meta.url), "utf8");
    expect(yaml("vip")).toContain(`>= ${vipCents / 100}`);
    expect(yaml("lapsed")).toContain(`< DATE '${lapsedBefore}'`);
  });
});

describe("change", () => {
  it.each([1, 2, 3])("changes 50 customers in one mapped column and removes 20, nothing else (seed %i)", (seed) => {
    generate({ folder, seed });
    const [before, ordersBefore, companiesBefore] = [customers(), text("orders.csv"), text("companies.csv")];
    const { changed, left } = change({ folder, seed });
    const after = new Map(customers().map((c) => [c.customer_id, c]));

    expect([changed.length, left.length]).toEqual([50, 20]);
    expect(new Set([...changed, ...left]).size).toBe(70);
    expect(customers()).toHaveLength(5000 - 20);
    for (const id of left) expect(after.has(id)).toBe(false);
    for (const old of before) {
      const now = after.get(old.customer_id);
      if (now === undefined || old.customer_id === "") continue;
      const moved = Object.keys(old).filter((k) => old[k as keyof Customer] !== now[k as keyof Customer]);
      if (changed.includes(old.customer_id)) {
        expect(moved).toHaveLength(1);
        expect(["customer_id", "company_no", "signed_up"]).not.toContain(moved[0]);
      } else if (before.filter((c) => c.customer_id === old.customer_id).length === 1) expect(moved).toEqual([]);
    }
    expect(soundCustomers(customers(), companies())).toHaveLength(5000 - 40 - 20);
    expect([text("orders.csv"), text("companies.csv")]).toEqual([ordersBefore, companiesBefore]);
  });

  it("takes each who leaves out of exactly one audience", () => {
    generate({ folder });
    const { left } = change({ folder });
    const { vip, lapsed } = audiences(orders());
    for (const id of left) expect(Number(vip.has(id)) + Number(lapsed.has(id))).toBe(1);
    expect(left.filter((id) => vip.has(id))).toHaveLength(10);
  });

  it("can be made day after day, with edits of the day before in the file", () => {
    generate({ folder });
    for (let day = 1; day <= 4; day++) {
      const before = new Map(customers().map((c) => [c.customer_id, JSON.stringify(c)]));
      const { changed, left } = change({ folder });
      expect([changed.length, left.length]).toEqual([50, 20]);
      for (const c of customers())
        if (changed.includes(c.customer_id)) expect(before.get(c.customer_id)).not.toBe(JSON.stringify(c));
    }
    expect(customers()).toHaveLength(5000 - 80);
  });
});

describe("csv", () => {
  it("reads back what it wrote", () => {
    const rows = [
      { a: 'say "x", then', b: "" },
      { a: "two\nlines", b: "é" },
      { a: "", b: "" },
    ];
    expect(fromCsv(toCsv(rows, ["a", "b"]))).toEqual(rows);
  });

  it("reads a file that a spreadsheet has saved: byte order mark, CRLF, no last line end", () => {
    expect(fromCsv('\uFEFFa,b\r\n1,"2"\r\n3,')).toEqual([
      { a: "1", b: "2" },
      { a: "3", b: "" },
    ]);
  });
});
