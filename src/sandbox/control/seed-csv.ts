import { CsvError, parse } from "csv-parse/sync";
import type { Environment } from "../dataverse/environment.ts";
import { ODataError } from "../dataverse/errors.ts";
import { GUID } from "../dataverse/guids.ts";
import { type Column, isLookup, isProperty, type Relation, type Table } from "../dataverse/model.ts";
import { draftOf } from "../dataverse/records/draft.ts";
import type { Transaction } from "../dataverse/records/transaction.ts";
import { createRow } from "../dataverse/records/write.ts";
import { Refused } from "./operation.ts";

/** One column of the file: the property it fills, and the value its text stands for. Throws `Refused` for none. */
type Field = { heading: string; property: string; value(text: string): unknown };

/**
 * Creates a row for each line of a CSV file whose first line names columns as the Web API does. Lookups are
 * `nav@odata.bind` or `nav` (a reference or an id), or `nav(key)` with the value of a key of the other table. Choices are
 * values or labels. An empty field sends nothing. Throws at the first fault, with its line and column; the caller
 * undoes what was written. Line by line: the rows are never held twice.
 */
export function seedCsv(tx: Transaction, table: Table, csv: Buffer): number {
  let fields: Field[] | undefined;
  let rows = 0;
  const each = (cells: string[], { lines }: { lines: number }) => {
    if (fields === undefined) fields = fieldsOf(tx.environment, table, cells);
    else {
      createLine(tx, table, fields, cells, lines);
      rows++;
    }
    return null;
  };
  try {
    parse(csv, { bom: true, skip_empty_lines: true, on_record: each as never });
  } catch (error) {
    if (error instanceof CsvError) throw new Refused(`line ${error.lines}: ${error.message}`);
    throw error;
  }
  if (fields === undefined) throw new Refused("the file has no first line with the names of columns");
  return rows;
}

/** What the first line names. Throws `Refused` where two columns fill the same property. */
function fieldsOf(environment: Environment, table: Table, headings: string[]): Field[] {
  const filled = new Set<string>();
  return headings.map((each) => {
    const field = fieldOf(environment, table, each.trim());
    if (filled.has(field.property)) throw new Refused(`column '${field.heading}' is there twice`);
    filled.add(field.property);
    return field;
  });
}

function createLine(tx: Transaction, table: Table, fields: Field[], cells: string[], line: number): void {
  const body: Record<string, unknown> = {};
  for (const [n, field] of fields.entries()) {
    if (cells[n] === "") continue;
    try {
      body[field.property] = field.value(cells[n]!);
    } catch (error) {
      throw located(error, line, field);
    }
  }
  try {
    createRow(tx, table, body);
  } catch (error) {
    throw located(error, line, culprit(tx.environment, table, fields, body));
  }
}

/** The first field that would not do by itself; undefined when the row is refused as a whole. */
function culprit(environment: Environment, table: Table, fields: Field[], body: Record<string, unknown>) {
  return fields.find(({ property }) => {
    if (!(property in body)) return false;
    try {
      draftOf(environment, table, { [property]: body[property] }, "create", true);
      return false;
    } catch {
      return true;
    }
  });
}

function located(error: unknown, line: number, field: Field | undefined): Error {
  const { message } = error as Error;
  const text = `line ${line}${field ? `, column '${field.heading}'` : ""}: ${message}`;
  return error instanceof ODataError ? new ODataError(error.status, error.code, text) : new Refused(text);
}

function fieldOf(environment: Environment, table: Table, heading: string): Field {
  const keyed = /^(\w+)\((\w+)\)$/.exec(heading);
  const navigation = keyed?.[1] ?? heading.replace(/@odata\.bind$/, "");
  const relation = table.relations.find((each) => each.navigation === navigation);
  if (relation && (keyed || isNavigation(table, relation))) {
    return lookupField(environment, relation, heading, keyed?.[2]);
  }
  const column = table.columns.get(heading);
  if (!column || !isProperty(column)) throw new Refused(`column '${heading}': ${table.name} has no such column`);
  if (isLookup(column)) {
    const names = table.relations.filter((each) => each.column === column.name).map((each) => each.navigation);
    throw new Refused(`column '${heading}' is a lookup; name one of its navigation properties: ${names.join(", ")}`);
  }
  return { heading, property: heading, value: (text) => typed(column, text) };
}

function isNavigation(table: Table, { column }: Relation): boolean {
  const found = table.columns.get(column);
  return found !== undefined && isLookup(found);
}

function lookupField(environment: Environment, relation: Relation, heading: string, key: string | undefined): Field {
  const set = environment.tables.get(relation.target === "owner" ? "systemuser" : relation.target)?.set;
  const other = environment.tables.get(relation.target)?.columns.get(key ?? "");
  if (key !== undefined && !other) throw new Refused(`column '${heading}': ${relation.target} has no column '${key}'`);
  const quoted = other?.kind === "text" || other?.kind === "memo";
  return {
    heading,
    property: `${relation.navigation}@odata.bind`,
    value(text) {
      if (key !== undefined) return `/${set}(${key}=${quoted ? `'${text.replaceAll("'", "''")}'` : text})`;
      return GUID.test(text) ? `/${set}(${text})` : text;
    },
  };
}

function typed(column: Column, text: string): unknown {
  switch (column.kind) {
    case "int":
    case "bigint":
    case "decimal":
    case "double":
    case "money":
      if (text.trim() === "" || Number.isNaN(Number(text))) throw new Refused(`'${text}' is no number`);
      return Number(text);
    case "bool":
      return boolean(column, text);
    case "choice":
    case "state":
    case "status":
      return option(column, text);
    case "choices":
      return text
        .split(/[;,]/)
        .map((part) => option(column, part.trim()))
        .join(",");
    default:
      return text;
  }
}

function boolean(column: Column, text: string): boolean {
  const plain = text.trim().toLowerCase();
  if (plain === "true" || plain === "1") return true;
  if (plain === "false" || plain === "0") return false;
  return option(column, text) === 1;
}

function option(column: Column, text: string): number {
  if (/^-?\d+$/.test(text.trim())) return Number(text);
  const plain = text.trim().toLowerCase();
  const found = column.options?.find((each) => each.label.toLowerCase() === plain);
  if (!found) throw new Refused(`'${text}' is neither a value nor a label of this choice`);
  return found.value;
}
