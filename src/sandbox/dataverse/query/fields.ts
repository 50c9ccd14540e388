import type { Environment } from "../environment.ts";
import { errors } from "../errors.ts";
import { type Column, isLookup, isProperty, propertyName, read, type Table } from "../model.ts";
import type { Row } from "../row.ts";
import type { Field, Resolve } from "./evaluate.ts";

/** The column a query names, as the Web API names it: `firstname`, `_parentcustomerid_value`. */
export function queryColumn(table: Table, name: string): Column {
  const inner = /^_(.+)_value$/.exec(name)?.[1];
  const column = table.columns.get(inner ?? name);
  if (!column || !isProperty(column) || column.writeOnly || propertyName(column) !== name)
    throw errors.noSuchProperty(name, table.name);
  return column;
}

export function fieldType(column: Column): Field<Row>["type"] {
  if (isLookup(column) || column.kind === "guid") return "guid";
  switch (column.kind) {
    case "int":
    case "bigint":
    case "decimal":
    case "double":
    case "money":
    case "choice":
    case "state":
    case "status":
      return "number";
    case "bool":
      return "boolean";
    case "date":
      return "date";
    case "datetime":
    case "zoneless":
      return "datetime";
    default:
      return "string";
  }
}

/** Resolves paths over rows of a table: a column, or a column of a row that lookups lead to (`a/b/name`). */
export function rowFields(environment: Environment, table: Table): Resolve<Row> {
  return (path) => {
    const [name, ...rest] = path;
    if (rest.length === 0) {
      const column = queryColumn(table, name!);
      return { type: fieldType(column), get: (row) => read(row, column) };
    }
    const relation = table.relations.find((each) => each.navigation === name);
    const target = relation && environment.tables.get(relation.target);
    const column = relation && table.columns.get(relation.column);
    if (!target || !column) throw errors.noSuchProperty(name!, table.name);
    const inner = rowFields(environment, target)(rest);
    return {
      type: inner.type,
      get: (row) => {
        const linked = target.byId.get(String(read(row, column)));
        return linked === undefined ? null : inner.get(linked);
      },
    };
  };
}
