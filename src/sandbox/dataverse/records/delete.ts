import type { Operation } from "../../operation.ts";
import type { Environment } from "../environment.ts";
import { errors } from "../errors.ts";
import { type Column, isLookup, slotOf, type Table } from "../model.ts";
import { collectionsOf } from "../relationships.ts";
import { idOf, isAlive, type Row } from "../row.ts";
import { holdersOf } from "./holders.ts";
import { keptRow } from "./kept-rows.ts";
import { enterKeys, leaveKeys } from "./keys.ts";
import { deletePairs } from "./links.ts";
import { requirePrivilege } from "./privileges.ts";
import { deleteFrom } from "./store.ts";
import { note, stamp, type Transaction } from "./transaction.ts";

const SOURCE = "dataverse.md section 14; CascadeConfiguration of the table reference pages";

export const DELETE_RULES: Operation[] = [
  { name: "Cascade", does: "deleting a row deletes those that look at it", source: SOURCE },
  { name: "RemoveLink", does: "deleting a row empties the lookups that hold it", source: SOURCE },
  {
    name: "NoCascade",
    does: "deleting a row leaves lookups that hold it: elastic tables only",
    source: "create-elastic-tables.md",
  },
  { name: "Restrict", does: "a row that others look at cannot be deleted (0x80040227)", source: SOURCE },
];

/** NoCascade: lookups keep the id of what is gone, as elastic tables have it (create-elastic-tables.md). */
type Rule = "RemoveLink" | "Restrict" | "Cascade" | "NoCascade";
/** A lookup of some table that may hold a deleted row, and what its relationship says then. */
type Reference = { table: Table; column: Column; rule: Rule };

/** Who created or changed a row is history and stays. */
const HISTORY = new Set(["createdby", "modifiedby", "createdonbehalfby", "modifiedonbehalfby"]);

/**
 * Deletes one row, and does to the rows that look at it what each relationship says: Cascade deletes them too,
 * RemoveLink empties the lookup, Restrict throws 0x80040227 (dataverse.md section 14; the rules of delivered tables are
 * those of the table reference pages). Rows an environment cannot be without stay, with an error.
 */
export function deleteRow(tx: Transaction, table: Table, row: Row): void {
  deleteRows(tx, table, [row]);
}

/** The same for many rows of a table: every table that may look at them is read once, not once for each row. */
export function deleteRows(tx: Transaction, table: Table, rows: Row[]): void {
  requirePrivilege(tx, table, "Delete");
  const gone: { table: Table; ids: Set<string> }[] = [];
  const waiting = [{ table, rows }];
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    const ids = new Set<string>();
    for (const each of next.rows) {
      if (!isAlive(each)) continue;
      const kept = tx.actor.seeding ? undefined : keptRow(tx.environment, next.table, idOf(each));
      if (kept) throw kept;
      ids.add(idOf(each));
      for (const collection of collectionsOf(tx.environment, next.table).values()) {
        if (collection.kind === "N:N") deletePairs(tx, collection, each);
      }
      deleteFrom(tx, next.table, each);
    }
    gone.push({ table: next.table, ids });
    for (const reference of referencesTo(tx.environment, next.table)) {
      if (reference.rule !== "Cascade") continue;
      const children = holders(reference, next.table, ids);
      if (children.length > 0) waiting.push({ table: reference.table, rows: children });
    }
  }
  // Only what survived the cascades can stand in the way, or needs its lookup emptied.
  for (const { table: target, ids } of gone) {
    for (const reference of referencesTo(tx.environment, target)) {
      if (reference.rule === "Cascade" || reference.rule === "NoCascade") continue;
      const left = holders(reference, target, ids);
      if (left.length > 0 && reference.rule === "Restrict") throw errors.associated();
      for (const each of left) emptyLookup(tx, reference, each);
    }
  }
}

/** Living rows whose lookup holds one of the ids of the target table. */
function holders({ table, column }: Reference, target: Table, ids: Set<string>): Row[] {
  const { typeSlot } = column;
  return holdersOf(table, column, ids).filter((row) => typeSlot < 0 || (row[typeSlot] ?? target.name) === target.name);
}

function emptyLookup(tx: Transaction, { table, column }: Reference, row: Row): void {
  note(tx, "updated", table, row, row.slice());
  leaveKeys(table, row);
  row[slotOf(table, column)] = null;
  enterKeys(table, row);
  stamp(tx, table, row);
}

/** Every lookup that leads to the table and that some row has held a value in. */
function referencesTo(environment: Environment, target: Table): Reference[] {
  const found: Reference[] = [];
  for (const table of environment.tables.values()) {
    for (const column of table.columns.values()) {
      if (column.slot < 0 || column.computed || !isLookup(column) || HISTORY.has(column.name)) continue;
      if (!column.targets?.includes(target.name)) continue;
      const relation = table.relations.find((each) => each.column === column.name && each.target === target.name);
      // Nothing may be left without its owner.
      const fallback = column.kind === "owner" ? "Restrict" : "RemoveLink";
      found.push({ table, column, rule: relation?.onDelete ?? fallback });
    }
  }
  return found;
}
