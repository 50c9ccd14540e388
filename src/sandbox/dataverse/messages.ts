import { SYSTEM_USER } from "./delivered-ids.ts";
import type { Environment } from "./environment.ts";
import { namedGuid } from "./guids.ts";
import type { Table } from "./model.ts";
import { deleteRow } from "./records/delete.ts";
import { begin, type Transaction } from "./records/transaction.ts";
import { createRow } from "./records/write.ts";

const PLAIN = ["Create", "Update", "Delete", "Retrieve", "RetrieveMultiple", "Upsert", "Associate", "Disassociate"];
const BULK = ["CreateMultiple", "UpdateMultiple"];
const PAIRS = ["Associate", "Disassociate", "Retrieve", "RetrieveMultiple"];
const OWNED = ["Assign", "GrantAccess", "ModifyAccess", "RevokeAccess"];

const ELASTIC_BULK = [...BULK, "UpsertMultiple", "DeleteMultiple"];

/**
 * The messages a table has. UpsertMultiple is never listed (dataverse.md section 7) but for elastic tables, as the
 * reference page of flowlog does, which is one.
 */
function messagesOf(table: Table): string[] {
  if (table.intersect) return PAIRS;
  if (table.seedOnly) return ["Retrieve", "RetrieveMultiple"];
  if (table.name === "organization") return ["Retrieve", "RetrieveMultiple", "Update"];
  return [
    ...PLAIN,
    ...(table.partition ? ELASTIC_BULK : table.bulk ? BULK : []),
    ...(table.owned === "user" ? OWNED : []),
  ];
}

/**
 * Puts a table into the environment, with its rows in `sdkmessagefilter`, by which clients ask what a table can do and
 * for which they register steps (dataverse.md sections 3 and 13).
 */
export function addTable(environment: Environment, table: Table): void {
  environment.tables.set(table.name, table);
  environment.sets.set(table.set, table);
  listMessages(environment, table);
}

/** Takes a table away; rows that look at it are the caller's business. */
export function removeTable(environment: Environment, table: Table): void {
  environment.tables.delete(table.name);
  environment.sets.delete(table.set);
  const filters = environment.tables.get("sdkmessagefilter")!;
  const tx = asSystem(environment);
  for (const message of messagesOf(table)) {
    const row = filters.byId.get(filterId(message, table));
    if (row) deleteRow(tx, filters, row);
  }
}

/** Writes the rows of `sdkmessage` and `sdkmessagefilter` for a table. */
export function listMessages(environment: Environment, table: Table): void {
  const messages = environment.tables.get("sdkmessage")!;
  const filters = environment.tables.get("sdkmessagefilter")!;
  const tx = asSystem(environment);
  for (const name of messagesOf(table)) {
    const id = namedGuid(`sdkmessage ${name}`);
    if (!messages.byId.has(id)) createRow(tx, messages, { name, availability: 0 }, id);
    createRow(
      tx,
      filters,
      {
        name: "",
        "sdkmessageid@odata.bind": `/sdkmessages(${id})`,
        primaryobjecttypecode: table.name,
        secondaryobjecttypecode: "none",
        availability: 0,
      },
      filterId(name, table),
    );
  }
}

function filterId(message: string, table: Table): string {
  return namedGuid(`message ${message} ${table.name}`);
}

function asSystem(environment: Environment): Transaction {
  return begin(environment, { user: SYSTEM_USER, bypassPlugins: true, seeding: true });
}
