import { type Customer, contactMethods, flaws } from "./customers.ts";
import { audiences, type Order } from "./orders.ts";
import { random } from "./random.ts";
import { cities } from "./words.ts";

export const changedCount = 50;
export const leftCount = 20;

/**
 * A day's work in the source: new rows for `customers`, with 50 changed in one mapped column each and 20 gone. Those who
 * leave belong to exactly one audience, so that each leaving is exactly one write; those who change keep their key,
 * their company and their audiences. Rows that Dynamics refuses are left alone.
 */
export function changeCustomers(
  customers: readonly Customer[],
  orders: readonly Order[],
  companyNumbers: ReadonlySet<string>,
  seed: number,
): { customers: Customer[]; changed: string[]; left: string[] } {
  const r = random(seed, "change");
  const sound = soundCustomers(customers, companyNumbers);
  const { vip, lapsed } = audiences(orders);
  const only = (inThis: Set<string>, notInThat: Set<string>) =>
    sound.filter((c) => inThis.has(c.customer_id) && !notInThat.has(c.customer_id));
  const left = new Set(
    [...r.sample(only(vip, lapsed), leftCount / 2), ...r.sample(only(lapsed, vip), leftCount / 2)].map(
      (c) => c.customer_id,
    ),
  );
  const staying = sound.filter((c) => !left.has(c.customer_id));
  const edits = new Map(r.sample(staying, changedCount).map((c, i) => [c.customer_id, edited(c, i)]));
  return {
    customers: customers.filter((c) => !left.has(c.customer_id)).map((c) => edits.get(c.customer_id) ?? c),
    changed: [...edits.keys()],
    left: [...left],
  };
}

/** Kinds of edits, each to a value that Dynamics takes. */
const kinds: ((c: Customer) => Partial<Customer>)[] = [
  (c) => ({ email: `${c.customer_id.toLowerCase()}@new.example.com` }),
  (c) => ({ phone: `+49 30 23125${c.customer_id.slice(-3)}` }),
  (c) => ({ last_name: c.last_name.endsWith("-Nowak") ? "Nowak" : `${c.last_name.slice(0, 40)}-Nowak` }),
  (c) => ({ city: cities[(cities.indexOf(c.city) + 1) % cities.length]! }),
  (c) => ({
    contact_by: contactMethods[(contactMethods.indexOf(c.contact_by) + 1) % contactMethods.length]!,
  }),
  (c) => ({ birth_date: c.birth_date === "1961-07-04" ? "1961-07-05" : "1961-07-04" }),
];

function edited(customer: Customer, i: number): Customer {
  const last = { ...customer, ...kinds[i % kinds.length]!(customer) };
  // A second day with the same seed may meet an edit that was made already: take the next kind instead.
  return JSON.stringify(last) === JSON.stringify(customer) ? edited(customer, i + 1) : last;
}

/** Customers that Dynamics takes: none of the `flaws`. */
export function soundCustomers(customers: readonly Customer[], companyNumbers: ReadonlySet<string>): Customer[] {
  const times = new Map<string, number>();
  for (const c of customers) times.set(c.customer_id, (times.get(c.customer_id) ?? 0) + 1);
  return customers.filter(
    (c) =>
      c.customer_id !== "" &&
      times.get(c.customer_id) === 1 &&
      c.first_name.length <= 50 &&
      (c.birth_date === "" || isDate(c.birth_date)) &&
      (c.contact_by === "" || contactMethods.includes(c.contact_by)) &&
      (c.company_no === "" || companyNumbers.has(c.company_no)),
  );
}

function isDate(text: string): boolean {
  const iso = text.replace(/^(\d{2})\.(\d{2})\.(\d{4})$/, "$3-$2-$1");
  const time = Date.parse(`${iso}T00:00:00Z`);
  return /^\d{4}-\d{2}-\d{2}$/.test(iso) && !Number.isNaN(time) && new Date(time).toISOString().startsWith(iso);
}

/** How many rows of a generated file are rejected. */
export const rejectedCount = flaws.reduce((sum, flaw) => sum + flaw.rejects, 0);
