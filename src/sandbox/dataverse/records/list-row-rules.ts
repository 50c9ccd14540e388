import type { Environment } from "../environment.ts";
import { errors } from "../errors.ts";
import { read, type Table } from "../model.ts";
import { idOf, isAlive, type Row } from "../row.ts";
import { type Draft, drafted, setDrafted } from "./draft.ts";

/**
 * Refuses a query on a static list, a lock on a dynamic one (0x8004f702, 0x8004f703) and a list with members that is to
 * become dynamic, and keeps the type of members as its own column says it.
 */
export function checkList(environment: Environment, lists: Table, draft: Draft, row: Row | undefined): void {
  const value = (name: string) => {
    const column = lists.columns.get(name)!;
    const written = drafted(draft, column);
    return written === undefined && row ? read(row, column) : written;
  };
  const written = (name: string) => drafted(draft, lists.columns.get(name)!);
  const dynamic = value("type") === true;
  if (!dynamic && typeof written("query") === "string") throw errors.queryOfStaticList();
  if (dynamic && written("lockstatus") === true) throw errors.lockOfDynamicList();
  if (row && written("type") === true && hasMembers(environment, row)) throw errors.listWithMembers();
  const code = written("createdfromcode");
  if (!row && typeof code === "number") setDrafted(draft, lists.columns.get("membertype")!, code);
}

function hasMembers(environment: Environment, list: Row): boolean {
  const pairs = environment.tables.get("listmember")!;
  const of = pairs.columns.get("listid")!;
  return pairs.rows.some((pair) => isAlive(pair) && read(pair, of) === idOf(list));
}
