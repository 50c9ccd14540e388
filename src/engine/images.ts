import type { Session } from "../core/connector.ts";
import type { Column, ObjectSchema } from "../core/schema.ts";
import { type Duck, parquetRows, text } from "./duck.ts";
import { ingest } from "./ingest.ts";
import { exists, type Layout } from "./layout.ts";
import type { Mirrored } from "./pages.ts";
import { readsAsSent } from "./sql/backdated.ts";
import { atOnce, inGroups, storedName } from "./sql/names.ts";

/** Records asked for by id at once; bounds memory, and is some requests. */
const idsAtOnce = 10_000;

type Reading = {
  session: Session;
  object: ObjectSchema;
  columns: Mirrored[];
  /** SQL that yields the ids, in a column `id`. */
  of: string;
  /** Name of the table that receives them, as `ingest` makes it. */
  into: string;
  /** When the record was made there is wanted too. */
  created: boolean;
  folder: string;
  signal: AbortSignal;
  onRows?: (rows: number) => void;
};

/** Reads records by their ids into a table; those that are gone are in it as gone. */
export async function readByIds(duck: Duck, { of, into, onRows, ...reading }: Reading): Promise<void> {
  const part = `${into}_part`;
  await duck.run(`CREATE OR REPLACE TABLE ${into}_id AS SELECT id, row_number() OVER () AS n
FROM (SELECT DISTINCT id FROM (${of}) WHERE id IS NOT NULL)`);
  const { rows } = await duck.one<{ rows: number }>(`SELECT count(*) AS rows FROM ${into}_id`);
  for (let from = 0; from === 0 || from < rows; from += idsAtOnce) {
    const within = `${into}_id WHERE n > ${from} AND n <= ${from + idsAtOnce}`;
    const ids = (await duck.all<{ id: string }>(`SELECT id FROM ${within}`)).map(({ id }) => id);
    await ingest(duck, { ...reading, ids, into: part });
    await duck.run(from === 0 ? `CREATE OR REPLACE TABLE ${into} AS FROM ${part}` : `INSERT INTO ${into} FROM ${part}`);
    await duck.run(
      `INSERT INTO ${into}(id, gone) SELECT id, true FROM ${within} AND id NOT IN (SELECT id FROM ${part})`,
    );
    onRows?.(Math.min(from + idsAtOnce, rows));
  }
  await duck.run(`DROP TABLE ${part}`);
  await duck.run(`DROP TABLE ${into}_id`);
}

/**
 * What of a record can be read and given to one that is made in its place. Not when it was made: to back-date a record takes a
 * privilege of its own.
 */
export function imageColumns({ columns, id }: ObjectSchema): Mirrored[] {
  return columns
    .filter((c) => c.name !== id && (c.create || c.update) && c.type !== "parties" && c.type !== "other")
    .map(mirrored)
    .filter(readsAsSent);
}

/** A column, read as syncs that map it mirror it. */
export const mirrored = (target: Column): Mirrored => ({
  name: target.name,
  target,
  tabled: target.type === "lookup" && (target.targets ?? []).length > 1,
});

/** What of a record is kept before its state is set: Dynamics sets the status reason with it. */
export const stateColumns = ({ columns }: ObjectSchema): Mirrored[] =>
  columns
    .filter((c) => c.name === "statecode" || c.name === "statuscode")
    .map((target) => ({ name: target.name, target }));

/**
 * Keeps these columns of the records of a change file as they are, for undo: taken just before the records are deleted, or
 * put to rest or woken, which people may have done before. On disk before the first of the changes is sent.
 */
export async function keepImages(
  duck: Duck,
  session: Session,
  object: ObjectSchema,
  columns: Mirrored[],
  file: { changes: string; to: string; folder: string },
  signal: AbortSignal,
): Promise<void> {
  const of = `SELECT id FROM ${parquetRows(file.changes)}`;
  await readByIds(duck, { session, object, columns, of, into: "image", created: false, folder: file.folder, signal });
  const values = columns.map((c) => `"c_${storedName(c)}"`);
  await duck.run(
    `COPY (SELECT ${["id", ...values].join(", ")} FROM image WHERE NOT gone) TO ${text(file.to)} (FORMAT parquet, COMPRESSION snappy, ${inGroups}, ${atOnce})`,
  );
  await duck.run("DROP TABLE image");
}

/** The file that tells what state records were in before a run put them to rest; undefined where there is none. */
export async function restedBefore(at: Pick<Layout, "before">): Promise<string | undefined> {
  const file = at.before("3-deactivate");
  return (await exists(file)) ? file : undefined;
}
