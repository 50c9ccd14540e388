import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { columnsIn, columnsOf } from "../columns-of.ts";
import { brokenRun, journalTorn } from "../damage.ts";
import { type Duck, ident, parquetRows, text } from "../duck.ts";
import { readKeptJob } from "../kept-job.ts";
import { exists, runFiles, type SentWave, type Wave } from "../layout.ts";
import type { Shape } from "../shape.ts";
import { keptRows } from "../sql/kept.ts";
import { has, list, stored, storedName } from "../sql/names.ts";
import { readJournal, sentChanges } from "../sql/settle.ts";
import { withReason } from "../sql/states.ts";
import { readUndoNote } from "./note.ts";

/**
 * The files of one run as far as undo needs them. `columns`: of each change file, in order. `before`: waves that have kept the
 * state of their records. `never`: waves that would have, had they begun. `ended`: it told its end itself.
 */
export type RunFolder = {
  run: string;
  /** Of an undo: the run that it takes back. */
  of?: string;
  files: ReturnType<typeof runFiles>;
  columns: Map<Wave, string[]>;
  before: Wave[];
  never: Wave[];
  ended: boolean;
  /** It has written nothing. */
  idle?: boolean;
};

/** Runs that looked at rows (`touched`), and their files. */
export type Looked = [run: string, files: RunFolder["files"]][];

/** The change files of a run's folder and their columns. @throws SluiceError state_broken: its journal is not what it left. */
export async function openRun(duck: Duck, runs: string, run: string, ended: boolean): Promise<RunFolder> {
  const files = runFiles(join(runs, run));
  if (ended && (await journalTorn(join(runs, run)))) throw brokenRun([files.journal]);
  const columns = new Map<Wave, string[]>();
  for (const wave of await wavesIn(join(runs, run))) columns.set(wave, await columnsIn(duck, files.change(wave)));
  const [before, never]: [Wave[], Wave[]] = [[], []];
  const kept = (await readKeptJob(files))?.statesKept;
  // A torn one says nothing: then the run is believed to have changed what it sent.
  for (const [wave, names] of columns)
    if (await exists(files.before(wave))) before.push(...((await columnsOf(duck, files.before(wave))) ? [wave] : []));
    else if (kept && names.includes("c_statecode") && !masked(names)) never.push(wave);
  return { run, files, columns, before, never, ended };
}

/** The waves of a run by its folder; records that lookups asked for are none. */
export async function wavesIn(folder: string): Promise<Wave[]> {
  const names = await readdir(folder);
  return names.flatMap((name) => (/^change-(?!0-parents-)(.+)\.parquet$/.exec(name)?.[1] as Wave | undefined) ?? []);
}

/** A file of mere activations or deactivations has no masks. */
const masked = (names: string[]): boolean => names.includes("a");

/** The stored names of the columns that a run wrote; a mere activation or deactivation is none. */
export const namesIn = ({ columns }: RunFolder): string[] =>
  [...columns.values()].flatMap((names) =>
    masked(names) ? names.flatMap((name) => (name.startsWith("c_") ? [name.slice(2)] : [])) : [],
  );

/**
 * Makes `written` (wave, n, key, kind, id, sure, idle, was, reason): the changes of a run that were taken, or may have been: those
 * whose answer was lost, and all without one where the run died, but of waves that never began. One whose answer was lost is
 * sure where the run read back that it was done: then its row is not listed as one that could not be written. An idle one put
 * to rest or woke a record that was so before; was: the state it was in where that is another than the two we set; reason: its status reason then. `sent` is used on the way.
 * @throws SluiceError state_broken: changes that it began to send are gone.
 */
