import type { Environment } from "../environment.ts";
import { type Column, read, type Table } from "../model.ts";
import { idOf, isAlive, type Row } from "../row.ts";

/** Delivered tables whose rows form a hierarchy, and the lookup it goes by (query-hierarchical-data.md). */
const HIERARCHIES: Record<string, string> = {
  account: "parentaccountid",
  systemuser: "parentsystemuserid",
  businessunit: "parentbusinessunitid",
};

/** The lookup a table's hierarchy goes by: the known one, or a custom table's lookup to itself. Undefined: it has none. */
export function hierarchyColumn(table: Table): Column | undefined {
  const name =
    HIERARCHIES[table.name] ?? table.relations.find((each) => each.custom && each.target === table.name)?.column;
  return name === undefined ? undefined : table.columns.get(name);
}

/** The ids of all rows below one in its table's hierarchy, without itself. A circle is gone through once. */
export function idsUnder(table: Table, id: string): Set<string> {
  const column = hierarchyColumn(table);
  const found = new Set<string>();
  if (!column) return found;
  const children = new Map<string, string[]>();
  for (const row of table.rows) {
    const parent = isAlive(row) ? read(row, column) : null;
    if (parent === null) continue;
    const siblings = children.get(String(parent));
    if (siblings) siblings.push(idOf(row));
    else children.set(String(parent), [idOf(row)]);
  }
  const open = [id];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    for (const child of children.get(next) ?? []) {
      if (found.has(child) || child === id) continue;
      found.add(child);
      open.push(child);
    }
  }
  return found;
}

/** The ids of all rows above one, without itself. */
export function idsAbove(table: Table, id: string): Set<string> {
  const column = hierarchyColumn(table);
  const found = new Set<string>();
  const parentOf = (each: string) => {
    const row: Row | undefined = table.byId.get(each);
    const parent = row && column ? read(row, column) : null;
    return parent === null ? undefined : String(parent);
  };
  for (let next = parentOf(id); next !== undefined && next !== id && !found.has(next); next = parentOf(next)) {
    found.add(next);
  }
  return found;
}

/** The teams a user is a member of: pairs of the intersect table `teammembership`. */
export function teamsOf(environment: Environment, user: string): Set<string> {
  const pairs = environment.tables.get("teammembership");
  const [userColumn, teamColumn] = [pairs?.columns.get("systemuserid"), pairs?.columns.get("teamid")];
  const teams = new Set<string>();
  if (!pairs || !userColumn || !teamColumn) return teams;
  for (const pair of pairs.rows) {
    if (isAlive(pair) && read(pair, userColumn) === user) teams.add(String(read(pair, teamColumn)));
  }
  return teams;
}
