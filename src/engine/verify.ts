import type { VerifyReport } from "../core/run.ts";
import { openDuck, text } from "./duck.ts";
import { ingest } from "./ingest.ts";
import type { Job, JobResult } from "./job.ts";
import { layout } from "./layout.ts";
import { readMembers } from "./members.ts";
import { describeParents } from "./parents.ts";
import { shapeOf } from "./shape/build.ts";
import { withExpressions } from "./shape/expression.ts";
import { membershipsOf } from "./shape/memberships.ts";
import { destinationName, type Host, open, scanAudiences, scanModel } from "./source.ts";
import { notMembers } from "./sql/members.ts";
import { stored, storedName } from "./sql/names.ts";
import { valueViews } from "./sql/tables.ts";
import { seenValue } from "./sql/touch.ts";
import { attachState, makeFolders } from "./state-file.ts";

/** Differences that travel with the answer; all are counted. */
const shown = 100;

/**
 * Reads the destination whole and compares every linked record, column by column, with what we hold it to be. Proof
 * that a run did what it said, independent of what was read back during the run.
 */
export async function verify(job: Job, host: Host): Promise<JobResult> {
  const started = performance.now();
  const at = layout(job.folder, job.run);
  await makeFolders(at);
  const source = open(job.source, host);
  const session = open(job.destination, host);
  const duck = await openDuck({ memoryLimit: job.memoryLimit, temp: at.temp });
  try {
    const object = await session.describe(job.syncFile.object, host.signal);
    const scan = await withExpressions(job, await scanModel(job, source, host.signal));
    const tables = await describeParents(job, session, object, host.signal);
    const shape = shapeOf(job, scan, object, await scanAudiences(job, source, host.signal), {
      tables,
      memberships: await membershipsOf(job, session, object, host.signal),
      prefix: session.prefix,
    });
    const destination = await destinationName(job, session, object, host.signal);
    const meta = await attachState(duck, at, destination);
    for (const statement of valueViews(shape, meta.columns, meta.matched)) await duck.run(statement);
    await ingest(duck, {
      session,
      object: { ...object, can: { ...object.can, deltas: false } },
      columns: shape.columns,
      into: "found",
      created: false,
      folder: at.temp,
      signal: host.signal,
      onRows: (done) => host.onProgress({ phase: "readback", done }),
    });
    await readMembers(duck, session, shape, "member_now", at.temp, host.signal);
    // A column that the mapping has got since the last run was never agreed on.
    const agreed = shape.columns.filter((c) => meta.mirrored.includes(storedName(c)));
    const each = agreed.map(
      (
        c,
      ) => `SELECT l.key, l.id, ${text(c.name)} AS col, ${seenValue(stored(c))} AS expected, f.${stored(c)} AS found, f.id IS NULL AS missing
FROM known l JOIN v_base b ON b.key = l.key LEFT JOIN v_seen s ON s.key = l.key LEFT JOIN found f ON f.id = l.id
WHERE f.id IS NOT NULL AND ${seenValue(stored(c))} IS DISTINCT FROM f.${stored(c)}`,
    );
    const missing = `SELECT l.key, l.id, ${text(object.id)} AS col, l.id AS expected, NULL AS found, true AS missing FROM known l WHERE l.id NOT IN (SELECT id FROM found)`;
    await duck.run("CREATE TEMP VIEW known AS SELECT key, id FROM st.link WHERE id IS NOT NULL");
    await duck.run(`CREATE TEMP TABLE difference AS ${[missing, ...each, ...notMembers(shape)].join("\nUNION ALL ")}`);
    const { checked } = await duck.one<{ checked: number }>("SELECT count(*) AS checked FROM known");
    const { differences } = await duck.one<{ differences: number }>(
      "SELECT count(DISTINCT key) AS differences FROM difference",
    );
    const rows = await duck.all<VerifyReport["rows"][number]>(
      `SELECT key, id, col AS "column", expected, found FROM difference ORDER BY key, col LIMIT ${shown}`,
    );
    return {
      kind: "verify",
      report: { checked, differences, rows },
      seconds: Math.round(performance.now() - started) / 1000,
    };
  } finally {
    await duck.close();
    await Promise.allSettled([source.close(), session.close()]);
  }
}
