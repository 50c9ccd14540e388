import { join } from "node:path";
import type { Session } from "../core/connector.ts";
import { foldSql } from "../core/fold.ts";
import type { ObjectSchema } from "../core/schema.ts";
import { type Duck, text } from "./duck.ts";
import { ingest } from "./ingest.ts";
import type { Job } from "./job.ts";
import { parentTables, type Tables } from "./shape/lookup.ts";
import type { Shape } from "./shape.ts";
import { keptMatch } from "./sql/kept.ts";
import { joined, stored } from "./sql/names.ts";

/** A cursor, by meta name, of a table whose read was taken up again (see `Ingested`). */
export type Resumed = { name: string; table: string };

/** The tables that the sync's lookups point at, as they are there. */
export async function describeParents(
  job: Job,
  session: Session,
  object: ObjectSchema,
  signal: AbortSignal,
): Promise<Tables> {
  const names = parentTables(job.syncFile, object).filter((name) => name !== object.name);
  const found = await Promise.all(names.map((name) => session.describe(name, signal)));
  return new Map(found.map((table) => [table.name, table]));
}

/**
 * Brings up to date what the lookups need: `ref_fresh` (this run's news of parents), `ref_full` (names read whole) and
 * `ref_now` (what holds: news over what the state knows). Parents are read by the same deltas as the table itself.
 * @returns the cursors for the next time, by meta name, and the tables whose read was taken up again.
 */
export async function refreshParents(
  duck: Duck,
  session: Session,
  shape: Shape,
  cursors: Record<string, string>,
  folder: string,
  keep: { folder: string; destination: string },
  signal: AbortSignal,
): Promise<{ cursors: Record<string, string>; resumed: Resumed[] }> {
  await duck.run("CREATE TABLE ref_fresh(name VARCHAR, id VARCHAR, gone BOOLEAN, value VARCHAR, barred BOOLEAN)");
  await duck.run("CREATE TABLE ref_full(name VARCHAR)");
  const next: Record<string, string> = {};
  const resumed: Resumed[] = [];
  await Promise.all(
    shape.refs.map(async (ref, i) => {
      const { object, by } = ref;
      const bars = object.ownsNot;
      const barring = object.columns.find((c) => c.name === bars?.column);
      const name = `cursor:${ref.name}`;
      const into = `parent_${i}`;
      const columns = [...by, ...(barring && !by.some((c) => c.name === barring.name) ? [barring] : [])];
      const read = await ingest(duck, {
        session,
        object,
        columns: columns.map((target) => ({ name: target.name, target })),
        cursor: cursors[name],
        into,
        created: false,
        folder,
        keep: { ...keep, folder: join(keep.folder, into) },
        signal,
      });
      const barred = barring ? `coalesce(${stored(barring)} = ${text(bars!.value)}, false)` : "false";
      await duck.run(
        `INSERT INTO ref_fresh SELECT ${text(ref.name)}, id, gone, ${joined(by.map((c) => foldSql(stored(c))))}, ${barred} FROM ${into}`,
      );
      if (read.full) await duck.run(`INSERT INTO ref_full VALUES (${text(ref.name)})`);
      if (read.cursor !== undefined) next[name] = read.cursor;
      if (read.resumed) resumed.push({ name, table: object.name });
    }),
  );
  const kept = shape.refs.flatMap(({ name, by }) => {
    const value = keptMatch(
      by.map((target) => ({ target })),
      "value",
    );
    return value === "value" ? [] : [`WHEN ${text(name)} THEN ${value}`];
  });
  const value = kept.length === 0 ? "value" : `CASE name ${kept.join(" ")} ELSE value END AS value`;
  await duck.run(`CREATE VIEW ref_now AS
SELECT name, id, value, barred FROM ref_fresh WHERE NOT gone
UNION ALL SELECT name, id, ${value}, barred FROM st.ref ANTI JOIN ref_full USING (name) ANTI JOIN ref_fresh USING (name, id)`);
  return { cursors: next, resumed };
}
