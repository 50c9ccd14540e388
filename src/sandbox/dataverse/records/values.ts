import { errors } from "../errors.ts";
import { GUID } from "../guids.ts";
import type { Column, Kind, Table } from "../model.ts";
import type { Cell } from "../row.ts";

/** The OData type each kind has on the wire; it names the type in "Cannot convert the literal ..." */
export const EDM: Record<Kind, string> = {
  text: "Edm.String",
  memo: "Edm.String",
  int: "Edm.Int32",
  bigint: "Edm.Int64",
  decimal: "Edm.Decimal",
  double: "Edm.Double",
  money: "Edm.Decimal",
  bool: "Edm.Boolean",
  datetime: "Edm.DateTimeOffset",
  zoneless: "Edm.DateTimeOffset",
  date: "Edm.Date",
  choice: "Edm.Int32",
  choices: "Edm.String",
  state: "Edm.Int32",
  status: "Edm.Int32",
  lookup: "Edm.Guid",
  customer: "Edm.Guid",
  owner: "Edm.Guid",
  guid: "Edm.Guid",
  entityname: "Edm.String",
  managed: "Microsoft.Dynamics.CRM.BooleanManagedProperty",
  virtual: "Edm.String",
  image: "Edm.Binary",
  file: "Edm.Guid",
  party: "Edm.String",
};

/** Digits a money column shows where its precision follows the organisation or the currency (section 5). */
const CURRENCY_DIGITS = 2;
const INT32 = 2_147_483_647;
const MONEY_LIMIT = 922_337_203_685_477;

/**
 * One JSON value as Dataverse would store it: checked against type, length, range and options, then normalised (empty
 * text is null, numbers rounded to precision, instants to the second in UTC, ids in lower case).
 * Throws the documented error otherwise. Source: dataverse.md sections 5 and 14.
 */
export function storedValue(table: Table, column: Column, value: unknown): Cell {
  if (value === null) return null;
  switch (column.kind) {
    case "text":
    case "memo":
      return text(table, column, value);
    case "int":
      return integer(table, column, value);
    case "bigint":
      if (typeof value !== "number" || !Number.isInteger(value)) throw errors.wrongType(table.set, value, "Edm.Int64");
      return value;
    case "decimal":
    case "double":
    case "money":
      return decimal(table, column, value);
    case "bool":
      if (typeof value !== "boolean") throw errors.wrongType(table.set, value, "Edm.Boolean");
      return value;
    case "managed":
      return managedValue(table, value);
    case "date":
      return date(table, value);
    case "datetime":
    case "zoneless":
      return instant(table, value);
    case "choice":
    case "state":
    case "status":
      return option(table, column, value);
    case "choices":
      return options(table, column, value);
    case "guid":
    case "file":
    case "lookup":
    case "customer":
    case "owner":
      if (typeof value !== "string" || !GUID.test(value)) throw errors.wrongType(table.set, value, "Edm.Guid");
      return value.toLowerCase();
    default:
      if (typeof value !== "string") throw errors.wrongType(table.set, value, EDM[column.kind]);
      return value === "" ? null : value;
  }
}

/** Of a BooleanManagedProperty only the value is kept. */
function managedValue(table: Table, value: unknown): Cell {
  const sent = typeof value === "object" && value !== null ? (value as { Value?: unknown }).Value : value;
  if (typeof sent !== "boolean") throw errors.wrongType(table.set, value, EDM.managed);
  return sent;
}

function text(table: Table, column: Column, value: unknown): Cell {
  if (typeof value !== "string") throw errors.wrongType(table.set, value, "Edm.String");
  if (column.max !== undefined && value.length > column.max) throw errors.tooLong(table.name, column.name, column.max);
  return value === "" ? null : value;
}

function integer(table: Table, column: Column, value: unknown): Cell {
  if (typeof value !== "number" || !Number.isInteger(value)) throw errors.wrongType(table.set, value, "Edm.Int32");
  if (Math.abs(value) > INT32 + (value < 0 ? 1 : 0)) throw errors.wrongType(table.set, value, "Edm.Int32");
  const [min, max] = column.range ?? [-INT32 - 1, INT32];
  if (value < min || value > max) throw errors.integerOutOfRange(column.name, min, max);
  return value;
}

function decimal(table: Table, column: Column, value: unknown): Cell {
  if (typeof value !== "number") throw errors.wrongType(table.set, value, EDM[column.kind]);
  const [min, max] = column.range ?? defaultRange(column.kind);
  if (!(value >= min && value <= max)) throw errors.decimalOutOfRange(column.name, min, max);
  return roundTo(value, digitsOf(column));
}

function defaultRange(kind: Kind): [number, number] {
  return kind === "money" ? [-MONEY_LIMIT, MONEY_LIMIT] : [-100_000_000_000, 100_000_000_000];
}

