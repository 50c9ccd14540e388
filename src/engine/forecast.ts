import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { BatchOp } from "../core/connector.ts";
import type { Forecast, Measured } from "../core/run.ts";
import { forecastLogic } from "./forecast-logic.ts";
import { runFiles, wavesOf } from "./layout.ts";
import type { Planned } from "./plan.ts";
import { rowsIn } from "./send.ts";
import { madeRefs } from "./sql/made.ts";
import { setsStateAlone } from "./sql/states.ts";

/** Rows of one page of a reading with change tracking (dataverse.md section 10). */
const pageSize = 5000;

/** How many of the newest runs are looked at for one that sent enough to tell a rate. */
const lookedAt = 20;
const enoughRows = 100;

/** Ids asked for at once where the connector does not say (`Session.idsAtOnce`). */
const modestIds = 100;

/** `readFirst`: of the rows, those whose records are read before they are written. */
type Wave = { wave: string; op: BatchOp; rows: number; atATime: number; readFirst?: number };

/** What sending the plan would cost, and which logic of the destination it would start. */
export async function forecast(planned: Planned, signal: AbortSignal): Promise<Forecast> {
  return { ...(await cost(planned)), logic: await forecastLogic(planned, signal) };
}

/** What sending the plan would cost. `session` says how many rows its first requests would have. */
export async function cost(planned: Planned): Promise<Omit<Forecast, "logic">> {
  const { duck, at, shape, session } = planned;
  const rowsOf = (object: typeof shape.object, op: BatchOp) => session.pace?.(object, op, shape.strict)?.rows ?? 100;
  const parents = madeRefs(shape).map(async ({ ref }, k): Promise<Wave> => {
    const rows = await rowsIn(duck, at.parents(k));
    return { wave: `0-parents-${k}`, op: "create", rows, atATime: rowsOf(ref.object, "create") };
  });
  const own = wavesOf(shape).map(async (wave): Promise<Wave> => {
    const op = opOf(wave);
    const rows = await rowsIn(duck, at.change(wave));
    const kept = op === "delete" || setsStateAlone(shape, wave);
    const times = (kept ? 1 : 0) + (shape.strict && (op === "update" || op === "delete") ? 1 : 0);
    return { wave, op, rows, atATime: rowsOf(shape.object, op), readFirst: rows * times };
  });
  const waves = await Promise.all([...parents, ...own]);
  const last = await lastMeasured(at.runs);
  return estimate(waves, planned.requests(), last, session.dailyRequests, session.idsAtOnce);
}

function opOf(wave: string): BatchOp {
  if (wave === "4-delete") return "delete";
  if (wave.startsWith("2-add-")) return "add";
  if (wave.startsWith("2-remove-")) return "remove";
  return wave === "1-create" ? "create" : "update";
}

/**
 * Pure: requests by wave, of the size that delivery begins with unless a run of this sync has shown another; one request
 * for each page that is read back, and those that read records before they are written. For the daily entitlement each written row counts as one, however many go together
 * (dataverse.md section 9). Time from a measured run alone; null where there is none.
 */
export function estimate(
  waves: readonly Wave[],
  refresh: number,
  last: (Measured & { run: string }) | undefined,
  daily: number | undefined,
  idsAtOnce = modestIds,
): Omit<Forecast, "logic"> {
  const rows = waves.reduce((sum, wave) => sum + wave.rows, 0);
  const each = waves
    .filter((wave) => wave.rows > 0)
    .map(({ wave, rows: of, atATime }) => ({
      wave,
      rows: of,
      requests: last ? Math.max(1, Math.ceil((of * last.requests) / last.rows)) : Math.ceil(of / atATime),
    }));
  const readback = rows === 0 ? 0 : Math.ceil(rows / pageSize);
  const readfirst = waves.reduce((sum, { readFirst = 0 }) => sum + Math.ceil(readFirst / idsAtOnce), 0);
  const reads = refresh + readfirst + readback;
  const requests = reads + each.reduce((sum, wave) => sum + wave.requests, 0);
  const counted = rows + reads;
  return {
    waves: each,
    refresh,
    readfirst,
    readback,
    requests,
    counted,
    daily: daily ?? null,
    share: daily === undefined ? null : counted / daily,
    seconds: last ? (rows * last.seconds) / last.rows : null,
    measured: last?.run ?? null,
  };
}

/** What the newest run that sent enough took. */
async function lastMeasured(runs: string): Promise<(Measured & { run: string }) | undefined> {
  const names = (await readdir(runs)).sort().reverse().slice(0, lookedAt);
  for (const run of names) {
    const measured = await measuredIn(runFiles(join(runs, run)).done);
    if (measured && measured.rows >= enoughRows && measured.seconds > 0) return { ...measured, run };
  }
  return undefined;
}

async function measuredIn(done: string): Promise<Measured | undefined> {
  try {
    return (JSON.parse(await readFile(done, "utf8")) as { measured?: Measured }).measured;
  } catch {
    return undefined; // still running, dead, or torn by a power cut: another run tells
  }
}
