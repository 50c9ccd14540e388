import { own } from "../../own.ts";
import { fold } from "../collation.ts";
import { isNumber } from "../model.ts";
import { isDay, toInstant } from "../records/values.ts";
import type { Cell } from "../row.ts";
import { fetchErrors } from "./errors.ts";
import type { Field } from "./field.ts";

const GUID = /^\{?([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})\}?$/i;
const US_DATE = /^(\d{1,2})\/(\d{1,2})\/(\d{4})(?: (\d{1,2}):(\d\d)(?::(\d\d))?(?: (AM|PM))?)?$/i;
const TRUTH: Record<string, boolean> = { "0": false, "1": true, false: false, true: true };

/**
 * The value of a condition as it compares with the column's stored values: text folded, ids without braces in lower
 * case, dates as ISO texts. Throws the documented kind of 400 when the text does not fit the column's type.
 */
export function conditionValue(field: Field, label: string, text: string): Cell {
  if (isNumber(field.kind)) return numberValue(label, text);
  switch (field.kind) {
    case "bool":
    case "managed": {
      const truth = own(TRUTH, text.trim().toLowerCase());
      if (truth === undefined) throw fetchErrors.value(label, text);
      return truth;
    }
    case "guid":
    case "lookup":
    case "customer":
    case "owner": {
      const id = GUID.exec(text.trim())?.[1];
      if (id === undefined) throw fetchErrors.guid();
      return id.toLowerCase();
    }
    case "date":
      return dateValue(text).slice(0, 10);
    case "datetime":
    case "zoneless":
      return dateValue(text);
    default:
      return fold(text);
  }
}

/** Whether `comparable` has anything to do for the column. */
export function isText(field: Field): boolean {
  return ["text", "memo", "entityname", "virtual", "party", "image", "choices"].includes(field.kind);
}

function numberValue(label: string, text: string): number {
  const number = Number(text.trim());
  if (text.trim() === "" || !Number.isFinite(number)) throw fetchErrors.value(label, text);
  return number;
}

/** ISO, or as US English writes dates: the service reads both. Throws 0x80040239. */
export function dateValue(text: string): string {
  const trimmed = text.trim();
  const day = isDay(trimmed) ? `${trimmed}T00:00:00Z` : (toInstant(trimmed) ?? fromUsDate(trimmed));
  if (day === undefined || day < "1753") throw fetchErrors.date(text);
  return day;
}

function fromUsDate(text: string): string | undefined {
  const match = US_DATE.exec(text);
  if (!match) return undefined;
  const [, month, day, year, hour = "0", minute = "00", second = "00", half] = match;
  const two = (part: string | number) => String(part).padStart(2, "0");
  const clock = half ? (Number(hour) % 12) + (half.toUpperCase() === "PM" ? 12 : 0) : Number(hour);
  return toInstant(`${year}-${two(month!)}-${two(day!)}T${two(clock)}:${minute}:${second}Z`);
}

/** The X of "last X days" and its like: a whole number above 0. */
export function countValue(text: string): number {
  if (!/^\s*\d{1,9}\s*$/.test(text) || Number(text) === 0) throw fetchErrors.number("value", text);
  return Number(text);
}
