import { type Random, random } from "./random.ts";
import { cities, firstNames, lastNames } from "./words.ts";

export const customerColumns = [
  "customer_id",
  "first_name",
  "last_name",
  "email",
  "phone",
  "birth_date",
  "contact_by",
  "company_no",
  "city",
  "signed_up",
] as const;
export type Customer = Record<(typeof customerColumns)[number], string>;

/** The labels of Dynamics' own choice "Preferred Method of Contact" that the file uses. */
export const contactMethods: readonly string[] = ["Any", "Email", "Phone", "Mail"];

type Flaw = { cause: string; rejects: number; rows: number; spoil(row: Customer, i: number, sound: Customer): void };

/**
 * What Dynamics would refuse, and how many rows have it. The doubled customer number costs two rows: the one that took
 * it and the one it was taken from, because nothing tells which of them is right. 40 rows are rejected in all.
 */
export const flaws: readonly Flaw[] = [
  {
    cause: "first name over 50 characters",
    rows: 12,
    rejects: 12,
    spoil(row) {
      row.first_name = `${row.first_name} ${"Wolfeschlegelsteinhausenbergerdorff ".repeat(2)}`.trim();
    },
  },
  {
    cause: "birth date that is no date",
    rows: 10,
    rejects: 10,
    spoil(row, i) {
      row.birth_date = ["31.02.1980", "1980-13-05", "unknown", "0000-00-00", "spring 1971"][i % 5]!;
    },
  },
  {
    cause: "contact method that is no option",
    rows: 8,
    rejects: 8,
    spoil(row, i) {
      row.contact_by = ["Carrier pigeon", "Telegram"][i % 2]!;
    },
  },
  {
    cause: "company that does not exist",
    rows: 7,
    rejects: 7,
    spoil(row, i) {
      row.company_no = `K-9${String(i).padStart(3, "0")}`;
    },
  },
  {
    cause: "customer number used twice",
    rows: 1,
    rejects: 2,
    spoil(row, _i, sound) {
      row.customer_id = sound.customer_id;
    },
  },
  {
    cause: "no customer number",
    rows: 1,
    rejects: 1,
    spoil(row) {
      row.customer_id = "";
    },
  },
];

/**
 * Customers as a company's export holds them: phones in five notations, dates in two, empty cells, e-mail addresses that
 * are none (Dynamics takes any text there), and the flaws above at places spread over the file.
 */
export function makeCustomers(seed: number, count: number, companyNumbers: readonly string[]): Customer[] {
  if (count < 1000) throw new RangeError(`customers: ${count}; the flaws and the audiences need at least 1000`);
  const r = random(seed, "customers");
  const rows = Array.from({ length: count }, (_, i) => makeCustomer(r, i, companyNumbers));
  const spoiled = flaws.flatMap((flaw) => Array.from({ length: flaw.rows }, (_, i) => ({ flaw, i })));
  const distance = Math.floor(count / spoiled.length);
  spoiled.forEach(({ flaw, i }, n) => {
    const at = n * distance + Math.floor(distance / 2);
    flaw.spoil(rows[at]!, i, rows[at + 1]!);
  });
  return rows;
}

function makeCustomer(r: Random, i: number, companyNumbers: readonly string[]): Customer {
  const first = r.pick(firstNames);
  const last = r.pick(lastNames);
  return {
    customer_id: `C-${100_001 + i}`,
    first_name: first,
    last_name: last,
    email: email(r, first, last, i),
    phone: r.chance(0.12) ? "" : phone(r),
    birth_date: birthDate(r),
    contact_by: r.chance(0.15) ? "" : r.pick(contactMethods),
    company_no: r.chance(0.25) ? "" : r.pick(companyNumbers),
    city: r.chance(0.05) ? "" : r.pick(cities),
    signed_up: day(r.int(2015, 2022), r.int(1, 12), r.int(1, 28)),
  };
}

function email(r: Random, first: string, last: string, i: number): string {
  const plain = (text: string) =>
    text
      .normalize("NFD")
      .replace(/[^A-Za-z]/g, "")
      .toLowerCase();
  const good = `${plain(first)}.${plain(last)}${i}@example.${r.pick(["com", "net", "org"])}`;
  const luck = r.next();
  if (luck < 0.06) return "";
  if (luck < 0.08) return good.replace("@", "(at)");
  if (luck < 0.09) return "n/a";
  if (luck < 0.1) return good.toUpperCase();
  return good;
}

function phone(r: Random): string {
  const line = String(r.int(10_000, 99_999));
  return r.pick([
    `+49 30 231${line}`,
    `030/231 ${line}`,
    `(030) 231-${line}`,
    `004930231${line}`,
    `+1-202-555-01${line.slice(0, 2)}`,
  ]);
}

function birthDate(r: Random): string {
  const [year, month, date] = [r.int(1938, 2004), r.int(1, 12), r.int(1, 28)];
  const luck = r.next();
  if (luck < 0.12) return "";
  if (luck < 0.35) return `${pad(date)}.${pad(month)}.${year}`;
  return day(year, month, date);
}

const pad = (n: number) => String(n).padStart(2, "0");
export const day = (year: number, month: number, date: number) => `${year}-${pad(month)}-${pad(date)}`;
