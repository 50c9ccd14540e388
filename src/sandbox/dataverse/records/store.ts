import { newId } from "../environment.ts";
import { errors } from "../errors.ts";
import { dropContents } from "../files/content-store.ts";
import { draftImages } from "../files/image-cells.ts";
import { checkNote } from "../files/notes.ts";
import { type Column, read, slotOf, type Table, typeSlotOf } from "../model.ts";
import { type Cell, ID, idOf, type Row, SEQUENCE, VERSION } from "../row.ts";
import { nextNumber } from "./auto-number.ts";
import { type Draft, drafted, dropDrafted } from "./draft.ts";
import { refuseDuplicates } from "./duplicates.ts";
import { checkJson, draftedKey, noteExpiry } from "./elastic.ts";
import { refuseAdministrator } from "./kept-rows.ts";
import { enterKeys, leaveKeys } from "./keys.ts";
import { checkList } from "./list-row-rules.ts";
import { rowKey } from "./partition.ts";
import { runPlugins } from "./plugins.ts";
import { requireLookupPrivileges, requirePrivilegeByName } from "./privileges.ts";
import { completeStatus } from "./status.ts";
import { note, stamp, type Transaction } from "./transaction.ts";

/** Stores a new row: its id is the one in the draft, else `id`, else the next one. */
export function createFrom(tx: Transaction, table: Table, draft: Draft, id?: string): Row {
  const { environment } = tx;
  const idColumn = table.columns.get(table.idColumn)!;
  const sent = drafted(draft, idColumn);
  dropDrafted(draft, idColumn);
  requireLookupPrivileges(tx, table, draft);
  const rowId = typeof sent === "string" ? sent : (id ?? newId(environment));
  completeStatus(table, draft, undefined, rowId);
  if (table.name === "list") checkList(environment, table, draft, undefined);
  if (table.name === "annotation") checkNote(environment, table, draft);
  if (!tx.actor.bypassPlugins) runPlugins(environment, table, draft, "Create");
  if (draft.images !== undefined) draftImages(tx, table, draft, rowId, undefined);
  requireColumns(tx, table, draft);
  const key = table.partition === undefined ? rowId : draftedKey(table, draft, rowId);
  if (table.partition !== undefined) checkJson(table, draft);
  if (table.byId.has(key)) throw errors.duplicateId();

  const row = newRow(tx, table);
  row[ID] = rowId;
  row[SEQUENCE] = ++environment.sequence;
  applyNumbers(tx, table, row);
  applyDraft(table, row, draft);
  backdate(tx, table, row, draft);
  complete(tx, table, row, draft);
  enterKeys(table, row);
  note(tx, "created", table, row);
  table.rows.push(row);
  table.byId.set(key, row);
  stamp(tx, table, row);
  if (table.partition !== undefined) noteExpiry(tx.environment, table, row);
  if (tx.actor.detectDuplicates) refuseDuplicates(tx, table, row);
  return row;
}

/** Changes a row as drafted. Every drafted column counts as written, also where it is equal (section 4). */
export function updateFrom(tx: Transaction, table: Table, row: Row, draft: Draft): void {
  dropDrafted(draft, table.columns.get(table.idColumn)!);
  if (draft.images !== undefined) draftImages(tx, table, draft, idOf(row), row);
  if (draft.columns.length === 0) return;
  requireLookupPrivileges(tx, table, draft);
  completeStatus(table, draft, row, idOf(row));
  if (table.name === "list") checkList(tx.environment, table, draft, row);
  if (table.name === "annotation") checkNote(tx.environment, table, draft, row);
  if (table.name === "role") refuseAdministrator(row);
  if (!tx.actor.bypassPlugins) runPlugins(tx.environment, table, draft, "Update");
  for (const [n, column] of draft.columns.entries()) {
    // Every record has an owner, also of tables whose definition was not exported from an environment and has no level.
    const needed = column.level === "SystemRequired" || column.kind === "owner";
    if (needed && draft.values[n] === null) throw errors.required(table.name, column.name);
  }
  if (table.partition !== undefined) checkJson(table, draft);
  const before = row.slice();
  note(tx, "updated", table, row, before, draft.columns);
  leaveKeys(table, row);
  applyDraft(table, row, draft);
  complete(tx, table, row, draft);
  put(table, row, "modifiedon", tx.now);
  put(table, row, "modifiedby", tx.actor.user);
  delegate(tx, table, row);
  enterKeys(table, row);
  stamp(tx, table, row);
  if (table.partition !== undefined) noteExpiry(tx.environment, table, row);
  if (tx.actor.detectDuplicates) refuseDuplicates(tx, table, row);
}

