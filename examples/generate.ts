import { mkdirSync, readFileSync, realpathSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { changeCustomers } from "./generator/change.ts";
import { companyColumns, makeCompanies } from "./generator/companies.ts";
import { fromCsv, toCsv } from "./generator/csv.ts";
import { type Customer, customerColumns, makeCustomers } from "./generator/customers.ts";
import { makeOrders, type Order, orderColumns } from "./generator/orders.ts";

export type GenerateOptions = {
  /** Where customers.csv, companies.csv and orders.csv go; created if missing, files replaced. */
  folder: string;
  /** The same seed and sizes give the same bytes. */
  seed?: number;
  /** Lines of customers.csv, the 39 spoiled ones included; at least 1000. */
  customers?: number;
  companies?: number;
};

/** Writes the example's data. Returns how many rows each file has. */
export function generate({ folder, seed = 1, customers = 5000, companies = 300 }: GenerateOptions) {
  const companyRows = makeCompanies(seed, companies);
  const customerRows = makeCustomers(
    seed,
    customers,
    companyRows.map((c) => c.company_no),
  );
  const orderRows = makeOrders(seed, customerRows);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "companies.csv"), toCsv(companyRows, companyColumns));
  writeFileSync(join(folder, "customers.csv"), toCsv(customerRows, customerColumns));
  writeFileSync(join(folder, "orders.csv"), toCsv(orderRows, orderColumns));
  return { customers: customerRows.length, companies: companyRows.length, orders: orderRows.length };
}

/**
 * A day later: changes one mapped column of exactly 50 customers and removes 20 others from customers.csv, and moves
 * nothing else (see generator/change.ts). Works on the file as it stands. Returns the customer numbers.
 */
export function change({ folder, seed = 1 }: { folder: string; seed?: number }): { changed: string[]; left: string[] } {
  const read = (name: string) => fromCsv(readFileSync(join(folder, name), "utf8"));
  const companyNumbers = new Set(read("companies.csv").map((c) => c.company_no!));
  const result = changeCustomers(
    read("customers.csv") as Customer[],
    read("orders.csv") as Order[],
    companyNumbers,
    seed,
  );
  writeFileSync(join(folder, "customers.csv"), toCsv(result.customers, customerColumns));
  return { changed: result.changed, left: result.left };
}

const usage = "node examples/generate.ts [change] [--folder DIR] [--seed N] [--customers N] [--companies N]";

function main(): void {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      folder: { type: "string" },
      seed: { type: "string", default: "1" },
      customers: { type: "string", default: "5000" },
      companies: { type: "string", default: "300" },
    },
  });
  const folder = resolve(values.folder ?? fileURLToPath(new URL("data", import.meta.url)));
  const number = (name: "seed" | "customers" | "companies") => {
    const value = Number(values[name]);
    if (!Number.isInteger(value) || value < 0)
      throw new TypeError(`--${name}: "${values[name]}" is not a whole number`);
    return value;
  };
  if (positionals.length === 1 && positionals[0] === "change") {
    const { changed, left } = change({ folder, seed: number("seed") });
    console.log(`${folder}/customers.csv: ${changed.length} customers changed, ${left.length} left`);
  } else if (positionals.length === 0) {
    const made = generate({
      folder,
      seed: number("seed"),
      customers: number("customers"),
      companies: number("companies"),
    });
    console.log(`${folder}: ${made.customers} customers, ${made.companies} companies, ${made.orders} orders`);
  } else {
    throw new TypeError(`"${positionals.join(" ")}" is not known`);
  }
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  try {
    main();
  } catch (error) {
    console.error(`${(error as Error).message}\n${usage}`);
    process.exitCode = 2;
  }
}
