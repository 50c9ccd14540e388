import { createHash } from "node:crypto";
import type { Scan, WireColumn } from "../core/connector.ts";
import { type Place, SluiceError } from "../core/errors.ts";
import { nearest } from "../core/nearest.ts";
import type { MappingLine } from "../core/project.ts";
import type { Column, LookupTarget, ObjectSchema } from "../core/schema.ts";
import type { ColumnRole, Policies } from "../core/state.ts";
import type { Job } from "./job.ts";

/** Raised when the meaning of stored values changes, so that every row is looked at once more. */
export const canonVersion = 1;

/** The bits of a mask: Parquet knows no whole number larger than 64 bits. */
const mostColumns = 64;

/** One destination column of a sync. Its index is its bit in every mask. */
export type ShapeColumn = {
  index: number;
  name: string;
  wire: WireColumn;
  target: Column;
  role: ColumnRole;
  /** Of role mapped. */
  line?: MappingLine;
  /** Of role status: position in `Shape.audiences`. */
  audience?: number;
  /** How a lookup finds its parent. */
  parent?: { ref: string; object: string; by: string; missing: "reject" | "null" };
  /** Whether `onLeave: clear` empties it. */
  clear: boolean;
};

/** A sync, checked against what source and destination really have: all that the SQL is made from. */
export type Shape = {
  sync: string;
  object: ObjectSchema;
  columns: ShapeColumn[];
  /** Those of `columns` that tell which record a row is. */
  match: ShapeColumn[];
  /** An active alternate key stands on exactly the match columns: it guards against doubled creates. */
  keyed: boolean;
  policies: Policies;
  /** Source columns that are read, in order. */
  used: string[];
  key: string[];
  audiences: { name: string; where?: string; scan: Scan }[];
  /** Parents that lookups need: what to read to tell a parent's id. */
  refs: { name: string; object: string; by: string }[];
  /** Changes with everything that makes a row's want: then every row is looked at once more. */
  fingerprint: string;
};

/**
 * Checks a job's sync against the model's columns and the destination's metadata.
 * @throws SluiceError unknown_column, unknown_target, mapping_unfit with the place in the sync's YAML.
 */
export function shapeOf(job: Job, scan: Scan, object: ObjectSchema, audienceScans: Scan[]): Shape {
  const file = job.syncFile;
  const columns = Object.entries(file.mapping).map(([name, line], index) =>
    mappedColumn(job, object, name, line, index),
  );
  for (const [audience, name] of Object.entries(file.audiences)) {
    const at = place(job, ["audiences", audience]);
    const target = writable(object, name, at);
    if (target.type !== "text" || (target.maxLength ?? 0) < "realized".length)
      throw new SluiceError("mapping_unfit", `${object.name}.${target.name} cannot hold an audience status.`, {
        remedy: `An audience needs a text column of at least ${"realized".length} characters; this is ${target.type}${target.maxLength ? ` of ${target.maxLength}` : ""}.`,
        place: at,
      });
    const index = job.audiences.findIndex((a) => a.name === audience);
    columns.push({
      index: columns.length,
      name: target.name,
      wire: { name: target.name },
      target,
      role: "status",
      audience: index,
      clear: false,
    });
  }
  oneLineEach(job, columns);
  const match = file.match.map((name, i) => matchColumn(job, object, columns, name, i));
  for (const column of columns) column.clear &&= !match.includes(column);
  if (columns.length > mostColumns)
    throw new SluiceError("mapping_unfit", `${job.sync} maps ${columns.length} columns; ${mostColumns} is the most.`, {
      place: place(job, ["mapping"]),
    });
  const used = [...new Set(columns.flatMap((c) => (c.line?.from === undefined ? [] : [c.line.from])))];
  const refs = new Map(
    columns.flatMap((c) =>
      c.parent ? [[c.parent.ref, { name: c.parent.ref, object: c.parent.object, by: c.parent.by }]] : [],
    ),
  );
  const { mode, firstContact, drift, severalMatches, deletedThere, onLeave } = file;
  const names = match
    .map((c) => c.name)
    .sort()
    .join();
  return {
    sync: job.sync,
    object,
    columns,
    match,
    keyed: object.keys.some((k) => k.active && [...k.columns].sort().join() === names),
    policies: { mode, firstContact, drift, severalMatches, deletedThere, onLeave },
    used,
    key: job.model.file.key,
    audiences: job.audiences.map((a, i) => ({
      name: a.name,
      ...(a.file.where !== undefined && { where: a.file.where }),
      scan: audienceScans[i]!,
    })),
    refs: [...refs.values()],
    fingerprint: digest([
      canonVersion,
      file,
      job.model.file,
      job.audiences,
      scan.dates,
      columns.map((c) => c.target),
      columns.map((c) => c.name),
    ]),
  };
}

