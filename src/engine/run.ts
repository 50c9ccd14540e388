import { settling } from "../core/delayed.ts";
import type { GuardCode, StandingGuard } from "../core/guards.ts";
import type { Forecast, Measured } from "../core/run.ts";
import { tellDependents } from "./dependents.ts";
import { parquetRows } from "./duck.ts";
import { forecast } from "./forecast.ts";
import { guard } from "./guards/index.ts";
import type { Job, JobResult } from "./job.ts";
import { journalSize } from "./journal.ts";
import { runFiles } from "./layout.ts";
import { type Planned, plan } from "./plan.ts";
import { problemGroups } from "./problems.ts";
import { type PlanReport, planReport } from "./report.ts";
import { noRoomToFold, settle } from "./settle.ts";
import type { Host } from "./source.ts";
import { withoutWide } from "./sql/wide.ts";
import { sendPlan } from "./waves.ts";
import { writeWhole } from "./whole-file.ts";

/** Makes the plan, writes it down and stops: nothing is sent and the state stays as it is. */
export async function runPlan(job: Job, host: Host): Promise<JobResult> {
  const started = performance.now();
  const planned = await plan(job, host);
  try {
    const report = await planReport(planned);
    const { standing: stops } = await guard(job, planned);
    await warnOfDeletes(planned, report, host);
    const expected = await forecast(planned, host.signal);
    const never = await noRoomToFold(planned);
    if (never) planned.warnings.push(`${never.message} ${never.remedy}`);
    const seconds = since(started);
    await keepPlan(job, planned, { ...report, forecast: expected }, stops, seconds);
    return {
      kind: "plan",
      ...report,
      forecast: expected,
      mirror: planned.mirror,
      warnings: planned.warnings,
      stops,
      seconds,
      folder: planned.at.run,
    };
  } finally {
    await planned.close();
  }
}

/**
 * The whole journey: plan, deliver, read back, fold. When the destination stops it midway, what was settled is folded
 * first and the error comes with the counts; the rest is pending and goes by itself next time.
 * @throws SluiceError that of the first guard that stands and is not approved, or out_of_memory, before anything is sent; the
 * plan stays.
 */
export async function runSync(job: Job, host: Host): Promise<JobResult> {
  const started = performance.now();
  const planned = await plan(job, host);
  try {
    const report = await planReport(planned);
    const { standing, stop, approved, idle } = await guard(job, planned);
    await warnOfDeletes(planned, report, host);
    await keepPlan(job, planned, report, standing, since(started));
    const never = stop ?? (await noRoomToFold(planned));
    if (never) {
      await writeWhole(planned.at.done, { status: "failed", plan: report.plan });
      throw never;
    }
    if (job.apply) await writeWhole(runFiles(job.apply.folder).applied, { run: job.run });
    // From here on the plan is what its files say.
    for (const statement of doneWith(planned.touched.rows)) await planned.duck.run(statement);
    const sending = performance.now();
    const patient = settling(host.signal);
    const { attempted, requests, stopped } = await sendPlan(planned, host);
    host.onProgress({ phase: "readback", done: 0 });
    const onRows = (done: number) => host.onProgress({ phase: "readback", done });
    // A run of some rows, of a plan that does not have all, or that broke off lets the sync go on for what it sent alone.
    const through = !job.only && !planned.heldBack && !stopped;
    if (through && approved.some(({ code }) => code === "undone")) planned.meta.undone = undefined;
    const settled = settle(planned, job.run, { attempted, through }, patient.signal, onRows);
    const { counts, resolved } = await settled.finally(patient.end);
    const measured: Measured = { rows: counts.writes, requests, seconds: since(sending) };
    host.onProgress({ phase: "fold", done: 0 });
    const { duck, at, touched } = planned;
    const told = touched.chosen === undefined ? "" : " WHERE key IN (SELECT key FROM chosen)";
    const problems = await problemGroups(duck, `(SELECT * FROM ${parquetRows(at.outcome)}${told})`);
    const result: JobResult = {
      kind: "run",
      plan: report.plan,
      counts: { ...counts, seconds: since(started) },
      resolved,
      problems,
      mirror: planned.mirror,
      warnings: [...planned.warnings, ...idle.map(tellIdle)],
      approved,
      folder: planned.at.run,
      ...(stopped && { error: stopped.toJSON() }),
    };
    const { heldBack } = planned;
    const journal = await journalSize(at.journal);
    const ended = { status: stopped ? "failed" : "done", ...result, measured, heldBack, journal, problems: undefined };
    await writeWhole(planned.at.done, ended);
    return result;
  } finally {
    await planned.close();
  }
}

/** What a plan worked with, of so many rows. */
const doneWith = (rows: number): string[] => [
  ...["decided", "held", "seen_then"].map((table) => `DROP TABLE ${table}`),
  "DROP TABLE IF EXISTS valued",
  withoutWide("mapped", rows),
];

const tellIdle = (code: GuardCode): string => `${code} was approved, but did not stand against this run.`;

async function warnOfDeletes(
  { session, shape, warnings }: Planned,
  { plan }: PlanReport,
  { signal }: Host,
): Promise<void> {
  if (plan.delete > 0) warnings.push(...(await tellDependents(session, shape.object, "deletes", signal)));
}

/** What the plan says, beside the changes themselves: the same for a plan that is only shown and for one that is sent. */
async function keepPlan(
  { environment, sync, approval }: Job,
  { at, mirror, warnings }: Planned,
  report: PlanReport & { forecast?: Forecast },
  stops: StandingGuard[],
  seconds: number,
): Promise<void> {
  await writeWhole(at.plan, { environment, sync, ...report, mirror, warnings, stops, approval, seconds });
}

const since = (started: number): number => Math.round(performance.now() - started) / 1000;