export async function writtenChanges(duck: Duck, { files, columns, before, never, ended }: RunFolder): Promise<void> {
  for (const statement of readJournal((await exists(files.journal)) ? files.journal : undefined, ended))
    await duck.run(statement);
  const begun = await duck.all<{ w: SentWave }>("SELECT DISTINCT w FROM line ORDER BY w");
  const gone = begun.flatMap(({ w }) => (w.startsWith("0-parents-") || columns.has(w as Wave) ? [] : [w as Wave]));
  if (gone.length > 0) throw brokenRun(gone.map(files.change));
  await duck.run(sentChanges([...columns.keys()], files.change));
  const maybe = ended ? "'unknown'" : "'unknown', 'unsent'";
  // A create that was told of a record that is there already has made none, unless that has the id that we chose.
  const met = "(wave = '1-create' AND status = 'unknown' AND code IS NOT NULL AND id IS NULL)";
  // What undo left as it was says nothing of what it wrote.
  const unsettled = `SELECT key FROM ${parquetRows(files.outcome)} WHERE key IS NOT NULL AND NOT starts_with(coalesce(code, ''), 'undo_')`;
  const settled = ended && (await exists(files.outcome)) ? `status = 'unknown' AND key NOT IN (${unsettled})` : "false";
  const states = before.map(
    (wave) => `SELECT ${text(wave)} AS wave, id, c_statecode, c_statuscode FROM ${withReason(files.before(wave))}`,
  );
  const none = "SELECT '' AS wave, '' AS id, '' AS c_statecode, '' AS c_statuscode WHERE false";
  const idle = "coalesce(c_statecode = CASE wave WHEN '0-activate' THEN '0' ELSE '1' END, false)";
  await duck.run(
    `CREATE OR REPLACE TABLE written AS SELECT wave, n, key, kind, id, status IN ('created', 'updated', 'deleted') OR (${settled}) AS sure, ${idle} AS idle, CASE WHEN c_statecode NOT IN ('0', '1') THEN c_statecode END AS was, c_statuscode AS reason
FROM sent LEFT JOIN (${[none, ...states].join(" UNION ALL ")}) USING (wave, id) WHERE status IN ('created', 'updated', 'deleted', ${maybe}) AND NOT ${met} AND NOT (status = 'unsent' AND wave IN (${["", ...never].map(text).join(", ")}))`,
  );
}

/** SQL of the masked changes in `written`: key, id, kind, and of each column of the shape w (written?), c (as sent), b (before), l (set late, if at all). */
function cells(shape: Shape, { files, columns }: RunFolder): string[] {
  return [...columns].flatMap(([wave, names]) => {
    if (!masked(names)) return [];
    const bits = names.filter((name) => name.startsWith("c_"));
    const values = shape.columns.flatMap((c) => {
      const index = bits.indexOf(`c_${storedName(c)}`);
      if (index < 0) return noCell(c);
      const written = has("r.m", { index });
      const before = names.includes(`o_${c.name}`)
        ? `CASE WHEN ${written} THEN r.${ident(`o_${c.name}`)} END`
        : "NULL::VARCHAR";
      return [
        `${written} AS w_${c.index}`,
        `CASE WHEN ${written} THEN r.${stored(c)} END AS c_${c.index}`,
        `${before} AS b_${c.index}`,
        `${wave === "3-complete" ? `${written} AND NOT s.sure` : "false"} AS l_${c.index}`,
      ];
    });
    return [
      `SELECT ${list(["s.key", "s.id", "s.kind", "s.sure", ...values])} FROM written s
JOIN ${keptRows(shape.columns, files.change(wave), names)} r ON r.file_row_number = s.n WHERE s.wave = ${text(wave)}`,
    ];
  });
}

const noCell = ({ index }: { index: number }): string[] => [
  `false AS w_${index}`,
  `NULL::VARCHAR AS c_${index}`,
  `NULL::VARCHAR AS b_${index}`,
  `false AS l_${index}`,
];

const nothing = (shape: Shape): string =>
  `SELECT ${list(["NULL::VARCHAR AS key", "NULL::VARCHAR AS id", "NULL::VARCHAR AS kind", "false AS sure", ...shape.columns.flatMap(noCell)])} WHERE false`;

