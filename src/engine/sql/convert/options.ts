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

export function readBoolean(target: Column): Reading {
  return oneOf(booleanWords(target.choices ?? []), "bad_boolean");
}

export function readOption(target: Column): Reading {
  return oneOf(optionWords(target.choices ?? []), "not_an_option");
}

function oneOf(words: Words, otherwise: ReasonCode): Reading {
  const value = (x: string) => lookUp(words, `lower(${x})`);
  const doubt = (x: string) => `lower(${x}) IN (${words.ambiguous.map(quoted).join(", ")})`;
  return {
    value,
    fine: (x) => `nullif((${value(x)}) IS NOT NULL, false)`,
    faults: (x) => [...ifAny(words, doubt(x)), ["true", otherwise]],
  };
}

/** Several options, separated by semicolons or, where there is none, by commas. */
export function readOptions(target: Column): Reading {
  const words = optionWords(target.choices ?? []);
  const parts = (x: string) => `string_split(${x}, CASE WHEN contains(${x}, ';') THEN ';' ELSE ',' END)`;
  const named = (x: string) => `list_filter(list_transform(${parts(x)}, lambda p: lower(trim(p))), lambda p: p <> '')`;
  const values = (x: string) => `list_transform(${named(x)}, lambda p: CAST(${lookUp(words, "p")} AS BIGINT))`;
  const chosen = (x: string) => `list_sort(list_distinct(${values(x)}))`;
  const known = (x: string) => `(len(${values(x)}) > 0 AND list_count(${values(x)}) = len(${values(x)}))`;
  const doubt = (x: string) => `list_has_any(${named(x)}, [${words.ambiguous.map(quoted).join(", ")}])`;
  return {
    value: (x) => `array_to_string(${chosen(x)}, ',')`,
    fine: (x) => `(${known(x)} AND len(${chosen(x)}) <= ${mostChosen})`,
    faults: (x) => [...ifAny(words, doubt(x)), [`NOT ${known(x)}`, "not_an_option"], ["true", "too_many_options"]],
  };
}

function ifAny(words: Words, doubt: string): [string, ReasonCode][] {
  return words.ambiguous.length === 0 ? [] : [[doubt, "ambiguous_option"]];
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
