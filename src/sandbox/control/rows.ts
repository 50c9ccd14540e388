import type { Environment } from "../dataverse/environment.ts";
import { errors } from "../dataverse/errors.ts";
import { isProperty, propertyName, read, type Table } from "../dataverse/model.ts";
import { begin, rollback } from "../dataverse/records/transaction.ts";
import { createRow } from "../dataverse/records/write.ts";
import { idOf, isAlive } from "../dataverse/row.ts";

/**
 * `{table, rows}`: creates rows past privileges, plug-ins and required columns; the rows are written as in the Web
 * API, and may set what clients cannot (createdon, a state, columns of read-only tables). All or none.
 */
export function seedRows(environment: Environment, body: Record<string, unknown>): { ids: string[] } {
  const table = tableNamed(environment, body.table);
  if (!Array.isArray(body.rows)) throw errors.badSchema("'rows' must be a list of rows.");
  const tx = begin(environment, { user: environment.appUser, bypassPlugins: true, seeding: true });
  try {
    return { ids: (body.rows as Record<string, unknown>[]).map((row) => idOf(createRow(tx, table, row ?? {}))) };
  } catch (error) {
    rollback(tx);
    throw error;
  }
}

/** Every row with every column that has a value, under its Web API name. */
export function dumpRows(environment: Environment, name: string): { value: Record<string, unknown>[] } {
  const table = tableNamed(environment, name);
  const columns = [...table.columns.values()].filter(isProperty);
  const value = table.rows.filter(isAlive).map((row) => {
    const shown: Record<string, unknown> = {};
    for (const column of columns) {
      const cell = read(row, column);
      if (cell !== null) shown[propertyName(column)] = cell;
    }
    return shown;
  });
  return { value };
}

function tableNamed(environment: Environment, name: unknown): Table {
  const table = environment.tables.get(String(name)) ?? environment.sets.get(String(name));
  if (!table) throw errors.badSchema(`There is no table '${String(name)}'.`);
  return table;
}
