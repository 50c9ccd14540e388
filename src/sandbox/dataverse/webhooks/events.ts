import { isLookup, type ManyToMany, readTarget, type Table } from "../model.ts";
import type { Step, Transaction } from "../records/transaction.ts";
import { idOf, type Row } from "../row.ts";
import type { WebhookStep } from "./steps.ts";

/** One row that was written: how it was (not for a creation) and how it is (not for a deletion). */
export type Written = {
  table: Table;
  id: string;
  before: Row | undefined;
  after: Row | undefined;
  columns: Set<string>;
};

/** What one step is told of. `pair`: two rows that were associated or parted. */
export type WebhookEvent =
  | { step: WebhookStep; message: "Create" | "Update" | "Delete"; rows: [Written] }
  | { step: WebhookStep; message: "CreateMultiple" | "UpdateMultiple"; rows: Written[] }
  | { step: WebhookStep; message: "Associate" | "Disassociate"; rows: [Written]; link: ManyToMany };

const MESSAGES = { created: "Create", updated: "Update", deleted: "Delete" } as const;

/**
 * What the writes of a transaction mean for the steps: events in the order of the steps' stages and ranks, and within a
 * step in the order of the writes. Rows are as they are now: to be called before anything else is written.
 * The pipelines of single and bulk messages are one (dataverse.md section 7): steps of either see writes of both.
 */
export function eventsOf(tx: Transaction, steps: WebhookStep[]): WebhookEvent[] {
  const written = tx.steps.map((step) => ({ step, kind: step.kind, row: writtenOf(step) }));
  const links = linksByTable(tx);
  const events: WebhookEvent[] = [];
  for (const step of steps) {
    const { message } = step;
    const matching = written.filter(({ kind, row, step: { columns, upserted } }) => {
      if (upserted || (step.table !== undefined && step.table !== row.table.name)) return false;
      const pair = links.has(row.table.name);
      if (message === "Associate") return pair && kind === "created";
      if (message === "Disassociate") return pair && kind === "deleted";
      if (pair || message.replace("Multiple", "") !== MESSAGES[kind]) return false;
      if (kind !== "updated") return true;
      // A lookup emptied because its row was deleted is no update of this row.
      if (columns === undefined) return false;
      return step.filter === undefined || columns.some((column) => step.filter!.has(column.name));
    });
    if (matching.length === 0) continue;
    if (message === "CreateMultiple" || message === "UpdateMultiple") {
      for (const rows of byTable(matching.map((each) => each.row))) events.push({ step, message, rows });
    } else if (message === "Associate" || message === "Disassociate") {
      for (const { row } of matching) events.push({ step, message, rows: [row], link: linkOf(links, row) });
    } else for (const { kind, row } of matching) events.push({ step, message: MESSAGES[kind], rows: [row] });
  }
  return events;
}

function writtenOf({ kind, table, row, before, columns }: Step): Written {
  return {
    table,
    id: idOf(row),
    before: kind === "created" ? undefined : before,
    after: kind === "deleted" ? undefined : row.slice(),
    columns: new Set(columns?.map((column) => column.name)),
  };
}

function byTable(rows: Written[]): Written[][] {
  const groups = new Map<Table, Written[]>();
  for (const row of rows) {
    const group = groups.get(row.table);
    if (group) group.push(row);
    else groups.set(row.table, [row]);
  }
  return [...groups.values()];
}

/** Many-to-many relationships by the table of their pairs. */
function linksByTable({ environment }: Transaction): Map<string, ManyToMany[]> {
  const links = new Map<string, ManyToMany[]>();
  for (const table of environment.tables.values()) {
    for (const link of table.manyToMany) links.set(link.intersect, [...(links.get(link.intersect) ?? []), link]);
  }
  return links;
}

/** The relationship of a pair. Several share a table where one end is polymorphic (listmember): its target decides. */
function linkOf(links: Map<string, ManyToMany[]>, { table, before, after }: Written): ManyToMany {
  const targets = [...table.columns.values()].filter(isLookup).map((column) => readTarget((after ?? before)!, column));
  const all = links.get(table.name)!;
  return all.find(({ first, second }) => targets.includes(first) && targets.includes(second)) ?? all[0]!;
}
