import type { ResponseOf } from "../../api/index.ts";
import { listRuns } from "../../store/runs.ts";
import type { Workplace } from "../workplace.ts";
import { pickSyncs } from "./jobs.ts";

type Request = { sync?: string | undefined; limit: number };

export async function runs(workplace: Workplace, { sync, limit }: Request): Promise<ResponseOf<"runs">> {
  const project = await workplace.project();
  if (sync !== undefined) pickSyncs(project, [sync]);
  workplace.state("runs");
  const listed = listRuns(await workplace.history(), { environment: project.environment, sync, limit });
  const rows = await workplace.asking(listed);
  return {
    runs: rows.map((row) => ({
      ...row,
      started: row.started.toISOString(),
      finished: row.finished?.toISOString() ?? null,
    })),
  };
}
