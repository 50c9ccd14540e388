import type { ColumnType, ObjectSchema } from "./schema.ts";

type Json = null | boolean | number | string | Json[] | { [name: string]: Json };

const letterOrDigit: readonly [RegExp, string][] = [
  [/[0-9]/g, "0"],
  // What is neither plain punctuation nor a blank could be a letter of some script: each UTF-16 unit, so that the length stays.
  [/[^0\s!-/:-@[-`{-~]/g, "x"],
];

/**
 * By type: what stands in for a value. A text keeps its length and its punctuation; what is not here names something
 * in the destination (an option, a record), and stays.
 */
const masks: { [Type in ColumnType]?: (value: string | number) => Json } = {
  text: (value) => letterOrDigit.reduce((text, [which, by]) => text.replace(which, by), String(value)),
  integer: () => 0,
  decimal: () => 0,
  money: () => 0,
  double: () => 0,
  date: () => "1900-01-01",
  datetime: () => "1900-01-01T00:00:00Z",
};

/** The JSON of a row with its values masked. Its form stays, and so do ids, options, bindings, and what is empty. */
export function masked({ columns }: Pick<ObjectSchema, "columns">, body: string): string {
  const types = new Map(columns.map(({ name, type }) => [name, type]));
  const row = JSON.parse(body) as { [name: string]: Json };
  const shown = Object.entries(row).map(([name, value]): [string, Json] => {
    const mask = masks[types.get(name) ?? "other"];
    return [name, mask && (typeof value === "string" || typeof value === "number") ? mask(value) : value];
  });
  return JSON.stringify(Object.fromEntries(shown));
}
