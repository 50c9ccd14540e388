import type { SyncFile } from "../../core/project.ts";

type Named = { name: string; file: SyncFile };

/** Tables of its own connection that a sync's lookups name. A lookup that names no table is decided by metadata alone. */
function pointsAt(sync: Named): Set<string> {
  return new Set(
    Object.values(sync.file.mapping).flatMap((line) =>
      (line.lookup ?? []).flatMap((way) => way.object?.toLowerCase() ?? []),
    ),
  );
}

/** The syncs that create the records which `sync` points at, and so must run before it. */
export function parentsOf(sync: Named, syncs: readonly Named[]): Named[] {
  const objects = pointsAt(sync);
  return syncs.filter(
    (other) =>
      other.name !== sync.name &&
      other.file.to === sync.file.to &&
      other.file.mode !== "update" &&
      objects.has(other.file.object.toLowerCase()) &&
      // A table that points at itself is the business of one run, not of the order of runs.
      other.file.object.toLowerCase() !== sync.file.object.toLowerCase(),
  );
}

/**
 * The syncs, parents first, otherwise by name. A circle has no order: then `circle` names its syncs, the first again
 * at the end.
 */
export function orderSyncs<T extends Named>(syncs: readonly T[]): { ordered: T[]; circle: string[] | null } {
  const byName = [...syncs].sort((a, b) => (a.name < b.name ? -1 : 1));
  const ordered: T[] = [];
  const done = new Set<string>();
  const trail: string[] = [];
  const visit = (sync: T): string[] | null => {
    if (done.has(sync.name)) return null;
    if (trail.includes(sync.name)) return [...trail.slice(trail.indexOf(sync.name)), sync.name];
    trail.push(sync.name);
    for (const parent of parentsOf(sync, byName)) {
      const circle = visit(parent as T);
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
