import type { CallOptions, ResponseOf } from "../../api/index.ts";
import type { Workplace } from "../workplace.ts";
import { eachSync } from "./each-sync.ts";

export async function rebuild(
  workplace: Workplace,
  { sync, force }: { sync: string; force: boolean },
  options: CallOptions,
): Promise<ResponseOf<"rebuild">> {
  const { project, results, error } = await eachSync(workplace, "rebuild", [sync], options, { force });
  if (error) throw error;
  const [{ run, result, sync: of }] = results as [(typeof results)[number]];
  return { environment: project.environment, sync, run, object: of.file.object, ...result.report };
}
