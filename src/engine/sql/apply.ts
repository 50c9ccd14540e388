import { ident, parquetRows, text } from "../duck.ts";
import { type runFiles, type Wave, wavesOf } from "../layout.ts";
import type { Shape } from "../shape.ts";
import { has, stored, wanted } from "./names.ts";
import { partyColumn } from "./parties.ts";
import { arePlanned, holdsPlanned } from "./planned.ts";
import { inSeveralWaves, isState, waveMasks, wavesBesideCreates } from "./states.ts";
import type { Values } from "./valued.ts";

type Files = Pick<ReturnType<typeof runFiles>, "change">;

/** What a plan changes is looked at, whatever else happened to it. */
export function wakePlanned(shape: Shape, planned: Files): string {
  const keys = wavesOf(shape).map((wave) => `SELECT key FROM ${parquetRows(planned.change(wave))}`);
  return `INSERT INTO wake SELECT DISTINCT key FROM (${keys.join(" UNION ALL ")}) WHERE key NOT IN (SELECT key FROM wake)`;
}

/** The waves that take a record out of use, whatever it holds. Their files tell what that is. */
export const endings = ["3-deactivate", "4-delete"] as const;

/** The columns that an earlier plan's files of these waves have: an older Sluice did not tell what records held that it deactivates. */
export type EndingColumns = Record<(typeof endings)[number], string[]>;

/**
 * `compared`: one row a key that the earlier plan or this one (`decided`, and its change files) changes. `same`: both do exactly
 * the same to it: the same columns, from the same old values to the same new ones. A record that is deleted or deactivated holds
 * the same in all mapped columns, as far as the earlier plan has `told` them. What that could not know yet (the id of a record that
 * it, or another sync, was to create) may be anything. Of a plan that was `begun` (then `sent` says what became of its changes)
 * what is done already is left out, whether its journal tells so or what is there.
 */
export function comparePlans(
  shape: Shape,
  planned: Files,
  now: Files,
  values: Values,
  told: EndingColumns,
  begun = false,
): string {
  const alone = wavesOf(shape).filter((wave) => !writesColumns(shape, wave));
  return `CREATE TABLE compared AS SELECT key, bool_or(planned) AS planned, bool_and(same) AS same FROM (
${[compareWritten(shape, planned, values, begun), ...alone.map((wave) => compareWave(shape, wave, planned, now, told, begun))].join("\nUNION ALL ")}) GROUP BY key`;
}

const writesColumns = (shape: Shape, wave: Wave): boolean =>
  wave === "1-create" || wavesBesideCreates(shape).includes(wave);

const delivered = "status IN ('created', 'updated', 'deleted')";

/** The changes of a wave, each with whether the begun run has `sent` it. */
function changesOf(wave: Wave, planned: Files, begun: boolean): string {
  const sent = `file_row_number IN (SELECT n FROM sent WHERE wave = ${text(wave)} AND ${delivered})`;
  return `(SELECT *, ${begun ? sent : "false"} AS done FROM ${parquetRows(planned.change(wave), "file_row_number=true")})`;
}

/**
 * Columns are compared row by row, not wave by wave: one that had to wait for a record of the same run goes at once when that
 * record is there. A record that the begun run has written holds what that left: there only somebody else's change is a move.
 */
