import type { Reply } from "../../http/exchange.ts";
import type { Operation } from "../../operation.ts";
import { errors } from "../errors.ts";
import { fetchRows } from "../fetchxml/answer.ts";
import { GUID } from "../guids.ts";
import { read, type Table } from "../model.ts";
import { associate, disassociate, pairOf, relatedRows } from "../records/links.ts";
import { memberCollection } from "../records/list-members.ts";
import { parsePredicate } from "../records/references.ts";
import type { Transaction } from "../records/transaction.ts";
import { createRow } from "../records/write.ts";
import { type ApiRequest, complexReply, noContent, transact } from "../request.ts";
import { idOf, type Row } from "../row.ts";
import type { Segment } from "../wire/address.ts";
import { flagParameter, parametersOf, rowParameter } from "./action.ts";
import { existing } from "./record.ts";

/** A list that may be changed, with what its members are. */
type List = { table: Table; row: Row; members: ReturnType<typeof memberCollection> };

/** The actions bound to a marketing list (dataverse.md section 11). */
export const LIST_ACTIONS: Record<string, (request: ApiRequest, table: Table, row: Segment) => Reply> = {
  AddMemberList: onList(addMember),
  RemoveMemberList: onList(removeMember),
  CopyDynamicListToStatic: onList(copyDynamicToStatic),
  CopyMembersList: onList(copyMembers),
  QualifyMemberList: onList(qualifyMembers),
};

function onList(action: (request: ApiRequest, table: Table, row: Row) => Reply): (typeof LIST_ACTIONS)[string] {
  return (request, table, segment) => {
    if (table.name !== "list") throw errors.noSuchSegment(segment.raw);
    return action(request, table, existing(table, parsePredicate(table, segment.key!)));
  };
}

/** Throws what stands against writing members: a dynamic list, an inactive one, a locked one. */
function writable(request: ApiRequest, table: Table, row: Row): List {
  const value = (name: string) => read(row, table.columns.get(name)!);
  if (value("type") === true) throw errors.dynamicList();
  if (value("statecode") !== 0) throw errors.listNotActive();
  if (value("lockstatus") === true) throw errors.readOnlyTable("list");
  return { table, row, members: memberCollection(request.environment, table, row) };
}

/** Adds one member; one that is there already stays, without an error. The answer is its pair's id. */
function add(tx: Transaction, { table, row, members }: List, member: Row): string {
  const found = pairOf(members, row, member);
  if (found) return idOf(found);
  associate(tx, table, members, row, member);
  return idOf(pairOf(members, row, member)!);
}

function memberById({ members }: List, value: unknown): Row {
  if (typeof value !== "string" || !GUID.test(value)) throw errors.wrongType("", value, "Edm.Guid");
  const member = members.other.byId.get(value.toLowerCase());
  if (!member) throw errors.missing(members.other.name, value.toLowerCase());
  return member;
}

function memberRows(request: ApiRequest, { members }: List, name: string, value: unknown): Row[] {
  if (!Array.isArray(value)) throw errors.badParameter(name, "it must be a list");
  return value.map((each) => {
    const { table, row } = rowParameter(request, name, each);
    if (table !== members.other) throw errors.wrongMemberType(table.name, members.other.name);
    return row;
  });
}

function addMember(request: ApiRequest, table: Table, row: Row): Reply {
  const { EntityId } = parametersOf(request, "AddMemberList", ["EntityId"]);
  const list = writable(request, table, row);
  const member = memberById(list, EntityId);
  const id = transact(request, (tx) => add(tx, list, member));
  return complexReply(request, "AddMemberListResponse", { Id: id }, 1);
}

function removeMember(request: ApiRequest, table: Table, row: Row): Reply {
  const { EntityId } = parametersOf(request, "RemoveMemberList", ["EntityId"]);
  const list = writable(request, table, row);
  const member = memberById(list, EntityId);
  transact(request, (tx) => disassociate(tx, table, list.members, row, member));
  return noContent(1);
}

