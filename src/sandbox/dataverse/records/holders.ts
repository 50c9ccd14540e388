import type { Column, Table } from "../model.ts";
import { isAlive, type Row, SEQUENCE } from "../row.ts";

/** So often a table is looked through before an index is made, which takes as long as some looks. */
const LOOKS = 8;

/** By what the column holds or has held: the row, or several. `read`: how much of the table's log is in it. */
type Index = { log: Row[]; read: number; version: number | undefined; rows: Map<string, Row | Set<Row>> };
const indexes = new WeakMap<Column, { looks: number; index?: Index }>();

/**
 * Living rows of the table whose lookup holds one of the ids, in order of creation. Where it is asked often, as by a client that
 * deletes rows one by one, it goes by an index: to look at every row each time took minutes for some hundred thousand.
 */
export function holdersOf(table: Table, column: Column, ids: ReadonlySet<string>): Row[] {
  const { slot } = column;
  const known = indexes.get(column) ?? { looks: 0 };
  indexes.set(column, known);
  if (known.looks < LOOKS) {
    known.looks++;
    return table.rows.filter((row) => ids.has(row[slot] as string) && isAlive(row));
  }
  known.index = upToDate(known.index, table, slot);
  const found = new Set<Row>();
  for (const id of ids) {
    for (const row of each(known.index.rows.get(id))) if (row[slot] === id && isAlive(row)) found.add(row);
  }
  return [...found].sort((a, b) => (a[SEQUENCE] as number) - (b[SEQUENCE] as number));
}

/** Every write is in the table's log. Where that is another now (an undone transaction, a compacted log) all is read anew. */
function upToDate(before: Index | undefined, table: Table, slot: number): Index {
  const { log, logVersions } = table;
  const follows = before?.log === log && (before.read === 0 || logVersions[before.read - 1] === before.version);
  const rows: Index["rows"] = follows ? before.rows : new Map();
  const written = follows ? log.slice(before.read) : table.rows;
  for (const row of written) {
    const id = row[slot];
    // Also of one that is deleted: that may be undone, and the log says nothing of it.
    if (typeof id !== "string") continue;
    const there = rows.get(id);
    if (there === undefined) rows.set(id, row);
    else if (there instanceof Set) there.add(row);
    else if (there !== row) rows.set(id, new Set([there, row]));
  }
  return { log, read: log.length, version: logVersions.at(-1), rows };
}

function each(rows: Row | Set<Row> | undefined): Iterable<Row> {
  if (rows === undefined) return [];
  return rows instanceof Set ? rows : [rows];
}