/**
 * `wrote`: one row per source row of the run that it wrote or linked: made, guessed (nothing tells that it was made, nor which
 * record came of it: it has the one that its row has now), deleted, rested (deactivated), woken, idle (and was
 * so before), was (in a state that we do not set, before), reason (its status reason before, of a record put to rest or woken), linked (adopted), at_rest (by us, before it), left_ (it had gone from the source), whole (made, and it is known
 * what all its columns then held), and of each column w_i (written?), c_i (what the destination then held), b_i (what it
 * held before) and l_i (it was to be set once the record was made, and nobody knows whether it was). `wrote_member`: its memberships (key, id, list, does). Wants `written` of this run, and `took`.
 */
export async function wroteTable(duck: Duck, shape: Shape, run: RunFolder): Promise<void> {
  const each = shape.columns.flatMap((c) => [
    `coalesce(bool_or(w_${c.index}), false) AS w_${c.index}`,
    `max(c_${c.index}) AS c_${c.index}`,
    `max(b_${c.index}) AS b_${c.index}`,
    `coalesce(bool_or(l_${c.index}), false) AS l_${c.index}`,
  ]);
  const held = (await exists(run.files.written)) ? run.files.written : undefined;
  const whole = `coalesce(bool_or(kind = 'create' AND sure), false) AND ${held !== undefined} AS whole`;
  await duck.run(`CREATE OR REPLACE TABLE wrote_cell AS
SELECT ${list(["key", whole, ...each])} FROM (${[nothing(shape), ...cells(shape, run)].join("\nUNION ALL ")}) GROUP BY key`);
  const inFile = new Set(held === undefined ? [] : await columnsIn(duck, held));
  if (held !== undefined)
    await duck.run(`UPDATE wrote_cell SET ${list([
      "key = h.key",
      ...shape.columns
        .filter((c) => inFile.has(`c_${storedName(c)}`))
        .map((c) => `c_${c.index} = CASE WHEN w_${c.index} OR whole THEN h.${stored(c)} END`),
    ])}
FROM ${keptRows(shape.columns, held, inFile)} h WHERE h.key = wrote_cell.key`);
  const looked = (await exists(run.files.touched))
    ? `SELECT key, id, gone, rested AS at_rest, action = 'adopt' AND link_ = 'none' AND id IS NOT NULL AS linked FROM ${parquetRows(run.files.touched)}`
    : "SELECT NULL::VARCHAR AS key, NULL::VARCHAR AS id, false AS gone, false AS at_rest, false AS linked WHERE false";
  await duck.run(`CREATE OR REPLACE TABLE wrote AS
WITH looked AS (${looked}),
row AS (SELECT key, max(id) AS id, bool_or(wave = '1-create') AS made, bool_or(wave = '1-create' AND NOT sure AND id IS NULL) AS guessed, bool_or(wave = '4-delete') AS deleted,
  bool_or(kind = 'deactivate') AS rested, bool_or(kind = 'activate') AS woken, bool_or(idle) AS idle, max(was) AS was, max(reason) AS reason FROM written GROUP BY key
  UNION ALL SELECT key, id, false, false, false, false, false, false, NULL, NULL FROM looked WHERE key NOT IN (SELECT key FROM written) AND (linked OR key IN (SELECT key FROM took)))
SELECT r.* REPLACE (coalesce(r.id, l.id) AS id), coalesce(t.linked, false) AS linked, coalesce(t.at_rest, false) AS at_rest, coalesce(t.gone, false) AS left_, coalesce(w.whole, false) AS whole,
  ${list(shape.columns.flatMap((c) => [`coalesce(w.w_${c.index}, false) AS w_${c.index}`, `w.c_${c.index}`, `w.b_${c.index}`, `coalesce(w.l_${c.index}, false) AS l_${c.index}`]))}
FROM row r LEFT JOIN looked t ON t.key = r.key LEFT JOIN wrote_cell w ON w.key = r.key LEFT JOIN st.link l ON l.key = r.key
WHERE coalesce(r.id, l.id) IS NOT NULL`);
  await duck.run(`CREATE OR REPLACE TABLE wrote_member AS ${members(run)}`);
}

