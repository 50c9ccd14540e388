import type { Environment } from "../environment.ts";
import { errors } from "../errors.ts";
import { namedGuid } from "../guids.ts";
import type { Column, Option, OptionSet, Table } from "../model.ts";
import { labelText, named, renamed } from "./label.ts";
import { type Body, changed, customName, firstOptionValue, type Maker } from "./maker.ts";

/** The options a new choice column gets: its own, or those of the global set it is bound to. */
export function listedOptions(maker: Maker, body: Body): { options: Option[]; global?: string } {
  const bind = body["GlobalOptionSet@odata.bind"];
  const set = body.OptionSet as { Options?: unknown; IsGlobal?: unknown; Name?: unknown } | null | undefined;
  if (bind !== undefined) return bound(boundSet(maker.environment, bind));
  if (set?.IsGlobal === true) return bound(setNamed(maker.environment, set.Name));
  if (!Array.isArray(set?.Options)) throw errors.badSchema("OptionSet.Options is missing.");
  return { options: optionsFrom(maker, set.Options) };
}

function bound(set: OptionSet): { options: Option[]; global: string } {
  return { options: set.options, global: set.name };
}

function boundSet(environment: Environment, bind: unknown): OptionSet {
  const key = /GlobalOptionSetDefinitions\((?:Name='([^']+)'|([0-9a-fA-F-]{36}))\)$/.exec(String(bind));
  if (!key) throw errors.badSchema("GlobalOptionSet@odata.bind must be /GlobalOptionSetDefinitions(<id>).");
  const [, name, id] = key;
  for (const set of environment.optionSets.values()) {
    if (name === undefined ? set.id === id!.toLowerCase() : set.name === name) return set;
  }
  throw errors.missing("OptionSetMetadata", name ?? id!);
}

function setNamed(environment: Environment, name: unknown): OptionSet {
  const set = environment.optionSets.get(String(name));
  if (!set) throw errors.missing("OptionSetMetadata", String(name));
  return set;
}

/** Options without a value are numbered from the publisher's first one. */
function optionsFrom(maker: Maker, listed: unknown[]): Option[] {
  const first = firstOptionValue(maker);
  const options = listed.map((each, n) => {
    const { Value: value, Label: text, Description: more, Color: color } = (each ?? {}) as Body;
    const description = labelText(more);
    return {
      value: whole(value) ?? first + n,
      ...named(text, ""),
      ...(description === undefined ? {} : { description }),
      ...(typeof color === "string" ? { color } : {}),
    };
  });
  if (new Set(options.map((each) => each.value)).size < options.length)
    throw errors.badSchema("Two options have the same Value.");
  return options;
}

function whole(value: unknown): number | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === "number" && Number.isInteger(value) && Math.abs(value) <= 2_147_483_647) return value;
  throw errors.badSchema("The Value of an option must be a whole number.");
}

/** The false and the true option of a two-valued choice. */
export function boolOptions(body: Body): Option[] {
  const set = (body.OptionSet ?? {}) as { TrueOption?: { Label?: unknown }; FalseOption?: { Label?: unknown } };
  return [
    { value: 0, ...named(set.FalseOption?.Label, "No") },
    { value: 1, ...named(set.TrueOption?.Label, "Yes") },
  ];
}

/** `POST GlobalOptionSetDefinitions` (create-update-optionsets.md). */
export function createGlobalSet(maker: Maker, body: Body): OptionSet {
  const name = customName(maker, body.Name, "option set").toLowerCase();
  if (maker.environment.optionSets.has(name)) throw errors.duplicateTable(name);
  const bool = /BooleanOptionSetMetadata$/.test(String(body["@odata.type"]));
  if (!bool && !Array.isArray(body.Options)) throw errors.badSchema("Options is missing.");
  const set: OptionSet = {
    name,
    ...named(body.DisplayName, name),
    description: labelText(body.Description),
    id: namedGuid(`option set ${name}`),
    bool,
    options: bool ? boolOptions({ OptionSet: body }) : optionsFrom(maker, body.Options as unknown[]),
  };
  maker.environment.optionSets.set(name, set);
  changed(maker.environment);
  return set;
}

/** `PUT`: its label. Options are changed by the actions for options. */
export function updateGlobalSet({ environment, mergeLabels }: Maker, set: OptionSet, body: Body): void {
  Object.assign(set, renamed(set, body.DisplayName, mergeLabels));
  set.description = labelText(body.Description) ?? set.description;
  changed(environment);
}

/** `DELETE`: refused while a column uses it. */
export function dropGlobalSet(environment: Environment, set: OptionSet): void {
  for (const table of environment.tables.values()) {
    for (const column of table.columns.values()) {
      if (column.global === set.name) throw errors.inUse("OptionSet", set.id);
    }
  }
  environment.optionSets.delete(set.name);
  changed(environment);
}

