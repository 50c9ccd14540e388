import type { Session } from "../core/connector.ts";
import { SluiceError } from "../core/errors.ts";
import { foldSql } from "../core/fold.ts";
import { didYouMean } from "../core/nearest.ts";
import { type Duck, ident, text } from "./duck.ts";
import { ingest } from "./ingest.ts";
import type { Shape } from "./shape.ts";

/**
 * Brings up to date what the lookups need: `ref_fresh` (this run's news of parents), `ref_full` (names read whole) and
 * `ref_now` (what holds: news over what the state knows). Parents are read by the same deltas as the table itself.
 * @returns the cursors for the next time, by meta name.
 */
export async function refreshParents(
  duck: Duck,
  session: Session,
  shape: Shape,
  cursors: Record<string, string>,
  folder: string,
  signal: AbortSignal,
): Promise<Record<string, string>> {
  await duck.run("CREATE TEMP TABLE ref_fresh(name VARCHAR, id VARCHAR, gone BOOLEAN, value VARCHAR)");
  await duck.run("CREATE TEMP TABLE ref_full(name VARCHAR)");
  const next: Record<string, string> = {};
  await Promise.all(
    shape.refs.map(async (ref, i) => {
      const object = ref.object === shape.object.name ? shape.object : await session.describe(ref.object, signal);
      const column = object.columns.find((c) => c.name === ref.by);
      if (!column)
        throw new SluiceError(
          "unknown_target",
          `${object.name} has no column ${ref.by} to find a parent by${didYouMean(
            ref.by,
            object.columns.map((c) => c.name),
          )}`,
          {
            place: { file: `syncs/${shape.sync}.yaml`, path: ["mapping"] },
          },
        );
      const name = `cursor:${ref.name}`;
      const into = `parent_${i}`;
      const read = await ingest(duck, {
        session,
        object,
        columns: [column],
        cursor: cursors[name],
        into,
        created: false,
        folder,
        signal,
      });
      await duck.run(
        `INSERT INTO ref_fresh SELECT ${text(ref.name)}, id, gone, ${foldSql(ident(`c_${ref.by}`))} FROM ${into}`,
      );
      if (read.full) await duck.run(`INSERT INTO ref_full VALUES (${text(ref.name)})`);
      if (read.cursor !== undefined) next[name] = read.cursor;
    }),
  );
  await duck.run(`CREATE TEMP VIEW ref_now AS
SELECT name, id, value FROM ref_fresh WHERE NOT gone
UNION ALL SELECT name, id, value FROM st.ref r WHERE name NOT IN (SELECT name FROM ref_full) AND NOT EXISTS (SELECT 1 FROM ref_fresh f WHERE f.name = r.name AND f.id = r.id)`);
  return next;
}
