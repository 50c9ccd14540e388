import { join } from "node:path";
import type { ResponseOf } from "../../api/index.ts";
import { SluiceError } from "../../core/errors.ts";
import { findRun, latestRun } from "../../store/runs.ts";
import type { Workplace } from "../workplace.ts";
import { pickSyncs } from "./jobs.ts";

type Request = { syncs: string[]; run?: string | undefined; limit: number };

/** From the run folders, which never change; the control database only tells which run is the latest. */
export async function rejected(workplace: Workplace, { syncs, run, limit }: Request): Promise<ResponseOf<"rejected">> {
  const project = await workplace.project();
  const { environment } = project;
  const picked = pickSyncs(project, syncs);
  const state = workplace.state("rejected");
  const control = await workplace.history();
  const runs: { sync: string; run: string }[] = [];
  if (run === undefined)
    for (const { name } of picked) {
      const latest = await latestRun(control, environment, name);
      if (latest !== undefined) runs.push({ sync: name, run: latest });
    }
  else {
    const found = await findRun(control, environment, run);
    if (!found)
      throw new SluiceError("unknown_name", `There is no run \`${run}\` in the environment ${environment}.`, {
        remedy: "`sluice runs` lists the runs.",
      });
    runs.push({ sync: found.sync, run });
  }
  const rows: ResponseOf<"rejected">["rows"] = [];
  for (const one of runs) {
    const folder = join(state.sync(environment, one.sync), "runs", one.run);
    const problems = await workplace.readProblems(folder, { limit: limit - rows.length });
    rows.push(...problems.map((problem) => ({ ...one, ...problem })));
    if (rows.length >= limit) break;
  }
  return { runs, rows };
}
