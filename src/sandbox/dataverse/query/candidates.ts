import { fold } from "../collation.ts";
import type { Table } from "../model.ts";
import { type Row, SEQUENCE } from "../row.ts";
import type { Expression } from "./syntax.ts";

/**
 * The rows among which all are that a filter lets pass, found by the indexes of the primary key and of alternate keys over
 * one text column, in order of creation; undefined where no index helps and every row has to be looked at. A client that
 * asks for its rows by the hundred, out of a million, would otherwise wait for a look at the million each time.
 */
export function candidates(table: Table, expression: Expression): Row[] | undefined {
  // In elastic tables an id alone is no key.
  const found = table.partition === undefined ? rowsOf(table, expression) : undefined;
  return found && [...found].sort((a, b) => (a[SEQUENCE] as number) - (b[SEQUENCE] as number));
}

function rowsOf(table: Table, expression: Expression): Set<Row> | undefined {
  switch (expression.kind) {
    case "and":
      return expression.parts
        .map((part) => rowsOf(table, part))
        .reduce((a, b) => (a && b ? (a.size <= b.size ? a : b) : (a ?? b)), undefined);
    case "or": {
      const all = new Set<Row>();
      for (const part of expression.parts) {
        const rows = rowsOf(table, part);
        if (!rows) return undefined;
        for (const row of rows) all.add(row);
      }
      return all;
    }
    case "compare": {
      const { operator, left, right } = expression;
      if (operator !== "eq" || left.kind !== "path" || left.path.length !== 1) return undefined;
      if (right.kind !== "literal" || right.value === null) return undefined;
      return withValues(table, left.path[0]!, [right.value]);
    }
    case "call": {
      const name = expression.arguments.get("PropertyName");
      const values = expression.arguments.get("PropertyValues");
      if (expression.name !== "In" || expression.scope.length > 0 || values?.kind !== "list") return undefined;
      return name?.kind === "literal" ? withValues(table, String(name.value), values.values) : undefined;
    }
    default:
      return undefined;
  }
}

function withValues(table: Table, name: string, values: readonly unknown[]): Set<Row> | undefined {
  const lookUp = name === table.idColumn ? byId(table) : byKey(table, name);
  if (!lookUp) return undefined;
  const rows = new Set<Row>();
  for (const value of values) {
    const row = lookUp(String(value));
    if (row) rows.add(row);
  }
  return rows;
}

const byId = (table: Table) => (value: string) => table.byId.get(value.replace(/^\{|\}$/g, "").toLowerCase());

function byKey(table: Table, name: string): ((value: string) => Row | undefined) | undefined {
  const key = table.keys.find(
    ({ failed, columns: [column, more] }) => !failed && !more && column?.name === name && column.kind === "text",
  );
  return key && ((value) => key.rows.get(fold(value)));
}
