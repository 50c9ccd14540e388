import type { ReasonCode } from "../../../core/reasons.ts";
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
  for (const label of ambiguous) meaning.delete(label);
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
  return oneOf(booleanWords(target.choices ?? []), x, "bad_boolean");
}

export function readOption(target: Column, x: string): Reading {
  return oneOf(optionWords(target.choices ?? []), x, "not_an_option");
}

function oneOf(words: Words, x: string, otherwise: ReasonCode): Reading {
  const doubt = `lower(${x}) IN (${words.ambiguous.map(quoted).join(", ")})`;
  return {
    value: lookUp(words, `lower(${x})`),
    fine: `list_contains(${texts([...words.meaning.keys()])}, lower(${x}))`,
    faults: [...ifAny(words, doubt), ["true", otherwise]],
  };
}

/** Several options, separated by semicolons or, where there is none, by commas. */
export function readOptions(target: Column, x: string): Reading {
  const words = optionWords(target.choices ?? []);
  const parts = `string_split(${x}, CASE WHEN contains(${x}, ';') THEN ';' ELSE ',' END)`;
  const named = `list_distinct(list_filter(list_transform(${parts}, lambda p: lower(trim(p))), lambda p: p <> ''))`;
  const values = `list_distinct(list_transform(${named}, lambda p: CAST(${lookUp(words, "p")} AS BIGINT)))`;
  const known = `(len(${named}) > 0 AND list_has_all(${texts([...words.meaning.keys()])}, ${named}))`;
  const doubt = `list_has_any(${named}, ${texts(words.ambiguous)})`;
  return {
    value: `array_to_string(list_sort(${values}), ',')`,
    fine: `(${known} AND len(${values}) <= ${mostChosen})`,
    faults: [...ifAny(words, doubt), [`NOT ${known}`, "not_an_option"], ["true", "too_many_options"]],
  };
}

function ifAny(words: Words, doubt: string): [string, ReasonCode][] {
  return words.ambiguous.length === 0 ? [] : [[doubt, "ambiguous_option"]];
}

/** By position in a list: a CASE would compute its operand anew for every arm. */
function lookUp(words: Words, x: string): string {
  return `(${texts([...words.meaning.values()])})[list_position(${texts([...words.meaning.keys()])}, ${x})]`;
}

/** A list of texts, which may be empty or hold nulls. */
export function texts(values: readonly (string | null)[]): string {
  return `[${values.map((v) => (v === null ? "NULL" : quoted(v))).join(", ")}]::VARCHAR[]`;
}

/** Small letters sign by sign, as DuckDB's `lower` does. */
export function small(text: string): string {
  return Array.from(text.trim(), (sign) => sign.toLowerCase()).join("");
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