/** `AddListMembersList`, not bound: many members in one transaction. */
export function addListMembers(request: ApiRequest): Reply {
  const { List, Members } = parametersOf(request, "AddListMembersList", ["List", "Members"]);
  const lists = request.environment.tables.get("list")!;
  const { table, row } = rowParameter(request, "List", List, lists);
  if (table !== lists) throw errors.badParameter("List", "it must be a list");
  const list = writable(request, table, row);
  const members = memberRows(request, list, "Members", Members);
  transact(request, (tx) => {
    for (const member of members) add(tx, list, member);
  });
  return noContent(members.length);
}

/** A new static list of those the query finds at this moment. */
function copyDynamicToStatic(request: ApiRequest, table: Table, row: Row): Reply {
  parametersOf(request, "CopyDynamicListToStatic", []);
  const value = (name: string) => read(row, table.columns.get(name)!);
  if (value("type") !== true) throw errors.notDynamicList();
  const query = value("query");
  const found = typeof query === "string" ? fetchRows(request, query) : undefined;
  const members = memberCollection(request.environment, table, row);
  if (found && found.table !== members.other) throw errors.wrongMemberType(found.table.name, members.other.name);
  const kept = ["listname", "createdfromcode", "purpose", "source", "description"];
  const body = Object.fromEntries(kept.map((name) => [name, value(name)]).filter(([, cell]) => cell !== null));
  const id = transact(request, (tx) => {
    const copy = createRow(tx, table, { ...body, type: false });
    for (const member of found?.rows ?? []) associate(tx, table, members, copy, member);
    return idOf(copy);
  });
  return complexReply(request, "CopyDynamicListToStaticResponse", { StaticListId: id }, 1);
}

/** Copies the members to another list of the same kind, none of them twice. */
function copyMembers(request: ApiRequest, table: Table, row: Row): Reply {
  const { TargetList } = parametersOf(request, "CopyMembersList", ["TargetList"]);
  const target = rowParameter(request, "TargetList", TargetList, table);
  if (target.table !== table) throw errors.badParameter("TargetList", "it must be a list");
  if (read(row, table.columns.get("type")!) === true) throw errors.dynamicList();
  const list = writable(request, table, target.row);
  const source = memberCollection(request.environment, table, row);
  if (source.other !== list.members.other) throw errors.wrongMemberType(source.other.name, list.members.other.name);
  const members = relatedRows(table, source, row);
  transact(request, (tx) => {
    for (const member of members) add(tx, list, member);
  });
  return noContent(members.length);
}

/** Makes the given rows the list's only members (override), or takes them out of it. */
function qualifyMembers(request: ApiRequest, table: Table, row: Row): Reply {
  const body = parametersOf(request, "QualifyMemberList", ["OverrideorRemove"], ["ListMember", "Members"]);
  const override = flagParameter(body.OverrideorRemove);
  const list = writable(request, table, row);
  const given = new Set(memberRows(request, list, "ListMember", body.ListMember ?? body.Members));
  transact(request, (tx) => {
    for (const member of relatedRows(table, list.members, row)) {
      if (given.has(member) !== override) disassociate(tx, table, list.members, row, member);
    }
    if (override) for (const member of given) add(tx, list, member);
  });
  return noContent(given.size);
}

const SOURCE = "dataverse.md section 11";

export const LIST_OPERATIONS: Operation[] = [
  { name: "AddMemberList", does: "adds one row to a static list", source: SOURCE },
  { name: "RemoveMemberList", does: "takes one row out of a static list", source: SOURCE },
  { name: "AddListMembersList", does: "adds many rows to a static list, all or none", source: SOURCE },
  { name: "CopyDynamicListToStatic", does: "a static list of what the query finds now", source: SOURCE },
  { name: "CopyMembersList", does: "copies members between lists of one kind", source: "mt607620" },
  { name: "QualifyMemberList", does: "keeps only the given members, or removes them", source: "mt607614" },
  { name: "dynamic list", does: "has a query and no members; a static list has no query", source: SOURCE },
];
