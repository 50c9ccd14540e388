import type { CallOptions, ResponseOf } from "../../api/index.ts";
import { SluiceError } from "../../core/errors.ts";
import { statusOf } from "../record.ts";
import { withRemedies } from "../remedies.ts";
import type { Workplace } from "../workplace.ts";
import { eachSync, type Leeway } from "./each-sync.ts";

type Request = { syncs: string[] };
type RunRequest = Request &
  Omit<Leeway, "plan"> & { plan?: string | undefined; maxMoved?: number | undefined; asKept?: boolean };

/** Later plans see what earlier ones would do to the records that lookups point at, as the runs will find them. */
export async function plan(
  workplace: Workplace,
  { syncs }: Request,
  options: CallOptions,
): Promise<ResponseOf<"plan">> {
  const { project, results, error } = await eachSync(workplace, "plan", syncs, options);
  if (error) throw error;
  const plans = results.map(({ sync, run, result }) => ({
    sync: sync.name,
    run,
    object: sync.file.object,
    received: result.received,
    plan: result.plan,
    forecast: result.forecast,
    samples: result.samples,
    problems: result.problems,
    mirror: result.mirror,
    warnings: result.warnings,
    stops: result.stops,
    seconds: result.seconds,
  }));
  const none = {
    received: 0,
    create: 0,
    adopt: 0,
    update: 0,
    delete: 0,
    unchanged: 0,
    excluded: 0,
    rejected: 0,
    leave: 0,
    deactivate: 0,
    exit: 0,
    status: 0,
    add: 0,
    remove: 0,
    parents: 0,
  };
  return {
    environment: project.environment,
    plans,
    totals: sum(
      none,
      plans.map((one) => ({ received: one.received, ...one.plan })),
    ),
  };
}

export async function run(
  workplace: Workplace,
  { syncs, plan: id, maxMoved, asKept = false, ...leeway }: RunRequest,
  options: CallOptions,
): Promise<ResponseOf<"run">> {
  if (maxMoved !== undefined && id === undefined)
    throw new SluiceError("usage", "`--max-moved` is about the rows of a plan, and no plan is named.", {
      remedy: "Say `--plan PLAN` too, or leave `--max-moved` out.",
    });
  const { project, results, error } = await eachSync(workplace, "run", syncs, options, {
    plan: id === undefined ? undefined : { id, maxMoved, asKept },
    ...leeway,
  });
  const runs = results.map(({ sync, run: id, result, error: midway }) => ({
    sync: sync.name,
    run: id,
    object: sync.file.object,
    status: statusOf(midway),
    counts: result.counts,
    plan: result.plan,
    problems: withRemedies(project, sync.name, result.problems),
    mirror: result.mirror,
    warnings: result.warnings,
    approved: result.approved,
  }));
  const none = {
    received: 0,
    created: 0,
    updated: 0,
    deleted: 0,
    unchanged: 0,
    excluded: 0,
    rejected: 0,
    failed: 0,
    parents: 0,
    writes: 0,
    requests: 0,
    seconds: 0,
  };
  const done = {
    environment: project.environment,
    runs,
    totals: sum(
      none,
      runs.map((one) => one.counts),
    ),
  };
  if (!error) return done;
  if (runs.length > 0) options.onStopped?.(done);
  throw error;
}

function sum<Name extends string>(
  none: Record<Name, number>,
  parts: readonly { [Each in NoInfer<Name>]?: number | undefined }[],
) {
  const total = { ...none };
  for (const part of parts) for (const name of Object.keys(none) as Name[]) total[name] += part[name] ?? 0;
  return total;
}
