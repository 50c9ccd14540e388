import { foldSql } from "../../core/fold.ts";
import { parquetRows, text } from "../duck.ts";
import type { Shape } from "../shape.ts";
import { joined, stored } from "./names.ts";

/** What stands for the id of a record that another sync of the same command will create. Only plans show it. */
export const plannedId = "(to be created)";

/**
 * Rows that a plan made just before will create, as parents for this one's lookups: otherwise a first plan of companies
 * and their people would call every person's company missing.
 */
export function plannedParents(shape: Shape, upstream: { object: string; path: string }[]): string[] {
  return upstream.flatMap((u) =>
    shape.refs
      .filter((ref) => ref.object.name === u.object)
      .map(
        (ref) =>
          `SELECT ${text(ref.name)} AS name, ${joined(ref.by.map((c) => foldSql(stored(c))))} AS value, ${text(plannedId)} AS id, false AS barred
FROM (SELECT ${ref.by.map((c) => `NULL::VARCHAR AS ${stored(c)}`).join(", ")} WHERE false UNION ALL BY NAME SELECT * FROM ${parquetRows(u.path)})`,
      ),
  );
}
