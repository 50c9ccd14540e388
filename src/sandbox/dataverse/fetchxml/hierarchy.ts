import type { Environment } from "../environment.ts";
import { type Column, read, type Table } from "../model.ts";
import { idOf, isAlive } from "../row.ts";
import { fetchErrors } from "./errors.ts";

/** The delivered hierarchical relationships; a custom table's hierarchy is its first lookup to itself. */
const PARENTS = ["parentaccountid", "parentsystemuserid", "parentbusinessunitid"];

/** The lookup that makes a table a hierarchy. Throws 400 when there is none (page query-hierarchical-data). */
export function parentColumn(table: Table): Column {
  const own = table.relations
    .filter((relation) => relation.target === table.name && (PARENTS.includes(relation.column) || table.custom))
    .map((relation) => table.columns.get(relation.column))
    .find((column) => column !== undefined);
  if (!own) throw fetchErrors.notHierarchical(table.name);
  return own;
}

/** Ids of the rows above a row; the row itself is not among them. */
export function idsAbove(table: Table, id: string): Set<string> {
  const parent = parentColumn(table);
  const found = new Set<string>();
  for (let next = parentOf(table, parent, id); next !== undefined && !found.has(next); ) {
    found.add(next);
    next = parentOf(table, parent, next);
  }
  found.delete(id);
  return found;
}

function parentOf(table: Table, parent: Column, id: string): string | undefined {
  const row = table.byId.get(id);
  const value = row ? read(row, parent) : null;
  return typeof value === "string" ? value : undefined;
}

/** Ids of all rows below a row, the row itself not among them: one walk over the table, then over the children. */
export function idsUnder(table: Table, id: string): Set<string> {
  const children = childrenOf(table);
  const found = new Set<string>();
  const waiting = [id];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    for (const child of children.get(next) ?? []) {
      if (!found.has(child)) waiting.push(child);
      found.add(child);
    }
  }
  found.delete(id);
  return found;
}

/** Ids of the direct children by the id of their parent. */
export function childrenOf(table: Table): Map<string, string[]> {
  const parent = parentColumn(table);
  const children = new Map<string, string[]>();
  for (const row of table.rows) {
    const of = isAlive(row) ? read(row, parent) : null;
    if (typeof of !== "string") continue;
    const siblings = children.get(of);
    if (siblings) siblings.push(idOf(row));
    else children.set(of, [idOf(row)]);
  }
  return children;
}

/** Ids of the teams a user is a member of. */
export function teamsOf(environment: Environment, user: string): Set<string> {
  const members = environment.tables.get("teammembership");
  const userColumn = members?.columns.get("systemuserid");
  const teamColumn = members?.columns.get("teamid");
  const teams = new Set<string>();
  if (!members || !userColumn || !teamColumn) return teams;
  for (const row of members.rows) {
    if (isAlive(row) && read(row, userColumn) === user) teams.add(String(read(row, teamColumn)));
  }
  return teams;
}
