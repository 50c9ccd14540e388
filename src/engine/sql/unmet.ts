import { type Duck, text } from "../duck.ts";
import type { Shape, ShapeColumn } from "../shape.ts";
import { bit, has, list, maskType, storedBefore, storedName } from "./names.ts";
import { inSeveralWaves } from "./states.ts";

// First contact is a matter of one column of one row. Mostly a whole row meets at once, and what its base lacks is known
// without a note; `st.unmet` holds the others: a column that the mapping gained while the row could not go, say.

/**
 * How columns of linked rows stand: `added` since the last run, so met by none; `unmet` by some; `owed` to some (`owed.ts`).
 * Their stored names.
 */
export type Contact = { added: ReadonlySet<string>; unmet: ReadonlySet<string>; owed: ReadonlySet<string> };

/** Of columns that the state did not know (`mirrored`: those it knows) every row is yet to meet both sides. Stored names. */
export const addedColumns = (shape: Shape, mirrored: string[]): Set<string> =>
  new Set(mirrored.length > 0 ? shape.columns.filter((c) => !isKnown(c, mirrored)).map(storedName) : []);

const isKnown = (c: ShapeColumn, mirrored: string[]): boolean =>
  mirrored.includes(storedName(c)) || mirrored.includes(storedBefore(c)?.name ?? storedName(c));

/** The columns that the state knows (`mirrored`) and the mapping lacks: their stored names. */
export const leftOut = (shape: Shape, mirrored: string[]): string[] =>
  mirrored.filter((name) => !shape.columns.some((c) => storedName(c) === name));

/** The stored names of columns that some row has yet to meet. */
export async function unmetColumns(duck: Duck): Promise<Set<string>> {
  return new Set((await duck.all<{ col: string }>("SELECT DISTINCT col FROM st.unmet")).map(({ col }) => col));
}

const isUnmet = (c: ShapeColumn, { unmet }: Pick<Contact, "unmet">): boolean =>
  c.role === "mapped" && unmet.has(storedName(c));

/** u_* of the rows with a base (b) that are `among` a table: they have yet to meet the column. Nothing where all have met all. */
export function unmetFacts(
  columns: readonly ShapeColumn[],
  contact: Pick<Contact, "unmet">,
  among: string,
): { names: string[]; join: string } {
  const open = columns.filter((c) => isUnmet(c, contact));
  if (open.length === 0) return { names: [], join: "" };
  const each = open.map((c) => `bool_or(col = ${text(storedName(c))}) AS u_${c.index}`);
  return {
    names: open.map((c) => `u_${c.index}`),
    join: `LEFT JOIN (SELECT ${list(["key", ...each])} FROM st.unmet SEMI JOIN ${among} USING (key) GROUP BY key) u ON u.key = b.key`,
  };
}

/** SQL, where a row has base_ and u_*: both sides meet in the column for the first time. */
export function firstContact(c: ShapeColumn, contact: Contact): string {
  if (contact.added.has(storedName(c))) return "true";
  return isUnmet(c, contact) ? `(base_ = 'no' OR u_${c.index} IS TRUE)` : "(base_ = 'no')";
}

/** SQL: a row of `mapped` has a column of which nothing is known yet. */
export function unmetRows(shape: Shape, contact: Contact): string {
  if (shape.columns.some((c) => contact.added.has(storedName(c)))) return "true";
  return shape.columns.some((c) => isUnmet(c, contact)) ? "key IN (SELECT key FROM st.unmet)" : "false";
}

/** The bits of columns in which rows meet. An audience's column is ours alone: there nothing is met. */
function bitsOf(shape: Shape, which: (c: ShapeColumn) => boolean = () => true): string {
  const bits = shape.columns.filter((c) => c.role === "mapped" && which(c)).map((c) => 2n ** BigInt(c.index));
  return `(${bits.reduce((a, b) => a + b, 0n)})::${maskType}`;
}

/** Of every row with a new base, in the table `from`: key, id, first = it had none, met = the bits of what is agreed now. */
export function meet(shape: Shape, from: string, added: ReadonlySet<string> = new Set()): string[] {
  const met = shape.columns.map((c) => `WHEN ${text(storedName(c))} THEN ${has("n.met", c)}`);
  const open = `CASE WHEN first THEN ${bitsOf(shape)} ELSE ${bitsOf(shape, (c) => added.has(storedName(c)))} END & ~met`;
  const names = shape.columns.map((c) => `CASE WHEN ${has("open", c)} THEN ${text(storedName(c))} END`);
  if (met.length === 0) return [];
  const settled = ["unmet", ...(inSeveralWaves(shape) ? ["owed"] : [])];
  return [
    ...settled.map(
      (table) =>
        `DELETE FROM st.${table} USING ${from} n WHERE n.key = st.${table}.key AND (n.first OR n.id IS NULL OR CASE col ${met.join(" ")} ELSE false END)`,
    ),
    `INSERT INTO st.unmet SELECT key, unnest(list_filter([${names.join(", ")}], lambda c: c IS NOT NULL))
FROM (SELECT key, ${open} AS open FROM ${from} WHERE id IS NOT NULL) WHERE open <> 0`,
  ];
}

/** What fold does, once base is as it will be: rows that this run did not touch have not met what the mapping gained. */
export function foldUnmet(shape: Shape, added: ReadonlySet<string>, forgotten: string): string[] {
  const gained = shape.columns.filter((c) => c.role === "mapped" && added.has(storedName(c)));
  const names = gained.map((c) => text(storedName(c))).join(", ");
  return [
    ...["unmet", "owed"].map((table) => `DELETE FROM st.${table} WHERE key IN (${forgotten})`),
    ...(gained.length > 0 ? [`DELETE FROM st.unmet WHERE col IN (${names})`] : []),
    ...meet(shape, "agreed", added),
    ...(gained.length > 0
      ? [`INSERT INTO st.unmet SELECT key, unnest([${names}]) FROM st.base ANTI JOIN agreed USING (key)`]
      : []),
  ];
}

/** `met` of a row of changes that were made: all columns of a record we made, else those its masks (SQL) name. */
export const metOf = (shape: Shape, masks: string): string =>
  `CASE WHEN c.kind = 'create' THEN ${bitsOf(shape)} ELSE ${masks} END`;

/** The same where a file's bits are those of another mapping: `bits` says which, of the columns that the file has. */
export function metIn(masks: string, bits: { index: number; bit: { index: number } }[]): string {
  const each = bits.map((c) => `CASE WHEN ${has(masks, c.bit)} THEN ${bit(c)} ELSE 0 END`);
  return `(${each.join(" + ") || "0"})::${maskType}`;
}
