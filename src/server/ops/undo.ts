import type { CallOptions, ResponseOf } from "../../api/index.ts";
import { SluiceError } from "../../core/errors.ts";
import { leftRun } from "../left-runs.ts";
import type { Project } from "../project/project.ts";
import { statusOf } from "../record.ts";
import { withRemedies } from "../remedies.ts";
import type { Workplace } from "../workplace.ts";
import { eachSync } from "./each-sync.ts";
import { pickSyncs } from "./jobs.ts";

type Request = { run: string; deleteCreated: boolean; dryRun: boolean; by: string; maxWait?: number | undefined };

/** The run's folder says which sync it is of, so that a lost history stands in nobody's way. Error: unknown_name. */
export async function undo(
  workplace: Workplace,
  { run: of, deleteCreated, dryRun, by, maxWait }: Request,
  options: CallOptions,
): Promise<ResponseOf<"undo">> {
  const project = await workplace.project();
  const state = workplace.state(`undo ${of}`);
  const [sync] = pickSyncs(project, [leftRun(state, project.environment, of).sync]) as [Project["syncs"][number]];
  const undone = { run: of, deleteCreated, dryRun, by };
  const { results, error } = await eachSync(workplace, "undo", [sync.name], options, { undo: undone, maxWait });
  const [one] = results;
  if (!one) throw error ?? new SluiceError("bug", `The undo of ${of} gave no answer.`);
  const { plan, received, partly, counts = null, samples, warnings, stops } = one.result;
  const problems = withRemedies(project, sync.name, one.result.problems);
  const done = {
    environment: project.environment,
    sync: sync.name,
    object: sync.file.object,
    run: one.run,
    of,
    status: statusOf(one.error),
    ...{ received, partly, plan, counts, samples, problems, warnings, stops },
  };
  if (!error) return done;
  options.onStoppedUndo?.(done);
  throw error;
}
