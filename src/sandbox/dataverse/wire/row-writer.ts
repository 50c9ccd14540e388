import type { Environment } from "../environment.ts";
import { managed } from "../metadata/label.ts";
import {
  type Column,
  isLookup,
  isProperty,
  keyColumnOf,
  propertyName,
  read,
  readTarget,
  type Table,
} from "../model.ts";
import { queryColumn } from "../query/fields.ts";
import { type Cell, type Row, VERSION } from "../row.ts";
import { formattedValue } from "./formatted.ts";
import type { Preferences } from "./prefer.ts";

export const FORMATTED = "OData.Community.Display.V1.FormattedValue";
const TARGET = "Microsoft.Dynamics.CRM.lookuplogicalname";
const NAVIGATION = "Microsoft.Dynamics.CRM.associatednavigationproperty";

/** Turns rows into JSON text. `more` is what else belongs into the row, with a comma in front. */
export type RowWriter = (row: Row, context?: string, more?: string) => string;

/** One column that may differ from row to row: the fixed text in front of it and the column's own name. */
type Part = { column: Column; before: string; name: string; write: (value: Cell) => string };

/** The columns of an answer: the selected ones, else all; the id always, a currency beside money (section 6). */
export function selectedColumns(table: Table, select: string[] | undefined): Column[] {
  const named = (select ?? []).filter((name) => name !== "*").map((name) => queryColumn(table, name));
  if (select === undefined || select.includes("*"))
    return [...table.columns.values()].filter((column) => isProperty(column) && !column.writeOnly).map(unlessImage);
  const columns = [...new Set(named)];
  const id = table.columns.get(table.idColumn)!;
  if (!columns.includes(id)) columns.push(id);
  const key = keyColumnOf(table);
  if (!columns.includes(key)) columns.push(key);
  const currency = table.columns.get("transactioncurrencyid");
  if (currency && !columns.includes(currency) && columns.some((column) => column.kind === "money")) {
    columns.push(currency);
  }
  return columns;
}

/** Images must be asked for by name: among all columns they are empty (image-column-data.md, "Use image data with records"). */
function unlessImage(column: Column): Column {
  if (column.kind !== "image" || column.computed === undefined) return column;
  const { computed: _, ...empty } = column;
  return empty;
}

/**
 * Compiles a writer for these columns. Annotations are written only when the client asked for them. Columns that no
 * row has ever held a value in (most of them, when all are asked for) become fixed text.
 */
export function rowWriter(
  environment: Environment,
  table: Table,
  columns: Column[],
  prefer: Preferences,
  show: { etag: boolean } = { etag: true },
): RowWriter {
  const annotate = annotationWriter(environment, table, prefer);
  const parts: Part[] = [];
  let fixed = "";
  for (const column of columns) {
    const write = valueWriter(column);
    const name = `,${JSON.stringify(propertyName(column))}:`;
    const same = column.slot < 0 && column.computed === undefined && (column.implied === null || !annotate);
    if (same) fixed += name + (column.implied === null ? "null" : write(column.implied));
    else {
      // Without annotations there is nothing between the two.
      parts.push(annotate ? { column, before: fixed, name, write } : { column, before: "", name: fixed + name, write });
      fixed = "";
    }
  }
  const tail = fixed;
  return (row, context, more) => {
    let text = context === undefined ? "{" : `{"@odata.context":${JSON.stringify(context)},`;
    if (show.etag) text += `"@odata.etag":"W/\\"${row[VERSION]}\\""`;
    for (const { column, before, name, write } of parts) {
      const value = read(row, column);
      if (annotate) text += before;
      if (annotate && value !== null) text += annotate(row, column);
      text += name;
      text += value === null ? "null" : write(value);
    }
    text += tail;
    if (more !== undefined) text += more;
    // Every column brings its comma; without an etag the first one is too much.
    return show.etag ? `${text}}` : `{${text.slice(2)}}`;
  };
}

function valueWriter(column: Column): (value: Cell) => string {
  switch (column.kind) {
    case "money":
      return (value) => (value as number).toFixed(4);
    case "guid":
    case "file":
    case "lookup":
    case "customer":
    case "owner":
    case "date":
    case "datetime":
    case "zoneless":
      return (value) => `"${value}"`;
    case "text":
    case "memo":
    case "choices":
    case "entityname":
    case "image":
    case "virtual":
    case "party":
      return (value) => quoted(value as string);
    case "managed":
      return (value) => JSON.stringify(managed(value, column.name));
    default:
      return (value) => String(value);
  }
}

/** Text in which JSON escapes nothing: no quote, backslash, control sign or half of a pair. */
const PLAIN = /^[ !#-[\]-\ud7ff\ue000-\uffff]*$/;

/** Nearly all text is plain; sparing it the call of JSON.stringify saves a quarter of a page. */
const quoted = (text: string): string => (PLAIN.test(text) ? `"${text}"` : JSON.stringify(text));

/** JSON of one value alone, as the address of a property answers it. */
export function writeValue(column: Column, value: Cell): string {
  return value === null ? "null" : valueWriter(column)(value);
}

function annotationWriter(environment: Environment, table: Table, prefer: Preferences) {
  const formatted = prefer.wants(FORMATTED);
  const target = prefer.wants(TARGET);
  const navigation = prefer.wants(NAVIGATION);
  if (!formatted && !target && !navigation) return undefined;
  return (row: Row, column: Column): string => {
    const name = propertyName(column);
    let text = "";
    const put = (annotation: string, value: string | undefined) => {
      if (value !== undefined) text += `,"${name}@${annotation}":${JSON.stringify(value)}`;
    };
    if (formatted) put(FORMATTED, formattedValue(environment, table, row, column));
    if (isLookup(column)) {
      const pointed = readTarget(row, column);
      if (navigation) put(NAVIGATION, navigationName(table, column, pointed));
      if (target) put(TARGET, pointed);
    }
    return text;
  };
}

function navigationName(table: Table, column: Column, target: string | undefined): string | undefined {
  const relations = table.relations.filter((each) => each.column === column.name);
  return (relations.find((each) => each.target === target) ?? relations[0])?.navigation;
}
