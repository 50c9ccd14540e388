import { errors } from "../errors.ts";
import type { Table } from "../model.ts";
import { requirePrivilege } from "../records/privileges.ts";
import { type CollectionNavigation, collectionNavigation, singleNavigation } from "../relationships.ts";
import { idOf, type Row } from "../row.ts";
import { candidates } from "./candidates.ts";
import { compileFilter, type Powers, type Test } from "./evaluate.ts";
import { noSuchNavigation, notInElastic, type Reader, requireJoinable, rowFields } from "./fields.ts";
import { type Aliases, parseFilter } from "./parser.ts";
import { compileCall } from "./query-functions.ts";
import { eachRelated } from "./related.ts";
import type { Expression, Lambda } from "./syntax.ts";

/** Whether a row is in; and the only rows that may be, in order of creation, where an index tells them. */
export type RowFilter = { passes: (row: Row) => boolean; among: Row[] | undefined };

/** $filter over rows of a table, with lambda and Dataverse's functions. Throws the documented 400 (section 6). */
export function rowFilter(reader: Reader, table: Table, text: string, aliases: Aliases): RowFilter {
  const expression = parseFilter(text, aliases);
  if (comparesColumns(expression)) notInElastic(table, "comparing columns");
  const passes = compileFilter(expression, rowFields(reader, table), rowPowers(reader, table, undefined));
  return { passes, among: candidates(table, expression) };
}

function comparesColumns(expression: Expression): boolean {
  if (expression.kind === "and" || expression.kind === "or") return expression.parts.some(comparesColumns);
  if (expression.kind === "not") return comparesColumns(expression.part);
  return expression.kind === "compare" && expression.left.kind === "path" && expression.right.kind === "path";
}

function rowPowers(reader: Reader, table: Table, variable: string | undefined): Powers<Row> {
  return {
    lambda: (lambda) => lambdaTest(reader, table, variable, lambda),
    call: (call) => compileCall(reader, table, rowFields(reader, table, variable), call),
  };
}

/**
 * `any` and `all` as a set of parents found in one pass over the children: the parents some child of which passes, or
 * fails. Every member of an empty collection passes, as OData has it.
 */
function lambdaTest(reader: Reader, table: Table, variable: string | undefined, lambda: Lambda): Test<Row> {
  const { environment } = reader;
  const collection = lambdaCollection(reader, table, variable, lambda);
  const { other } = collection;
  requireJoinable(table, other);
  requirePrivilege(reader, other, "Read");
  const passes =
    lambda.body &&
    compileFilter(lambda.body, rowFields(reader, other, lambda.variable), rowPowers(reader, other, lambda.variable));
  const any = lambda.quantifier === "any";
  let parents: Set<string> | undefined;
  const find = () => {
    const found = new Set<string>();
    eachRelated(environment, table, collection, (parent, row) => {
      if (passes === undefined || passes(row) === any) found.add(parent);
    });
    return found;
  };
  return (row) => {
    parents ??= find();
    return parents.has(idOf(row)) === any;
  };
}

function lambdaCollection(
  reader: Reader,
  table: Table,
  variable: string | undefined,
  { path, quantifier }: Lambda,
): CollectionNavigation {
  const inner = variable !== undefined && path[0] === variable ? path.slice(1) : path;
  if (variable !== undefined && inner === path) {
    throw errors.badQuery(`'${path.join("/")}' is not a property of the lambda variable '${variable}'.`);
  }
  const [name = "", ...more] = inner;
  const collection = collectionNavigation(reader.environment, table, name);
  if (collection && more.length === 0) return collection;
  const single = singleNavigation(reader.environment, table, name);
  // "You can't include conditions on collections that are nested in a lookup" (query/filter-rows.md).
  if (single && more.length > 0) {
    throw errors.badQuery(
      `The navigation property '${inner.join("/")}' of '${quantifier}' is nested in a lookup, which is not supported.`,
    );
  }
  if (single) throw errors.badQuery(`'${name}' is not a collection: Any/All may only be used following a collection.`);
  throw noSuchNavigation(table, name);
}
