import type { Environment } from "../environment.ts";
import { errors } from "../errors.ts";
import { type Column, isLookup, isNumber, isProperty, propertyName, read, readTarget, type Table } from "../model.ts";
import { requirePrivilege } from "../records/privileges.ts";
import type { Actor } from "../records/transaction.ts";
import { collectionNavigation, isAbsentCollection, type SingleNavigation, singleNavigation } from "../relationships.ts";
import type { Row } from "../row.ts";
import type { Field, Resolve } from "./evaluate.ts";

/** On whose behalf something is read: a request is one. Linked tables are read with the same rights. */
export type Reader = { environment: Environment; actor: Actor };

const CRM = "Microsoft.Dynamics.CRM.";

/** The column a query names, as the Web API names it: `firstname`, `_parentcustomerid_value`. */
export function queryColumn(table: Table, name: string): Column {
  const inner = /^_(.+)_value$/.exec(name)?.[1];
  const column = table.columns.get(inner ?? name);
  if (!column || !isProperty(column) || column.writeOnly || propertyName(column) !== name) {
    throw isAbsentCollection(table, name) ? noSuchNavigation(table, name) : errors.noSuchProperty(name, table.name);
  }
  return column;
}

/** The type by which a query compares the column's values. */
export function fieldType(column: Column): Field<Row>["type"] {
  if (isLookup(column) || column.kind === "guid" || column.kind === "file") return "guid";
  if (isNumber(column.kind)) return "number";
  switch (column.kind) {
    case "bool":
    case "managed":
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

/**
 * Resolves paths over rows of a table: a column, or a column of a row that lookups lead to (`a/b/name`). Inside a
 * lambda every path begins with its variable: Dataverse compares columns of one row only (section 6).
 */
export function rowFields(reader: Reader, table: Table, variable?: string): Resolve<Row> {
  return (path) => {
    if (variable === undefined) return fieldAt(reader, table, path);
    const [first, ...rest] = path;
    if (first === variable && rest.length > 0) return fieldAt(reader, table, rest);
    throw errors.badQuery(`'${path.join("/")}' is not a property of the lambda variable '${variable}'.`);
  };
}

/** The field at the end of a path over rows of a table. Reading linked tables needs Read there. Throws 400. */
export function fieldAt(reader: Reader, table: Table, path: string[]): Field<Row> {
  const [name, ...rest] = path;
  if (rest.length === 0) {
    const column = queryColumn(table, name!);
    return { type: fieldType(column), get: (row) => read(row, column), column };
  }
  const property = table.columns.get(name!);
  if (property?.kind === "managed" && rest.join("/") === "Value")
    return { type: "boolean", get: (row) => read(row, property), column: property };
  const navigation = singleNavigation(reader.environment, table, name!);
  if (!navigation) throw notSingle(reader, table, name!, rest[0]!);
  const step = castStep(reader.environment, navigation, rest);
  const { column } = navigation;
  // All that users and teams share, and all an owner of unnamed type has, is its id.
  if (step.table === undefined) {
    if (rest.join("/") !== "ownerid") throw errors.noSuchProperty(rest[0]!, "principal");
    return { type: "guid", get: (row) => read(row, column), column };
  }
  requireJoinable(table, step.table);
  requirePrivilege(reader, step.table, "Read");
  const inner = fieldAt(reader, step.table, step.rest);
  return {
    ...inner,
    get(row) {
      const linked = linkedRow(reader.environment, navigation, row);
      return linked === undefined || linked.table !== step.table ? null : inner.get(linked.row);
    },
  };
}

/** Elastic tables are queried alone, without related rows (use-elastic-tables.md, "Return related rows in a query"). */
export function requireJoinable(...tables: (Table | undefined)[]): void {
  if (tables.some((table) => table?.partition !== undefined)) throw errors.linkEntities();
}

/** What else queries of elastic tables do not support (create-edit-elastic-tables.md) is 400 there. */
export function notInElastic(table: Table, what: string): void {
  if (table.partition !== undefined) throw errors.elastic(what);
}

/** Goes over a cast (`ownerid/Microsoft.Dynamics.CRM.systemuser/...`), without which an owner has no table. */
function castStep(
  environment: Environment,
  navigation: SingleNavigation,
  rest: string[],
): { table: Table | undefined; rest: string[] } {
  const owner = navigation.relation.target === "owner";
  if (!rest[0]!.startsWith(CRM)) return { table: owner ? undefined : navigation.target, rest };
  const table = environment.tables.get(rest[0]!.slice(CRM.length));
  if (!table || rest.length < 2 || !(owner ? isPrincipal(table) : table === navigation.target)) {
    throw errors.badCast(rest[0]!, owner ? "principal" : navigation.target.name);
  }
  return { table, rest: rest.slice(1) };
}

/** Users and teams share the type `principal`, whose key is `ownerid` (dataverse.md section 4). */
export function isPrincipal(table: Table): boolean {
  return table.name === "systemuser" || table.name === "team";
}

function notSingle(reader: Reader, table: Table, name: string, next: string): Error {
  if (!collectionNavigation(reader.environment, table, name)) return noSuchNavigation(table, name);
  if (next === "$count") return errors.queryNode("Count");
  return errors.badQuery(
    `The parent value for a property access of a property '${next}' is not a single value. Property access can only be applied to a single value.`,
  );
}

/** A navigation to a table the sandbox does not have is a part of Dataverse that is missing, anything else is misspelt. */
export function noSuchNavigation(table: Table, name: string): Error {
  const known = table.relations.some((each) => each.navigation === name) || isAbsentCollection(table, name);
  if (!known) return errors.noSuchProperty(name, table.name);
  return errors.notBuilt(`The table behind '${name}' of ${table.set}`);
}

/** The row a lookup leads to; undefined when it is empty, leads to another table, or the row is gone. */
export function linkedRow(
  environment: Environment,
  { relation, column, target }: SingleNavigation,
  row: Row,
): { table: Table; row: Row } | undefined {
  const id = read(row, column);
  if (id === null) return undefined;
  const pointed = readTarget(row, column);
  const table = relation.target === "owner" ? environment.tables.get(pointed ?? "") : target;
  if (!table || (pointed !== undefined && pointed !== table.name)) return undefined;
  const linked = table.byId.get(String(id));
  return linked && { table, row: linked };
}
