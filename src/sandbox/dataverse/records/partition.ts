import { read, type Table } from "../model.ts";
import { type Cell, idOf, type Row } from "../row.ts";

/**
 * Under what a row stands in `byId`: its id; in an elastic table, where its partition is not its own id, both
 * (elastic-tables.md: rows are unique by id and partition together). So a row in its default partition is found by id
 * alone, also through lookups, and no other is.
 */
export function rowKey(table: Table, row: Row): string {
  return table.partition === undefined ? idOf(row) : partitionedKey(idOf(row), read(row, table.partition));
}

/**
 * The same for an id and a partition. Where none was given the column stays empty and the partition is the id
 * (use-elastic-tables.md, "Specify PartitionId").
 */
export function partitionedKey(id: string, partition: Cell): string {
  return partition === null || partition === id ? id : `${id} ${partition}`;
}
