import { resolve } from "node:path";
import type { ResponseOf } from "../../api/index.ts";
import { exportRejected, type LeftRun, rejectedGroups, rejectedRows } from "../../engine/rejected.ts";
import { isRunId, latestLeft, leftRun } from "../left-runs.ts";
import type { Workplace } from "../workplace.ts";
import { pickSyncs } from "./jobs.ts";

type Request = {
  of: string[];
  code?: string | undefined;
  column?: string | undefined;
  keys?: string[] | undefined;
  rows: boolean;
  limit: number;
  out?: string | undefined;
};

/** From the run folders alone, which never change: nothing is locked, and no database is opened. */
export async function rejected(workplace: Workplace, request: Request): Promise<ResponseOf<"rejected">> {
  const { of, rows, limit, out, ...filter } = request;
  const left = await runsOf(workplace, of);
  const runs = left.map(({ sync, run }) => ({ sync, run }));
  if (out !== undefined) {
    const file = resolve(out);
    return { runs, groups: [], rows: [], file: { path: file, rows: await exportRejected(left, filter, file) } };
  }
  if (rows) return { runs, groups: [], rows: await rejectedRows(left, filter, limit), file: null };
  return { runs, groups: await rejectedGroups(left, filter), rows: [], file: null };
}

/** The runs named, and the latest ones of the syncs named; of every sync, where nothing is. */
async function runsOf(workplace: Workplace, of: readonly string[]): Promise<LeftRun[]> {
  const project = await workplace.project();
  const places = workplace.places();
  const named = of.filter(isRunId).map((run) => leftRun(places, project.environment, run));
  const names = of.filter((word) => !isRunId(word));
  if (named.length > 0 && names.length === 0) return named;
  const latest = pickSyncs(project, names).flatMap(({ name }) => latestLeft(places, project.environment, name) ?? []);
  return [...named, ...latest];
}
