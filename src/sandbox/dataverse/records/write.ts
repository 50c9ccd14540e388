import { newId } from "../environment.ts";
import { errors } from "../errors.ts";
import { type Column, read, slotOf, type Table, typeSlotOf } from "../model.ts";
import { type Cell, idOf, isAlive, type Row, VERSION } from "../row.ts";
import { type Draft, drafted, draftOf, dropDrafted, setDrafted } from "./draft.ts";
import { enterKeys, leaveKeys } from "./keys.ts";
import { runPlugins } from "./plugins.ts";
import { requireLookupPrivileges, requirePrivilege } from "./privileges.ts";
import { completeStatus } from "./status.ts";
import { note, stamp, type Transaction } from "./transaction.ts";

type Body = Record<string, unknown>;

/**
 * Creates one row. Its id is the one in the body, else `id`, else the next one.
 * Source: dataverse.md sections 4 and 5.
 */
export function createRow(tx: Transaction, table: Table, body: Body, id?: string): Row {
  if (table.seedOnly && !tx.actor.seeding) throw errors.readOnlyTable(table.name);
  requirePrivilege(tx, table, "Create");
  const draft = draftOf(tx.environment, table, body, "create", tx.actor.seeding);
  return createFrom(tx, table, draft, id);
}

export function createFrom(tx: Transaction, table: Table, draft: Draft, id?: string): Row {
  const { environment } = tx;
  const idColumn = table.columns.get(table.idColumn)!;
  const sent = drafted(draft, idColumn);
  dropDrafted(draft, idColumn);
  requireLookupPrivileges(tx, table, draft);
  const rowId = typeof sent === "string" ? sent : (id ?? newId(environment));
  completeStatus(table, draft, undefined, rowId);
  if (!tx.actor.bypassPlugins) runPlugins(environment, table, draft);
  requireColumns(tx, table, draft);
  if (table.byId.has(rowId)) throw errors.duplicateId();

  const row: Row = [rowId, 0, ++environment.sequence];
  while (row.length < table.slots) row.push(undefined);
  applyDefaults(tx, table, row);
  applyDraft(table, row, draft);
  backdate(tx, table, row, draft);
  complete(tx, table, row, draft);
  enterKeys(table, row);
  note(tx, "created", table, row);
  table.rows.push(row);
  table.byId.set(rowId, row);
  stamp(tx, table, row);
  return row;
}

/** Changes one row. Every column of the body counts as written, also where it is equal (section 4). */
export function updateRow(tx: Transaction, table: Table, row: Row, body: Body): void {
  if (table.seedOnly && !tx.actor.seeding) throw errors.readOnlyTable(table.name);
  requirePrivilege(tx, table, "Write");
  updateFrom(tx, table, row, draftOf(tx.environment, table, body, "update", tx.actor.seeding));
}

export function updateFrom(tx: Transaction, table: Table, row: Row, draft: Draft): void {
  dropDrafted(draft, table.columns.get(table.idColumn)!);
  if (draft.columns.length === 0) return;
  requireLookupPrivileges(tx, table, draft);
  completeStatus(table, draft, row, idOf(row));
  if (!tx.actor.bypassPlugins) runPlugins(tx.environment, table, draft);
  for (const [n, column] of draft.columns.entries()) {
    if (column.level === "SystemRequired" && draft.values[n] === null) throw errors.required(table.name, column.name);
  }
  const before = row.slice();
  note(tx, "updated", table, row, before);
  leaveKeys(table, row);
  applyDraft(table, row, draft);
  complete(tx, table, row, draft);
  put(table, row, "modifiedon", tx.now);
  put(table, row, "modifiedby", tx.actor.user);
  delegate(tx, table, row);
  enterKeys(table, row);
  stamp(tx, table, row);
}

/** Deletes one row; lookups to it are emptied (the real rules differ per relationship: docs/sandbox.md). */
export function deleteRow(tx: Transaction, table: Table, row: Row): void {
  requirePrivilege(tx, table, "Delete");
  deleteFrom(tx, table, row);
}

