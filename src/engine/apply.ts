import { counted } from "../core/counted.ts";
import { SluiceError } from "../core/errors.ts";
import { columnsIn } from "./columns-of.ts";
import type { Duck } from "./duck.ts";
import { wholeRows } from "./guards/limit.ts";
import type { AppliedPlan, Job } from "./job.ts";
import { readKeptJob } from "./kept-job.ts";
import { exists, type Layout, runFiles, wavesOf } from "./layout.ts";
import type { Shape } from "./shape.ts";
import { comparePlans, countCompared, dependentsMove, type EndingColumns, endings, holdBack } from "./sql/apply.ts";
import { writeChanges } from "./sql/change.ts";
import { writeMembers } from "./sql/members.ts";
import { storedName } from "./sql/names.ts";
import { readJournal, sentChanges } from "./sql/settle.ts";
import type { Values } from "./sql/valued.ts";
import { runApart } from "./together.ts";

/** What became of its rows. `others`: rows that would change now and that it does not have. */
export type Narrowed = { planned: number; moved: number; others: number };

/**
 * Whether a plan can be applied to what the sync now is.
 * @throws SluiceError plan_elsewhere, plan_outdated.
 */
export async function checkApplied({ apply, sync }: Job, shape: Shape, destination: string): Promise<void> {
  if (!apply) return;
  const kept = await readKeptJob(runFiles(apply.folder));
  if (kept?.table !== destination)
    throw new SluiceError(
      "plan_elsewhere",
      `The plan ${apply.plan} is for ${kept?.table}, but the sync ${sync} now writes to ${destination}.`,
    );
  if (kept.fingerprint !== shape.fingerprint)
    throw new SluiceError(
      "plan_outdated",
      `The table ${shape.object.name} or the form of the source has changed since the plan ${apply.plan} was made.`,
    );
  if (kept.columns.map((c) => c.stored).join() !== shape.columns.map((c) => `c_${storedName(c)}`).join())
    throw new SluiceError(
      "plan_outdated",
      `The plan ${apply.plan} is of an older Sluice, which wrote plans otherwise.`,
    );
}

/**
 * Narrows the plan just made (`decided`, `membership`, and the change files) to what an earlier plan does, too. The rest
 * is held back, and looked at by the next run.
 * @throws SluiceError plan_moved.
 */
export async function narrow(
  duck: Duck,
  shape: Shape,
  at: Layout,
  apply: AppliedPlan,
  values: Values,
): Promise<Narrowed> {
  const files = runFiles(apply.folder);
  const begun = (await readKeptJob(files))?.kind === "run";
  const journal = (await exists(files.journal)) ? files.journal : undefined;
  if (begun)
    for (const statement of [...readJournal(journal), sentChanges(wavesOf(shape), files.change)])
      await duck.run(statement);
  await duck.run(comparePlans(shape, files, at, values, await endingColumns(duck, files), begun));
  for (const statement of dependentsMove(shape)) await duck.run(statement);
  const { keys, ...found } = await duck.one<Narrowed & { keys: string | null }>(countCompared);
  if (found.moved > wholeRows(found.planned * apply.maxMoved))
    throw new SluiceError("plan_moved", tooMany(apply, found, JSON.parse(keys ?? "[]") as string[]));
  if (found.moved + found.others > 0) {
    for (const statement of [...holdBack(shape, begun), ...writeMembers(shape, at)]) await duck.run(statement);
    await runApart(duck, writeChanges(shape, at, values));
  }
  return found;
}

async function endingColumns(duck: Duck, { change }: Pick<Layout, "change">): Promise<EndingColumns> {
  const told: EndingColumns = { "3-deactivate": [], "4-delete": [] };
  for (const wave of endings) told[wave] = await columnsIn(duck, change(wave));
  return told;
}

function tooMany({ plan, maxMoved }: AppliedPlan, { planned, moved }: Narrowed, keys: string[]): string {
  const share = `${Number((maxMoved * 100).toFixed(4))} %`;
  return `${moved} of the ${counted(planned, "row", "rows")} of the plan ${plan} would be changed otherwise now, such as ${keys.join(", ")}; at most ${share} may.`;
}

/** What a person should know of a plan that was applied in part; nothing where all of it was. */
export function tellNarrowed({ plan }: AppliedPlan, { planned, moved, others }: Narrowed): string[] {
  const told: string[] = [];
  if (moved > 0)
    told.push(
      `${moved} of the ${counted(planned, "row", "rows")} of the plan ${plan} ${moved === 1 ? "has" : "have"} moved since, so none of these was sent as planned; what is still to be changed of them is held back (moved).`,
    );
  if (others > 0)
    told.push(
      `${counted(others, "row changed since the plan was made; it was", "rows changed since the plan was made; they were")} held back (not_planned).`,
    );
  return told;
}
