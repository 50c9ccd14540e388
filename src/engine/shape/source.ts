import type { Scan } from "../../core/connector.ts";
import { type Place, SluiceError } from "../../core/errors.ts";
import type { MappingLine } from "../../core/project.ts";
import type { Job } from "../job.ts";
import type { ShapeSource } from "../shape.ts";
import { computedColumn } from "./expression.ts";
import { near, place } from "./place.ts";

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
    for (const from of [
      line.from,
      ...(line.lookup ?? []).flatMap((w) => [w.from, ...(typeof w.by === "string" ? [] : Object.values(w.by))]),
    ])
      if (from !== undefined) check(from, place(job, ["mapping", name]));
}

/** Where the line of column `target` (as the mapping calls it) gets its values; nothing for a constant. */
export function sourceOf(target: string, line: MappingLine, scan: Scan): { source?: ShapeSource } {
  const computed = line.expression !== undefined;
  const name = computed ? computedColumn(target) : line.from;
  if (name === undefined) return {};
  const type = scan.columns.find((c) => c.name === name)?.type ?? "VARCHAR";
  return { source: { name, said: line.expression ?? name, type, computed } };
}
