import { type Place, SluiceError } from "../../core/errors.ts";
import type { LookupTarget } from "../../core/schema.ts";

/** Which of the tables a lookup may point at is meant. @throws SluiceError mapping_unfit */
export function parentTable(
  targets: LookupTarget[],
  wanted: string | undefined,
  column: string,
  at: Place,
): LookupTarget {
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
