import type { Session } from "../../core/connector.ts";
import { SluiceError } from "../../core/errors.ts";
import { type Duck, parquetRows, text } from "../duck.ts";
import { imageColumns, readByIds } from "../images.ts";
import type { Shape } from "../shape.ts";
import { storedName } from "../sql/names.ts";
import type { RunFolder } from "./wrote.ts";

// Lookups that undo would set again. Where the record that one pointed at is gone, the destination refuses the whole row for it:
// so that value alone is left out.

/** SQL: which record a lookup's value is of. */
type Aim = { object: string; id: string };

function aimOf(value: string, tables: readonly string[], tabled: boolean | undefined): Aim {
  if (!tabled) return { object: text(tables[0]!), id: value };
  return { object: `split_part(${value}, ':', 1)`, id: `split_part(${value}, ':', 2)` };
}

const isGone = ({ object, id }: Aim) => `(${object}, ${id}) IN (SELECT object, id FROM parent_gone)`;

/** Lookups of the images (i) with which records are made anew. */
function ofImages({ object }: Shape, images: string[]) {
  return imageColumns(object).flatMap((column) => {
    const { name, target, tabled } = column;
    const [held, tables] = [`c_${storedName(column)}`, target.targets?.map((t) => t.object)];
    if (target.type !== "lookup" || !tables?.length || !images.includes(held)) return [];
    return [
      {
        name,
        held,
        value: `i."${held}"`,
        aim: aimOf(`i."${held}"`, tables, tabled),
        told: aimOf("value", tables, tabled),
      },
    ];
  });
}

/** Lookups of rows whose record is there. */
const ofColumns = ({ columns }: Shape) =>
  columns.flatMap((c) => {
    const tables = c.target.type === "lookup" ? c.wire.targets : undefined;
    return tables?.length ? [{ k: `k_${c.index}`, aim: aimOf(`x_${c.index}`, tables, c.tabled) }] : [];
  });

/** SQL: the images of the records that the run deleted, without what they held of records that are gone. Wants `parent_gone`. */
export function remembered(shape: Shape, { files }: RunFolder, images: string[]): string {
  const lookups = ofImages(shape, images);
  if (lookups.length === 0) return parquetRows(files.deleted);
  const values = lookups.map(({ held, value, aim }) => `CASE WHEN NOT ${isGone(aim)} THEN ${value} END AS "${held}"`);
  return `(SELECT * REPLACE (${values.join(", ")}) FROM ${parquetRows(files.deleted)} i)`;
}

/**
 * Asks which of the records are still there that lookups would point at again (`judged`), and judges anew: such a column stays as
 * it is, and a record made anew is made without. `bereft`: what such a record does not get back (key, col, value). A record that
 * undo makes anew itself is there. Wants `now`, and `unset`, of which it tells the same.
 * @returns a sentence for each table that could not be asked; its records are taken to be there.
 */
export async function withoutParentsGone(
  duck: Duck,
  shape: Shape,
  run: RunFolder,
  images: string[],
  reading: { session: Session; folder: string; signal: AbortSignal },
): Promise<string[]> {
  const [own, columns, lookups] = [text(shape.object.name), ofColumns(shape), ofImages(shape, images)];
  const deleted = (which: string) =>
    `FROM ${parquetRows(run.files.deleted)} i JOIN judged j ON j.id = i.id WHERE ${which}`;
  const unset = (name: string) => `code = 'undo_unset' AND col = ${text(name)}`;
  const aims = [
    "SELECT '' AS object, NULL::VARCHAR AS id",
    ...columns.map(({ k, aim }) => `SELECT ${aim.object}, ${aim.id} FROM judged WHERE ${k} = 'back'`),
    ...lookups.map(({ aim }) => `SELECT ${aim.object}, ${aim.id} ${deleted("j.k_deleted = 'back'")}`),
    ...lookups.map(({ name, told }) => `SELECT ${told.object}, ${told.id} FROM unset WHERE ${unset(name)}`),
  ];
  await duck.run(`CREATE OR REPLACE TABLE pointed AS SELECT DISTINCT object, id FROM (${aims.join("\nUNION ALL ")})
WHERE id IS NOT NULL AND NOT (object = ${own} AND id IN (SELECT id FROM now WHERE NOT gone UNION ALL SELECT id FROM judged WHERE k_deleted = 'back'))`);
  await duck.run("CREATE OR REPLACE TABLE parent_gone(object VARCHAR, id VARCHAR)");
  const unknown: string[] = [];
  for (const { object } of await duck.all<{ object: string }>("SELECT DISTINCT object FROM pointed ORDER BY object"))
    unknown.push(...(await askFor(duck, object, reading)));
  const lost = lookups.map(
    ({ name, value, aim }) =>
      `SELECT j.key, ${text(name)}, ${value} ${deleted(`j.k_deleted = 'back' AND ${isGone(aim)}`)}`,
  );
  const statements = [
    "DROP TABLE pointed",
    `CREATE OR REPLACE TABLE bereft AS ${["SELECT '' AS key, '' AS col, '' AS value WHERE false", ...lost].join("\nUNION ALL ")}`,
    ...columns.map(
      ({ k, aim }) => `UPDATE judged SET ${k} = 'undo_parent_gone' WHERE ${k} = 'back' AND ${isGone(aim)}`,
    ),
    ...lookups.map(
      ({ name, told }) => `UPDATE unset SET code = 'undo_parent_gone' WHERE ${unset(name)} AND ${isGone(told)}`,
    ),
    ...shape.columns
      .filter((c) => c.target.type === "lookup")
      .map(
        (c) =>
          `UPDATE judged SET x_${c.index} = NULL WHERE key IN (SELECT key FROM bereft WHERE col = ${text(c.name)})`,
      ),
  ];
  for (const statement of statements) await duck.run(statement);
  return unknown;
}

async function askFor(
  duck: Duck,
  name: string,
  reading: { session: Session; folder: string; signal: AbortSignal },
): Promise<string[]> {
  try {
    const object = await reading.session.describe(name, reading.signal);
    const of = `SELECT id FROM pointed WHERE object = ${text(name)}`;
    await readByIds(duck, { ...reading, object, columns: [], created: false, of, into: "parent_now" });
    await duck.run(`INSERT INTO parent_gone SELECT ${text(name)}, id FROM parent_now WHERE gone`);
    await duck.run("DROP TABLE parent_now");
    return [];
  } catch (thrown) {
    if (!(thrown instanceof SluiceError) || reading.signal.aborted) throw thrown;
    return [
      `Whether the records of ${name} that lookups pointed at are still there could not be asked. ${thrown.message}`,
    ];
  }
}
