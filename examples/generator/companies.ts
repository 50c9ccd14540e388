import { random } from "./random.ts";
import { cities, lastNames, legalForms, trades } from "./words.ts";

export const companyColumns = ["company_no", "name", "city", "phone", "website", "employees", "revenue"] as const;
export type Company = Record<(typeof companyColumns)[number], string>;

/** Companies with numbers K-0001, K-0002, ...; all of them are fit for Dynamics. */
export function makeCompanies(seed: number, count: number): Company[] {
  const r = random(seed, "companies");
  return Array.from({ length: count }, (_, i) => {
    const name = `${r.pick(lastNames)} ${r.pick(trades)} ${r.pick(legalForms)}`;
    return {
      company_no: `K-${String(i + 1).padStart(4, "0")}`,
      name: r.chance(0.05) ? `"${name}"` : name,
      city: r.pick(cities),
      phone: r.chance(0.1) ? "" : `+49 30 231${r.int(10_000, 99_999)}`,
      website: r.chance(0.3) ? "" : `https://www.example.com/k${i + 1}`,
      employees: r.chance(0.1) ? "" : String(r.int(1, 4000)),
      revenue: r.chance(0.2) ? "" : `${r.int(50_000, 90_000_000)}.${r.int(10, 99)}`,
    };
  });
}
