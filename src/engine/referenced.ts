import type { Pointer, Session } from "../core/connector.ts";
import type { Column, ObjectSchema } from "../core/schema.ts";
import type { Duck } from "./duck.ts";
import { mirrored, readByIds } from "./images.ts";
import { ingest } from "./ingest.ts";
import type { Job } from "./job.ts";
import { layout } from "./layout.ts";
import { unknownRun } from "./lost-state.ts";
import { portions, SHARE } from "./mirror.ts";
import { attachBeside } from "./open-state.ts";
import { hasBegun, hasUnended } from "./recover.ts";
import type { Shape } from "./shape.ts";
import { destinationName } from "./source.ts";
import { stored } from "./sql/names.ts";
import {
  askedAt,
  besideLone,
  besideMatched,
  besideRows,
  findable,
  type Going,
  heldBack,
  heldRests,
  holdBelow,
  holding,
  holds,
  letGo,
  loneRows,
  mayBeRows,
  planned,
  putAside,
  reachedFirst,
  reachedNext,
  resting,
  spared,
  tablesAt,
} from "./sql/referenced.ts";

// Records that a run or an undo deletes, or that the destination deletes together with them, and that rows have which are there.

/** Of fewer ids one need not ask how large the table is. */
const FEW = 1000;

type Reading = { job: Job; duck: Duck; own: ObjectSchema; session: Session; folder: string; signal: AbortSignal };

/**
 * Holds back each delete of a plan (`decided`) with which the record of a row would go that is there, and does not put to rest
 * the record of one.
 */
export async function holdReferenced(
  job: Job,
  duck: Duck,
  shape: Shape,
  session: Session,
  folder: string,
  signal: AbortSignal,
): Promise<void> {
  const deletes = shape.policies.onLeave === "delete";
  const reading = { job, duck, own: shape.object, session, folder, signal };
  await findSpared(reading, deletes ? planned(shape) : resting(shape));
  for (const statement of [deletes ? heldBack : heldRests(shape), "DROP TABLE spared"]) await duck.run(statement);
}

/**
 * `spared`: those of the sync's records with which the record of a row would go that is there: another sync's, be that the very
 * same record, or this one's. What points at a record is asked of the destination, through all tables that the project's syncs
 * write; whose it is, of the states.
 */
export async function findSpared(reading: Reading, { ids, rest, below, ...mine }: Going): Promise<void> {
  const { duck, own, session, signal } = reading;
  for (const statement of [reachedFirst(own.name, ids), holding]) await duck.run(statement);
  for (let level = 0; ; level++) {
    const tables = await duck.all<{ object: string }>(tablesAt(level));
    if (tables.length === 0) break;
    for (const { object } of tables) {
      const schema = object === own.name ? own : await session.describe(object, signal);
      await findRows(reading, mine, schema, level);
      if (!rest) await follow(reading, schema, level, below);
    }
  }
  for (const statement of [spared, ...letGo]) await duck.run(statement);
}

/** The files of other syncs that it may have to read. */
export const statesBeside = ({ syncFile, undo, others = [] }: Job): string[] =>
  syncFile.onLeave === "delete" || syncFile.onLeave === "deactivate" || undo
    ? others.map(({ folder }) => layout(folder, "").state).flatMap((s) => [s, `${s}.wal`])
    : [];

/** Which records would go with those of a table that have been reached. */
async function follow(reading: Reading, object: ObjectSchema, level: number, below: Going["below"]): Promise<void> {
  const { job, duck, own, session, signal } = reading;
  for (const pointer of await cascades(reading, object)) {
    const coming = object === own && pointer.object === own.name ? below?.(pointer.column) : undefined;
    if (coming) await duck.run(holdBelow(job.sync, own.name, level, coming));
    const child = pointer.object === own.name ? own : await session.describe(pointer.object, signal);
    const column = child.columns.find((c) => c.name === pointer.column);
    if (column?.type !== "lookup") continue;
    await duck.run(askedAt(object.name, level));
    await readPointing(reading, child, column);
    await duck.run(reachedNext(object.name, child.name, level));
  }
}

