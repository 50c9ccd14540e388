import { errors } from "../errors.ts";
import { read, type Table } from "../model.ts";
import type { Row } from "../row.ts";
import { type Draft, drafted, setDrafted } from "./draft.ts";

/**
 * Refuses a query on a static list and a lock on a dynamic one (0x8004f702, 0x8004f703), and keeps the type of members
 * as its own column says it.
 */
export function checkList(lists: Table, draft: Draft, row: Row | undefined): void {
  const value = (name: string) => {
    const column = lists.columns.get(name)!;
    const written = drafted(draft, column);
    return written === undefined && row ? read(row, column) : written;
  };
  const written = (name: string) => drafted(draft, lists.columns.get(name)!);
  const dynamic = value("type") === true;
  if (!dynamic && typeof written("query") === "string") throw errors.queryOfStaticList();
  if (dynamic && written("lockstatus") === true) throw errors.lockOfDynamicList();
  const code = written("createdfromcode");
  if (!row && typeof code === "number") setDrafted(draft, lists.columns.get("membertype")!, code);
}