function compareWritten(shape: Shape, planned: Files, values: Values, begun: boolean): string {
  const waves = (["1-create", ...wavesBesideCreates(shape)] as const).map(
    (wave) => `SELECT * FROM ${changesOf(wave, planned, begun)} WHERE NOT done`,
  );
  const { early, main, late } = waveMasks(shape);
  const several = inSeveralWaves(shape);
  const one = (sql: string) => (several ? `max(${sql})` : sql);
  const own = shape.columns.flatMap((c) => [stored(c), ident(`o_${c.name}`)]);
  const parties = shape.parties.map((c) => partyColumn(c));
  const rows = `SELECT key, ${one("id")} AS id, ${several ? "max(kind) FILTER (kind NOT IN ('later', 'wake'))" : "kind"} AS kind,
  ${several ? "bit_or(m)" : "m"} AS m, ${[...own, ...parties].map((name) => `${one(name)} AS ${name}`).join(", ")}
FROM (${waves.join("\nUNION ALL BY NAME ")})${several ? " GROUP BY key" : ""}`;
  const ours = `(o.key IN (SELECT key FROM sent WHERE ${delivered}) OR (o.kind = 'create' AND n.action <> 'create'))`;
  const columns = shape.columns.map((c) => {
    const [to, from] = [`o.${stored(c)}`, `o.${ident(`o_${c.name}`)}`];
    const value = c.ways ? holdsPlanned(`n.x_${c.index}`, to) : `n.x_${c.index} IS NOT DISTINCT FROM ${to}`;
    const unmoved = `(n.action = 'create' OR n.o_${c.index} IS NOT DISTINCT FROM ${from}${begun ? ` OR (${ours} AND NOT ${has("n.dm", c)})` : ""})`;
    const there = `n.o_${c.index} IS NOT DISTINCT FROM ${to}`;
    const old = begun ? `CASE WHEN ${has("n.masks", c)} THEN ${unmoved} ELSE ${there} END` : unmoved;
    return `(NOT ${has("o.m", c)} OR (${value} AND ${old}))`;
  });
  const linked = begun ? " OR (n.link_ = 'linked' AND n.action = 'update')" : "";
  const terms = [
    `(o.kind IS NULL OR o.kind = n.action${linked})`,
    "(n.action = 'create' OR o.id IS NULL OR o.id = n.id)",
    begun ? "(n.masks & ~o.m) = 0" : "n.masks = o.m",
    ...columns,
    ...shape.parties.map((c) => `(n.action <> 'create' OR ${arePlanned(`n.${wanted(c)}`, `o.${partyColumn(c)}`)})`),
  ];
  return `SELECT coalesce(o.key, n.key) AS key, o.key IS NOT NULL AS planned, coalesce(${terms.join("\n  AND ")}, false) AS same
FROM (${rows}) o FULL JOIN (SELECT *, (${early} | ${main} | ${late}) AS masks FROM ${values.of("true")}) n ON n.key = o.key
WHERE o.key IS NOT NULL OR n.masks <> 0 OR n.action = 'create'`;
}

/**
 * Terms: the record that a change of this wave takes out of use holds what the plan saw. What the begun run has done to it itself
 * is no move, nor that it has deleted the record that this one pointed at.
 */
function heldSame(shape: Shape, wave: Wave, told: EndingColumns, begun: boolean): string[] {
  const ending = endings.find((each) => each === wave);
  if (!ending) return [];
  const rests = ending === "3-deactivate";
  const known = shape.columns.filter((c) => told[ending].includes(`o_${c.name}`));
  // A lost answer does not tell whether the begun run set the state. The column of an audience is compared as it is written.
  const asked = begun && rests ? known.filter((c) => c.role === "mapped" && !isState(c)) : known;
  const terms = asked.map((c) => {
    const old = ident(`o_${c.name}`);
    const emptied = ` OR (n.${old} IS NULL AND right(o.${old}, 36) IN (SELECT id FROM sent WHERE status = 'deleted'))`;
    return `(n.${old} IS NOT DISTINCT FROM o.${old}${begun && c.awaits ? emptied : ""})`;
  });
  if (!begun || !rests || terms.length === 0) return terms;
  return [`(o.done OR (${terms.join(" AND ")}))`];
}

