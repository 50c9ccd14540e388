import { foldSql } from "../../core/fold.ts";
import { ident, text } from "../duck.ts";
import type { Shape } from "../shape.ts";

/** What stands for the id of a record that another sync of the same command will create. Only plans show it. */
export const plannedId = "(to be created)";

/**
 * Rows that a plan made just before will create, as parents for this one's lookups: otherwise a first plan of companies
 * and their people would call every person's company missing.
 */
export function plannedParents(shape: Shape, upstream: { object: string; path: string }[]): string[] {
  return upstream.flatMap((u) =>
    shape.refs
      .filter((ref) => ref.object === u.object)
      .map(
        (ref) =>
          `SELECT ${text(ref.name)} AS name, ${foldSql(ident(`c_${ref.by}`))} AS value, ${text(plannedId)} AS id FROM (SELECT NULL::VARCHAR AS ${ident(`c_${ref.by}`)} WHERE false UNION ALL BY NAME SELECT * FROM read_parquet(${text(u.path)}))`,
      ),
  );
}
