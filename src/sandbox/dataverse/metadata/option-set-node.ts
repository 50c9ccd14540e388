import type { Environment } from "../environment.ts";
import { namedGuid } from "../guids.ts";
import type { Column, Kind, Option, OptionSet, Table, Words } from "../model.ts";
import { label, managed } from "./label.ts";
import { type MetadataNode, plainNode } from "./node.ts";

const KINDS: Partial<Record<Kind, string>> = { bool: "Boolean", state: "State", status: "Status" };

/** What a list of options shows about itself; `kind` decides what each option carries. */
type Shown = {
  name: string;
  label: string;
  words?: Words | undefined;
  description?: string | undefined;
  custom: boolean;
  global: boolean;
  id: string;
  kind: Kind;
  options: Option[];
};

/** The option set of a column: its own, or the global one it is bound to (dataverse.md section 3). */
export function columnOptionSet(environment: Environment, table: Table, column: Column): MetadataNode {
  const shared = column.global === undefined ? undefined : environment.optionSets.get(column.global);
  if (shared) return globalOptionSet(shared);
  const name = `${table.name}_${column.name}`;
  return node({
    name,
    label: column.label,
    words: column.words,
    description: column.description,
    custom: column.custom,
    global: false,
    id: namedGuid(`options ${name}`),
    kind: column.kind,
    options: column.options ?? [],
  });
}

/** A global option set, as under `GlobalOptionSetDefinitions`. */
export function globalOptionSet(set: OptionSet): MetadataNode {
  return node({ ...set, custom: true, global: true, kind: set.bool ? "bool" : "choice" });
}

/** Boolean sets have a true and a false option, the others a list; `State` and `DefaultStatus` tie the two codes. */
function node(set: Shown): MetadataNode {
  const bool = set.kind === "bool";
  const made = plainNode(bool ? "BooleanOptionSetMetadata" : "OptionSetMetadata", {
    MetadataId: set.id,
    HasChanged: null,
    Description: label(set.description),
    DisplayName: label(set.label, set.words),
    IsCustomOptionSet: set.custom,
    IsGlobal: set.global,
    IsManaged: false,
    IsCustomizable: managed(true, "iscustomizable"),
    Name: set.name,
    ExternalTypeName: null,
    OptionSetType: KINDS[set.kind] ?? "Picklist",
    IntroducedVersion: set.custom ? "1.0.0.0" : null,
    ParentOptionSetName: null,
  });
  made.typed = bool
    ? { TrueOption: shown(set, boolOption(set.options, 1)), FalseOption: shown(set, boolOption(set.options, 0)) }
    : { Options: set.options.map((option) => shown(set, option)) };
  return made;
}

function boolOption(options: Option[], value: number): Option {
  return options.find((each) => each.value === value) ?? { value, label: value === 1 ? "Yes" : "No" };
}

function shown(set: Shown, option: Option): Record<string, unknown> {
  return {
    Value: option.value,
    Label: label(option.label, option.words),
    Description: label(option.description),
    Color: option.color ?? null,
    IsManaged: false,
    ExternalValue: "",
    ParentValues: [],
    Tag: null,
    IsHidden: false,
    MetadataId: null,
    HasChanged: null,
    ...(set.kind === "state" ? { DefaultStatus: option.fallback ?? null, InvariantName: option.label } : {}),
    ...(set.kind === "status" ? { State: option.state ?? 0, TransitionData: null } : {}),
  };
}
