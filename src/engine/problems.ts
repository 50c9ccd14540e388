import { explain, type Wake, wakes } from "../core/reasons.ts";
import type { ProblemGroup } from "../core/run.ts";
import type { Duck } from "./duck.ts";

const keysPerGroup = 5;

/** What a group says beside the columns it is grouped by. */
type Told = Omit<ProblemGroup, "keys" | "again" | "example"> & {
  value: string | null;
  message: string | null;
  sorted: string;
  wake: string;
  due: number | null;
  at: string | null;
};

/**
 * Problem rows (relation `from`) by what is wrong, the most frequent first; counted where the rows are, however many there
 * are. `of`: columns that groups are told apart by besides, such as the run.
 */
export async function problemGroups<Of = unknown>(
  duck: Duck,
  from: string,
  of: readonly (string & keyof Of)[] = [],
): Promise<(ProblemGroup & Of)[]> {
  const by = [...of, "status", "code", "col", "cause"].join(", ");
  const rows = `SELECT * FROM (SELECT NULL::INTEGER AS runs, NULL::TIMESTAMP AS due_at WHERE false) UNION ALL BY NAME SELECT * FROM ${from}`;
  const groups = await duck.all<Told & Of>(`SELECT * EXCLUDE (col) FROM (
SELECT ${by}, col AS "column", count(*) AS rows, unnest(arg_min({value: value, message: message}, key)),
  to_json(min(DISTINCT key, ${keysPerGroup}))::VARCHAR AS sorted, min(wake) AS wake, min(runs) AS due, ${isoTime("min(due_at)")} AS at
FROM (SELECT *, ${cause} AS cause FROM (${rows})) GROUP BY ${by}) ORDER BY ${[...of, "rows DESC", "code", '"column"', "cause"].join(", ")}`);
  return groups.map(({ value, message, sorted, wake, due, at, ...group }) => ({
    ...(group as Omit<Told, "value" | "message" | "sorted" | "wake" | "due" | "at"> & Of),
    example: explain(group.code, { column: group.column, value, limit: message, detail: message }),
    keys: JSON.parse(sorted),
    again: whenAgain(wake, due, at),
  }));
}

/** SQL: the destination's own code of a refusal, which stands at the end of its message. */
export const cause = "CASE WHEN code = 'refused' THEN nullif(regexp_extract(message, '\\(([^()\\s]+)\\)$', 1), '') END";

export const isoTime = (sql: string): string => `strftime(${sql}, '%Y-%m-%d %H:%M UTC')`;

/** In words that follow "tried again". `due`: so many runs after the one that tells it, or from the time `at` on. */
export function whenAgain(wake: string, due: number | null, at: string | null): string {
  if (wake !== "destination" || due === null) return wakes[wake as Wake] ?? wake;
  return due <= 1 ? "in the next run" : `in the run after ${due - 1} more, or the first after ${at}`;
}