/** Takes a row out of its table and leaves a tombstone; what looks at it is not touched. */
export function deleteFrom(tx: Transaction, table: Table, row: Row): void {
  note(tx, "deleted", table, row, row.slice());
  leaveKeys(table, row);
  if (tx.environment.files.contents.size > 0) dropContents(tx, table, row);
  const key = rowKey(table, row);
  table.byId.delete(key);
  row[VERSION] = -1;
  table.deleted.push({ key, version: ++tx.environment.version });
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

type Blank = { slots: number; shape: number; now: string; user: string; caller: string | undefined; row: Row };
const blanks = new WeakMap<Table, Blank>();

/**
 * A row with all its places, and in them what the server fills in itself. Made once for rows written alike and then
 * copied in one go: filling each anew was a fifth of a bulk create.
 */
function newRow(tx: Transaction, table: Table): Row {
  const { now } = tx;
  const { user, caller } = tx.actor;
  let blank = blanks.get(table);
  const known = blank?.slots === table.slots && blank.shape === table.shape && blank.now === now;
  if (!blank || !known || blank.user !== user || blank.caller !== caller) {
    // The first filling only gives the columns their places.
    applyDefaults(tx, table, []);
    const row: Row = ["", 0, 0];
    while (row.length < table.slots) row.push(undefined);
    applyDefaults(tx, table, row);
    blank = { slots: table.slots, shape: table.shape, now, user, caller, row };
    blanks.set(table, blank);
  }
  return blank.row.slice();
}

/** What the server fills in itself, the same in every row. */
function applyDefaults(tx: Transaction, table: Table, row: Row): void {
  put(table, row, "createdon", tx.now);
  put(table, row, "modifiedon", tx.now);
  put(table, row, "createdby", tx.actor.user);
  put(table, row, "modifiedby", tx.actor.user);
  put(table, row, "ownerid", tx.actor.user, "systemuser");
  if (tx.actor.caller !== undefined) put(table, row, "createdonbehalfby", tx.actor.caller);
  if (tx.actor.caller !== undefined) put(table, row, "modifiedonbehalfby", tx.actor.caller);
  if (table.owned === "business") {
    // A business unit is in none: the column of that name is its own id.
    if (table.idColumn !== "businessunitid") put(table, row, "businessunitid", tx.environment.businessUnit);
    if (table.name === "team") put(table, row, "administratorid", tx.actor.user);
  }
  for (const column of materialized(table)) row[slotOf(table, column)] = column.initial;
}

function applyNumbers(tx: Transaction, table: Table, row: Row): void {
  for (const column of materialized(table)) {
    if (column.autoNumber !== undefined) row[slotOf(table, column)] = nextNumber(column, tx.now);
  }
}

const materializedColumns = new WeakMap<Table, { shape: number; columns: Column[] }>();

/** Columns added later whose default is written into each new row, since older rows do not have it; and autonumbers. */
function materialized(table: Table): Column[] {
  const known = materializedColumns.get(table);
  if (known?.shape === table.shape) return known.columns;
  const columns = [...table.columns.values()].filter(
    (each) => (each.initial !== undefined && each.implied === null) || each.autoNumber !== undefined,
  );
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
  requirePrivilegeByName(tx.environment, tx.actor, "prvOverrideCreatedOnCreatedBy");
  put(table, row, "createdon", wanted);
  put(table, row, "overriddencreatedon", column!.kind === "date" ? tx.now.slice(0, 10) : tx.now);
}

/** Columns that follow from others: the full name, and the currency of a row with money. */
function complete(tx: Transaction, table: Table, row: Row, draft: Draft): void {
  const first = table.columns.get("firstname");
  const last = table.columns.get("lastname");
  if (first && last && table.columns.has("fullname")) {
    if (drafted(draft, first) !== undefined || drafted(draft, last) !== undefined) {
      const [given, family] = [read(row, first), read(row, last)];
      const name = given === null ? family : family === null ? given : `${given} ${family}`;
      put(table, row, "fullname", name && String(name).slice(0, table.columns.get("fullname")!.max));
    }
  }
  const currency = table.columns.get("transactioncurrencyid");
  if (!currency) return;
  let money = false;
  for (let n = 0; n < draft.columns.length; n++) {
    if (draft.columns[n]!.kind === "money" && draft.values[n] !== null) money = true;
  }
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
const SUPPLIED = new Set([
  "ownerid",
  "statecode",
  "statuscode",
  "businessunitid",
  "administratorid",
  "exchangerate",
  "domainname",
]);
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
