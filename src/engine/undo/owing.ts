import type { ObjectSchema } from "../../core/schema.ts";
import { type Duck, ident, parquetRows, text } from "../duck.ts";
import { imageColumns } from "../images.ts";
import type { Mirrored } from "../pages.ts";
import type { Shape } from "../shape.ts";
import { has, stored, storedName } from "../sql/names.ts";
import { bare, canWrite } from "./shape.ts";
import { type RunFolder, writtenChanges } from "./wrote.ts";

// An undo may have made a record anew without a lookup: what that pointed at was gone, or it was broken off before all were there.
// Another undo of the run sets it. What has been set once and is empty now somebody has emptied since: it stays empty.

/**
 * `owing` (key, col, value): lookups of records that undos of the run before this one (`undos`, the oldest first) made anew
 * without them, and that none of these has set since. Overwrites `written`.
 * @returns the columns that are owing.
 */
export async function findOwing(
  duck: Duck,
  object: ObjectSchema,
  { files }: RunFolder,
  images: string[],
  undos: RunFolder[],
): Promise<Mirrored[]> {
  await duck.run("CREATE OR REPLACE TABLE owing(key VARCHAR, col VARCHAR, value VARCHAR)");
  const lookups = imageColumns(object).filter(
    (c) => c.target.type === "lookup" && images.includes(`c_${storedName(c)}`),
  );
  for (const undo of lookups.length > 0 ? undos : []) {
    await writtenChanges(duck, undo);
    for (const statement of owedBy(undo, lookups, files.deleted)) await duck.run(statement);
  }
  const owed = await duck.all<{ col: string }>("SELECT DISTINCT col FROM owing");
  return lookups.filter(({ name }) => owed.some(({ col }) => col === name));
}

function owedBy({ files, columns }: RunFolder, lookups: Mirrored[], images: string): string[] {
  const made = columns.get("1-create") ?? [];
  const anew = parquetRows(files.change("1-create"));
  const left = lookups
    .filter((c) => made.includes(`d_${storedName(c)}`))
    .map(
      (
        c,
      ) => `INSERT INTO owing SELECT r.key, ${text(c.name)}, i.${stored(c)} FROM ${anew} r JOIN ${parquetRows(images)} i ON i.id = r.id
WHERE r.${ident(`d_${storedName(c)}`)} IS NULL AND i.${stored(c)} IS NOT NULL`,
    );
  const set = [...columns].flatMap(([wave, names]) => {
    if (wave === "1-create" || !names.includes("m")) return [];
    const bits = names.filter((name) => name.startsWith("c_"));
    const masks = bits.map((name, index) => ({ name, holds: has("r.m", { index }) }));
    const besides = names
      .filter((name) => name.startsWith("d_"))
      .map((name) => ({ name, holds: `r.${ident(name)} IS NOT NULL` }));
    return [...masks, ...besides].flatMap(({ name, holds }) =>
      lookups.some((c) => c.name === bare(name.slice(2)))
        ? `DELETE FROM owing WHERE col = ${text(bare(name.slice(2)))} AND key IN (SELECT s.key FROM written s
JOIN ${parquetRows(files.change(wave), "file_row_number=true")} r ON r.file_row_number = s.n WHERE s.wave = ${text(wave)} AND s.sure AND ${holds})`
        : [],
    );
  });
  return [...(left.length > 0 ? [`DELETE FROM owing WHERE key IN (SELECT key FROM ${anew})`] : []), ...left, ...set];
}

/**
 * Statements that judge such lookups (`judged`), where the record is still the row's: as to be taken back where they are empty and no
 * later run has seen to them. `unset` (key, code, col, value): those of columns that the sync does not map, which are only told.
 */
export function judgeOwing(shape: Shape, owing: Mirrored[]): string[] {
  const ours = "j.k_deleted = 'restored' AND j.link_id = j.id";
  return [
    "CREATE OR REPLACE TABLE unset(key VARCHAR, code VARCHAR, col VARCHAR, value VARCHAR)",
    ...owing.map((lookup) => {
      const c = mappedAs(shape, lookup);
      const there = `n.${stored(lookup)}`;
      if (!c)
        return `INSERT INTO unset SELECT j.key, CASE WHEN ${there} IS NULL THEN 'undo_unset' ELSE 'undo_changed' END, w.col, coalesce(${there}, w.value)
FROM owing w JOIN judged j ON j.key = w.key JOIN now n ON n.id = j.id WHERE w.col = ${text(lookup.name)} AND ${ours} AND ${there} IS DISTINCT FROM w.value`;
      const [now, before] = [`j.o_${c.index}`, `j.x_${c.index}`];
      return `UPDATE judged j SET k_${c.index} = CASE WHEN j.t_${c.index} IS NOT NULL THEN 'undo_later' WHEN ${now} IS NOT NULL THEN 'undo_changed'
    WHEN ${!canWrite(c)} THEN 'undo_not_writable' ELSE 'back' END
WHERE ${ours} AND ${before} IS NOT NULL AND ${now} IS DISTINCT FROM ${before} AND j.key IN (SELECT key FROM owing WHERE col = ${text(lookup.name)})`;
    }),
  ];
}

/** Those of them that the shape does not have anyway, to be read. */
export const unmapped = (shape: Shape, owing: Mirrored[]): Mirrored[] => owing.filter((c) => !mappedAs(shape, c));

// A run and the sync as it is now may each have the column in their own form.
function mappedAs({ columns }: Shape, { name }: Mirrored) {
  const same = columns.filter((c) => c.name === name);
  return same.find(canWrite) ?? same[0];
}
