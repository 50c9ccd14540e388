import { join } from "node:path";
import { counted } from "../core/counted.ts";
import { SluiceError } from "../core/errors.ts";
import type { RebuildReport } from "../core/run.ts";
import { moveAside, putBack, putBackLeft } from "./aside.ts";
import { type Duck, openDuck, parquetRows, text } from "./duck.ts";
import type { Job, JobResult } from "./job.ts";
import { exists, type Layout, layout, runFiles, runNames } from "./layout.ts";
import { isLost } from "./lost-state.ts";
import { openState, readThrough } from "./open-state.ts";
import { type Planned, plan } from "./plan.ts";
import { problemGroups } from "./problems.ts";
import { planReport } from "./report.ts";
import { settle } from "./settle.ts";
import type { Host } from "./source.ts";
import { stored } from "./sql/names.ts";
import { owing } from "./sql/owed.ts";
import { makeFolders } from "./state-file.ts";
import { writeWhole } from "./whole-file.ts";

/**
 * Makes a sync's state anew, from its source and what the destination holds, and sends nothing. A row whose record is
 * found and holds all that the row wants is linked, and agreed on as both have it; where the sync only creates, whatever
 * the record holds. Every other row waits for the next run, which treats it as never seen. The file that was there is
 * moved aside; it is back where this one dies before its end.
 * @throws SluiceError state_whole where that file is fine, unless `job.force`; and what a plan throws: then the file is back.
 */
export async function rebuild(job: Job, host: Host): Promise<JobResult> {
  const started = performance.now();
  const at = layout(job.folder, job.run);
  await makeFolders(at);
  await putBackLeft(at);
  if (!job.force) await refuseWhole(job, at);
  const aside = await moveAside(at);
  try {
    return { kind: "rebuild", report: await anew(job, host, aside), seconds: since(started), folder: at.run };
  } catch (thrown) {
    if (aside !== null) await putBack(aside, at.state);
    throw thrown;
  }
}

async function anew(job: Job, host: Host, aside: string | null): Promise<RebuildReport> {
  const planned = await plan(job, host);
  try {
    const { plan: counts } = await planReport(planned);
    const settled = await settle(planned, job.run, { attempted: false, through: true }, host.signal, () => {});
    const from = `${parquetRows(planned.at.outcome)} WHERE code <> 'not_sent'`;
    const report: RebuildReport = {
      aside,
      received: settled.counts.received,
      linked: settled.counts.unchanged,
      differ: settled.counts.failed - counts.create,
      missing: counts.create,
      excluded: counts.excluded,
      rejected: counts.rejected,
      unknown: await unknown(planned, counts.create),
      problems: await problemGroups(planned.duck, `(SELECT * FROM ${from})`),
    };
    await writeWhole(planned.at.done, { status: "done", rebuilt: report });
    return report;
  } finally {
    await planned.close();
  }
}

/** What nobody can tell any more, for people: as far as it matters to this sync. */
async function unknown({ duck, at, shape, mirror }: Planned, missing: number): Promise<string[]> {
  const { object, policies, columns, audiences } = shape;
  const told: string[] = [];
  if (missing > 0 && policies.mode !== "update")
    told.push(
      `${counted(missing, "row has", "rows have")} no record. Whether somebody deleted it there cannot be told: the next run makes ${missing === 1 ? "this record" : "these records"}${policies.deletedThere === "hold" ? `, also ${missing === 1 ? "one that was" : "those that were"} held` : ""}.`,
    );
  const skipped = await skippedBefore(duck, at);
  if (skipped === undefined)
    told.push(
      "Whether rows were skipped cannot be told, for what the last run told of its rows cannot be read: the next run sends them.",
    );
  else if (skipped > 0)
    told.push(
      `${counted(skipped, "row that was skipped is", "rows that were skipped are")} as never seen: the next run sends ${skipped === 1 ? "it" : "them"}.`,
    );
  if (policies.mode === "link") {
    const { n } = await duck.one<{ n: number }>("SELECT count(*) AS n FROM decided WHERE action = 'adopt'");
    if (n > 0)
      told.push(
        `${counted(n, "row is linked to the record that fits it, and this is left as it is", "rows are linked to the records that fit them, and these are left as they are")}. Whether the sync made a record or left it alone cannot be told: each counts as made by it${policies.onLeave === "nothing" ? "" : `, and \`onLeave: ${policies.onLeave}\` will be done to it`}.`,
      );
  }
  const late = owing(shape).map((c) => c.name);
  if (late.length > 0)
    told.push(
      `Whether records that the sync has made were yet to get ${late.join(", ")} cannot be told: what they hold is left as it is.`,
    );
  if (mirror.mode === "all") {
    const nobody = "FROM have_now h WHERE NOT h.gone AND h.id NOT IN (SELECT id FROM decided WHERE id IS NOT NULL)";
    const { n } = await duck.one<{ n: number }>(`SELECT count(*) AS n ${nobody}`);
    if (n > 0 && policies.onLeave !== "nothing")
      told.push(
        `${counted(n, "record", "records")} of ${object.name} ${n === 1 ? "belongs" : "belong"} to no row that was found. Those whose rows left meanwhile are not among what \`onLeave: ${policies.onLeave}\` will be done to.`,
      );
    for (const c of columns.filter((each) => each.audience !== undefined)) {
      const of = await duck.one<{ n: number }>(`SELECT count(*) AS n ${nobody} AND h.${stored(c)} = 'realized'`);
      if (of.n > 0)
        told.push(
          `${counted(of.n, "record of no row is", "records of no row are")} realized in ${c.name} (${audiences[c.audience!]!.name}): if ${of.n === 1 ? "its row" : "their rows"} left, nobody writes exited there.`,
        );
    }
  }
  for (const { into } of shape.memberships)
    told.push(`${into.title}: members whose rows are not in its audience count as put there by others, and stay.`);
  return told;
}

/** How many rows were skipped, by the last run that told what became of its rows, and would now be sent. Undefined where that is damaged. */
async function skippedBefore(duck: Duck, at: Layout): Promise<number | undefined> {
  for (const name of (await runNames(at.runs)).reverse()) {
    const { outcome, undo } = runFiles(join(at.runs, name));
    if (outcome === at.outcome || !(await exists(outcome)) || (await exists(undo))) continue;
    const keys = (path: string, code: string) => `SELECT key FROM ${parquetRows(path)} WHERE code = ${text(code)}`;
    const count = `SELECT count(DISTINCT key) AS n FROM (${keys(outcome, "skipped")}) SEMI JOIN (${keys(at.outcome, "not_sent")}) USING (key)`;
    return duck.one<{ n: number }>(count).then(
      ({ n }) => n,
      () => undefined,
    );
  }
  return 0;
}

async function refuseWhole(job: Job, at: Layout): Promise<void> {
  if (!(await exists(at.state)) && !(await exists(`${at.state}.wal`))) return;
  const duck = await openDuck({ memoryLimit: job.memoryLimit, temp: at.temp, state: at.state });
  try {
    await openState(duck, at.state);
    await readThrough(duck);
    if (await isLost(duck, at)) return;
  } catch (thrown) {
    if (SluiceError.from(thrown).code === "state_broken") return;
    throw thrown;
  } finally {
    await duck.close();
  }
  throw new SluiceError("state_whole", `${at.state} is whole: a rebuild would only forget what it knows.`);
}

const since = (started: number): number => Math.round(performance.now() - started) / 1000;
