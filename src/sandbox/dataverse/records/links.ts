import { errors } from "../errors.ts";
import { type Column, isLookup, isPolymorphic, pointsAt, read, readTarget, slotOf, type Table } from "../model.ts";
import type { CollectionNavigation } from "../relationships.ts";
import { idOf, isAlive, type Row } from "../row.ts";
import { type Draft, setDrafted } from "./draft.ts";
import { refuseAdministrator } from "./kept-rows.ts";
import { requirePrivilege } from "./privileges.ts";
import { createFrom, deleteFrom, updateFrom } from "./store.ts";
import type { Transaction } from "./transaction.ts";

type Pairs = Extract<CollectionNavigation, { kind: "N:N" }>;

/**
 * Puts `other` into a collection of `row`, which is one of `table`: writes the child's lookup, or a pair of a
 * many-to-many relationship. Throws 0x80040237 when the pair is there already.
 * Source: dataverse.md section 4; "Cannot insert duplicate key." is what Associate is observed to answer.
 */
export function associate(tx: Transaction, table: Table, collection: CollectionNavigation, row: Row, other: Row): void {
  const draft: Draft = { columns: [], values: [], targets: [] };
  if (collection.kind === "1:N") {
    if (collection.other.within) throw errors.noSuchMessage("Associate", collection.other.name);
    requirePrivilege(tx, collection.other, "Write");
    setDrafted(draft, collection.column, idOf(row), table.name);
    updateFrom(tx, collection.other, other, draft);
    return;
  }
  if (pairOf(collection, row, other)) throw errors.alreadyAssociated();
  const { near, far, intersect } = collection;
  if (intersect.name === "roleprivileges") refuseAdministrator(table.name === "role" ? row : other);
  if (intersect.name === "listmember") requireStaticList(tx, table.name === "list" ? row : other);
  requirePrivilege(tx, table, "Append");
  requirePrivilege(tx, collection.other, "AppendTo");
  setDrafted(draft, near, idOf(row), isLookup(near) ? table.name : undefined);
  setDrafted(draft, far, idOf(other), isLookup(far) ? collection.other.name : undefined);
  // A pair with a polymorphic end (listmember) names that end's table in a column of its own.
  const type = intersect.columns.get("entitytype");
  if (type) setDrafted(draft, type, isPolymorphic(far) ? collection.other.name : table.name);
  createFrom(tx, intersect, draft);
}

/** The members of a dynamic list are what its query finds (section 11). */
function requireStaticList(tx: Transaction, list: Row): void {
  if (read(list, tx.environment.tables.get("list")!.columns.get("type")!) === true) throw errors.dynamicList();
}

/** Takes `other` out of the collection. What is not in it stays as it is, without an error. */
export function disassociate(
  tx: Transaction,
  table: Table,
  collection: CollectionNavigation,
  row: Row,
  other: Row,
): void {
  if (collection.kind === "1:N") {
    if (!pointsAt(other, collection.column, table, idOf(row))) return;
    if (collection.other.within) throw errors.noSuchMessage("Disassociate", collection.other.name);
    requirePrivilege(tx, collection.other, "Write");
    const draft: Draft = { columns: [], values: [], targets: [] };
    setDrafted(draft, collection.column, null);
    updateFrom(tx, collection.other, other, draft);
    return;
  }
  const pair = pairOf(collection, row, other);
  if (!pair) return;
  if (collection.intersect.name === "roleprivileges") refuseAdministrator(table.name === "role" ? row : other);
  requirePrivilege(tx, table, "Append");
  requirePrivilege(tx, collection.other, "AppendTo");
  deleteFrom(tx, collection.intersect, pair);
}

/** The rows in a collection of `row`, in no promised order. Children are looked for in their whole table. */
export function relatedRows(table: Table, collection: CollectionNavigation, row: Row): Row[] {
  const id = idOf(row);
  if (collection.kind === "1:N") {
    return collection.other.rows.filter((child) => isAlive(child) && pointsAt(child, collection.column, table, id));
  }
  const found: Row[] = [];
  for (const [farId, pair] of linksFrom(collection).get(id) ?? []) {
    const other = isThere(collection, pair) ? collection.other.byId.get(farId) : undefined;
    if (other) found.push(other);
  }
  return found;
}

/** The row of the intersect table that links the two; undefined when they are not associated. */
export function pairOf(collection: Pairs, row: Row, other: Row): Row | undefined {
  const pair = linksFrom(collection).get(idOf(row))?.get(idOf(other));
  return pair && isThere(collection, pair) ? pair : undefined;
}

/** Deletes every pair that has the row at its near end: what happens when the row itself is deleted. */
export function deletePairs(tx: Transaction, collection: Pairs, row: Row): void {
  for (const pair of linksFrom(collection).get(idOf(row))?.values() ?? []) {
    if (isThere(collection, pair)) deleteFrom(tx, collection.intersect, pair);
  }
}

/** Pairs that were undone or taken out stay in the index until it is built again. */
function isThere({ intersect, far, other }: Pairs, pair: Row): boolean {
  if (!isAlive(pair) || intersect.byId.get(idOf(pair)) !== pair) return false;
  return !isPolymorphic(far) || readTarget(pair, far) === other.name;
}

type Index = { rows: Row[]; read: number; last: Row | undefined; links: Map<string, Map<string, Row>> };
const indexes = new WeakMap<Column, Index>();

/**
 * From the id at the near end to the id at the far end to the pair. Reads what was added to the intersect table since
 * the last time; where rows went away (an undone transaction, a compacted table) it begins anew.
 */
function linksFrom({ intersect, near, far }: Pairs): Map<string, Map<string, Row>> {
  const { rows } = intersect;
  let index = indexes.get(near);
  if (!index || index.rows !== rows || (index.read > 0 && rows[index.read - 1] !== index.last)) {
    index = { rows, read: 0, last: undefined, links: new Map() };
    indexes.set(near, index);
  }
  const nearSlot = slotOf(intersect, near);
  const farSlot = slotOf(intersect, far);
  for (; index.read < rows.length; index.read++) {
    const pair = rows[index.read]!;
    const id = pair[nearSlot] as string;
    const links = index.links.get(id) ?? new Map<string, Row>();
    if (links.size === 0) index.links.set(id, links);
    links.set(pair[farSlot] as string, pair);
  }
  index.last = rows[index.read - 1];
  return index.links;
}
