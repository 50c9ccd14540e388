import { SluiceError } from "../core/errors.ts";
import type { Duck } from "./duck.ts";
import type { Job } from "./job.ts";
import { place } from "./shape/place.ts";
import type { Shape } from "./shape.ts";
import { emptied, leavers } from "./sql/leaving.ts";

/** Below so many rows a share says nothing. */
const alwaysFew = 10;

/** How many of `known` rows may leave in one run, by what the sync says. */
export function mostLeavers(limit: number | string, known: number): number {
  if (typeof limit === "number") return limit;
  return Math.floor((known * Number.parseFloat(limit)) / 100);
}

/**
 * What stands against sending a plan: an audience that is empty now though it had members, or more leaving rows than
 * the sync allows. Either is likelier a broken source than the truth. A row counts as leaving when its record would be
 * deleted, deactivated, cleared, or taken out of an audience.
 */
export async function leaveGuard(job: Job, duck: Duck, shape: Shape): Promise<SluiceError | undefined> {
  if (job.allowLeaves) return undefined;
  for (const filled of [...shape.columns, ...shape.memberships]) {
    if (filled.audience === undefined) continue;
    const { before, now } = await duck.one<{ before: number; now: number }>(emptied(filled));
    if (before === 0 || now > 0) continue;
    const audience = shape.audiences[filled.audience]!.name;
    return new SluiceError(
      "audience_empty",
      `The audience ${audience} came back empty, though it had ${before} rows.`,
      {
        remedy: `Look whether its query and its data are complete; nothing was sent. If they are, let its rows leave once: \`sluice run ${job.sync} --allow-leaves\`.`,
        place: { file: `audiences/${audience}.yaml` },
      },
    );
  }
  const of = await duck.one<Record<"known" | "all" | "deleted" | "changed" | "exits", number>>(leavers(shape));
  const { leaveLimit } = job.syncFile;
  const most =
    leaveLimit === undefined ? Math.max(alwaysFew, mostLeavers("5 %", of.known)) : mostLeavers(leaveLimit, of.known);
  if (of.all <= most) return undefined;
  const kinds = [
    [of.deleted, "deleted"],
    [of.changed, shape.policies.onLeave === "clear" ? "cleared" : "deactivated"],
    [of.exits, "taken out of an audience"],
  ] as const;
  const words = kinds.flatMap(([n, what]) => (n > 0 ? [`${n} ${what}`] : []));
  return new SluiceError(
    "too_many_leaves",
    `${of.all} of ${of.known} known rows would leave (${words.join(", ")}); this sync lets ${most} leave in one run.`,
    {
      remedy: `Look whether the source is complete; nothing was sent. If it is, let them leave once: \`sluice run ${job.sync} --allow-leaves\`, or raise \`leaveLimit\`.`,
      place: place(job, leaveLimit === undefined ? [] : ["leaveLimit"]),
    },
  );
}
