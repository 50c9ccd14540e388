import type { SluiceError } from "../../core/errors.ts";
import type { SyncFile } from "../../core/project.ts";
import { faultAt } from "./faults.ts";
import type { Resource } from "./project.ts";

type Named = { name: string; file: SyncFile };

/** The table that a sync writes, and those that its lookups point at. */
export type Tables = { object: string; parents: ReadonlySet<string> };

/** As the file has them. A lookup that names no table is decided by metadata alone. */
function asWritten({ file }: Named): Tables {
  const parents = Object.values(file.mapping).flatMap((line) =>
    (line.lookup ?? []).flatMap((way) => way.object?.toLowerCase() ?? []),
  );
  return { object: file.object.toLowerCase(), parents: new Set(parents) };
}

/**
 * The syncs, parents first, otherwise by name. A circle has no order: then `circle` names its syncs, the first again
 * at the end. `known`: by sync, what the destination says of its tables.
 */
export function orderSyncs<T extends Named>(
  syncs: readonly T[],
  known: ReadonlyMap<string, Tables> = new Map(),
): { ordered: T[]; circle: string[] | null } {
  const tablesOf = (sync: T) => known.get(sync.name) ?? asWritten(sync);
  const byName = [...syncs].sort((a, b) => (a.name < b.name ? -1 : 1));
  /** The syncs that create the records which `sync` points at, and so must run before it. */
  const parentsOf = (sync: T): T[] => {
    const { object, parents } = tablesOf(sync);
    return byName.filter((other) => {
      const table = tablesOf(other).object;
      if (other.file.to !== sync.file.to || other.file.mode === "update") return false;
      // A table that points at itself is the business of one run, not of the order of runs.
      return parents.has(table) && table !== object;
    });
  };
  const ordered: T[] = [];
  const done = new Set<string>();
  const trail: string[] = [];
  const visit = (sync: T): string[] | null => {
    if (done.has(sync.name)) return null;
    if (trail.includes(sync.name)) return [...trail.slice(trail.indexOf(sync.name)), sync.name];
    trail.push(sync.name);
    for (const parent of parentsOf(sync)) {
      const circle = visit(parent);
      if (circle) return circle;
    }
    trail.pop();
    done.add(sync.name);
    ordered.push(sync);
    return null;
  };
  for (const sync of byName) {
    const circle = visit(sync);
    if (circle) return { ordered: byName, circle };
  }
  return { ordered, circle: null };
}

/** That the syncs of a circle wait for each other. */
export function circleFault(circle: readonly string[], syncs: readonly Resource<SyncFile>[]): SluiceError {
  const { document, file } = syncs.find(({ name }) => name === circle[0])!;
  const column = Object.keys(file.mapping).find((name) => file.mapping[name]?.lookup);
  return faultAt(
    document,
    ["mapping", column ?? ""],
    `These syncs wait for each other, so none can be first: ${circle.join(" needs ")}.`,
    "yaml_invalid",
    "Move one of the lookups into a sync of its own with `mode: update`, which runs after both.",
  );
}