export function deleteFrom(tx: Transaction, table: Table, row: Row): void {
  note(tx, "deleted", table, row, row.slice());
  leaveKeys(table, row);
  table.byId.delete(idOf(row));
  row[VERSION] = -1;
  table.deleted.push({ id: idOf(row), version: ++tx.environment.version });
  for (const other of tx.environment.tables.values()) {
    for (const column of other.columns.values()) {
      if (column.slot >= 0 && !column.computed && column.targets?.includes(table.name)) {
        removeLinks(tx, other, column, table.name, idOf(row));
      }
    }
  }
}

function removeLinks(tx: Transaction, table: Table, column: Column, target: string, id: string): void {
  // Who created or owns a row is history and stays.
  if (["createdby", "modifiedby", "createdonbehalfby", "modifiedonbehalfby", "ownerid"].includes(column.name)) return;
  for (const row of table.rows) {
    if (row[column.slot] !== id || !isAlive(row)) continue;
    if (column.typeSlot >= 0 && row[column.typeSlot] !== target) continue;
    note(tx, "updated", table, row, row.slice());
    leaveKeys(table, row);
    row[column.slot] = null;
    enterKeys(table, row);
    stamp(tx, table, row);
  }
}

function put(table: Table, row: Row, name: string, value: Cell, target?: string): void {
  const column = table.columns.get(name);
  if (!column || column.computed) return;
  row[slotOf(table, column)] = value;
  if (target !== undefined && (column.targets?.length ?? 0) > 1) row[typeSlotOf(table, column)] = target;
}

/** Who really wrote, when it was on behalf of another; a later write by oneself empties it (section 12). */
function delegate(tx: Transaction, table: Table, row: Row): void {
  const column = table.columns.get("modifiedonbehalfby");
  if (!column || (column.slot < 0 && tx.actor.caller === undefined)) return;
  row[slotOf(table, column)] = tx.actor.caller ?? null;
}

/** What the server fills in itself. */
function applyDefaults(tx: Transaction, table: Table, row: Row): void {
  put(table, row, "createdon", tx.now);
  put(table, row, "modifiedon", tx.now);
  put(table, row, "createdby", tx.actor.user);
  put(table, row, "modifiedby", tx.actor.user);
  put(table, row, "ownerid", tx.actor.user, "systemuser");
  if (tx.actor.caller !== undefined) put(table, row, "createdonbehalfby", tx.actor.caller);
  if (tx.actor.caller !== undefined) put(table, row, "modifiedonbehalfby", tx.actor.caller);
  if (table.owned === "business") {
    put(table, row, "businessunitid", tx.environment.businessUnit);
    if (table.name === "team") put(table, row, "administratorid", tx.actor.user);
  }
  for (const column of materialized(table)) row[slotOf(table, column)] = column.initial!;
}

const materializedColumns = new WeakMap<Table, { shape: number; columns: Column[] }>();

/** Columns added later whose default is written into each new row, because older rows do not have it. */
function materialized(table: Table): Column[] {
  const known = materializedColumns.get(table);
  if (known?.shape === table.shape) return known.columns;
  const columns = [...table.columns.values()].filter((each) => each.initial !== undefined && each.implied === null);
  materializedColumns.set(table, { shape: table.shape, columns });
  return columns;
}

function applyDraft(table: Table, row: Row, draft: Draft): void {
  for (let n = 0; n < draft.columns.length; n++) {
    const column = draft.columns[n]!;
    const slot = slotOf(table, column);
    while (row.length <= slot) row.push(undefined);
    row[slot] = draft.values[n]!;
    const target = draft.targets[n];
    if (target !== undefined && column.targets!.length > 1) {
      const typeSlot = typeSlotOf(table, column);
      while (row.length <= typeSlot) row.push(undefined);
      row[typeSlot] = target;
    }
  }
}

