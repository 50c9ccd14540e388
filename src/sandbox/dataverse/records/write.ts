import { errors } from "../errors.ts";
import type { Column, Table } from "../model.ts";
import { type Cell, idOf, type Row } from "../row.ts";
import { type Draft, drafted, draftOf, dropDrafted, type Nested, setDrafted } from "./draft.ts";
import { emptyRest } from "./elastic.ts";
import { associate } from "./links.ts";
import { requirePrivilege } from "./privileges.ts";
import { refuseMessageStates } from "./status.ts";
import { createFrom, updateFrom } from "./store.ts";
import type { Actor, Transaction } from "./transaction.ts";

type Body = Record<string, unknown>;

/** Levels of a deep insert; the OData reader refuses more. */
const DEEPEST = 100;

/**
 * Creates one row and the related rows nested in its body. Its id is the one in the body, else `id`, else the next one.
 * Source: dataverse.md sections 4 and 5.
 */
export function createRow(tx: Transaction, table: Table, body: Body, id?: string): Row {
  return createDrafted(tx, table, newDraft(tx, table, body), id);
}

/**
 * Some tables other software fills, tables of pairs are written by associating, and the parties of an activity are made
 * within it (activityparty table reference: RetrieveMultiple alone): their rows are not for clients. The organization has no message but Retrieve, RetrieveMultiple and Update (gg309569).
 */
export function requireWritable(actor: Actor, table: Table, message: "Create" | "Update" | "Upsert" | "Delete"): void {
  if (actor.seeding) return;
  if (table.name === "organization" && (message === "Create" || message === "Delete")) {
    throw errors.noSuchMessage(message, table.name);
  }
  if (!(table.seedOnly || table.intersect || table.within)) return;
  throw table.intersect || table.within ? errors.noSuchMessage(message, table.name) : errors.readOnlyTable(table.name);
}

function newDraft(tx: Transaction, table: Table, body: Body, nested = false): Draft {
  if (!(nested && table.within)) requireWritable(tx.actor, table, "Create");
  requirePrivilege(tx, table, "Create");
  return draftOf(tx.environment, table, body, "create", tx.actor.seeding);
}

/** Rows a lookup leads to are made first, members of collections after the row itself. */
function createDrafted(tx: Transaction, table: Table, draft: Draft, id?: string): Row {
  const { nested } = draft;
  if (nested === undefined) return createFrom(tx, table, draft, id);
  if (++tx.depth > DEEPEST) throw errors.tooDeep(table.set, DEEPEST);
  for (const each of nested) {
    if (each.kind !== "lookup") continue;
    setDrafted(draft, each.column, idOf(createRow(tx, each.target, each.body)), each.target.name);
  }
  const row = createFrom(tx, table, draft, id);
  for (const each of nested) if (each.kind === "collection") addMembers(tx, table, row, each);
  tx.depth--;
  return row;
}

function addMembers(tx: Transaction, table: Table, row: Row, { collection, bodies, rows }: Members): void {
  for (const body of bodies) createRelated(tx, table, row, collection, body, true);
  for (const other of rows) associate(tx, table, collection, row, other);
}

type Members = Extract<Nested, { kind: "collection" }>;

/** Creates a row that is in a collection of `row` from the start: POST to the collection, or a deep insert (`nested`). */
export function createRelated(
  tx: Transaction,
  table: Table,
  row: Row,
  collection: Members["collection"],
  body: Body,
  nested = false,
): Row {
  const { other } = collection;
  if (collection.kind === "N:N") {
    const created = createRow(tx, other, body);
    associate(tx, table, collection, row, created);
    return created;
  }
  const draft = newDraft(tx, other, body, nested);
  setDrafted(draft, collection.column, idOf(row), table.name);
  return createDrafted(tx, other, draft);
}

/** Changes one row. Every column of the body counts as written, also where it is equal (section 4). */
export function updateRow(tx: Transaction, table: Table, row: Row, body: Body): void {
  requireWritable(tx.actor, table, "Update");
  requirePrivilege(tx, table, "Write");
  const draft = draftOf(tx.environment, table, body, "update", tx.actor.seeding);
  refuseMessageStates(table, draft, row);
  updateFrom(tx, table, row, draft);
}

/**
 * Upsert: changes the row when it is there, else creates it with `id` and the key's values (section 4). In an elastic
 * table the body takes the place of the row, and neither Create nor Update is told of it (use-upsert-insert-update-record.md).
 */
export function upsertRow(
  tx: Transaction,
  table: Table,
  row: Row | undefined,
  body: Body,
  key: { id: string; partition?: string } | { values: { column: Column; value: Cell }[] },
): { row: Row; created: boolean } {
  requireWritable(tx.actor, table, "Upsert");
  const all = tx.actor.seeding;
  if (row) {
    requirePrivilege(tx, table, "Write");
    const draft = draftOf(tx.environment, table, body, "update", all);
    // A key cannot be changed through itself: what the body says about its columns is dropped.
    if ("values" in key) for (const { column } of key.values) dropDrafted(draft, column);
    refuseMessageStates(table, draft, row);
    if (table.partition !== undefined) emptyRest(table, draft);
    const first = tx.steps.length;
    updateFrom(tx, table, row, draft);
    if (table.partition !== undefined) markUpserted(tx, first, row);
    return { row, created: false };
  }
  requireWritable(tx.actor, table, "Create");
  requirePrivilege(tx, table, "Create");
  const draft = draftOf(tx.environment, table, body, "create", all);
  if ("values" in key) {
    for (const { column, value } of key.values) {
      if (drafted(draft, column) === undefined) setDrafted(draft, column, value);
    }
    return { row: createDrafted(tx, table, draft), created: true };
  }
  dropDrafted(draft, table.columns.get(table.idColumn)!);
  if (key.partition !== undefined) setDrafted(draft, table.partition!, key.partition);
  const first = tx.steps.length;
  const created = createDrafted(tx, table, draft, key.id);
  if (table.partition !== undefined) markUpserted(tx, first, created);
  return { row: created, created: true };
}

function markUpserted(tx: Transaction, first: number, row: Row): void {
  for (const step of tx.steps.slice(first)) if (step.row === row) step.upserted = true;
}