/** SQL of the memberships in `written`: key, id, list, does, sure. */
function members({ files, columns }: RunFolder): string {
  const each = [...columns.keys()].flatMap((wave) => {
    const does = /^2-(add|remove)-/.exec(wave)?.[1];
    return does === undefined
      ? []
      : [
          `SELECT s.key, s.id, r.list, '${does}' AS does, s.sure FROM written s
JOIN ${parquetRows(files.change(wave), "file_row_number=true")} r ON r.file_row_number = s.n WHERE s.wave = ${text(wave)}`,
        ];
  });
  const none =
    "SELECT NULL::VARCHAR AS key, NULL::VARCHAR AS id, NULL::VARCHAR AS list, NULL::VARCHAR AS does, false AS sure WHERE false";
  return [none, ...each].join("\nUNION ALL ");
}

/**
 * `took` (key, id, list, does): memberships that the run found there and took for its own, or an undo gave back (take, drop): nothing
 * was sent for them. `took_later` the same of later runs (`looked`), with the run; as in `laterTable`, what an undo among them has
 * brought back does not count.
 */
export async function tookTables(duck: Duck, own: RunFolder, looked: Looked): Promise<void> {
  const told = async ({ taken, dropped }: RunFolder["files"]): Promise<string> => {
    const parts = ["SELECT NULL::VARCHAR AS key, NULL::VARCHAR AS id, NULL::VARCHAR AS list, '' AS does WHERE false"];
    for (const [does, path] of Object.entries({ take: taken, drop: dropped }))
      if (await exists(path)) parts.push(`SELECT key, id, list, ${text(does)} FROM ${parquetRows(path)}`);
    return parts.join("\nUNION ALL ");
  };
  await duck.run(`CREATE OR REPLACE TABLE took AS ${await told(own.files)}`);
  await duck.run("CREATE OR REPLACE TABLE took_later(run VARCHAR, key VARCHAR, id VARCHAR, list VARCHAR)");
  for (const [run, files] of looked)
    await duck.run(`INSERT INTO took_later SELECT ${text(run)}, key, id, list FROM (${await told(files)})`);
  for (const [undo, files] of looked.toReversed()) {
    const undone = (await readUndoNote(files.undo))?.of;
    if (undone === undefined) continue;
    const by = (run: string) => `SELECT list, id FROM took_later WHERE run = ${text(run)}`;
    const both = `run IN (${text(undone)}, ${text(undo)}) AND (list, id) IN (${by(undone)}) AND (list, id) IN (${by(undo)})`;
    await duck.run(`DELETE FROM took_later WHERE ${undone === own.run ? `run = ${text(undo)}` : both}`);
  }
}

/**
 * `later`: what later runs (`runs`) wrote of the rows of the run `of`, by column, and `later_member`. What an undo among them has brought
 * back to what it was before its run does not count, neither as that run's nor as the undo's: so runs can be taken back one
 * after another, the newest first. Neither does what was idle (its wave is `idle`). And `undoneTables`.
 */
