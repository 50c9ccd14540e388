import { writeFile } from "node:fs/promises";
import type { VerifyReport } from "../core/verify.ts";
import { type Duck, lockDown, openDuck, text } from "./duck.ts";
import { ingest, readNothing } from "./ingest.ts";
import type { Job, JobResult } from "./job.ts";
import { layout } from "./layout.ts";
import { stateUnknowing } from "./lost-state.ts";
import { readMembers } from "./members.ts";
import { look } from "./mirror.ts";
import { describeParents } from "./parents.ts";
import { shapeOf } from "./shape/build.ts";
import { withExpressions } from "./shape/expression.ts";
import { membershipsOf } from "./shape/memberships.ts";
import type { Shape, ShapeColumn } from "./shape.ts";
import { destinationName, type Host, open, readingRows, scanAudiences, scanModel } from "./source.ts";
import { storedName } from "./sql/names.ts";
import { sourceViews } from "./sql/source.ts";
import { valueViews } from "./sql/tables.ts";
import { unmetColumns } from "./sql/unmet.ts";
import * as sql from "./sql/verify.ts";
import { attachState, makeFolders } from "./state-file.ts";
import { namingTables } from "./tables.ts";

/** Differences that travel with the answer; all are counted, and kept in the run's folder. */
const shown = 100;

/**
 * Reads records again, by their ids or the whole table, and compares every linked one, column by column, with what we
 * hold it to be. Proof that runs did what they said: it reads, whatever the mirror says, and changes nothing.
 * @throws SluiceError state_broken, where the state was lost or is older than the last run: of what was sent it proves nothing.
 */
export async function verify(job: Job, host: Host): Promise<JobResult> {
  const started = performance.now();
  const at = layout(job.folder, job.run);
  await makeFolders(at);
  const source = open(job.source, host);
  const session = open(job.destination, host);
  const duck = await openDuck({ memoryLimit: job.memoryLimit, temp: at.temp, state: at.state });
  try {
    const object = await session.describe(job.syncFile.object, host.signal);
    const scan = await withExpressions(job, await scanModel(job, source, host.signal));
    const audiences = await scanAudiences(job, source, host.signal);
    const tables = await describeParents(job, session, object, host.signal);
    const among = await namingTables(job, session, host.signal);
    const memberships = await membershipsOf(among, session, object, host.signal);
    const shape = shapeOf(among, scan, object, audiences, { tables, memberships, prefix: session.prefix });
    const destination = await destinationName(job, session, object, host.signal);
    const meta = await attachState(duck, at, destination);
    const unknowing = await stateUnknowing(duck, at, job.told);
    if (unknowing) throw unknowing;
    await lockDown(duck, [...new Set([scan, ...audiences].flatMap((s) => s.paths))], [job.folder]);
    for (const statement of [...valueViews(shape, meta.columns, meta.matched), ...sourceViews(shape, scan)])
      await duck.run(statement);
    const { way, sample } = job.verify ?? { way: "linked" };
    await duck.run(sql.knownRows(sample));
    const table = {
      session,
      object: { ...object, can: { ...object.can, deltas: false } },
      columns: shape.columns,
      into: "found",
      created: false,
      folder: at.temp,
      signal: host.signal,
      onRows: (done: number) => host.onProgress({ phase: "readback", done }),
    };
    if (way === "full") await ingest(duck, table);
    else {
      await readNothing(duck, table);
      await look(duck, table, "found", [], { ids: ["SELECT id FROM known"] });
    }
    await readMembers(duck, session, shape, "member_now", at.temp, host.signal);
    // A column that the mapping has got since the last run was never agreed on.
    const agreed = shape.columns.filter((c) => meta.mirrored.includes(storedName(c)));
    await duck.run(sql.compared(shape, agreed, await unmetColumns(duck)));
    await duck.run(sql.differences(shape, agreed, way === "full"));
    await duck.run(`COPY difference TO ${text(at.difference)} (FORMAT parquet)`);
    const report = { way, ...(await readingRows(job, reportOf(duck, shape, agreed, way))) };
    await writeFile(at.done, JSON.stringify({ status: "done", kind: "verify", ...report, rows: undefined }), {
      mode: 0o600,
    });
    return { kind: "verify", report, seconds: Math.round(performance.now() - started) / 1000, folder: at.run };
  } finally {
    await duck.close();
    await Promise.allSettled([source.close(), session.close()]);
  }
}

async function reportOf(
  duck: Duck,
  shape: Shape,
  agreed: readonly ShapeColumn[],
  way: VerifyReport["way"],
): Promise<Omit<VerifyReport, "way">> {
  const count = async (of: string) => (await duck.one<{ n: number }>(of)).n;
  const totals = await duck.one<Record<string, number | string | null>>(sql.totals(agreed));
  const figure = (name: (typeof sql.columnTotal)[number], c: ShapeColumn) => totals[`${name}_${c.index}`];
  const of = await duck.one<Record<"differences" | "duplicates" | "unlinked", number>>(sql.differenceCounts);
  const filled = [...shape.columns.filter((c) => c.audience !== undefined), ...shape.memberships];
  const audiences: VerifyReport["audiences"] = [];
  for (const each of filled) {
    const sizes = await duck.one<{ here: number; sent: number; there: number }>(sql.audienceSize(each));
    const into = "list" in each ? each.into.title : each.name;
    const there = way === "sample" && !("list" in each) ? null : sizes.there;
    audiences.push({ audience: shape.audiences[each.audience!]!.name, into, ...sizes, there });
  }
  const written = new Set([...shape.columns, ...shape.parties].map((c) => c.name));
  return {
    linked: await count("SELECT count(*) AS n FROM st.link WHERE id IS NOT NULL"),
    checked: totals.checked as number,
    differences: of.differences,
    rows: await duck.all<VerifyReport["rows"][number]>(sql.shownDifferences(shown)),
    columns: agreed.map((c) => ({
      column: c.name,
      differ: figure("differ", c) as number,
      filled: { here: figure("here", c) as number, there: figure("there", c) as number },
      sum: sql.isNumber(c.target)
        ? { here: figure("sum_here", c) as string | null, there: figure("sum_there", c) as string | null }
        : null,
    })),
    audiences,
    table:
      way === "full"
        ? {
            records: await count("SELECT count(*) AS n FROM found WHERE NOT gone"),
            unlinked: of.unlinked,
            duplicates: of.duplicates,
          }
        : null,
    notCovered: {
      rows: await count(sql.withoutRecord),
      columns: [...shape.columns.filter((c) => !agreed.includes(c)), ...shape.parties].map((c) => c.name),
      unmapped: shape.object.columns.filter((c) => c.update && !written.has(c.name)).map((c) => c.name),
    },
  };
}
