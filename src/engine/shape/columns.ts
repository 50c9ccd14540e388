import type { Scan } from "../../core/connector.ts";
import { type Place, SluiceError } from "../../core/errors.ts";
import type { MappingLine } from "../../core/project.ts";
import type { Column, ObjectSchema } from "../../core/schema.ts";
import type { Job } from "../job.ts";
import type { ShapeColumn } from "../shape.ts";
import { lookupWays, type Tables } from "./lookup.ts";
import { near, place } from "./place.ts";
import { sourceOf } from "./source.ts";

/** The column a mapping line writes, checked against the table. @throws SluiceError unknown_target, mapping_unfit */
export function mappedColumn(
  job: Job,
  object: ObjectSchema,
  name: string,
  line: MappingLine,
  index: number,
  scan: Scan,
  tables: Tables,
): ShapeColumn {
  const at = place(job, ["mapping", name]);
  const target = writable(object, name, at);
  const column = {
    index,
    name: target.name,
    wire: { name: target.name },
    target,
    role: "mapped" as const,
    line,
    ...sourceOf(name, line, scan),
    clear: !target.required && line.write === "always",
  };
  if (target.type !== "lookup") return column;
  const ways = lookupWays(job, object, target, name, scan, tables);
  const objects = [...new Set(ways.map((way) => way.object))];
  return { ...column, wire: { name: target.name, targets: objects }, ways, tabled: objects.length > 1 };
}

/** A column of the table by name, in any case, that can be written. @throws SluiceError unknown_target */
export function writable(object: ObjectSchema, name: string, at: Place): Column {
  const column =
    object.columns.find((c) => c.name === name) ??
    object.columns.find((c) => c.name.toLowerCase() === name.toLowerCase());
  const names = object.columns.filter((c) => c.create || c.update).map((c) => c.name);
  if (!column)
    throw new SluiceError("unknown_target", `${object.name} has no column ${name}.`, {
      remedy: near(name, names),
      place: at,
    });
  if (column.type === "other" || column.type === "parties" || (!column.create && !column.update))
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

/** The mapped column of that name. @throws SluiceError mapping_unfit */
export function matchColumn(
  job: Job,
  object: ObjectSchema,
  columns: ShapeColumn[],
  name: string,
  i: number,
): ShapeColumn {
  const found = columns.find((c) => c.role === "mapped" && c.name.toLowerCase() === name.toLowerCase());
  if (found) return found;
  throw new SluiceError("mapping_unfit", `${job.sync} matches by ${name}, but does not map it.`, {
    remedy: `Add a line for ${name} under mapping: a column of ${object.name} that both sides know.`,
    place: place(job, ["match", i]),
  });
}

/** @throws SluiceError mapping_unfit where two lines write one column */
export function oneLineEach(job: Job, columns: ShapeColumn[]): void {
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
