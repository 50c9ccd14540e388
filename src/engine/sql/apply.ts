import { ident, text } from "../duck.ts";
import { type runFiles, type Wave, wavesOf } from "../layout.ts";
import type { Shape } from "../shape.ts";
import { has, stored } from "./names.ts";
import { partyColumn } from "./parties.ts";
import { plannedId } from "./planned.ts";
import { statesOf } from "./states.ts";

type Files = Pick<ReturnType<typeof runFiles>, "change">;

/** What a plan changes is looked at, whatever else happened to it. */
export function wakePlanned(shape: Shape, planned: Files): string {
  const keys = wavesOf(shape).map((wave) => `SELECT key FROM read_parquet(${text(planned.change(wave))})`);
  return `INSERT INTO wake SELECT DISTINCT key FROM (${keys.join(" UNION ALL ")}) WHERE key NOT IN (SELECT key FROM wake)`;
}

/**
 * `compared`: one row a key that the earlier plan or this one changes. `same`: both do exactly the same to it, in every
 * wave: the same columns, from the same old values to the same new ones. What the earlier plan could not know yet (the id
 * of a record that it, or another sync, was to create) may be anything. Of a plan that was `begun` (then `sent` says what became
 * of its changes) what was delivered is left out.
 */
export function comparePlans(shape: Shape, planned: Files, now: Files, begun = false): string {
  const waves = wavesOf(shape).map((wave) => {
    const terms = contentOf(shape, wave).map(
      (sql) => `(${sql("o")} IS NOT DISTINCT FROM ${sql("n")} OR (${isUnknown(sql("o"))} AND ${sql("n")} IS NOT NULL))`,
    );
    // Whoever is to be put into a list may be made before by the same plan.
    if (wave.startsWith("2-add-")) terms.push("(o.id IS NULL OR o.id = n.id)");
    const file = (files: Files) => `read_parquet(${text(files.change(wave))})`;
    const left = `(SELECT * FROM read_parquet(${text(planned.change(wave))}, file_row_number=true)
WHERE file_row_number NOT IN (SELECT n FROM sent WHERE wave = ${text(wave)} AND status IN ('created', 'updated', 'deleted')))`;
    return `SELECT coalesce(o.key, n.key) AS key, o.key IS NOT NULL AS planned,
  ${["o.key IS NOT NULL", "n.key IS NOT NULL", ...terms].join("\n  AND ")} AS same
FROM ${begun ? left : file(planned)} o FULL JOIN ${file(now)} n ON n.key = o.key`;
  });
  return `CREATE TEMP TABLE compared AS SELECT key, bool_or(planned) AS planned, bool_and(same) AS same FROM (
${waves.join("\nUNION ALL ")}) GROUP BY key`;
}

const isUnknown = (value: string): string => `coalesce(ends_with(${value}::VARCHAR, ${text(plannedId)}), false)`;

/** What a wave does to a row, as SQL over the alias of its file. */
function contentOf(shape: Shape, wave: Wave): ((of: string) => string)[] {
  const id = (of: string) => `${of}.id`;
  const stateAlone = wave === "3-deactivate" || (wave === "0-activate" && !statesOf(shape).state);
  if (stateAlone || wave === "4-delete" || wave.startsWith("2-remove-")) return [id];
  if (wave.startsWith("2-add-")) return [];
  const written = (column: (c: Shape["columns"][number]) => string) =>
    shape.columns.map((c) => (of: string) => `CASE WHEN ${has(`${of}.m`, c)} THEN ${of}.${column(c)} END`);
  const all = [id, (of: string) => `${of}.kind`, (of: string) => `${of}.m`, ...written(stored)];
  if (wave === "1-create") return [...all, ...shape.parties.map((c) => (of: string) => `${of}.${partyColumn(c)}`)];
  return [...all, ...written((c) => ident(`o_${c.name}`))];
}

/** Rows that the plan changes and whose record, made by this run, is not made after all: another row's that is held back. */
export function dependentsMove(shape: Shape): string | undefined {
  const lost = shape.columns
    .filter((c) => c.awaits)
    .map(
      (c) =>
        `later_${c.index} IN (SELECT d.key FROM decided d JOIN compared c ON c.key = d.key AND NOT c.same WHERE d.action = 'create')`,
    );
  if (lost.length === 0) return undefined;
  return `UPDATE compared SET same = false WHERE same AND key IN (SELECT key FROM decided WHERE ${lost.join(" OR ")})`;
}

/**
 * Holds back every row whose change is not the plan's, as excluded: `moved`, or `not_planned` where the plan does not have
 * it. One that is rejected keeps its own reason. A record that such a row was to take over stays with the row that left.
 */
export function holdBack(shape: Shape): string[] {
  const later = shape.columns.filter((c) => c.awaits).map((c) => `, later_${c.index} = NULL`);
  const none = `m = 0, a = 0, sm = 0, dm = 0${later.join("")}`;
  const excluded = `action = 'exclude', col = NULL, value = NULL, others = NULL, "limit" = NULL, ${none}`;
  return [
    `UPDATE decided SET ${excluded}, code = 'moved' WHERE action = 'release' AND id IN (
  SELECT d.id FROM decided d JOIN compared c ON c.key = d.key AND NOT c.same WHERE d.action = 'adopt')`,
    // A row at fault keeps that reason; what was to be written of its audiences waits for the next run.
    "INSERT INTO aside SELECT d.key FROM decided d JOIN compared c ON c.key = d.key AND NOT c.same WHERE d.action = 'status'",
    `UPDATE decided SET ${none} FROM compared c WHERE c.key = decided.key AND NOT c.same AND action = 'status'`,
    `UPDATE decided SET ${excluded}, code = CASE WHEN c.planned THEN 'moved' ELSE 'not_planned' END
FROM compared c WHERE c.key = decided.key AND NOT c.same AND action IN ('create', 'adopt', 'update', 'leave', 'delete', 'none', 'keep')`,
    "DELETE FROM membership WHERE key IN (SELECT key FROM compared WHERE NOT same)",
  ];
}

/** planned: rows that the plan changes; moved: those of them that would be changed otherwise now; others: of no plan. */
export const countCompared = `SELECT count(*) FILTER (planned) AS planned, count(*) FILTER (planned AND NOT same) AS moved,
  count(*) FILTER (NOT planned) AS others, to_json(list(key ORDER BY key) FILTER (planned AND NOT same)[1:5])::VARCHAR AS keys FROM compared`;
