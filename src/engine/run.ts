import { rename, writeFile } from "node:fs/promises";
import type { GuardCode, StandingGuard } from "../core/guards.ts";
import type { WaveFile } from "./batches.ts";
import { text } from "./duck.ts";
import { guard } from "./guards/index.ts";
import type { Job, JobResult } from "./job.ts";
import { type Wave, wavesOf } from "./layout.ts";
import { afterCreates } from "./members.ts";
import { type Planned, plan } from "./plan.ts";
import { problemGroups } from "./problems.ts";
import { type PlanReport, planReport } from "./report.ts";
import { rowsIn, type Sent, sendWaves } from "./send.ts";

import { settle } from "./settle.ts";
import type { Host } from "./source.ts";
import { madeRefs } from "./sql/made.ts";
import { has, stored } from "./sql/names.ts";
import { partyColumn } from "./sql/parties.ts";
import { statesOf } from "./sql/states.ts";

/** Makes the plan, writes it down and stops: nothing is sent and the state stays as it is. */
export async function runPlan(job: Job, host: Host): Promise<JobResult> {
  const started = performance.now();
  const planned = await plan(job, host);
  try {
    const report = await planReport(planned);
    const { standing: stops } = await guard(job, planned);
    const seconds = since(started);
    await keepPlan(job, planned, report, stops, seconds);
    return {
      kind: "plan",
      ...report,
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
 * @throws SluiceError that of the first guard that stands and is not approved, before anything is sent; the plan stays.
 */
export async function runSync(job: Job, host: Host): Promise<JobResult> {
  const started = performance.now();
  const planned = await plan(job, host);
  try {
    const report = await planReport(planned);
    const { standing, stop, approved, idle } = await guard(job, planned);
    await keepPlan(job, planned, report, standing, since(started));
    if (stop) {
      await writeFile(planned.at.done, JSON.stringify({ status: "failed", plan: report.plan }), { mode: 0o600 });
      throw stop;
    }
    if (approved.some(({ code }) => code === "undone")) planned.meta.undone = undefined;
    const { attempted, stopped } = await send(planned, host);
    host.onProgress({ phase: "readback", done: 0 });
    const { counts, resolved } = await settle(planned, job.run, attempted, new AbortController().signal, (done) =>
      host.onProgress({ phase: "readback", done }),
    );
    host.onProgress({ phase: "fold", done: 0 });
    const problems = await problemGroups(planned.duck, `read_parquet(${text(planned.at.outcome)})`);
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
    await writeFile(
      planned.at.done,
      JSON.stringify({ status: stopped ? "failed" : "done", ...result, problems: undefined }),
      { mode: 0o600 },
    );
    return result;
  } finally {
    await planned.close();
  }
}

const tellIdle = (code: GuardCode): string => `${code} was approved, but did not stand against this run.`;

/** What the plan says, beside the changes themselves: the same for a plan that is only shown and for one that is sent. */
async function keepPlan(
  { environment, sync, approval }: Job,
  { at, mirror, warnings }: Planned,
  report: PlanReport,
  stops: StandingGuard[],
  seconds: number,
): Promise<void> {
  const text = JSON.stringify({ environment, sync, ...report, mirror, warnings, stops, approval, seconds });
  await writeFile(`${at.plan}.new`, text, { mode: 0o600 });
  await rename(`${at.plan}.new`, at.plan);
}

async function send(planned: Planned, host: Host): Promise<Sent> {
  const { session, shape, duck, at } = planned;
  const parents = madeRefs(shape).map(async ({ ref, label }, k) => {
    const path = at.parents(k);
    const columns = [...ref.by, ...(label ? [label] : [])].filter((c) => c.name !== ref.object.id);
    const fields = columns.map((c) => ({ wire: { name: c.name }, present: "true", value: stored(c) }));
    const file: WaveFile = { path, op: "create", rows: await rowsIn(duck, path), columns: fields };
    return { wave: `0-parents-${k}` as const, object: ref.object, file };
  });
  const guard = shape.strict ? { columns: shape.columns, made: at.change("1-create") } : undefined;
  const own = wavesOf(shape).map(async (wave) => {
    const file = await waveFile(planned, wave);
    return { wave, object: shape.object, file, ...(guard && { guard }) };
  });
  const files = await Promise.all([...parents, ...own]);
  const creates = files.some(({ wave, file }) => wave === "1-create" && file.rows > 0);
  return sendWaves(session, duck, at, files, host, async ({ wave, file }) => {
    const follows = file.op === "add" || (wave === "3-complete" && creates);
    return follows ? afterCreates(duck, at, shape, file) : file;
  });
}

async function waveFile({ duck, at, shape }: Planned, wave: Wave): Promise<WaveFile> {
  const path = at.change(wave);
  const rows = await rowsIn(duck, path);
  if (wave === "4-delete") return { path, op: "delete", rows, columns: [] };
  const [, op, number] = /^2-(add|remove)-(\d+)$/.exec(wave) ?? [];
  if (op) return { path, op: op as "add" | "remove", into: shape.memberships[Number(number)]!.into, rows, columns: [] };
  const columns =
    wave === "3-deactivate" || (wave === "0-activate" && !statesOf(shape).state)
      ? [{ wire: { name: "statecode" }, present: "true", value: "c_statecode" }]
      : shape.columns
          .filter((c) => c.name !== shape.object.id)
          .map((c) => ({ wire: c.wire, present: has("m", c), value: stored(c) }));
  if (wave !== "1-create") return { path, op: "update", rows, columns };
  const parties = shape.parties.map((c) => ({ column: c.wire, value: partyColumn(c) }));
  return { path, op: "create", rows, columns, parties };
}

const since = (started: number): number => Math.round(performance.now() - started) / 1000;