export async function laterTable(duck: Duck, shape: Shape, of: string, runs: RunFolder[]): Promise<void> {
  const empty = `SELECT '' AS run, '' AS wave, * EXCLUDE (id, kind) FROM (${nothing(shape)})`;
  await duck.run(`CREATE OR REPLACE TABLE later AS ${empty}`);
  await duck.run(
    "CREATE OR REPLACE TABLE later_member(run VARCHAR, key VARCHAR, list VARCHAR, id VARCHAR, sure BOOLEAN)",
  );
  for (const run of runs) {
    await writtenChanges(duck, run);
    const rows = [nothing(shape), ...cells(shape, run)].map(
      (part) => `SELECT 'cell' AS wave, * EXCLUDE (id, kind) FROM (${part})`,
    );
    rows.push("SELECT CASE WHEN idle THEN 'idle' ELSE wave END AS wave, key, sure FROM written");
    await duck.run(
      `INSERT INTO later BY NAME SELECT ${text(run.run)} AS run, * FROM (${rows.join("\nUNION ALL BY NAME ")}) WHERE key IN (SELECT key FROM wrote)`,
    );
    await duck.run(`INSERT INTO later_member SELECT ${text(run.run)}, key, list, id, sure FROM (${members(run)})`);
  }
  // The newest first: one that was itself taken back has brought back nothing.
  for (const undo of runs.toReversed()) {
    const of = runs.find((each) => each.run === undo.of);
    if (!of) continue;
    for (const statement of withoutUndone(shape, of, undo)) await duck.run(statement);
    if (undo.ended && (await exists(undo.files.outcome)) && !runs.some((each) => each.of === undo.run))
      for (const statement of withoutWhole(of, undo)) await duck.run(statement);
  }
  for (const statement of await undoneTables(shape, of, runs)) await duck.run(statement);
}

/**
 * Statements that make `undone`, one row per row of the run `of` that undos of it have surely seen to: whole (with all of it),
 * made, deleted, rested, woken (the record), and of each column w_i; and `undone_member` (list, id). What an undo among
 * `runs` has brought back since is the run's again. In `later` such undos do not count: what they could not do is still to be done.
 */
async function undoneTables({ columns }: Shape, of: string, runs: RunFolder[]): Promise<string[]> {
  const undos = runs.filter((each) => each.of === of);
  const own = `run IN (${["", ...undos.map(({ run }) => run)].map(text).join(", ")})`;
  const whole: string[] = [];
  for (const undo of undos)
    if (undo.ended && (await exists(undo.files.outcome))) {
      // One that had nothing to do had it of an earlier one: what brings that back since brings back what both have seen to.
      const since = runs.slice(runs.indexOf(undo) + 1).filter((each) => undos.some(({ run }) => run === each.of));
      const again = since.map(({ files }) => files.touched);
      const not = again.map((touched) => ` AND key NOT IN (SELECT key FROM ${parquetRows(touched)})`);
      whole.push(`SELECT key, 'whole' AS wave FROM (${wholeRows(undo)}${not.join("")})`);
    }
  const rows = [`SELECT * FROM later WHERE ${own} AND sure`, ...whole].join("\nUNION ALL BY NAME ");
  const did = { whole: "whole", made: "1-create", deleted: "4-delete", rested: "3-deactivate", woken: "0-activate" };
  const each = [
    ...Object.entries(did).map(([name, wave]) => `bool_or(wave = '${wave}') AS ${name}`),
    ...columns.map(({ index }) => `coalesce(bool_or(w_${index}), false) AS w_${index}`),
  ];
  return [
    `CREATE OR REPLACE TABLE undone AS SELECT ${list(["key", ...each])} FROM (${rows}) GROUP BY key`,
    `CREATE OR REPLACE TABLE undone_member AS SELECT DISTINCT list, id FROM later_member WHERE ${own} AND sure`,
    ...["later", "later_member"].map((table) => `DELETE FROM ${table} WHERE ${own}`),
  ];
}

