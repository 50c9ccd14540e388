import type { SyncFile } from "../../core/project.ts";
import { type Duck, parquetRows, text } from "../duck.ts";
import type { Wave } from "../layout.ts";
import type { Shape, ShapeColumn } from "../shape.ts";
import { bit, everyBit, has, list, stored, storedName } from "./names.ts";
import { initial, inSeveralWaves, isState, statesOf, wavesBesideCreates } from "./states.ts";
import type { Contact } from "./unmet.ts";

// Some columns of a record are set only after it is made: a lookup of another row of the same run, say. Where a run stops
// in between, the record is ours and lacks them; and a sync that only creates, or a line that only sets new records, would
// take it for complete. `st.owed` notes what is to come.

/** Whether the column may be set only after the record is made. */
const isLate = (c: ShapeColumn): boolean =>
  c.role === "mapped" && (c.awaits !== undefined || !c.target.create || isState(c));

/** Whether a record may be yet to get the column though the sync, or its line, writes no record that exists. */
const mayOwe = (shape: Shape, c: ShapeColumn): boolean =>
  isLate(c) && (["create", "link"].includes(shape.policies.mode) || (c.line?.write ?? "always") !== "always");

/** The columns that a record may be yet to get. */
export const owing = (shape: Shape): ShapeColumn[] => shape.columns.filter((c) => mayOwe(shape, c));

/** Of a decided row: whether its record is yet to get the column; undefined where none is. */
export const owes = (shape: Shape, c: ShapeColumn): string | undefined =>
  mayOwe(shape, c) ? `owes_${c.index}` : undefined;

/** The stored names of columns that some record is yet to get. */
export async function owedColumns(duck: Duck): Promise<Set<string>> {
  return new Set((await duck.all<{ col: string }>("SELECT DISTINCT col FROM st.owed")).map(({ col }) => col));
}

/** `owes_*` of the rows of `mapped` with a base (b), and whence. */
export function owedFacts(shape: Shape, { owed }: Pick<Contact, "owed">): { facts: string[]; join: string } {
  const columns = owing(shape);
  const some = columns.filter((c) => owed.has(storedName(c)));
  const is = (c: ShapeColumn) => (some.includes(c) ? `(w.owes_${c.index} IS TRUE)` : "false");
  const each = some.map((c) => `bool_or(col = ${text(storedName(c))}) AS owes_${c.index}`);
  return {
    facts: columns.map((c) => `${is(c)} AS owes_${c.index}`),
    join: some.length
      ? `LEFT JOIN (SELECT ${list(["key", ...each])} FROM st.owed SEMI JOIN mapped USING (key) GROUP BY key) w ON w.key = b.key`
      : "",
  };
}

/**
 * Of a decided row (o_*, seen_*): the column is as it was when the record was made. A lookup was empty then, and the record active;
 * of the rest that is what we saw.
 */
export function asMade(shape: Shape, c: ShapeColumn): string {
  if (c.awaits) return `(o_${c.index} IS NULL)`;
  const { state } = statesOf(shape);
  if (isState(c) && state) return `(coalesce(o_${state.index}, ${initial}) = ${initial})`;
  return `(o_${c.index} IS NOT DISTINCT FROM seen_${c.index})`;
}

/** Rows that are looked at for it; not those that left, nor any that waits for something of its own. */
export function wakeOwed(shape: Shape): string[] {
  const names = owing(shape).map((c) => text(storedName(c)));
  if (names.length === 0) return [];
  const own = "SELECT key FROM st.pending WHERE status <> 'waits'";
  return [
    `SELECT key FROM st.owed SEMI JOIN (SELECT key FROM st.link WHERE h IS NOT NULL) USING (key) WHERE col IN (${names.join(", ")}) AND key NOT IN (${own})`,
  ];
}

/** SELECT of (key, col) for every column of a row (c) that its `mask` names. `columns`: their stored names and bits. */
const columnsIn = (columns: { name: string; index: number }[], mask: string, from: string): string =>
  `SELECT c.key, unnest(list_filter([${columns.map((c) => `CASE WHEN ${has(mask, c)} THEN ${text(c.name)} END`).join(", ")}], lambda col: col IS NOT NULL)) AS col FROM ${from}`;