/** A wave that does one thing to a record: puts it into a state, deletes it, or takes it into a list or out of it. */
function compareWave(
  shape: Shape,
  wave: Wave,
  planned: Files,
  now: Files,
  told: EndingColumns,
  begun: boolean,
): string {
  // Whoever is to be put into a list may be made before by the same plan.
  const id = wave.startsWith("2-add-") ? "(o.id IS NULL OR o.id = n.id)" : "o.id IS NOT DISTINCT FROM n.id";
  const member = "(o.list, o.id) IN (SELECT (list, id) FROM member_now)";
  const there = wave.startsWith("2-add-")
    ? member
    : wave.startsWith("2-remove-")
      ? `NOT ${member}`
      : wave === "4-delete"
        ? "o.id IN (SELECT id FROM have_gone)"
        : "false";
  // No read tells who has set a state: it may be set once more.
  const again = wave === "0-activate" || wave === "3-deactivate";
  const terms = ["o.key IS NOT NULL", "n.key IS NOT NULL", id, ...heldSame(shape, wave, told, begun)];
  const same = `(${terms.join("\n  AND ")})`;
  return `SELECT coalesce(o.key, n.key) AS key, o.key IS NOT NULL AS planned, ${same}${begun ? ` OR (n.key IS NULL AND coalesce(${there}, false))` : ""} AS same
FROM (SELECT * FROM ${changesOf(wave, planned, begun)}${again ? "" : " WHERE NOT done"}) o
FULL JOIN ${parquetRows(now.change(wave))} n ON n.key = o.key WHERE n.key IS NOT NULL OR NOT o.done`;
}

/**
 * Rows that the plan changes and whose parent's record, made by this run, is not made after all: it is another row's that is
 * held back, as those are held back that point at them, in turn.
 */
export function dependentsMove(shape: Shape): string[] {
  const links = shape.columns
    .filter((c) => c.awaits)
    .map((c) => `SELECT key, later_${c.index} AS parent FROM decided WHERE later_${c.index} IS NOT NULL`);
  if (links.length === 0) return [];
  return [
    `CREATE TABLE moves_with AS SELECT key, parent FROM (${links.join(" UNION ALL ")})
WHERE key IN (SELECT key FROM compared) AND parent IN (SELECT key FROM decided WHERE action = 'create')`,
    `UPDATE compared SET same = false WHERE same AND key IN (WITH RECURSIVE moved AS (
  SELECT key FROM compared WHERE NOT same UNION SELECT w.key FROM moved m JOIN moves_with w ON w.parent = m.key)
FROM moved)`,
  ];
}

/**
 * Holds back every row whose change is not the plan's, as excluded: `moved`, or `not_planned` where the plan does not have
 * it. One that is rejected keeps its own reason, and of a plan that was `begun` one that had moved before. A record that such
 * a row was to take over stays with the row that left.
 */
export function holdBack(shape: Shape, begun: boolean): string[] {
  const later = shape.columns.filter((c) => c.awaits).map((c) => `, later_${c.index} = NULL`);
  const before = begun ? " OR c.key IN (SELECT key FROM st.pending WHERE code = 'moved')" : "";
  const none = `m = 0, a = 0, sm = 0, dm = 0${later.join("")}`;
  const excluded = `action = 'exclude', col = NULL, value = NULL, others = NULL, "limit" = NULL, ${none}`;
  return [
    `UPDATE decided SET ${excluded}, code = 'moved' WHERE action = 'release' AND id IN (
  SELECT d.id FROM decided d JOIN compared c ON c.key = d.key AND NOT c.same WHERE d.action = 'adopt')`,
    // A row at fault keeps that reason; what was to be written of its audiences waits for the next run.
    "INSERT INTO aside SELECT d.key FROM decided d JOIN compared c ON c.key = d.key AND NOT c.same WHERE d.action = 'status'",
    `UPDATE decided SET ${none} FROM compared c WHERE c.key = decided.key AND NOT c.same AND action = 'status'`,
    `UPDATE decided SET ${excluded}, code = CASE WHEN c.planned${before} THEN 'moved' ELSE 'not_planned' END
FROM compared c WHERE c.key = decided.key AND NOT c.same AND action IN ('create', 'adopt', 'update', 'leave', 'delete', 'keep')`,
    "DELETE FROM membership WHERE key IN (SELECT key FROM compared WHERE NOT same)",
  ];
}

/** planned: rows that the plan changes; moved: those of them that would be changed otherwise now; others: of no plan. */
export const countCompared = `SELECT count(*) FILTER (planned) AS planned, count(*) FILTER (planned AND NOT same) AS moved,
  count(*) FILTER (NOT planned) AS others, to_json(list(key ORDER BY key) FILTER (planned AND NOT same)[1:5])::VARCHAR AS keys FROM compared`;
