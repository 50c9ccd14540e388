import type { PlanCounts, ProblemGroup, SampleChange } from "../core/run.ts";
import { type Duck, parquetRows, text } from "./duck.ts";
import type { Planned } from "./plan.ts";
import { problemGroups } from "./problems.ts";
import type { Shape } from "./shape.ts";
import { activates, deactivates, faultOf, saidOfFault } from "./sql/change.ts";
import { exited } from "./sql/leaving.ts";
import { madeRefs } from "./sql/made.ts";
import { membersSent } from "./sql/members.ts";
import { has, list, wanted } from "./sql/names.ts";
import { keysToCount, wakeCase } from "./sql/pending.ts";
import { type Values, valuesOf } from "./sql/valued.ts";

const samplesPerKind = 3;

export type PlanReport = { plan: PlanCounts; received: number; samples: SampleChange[]; problems: ProblemGroup[] };

/** Counts, a few samples of each kind, and the rows that would not go. */
export async function planReport(planned: Planned): Promise<PlanReport> {
  const { duck, shape, touched } = planned;
  const held = "(action = 'exclude' OR (action = 'leave' AND code IS NOT NULL))";
  const refused = `SELECT *, ${wakeCase} AS wake FROM (SELECT key, CASE WHEN ${held} THEN 'excluded' ELSE 'rejected' END AS status, ${list(faultOf(shape))},
  ${saidOfFault} AS message FROM decided WHERE action IN ('reject', 'status') OR ${held})`;
  await duck.run(`CREATE OR REPLACE VIEW plan_waiting AS SELECT * FROM waiting WHERE ${touched.chosen === undefined}`);
  const waiting = "SELECT * EXCLUDE (gone) FROM plan_waiting";
  await duck.run(
    `CREATE OR REPLACE TABLE plan_problem AS ${refused} UNION ALL BY NAME ${waiting} UNION ALL BY NAME (${keysToCount(touched)})`,
  );
  const { still } = await duck.one<{ still: number }>("SELECT count(*) AS still FROM plan_waiting WHERE gone");
  const joins = `key IN (${membersSent})`;
  const leaves = `(action = 'leave' AND code IS NULL AND (m <> 0 OR ${joins} OR ${deactivates(shape)}))`;
  const of = await duck.one<Record<string, number>>(`SELECT
  count(*) FILTER (action = 'create') AS creates, count(*) FILTER (action = 'adopt') AS adopts,
  count(*) FILTER ((action = 'update' AND (m <> 0 OR ${joins} OR ${activates(shape)})) OR ${leaves}) AS updates,
  count(*) FILTER (action = 'delete') AS deletes, count(*) FILTER (gone AND ${held}) AS held, count(*) FILTER (${leaves}) AS "leave",
  count(*) FILTER (${deactivates(shape)}) AS deactivate, count(*) FILTER (${exited(shape)}) AS exit,
  count(*) FILTER (action = 'status' AND (m <> 0 OR ${joins})) AS status FROM decided`);
  const members = await duck.one<Record<"add" | "remove", number>>(
    "SELECT count(*) FILTER (does = 'add') AS \"add\", count(*) FILTER (does = 'remove') AS remove FROM membership",
  );
  const not = await duck.one<Record<string, number>>(
    "SELECT count(*) FILTER (status = 'excluded') AS excluded, count(*) FILTER (status <> 'excluded') AS rejected FROM plan_problem",
  );
  const received = (touched.chosen ?? touched.received) + of.leave! + of.deletes! + of.held! + still;
  const counts = {
    create: of.creates!,
    adopt: of.adopts!,
    update: of.updates!,
    delete: of.deletes!,
    excluded: not.excluded!,
    rejected: not.rejected!,
  };
  const files = madeRefs(shape).map((_, k) => planned.at.parents(k));
  const parents = files.length
    ? (await duck.one<{ n: number }>(`SELECT count(*) AS n FROM ${parquetRows(files, "union_by_name=true")}`)).n
    : 0;
  const { leave = 0, deactivate = 0, exit = 0, status = 0 } = of;
  const unchanged = received - Object.values(counts).reduce((a, b) => a + b);
  return {
    plan: { ...counts, unchanged, ...some({ leave, deactivate, exit, status, ...members, parents }) },
    received,
    samples: await samples(duck, shape, valuesOf(shape, touched.rows)),
    problems: await problemGroups(duck, "plan_problem"),
  };
}

/** Those that are not zero. */
function some<Name extends string>(counts: Record<Name, number>): Partial<Record<Name, number>> {
  return Object.fromEntries(Object.entries<number>(counts).filter(([, n]) => n > 0)) as Partial<Record<Name, number>>;
}

/** The first few of each kind by key, column by column: what would be written over what. */
export async function samples(duck: Duck, shape: Shape, values: Values): Promise<SampleChange[]> {
  const written = shape.columns.map(
    (c) =>
      `CASE WHEN ${has("m", c)}${shape.match.includes(c) ? " OR action = 'delete'" : ""} THEN {name: ${text(c.name)}, old: CASE WHEN action <> 'create' THEN o_${c.index} END, new: x_${c.index}} END`,
  );
  const parties = shape.parties.map(
    (c) =>
      `CASE WHEN action = 'create' AND ${wanted(c)} IS NOT NULL THEN {name: ${text(c.name)}, old: NULL, new: ${wanted(c)}} END`,
  );
  const joins = shape.memberships.map(
    (
      { audience },
      i,
    ) => `CASE WHEN d.key IN (${membersSent} AND i = ${i}) THEN {name: ${text(shape.audiences[audience]!.name)},
  old: CASE WHEN gone OR NOT a_${audience} THEN 'member' END, new: CASE WHEN NOT gone AND a_${audience} THEN 'member' END} END`,
  );
  const state = (when: string, old: number) =>
    `CASE WHEN ${when} THEN {name: 'statecode', old: '${old}', new: '${1 - old}'} END`;
  const [rests, wakes] = [deactivates(shape), activates(shape)];
  const all = [...written, ...parties, ...joins, state(rests, 0), state(wakes, 1)];
  const rows = await duck.all<{ key: string; op: string; id: string | null; columns: { items: unknown[] } }>(
    `WITH shown AS (SELECT action, unnest(min(key, ${samplesPerKind})) AS key
FROM decided d WHERE action = 'delete' OR ((m <> 0 OR ${rests} OR ${wakes} OR key IN (${membersSent})) AND action IN ('create', 'adopt', 'update', 'leave', 'status')) GROUP BY action)
SELECT key, action AS op, id, to_json(list_filter([${all.join(", ")}], v -> v IS NOT NULL))::VARCHAR AS columns
FROM ${values.of("key IN (SELECT key FROM shown)")} d ORDER BY action, key`,
  );
  return rows.map((r) => ({ ...r, columns: JSON.parse(r.columns as unknown as string) }));
}