/** Digits after the point that a number column keeps. */
export function digitsOf(column: Column): number {
  if (column.kind === "money" && column.source !== undefined && column.source > 0) return CURRENCY_DIGITS;
  return column.precision ?? (column.kind === "money" ? CURRENCY_DIGITS : column.kind === "double" ? 5 : 10);
}

/** Below this a product that comes out whole is nearer to it than any half. */
const EXACT = 2 ** 50;

/** Half away from zero, on the decimal digits and not on the binary fraction, so that 1.005 becomes 1.01. */
export function roundTo(value: number, digits: number): number {
  if (Number.isInteger(value)) return value;
  // Nearly every number has no more digits than are kept; multiplying shows it for a fraction of what text costs.
  const scale = 10 ** digits;
  const whole = value * scale;
  if (Number.isInteger(whole) && Math.abs(whole) < EXACT) return whole / scale;
  if (Number(value.toFixed(digits)) === value) return value;
  const shifted = Math.round(Number(shift(Math.abs(value), digits)));
  return Math.sign(value) * Number(shift(shifted, -digits));
}

/** The text of value × 10^digits, moved in the decimal exponent so that no binary rounding happens. */
function shift(value: number, digits: number): string {
  const [mantissa, exponent = "0"] = String(value).split("e");
  return `${mantissa}e${Number(exponent) + digits}`;
}

function option(table: Table, column: Column, value: unknown): Cell {
  if (typeof value !== "number" || !Number.isInteger(value)) throw errors.wrongType(table.set, value, "Edm.Int32");
  const known = column.options ?? [];
  for (const each of known) if (each.value === value) return value;
  throw errors.invalidOption(table.name, column.name, value, known.map((each) => each.value).join(","));
}

function options(table: Table, column: Column, value: unknown): Cell {
  if (typeof value !== "string") throw errors.wrongType(table.set, value, "Edm.String");
  if (value === "") return null;
  const chosen = [...new Set(value.split(",").map((part) => Number(part.trim())))];
  const known = new Set((column.options ?? []).map((each) => each.value));
  const wrong = chosen.find((each) => !known.has(each));
  if (wrong !== undefined || chosen.length > 150) {
    throw errors.invalidOption(table.name, column.name, value, [...known].join(","));
  }
  return chosen.sort((a, b) => a - b).join(",");
}

const INSTANT = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d)(:\d\d)?(?:\.\d+)?(Z|[+-]\d\d:\d\d)?)?$/i;
const EARLIEST = "1753-01-01";

function date(table: Table, value: unknown): Cell {
  if (typeof value !== "string" || !isDay(value)) throw errors.wrongType(table.set, value, "Edm.Date");
  if (value < EARLIEST) throw errors.dateTooEarly(value);
  return value;
}

/** A calendar day that exists, written `YYYY-MM-DD`. */
export function isDay(value: string): boolean {
  if (value.length !== 10 || value[4] !== "-" || value[7] !== "-") return false;
  const [year, month, day] = [digits(value, 0, 4), digits(value, 5, 7), digits(value, 8, 10)];
  return year >= 0 && month >= 1 && month <= 12 && day >= 1 && day <= daysIn(year, month);
}

/** The number written in a part of a text; negative where there is anything but digits. */
function digits(text: string, from: number, to: number): number {
  let number = 0;
  for (let at = from; at < to; at++) {
    const digit = text.charCodeAt(at) - 48;
    if (digit < 0 || digit > 9) return -1;
    number = number * 10 + digit;
  }
  return number;
}

function daysIn(year: number, month: number): number {
  if (month === 2) return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28;
  return [4, 6, 9, 11].includes(month) ? 30 : 31;
}

function instant(table: Table, value: unknown): Cell {
  const stored = typeof value === "string" ? toInstant(value) : undefined;
  if (stored === undefined) throw errors.wrongType(table.set, value, "Edm.DateTimeOffset");
  if (stored < EARLIEST) throw errors.dateTooEarly(String(value));
  return stored;
}

/** `YYYY-MM-DDTHH:MM:SSZ` of any accepted writing (no zone means UTC, section 5), or undefined. */
export function toInstant(value: string): string | undefined {
  const match = INSTANT.exec(value);
  if (!match || !isDay(match[1]!)) return undefined;
  const [, day, time = "00:00", seconds = ":00", zone = "Z"] = match;
  const parsed = Date.parse(`${day}T${time}${seconds}${zone.toUpperCase()}`);
  if (Number.isNaN(parsed)) return undefined;
  const utc = new Date(parsed).toISOString();
  return utc.length === 24 ? `${utc.slice(0, 19)}Z` : undefined;
}
