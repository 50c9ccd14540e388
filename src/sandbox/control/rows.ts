import { z } from "zod";
import type { Environment } from "../dataverse/environment.ts";
import { errors } from "../dataverse/errors.ts";
import { isProperty, propertyName, read, type Table } from "../dataverse/model.ts";
import { begin, rollback, type Transaction } from "../dataverse/records/transaction.ts";
import { createRow } from "../dataverse/records/write.ts";
import { idOf, isAlive } from "../dataverse/row.ts";
import { bodyOf, type ControlOperations } from "./operation.ts";
import { seedCsv } from "./seed-csv.ts";

const SEED = z.strictObject({ table: z.string(), rows: z.array(z.record(z.string(), z.unknown())) });

export const ROWS: ControlOperations = {
  "POST seed": {
    does: "Creates rows past privileges, plug-ins and required columns, with columns clients cannot set; `{table, rows}`, or with `?table=` a CSV file. All or none",
    handle(controlled, request) {
      const environment = controlled.environment();
      const name = request.query.get("table");
      if (name !== null) return { rows: seedTable(environment, name, request.call.body) };
      const { table: named, rows } = bodyOf(request, SEED);
      const table = tableNamed(environment, named);
      return { ids: allOrNone(environment, (tx) => rows.map((row) => idOf(createRow(tx, table, row)))) };
    },
  },
  "GET rows/{table}": {
    does: "Every row of a table with every column that has a value",
    handle: (controlled, request) => dumpRows(controlled.environment(), request.parameters.table!),
  },
};

/** Creates the rows of a CSV file, all or none; the answer is how many. Throws what is wrong, with line and column. */
export function seedTable(environment: Environment, name: string, csv: Buffer): number {
  const table = tableNamed(environment, name);
  return allOrNone(environment, (tx) => seedCsv(tx, table, csv));
}

function allOrNone<T>(environment: Environment, work: (tx: Transaction) => T): T {
  const tx = begin(environment, { user: environment.appUser, bypassPlugins: true, seeding: true });
  try {
    return work(tx);
  } catch (error) {
    rollback(tx);
    throw error;
  }
}

/** Every row with every column that has a value, under its Web API name. */
function dumpRows(environment: Environment, name: string): { value: Record<string, unknown>[] } {
  const table = tableNamed(environment, name);
  const columns = [...table.columns.values()].filter((column) => isProperty(column) && !column.writeOnly);
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