/** `overriddencreatedon` back-dates createdon and itself keeps the real time (section 5). */
function backdate(tx: Transaction, table: Table, row: Row, draft: Draft): void {
  const column = table.columns.get("overriddencreatedon");
  const wanted = column && drafted(draft, column);
  if (typeof wanted !== "string") return;
  put(table, row, "createdon", wanted);
  put(table, row, "overriddencreatedon", column!.kind === "date" ? tx.now.slice(0, 10) : tx.now);
}

/** Columns that follow from others: the full name, and the currency of a row with money. */
function complete(tx: Transaction, table: Table, row: Row, draft: Draft): void {
  const first = table.columns.get("firstname");
  const last = table.columns.get("lastname");
  if (first && last && table.columns.has("fullname")) {
    if (drafted(draft, first) !== undefined || drafted(draft, last) !== undefined) {
      const name = [read(row, first), read(row, last)].filter((part) => part !== null).join(" ");
      put(table, row, "fullname", name === "" ? null : name.slice(0, table.columns.get("fullname")!.max));
    }
  }
  const currency = table.columns.get("transactioncurrencyid");
  if (!currency) return;
  const money = draft.columns.some((column, n) => column.kind === "money" && draft.values[n] !== null);
  if (money && read(row, currency) === null) put(table, row, "transactioncurrencyid", tx.environment.currency);
  if (money || drafted(draft, currency) !== undefined) {
    const currencies = tx.environment.tables.get("transactioncurrency")!;
    const chosen = currencies.byId.get(String(read(row, currency)));
    put(table, row, "exchangerate", chosen ? read(chosen, currencies.columns.get("exchangerate")!) : null);
  }
}

/** Only SystemRequired is the API's business; forms may ask for more (section 3). */
function requireColumns(tx: Transaction, table: Table, draft: Draft): void {
  if (tx.actor.seeding) return;
  for (const column of requiredOf(table)) {
    const value = drafted(draft, column);
    if (value === null || (value === undefined && column.initial === undefined)) {
      throw errors.required(table.name, column.name);
    }
  }
}

/** What the server supplies when the client does not. */
const SUPPLIED = new Set(["ownerid", "statecode", "statuscode", "businessunitid", "administratorid", "exchangerate"]);
const requiredColumns = new WeakMap<Table, { shape: number; columns: Column[] }>();

function requiredOf(table: Table): Column[] {
  const known = requiredColumns.get(table);
  if (known?.shape === table.shape) return known.columns;
  const columns = [...table.columns.values()].filter(
    (column) =>
      column.level === "SystemRequired" &&
      column.create &&
      column.of === undefined &&
      column.name !== table.idColumn &&
      column.kind !== "entityname" &&
      !SUPPLIED.has(column.name),
  );
  requiredColumns.set(table, { shape: table.shape, columns });
  return columns;
}

/** Upsert: changes the row when it is there, else creates it with `id` and the key's values (section 4). */
export function upsertRow(
  tx: Transaction,
  table: Table,
  row: Row | undefined,
  body: Body,
  key: { id: string } | { values: { column: Column; value: Cell }[] },
): { row: Row; created: boolean } {
  if (table.seedOnly && !tx.actor.seeding) throw errors.readOnlyTable(table.name);
  const all = tx.actor.seeding;
  if (row) {
    requirePrivilege(tx, table, "Write");
    const draft = draftOf(tx.environment, table, body, "update", all);
    // A key cannot be changed through itself: what the body says about its columns is dropped.
    if ("values" in key) for (const { column } of key.values) dropDrafted(draft, column);
    updateFrom(tx, table, row, draft);
    return { row, created: false };
  }
  requirePrivilege(tx, table, "Create");
  const draft = draftOf(tx.environment, table, body, "create", all);
  if ("values" in key) {
    for (const { column, value } of key.values) {
      if (drafted(draft, column) === undefined) setDrafted(draft, column, value);
    }
    return { row: createFrom(tx, table, draft), created: true };
  }
  dropDrafted(draft, table.columns.get(table.idColumn)!);
  return { row: createFrom(tx, table, draft, key.id), created: true };
}
