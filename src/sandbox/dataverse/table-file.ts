import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Kind, Level, ManyToMany, Option, Relation, Words } from "./model.ts";

/** One line of a `.table` file: a column before it gets its place in a table. */
export type ColumnLine = {
  name: string;
  schema: string;
  label: string;
  words?: Words | undefined;
  kind: Kind;
  create: boolean;
  update: boolean;
  level: Level;
  max?: number;
  range?: [number, number];
  precision?: number;
  source?: number;
  format?: string;
  initial?: string | number | boolean;
  of?: string;
  options?: Option[];
  global?: string;
  description?: string;
  autoNumber?: string;
  maxKb?: number;
  full?: boolean;
  shown?: boolean;
  targets?: string[];
  logical: boolean;
  custom: boolean;
  secured: boolean;
  writeOnly?: boolean;
};

export type TableFile = {
  name: string;
  schema: string;
  set: string;
  code: number;
  label: string;
  plural: string;
  id: string;
  nameColumn?: string;
  owned: "user" | "business" | "organization" | "none";
  flags: Set<string>;
  columns: ColumnLine[];
  relations: Relation[];
  manyToMany: ManyToMany[];
  keys: { name: string; columns: string[] }[];
};

const LEVELS: Record<string, Level> = { system: "SystemRequired", form: "ApplicationRequired", wanted: "Recommended" };

const DELETE_RULES: Record<string, Relation["onDelete"]> = {
  cascade: "Cascade",
  restrict: "Restrict",
  removelink: "RemoveLink",
};

/** Every delivered table. The format of the files is described in `tables/README.md`. */
export function readTableFiles(): TableFile[] {
  const folder = join(import.meta.dirname, "tables");
  return readdirSync(folder)
    .filter((file) => file.endsWith(".table"))
    .sort()
    .map((file) => parseTable(readFileSync(join(folder, file), "utf8"), file));
}

/** Parses one `.table` file. Throws with file and line where it does not follow the format. */
export function parseTable(text: string, file: string): TableFile {
  const [head = "", columns = "", links = ""] = text.split("\n\n");
  const table = parseHead(head, file);
  table.columns = columns
    .trim()
    .split("\n")
    .map((line) => parseColumn(line, file));
  for (const line of links.trim().split("\n")) {
    if (line !== "") parseLink(table, line, file);
  }
  return table;
}

function parseHead(head: string, file: string): TableFile {
  const fields = new Map(
    head
      .trim()
      .split("\n")
      .map((line) => [line.split(" ")[0]!, line.slice(line.indexOf(" ") + 1)]),
  );
  const [name, schema, set, code] = (fields.get("table") ?? "").split(" ");
  const [label, plural] = (fields.get("label") ?? "").split(" : ");
  const id = fields.get("id");
  if (!name || !schema || !set || !label || !plural || !id) throw new Error(`${file}: the head is incomplete`);
  const nameColumn = fields.get("name");
  return {
    name,
    schema,
    set,
    code: Number(code),
    label,
    plural,
    id,
    ...(nameColumn === undefined ? {} : { nameColumn }),
    owned: fields.get("owned") as TableFile["owned"],
    flags: new Set((fields.get("flags") ?? "").split(" ")),
    columns: [],
    relations: [],
    manyToMany: [],
    keys: [],
  };
}

function parseColumn(line: string, file: string): ColumnLine {
  const [facts = "", label = "", options] = line.split(" : ");
  const [names = "", kind = "", rights = "", ...rest] = facts.split(" ");
  const [name = "", schema] = names.split("/");
  const column: ColumnLine = {
    name,
    schema: schema ?? name,
    label,
    kind: kind as Kind,
    create: rights.includes("c"),
    update: rights.includes("u"),
    level: "None",
    logical: false,
    custom: false,
    secured: false,
  };
  for (const fact of rest) {
    const [word = "", value = ""] = fact.split("=");
    if (word in LEVELS) column.level = LEVELS[word]!;
    else if (word === "logical" || word === "custom" || word === "secured") column[word] = true;
    else if (word === "writeonly") column.writeOnly = true;
    else if (word === "max" || word === "precision" || word === "source") column[word] = Number(value);
    else if (word === "range") column.range = value.split("..").map(Number) as [number, number];
    else if (word === "format" || word === "of") column[word] = value;
    else if (word === "to") column.targets = value.split(",");
    else if (word === "default") column.initial = value === "true" ? true : value === "false" ? false : Number(value);
    else throw new Error(`${file}: '${word}' is not known, in: ${line}`);
  }
  if (options !== undefined) column.options = options.split(" | ").map(parseOption);
  return column;
}

/** `3@1 Won` is a status of state 1; `0>1 Active` is a state whose default status is 1. */
function parseOption(text: string): Option {
  const match = /^(-?\d+)(?:@(-?\d+))?(?:>(-?\d+))? ?(.*)$/.exec(text);
  if (!match) throw new Error(`not an option: ${text}`);
  const [, value, state, fallback, label] = match;
  return {
    value: Number(value),
    label: label!,
    ...(state === undefined ? {} : { state: Number(state) }),
    ...(fallback === undefined ? {} : { fallback: Number(fallback) }),
  };
}

function parseLink(table: TableFile, line: string, file: string): void {
  const words = line.split(" ");
  if (words[0] === "key") {
    table.keys.push({ name: words[1]!, columns: words.slice(2) });
  } else if (words[1] === "->") {
    const rule = DELETE_RULES[words[5]?.replace("delete=", "") ?? ""];
    if (words[5] !== undefined && !rule) throw new Error(`${file}: '${words[5]}' is not known, in: ${line}`);
    table.relations.push({
      column: words[0]!,
      target: words[2]!,
      navigation: words[3]!,
      schema: words[4]!,
      ...(rule === undefined ? {} : { onDelete: rule }),
    });
  } else if (words[1] === "<->") {
    const [schema, , first, firstNavigation, second, secondNavigation, , intersect] = words as string[];
    table.manyToMany.push({
      schema: schema!,
      first: first!,
      firstNavigation: firstNavigation!,
      second: second!,
      secondNavigation: secondNavigation!,
      intersect: intersect!,
    });
  } else throw new Error(`${file}: not a link: ${line}`);
}
