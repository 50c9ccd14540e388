import type { Duck } from "../duck.ts";
import { parquetRows, text } from "../duck.ts";
import type { Wave } from "../layout.ts";
import type { Shape, ShapeColumn } from "../shape.ts";
import { has, list, storedName } from "./names.ts";
import { inSeveralWaves, isState } from "./states.ts";
import type { Contact } from "./unmet.ts";

// Some columns of a record are set only after it is made: a lookup of another row of the same run, say. Where a run stops
// in between, the record is ours and lacks them; and a sync that only creates, or a line that only sets new records, would
// take it for complete. `st.owed` notes what is to come.

/** Whether a record may be yet to get the column though the sync, or its line, writes no record that exists. */
function mayOwe(shape: Shape, c: ShapeColumn): boolean {
  const late = c.awaits !== undefined || !c.target.create || isState(c);
  const once = shape.policies.mode === "create" || (c.line?.write ?? "always") !== "always";
  return c.role === "mapped" && late && once;
}

/** Of a decided row: whether its record is yet to get the column; undefined where none is. */
export const owes = (shape: Shape, c: ShapeColumn): string | undefined =>
  mayOwe(shape, c) ? `owes_${c.index}` : undefined;

/** The stored names of columns that some record is yet to get. */
export async function owedColumns(duck: Duck): Promise<Set<string>> {
  return new Set((await duck.all<{ col: string }>("SELECT DISTINCT col FROM st.owed")).map(({ col }) => col));
}

/** `owes_*` of the rows of `mapped` with a base (b), and whence. */
export function owedFacts(shape: Shape, { owed }: Pick<Contact, "owed">): { facts: string[]; join: string } {
  const columns = shape.columns.filter((c) => mayOwe(shape, c));
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

/** Rows that are looked at for it; not those that left. */
export function wakeOwed(shape: Shape): string[] {
  const names = shape.columns.filter((c) => mayOwe(shape, c)).map((c) => text(storedName(c)));
  if (names.length === 0) return [];
  return [
    `SELECT key FROM st.owed SEMI JOIN (SELECT key FROM st.link WHERE h IS NOT NULL) USING (key) WHERE col IN (${names.join(", ")})`,
  ];
}

/** SELECT of (key, col) for every column of a row (c) that its `mask` names. `columns`: their stored names and bits. */
const columnsIn = (columns: { name: string; index: number }[], mask: string, from: string): string =>
  `SELECT c.key, unnest(list_filter([${columns.map((c) => `CASE WHEN ${has(mask, c)} THEN ${text(c.name)} END`).join(", ")}], lambda col: col IS NOT NULL)) AS col FROM ${from}`;

/** `new_owed`: what of records that this run made it was to set later (`sent`), and did not. */
export function newOwed(shape: Shape, file: { change: (wave: Wave) => string }): string {
  const none = "CREATE OR REPLACE TEMP TABLE new_owed(key VARCHAR, col VARCHAR)";
  if (!inSeveralWaves(shape)) return none;
  const columns = shape.columns.map((c) => ({ name: storedName(c), index: c.index }));
  const from = `${parquetRows(file.change("3-complete"), "file_row_number=true")} c
JOIN sent s ON s.wave = '3-complete' AND s.n = c.file_row_number AND s.status NOT IN ('created', 'updated')
SEMI JOIN (SELECT key FROM final WHERE action = 'create' AND id IS NOT NULL) f ON f.key = c.key`;
  return `CREATE OR REPLACE TEMP TABLE new_owed AS ${columnsIn(columns, "c.m", from)}`;
}

/** The stored names of a file's columns by the bits of its masks: the mapping may be another by now. */
export const maskedIn = (inFile: string[]): string[] =>
  inFile.filter((name) => name.startsWith("c_")).map((name) => name.slice(2));

/** The same of records that a dead run made, in the table `rows`: what it was to set `later`, of columns with these names. */
export const owedTo = (rows: string, names: string[]): string =>
  `INSERT INTO st.owed ${columnsIn(
    names.map((name, index) => ({ name, index })),
    "c.later",
    `${rows} c`,
  )}`;
