import { parquetRows } from "../duck.ts";
import type { Shape } from "../shape.ts";
import { readsAsSent } from "./backdated.ts";
import { keptMatch } from "./kept.ts";
import { storedMatch } from "./match.ts";
import { has, stored } from "./names.ts";

/*
 * `lookalike` (n, id): creates of which nobody knows whether they were done, and the record with the row's match value that may
 * have come of each. It holds what was sent; so may somebody else's, so `leaveSomebodys` has a look at who made it. Not
 * among them: one that was told of a record that is there already, which is another's, however alike; and one that was sent with an
 * id of ours, which tells by itself.
 */

export const noLookalikes = "CREATE OR REPLACE TABLE lookalike(n BIGINT, id VARCHAR)";

/** Of a run whose answers were lost (`sent`), by what was read back (`after`). */
export function lookalikesAfter(shape: Shape, creates: string): string {
  const holds = shape.columns
    .filter(readsAsSent)
    .map((c) => `(NOT ${has("c.m", c)} OR a.${stored(c)} IS NOT DISTINCT FROM c.${stored(c)})`);
  return `CREATE OR REPLACE TABLE lookalike AS SELECT s.n, a.id FROM sent s
JOIN ${parquetRows(creates, "file_row_number=true")} c ON c.file_row_number = s.n
JOIN after a ON NOT a.gone AND ${storedMatch(shape, "a")} = c.match_value
WHERE s.wave = '1-create' AND s.status = 'unknown' AND s.code IS NULL AND c.id IS NULL AND ${holds.join(" AND ") || "true"}`;
}

/**
 * Of a run that died, of whose creates `told` (n) and `exception` tell something: by what is there now (`there`). Only a record that is
 * the one with its match value.
 */
export function lookalikesThere(shape: Shape, creates: string): string {
  return `CREATE OR REPLACE TABLE lookalike AS SELECT c.file_row_number AS n, f.id FROM ${parquetRows(creates, "file_row_number=true")} c
JOIN (SELECT m, min(id) AS id FROM (SELECT ${storedMatch(shape, "h")} AS m, h.id FROM there h) WHERE m IS NOT NULL GROUP BY m HAVING count(*) = 1) f ON f.m = ${keptMatch(shape.match, "c.match_value")}
WHERE c.id IS NULL AND c.file_row_number NOT IN (SELECT n FROM told)
  AND c.file_row_number NOT IN (SELECT n FROM exception WHERE w = '1-create' AND code IS NOT NULL)`;
}
