import type { Environment } from "../environment.ts";
import { read, type Table } from "../model.ts";
import { type CollectionNavigation, collectionsOf } from "../relationships.ts";
import type { Row } from "../row.ts";
import { relatedRows } from "./links.ts";

type Members = Extract<CollectionNavigation, { kind: "N:N" }>;

/** What `createdfromcode` says the members of a list are (dataverse.md section 11). */
const MEMBER_TABLES: Record<number, string> = { 1: "account", 2: "contact", 4: "lead" };

/** The collection of a list's members; pairs in it are rows of `listmember`. */
export function memberCollection(environment: Environment, lists: Table, list: Row): Members {
  const code = Number(read(list, lists.columns.get("createdfromcode")!));
  return collectionsOf(environment, lists).get(`list${MEMBER_TABLES[code] ?? "contact"}_association`) as Members;
}

/** `membercount` is worked out, so that it is right however members come and go. */
export function countMembers(environment: Environment): void {
  const lists = environment.tables.get("list");
  const count = lists?.columns.get("membercount");
  if (!lists || !count) return;
  const type = lists.columns.get("type")!;
  count.computed = (row) =>
    read(row, type) === true ? 0 : relatedRows(lists, memberCollection(environment, lists, row), row).length;
}
