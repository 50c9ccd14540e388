import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { CallOptions, ResponseOf } from "../../api/index.ts";
import { catalogue } from "../../core/catalogue.ts";
import { SluiceError } from "../../core/errors.ts";
import type { ReasonCode } from "../../core/reasons.ts";
import type { Resolution } from "../../core/run.ts";
import type { Only } from "../../engine/job.ts";
import { readKeptJob } from "../../engine/kept-job.ts";
import { mayHaveSent, runFiles } from "../../engine/layout.ts";
import { type LeftRun, rejectedGroups } from "../../engine/rejected.ts";
import { noteEvent } from "../../store/events.ts";
import { kindOf } from "../../store/runs.ts";
import { isRunId, latestLeft, leftRun } from "../left-runs.ts";
import { ofSync } from "../project/locate.ts";
import type { Workplace } from "../workplace.ts";
import type { Leeway } from "./each-sync.ts";
import { run } from "./syncs.ts";

type Request = { run: string; how: Resolution["how"]; by: string } & Pick<Leeway, "approve" | "maxWait">;

/** Who decided it and when is kept in the history, once the run that follows from it has ended well. Errors: unknown_name, not_resolvable. */
export async function resolve(
  workplace: Workplace,
  { run: id, how, by, ...leeway }: Request,
  options: CallOptions,
): Promise<ResponseOf<"resolve">> {
  const { environment } = await workplace.project();
  const state = workplace.state(`resolve ${id}`);
  const left = leftRun(state, environment, id);
  const kept = await readKeptJob(runFiles(left.folder));
  // What failed before it had a configuration to keep is told by the history.
  const kind = kept?.kind ?? (await workplace.asking(kindOf(await workplace.history(), id)));
  const still = () => refuseSettled(left, how, kind, latestLeft(state, environment, left.sync)?.run);
  await still();
  const at = new Date().toISOString();
  const skip = `skipped by ${by} on ${at.slice(0, 16).replace("T", " ")} UTC`;
  // A run that was about chosen rows is about these again, whatever they wait for by now.
  const again = kept?.only && (await chosenRows(left.folder)) ? { ...skipOf(kept.only), run: left.folder } : kept?.only;
  const only = how === "skip" ? { run: left.folder, skip } : again;
  // What was delivered has moved by that, and is no reason to refuse the rest.
  const retry = how === "retry" ? { plan: id, asKept: true, maxMoved: 1 } : {};
  const asked = { syncs: [left.sync], ...leeway, ...(only && { only }), ...retry, still };
  const done = await run(workplace, asked, options);
  const resolution = { how, by, at, run: done.runs[0]!.run };
  noteEvent(state.path, { type: "resolved", id, resolution });
  return { ...done, resolution };
}

/** Whether the run's folder tells whole which rows it was about. */
const chosenRows = async (folder: string): Promise<boolean> =>
  existsSync(runFiles(folder).touched) && (await mayHaveSent(runFiles(folder)));

/** What was accepted as it is stays so. */
const skipOf = ({ skip }: Only): Only => (skip === undefined ? {} : { skip });

/** `latest`: the newest run that told what became of its rows. */
async function refuseSettled(left: LeftRun, how: Request["how"], kind?: string, latest?: string): Promise<void> {
  const refuse = (why: string, remedy?: string) => {
    throw new SluiceError("not_resolvable", `The run ${left.run} of ${left.sync} ${why}.`, {
      remedy: ofSync(remedy ?? catalogue.not_resolvable.remedy, left.sync),
    });
  };
  const files = runFiles(left.folder);
  if (kind !== undefined && kind !== "run") refuse(`is a ${kind}: there is nothing to resolve`);
  const later = laterRun(left);
  if (later !== undefined)
    refuse(`cannot be resolved any more: the run ${later} has followed it, and decided about its rows`);
  const groups = statusOf(files.done) === "done" ? await rejectedGroups([left], {}) : undefined;
  if (groups?.length === 0) {
    const other = latest === undefined || latest === left.run ? undefined : latest;
    refuse(
      "has finished and left no row that waits",
      other && `\`sluice resolve ${other} ${how}\` is about the rows that wait.`,
    );
  }
  if (how === "retry" && groups?.every(({ code }) => heldBack.has(code)))
    refuse(
      "has nothing of its plan left to send: the rows that it held back have moved",
      `\`sluice run ${left.sync}\` looks at them as they now are.`,
    );
  if (how !== "restart" && !existsSync(files.touched))
    refuse(
      "ended before its plan stood: nothing of it waits",
      `\`sluice resolve ${left.run} restart\` begins it anew.`,
    );
}

/** Why rows of a plan that was applied, or others beside them, were left to the next run. */
const heldBack = new Set<string>(["moved", "not_planned"] satisfies ReasonCode[]);

/** A later run that sent something or told what became of its rows. */
function laterRun({ run, folder }: LeftRun): string | undefined {
  const runs = dirname(folder);
  const acted = (id: string) => [runFiles(join(runs, id)).outcome, runFiles(join(runs, id)).journal].some(existsSync);
  return readdirSync(runs)
    .filter((id) => isRunId(id) && id > run)
    .sort()
    .find(acted);
}

function statusOf(done: string): unknown {
  try {
    return (JSON.parse(readFileSync(done, "utf8")) as { status?: unknown }).status;
  } catch {
    return undefined; // it died before it could say so, or in the middle of that
  }
}
