import { type Column, isLookup, isProperty, propertyName, read, readTarget, type Table } from "../model.ts";
import { type Row, VERSION } from "../row.ts";
import { formattedValue } from "../wire/formatted.ts";
import type { Preferences } from "../wire/prefer.ts";
import { writeValue } from "../wire/row-writer.ts";
import { fetchErrors } from "./errors.ts";
import { fieldOf } from "./field.ts";
import { childrenOf } from "./hierarchy.ts";
import type { Tuple } from "./join.ts";
import type { Plan } from "./plan.ts";
import type { Bound } from "./tables.ts";

export const FORMATTED = "OData.Community.Display.V1.FormattedValue";
export const ATTRIBUTE_NAME = "OData.Community.Display.V1.AttributeName";
const TARGET = "Microsoft.Dynamics.CRM.lookuplogicalname";
const NAVIGATION = "Microsoft.Dynamics.CRM.associatednavigationproperty";

/** One column of the result: its key in the JSON, and whether that is a name of its own (annotated AttributeName). */
export type Output = { key: string; aliased: boolean; bound: Bound; column: Column; children?: Map<string, string[]> };

/**
 * The columns of the result. Columns of links are `alias.column`, which version 8.2 prints as `alias_x002e_column`; the
 * id comes with the entity's, except in distinct results. Virtual companions are asked for in vain, as on the service.
 */
export function outputsOf(plan: Plan, dot: string): Output[] {
  const outputs: Output[] = [];
  const keys = new Set<string>();
  const put = (output: Output) => {
    if (keys.has(output.key)) {
      if (output.aliased && !output.key.includes(dot)) throw fetchErrors.sameAlias(output.key);
      return;
    }
    keys.add(output.key);
    outputs.push(output);
  };
  for (const bound of plan.bounds) {
    if (!returnsColumns(bound)) continue;
    const root = bound === plan.root;
    const keyOf = (column: Column) => (root ? propertyName(column) : `${bound.name}${dot}${column.name}`);
    if (bound.source.all) {
      for (const column of bound.table.columns.values()) {
        if (isProperty(column) && column.kind !== "image") put({ key: keyOf(column), aliased: !root, bound, column });
      }
    }
    for (const { name, alias, children, aggregate } of bound.source.attributes) {
      if (aggregate !== undefined) throw fetchErrors.aggregateNotStarted();
      const field = fieldOf(plan.scope.environment, bound.table, name);
      if (field.companion) continue;
      const { column } = field;
      const counted = children ? { children: childrenOf(bound.table) } : {};
      put({ key: alias ?? keyOf(column), aliased: alias !== undefined || !root, bound, column, ...counted });
    }
    if (root) addKeyAndCurrency(plan, bound, outputs, put);
  }
  return outputs;
}

/** Semi-joins and filter links return nothing (pages join-tables and filter-rows). */
function returnsColumns({ join, parent }: Bound): boolean {
  if (!join) return true;
  if (parent && !returnsColumns(parent)) return false;
  return ["inner", "outer", "matchfirstrowusingcrossapply"].includes(join.type);
}

function addKeyAndCurrency(plan: Plan, root: Bound, outputs: Output[], put: (output: Output) => void): void {
  if (plan.fetch.distinct) return;
  const add = (column: Column | undefined) => {
    if (column) put({ key: propertyName(column), aliased: false, bound: root, column });
  };
  add(root.table.columns.get(root.table.idColumn));
  if (outputs.some(({ column, aliased }) => column.kind === "money" && !aliased)) {
    add(root.table.columns.get("transactioncurrencyid"));
  }
}

/**
 * `#contacts(fullname,_x_value,contactid,x,x())`: the selected columns as the service names them, lookups last again.
 */
export function contextOf(plan: Plan, outputs: Output[], base: string): string {
  const { table, source } = plan.root;
  const start = `${base}/$metadata#${table.set}`;
  const own = outputs.filter(({ bound }) => bound === plan.root);
  if (source.all || own.length === 0) return start;
  const names = own.map(({ column, aliased }) => (aliased ? column.name : propertyName(column)));
  const lookups = own.filter(({ column }) => isLookup(column)).map(({ column }) => column.name);
  return `${start}(${[...new Set([...names, ...lookups, ...lookups.map((name) => `${name}()`)])].join(",")})`;
}

/** Turns joined rows into JSON. Unlike OData queries, empty columns are left out (page retrieve-data). */
export function tupleWriter(plan: Plan, outputs: Output[], prefer: Preferences): (tuple: Tuple) => string {
  const { environment } = plan.scope;
  const wants = { formatted: prefer.wants(FORMATTED), target: prefer.wants(TARGET) };
  const navigation = prefer.wants(NAVIGATION);
  const attributeName = prefer.wants(ATTRIBUTE_NAME);
  const withEtag = !plan.fetch.distinct;
  return (tuple) => {
    const parts: string[] = [];
    if (withEtag) parts.push(`"@odata.etag":"W/\\"${(tuple[0] as Row)[VERSION]}\\""`);
    for (const { key, aliased, bound, column, children } of outputs) {
      const row = tuple[bound.index];
      const value = row === undefined ? null : read(row, column);
      if (row === undefined || value === null) continue;
      const annotate = (name: string, text: string | undefined) => {
        if (text !== undefined) parts.push(`${JSON.stringify(`${key}@${name}`)}:${JSON.stringify(text)}`);
      };
      if (aliased && attributeName) annotate(ATTRIBUTE_NAME, column.name);
      if (children) {
        parts.push(`${JSON.stringify(key)}:${children.get(String(value))?.length ?? 0}`);
        continue;
      }
      if (wants.formatted) annotate(FORMATTED, formattedValue(environment, bound.table, row, column));
      if (isLookup(column)) {
        const target = readTarget(row, column);
        if (navigation && !aliased) annotate(NAVIGATION, navigationName(bound.table, column, target));
        if (wants.target) annotate(TARGET, target);
      }
      parts.push(`${JSON.stringify(key)}:${writeValue(column, value)}`);
    }
    return `{${parts.join(",")}}`;
  };
}

function navigationName(table: Table, column: Column, target: string | undefined): string | undefined {
  const relations = table.relations.filter((each) => each.column === column.name);
  return (relations.find((each) => each.target === target) ?? relations[0])?.navigation;
}
