import type { MappingLine } from "../../../core/project.ts";
import type { ReasonCode } from "../../../core/reasons.ts";
import type { Choice, Column } from "../../../core/schema.ts";
import type { Reading } from "./conversion.ts";
import { listDelimiter } from "./source-text.ts";

const mostChosen = 150;
const yes = ["true", "t", "yes", "y", "1", "on"];
const no = ["false", "f", "no", "n", "0", "off"];

/** What each text means, and the texts that mean several options: those are refused, never guessed. */
export type Words = { meaning: Map<string, string>; ambiguous: string[] };

/** An option is named by its number or its label in any language; case and blanks around do not count. The number goes first. */
export function optionWords(choices: readonly Choice[]): Words {
  const named = choices.flatMap((c) => labelsOf(c).map((label) => ({ label, value: String(c.value) })));
  const meaning = new Map(choices.map((c) => [String(c.value), String(c.value)]));
  const ambiguous: string[] = [];
  for (const [label, same] of Map.groupBy(named, (n) => n.label)) {
    const values = new Set(same.map((n) => n.value));
    const [value = ""] = values;
    if (values.size === 1 && meaning.get(label) === value) continue;
    if (values.size > 1 || meaning.has(label)) ambiguous.push(label);
    else meaning.set(label, value);
  }
  for (const label of ambiguous) meaning.delete(label);
  return { meaning, ambiguous };
}

const labelsOf = (choice: Choice): string[] =>
  [choice.label, ...(choice.labels ?? [])].map(small).filter((label) => label !== "");

/** The usual words and the column's own labels; a word that both sides claim means nothing. */
export function booleanWords(choices: readonly Choice[]): Words {
  const meaning = new Map([
    ...yes.map((w): [string, string] => [w, "true"]),
    ...no.map((w): [string, string] => [w, "false"]),
  ]);
  const claims = choices.flatMap((c) =>
    labelsOf(c).map((label) => ({ label, value: c.value === 1 ? "true" : "false" })),
  );
  for (const [label, same] of Map.groupBy(claims, (c) => c.label)) {
    const values = new Set([...same.map((c) => c.value), meaning.get(label) ?? same[0]!.value]);
    if (values.size > 1) meaning.delete(label);
    else meaning.set(label, same[0]!.value);
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

/**
 * Several options: a list of the source, a JSON list, or a text cut at the line's delimiter, else at semicolons or, where
 * there is none, at commas. `values` translates each part, too.
 */
export function readOptions(target: Column, line: MappingLine, x: string, list: boolean): Reading {
  const { words, nothing } = partWords(optionWords(target.choices ?? []), line.values ?? {});
  const named = `list_distinct(list_filter(list_transform(${partsOf(line, x, list)}, lambda p: lower(trim(p))), lambda p: p <> ''))`;
  const chosen = nothing.length ? `list_filter(${named}, lambda p: NOT list_contains(${texts(nothing)}, p))` : named;
  const values = `list_distinct(list_transform(${chosen}, lambda p: CAST(${lookUp(words, "p")} AS BIGINT)))`;
  const known = `(len(${named}) > 0 AND list_has_all(${texts([...words.meaning.keys()])}, ${chosen}))`;
  const doubt = `list_has_any(${named}, ${texts(words.ambiguous)})`;
  return {
    value: `array_to_string(list_sort(${values}), ',')`,
    fine: `(${known} AND len(${values}) <= ${mostChosen})`,
    faults: [...ifAny(words, doubt), [`NOT ${known}`, "not_an_option"], ["true", "too_many_options"]],
  };
}

/** SQL: the parts of a text that holds several values; `list`: it was a list of the source (`sourceText`). */
export function partsOf(line: Pick<MappingLine, "delimiter">, x: string, list: boolean): string {
  if (list) return `string_split(${x}, ${listDelimiter})`;
  const cut = line.delimiter ? quoted(line.delimiter) : `CASE WHEN contains(${x}, ';') THEN ';' ELSE ',' END`;
  const json = `starts_with(${x}, '[') AND json_valid(${x})`;
  return `CASE WHEN ${json} THEN json_extract_string(${x}, '$[*]') ELSE string_split(${x}, ${cut}) END`;
}

/** What the line's `values` make of each part: one option, or nothing. */
function partWords(words: Words, values: NonNullable<MappingLine["values"]>): { words: Words; nothing: string[] } {
  const meaning = new Map(words.meaning);
  const said = Object.entries(values).map(([from, to]) => [small(from), to] as const);
  for (const [from, to] of said) {
    const option = to === null ? undefined : words.meaning.get(small(String(to)));
    if (option !== undefined) meaning.set(from, option);
  }
  const nothing = said.flatMap(([from, to]) => (to === null && from !== "" ? [from] : []));
  return { words: { meaning, ambiguous: words.ambiguous.filter((word) => !meaning.has(word)) }, nothing };
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
