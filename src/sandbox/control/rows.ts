import { z } from "zod";
import type { Environment } from "../dataverse/environment.ts";
import { errors } from "../dataverse/errors.ts";
import { isProperty, propertyName, read, type Table } from "../dataverse/model.ts";
import { begin, rollback } from "../dataverse/records/transaction.ts";
import { createRow } from "../dataverse/records/write.ts";
import { idOf, isAlive } from "../dataverse/row.ts";
import { bodyOf, type ControlOperations } from "./operation.ts";

const SEED = z.strictObject({ table: z.string(), rows: z.array(z.record(z.string(), z.unknown())) });

export const ROWS: ControlOperations = {
  "POST seed": {
    does: "Creates rows past privileges, plug-ins and required columns, with columns clients cannot set",
    handle: (controlled, request) => seedRows(controlled.environment(), bodyOf(request, SEED)),
  },
  "GET rows/{table}": {
    does: "Every row of a table with every column that has a value",
    handle: (controlled, request) => dumpRows(controlled.environment(), request.parameters.table!),
  },
};

/**
 * `{table, rows}`: creates rows past privileges, plug-ins and required columns; the rows are written as in the Web
 * API, and may set what clients cannot (createdon, a state, columns of read-only tables). All or none.
 */
function seedRows(environment: Environment, { table: name, rows }: z.infer<typeof SEED>): { ids: string[] } {
  const table = tableNamed(environment, name);
  const tx = begin(environment, { user: environment.appUser, bypassPlugins: true, seeding: true });
  try {
    return { ids: rows.map((row) => idOf(createRow(tx, table, row))) };
  } catch (error) {
    rollback(tx);
    throw error;
  }
}

/** Every row with every column that has a value, under its Web API name. */
function dumpRows(environment: Environment, name: string): { value: Record<string, unknown>[] } {
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

function tableNamed(environment: Environment, name: string): Table {
  const table = environment.tables.get(name) ?? environment.sets.get(name);
  if (!table) throw errors.badSchema(`There is no table '${name}'.`);
  return table;
}
