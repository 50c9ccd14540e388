import type { Reply } from "../../http/exchange.ts";
import type { Operation } from "../../operation.ts";
import { errors } from "../errors.ts";
import { type Column, isLookup, isProperty, read, readTarget, type Table } from "../model.ts";
import { type Draft, drafted, draftOf, setDrafted } from "../records/draft.ts";
import { associate, disassociate, pairOf, relatedRows } from "../records/links.ts";
import { requirePrivilege } from "../records/privileges.ts";
import { updateFrom } from "../records/store.ts";
import type { Transaction } from "../records/transaction.ts";
import { type CollectionNavigation, collectionsOf } from "../relationships.ts";
import { type ApiRequest, noContent, transact } from "../request.ts";
import { idOf, type Row } from "../row.ts";
import { flagParameter, objectParameter, parametersOf, rowParameter, typeParameter } from "./action.ts";

/** Tables whose rows can be merged, and the state the row that goes gets (page merge-entity-using-web-api). */
const GONE: Record<string, number> = { account: 1, contact: 1, lead: 2 };

/** The lookup that says what a row belongs to, for PerformParentingChecks. */
const PARENT: Record<string, string> = { account: "parentaccountid", contact: "parentcustomerid" };

/**
 * `Merge`: what the subordinate has and the target lacks moves to the target, UpdateContent is written over it, all that
 * points at the subordinate points at the target, and the subordinate becomes inactive (`merged`, `masterid`).
 * Source: dataverse.md section 12, page merge-entity-using-web-api. All of it in one transaction.
 */
export function merge(request: ApiRequest): Reply {
  const needed = ["Target", "Subordinate", "PerformParentingChecks"];
  const body = parametersOf(request, "Merge", needed, ["UpdateContent"]);
  const target = rowParameter(request, "Target", body.Target);
  const subordinate = rowParameter(request, "Subordinate", body.Subordinate);
  const { table } = target;
  if (GONE[table.name] === undefined) throw errors.messageUnsupported(table.name);
  if (subordinate.table !== table)
    throw errors.badParameter("Subordinate", `it must be of the type of Target, ${table.name}`);
  if (subordinate.row === target.row) throw errors.mergeIdentical();
  if ([target.row, subordinate.row].some((row) => stateOf(table, row) !== 0)) throw errors.mergeInactive();
  if (flagParameter(body.PerformParentingChecks)) checkParents(table, target.row, subordinate.row);
  const content = contentOf(request, table, body.UpdateContent);
  requirePrivilege(request, table, "Write");
  transact(request, (tx) => {
    const system: Transaction = { ...tx, actor: { ...tx.actor, seeding: true } };
    const collections = [...collectionsOf(tx.environment, table).values()];
    const pairTables = collections.map((each) => (each.kind === "N:N" ? each.intersect : undefined));
    for (const collection of collections) {
      // Pairs are moved as what they are, not as rows that look at the subordinate.
      if (collection.kind === "1:N" && pairTables.includes(collection.other)) continue;
      moveMembers(system, table, collection, subordinate.row, target.row);
    }
    updateFrom(tx, table, target.row, mergedDraft(request, table, target.row, subordinate.row, content));
    const gone: Draft = { columns: [], values: [], targets: [] };
    setDrafted(gone, table.columns.get("merged")!, true);
    setDrafted(gone, table.columns.get("masterid")!, idOf(target.row), table.name);
    setDrafted(gone, table.columns.get("statecode")!, GONE[table.name]!);
    updateFrom(system, table, subordinate.row, gone);
  });
  return noContent(2);
}

function contentOf(request: ApiRequest, table: Table, value: unknown): Record<string, unknown> {
  if (value === undefined || value === null) return {};
  const content = objectParameter("UpdateContent", value);
  if (typeParameter(request, "UpdateContent", content, table) === table) return content;
  throw errors.badParameter("UpdateContent", `it must be of the type of Target, ${table.name}`);
}

const stateOf = (table: Table, row: Row) => read(row, table.columns.get("statecode")!);

function checkParents(table: Table, target: Row, subordinate: Row): void {
  const parent = table.columns.get(PARENT[table.name] ?? "");
  if (parent && read(target, parent) !== read(subordinate, parent)) throw errors.mergeDifferentParents();
}

/** UpdateContent, and the subordinate's values where the target has none. Values of keys stay where they are. */
function mergedDraft(
  request: ApiRequest,
  table: Table,
  target: Row,
  subordinate: Row,
  content: Record<string, unknown>,
): Draft {
  const draft = draftOf(request.environment, table, content, "update");
  const inKeys = new Set(table.keys.flatMap((key) => key.columns));
  for (const column of table.columns.values()) {
    if (!isMoved(column) || inKeys.has(column) || drafted(draft, column) !== undefined) continue;
    const value = read(subordinate, column);
    // A target below its own subordinate would end up below itself.
    if (value === null || value === idOf(target) || read(target, column) !== null) continue;
    setDrafted(draft, column, value, isLookup(column) ? readTarget(subordinate, column) : undefined);
  }
  return draft;
}

function isMoved(column: Column): boolean {
  if (!column.update || !isProperty(column) || column.of !== undefined || column.computed) return false;
  return !["state", "status", "owner", "image", "guid"].includes(column.kind);
}

function moveMembers(tx: Transaction, table: Table, collection: CollectionNavigation, from: Row, to: Row): void {
  if (collection.kind === "1:N") {
    const { column } = collection;
    if (column.name === "masterid" || column.computed || column.slot < 0) return;
  }
  for (const member of relatedRows(table, collection, from)) {
    const known = collection.kind === "N:N" && pairOf(collection, to, member) !== undefined;
    if (collection.kind === "N:N" || member === to) disassociate(tx, table, collection, from, member);
    if (!known && member !== to) associate(tx, table, collection, to, member);
  }
}

export const MERGE_OPERATIONS: Operation[] = [
  {
    name: "Merge",
    does: "accounts, contacts and leads: values, related rows, masterid",
    source: "merge-entity-using-web-api",
  },
];