/** The lookups of tables that syncs of the project write, through which a delete goes on; nobody is asked where there can be none. */
async function cascades({ job, own, session, signal }: Reading, object: ObjectSchema): Promise<Pointer[]> {
  const { others = [] } = job;
  const itself = own.columns.some((c) => c.targets?.some((target) => target.object === own.name));
  if (others.length === 0 && !itself) return [];
  const written = new Set([own.name, ...others.map(({ file }) => file.object)]);
  const found = await session.dependents?.(object, signal);
  return (found?.deleted ?? []).filter((pointer) => written.has(pointer.object));
}

/** `pointing`: the records that point at those of `asked`. */
async function readPointing({ duck, session, folder, signal }: Reading, object: ObjectSchema, target: Column) {
  const column = { name: target.name, target };
  const table = { session, object, columns: [column], created: false, folder, signal, into: "pointing_part" };
  await duck.run("CREATE OR REPLACE TABLE pointing(id VARCHAR, parent VARCHAR)");
  const keep = `INSERT INTO pointing SELECT id, ${stored(column)} FROM pointing_part WHERE NOT gone AND ${stored(column)} IN (SELECT id FROM asked)`;
  const { n } = await duck.one<{ n: number }>("SELECT count(*) AS n FROM asked");
  const size = n < FEW ? undefined : await session.size?.(object, signal);
  if (size !== undefined && n > SHARE * size) {
    await ingest(duck, table);
    await duck.run(keep);
    return;
  }
  for await (const rows of portions<{ id: string }>(duck, "id")) {
    await ingest(duck, { ...table, match: { columns: [column.name], values: rows.map(({ id }) => [id]) } });
    await duck.run(keep);
  }
}

/** Notes (`holding`) whose rows the records of a table are that have been reached. */
async function findRows(
  reading: Reading,
  mine: Pick<Going, "rows" | "lone">,
  object: ObjectSchema,
  level: number,
): Promise<void> {
  const { job, duck, own, session, signal } = reading;
  const destination = await destinationName(job, session, object, signal);
  if (level > 0 && object === own) {
    await duck.run(holds(job.sync, object.name, level, mine.rows));
    if (mine.lone) {
      await duck.run(putAside(mine.lone.rows));
      await findLone(reading, job.sync, object, mine.lone.matched, level);
    }
  }
  for (const { sync, file, folder } of job.others ?? []) {
    if (file.object !== object.name) continue;
    const at = layout(folder, "");
    // What a run that has not ended has linked only it can tell.
    const attached = !(await hasUnended(at.runs, destination)) && (await attachBeside(duck, at.state));
    let lone: { matched?: string } | undefined;
    try {
      const known = attached && (await unknownRun(duck, at, undefined, "beside")) === undefined;
      await duck.run(
        known ? besideRows(sync, object.name, level) : mayBeRows(sync, object.name, level, await hasBegun(at.runs)),
      );
      if (known && mine.lone) {
        await duck.run(putAside(besideLone));
        lone = await duck.one(besideMatched);
      }
    } finally {
      if (attached) await duck.run("DETACH beside");
    }
    if (lone) await findLone(reading, sync, object, lone.matched, level);
  }
}

/** Notes the rows of `lone` whose records are among those reached, as their match values tell: no state has linked them yet. */
async function findLone(
  { duck, session, folder, signal }: Reading,
  sync: string,
  object: ObjectSchema,
  matched: string | undefined,
  level: number,
): Promise<void> {
  const { n } = await duck.one<{ n: number }>("SELECT count(*) AS n FROM lone");
  if (n === 0) return;
  const names = matched?.split(",") ?? [];
  const columns = object.columns.filter((c) => names.includes(c.name)).map(mirrored);
  // What they are matched by is there no more: nobody can tell which records are theirs.
  if (names.length === 0 || columns.length < names.length) {
    await duck.run(mayBeRows(sync, object.name, level, true));
    return;
  }
  const match = names.map((name) => columns.find((c) => c.name === name)!);
  const of = findable(object.name, level);
  await readByIds(duck, { session, object, columns, of, into: "findable", created: false, folder, signal });
  await duck.run(loneRows(sync, object.name, level, match));
}
