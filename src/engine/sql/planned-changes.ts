import { ident, parquetRows, text } from "../duck.ts";
import type { KeptJob } from "../kept-job.ts";
import type { runFiles, Wave } from "../layout.ts";
import { withReason } from "./states.ts";

/** Which changes: of these kinds, of these rows, of these columns; what is absent selects nothing out. */
export type ChangeFilter = {
  kinds?: string[] | undefined;
  keys?: string[] | undefined;
  columns?: string[] | undefined;
};

const change = 'STRUCT("column" VARCHAR, "old" VARCHAR, "new" VARCHAR, reason VARCHAR)';

const entry = (column: string, old: string, now: string, reason: string): string =>
  `{'column': ${column}, 'old': ${old}, 'new': ${now}, 'reason': ${reason}}`;

/**
 * One SELECT over the change files of a run's folder, wave after wave, that yields a row for each change of a record:
 * key, kind, id and `columns`, a list of (column, old, new, reason). It reads each file once and groups nothing, so any
 * number of changes passes in bounded memory: a record that is written in several waves shows in each. Of an undo (`isUndo`)
 * every change has one reason.
 */
export function plannedChanges(
  kept: KeptJob,
  files: ReturnType<typeof runFiles>,
  filter: ChangeFilter,
  isUndo = false,
): string {
  const read = (wave: Wave) => parquetRows(files.change(wave));
  const selects = [
    ...kept.parents.map((_, k) => parentRows(kept, files, k)),
    stateRows(kept, files, "0-activate", { kind: "update", old: "1", now: "0", reason: "its row is there again" }),
    createRows(kept, read("1-create")),
    `SELECT key, kind, id, ${columnList(kept)} AS columns FROM ${read("2-update")}`,
    ...kept.memberships.flatMap(({ title, audience }, i) => [
      memberRows(read(`2-remove-${i}`), "remove", entry(text(title), "'member'", "NULL", text(`left ${audience}`))),
      memberRows(read(`2-add-${i}`), "add", entry(text(title), "NULL", "'member'", entered(audience))),
    ]),
    laterRows(kept, files, "3-complete"),
    stateRows(kept, files, "3-deactivate", { kind: "leave", old: "0", now: "1", reason: "left the source" }),
    deletedRows(kept, read("4-delete")),
    adoptedRows(read, files.touched),
  ];
  const undone = `list_transform(columns, lambda c: ${entry('c."column"', 'c."old"', 'c."new"', "'undone'")})`;
  const told = `SELECT key, kind, id, ${isUndo ? undone : "columns"} AS columns FROM (
${selects.join("\nUNION ALL ")})`;
  return `SELECT key, kind, id, ${chosenColumns(filter)} AS columns FROM (${told}) WHERE ${conditions(filter)}`;
}

/** What the changes of a run may have as their columns, memberships and columns of other tables' records among them. */
export function writableNames({ columns, parties, memberships, parents }: KeptJob): string[] {
  const own = [...columns, ...parties].map(({ name }) => name);
  const others = parents.flatMap(({ object, columns: of }) => of.map(({ name }) => `${object}.${name}`));
  return [...new Set([...own, "statecode", ...memberships.map(({ title }) => title), ...others])];
}

function chosenColumns({ columns }: ChangeFilter): string {
  return columns ? `list_filter(columns, lambda c: c."column" IN (${columns.map(text).join(", ")}))` : "columns";
}

function conditions(filter: ChangeFilter): string {
  const { kinds, keys } = filter;
  const terms = [
    ...(kinds ? [`kind IN (${kinds.map(text).join(", ")})`] : []),
    ...(keys ? [`key IN (${keys.map(text).join(", ")})`] : []),
    ...(filter.columns ? [`len(${chosenColumns(filter)}) > 0`] : []),
  ];
  return terms.join(" AND ") || "true";
}

const bit = (of: { bit: number }): string => `(${2n ** BigInt(of.bit)})::UBIGINT`;
const within = (mask: string, of: { bit: number }): string => `(${mask} & ${bit(of)}) <> 0`;
const known = (items: string[]): string => `list_filter([${items.join(", ")}]::${change}[], lambda c: c IS NOT NULL)`;

/** The columns that a row of masks and values writes. `created`: the record is new, with all it holds. */
function columnList(kept: KeptJob, created = "false"): string {
  return known(
    kept.columns.map((c) => {
      const now = ident(c.stored);
      const why = `CASE WHEN ${created} THEN 'new' ${reasons(c, now)} END`;
      return `CASE WHEN ${within("m", c)} THEN ${entry(text(c.name), `CASE WHEN NOT ${created} THEN ${ident(`o_${c.name}`)} END`, now, why)} END`;
    }),
  );
}

