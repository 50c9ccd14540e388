import { resolve } from "node:path";
import type { CallOptions, ResponseOf } from "../../api/index.ts";
import { differenceFormat, exportDifferences } from "../../engine/differences.ts";
import type { Workplace } from "../workplace.ts";
import { eachSync } from "./each-sync.ts";

type Request = { syncs: string[]; sample?: number | undefined; full: boolean; out?: string | undefined };

export async function verify(
  workplace: Workplace,
  { syncs, sample, full, out }: Request,
  options: CallOptions,
): Promise<ResponseOf<"verify">> {
  const path = out === undefined ? undefined : resolve(out);
  if (path !== undefined) differenceFormat(path);
  const way = full ? "full" : sample === undefined ? "linked" : "sample";
  const { project, results, error } = await eachSync(workplace, "verify", syncs, options, {
    verify: { way, ...(sample !== undefined && { sample }) },
  });
  if (error) throw error;
  const reports = results.map(({ sync, run, result }) => ({
    sync: sync.name,
    run,
    object: sync.file.object,
    ...result.report,
  }));
  const folders = results.map(({ sync, result }) => ({ sync: sync.name, folder: result.folder }));
  const total = (of: (report: (typeof reports)[number]) => number) => reports.reduce((sum, each) => sum + of(each), 0);
  return {
    environment: project.environment,
    checked: total((report) => report.checked),
    differences: total((report) => report.differences),
    duplicates: total((report) => report.table?.duplicates ?? 0),
    syncs: reports,
    file: path === undefined || folders.length === 0 ? null : { path, rows: await exportDifferences(folders, path) },
  };
}
