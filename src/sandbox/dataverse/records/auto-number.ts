import { namedGuid } from "../guids.ts";
import type { Column } from "../model.ts";

/** What the first row of an autonumber column counts from (autonumber-fields.md). */
const FIRST = 1000;

/**
 * The next value of an autonumber column: its pattern with SEQNUM, RANDSTRING and DATETIMEUTC filled in. "Random" text
 * follows from the number, so that it is the same after every reset.
 */
export function nextNumber(column: Column, now: string): string {
  const number = column.counted ?? FIRST;
  column.counted = number + 1;
  return column.autoNumber!.replace(/\{(\w+):([^}]*)\}/g, (_, part: string, detail: string) => {
    if (part === "SEQNUM") return String(number).padStart(Number(detail), "0");
    if (part === "RANDSTRING") return randomText(`${column.id} ${number}`, Number(detail));
    return dateText(now, detail);
  });
}

function randomText(seed: string, length: number): string {
  const digits = BigInt(`0x${namedGuid(seed).replaceAll("-", "")}`)
    .toString(36)
    .toUpperCase();
  return digits.slice(-length).padStart(length, "0");
}

/** `yyyyMMdd` and the like of an instant `2020-01-31T10:20:30Z`. */
function dateText(now: string, format: string): string {
  const [year, month, day, hour, minute, second] = now.split(/[-T:Z]/) as string[];
  const parts: Record<string, string | undefined> = {
    yyyy: year,
    yy: year?.slice(2),
    MM: month,
    dd: day,
    HH: hour,
    mm: minute,
    ss: second,
  };
  return format.replace(/yyyy|yy|MM|dd|HH|mm|ss/g, (part) => parts[part] ?? part);
}
