import { addComputedColumns } from "./build.ts";
import type { Environment } from "./environment.ts";

/**
 * A copy that shares nothing with the environment that a write could change; the clock stays the same one. Takes a
 * fraction of a second for 100,000 rows.
 */
export function copyEnvironment(environment: Environment): Environment {
  const seen = new Map<object, object>([[environment.clock, environment.clock]]);
  const copy = copied(environment, seen) as Environment;
  // What is worked out on reading looks at columns: it must look at those of the copy.
  for (const table of copy.tables.values()) addComputedColumns(copy, table);
  return copy;
}

/** Copies arrays, maps, sets and plain objects to any depth, each once. Everything else is taken over as it is. */
function copied(value: unknown, seen: Map<object, object>): unknown {
  if (typeof value !== "object" || value === null) return value;
  const known = seen.get(value);
  if (known) return known;
  if (Array.isArray(value)) {
    const copy: unknown[] = value.slice();
    seen.set(value, copy);
    for (let n = 0; n < copy.length; n++) if (typeof copy[n] === "object") copy[n] = copied(copy[n], seen);
    return copy;
  }
  if (value instanceof Map) {
    const copy = new Map<unknown, unknown>();
    seen.set(value, copy);
    for (const [key, each] of value) copy.set(copied(key, seen), copied(each, seen));
    return copy;
  }
  if (value instanceof Set) {
    const copy = new Set<unknown>();
    seen.set(value, copy);
    for (const each of value) copy.add(copied(each, seen));
    return copy;
  }
  if (Object.getPrototypeOf(value) !== Object.prototype) return value;
  const copy: Record<string, unknown> = { ...value };
  seen.set(value, copy);
  for (const name of Object.keys(copy)) copy[name] = copied(copy[name], seen);
  return copy;
}
