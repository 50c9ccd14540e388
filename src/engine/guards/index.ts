import { SluiceError } from "../../core/errors.ts";
import type { GuardCode, StandingGuard } from "../../core/guards.ts";
import type { Job } from "../job.ts";
import type { Planned } from "../plan.ts";
import { readFigures } from "./figures.ts";
import { type Finding, judge } from "./rules.ts";

/**
 * What stands against a plan. `approved`: by the person of `job.approval`. `stop`: the error of all that is not; then
 * nothing may be sent. `idle`: what was approved and does not stand.
 */
export type Judged = { standing: StandingGuard[]; approved: StandingGuard[]; stop?: SluiceError; idle: GuardCode[] };

/**
 * Holds every guard against a plan that is on disk. Nothing is sent before. A run that skips rows sends nothing after either: what
 * stands is left standing against the next one.
 */
export async function guard(job: Job, planned: Planned): Promise<Judged> {
  if (job.only?.skip !== undefined) return settleGuards(job, []);
  const names = { sync: job.sync, model: job.model.name };
  return settleGuards(job, judge(await readFigures(planned), job.syncFile, names));
}

/** Pure: which findings a person has approved for this run, and the error of the others, each with the whole remedy. */
export function settleGuards(
  job: Pick<Job, "sync" | "approval" | "apply" | "only">,
  findings: readonly Finding[],
): Judged {
  const codes = [...new Set(findings.map((f) => f.code))];
  const approve = `--approve ${codes.join(",")}`;
  // A plain run would send more than one that applies a plan, or is about some rows.
  const command =
    job.apply || job.only ? `the same command with \`${approve}\`` : `\`sluice run ${job.sync} ${approve}\``;
  const errors = findings.map(({ code, message, look, place, setting }) => {
    const raise = setting ? `, or raise \`${setting}\`` : "";
    return new SluiceError(code, message, {
      remedy: `${look} Nothing was sent. If this is meant, approve it for one run: ${command}${raise}.`,
      place: place === undefined ? { file: `syncs/${job.sync}.yaml`, path: setting ? [setting] : [] } : { file: place },
    });
  });
  const asked: readonly string[] = job.approval?.codes ?? [];
  const told = ({ code, message, remedy }: SluiceError) => ({ code: code as GuardCode, message, remedy });
  const [first, ...others] = errors.filter((e) => !asked.includes(e.code));
  return {
    standing: errors.map(told),
    approved: errors.filter((e) => asked.includes(e.code)).map(told),
    ...(first && {
      stop: new SluiceError(first.code, first.message, { remedy: first.remedy, place: first.place, others }),
    }),
    idle: (job.approval?.codes ?? []).filter((code) => !codes.includes(code)),
  };
}