/** The arms of a CASE: why a column is written. An audience's follows from the audience, unless only the other side moved. */
function reasons(c: KeptJob["columns"][number], now: string): string {
  const [source, destination] = [within("sm", c), within("dm", c)];
  const drift = "'drift: changed there'";
  if (c.audience !== undefined)
    return `WHEN ${destination} AND NOT ${source} THEN ${drift}
  WHEN ${now} = 'realized' THEN ${text(`entered ${c.audience}`)} ELSE ${text(`left ${c.audience}`)}`;
  return `WHEN kind = 'leave' THEN 'left the source' WHEN ${source} AND ${destination} THEN 'conflict: changed here and there'
  WHEN ${destination} THEN ${drift} WHEN ${source} THEN 'source changed' ELSE 'first contact'`;
}

function createRows(kept: KeptJob, from: string): string {
  const values = kept.columns.map(
    (c) => `CASE WHEN ${within("m", c)} THEN ${entry(text(c.name), "NULL", ident(c.stored), "'new'")} END`,
  );
  const parties = kept.parties.map(
    (c) => `CASE WHEN ${ident(c.stored)} IS NOT NULL THEN ${entry(text(c.name), "NULL", ident(c.stored), "'new'")} END`,
  );
  return `SELECT key, 'create' AS kind, id, ${known([...values, ...parties])} AS columns FROM ${from}`;
}

function parentRows({ parents }: KeptJob, files: ReturnType<typeof runFiles>, k: number): string {
  const { object, columns } = parents[k]!;
  const values = columns.map((c) =>
    entry(text(`${object}.${c.name}`), "NULL", ident(c.stored), "'asked for by a lookup'"),
  );
  return `SELECT key, 'parent' AS kind, id, [${values.join(", ")}]::${change}[] AS columns FROM ${parquetRows(files.parents(k))}`;
}

const entered = (audience: string) =>
  `CASE WHEN ours THEN 'drift: taken out there' ELSE ${text(`entered ${audience}`)} END`;

const memberRows = (from: string, kind: string, column: string): string =>
  `SELECT key, '${kind}' AS kind, id, [${column}]::${change}[] AS columns FROM ${from}`;

type StateRow = { kind: string; old: string; now: string; reason: string };

/** A file that sets nothing but the state has no masks; one that wakes records into a mapped state is like any other. */
function stateRows(kept: KeptJob, files: ReturnType<typeof runFiles>, wave: Wave, row: StateRow): string {
  if (wave === "0-activate" && kept.stateMapped) return laterRows(kept, files, wave);
  const state = entry("'statecode'", text(row.old), text(row.now), text(row.reason));
  const reason = `CASE WHEN c_statuscode IS NOT NULL THEN ${entry("'statuscode'", "o_statuscode", "c_statuscode", text(row.reason))} END`;
  return `SELECT key, '${row.kind}' AS kind, id, ${known([state, reason])} AS columns FROM ${withReason(files.change(wave))}`;
}

/** What is written into a record before or after the rest of it, under the kind that its row goes by. */
function laterRows(kept: KeptJob, files: ReturnType<typeof runFiles>, wave: Wave): string {
  return `SELECT key, kind, id, ${columnList(kept, "kind = 'create'")} AS columns FROM (
  SELECT c.* REPLACE (t.action AS kind) FROM ${parquetRows(files.change(wave))} c JOIN ${parquetRows(files.touched)} t ON t.key = c.key)`;
}

/** What goes with a record: of the columns that we write, what it holds. One of which nothing is known tells the reason alone. */
function deletedRows(kept: KeptJob, from: string): string {
  const reason = "'left the source'";
  const held = kept.columns.map((c) => {
    const old = ident(`o_${c.name}`);
    return `CASE WHEN ${old} IS NOT NULL THEN ${entry(text(c.name), old, "NULL", reason)} END`;
  });
  return `SELECT key, 'delete' AS kind, id,
  CASE WHEN len(held) > 0 THEN held ELSE [${entry("NULL", "NULL", "NULL", reason)}]::${change}[] END AS columns
FROM (SELECT key, id, ${known(held)} AS held FROM ${from})`;
}

/** Records that are adopted as they are: both sides agree, or nothing of them is ours to write. */
function adoptedRows(read: (wave: Wave) => string, touched: string): string {
  const written = `SELECT key FROM ${read("2-update")} WHERE kind = 'adopt' UNION ALL SELECT key FROM ${read("3-complete")}`;
  return `SELECT key, 'adopt' AS kind, id, []::${change}[] AS columns FROM ${parquetRows(touched)}
WHERE action = 'adopt' AND key NOT IN (${written})`;
}
