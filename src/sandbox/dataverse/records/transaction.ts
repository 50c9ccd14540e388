import type { Environment } from "../environment.ts";
import { nowSeconds } from "../environment.ts";
import type { Column, Table } from "../model.ts";
import { isAlive, type Row, VERSION } from "../row.ts";
import type { Rights } from "../security/rights.ts";
import { enterKeys, leaveKeys } from "./keys.ts";
import { rowKey } from "./partition.ts";

/** Who writes, and how: what one request may do. */
export type Actor = {
  /** systemuserid that becomes createdby and modifiedby. */
  user: string;
  /** Who impersonates the user: becomes createdonbehalfby and modifiedonbehalfby (dataverse.md section 12). */
  caller?: string;
  /** What the user may do; undefined: everything, as for seeds. */
  rights?: Rights;
  /** Plug-ins do not run (bypass headers, and seeds). */
  bypassPlugins: boolean;
  /** Asynchronous custom steps do not run, or these steps do not (section 12). */
  bypassAsync?: boolean;
  bypassSteps?: Set<string>;
  /** Written rows must not be duplicates by a published rule (section 12). */
  detectDuplicates?: boolean;
  /** Seeds may fill what the Web API only reads, and need no privilege. */
  seeding: boolean;
};

/** One row written. `columns`: what an update was asked to write; undefined where the server itself did it. */
export type Step = {
  kind: "created" | "updated" | "deleted";
  table: Table;
  row: Row;
  before: Row | undefined;
  columns: Column[] | undefined;
  /** By an upsert of an elastic table, which is neither a Create nor an Update. */
  upserted?: boolean;
};

/**
 * Writes of one request. They are applied at once and in order, so that a later item sees an earlier one, and undone
 * in reverse when an item fails: bulk messages are all or nothing (dataverse.md section 7).
 */
export type Transaction = {
  environment: Environment;
  actor: Actor;
  now: string;
  steps: Step[];
  /** How to undo what is kept outside of rows, in order. */
  undo: (() => void)[];
  marks: Map<Table, { log: number; deleted: number; rows: number }>;
  /** How deep in nested rows the writing is. */
  depth: number;
};

/** A transaction of one request, at the present second of the environment's clock. `commit` or `rollback` ends it. */
export function begin(environment: Environment, actor: Actor): Transaction {
  return { environment, actor, now: nowSeconds(environment), steps: [], undo: [], marks: new Map(), depth: 0 };
}

/** Notes a step before the table is touched. */
export function note(
  tx: Transaction,
  kind: Step["kind"],
  table: Table,
  row: Row,
  before?: Row,
  columns?: Column[],
): void {
  if (!tx.marks.has(table)) {
    tx.marks.set(table, { log: table.log.length, deleted: table.deleted.length, rows: table.rows.length });
  }
  tx.steps.push({ kind, table, row, before, columns });
}

/** Gives the row its next version and writes the change log. */
export function stamp(tx: Transaction, table: Table, row: Row): void {
  const version = ++tx.environment.version;
  row[VERSION] = version;
  table.log.push(row);
  table.logVersions.push(version);
}

const watchers = new WeakMap<Environment, (tx: Transaction) => void>();

/**
 * Has `watch` told of each transaction of a request before it counts as done, until it is taken away (undefined). What
 * it throws undoes the transaction; a transaction it lets pass it may still undo, and must compact otherwise.
 */
export function watchCommits(environment: Environment, watch: ((tx: Transaction) => void) | undefined): void {
  if (watch) watchers.set(environment, watch);
  else watchers.delete(environment);
}

/** Ends a transaction whose writes stand. Throws what a watcher throws. */
export function commit(tx: Transaction): void {
  const watch = watchers.get(tx.environment);
  if (watch) watch(tx);
  else compact(tx.marks.keys());
}

/** What a watcher throws that wants the request run again: nothing of it may stay, not even in elastic tables. */
export class Undecided extends Error {}

/**
 * Undoes what a transaction wrote. Elastic tables have no transactions (elastic-tables.md, "Transactional behavior"):
 * unless it is `wholly` to be undone, what it wrote there stands, and remains in its steps.
 */
export function rollback(tx: Transaction, wholly = false): void {
  for (const undo of tx.undo.splice(0).reverse()) undo();
  const undone = (table: Table) => wholly || table.partition === undefined;
  const steps = tx.steps.filter((step) => undone(step.table)).reverse();
  tx.steps = tx.steps.filter((step) => !undone(step.table));
  for (const { kind, table, row, before } of steps) {
    if (kind !== "deleted") leaveKeys(table, row);
    if (kind === "created") table.byId.delete(rowKey(table, row));
    if (before !== undefined) {
      row.length = 0;
      for (const cell of before) row.push(cell);
      table.byId.set(rowKey(table, row), row);
      enterKeys(table, row);
    }
  }
  for (const [table, mark] of tx.marks) {
    if (!undone(table)) continue;
    table.log.length = mark.log;
    table.logVersions.length = mark.log;
    table.deleted.length = mark.deleted;
    table.rows.length = mark.rows;
  }
}

/** Drops what no reader can reach any more: superseded log entries and deleted rows, once they outnumber the rest. */
export function compact(tables: Iterable<Table>): void {
  for (const table of tables) {
    if (table.rows.length > 1000 && table.rows.length > 2 * table.byId.size) table.rows = table.rows.filter(isAlive);
    if (table.log.length <= 1000 || table.log.length <= 2 * table.byId.size) continue;
    const current = table.log.map((row, n) => row[VERSION] === table.logVersions[n]);
    table.log = table.log.filter((_, n) => current[n]);
    table.logVersions = table.logVersions.filter((_, n) => current[n]);
  }
}