/** `new_owed`: what of records that this run made it was to set later (`sent`), and did not. */
export function newOwed(shape: Shape, file: { change: (wave: Wave) => string }): string {
  const none = "CREATE OR REPLACE TABLE new_owed(key VARCHAR, col VARCHAR)";
  if (!inSeveralWaves(shape)) return none;
  const columns = shape.columns.map((c) => ({ name: storedName(c), index: c.index }));
  const from = `${parquetRows(file.change("3-complete"), "file_row_number=true")} c
JOIN sent s ON s.wave = '3-complete' AND s.n = c.file_row_number AND s.status NOT IN ('created', 'updated')
SEMI JOIN (SELECT key FROM final WHERE action = 'create' AND id IS NOT NULL) f ON f.key = c.key`;
  return `CREATE OR REPLACE TABLE new_owed AS ${columnsIn(columns, "c.m", from)}`;
}

/** The stored names of a file's columns by the bits of its masks: the mapping may be another by now. */
export const maskedIn = (inFile: string[]): string[] =>
  inFile.filter((name) => name.startsWith("c_")).map((name) => name.slice(2));

/**
 * The same of records that a dead run made, in the table `rows`: what it was to set `later`, of columns with these names. Where the
 * file that tells is lost (`names` undefined) that may be all that is set later.
 */
export function owedTo(shape: Shape, rows: string, names: string[] | undefined): string {
  const late = shape.columns.filter(isLate).map(({ index, ...c }) => ({ name: storedName(c), index }));
  const columns = names?.map((name, index) => ({ name, index })) ?? late;
  return `INSERT INTO st.owed ${columnsIn(columns, names ? "c.later" : everyBit, `${rows} c`)}`;
}

/**
 * Of the changes of a file (c), each beside its record (h): bits of its masks whose column is owed and not there. `known`: the file's
 * columns with these bits.
 */
export function owedStill(known: (ShapeColumn & { bit: { index: number } })[]): { lacking: string[]; join: string } {
  const late = known.filter(isLate);
  const each = late.map((c) => `bool_or(col = ${text(storedName(c))}) AS owes_${c.index}`);
  return {
    lacking: late.map(
      (c) =>
        `CASE WHEN w.owes_${c.index} AND h.${stored(c)} IS DISTINCT FROM c.${stored(c)} THEN ${bit(c.bit)} ELSE 0 END`,
    ),
    join: late.length
      ? `LEFT JOIN (SELECT ${list(["key", ...each])} FROM st.owed GROUP BY key) w ON w.key = c.key`
      : "",
  };
}

/**
 * What an undo has taken back of what a run under `syncFile` was to set only once is owed again (`new_owed`): the next run decides
 * as if the first had never been. Wants `sent`.
 */
export function owedAgain(shape: Shape, file: { change: (wave: Wave) => string }, syncFile: SyncFile): string[] {
  const lineOf = ({ name, target }: ShapeColumn) =>
    syncFile.mapping[name] ??
    (target.type === "state" ? syncFile.mapping[statesOf(shape).status?.name ?? name] : undefined);
  const once = (c: ShapeColumn) => syncFile.mode === "create" || (lineOf(c)?.write ?? "always") !== "always";
  const columns = shape.columns
    .filter((c) => isLate(c) && once(c))
    .map((c) => ({ name: storedName(c), index: c.index }));
  if (columns.length === 0) return [];
  return wavesBesideCreates(shape).map((wave) => {
    const from = `${parquetRows(file.change(wave), "file_row_number=true")} c
JOIN sent s ON s.wave = ${text(wave)} AND s.n = c.file_row_number AND s.status IN ('created', 'updated')
SEMI JOIN (SELECT key FROM final WHERE action <> 'create' AND id IS NOT NULL) f ON f.key = c.key`;
    return `INSERT INTO new_owed ${columnsIn(columns, "c.m", from)}`;
  });
}
