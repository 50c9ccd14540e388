import { resolve } from "node:path";
import type { CallOptions, ResponseOf } from "../../api/index.ts";
import { SluiceError } from "../../core/errors.ts";
import { exportRejected, type LeftRun, rejectedGroups, rejectedRows } from "../../engine/rejected.ts";
import { isRunId, latestLeft, leftRun } from "../left-runs.ts";
import type { Project } from "../project/project.ts";
import { withRemedies } from "../remedies.ts";
import type { Workplace } from "../workplace.ts";
import { pickSyncs } from "./jobs.ts";
import { replays } from "./replays.ts";

type Request = {
  of: string[];
  code?: string | undefined;
  column?: string | undefined;
  keys?: string[] | undefined;
  rows: boolean;
  curl: boolean;
  showValues: boolean;
  limit: number;
  out?: string | undefined;
};

type Told = ResponseOf<"rejected">;

/**
 * From the run folders, which never change: nothing is locked, and no database is opened.
 * Error: state_broken, with one for each run that is damaged in `others`; the other runs are told before.
 */
export async function rejected(workplace: Workplace, request: Request, { onDamage }: CallOptions): Promise<Told> {
  const project = await workplace.project();
  const left = runsOf(workplace, project, request.of);
  try {
    return await tell(project, left, request);
  } catch (thrown) {
    if (left.length < 2 || !isDamage(thrown)) throw thrown;
    const [whole, faults]: [LeftRun[], SluiceError[]] = [[], []];
    for (const run of left)
      try {
        await tell(project, [run], request);
        whole.push(run);
      } catch (fault) {
        if (!isDamage(fault)) throw fault;
        faults.push(fault);
      }
    if (whole.length > 0) onDamage?.(await tell(project, whole, request));
    const [{ message, remedy } = thrown, ...others] = faults;
    throw new SluiceError("state_broken", message, { remedy, cause: thrown, others });
  }
}

const isDamage = (thrown: unknown): thrown is SluiceError =>
  thrown instanceof SluiceError && thrown.code === "state_broken";

async function tell(project: Project, left: LeftRun[], request: Request): Promise<Told> {
  const { of: _, rows, curl, showValues, limit, out, ...filter } = request;
  const runs = left.map(({ sync, run }) => ({ sync, run }));
  const none = { runs, groups: [], rows: [], requests: [], file: null };
  if (curl) {
    if (filter.keys === undefined)
      throw new SluiceError("usage", "Say with --key which rows' requests you want to see.");
    return { ...none, requests: await replays(project, left, await rejectedRows(left, filter, limit), showValues) };
  }
  if (out !== undefined) {
    const file = resolve(out);
    return { ...none, file: { path: file, rows: await exportRejected(left, filter, file) } };
  }
  if (rows) return { ...none, rows: await rejectedRows(left, filter, limit) };
  const groups = await rejectedGroups(left, filter);
  return { ...none, groups: groups.flatMap((group) => withRemedies(project, group.sync, [group])) };
}

/** The runs named, and the latest ones of the syncs named; of every sync, where nothing is. */
function runsOf(workplace: Workplace, project: Project, of: readonly string[]): LeftRun[] {
  const places = workplace.places();
  const named = of.filter(isRunId).map((run) => leftRun(places, project.environment, run));
  const names = of.filter((word) => !isRunId(word));
  if (named.length > 0 && names.length === 0) return named;
  const latest = pickSyncs(project, names).flatMap(({ name }) => latestLeft(places, project.environment, name) ?? []);
  return [...named, ...latest];
}
