import type { Choice, Column } from "../../../core/schema.ts";
import type { Reading } from "./conversion.ts";

const mostChosen = 150;
const yes = ["true", "t", "yes", "y", "1", "on"];
const no = ["false", "f", "no", "n", "0", "off"];

/** What each text means, and the texts that mean several options: those are refused, never guessed. */
export type Words = { meaning: Map<string, string>; ambiguous: string[] };

/** An option is named by its number or its label; case and blanks around do not count. The number goes first. */
export function optionWords(choices: readonly Choice[]): Words {
  const labels = Map.groupBy(choices, (c) => small(c.label));
  const meaning = new Map(choices.map((c) => [String(c.value), String(c.value)]));
  const ambiguous: string[] = [];
  for (const [label, same] of labels) {
    const value = String(same[0]?.value);
    if (label === "" || meaning.get(label) === value) continue;
    if (same.length > 1 || meaning.has(label)) ambiguous.push(label);
    else meaning.set(label, value);
  }
  for (const label of ambiguous) if (!/^-?\d+$/.test(label)) meaning.delete(label);
  return { meaning, ambiguous };
}

/** The usual words and the column's own two labels; a word that both sides claim means nothing. */
export function booleanWords(choices: readonly Choice[]): Words {
  const meaning = new Map([...yes.map((w) => [w, "true"] as const), ...no.map((w) => [w, "false"] as const)]);
  for (const choice of choices) {
    const label = small(choice.label);
    const value = choice.value === 1 ? "true" : "false";
    if (label !== "" && (meaning.get(label) ?? value) !== value) meaning.delete(label);
    else if (label !== "") meaning.set(label, value);
  }
  return { meaning, ambiguous: [] };
}

export function readBoolean(target: Column, x: string): Reading {
  const value = lookUp(booleanWords(target.choices ?? []), `lower(${x})`);
  return { value, faults: [[`(${value}) IS NULL`, "bad_boolean"]] };
}

export function readOption(target: Column, x: string): Reading {
  const words = optionWords(target.choices ?? []);
  const value = lookUp(words, `lower(${x})`);
  return { value, faults: [...doubt(words, `lower(${x})`), [`(${value}) IS NULL`, "not_an_option"]] };
}

/** Several options, separated by semicolons or, where there is none, by commas. */
export function readOptions(target: Column, x: string): Reading {
  const words = optionWords(target.choices ?? []);
  const parts = `CASE WHEN contains(${x}, ';') THEN string_split(${x}, ';') ELSE string_split(${x}, ',') END`;
  const named = `list_filter(list_transform(${parts}, lambda p: lower(trim(p))), lambda p: p <> '')`;
  const values = `list_transform(${named}, lambda p: CAST(${lookUp(words, "p")} AS BIGINT))`;
  const chosen = `list_sort(list_distinct(${values}))`;
  const faults: Reading["faults"] = [
    [`list_count(${values}) < len(${values}) OR len(${values}) = 0`, "not_an_option"],
    [`len(${chosen}) > ${mostChosen}`, "too_many_options"],
  ];
  if (words.ambiguous.length > 0) {
    faults.unshift([`list_has_any(${named}, [${words.ambiguous.map(quoted).join(", ")}])`, "ambiguous_option"]);
  }
  return { value: `array_to_string(${chosen}, ',')`, faults };
}

function doubt(words: Words, x: string): Reading["faults"] {
  if (words.ambiguous.length === 0) return [];
  return [[`${x} IN (${words.ambiguous.map(quoted).join(", ")})`, "ambiguous_option"]];
}

function lookUp(words: Words, x: string): string {
  const arms = [...words.meaning].map(([word, value]) => `WHEN ${quoted(word)} THEN ${quoted(value)}`);
  return arms.length > 0 ? `CASE ${x} ${arms.join(" ")} END` : "NULL::VARCHAR";
}

/** Small letters sign by sign, as DuckDB's `lower` does. */
export function small(text: string): string {
  return Array.from(text.trim(), (sign) => sign.toLowerCase()).join("");
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
