import { random } from "../../examples/generator/random.ts";

/** Days of a source's life. After the first, rows change, leave, come, and return; what is there on a day follows from the seed. */
export const days = [1, 2, 3] as const;
export type Day = (typeof days)[number];

const [changing, leaving, coming, knownBefore] = [0.3, 0.02, 0.01, 0.05];

/** A person's life, or a firm's: `version` counts its changes up to the day. */
type Life = { n: number; version: number; present: boolean; known: boolean };

function lives(seed: number, topic: string, count: number, day: Day): Life[] {
  const all = count + Math.ceil(count * coming);
  return Array.from({ length: all }, (_, n) => {
    const r = random(seed, `${topic} ${n}`);
    const [leaves, known] = [r.chance(leaving), r.chance(knownBefore)];
    const changes = days.slice(1).map(() => r.chance(changing));
    const version = changes.slice(0, day - 1).filter(Boolean).length;
    const present = n < count ? !(leaves && day === 2) : day > 1;
    return { n, version, present, known };
  });
}

const firmsFor = (people: number): number => Math.max(1, Math.ceil(people / 50));

/** The source's files on a day: people.csv and firms.csv, by name. */
export function sourceOn(day: Day, seed: number, people: number): Record<string, string> {
  const firms = firmsFor(people);
  const firmRows = lives(seed, "firm", firms, day).filter((firm) => firm.present || firm.n < firms);
  const rows = lives(seed, "person", people, day)
    .filter((person) => person.present)
    .map(({ n, version }) => {
      const email = version === 1 ? "" : `person${n}@example.com`;
      return `${n},Name ${n} ${version},${email},F${(n + version * 7) % firms},${1000 + n + version * 0.5},${version % 2 ? "yes" : "no"}`;
    });
  return {
    "people.csv": `${["id,name,email,firm,limit,quiet", ...rows].join("\n")}\n`,
    "firms.csv": `${["no,title", ...firmRows.map(({ n, version }) => `F${n},Firm ${n} ${version}`)].join("\n")}\n`,
  };
}

/** What Dynamics holds before the first run: some of the people and firms, by hand. */
export function knownBeforehand(seed: number, people: number): { table: string; rows: Record<string, unknown>[] }[] {
  const known = (topic: string, count: number) => lives(seed, topic, count, 1).filter((each) => each.known);
  return [
    {
      table: "account",
      rows: known("firm", firmsFor(people)).map(({ n }) => ({
        accountnumber: `F${n}`,
        name: "By hand",
        telephone1: "1",
      })),
    },
    {
      table: "contact",
      rows: known("person", people).map(({ n }) => ({
        externaluseridentifier: `${n}`,
        lastname: "By hand",
        jobtitle: "Known",
      })),
    },
  ];
}
