import { type Random, random } from "../../examples/generator/random.ts";

/** What a record is to hold, as the source says it. `firm`: its number, which changes with the version. */
type Values = { version: number; firm: number; vip: boolean; quiet: boolean };

/** A row of people on some day. `sound`: Dynamics would take it; the others have a name that is too long. */
export type Person = Values & { n: number; sound: boolean };

/** What the source holds on a day: people in order of their number, and the version of each firm. */
export type Source = { day: number; people: Person[]; gone: Person[]; firms: number[] };

const share = { changes: 0.15, vip: 0.04, quiet: 0.04, leaves: 0.03, returns: 0.5, comes: 0.02, spoilt: 0.004 };

/** Of people and firms alike: there by hand before the first run. */
export const knownBeforehand = (n: number): boolean => n % 20 === 7;

const firmsFor = (people: number): number => Math.max(2, Math.ceil(people / 50));

export function firstDay(seed: number, count: number): Source {
  const r = random(seed, "day 1");
  const firms = Array.from({ length: firmsFor(count) }, () => 0);
  return { day: 1, people: Array.from({ length: count }, (_, n) => newPerson(n, r, firms.length)), gone: [], firms };
}

function newPerson(n: number, r: Random, firms: number): Person {
  return {
    n,
    version: 0,
    firm: r.int(0, firms - 1),
    vip: r.chance(0.3),
    quiet: r.chance(0.2),
    sound: !r.chance(share.spoilt),
  };
}

/**
 * People change, leave, come, return, and their rows are spoilt and mended; firms change and come. Whose record rests
 * stays and is sound, so that the record is sure to be woken.
 */
export function nextDay(
  seed: number,
  { day, people, gone, firms }: Source,
  rests: (n: number) => boolean = () => false,
): Source {
  const r = random(seed, `day ${day + 1}`);
  const stays: Person[] = [];
  const leaves: Person[] = [];
  for (const person of people) (r.chance(share.leaves) && !rests(person.n) ? leaves : stays).push(person);
  const returns = gone.filter(() => r.chance(share.returns));
  const first = Math.max(-1, ...people.map((p) => p.n), ...gone.map((p) => p.n)) + 1;
  const later = firms.map((version) => version + (r.chance(share.changes) ? 1 : 0));
  if (r.chance(0.5)) later.push(0);
  const comes = Array.from({ length: Math.ceil(people.length * share.comes) }, (_, i) =>
    newPerson(first + i, r, later.length),
  );
  const changed = stays.map((person) => awake(changes(person, r, later.length), rests(person.n)));
  const back = returns.map((person) => awake(changes(person, r, later.length), true));
  const byNumber = (a: Person, b: Person) => a.n - b.n;
  return {
    day: day + 1,
    people: [...changed, ...back, ...comes].sort(byNumber),
    gone: [...gone.filter((person) => !returns.includes(person)), ...leaves].sort(byNumber),
    firms: later,
  };
}

const awake = (person: Person, rests: boolean): Person => (rests ? { ...person, sound: true } : person);

function changes(person: Person, r: Random, firms: number): Person {
  const changed = r.chance(share.changes);
  return {
    n: person.n,
    version: person.version + (changed ? 1 : 0),
    firm: changed ? r.int(0, firms - 1) : person.firm,
    vip: r.chance(share.vip) ? !person.vip : person.vip,
    quiet: r.chance(share.quiet) ? !person.quiet : person.quiet,
    sound: person.sound ? !r.chance(share.spoilt) : r.chance(0.5),
  };
}

export const lastname = ({ n, version }: Person): string => `Name ${n} ${version}`;
/** Every other version has none, so that columns are emptied and filled again. */
export const email = ({ n, version }: Person): string => (version % 2 === 1 ? "" : `person${n}@example.com`);
export const limit = ({ n, version }: Person): number => 1000 + n + version * 0.5;

/** The source's files of a day, by name. */
export function filesOf({ people, firms }: Source): Record<string, string> {
  const yes = (is: boolean) => (is ? "yes" : "no");
  const rows = people.map((p) => {
    const name = p.sound ? lastname(p) : `${lastname(p)} ${"x".repeat(60)}`;
    return [p.n, name, email(p), `F${p.firm}`, limit(p), yes(p.vip), yes(p.quiet)].join(",");
  });
  const firmRows = firms.map((version, n) => `F${n},Firm ${n} ${version}`);
  return {
    "people.csv": `${["id,name,email,firm,limit,vip,quiet", ...rows].join("\n")}\n`,
    "firms.csv": `${["no,title", ...firmRows].join("\n")}\n`,
  };
}
