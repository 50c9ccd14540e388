import type { Scan } from "../../core/connector.ts";
import { type Place, SluiceError } from "../../core/errors.ts";
import type { LookupWay, MappingLine, SyncFile } from "../../core/project.ts";
import { type Column, columnsNamed, type LookupTarget, type ObjectSchema } from "../../core/schema.ts";
import type { Job } from "../job.ts";
import type { Way } from "../shape.ts";
import { near, place } from "./place.ts";
import { sourceOf } from "./source.ts";

/** The other tables a sync's lookups need, by name. */
export type Tables = ReadonlyMap<string, ObjectSchema>;

/**
 * Where an owner is looked for when a line does not say: users by their e-mail address or their sign-in name, then
 * teams by their name.
 */
const ownerWays: LookupWay[] = [
  { object: "systemuser", by: "internalemailaddress", missing: "reject" },
  { object: "systemuser", by: "domainname", missing: "reject" },
  { object: "team", by: "name", missing: "reject" },
];

const isOwner = (column: Column): boolean =>
  column.name === "ownerid" && ["systemuser", "team"].every((o) => column.targets?.some((t) => t.object === o));

/** The ways of a line in the order they are tried; for owners there are some where the line says nothing. */
function waysOf(column: Column, line: MappingLine): LookupWay[] {
  return line.lookup ?? (isOwner(column) ? ownerWays : []);
}

/** The tables that a sync's lookups point at, to be described before its shape is made. */
export function parentTables({ mapping }: SyncFile, object: ObjectSchema): string[] {
  const names = Object.entries(mapping).flatMap(([name, line]) =>
    columnsNamed(object, name)
      .filter(({ type }) => type === "lookup" || type === "parties")
      .flatMap((column) => waysOf(column, line).flatMap((way) => targetOf(column, way)?.object ?? [])),
  );
  return [...new Set(names)];
}

/** How the lookup column of a line finds its parent, checked against both tables. @throws SluiceError mapping_unfit, unknown_target */
export function lookupWays(
  job: Job,
  object: ObjectSchema,
  column: Column,
  said: string,
  scan: Scan,
  tables: Tables,
): Way[] {
  const line = job.syncFile.mapping[said]!;
  const at = place(job, ["mapping", said]);
  const ways = waysOf(column, line);
  const name = `${object.name}.${column.name}`;
  if (ways.length === 0)
    throw new SluiceError("mapping_unfit", `${name} points at a record of another table.`, {
      remedy: `Say how that record is found, for example \`${column.name}: { from: ${line.from ?? "column"}, lookup: { by: accountnumber } }\`.`,
      place: at,
    });
  if (column.required && ways.some((way) => way.missing === "null"))
    throw new SluiceError("mapping_unfit", `${name} may not be empty, so no row can go without its parent.`, {
      remedy: "Say `missing: reject`: the row waits for its parent; or `missing: create`: it is made first.",
      place: at,
    });
  return ways.map((way) => {
    const parent = parentTable(column, way, name, at);
    const table = parent === object.name ? object : tables.get(parent)!;
    if (way.missing === "create" && ways.filter((w) => w.missing === "create").length > 1)
      throw new SluiceError("mapping_unfit", `${name} says in several ways that its parent is made.`, {
        remedy: "Say `missing: create` in one way only, the last.",
        place: at,
      });
    const keys = keysOf(table, way, line, at).map((key) => ({ ...key, ...sourceOf(said, key.line, scan) }));
    const ref = `${parent}.${keys.map((k) => k.column.name).join()}`;
    const made = way.missing === "create" ? madeWith(table, keys, at) : {};
    return { ref, object: parent, keys, missing: way.missing, ...made, owner: isOwner(column) };
  });
}

function targetOf(column: Column, way: LookupWay): LookupTarget | undefined {
  const targets = column.targets ?? [];
  if (way.object === undefined) return targets.length === 1 ? targets[0] : undefined;
  return targets.find((t) => t.object === way.object!.toLowerCase());
}

