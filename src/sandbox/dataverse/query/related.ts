import type { Environment } from "../environment.ts";
import { type Column, isLookup, read, readTarget, type Table } from "../model.ts";
import type { CollectionNavigation } from "../relationships.ts";
import { isAlive, type Row, SEQUENCE } from "../row.ts";

/**
 * Calls `visit` for every pair of a row of `table` (its id) and a row of the collection that belongs to it: one pass
 * over the children or over the pairs, however many parents there are.
 */
export function eachRelated(
  environment: Environment,
  table: Table,
  collection: CollectionNavigation,
  visit: (parent: string, row: Row) => void,
): void {
  if (collection.kind === "1:N") {
    const { column, other } = collection;
    for (const row of other.rows) {
      const parent = isAlive(row) ? pointsTo(row, column, table) : undefined;
      if (parent !== undefined) visit(parent, row);
    }
    return;
  }
  const { intersect, near, far, other } = collection;
  if (!environment.tables.has(intersect.name)) return;
  for (const pair of intersect.rows) {
    if (!isAlive(pair)) continue;
    const parent = pointsTo(pair, near, table);
    const id = parent === undefined ? undefined : pointsTo(pair, far, other);
    const row = id === undefined ? undefined : other.byId.get(id);
    if (row) visit(parent!, row);
  }
}

/** The rows of a collection by parent, for the parents asked for, in order of creation. */
export function relatedByParent(
  environment: Environment,
  table: Table,
  collection: CollectionNavigation,
  parents: Set<string>,
  filter: ((row: Row) => boolean) | undefined,
): Map<string, Row[]> {
  const groups = new Map<string, Row[]>();
  eachRelated(environment, table, collection, (parent, row) => {
    if (!parents.has(parent) || (filter && !filter(row))) return;
    const group = groups.get(parent);
    if (group) group.push(row);
    else groups.set(parent, [row]);
  });
  if (collection.kind === "N:N") {
    for (const group of groups.values()) group.sort((a, b) => (a[SEQUENCE] as number) - (b[SEQUENCE] as number));
  }
  return groups;
}

/** The id a column holds when it is one of `table`: lookups of several targets tell which they mean. */
function pointsTo(row: Row, column: Column, table: Table): string | undefined {
  const id = read(row, column);
  if (id === null) return undefined;
  if (isLookup(column) && column.targets !== undefined && column.targets.length > 1) {
    if (readTarget(row, column) !== table.name) return undefined;
  }
  return String(id);
}
