import { explain } from "../core/reasons.ts";
import type { PlanCounts, ProblemGroup, RejectedRow, SampleChange } from "../core/run.ts";
import { type Duck, openDuck, text } from "./duck.ts";
import { exists, runFiles } from "./layout.ts";
import type { Planned } from "./plan.ts";
import type { Shape } from "./shape.ts";
import { activates, deactivates } from "./sql/change.ts";
import { madeRefs } from "./sql/made.ts";
import { membersSent } from "./sql/members.ts";
import { has, wanted } from "./sql/names.ts";
import { keyProblems, waitingRows } from "./sql/pending.ts";

const samplesPerKind = 3;
const keysPerGroup = 5;

type ProblemRow = {
  key: string;
  status: string;
  code: string;
  col: string | null;
  value: string | null;
  message: string | null;
  wake: string;
};

export type PlanReport = { plan: PlanCounts; received: number; samples: SampleChange[]; problems: ProblemGroup[] };

/** Counts, a few samples of each kind, and the rows that would not go. */
export async function planReport(planned: Planned): Promise<PlanReport> {
  const { duck, shape, touched } = planned;
  const refused = `SELECT key, CASE WHEN action = 'exclude' THEN 'excluded' ELSE 'rejected' END AS status, coalesce(code, rule_code) AS code,
  col, coalesce(value, match_value) AS value, coalesce(others, nullif("limit", '')) AS message, 'row' AS wake FROM decided WHERE action IN ('reject', 'status', 'exclude')`;
  await duck.run(`CREATE OR REPLACE TEMP TABLE plan_waiting AS ${waitingRows}`);
  const waiting = "SELECT * EXCLUDE (gone) FROM plan_waiting";
  await duck.run(
    `CREATE OR REPLACE TEMP TABLE plan_problem AS ${refused} UNION ALL ${waiting} UNION ALL ${keyProblems}`,
  );
  const { still } = await duck.one<{ still: number }>("SELECT count(*) AS still FROM plan_waiting WHERE gone");
  const joins = `key IN (${membersSent})`;
  const leaves = `(action = 'leave' AND (m <> 0 OR ${joins} OR ${deactivates(shape)}))`;
  const of = await duck.one<Record<string, number>>(`SELECT
  count(*) FILTER (action = 'create') AS creates, count(*) FILTER (action = 'adopt') AS adopts,
  count(*) FILTER ((action = 'update' AND (m <> 0 OR ${joins} OR ${activates(shape)})) OR ${leaves}) AS updates,
  count(*) FILTER (action = 'delete') AS deletes,
  count(*) FILTER (${leaves} OR action = 'delete') AS leaves FROM decided`);
  const not = await duck.one<Record<string, number>>(
    "SELECT count(*) FILTER (status = 'excluded') AS excluded, count(*) FILTER (status <> 'excluded') AS rejected FROM plan_problem",
  );
  const received = touched.received + of.leaves! + still;
  const counts = {
    create: of.creates!,
    adopt: of.adopts!,
    update: of.updates!,
    delete: of.deletes!,
    excluded: not.excluded!,
    rejected: not.rejected!,
  };
  const files = madeRefs(shape).map((_, k) => text(planned.at.parents(k)));
  const parents = files.length
    ? (
        await duck.one<{ n: number }>(
          `SELECT count(*) AS n FROM read_parquet([${files.join(", ")}], union_by_name=true)`,
        )
      ).n
    : 0;
  const unchanged = received - Object.values(counts).reduce((a, b) => a + b);
  return {
    plan: { ...counts, unchanged, ...(parents > 0 && { parents }) },
    received,
    samples: await samples(duck, shape),
    problems: await problemGroups(duck, "plan_problem"),
  };
}

/** The first few of each kind by key, column by column: what would be written over what. */
async function samples(duck: Duck, shape: Shape): Promise<SampleChange[]> {
  const values = shape.columns.map(
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
  const rows = await duck.all<{ key: string; op: string; id: string | null; columns: { items: unknown[] } }>(
    `SELECT key, action AS op, id, to_json(list_filter([${[...values, ...parties, ...joins].join(", ")}], v -> v IS NOT NULL))::VARCHAR AS columns
FROM decided d WHERE action = 'delete' OR ((m <> 0 OR key IN (${membersSent})) AND action IN ('create', 'adopt', 'update', 'leave', 'status'))
QUALIFY row_number() OVER (PARTITION BY action ORDER BY key) <= ${samplesPerKind} ORDER BY action, key`,
  );
  return rows.map((r) => ({ ...r, columns: JSON.parse(r.columns as unknown as string) }));
}

/**
 * The rows of a finished run that were not sent or were refused, grouped by reason.
 * @returns at most `limit` rows; none where the folder holds no finished run.
 */
export async function readProblems(runFolder: string, options: { limit: number }): Promise<RejectedRow[]> {
  const path = runFiles(runFolder).outcome;
  if (!(await exists(path))) return [];
  const duck = await openDuck({ memoryLimit: "256MB", threads: 1, temp: runFolder });
  try {
    return rejectedRows(
      await duck.all<ProblemRow>(`SELECT * FROM read_parquet(${text(path)}) ORDER BY code, key LIMIT ${options.limit}`),
    );
  } finally {
    await duck.close();
  }
}

/** By what is wrong, the most frequent first; counted where the rows are, however many there are. */
export async function problemGroups(duck: Duck, from: string): Promise<ProblemGroup[]> {
  type Group = Omit<ProblemRow, "key" | "wake"> & { n: number; sorted: string };
  const groups = await duck.all<Group>(`SELECT status, code, col, count(*) AS n, arg_min(value, key) AS value,
  arg_min(message, key) AS message, to_json(list(key ORDER BY key)[1:${keysPerGroup}])::VARCHAR AS sorted
FROM ${from} GROUP BY status, code, col ORDER BY n DESC, code, col`);
  return groups.map(({ status, code, col, n, sorted, ...row }) => ({
    status: status as ProblemGroup["status"],
    code,
    column: col,
    rows: n,
    example: sentence({ code, col, ...row }),
    keys: JSON.parse(sorted),
  }));
}

function sentence(row: Pick<ProblemRow, "code" | "col" | "value" | "message">): string {
  return explain(row.code, { column: row.col, value: row.value, limit: row.message, detail: row.message });
}

function rejectedRows(rows: ProblemRow[]): RejectedRow[] {
  return rows.map((r) => ({
    key: r.key,
    status: r.status as RejectedRow["status"],
    code: r.code,
    column: r.col,
    message: sentence(r),
    wake: r.wake,
  }));
}
