import type { Scan } from "../../core/connector.ts";
import { ident } from "../duck.ts";
import type { Shape } from "../shape.ts";
import { list, sourceColumn } from "./names.ts";

/**
 * The views that make one relation `source` of a model: key, h (one hash over all that a row's want follows from),
 * s_* (the columns the mapping uses) and a_* (whether the row is in each audience). Keys are text; an empty key is null.
 */
export function sourceViews(shape: Shape, scan: Scan): string[] {
  const views = [scan, ...shape.audiences.map((a) => a.scan)].flatMap((s) => s.views);
  const seen = new Set<string>();
  const statements = views
    .filter((v) => !seen.has(v.name) && seen.add(v.name))
    .map((v) => `CREATE OR REPLACE TEMP VIEW ${ident(v.name)} AS ${v.sql}`);
  const used = shape.used.map((name) => `m.${ident(name)} AS ${sourceColumn(name)}`);
  const members = shape.audiences.map((a, i) =>
    a.where === undefined ? `(x_${i}.member IS TRUE) AS a_${i}` : `coalesce(m.q_${i}::BOOLEAN, false) AS a_${i}`,
  );
  const conditions = shape.audiences
    .map((a, i) => (a.where === undefined ? "" : `, (${a.where}\n) AS q_${i}`))
    .join("");
  const joins = shape.audiences.map((a, i) =>
    a.where === undefined
      ? `LEFT JOIN (SELECT DISTINCT ${keyOf(shape.key)} AS key, true AS member FROM (${a.scan.select})) x_${i} ON x_${i}.key = m.key_of_row`
      : "",
  );
  const hashed = [...shape.used.map(sourceColumn), ...shape.audiences.map((_, i) => `a_${i}`)];
  return [
    ...statements,
    `CREATE OR REPLACE TEMP VIEW source AS
SELECT *, hash(${hashed.join(", ") || "0"}) AS h FROM (
SELECT ${list(["m.key_of_row AS key", ...used, ...members])}
FROM (SELECT *, ${keyOf(shape.key)} AS key_of_row${conditions} FROM (${scan.select})) m
${joins.join("\n")})`,
  ];
}

/** One text from the key's columns: itself, or a JSON list where there are several; null where any is empty. */
function keyOf(columns: string[]): string {
  const parts = columns.map((c) => `nullif(trim(${ident(c)}::VARCHAR), '')`);
  if (parts.length === 1) return parts[0]!;
  return `CASE WHEN ${parts.map((p) => `${p} IS NOT NULL`).join(" AND ")} THEN to_json([${parts.join(", ")}])::VARCHAR END`;
}