function parentTable(column: Column, way: LookupWay, name: string, at: Place): string {
  const found = targetOf(column, way);
  if (found) return found.object;
  const names = (column.targets ?? []).map((t) => t.object).join(", ");
  throw new SluiceError(
    "mapping_unfit",
    way.object === undefined
      ? `${name} can point at several tables: ${names}.`
      : `${name} cannot point at ${way.object}.`,
    { remedy: `Add \`object:\` to its lookup, one of ${names}.`, place: at },
  );
}

/** The parent's columns a way goes by, in the table's spelling and a fixed order, each with the line of its value. */
function keysOf(table: ObjectSchema, way: LookupWay, line: MappingLine, at: Place): Way["keys"] {
  const { lookup: _, ...bare } = line;
  const value: MappingLine = { ...bare, empty: "clear", tooLong: "reject" };
  const { value: _constant, expression: _computed, ...own } = value;
  if (typeof way.by === "string")
    return [
      { column: keyColumn(table, way, way.by, at), line: way.from === undefined ? value : { ...own, from: way.from } },
    ];
  return Object.entries(way.by)
    .map(([name, from]) => ({ column: keyColumn(table, way, name, at), line: { ...own, from } }))
    .sort((a, b) => (a.column.name < b.column.name ? -1 : 1));
}

/** That a record can be made of a key alone, and what it is called by. @throws SluiceError mapping_unfit */
function madeWith(table: ObjectSchema, keys: Way["keys"], at: Place): { label?: Column } {
  const known = (name: string) => keys.some((k) => k.column.name === name);
  const label = table.columns.find((c) => c.name === table.label && c.create && c.type === "text" && !known(c.name));
  const wants = table.columns.filter((c) => c.required && !known(c.name) && c !== label).map((c) => c.name);
  const fixed = keys.filter(({ column: { name } }) => !table.columns.some((c) => c.name === name && c.create));
  const unfit = (message: string, remedy: string) => new SluiceError("mapping_unfit", message, { remedy, place: at });
  if (["systemuser", "team"].includes(table.name) || (table.kind ?? "standard") !== "standard" || fixed.length > 0)
    throw unfit(`Records of ${table.name} are not made by a lookup.`, "Say `missing: reject` or `missing: null`.");
  const open = keys.find(({ column }) => (column.targets ?? []).length > 1)?.column;
  if (open)
    throw unfit(
      `A record of ${table.name} is not made by ${open.name}: an id does not say which table that points at (${open.targets!.map((t) => t.object).join(", ")}).`,
      `Find it by other columns, make these records by a sync of their own, or say \`missing: reject\`.`,
    );
  if (wants.length > 0)
    throw unfit(
      `A record of ${table.name} cannot be made of its key alone: it needs ${wants.join(", ")} too.`,
      `Make these records by a sync of their own, or say \`missing: reject\`.`,
    );
  return label ? { label } : {};
}

/** Values that are too long for the parent's column are no fault, there just is no such parent; but where it is made. */
function keyColumn(table: ObjectSchema, way: LookupWay, name: string, at: Place): Column {
  const found = table.columns.find((c) => c.name === name.toLowerCase() && c.type !== "other");
  if (!found)
    throw new SluiceError("unknown_target", `${table.name} has no column ${name} to find a parent by.`, {
      remedy: near(
        name,
        table.columns.map((c) => c.name),
      ),
      place: at,
    });
  const { maxLength, ...column } = found;
  const limit = way.missing === "create" && maxLength !== undefined ? { maxLength } : {};
  return { ...column, ...limit, type: found.type === "lookup" ? "guid" : found.type, required: false, create: true };
}

/** What a way looks for, in words. */
export function wayHint(object: string, keys: Way["keys"]): string {
  return `${object} by ${keys.map((k) => k.column.name).join(", ")}`;
}
