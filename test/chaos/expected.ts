import { email, knownBeforehand, lastname, limit, type Person, type Source } from "./source.ts";

export type OnLeave = "nothing" | "clear" | "deactivate" | "delete";

/** A contact as Dynamics is to hold it; absent = empty. `linked`: a row of the source has become this record. */
type Contact = {
  lastname?: string;
  emailaddress1?: string;
  creditlimit?: number;
  firm?: number;
  jobtitle?: string;
  /** The text column of an audience. */
  department?: "realized" | "exited";
  active: boolean;
  member: boolean;
  linked: boolean;
};

/** What Dynamics is to hold: contacts by number, and the names of accounts in order of their number. */
export type Expected = { contacts: ReadonlyMap<number, Contact>; accounts: readonly string[] };

/** How often Dynamics is to be written to for a day, a record's columns, state and membership apart; how often its states. */
export type Needed = { writes: number; states: number; rejected: number };

/** Before the first run: what was made by hand. */
export function beforehand(source: Source): Expected {
  const known = source.people.filter(({ n }) => knownBeforehand(n));
  const byHand = { lastname: "By hand", jobtitle: "Known", active: true, member: false, linked: false };
  return {
    contacts: new Map(known.map(({ n }) => [n, byHand])),
    accounts: source.firms.map((_, n) => (knownBeforehand(n) ? "By hand" : "")),
  };
}

/**
 * What Dynamics is to hold after a day, worked out from what it held, the source and the sync's policies alone: written
 * from the documentation of the project's files, and not from the engine or its tables.
 */
export function afterDay(before: Expected, source: Source, onLeave: OnLeave): Expected & { needed: Needed } {
  const contacts = new Map<number, Contact>();
  const present = new Map(source.people.map((person) => [person.n, person]));
  for (const [n, contact] of before.contacts) {
    const person = present.get(n);
    const after = person ? kept(contact, person) : contact.linked ? left(contact, onLeave) : contact;
    if (after) contacts.set(n, after);
  }
  for (const person of source.people)
    if (person.sound && !before.contacts.has(person.n))
      contacts.set(person.n, withAudiences(written({ active: true, member: false, linked: true }, person), person));
  const accounts = source.firms.map((version, n) => `Firm ${n} ${version}`);
  const rejected = source.people.filter((person) => !person.sound).length;
  return { contacts, accounts, needed: { ...writesBetween(before, { contacts, accounts }), rejected } };
}

/**
 * What Dynamics is to hold when the run of people that made `after` of `before` has been taken back: what it made rests, or
 * is deleted; what it deleted is made anew, but for its memberships; firms stay.
 */
export function afterUndo(before: Expected, after: Expected, deleteCreated: boolean): Expected & { needed: Needed } {
  const contacts = new Map<number, Contact>();
  for (const [n, contact] of after.contacts) {
    const was = before.contacts.get(n);
    if (was) contacts.set(n, was);
    else if (!deleteCreated) contacts.set(n, { ...contact, active: false, member: false });
  }
  for (const [n, was] of before.contacts) if (!after.contacts.has(n)) contacts.set(n, { ...was, member: false });
  const undone = { contacts, accounts: after.accounts };
  return { ...undone, needed: { ...writesBetween(after, undone), rejected: 0 } };
}

/** Of a row at fault no column is written, but its audiences are, if it has a record. */
function kept(contact: Contact, person: Person): Contact {
  if (person.sound) return withAudiences(written(contact, person), person);
  return contact.linked ? withAudiences(contact, person) : contact;
}

function written(contact: Contact, person: Person): Contact {
  const { emailaddress1: _, ...rest } = contact;
  const address = email(person);
  return {
    ...rest,
    lastname: lastname(person),
    ...(address !== "" && { emailaddress1: address }),
    creditlimit: limit(person),
    firm: person.firm,
    active: true,
    linked: true,
  };
}