/** The options an action names: of a global set, or of a column. */
type Place = { set: OptionSet } | { table: Table; column: Column };

function placeOf(maker: Maker, body: Body): Place {
  if (typeof body.OptionSetName === "string" && body.OptionSetName !== "") {
    return { set: setNamed(maker.environment, body.OptionSetName) };
  }
  const table = maker.environment.tables.get(String(body.EntityLogicalName));
  if (!table) throw errors.missing("EntityMetadata", String(body.EntityLogicalName));
  const column = table.columns.get(String(body.AttributeLogicalName));
  if (!column?.options) throw errors.missing("AttributeMetadata", String(body.AttributeLogicalName));
  return column.global === undefined ? { table, column } : { set: setNamed(maker.environment, column.global) };
}

function optionsAt(place: Place): Option[] {
  return "set" in place ? place.set.options : place.column.options!;
}

/** Puts another list in place of the old; columns of a global set follow it. */
function replace(environment: Environment, place: Place, options: Option[]): void {
  if ("set" in place) {
    place.set.options = options;
    for (const table of environment.tables.values()) {
      for (const column of table.columns.values()) {
        if (column.global !== place.set.name) continue;
        column.options = options;
        table.shape++;
      }
    }
    changed(environment);
  } else {
    place.column.options = options;
    changed(environment, place.table);
  }
}

/** `InsertOptionValue` and, with a state, `InsertStatusValue`: returns the new option's value. */
export function insertOption(maker: Maker, body: Body, status: boolean): number {
  const place = placeOf(maker, body);
  const isStatus = "column" in place && place.column.kind === "status";
  if (status !== isStatus) throw errors.badSchema("InsertStatusValue is for status columns, and they need it.");
  if ("column" in place && (place.column.kind === "state" || place.column.kind === "bool")) {
    throw errors.badSchema("Options cannot be added to this column.");
  }
  if (labelText(body.Label) === undefined) throw errors.badSchema("Label is missing.");
  const options = optionsAt(place);
  const first = firstOptionValue(maker);
  const free = Math.max(first - 1, ...options.map((each) => each.value).filter((value) => value >= first)) + 1;
  const value = whole(body.Value) ?? free;
  if (options.some((each) => each.value === value))
    throw errors.badSchema(`There is an option of value ${value} already.`);
  const option: Option = { value, ...named(body.Label, "") };
  const description = labelText(body.Description);
  if (description !== undefined) option.description = description;
  if (status) option.state = stateOf(place, body.StateCode);
  replace(maker.environment, place, [...options, option]);
  return value;
}

function stateOf(place: Place, code: unknown): number {
  const states = "table" in place ? place.table.columns.get("statecode")?.options : undefined;
  if (!states?.some((each) => each.value === code)) throw errors.badSchema("StateCode must be a state of the table.");
  return code as number;
}

/** `UpdateOptionValue` and `UpdateStateValue`: label, description, and a state's default status. */
export function updateOption(maker: Maker, body: Body): void {
  const place = placeOf(maker, body);
  const options = optionsAt(place);
  const found = existing(options, body.Value);
  const fallback = whole(body.DefaultStatusCode);
  const description = labelText(body.Description);
  const option: Option = {
    ...found,
    ...renamed(found, body.Label, body.MergeLabels === true),
    ...(description === undefined ? {} : { description }),
    ...(fallback === undefined ? {} : { fallback }),
  };
  replace(
    maker.environment,
    place,
    options.map((each) => (each === found ? option : each)),
  );
}

/** `DeleteOptionValue`: rows that hold the value keep it. */
export function deleteOption(maker: Maker, body: Body): void {
  const place = placeOf(maker, body);
  const options = optionsAt(place);
  const found = existing(options, body.Value);
  if ("column" in place && (place.column.kind === "state" || place.column.kind === "bool")) {
    throw errors.badSchema("The options of this column cannot be deleted.");
  }
  replace(
    maker.environment,
    place,
    options.filter((each) => each !== found),
  );
}

/** `OrderOption`: every value once, in the new order. */
export function orderOptions(maker: Maker, body: Body): void {
  const place = placeOf(maker, body);
  const options = optionsAt(place);
  const values = body.Values;
  if (!Array.isArray(values) || values.length !== options.length || new Set(values).size !== values.length) {
    throw errors.badSchema("Values must hold every value of the option set once.");
  }
  replace(
    maker.environment,
    place,
    values.map((value) => existing(options, value)),
  );
}

function existing(options: Option[], value: unknown): Option {
  const found = options.find((each) => each.value === value);
  if (!found) throw errors.badSchema(`There is no option of value ${String(value)}.`);
  return found;
}
