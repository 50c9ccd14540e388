import type { Scan } from "../../core/connector.ts";
import { SluiceError } from "../../core/errors.ts";
import type { MappingLine, SyncFile } from "../../core/project.ts";
import type { ObjectSchema } from "../../core/schema.ts";
import type { ColumnPolicies } from "../../core/state.ts";
import type { Job } from "../job.ts";
import type { ShapeColumn } from "../shape.ts";
import { lookupWays, type Tables } from "./lookup.ts";
import { isParties, partyWays } from "./parties.ts";
import { place } from "./place.ts";
import { sourceOf } from "./source.ts";
import { checkValidity, writable } from "./writable.ts";

/** The column a mapping line writes, checked against the table; its index is the caller's to give. @throws SluiceError unknown_target, mapping_unfit */
export function mappedColumn(
  job: Job,
  object: ObjectSchema,
  name: string,
  line: MappingLine,
  scan: Scan,
  tables: Tables,
): ShapeColumn {
  const at = place(job, ["mapping", name]);
  const target = writable(object, name, at);
  checkValidity(job, object, target, line.write, at);
  const column = {
    index: 0,
    name: target.name,
    wire: { name: target.name },
    target,
    role: "mapped" as const,
    policies: policiesOf(job.syncFile, line),
    // What can only be said of a new record is said once.
    line: target.update ? line : { ...line, write: "on create" as const },
    said: name,
    ...sourceOf(name, line, scan),
    clear: !target.required && target.update && line.write === "always" && !target.neverEmpty,
  };
  if (isParties(column)) {
    const ways = partyWays(job, object, target, name, scan, tables);
    return { ...column, wire: { name: target.name, targets: ways.map((way) => way.object) }, ways, tabled: true };
  }
  if (target.type !== "lookup") return column;
  const ways = lookupWays(job, object, target, name, scan, tables);
  const objects = [...new Set(ways.map((way) => way.object))];
  // Whoever writes into one table may find a record of another there: undo is to know of which.
  const tabled = (target.targets ?? []).length > 1;
  return { ...column, wire: { name: target.name, targets: objects }, ways, tabled };
}

/** A line says itself, or the sync for all; a conflict is a drift where neither says more of it. */
export function policiesOf(sync: SyncFile, line?: MappingLine): ColumnPolicies {
  const drift = line?.drift ?? sync.drift;
  return {
    firstContact: line?.firstContact ?? sync.firstContact,
    drift,
    conflict: line?.conflict ?? sync.conflict ?? drift,
  };
}

/** The mapped column of that name. @throws SluiceError mapping_unfit */
export function matchColumn(
  job: Job,
  object: ObjectSchema,
  columns: ShapeColumn[],
  name: string,
  i: number,
): ShapeColumn {
  const wanted = name.toLowerCase();
  const mapped = columns.filter((c) => c.role === "mapped");
  const found =
    mapped.find((c) => c.name.toLowerCase() === wanted) ?? mapped.find((c) => c.target.title.toLowerCase() === wanted);
  if (found && isParties(found))
    throw new SluiceError("mapping_unfit", `${job.sync} matches by ${name}, the parties of an activity.`, {
      remedy: "Match by a column that the record holds itself: its parties are rows of their own.",
      place: place(job, ["match", i]),
    });
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
