import { type Customer, day } from "./customers.ts";
import { random } from "./random.ts";

export const orderColumns = ["order_no", "customer_id", "ordered_on", "amount"] as const;
export type Order = Record<(typeof orderColumns)[number], string>;

/** As in audiences/vip.yaml: at least this much bought in all, in cents. */
export const vipCents = 250_000;
/** As in audiences/lapsed.yaml: bought once, but not since this day. */
export const lapsedBefore = "2024-07-01";

/** Up to nine orders a customer between 2023 and 2025; some stopped early, some buy much. */
export function makeOrders(seed: number, customers: readonly Customer[]): Order[] {
  const r = random(seed, "orders");
  const orders: Order[] = [];
  for (const { customer_id } of customers) {
    if (customer_id === "") continue;
    const lastYear = r.chance(0.15) ? 2023 : 2025;
    const scale = r.chance(0.1) ? 40_000 : 6_000;
    for (let n = r.int(0, 9); n > 0; n--) {
      const cents = 900 + Math.floor(r.next() * r.next() * 4 * scale);
      orders.push({
        order_no: `O-${500_001 + orders.length}`,
        customer_id,
        ordered_on: day(r.int(2023, lastYear), r.int(1, 12), r.int(1, 28)),
        amount: (cents / 100).toFixed(2),
      });
    }
  }
  return orders;
}

/** The customer numbers in each of the two audiences. By threshold, not by rank: nobody's leaving moves anybody else. */
export function audiences(orders: readonly Pick<Order, "customer_id" | "ordered_on" | "amount">[]) {
  const sum = new Map<string, number>();
  const last = new Map<string, string>();
  for (const { customer_id, ordered_on, amount } of orders) {
    sum.set(customer_id, (sum.get(customer_id) ?? 0) + Math.round(Number(amount) * 100));
    if (ordered_on > (last.get(customer_id) ?? "")) last.set(customer_id, ordered_on);
  }
  const keys = <T>(map: Map<string, T>, keep: (value: T) => boolean) =>
    new Set([...map].filter(([, value]) => keep(value)).map(([key]) => key));
  return { vip: keys(sum, (cents) => cents >= vipCents), lapsed: keys(last, (day) => day < lapsedBefore) };
}
