import type { Scan } from "../../core/connector.ts";
import { ident } from "../duck.ts";
import { asRead } from "../shape/expression.ts";
import type { Shape } from "../shape.ts";
import { list, sourceColumn } from "./names.ts";

/**
 * The views that make one relation `source` of a model: key, h (one hash over all that a row's want follows from; what is
 * worked out follows from its columns), s_* (the columns the mapping uses) and a_* (whether the row is in each audience). Keys are text; an empty key is null.
 * `source_row` is the model alone: as many rows, and cheaper to count.
 */
export function sourceViews(shape: Shape, scan: Scan): string[] {
  const used = shape.used.map((name) => `m.${ident(name)} AS ${sourceColumn(name)}`);
  const respelled = shape.key.some((c) => scan.respelled?.[c] !== undefined);
  const members = shape.audiences.map((a, i) =>
    a.where === undefined
      ? `(x_${i}.member IS TRUE${respelled ? ` OR y_${i}.member IS TRUE` : ""}) AS a_${i}`
      : `coalesce(m.q_${i}::BOOLEAN, false) AS a_${i}`,
  );
  const conditions = shape.audiences
    .map((a, i) => (a.where === undefined ? "" : `, (${a.where}\n) AS q_${i}`))
    .join("");
  const asked = shape.audiences.flatMap((a) => (a.where === undefined ? [] : a.scan.views));
  const joins = shape.audiences.map((a, i) =>
    a.where === undefined
      ? joined(`(SELECT DISTINCT ${keyOf(shape.key)} AS key, true AS member FROM (${relationOf(a.scan)}))`, i)
      : "",
  );
  const inSql = respelled ? `, ${keyOf(shape.key, scan.respelled)} AS key_in_sql` : "";
  function joined(keys: string, i: number): string {
    const asInFile = `LEFT JOIN ${keys} x_${i} ON x_${i}.key = m.key_of_row`;
    return respelled ? `${asInFile} LEFT JOIN ${keys} y_${i} ON y_${i}.key = m.key_in_sql` : asInFile;
  }
  const hashed = [...shape.used.map(sourceColumn), ...shape.audiences.map((_, i) => `a_${i}`)];
  return [
    `CREATE OR REPLACE VIEW source_row AS ${relationOf(scan)}`,
    `CREATE OR REPLACE VIEW source AS
SELECT *, hash(${hashed.join(", ") || "0"}) AS h FROM (
SELECT ${list(["m.key_of_row AS key", ...used, ...members])}
FROM (SELECT *, ${keyOf(shape.key)} AS key_of_row${inSql} FROM (${judged(scan, conditions, asked)})) m
${joins.join("\n")})`,
  ];
}

/**
 * The model's rows with the audiences' conditions (, (...) AS q_*) judged. A column that is text although it has a type stays so in
 * the rows; a condition sees it in its type, and the tables of the connection that it `asked` for.
 */
function judged(scan: Scan, conditions: string, asked: Scan["views"]): string {
  const typed = Object.entries(scan.typed ?? {}).map(([name, sql]) => `${sql} AS ${ident(name)}`);
  if (conditions === "" || typed.length === 0)
    return `${withTables(asked)}SELECT *${conditions} FROM (${relationOf(scan)})`;
  return `${withTables(asked)}SELECT ${asRead}.*${conditions} FROM (SELECT ${asRead}, ${asRead}.* REPLACE (${typed.join(", ")}) FROM (${relationOf(scan)}) ${asRead})`;
}

/** A scan as one SELECT. */
const relationOf = (scan: Scan): string => `${withTables(scan.views)}${scan.select}`;

/**
 * Tables of a connection for a SELECT that follows. They are common table expressions, for these go before any table of our own: a
 * file may be called `touched` or `source` as it likes.
 */
function withTables(views: Scan["views"]): string {
  if (views.length === 0) return "";
  const each = new Map(views.map((v) => [v.name, `${ident(v.name)} AS NOT MATERIALIZED (${v.sql})`]));
  return `WITH ${[...each.values()].join(", ")} `;
}

/** One text from the key's columns (as they are, or `spelled`): itself, or a JSON list where there are several; null where any is empty. */
function keyOf(columns: string[], spelled: Record<string, string> = {}): string {
  const parts = columns.map((c) => trimmed(spelled[c] ?? `${ident(c)}::VARCHAR`));
  if (parts.length === 1) return parts[0]!;
  return `CASE WHEN ${parts.map((p) => `${p} IS NOT NULL`).join(" AND ")} THEN to_json([${parts.join(", ")}])::VARCHAR END`;
}

/**
 * Without spaces at its ends, null where nothing is left. `trim` looks up every character, and this is asked of every row:
 * text that is ASCII and has a space at neither end is passed by.
 */
function trimmed(text: string): string {
  const plain = `strlen(${text}) = length(${text}) AND NOT starts_with(${text}, ' ') AND NOT ends_with(${text}, ' ')`;
  return `CASE WHEN ${text} = '' THEN NULL WHEN ${plain} THEN ${text} ELSE nullif(trim(${text}), '') END`;
}
