import { columnsIn } from "../columns-of.ts";
import { type Duck, ident, parquetRows, text } from "../duck.ts";
import { imageColumns } from "../images.ts";
import { exists } from "../layout.ts";
import type { Mirrored } from "../pages.ts";
import type { Shape } from "../shape.ts";
import { keptRows } from "../sql/kept.ts";
import { has, stored, storedName } from "../sql/names.ts";
import { bare, canWrite } from "./shape.ts";
import { type RunFolder, writtenChanges } from "./wrote.ts";

// An undo may have made a record anew without a lookup: what that pointed at was gone, or it was broken off before all were there.
// Another undo of the run sets it. What has been set once and is empty now somebody has emptied since: it stays empty. What the
// destination itself had filled in when the record was made, as it does with an owner, is nobody's change.

/**
 * `owing` (key, col, value, filled, known): lookups of records that undos of the run before this one (`undos`, the oldest first) made
 * anew without them, and that none of these has set since. filled: what the column held once the record was made, where that is known:
 * an undo that died does not tell, and none tells of columns that are not mapped. Overwrites `written`.
 * @returns the columns that are owing.
 */
export async function findOwing(
  duck: Duck,
  shape: Shape,
  { files }: RunFolder,
  images: string[],
  undos: RunFolder[],
): Promise<Mirrored[]> {
  await duck.run(
    "CREATE OR REPLACE TABLE owing(key VARCHAR, col VARCHAR, value VARCHAR, filled VARCHAR, known BOOLEAN)",
  );
  const lookups = imageColumns(shape.object).filter(
    (c) => c.target.type === "lookup" && images.includes(`c_${storedName(c)}`),
  );
  for (const undo of lookups.length > 0 ? undos : []) {
    await writtenChanges(duck, undo);
    const held = (await exists(undo.files.written)) ? await columnsIn(duck, undo.files.written) : [];
    for (const statement of owedBy(shape, undo, lookups, files.deleted, new Set(held))) await duck.run(statement);
  }
  const owed = await duck.all<{ col: string }>("SELECT DISTINCT col FROM owing");
  return lookups.filter(({ name }) => owed.some(({ col }) => col === name));
}

function owedBy(
  shape: Shape,
  { files, columns }: RunFolder,
  lookups: Mirrored[],
  images: string,
  held: Set<string>,
): string[] {
  const made = columns.get("1-create") ?? [];
  const anew = parquetRows(files.change("1-create"));
  const left = lookups
    .filter((c) => made.includes(`d_${storedName(c)}`))
    .map((c) => {
      const m = mappedAs(shape, c);
      // What is not in the file was read back as it had been sent: without a value.
      const [filled, join] =
        m && held.has(`c_${storedName(m)}`)
          ? [`h.${stored(m)}, true`, `LEFT JOIN ${keptRows(shape.columns, files.written, held)} h ON h.key = r.key`]
          : ["NULL, false", ""];
      return `INSERT INTO owing SELECT r.key, ${text(c.name)}, i.${stored(c)}, ${filled} FROM ${anew} r JOIN ${parquetRows(images)} i ON i.id = r.id ${join}
WHERE r.${ident(`d_${storedName(c)}`)} IS NULL AND i.${stored(c)} IS NOT NULL`;
    });
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
 * Statements that judge such lookups (`judged`), where the record is still the row's: as to be taken back where they are empty, or
 * as the destination had filled them, and no later run has seen to them. `unset` (key, code, col, value): those that are only told, since
 * the sync does not map them, or nobody knows whose value is there.
 */
export function judgeOwing(shape: Shape, owing: Mirrored[]): string[] {
  const ours = "j.k_deleted = 'restored' AND j.link_id = j.id";
  return [
    "CREATE OR REPLACE TABLE unset(key VARCHAR, code VARCHAR, col VARCHAR, value VARCHAR)",
    ...owing.flatMap((lookup) => {
      const c = mappedAs(shape, lookup);
      const which = `w.col = ${text(lookup.name)} AND ${ours}`;
      const tell =
        "INSERT INTO unset SELECT j.key, 'undo_unset', w.col, w.value FROM owing w JOIN judged j ON j.key = w.key";
      if (!c)
        return [`${tell} JOIN now n ON n.id = j.id WHERE ${which} AND n.${stored(lookup)} IS DISTINCT FROM w.value`];
      const [now, before, later] = [`j.o_${c.index}`, `j.x_${c.index}`, `j.t_${c.index}`];
      const open = `${which} AND ${before} IS NOT NULL AND ${now} IS DISTINCT FROM ${before}`;
      const whose = `(w.known OR ${now} IS NULL OR ${later} IS NOT NULL)`;
      return [
        `${tell} WHERE ${open} AND NOT ${whose}`,
        `UPDATE judged j SET k_${c.index} = CASE WHEN ${later} IS NOT NULL THEN 'undo_later' WHEN ${now} IS DISTINCT FROM w.filled AND ${now} IS NOT NULL THEN 'undo_changed'
    WHEN ${!canWrite(c)} THEN 'undo_not_writable' ELSE 'back' END FROM owing w WHERE w.key = j.key AND ${open} AND ${whose}`,
      ];
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
