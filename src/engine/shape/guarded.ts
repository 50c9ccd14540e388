import type { Key } from "../../core/schema.ts";

/**
 * What a person should know of the alternate keys that stand on what a sync matches by. Only an active one keeps others
 * from making the same record at the same moment (dataverse.md section 3).
 */
export function keyWarnings(object: string, keys: readonly Key[], match: readonly string[]): string[] {
  const same = keys.filter((k) => [...k.columns].sort().join() === [...match].sort().join());
  if (same.some((k) => k.active)) return [];
  return same.map(
    (k) =>
      `The key ${k.name} of ${object} is not active, so it does not guard ${match.join(", ")} against doubled records. In Power Apps, look at the table's keys why its index could not be made, and activate it again.`,
  );
}