function withAudiences(contact: Contact, { vip, quiet }: Pick<Person, "vip" | "quiet">): Contact {
  const was = contact.department !== undefined;
  return { ...contact, member: vip, ...(quiet ? { department: "realized" } : was && { department: "exited" }) };
}

function left(contact: Contact, onLeave: OnLeave): Contact | undefined {
  if (onLeave === "delete") return undefined;
  const out = withAudiences(contact, { vip: false, quiet: false });
  if (onLeave === "deactivate") return { ...out, active: false };
  if (onLeave === "nothing") return out;
  const { lastname: _l, emailaddress1: _e, creditlimit: _c, firm: _f, ...cleared } = out;
  return cleared;
}

function writesBetween(before: Expected, after: Expected): Omit<Needed, "rejected"> {
  let [columns, states, members] = [0, 0, 0];
  for (const [n, contact] of after.contacts) {
    const was = before.contacts.get(n);
    if (!was || cells(was) !== cells(contact)) columns++;
    if (was && was.active !== contact.active) states++;
    if ((was?.member ?? false) !== contact.member) members++;
  }
  const deleted = [...before.contacts.keys()].filter((n) => !after.contacts.has(n)).length;
  const accounts = after.accounts.filter((name, n) => name !== before.accounts[n]).length;
  return { writes: columns + states + members + deleted + accounts, states };
}

/** The record's columns, but for its state. */
function cells({ active: _a, member: _m, linked: _l, ...columns }: Contact): string {
  return JSON.stringify(Object.entries(columns).sort());
}

/** One line a record, so that it can be compared with what is there. */
export function linesOf({ contacts, accounts }: Expected): Content {
  const content: Content = new Map();
  for (const [n, { firm, linked: _, ...contact }] of contacts)
    content.set(`contact ${n}`, [line({ ...contact, ...(firm !== undefined && { firm: `F${firm}` }) })]);
  for (const [n, name] of accounts.entries()) content.set(`account F${n}`, [line({ name })]);
  return content;
}

/** Records by table and number: one line each; the same number may be there more than once. */
export type Content = Map<string, string[]>;

type Row = Record<string, unknown>;

/** What Dynamics holds, in the columns of the model. */
export function contentOf(rows: Record<"contact" | "account" | "listmember", Row[]>): Content {
  const numbers = new Map(rows.account.map((row) => [row.accountid, row.accountnumber]));
  const members = new Set(rows.listmember.map((row) => row._entityid_value));
  const content: Content = new Map();
  const add = (name: string, text: string) => content.set(name, [...(content.get(name) ?? []), text]);
  for (const row of rows.contact) {
    const { lastname, emailaddress1, creditlimit, jobtitle, department } = row;
    const firm = numbers.get(row._parentcustomerid_value);
    const held = { lastname, emailaddress1, creditlimit, jobtitle, department, firm, active: row.statecode === 0 };
    add(`contact ${row.externaluseridentifier}`, line({ ...held, member: members.has(row.contactid) }));
  }
  for (const { accountnumber, name } of rows.account) add(`account ${accountnumber}`, line({ name }));
  return content;
}

const line = (columns: Row): string =>
  JSON.stringify(
    Object.entries(columns)
      .filter(([, value]) => value !== undefined && value !== null)
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );

export type Difference = { lost: string[]; doubled: string[]; different: string[] };

/** Records that are missing from `found`, are there too often (or should not be there), or hold something else. */
export function difference(found: Content, wanted: Content): Difference {
  const keys = [...new Set([...wanted.keys(), ...found.keys()])];
  const there = (key: string) => found.get(key) ?? [];
  const sought = (key: string) => wanted.get(key) ?? [];
  return {
    lost: keys.filter((key) => there(key).length < sought(key).length),
    doubled: keys.filter((key) => there(key).length > sought(key).length),
    different: keys
      .filter((key) => there(key).length === sought(key).length && there(key).join() !== sought(key).join())
      .map((key) => `${key}: ${there(key)}, not ${sought(key)}`),
  };
}