/** Statements after which neither the run `of` nor its undo `by` count for what the undo has brought back. */
function withoutUndone({ columns }: Shape, of: RunFolder, by: RunFolder): string[] {
  const both = `run IN (${text(of.run)}, ${text(by.run)})`;
  const ofUndo = `run = ${text(by.run)} AND sure`;
  const ofRun = `run = ${text(of.run)}`;
  const states = "wave IN ('0-activate', '3-deactivate')";
  const w = columns.map((c) => `w_${c.index}`);
  const cells = [
    `UPDATE later SET ${list(w.map((name) => `${name} = later.${name} AND NOT u.${name}`))}
FROM (SELECT ${list(["key", ...w.map((name) => `bool_or(${name}) AS ${name}`)])} FROM later WHERE ${ofUndo} AND wave = 'cell' GROUP BY key) u
WHERE u.key = later.key AND ${both} AND later.wave = 'cell'`,
    `DELETE FROM later WHERE ${both} AND wave = 'cell' AND NOT (${w.join(" OR ")})`,
  ];
  // An activation that writes columns is an update, too.
  const updates = [of, by].map((each) => {
    const waves = ["2-update", "3-complete", ...(masked(each.columns.get("0-activate") ?? []) ? ["0-activate"] : [])];
    return `(run = ${text(each.run)} AND wave IN (${waves.map(text).join(", ")}))`;
  });
  // A record that was deleted and made anew, or made and deleted: whatever else either wrote of it came or went with it.
  const turned = (
    done: Wave,
    back: Wave,
  ) => `DELETE FROM later WHERE ${both} AND key IN (SELECT key FROM later WHERE ${ofUndo} AND wave = '${back}')
AND key IN (SELECT key FROM later WHERE ${ofRun} AND wave = '${done}')`;
  return [
    turned("4-delete", "1-create"),
    turned("1-create", "4-delete"),
    ...(w.length > 0 ? cells : []),
    `DELETE FROM later WHERE ${both} AND ${states} AND key IN (SELECT key FROM later WHERE ${ofUndo} AND ${states})
AND key IN (SELECT key FROM later WHERE ${ofRun} AND ${states})`,
    `DELETE FROM later_member WHERE ${both} AND (list, id) IN (SELECT list, id FROM later_member WHERE ${ofUndo})
AND (list, id) IN (SELECT list, id FROM later_member WHERE ${ofRun})`,
    // Updates and memberships of which nothing is left.
    `DELETE FROM later WHERE (${updates.join(" OR ")}) AND (run, key) NOT IN (SELECT run, key FROM later WHERE wave = 'cell')`,
    `DELETE FROM later WHERE ${both} AND regexp_matches(wave, '^2-(add|remove)-') AND (run, key) NOT IN (SELECT run, key FROM later_member)`,
  ];
}

/** The same for rows of which the undo left nothing: what it had not to write was as before already, by whomever. */
function withoutWhole(of: RunFolder, undo: RunFolder): string[] {
  return ["later", "later_member"].map(
    (table) => `DELETE FROM ${table} WHERE run IN (${text(of.run)}, ${text(undo.run)}) AND key IN (${wholeRows(undo)})`,
  );
}

/** SQL of the rows that an undo which ended has seen to and left nothing of. */
const wholeRows = ({ files }: RunFolder): string =>
  `SELECT key FROM ${parquetRows(files.touched)} WHERE key NOT IN (SELECT key FROM ${parquetRows(files.outcome)} WHERE key IS NOT NULL)`;

/** `found_later` (key, id, run): records that rows without one were given by later runs (`looked`), since they found them there. */
export function foundLater(looked: Looked): string {
  const none = "SELECT NULL::VARCHAR AS run, NULL::VARCHAR AS key, NULL::VARCHAR AS id WHERE false";
  const each = looked.map(
    ([run, { touched }]) =>
      `SELECT ${text(run)}, key, id FROM ${parquetRows(touched)} WHERE action = 'adopt' AND link_ = 'none' AND id IS NOT NULL`,
  );
  return `CREATE OR REPLACE TABLE found_later AS SELECT key, id, max(run) AS run FROM (${[none, ...each].join("\nUNION ALL ")}) GROUP BY key, id`;
}

/** `let_go` (key, id): which record a row had before an undo of the run `of` among later runs (`looked`). */
export async function letGo(of: string, looked: Looked): Promise<string> {
  const each = ["SELECT NULL::VARCHAR AS key, NULL::VARCHAR AS id WHERE false"];
  for (const [, { undo, touched }] of looked)
    if ((await readUndoNote(undo))?.of === of) each.push(`SELECT key, old_id FROM ${parquetRows(touched)}`);
  return `CREATE OR REPLACE TABLE let_go AS ${each.join("\nUNION ALL ")}`;
}
