import type { Environment } from "../environment.ts";
import { type Column, read, readTarget, type Table } from "../model.ts";
import { digitsOf } from "../records/values.ts";
import type { Cell, Row } from "../row.ts";

/**
 * The FormattedValue of a column: labels, names of linked rows, money with its symbol, dates as US English shows them
 * in UTC (dataverse.md section 6; the real service uses the caller's locale and time zone). Undefined: it has none.
 */
export function formattedValue(environment: Environment, table: Table, row: Row, column: Column): string | undefined {
  return formattedCell(environment, table, row, column, read(row, column));
}

/** The same for another value of the column, as sums and ends of several rows are. */
export function formattedCell(
  environment: Environment,
  table: Table,
  row: Row,
  column: Column,
  value: Cell,
): string | undefined {
  if (value === null) return undefined;
  switch (column.kind) {
    case "choice":
    case "state":
    case "status":
      return column.options?.find((each) => each.value === value)?.label;
    case "choices":
      return String(value)
        .split(",")
        .map((part) => column.options?.find((each) => each.value === Number(part))?.label ?? part)
        .join("; ");
    case "bool":
      return column.options?.find((each) => each.value === (value ? 1 : 0))?.label ?? (value ? "Yes" : "No");
    case "int":
    case "bigint":
      return grouped(Number(value), 0);
    case "decimal":
    case "double":
      return grouped(Number(value), digitsOf(column));
    case "money":
      return `${Number(value) < 0 ? "-" : ""}${symbol(environment, table, row)}${grouped(Math.abs(Number(value)), 2)}`;
    case "date":
      return day(String(value));
    case "datetime":
    case "zoneless":
      return `${day(String(value))} ${clock(String(value))}`;
    case "lookup":
    case "customer":
    case "owner":
      return linkedName(environment, row, column);
    default:
      return undefined;
  }
}

/** The primary name of the row a lookup leads to. */
export function linkedName(environment: Environment, row: Row, lookup: Column): string | undefined {
  const table = environment.tables.get(readTarget(row, lookup) ?? "");
  const linked = table?.byId.get(String(read(row, lookup)));
  const column = table?.columns.get(table.nameColumn ?? "");
  const name = linked && column ? read(linked, column) : null;
  return name === null ? undefined : String(name);
}

function symbol(environment: Environment, table: Table, row: Row): string {
  const column = table.columns.get("transactioncurrencyid");
  const currencies = environment.tables.get("transactioncurrency");
  const currency = column && currencies?.byId.get(String(read(row, column)));
  return currency ? String(read(currency, currencies!.columns.get("currencysymbol")!)) : "$";
}

function grouped(value: number, digits: number): string {
  const [whole, fraction] = Math.abs(value).toFixed(digits).split(".");
  const text = whole!.replace(/\B(?=(\d{3})+(?!\d))/g, ",");
  return `${value < 0 ? "-" : ""}${text}${fraction === undefined ? "" : `.${fraction}`}`;
}

function day(value: string): string {
  const [year, month, date] = value.slice(0, 10).split("-").map(Number);
  return `${month}/${date}/${year}`;
}

function clock(value: string): string {
  const hour = Number(value.slice(11, 13));
  return `${hour % 12 === 0 ? 12 : hour % 12}:${value.slice(14, 16)} ${hour < 12 ? "AM" : "PM"}`;
}
