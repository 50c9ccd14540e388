import { counted } from "../core/counted.ts";
import { brokenRun } from "./damage.ts";
import { type Duck, parquetRows } from "./duck.ts";
import type { Job } from "./job.ts";
import { readWholeJob } from "./kept-job.ts";
import { runFiles } from "./layout.ts";
import type { Shape } from "./shape.ts";
import { plannedNews, plannedParents, type Upstream } from "./sql/planned.ts";

/**
 * What the plans of the same command that were made before this one would do to the records that its lookups look among: `ref_fresh`
 * has it afterwards. Only a plan has such, and keeps nothing of what it has read.
 * @returns SQL of the rows that these would create, and what is to be said of what this plan does not see.
 */
export async function foresee(
  duck: Duck,
  shape: Shape,
  upstream: Job["upstream"],
): Promise<{ parents: string[]; unseen: string[] }> {
  const plans: Upstream[] = [];
  for (const { object, runFolder } of upstream) {
    const files = runFiles(runFolder);
    const kept = await readWholeJob(files);
    if (!kept) throw brokenRun([files.job]);
    plans.push({ object, files, kept });
  }
  for (const statement of plannedNews(shape, plans)) await duck.run(statement);
  const unseen: string[] = [];
  for (const { object, files, kept } of plans) {
    if (object !== shape.object.name) continue;
    const { n } = await duck.one<{ n: number }>(`SELECT count(*) AS n FROM ${parquetRows(files.change("1-create"))}`);
    if (n > 0) unseen.push(tellUnseen(kept.sync, object, n));
  }
  return { parents: plannedParents(shape, plans), unseen };
}

const tellUnseen = (sync: string, object: string, n: number): string =>
  `${sync}, planned just before, would create ${counted(n, "record", "records")} of ${object}. A row that such a record fits is planned here as if it were not there; run after ${sync}, it finds it.`;