function mappedColumn(job: Job, object: ObjectSchema, name: string, line: MappingLine, index: number): ShapeColumn {
  const at = place(job, ["mapping", name]);
  const target = writable(object, name, at);
  const column = {
    index,
    name: target.name,
    wire: { name: target.name },
    target,
    role: "mapped" as const,
    line,
    clear: !target.required,
  };
  if (target.type !== "lookup") return column;
  if (!line.lookup)
    throw new SluiceError("mapping_unfit", `${object.name}.${target.name} points at a record of another table.`, {
      remedy: `Say how that record is found, for example \`${name}: { from: ${line.from ?? "column"}, lookup: { by: accountnumber } }\`.`,
      place: at,
    });
  const parent = parentTable(target.targets ?? [], line.lookup.object, `${object.name}.${target.name}`, at);
  const { by, missing } = line.lookup;
  return {
    ...column,
    wire: { name: target.name, target: parent.object },
    parent: { ref: `${parent.object}.${by}`, object: parent.object, by, missing },
  };
}

function parentTable(targets: LookupTarget[], wanted: string | undefined, column: string, at: Place): LookupTarget {
  const names = targets.map((t) => t.object).join(", ");
  if (wanted === undefined && targets.length === 1) return targets[0]!;
  const found = targets.find((t) => t.object === wanted);
  if (found) return found;
  throw new SluiceError(
    "mapping_unfit",
    wanted === undefined ? `${column} can point at several tables: ${names}.` : `${column} cannot point at ${wanted}.`,
    { remedy: `Add \`object:\` to its lookup, one of ${names}.`, place: at },
  );
}

function writable(object: ObjectSchema, name: string, at: Place): Column {
  const column =
    object.columns.find((c) => c.name === name) ??
    object.columns.find((c) => c.name.toLowerCase() === name.toLowerCase());
  const names = object.columns.filter((c) => c.create || c.update).map((c) => c.name);
  if (!column)
    throw new SluiceError("unknown_target", `${object.name} has no column ${name}.`, {
      remedy: near(name, names),
      place: at,
    });
  if (column.type === "other" || (!column.create && !column.update))
    throw new SluiceError(
      "unknown_target",
      `${object.name}.${column.name} cannot be written; Dynamics keeps it itself.`,
      {
        remedy: near(name, names),
        place: at,
      },
    );
  return column;
}

function matchColumn(job: Job, object: ObjectSchema, columns: ShapeColumn[], name: string, i: number): ShapeColumn {
  const found = columns.find((c) => c.role === "mapped" && c.name.toLowerCase() === name.toLowerCase());
  if (found) return found;
  throw new SluiceError("mapping_unfit", `${job.sync} matches by ${name}, but does not map it.`, {
    remedy: `Add a line for ${name} under mapping: a column of ${object.name} that both sides know.`,
    place: place(job, ["match", i]),
  });
}

function oneLineEach(job: Job, columns: ShapeColumn[]): void {
  const seen = new Set<string>();
  for (const { name } of columns) {
    if (seen.has(name))
      throw new SluiceError("mapping_unfit", `${job.sync} writes ${name} twice.`, {
        remedy: "Keep one of the two lines.",
        place: place(job, ["mapping"]),
      });
    seen.add(name);
  }
}

/** Source columns that mapping and key name must exist. */
export function checkSourceColumns(job: Job, scan: Scan): void {
  const names = scan.columns.map((c) => c.name);
  const check = (name: string, at: Place) => {
    if (!names.includes(name))
      throw new SluiceError("unknown_column", `The model ${job.model.name} has no column ${name}.`, {
        remedy: near(name, names),
        place: at,
      });
  };
  for (const [i, name] of job.model.file.key.entries())
    check(name, { file: `models/${job.model.name}.yaml`, path: ["key", i] });
  for (const [name, line] of Object.entries(job.syncFile.mapping))
    if (line.from !== undefined) check(line.from, place(job, ["mapping", name]));
}

function place(job: Job, path: (string | number)[]): Place {
  return { file: `syncs/${job.sync}.yaml`, path };
}

function near(name: string, names: string[]): string {
  const close = nearest(name, names);
  return close.length
    ? `Did you mean ${close.join(" or ")}?`
    : `It has ${names.slice(0, 12).join(", ")}${names.length > 12 ? ", ..." : ""}.`;
}

function digest(value: unknown): string {
  return createHash("sha256").update(JSON.stringify(value)).digest("hex");
}
