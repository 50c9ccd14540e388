import type { Reply } from "../../http/exchange.ts";
import type { Operation } from "../../operation.ts";
import { errors } from "../errors.ts";
import { GUID } from "../guids.ts";
import { read, type Table } from "../model.ts";
import { pairs } from "../query/options.ts";
import { refuseAdministrator } from "../records/kept-rows.ts";
import { mayDo, requirePrivilege } from "../records/privileges.ts";
import { findRow, missing, parsePredicate, parseReference } from "../records/references.ts";
import { deleteFrom } from "../records/store.ts";
import type { Transaction } from "../records/transaction.ts";
import { type ApiRequest, complexReply, jsonBody, noContent, requireMethod, transact } from "../request.ts";
import { idOf, isAlive, type Row } from "../row.ts";
import type { Segment } from "../wire/address.ts";
import { PRIVILEGES } from "./catalogue.ts";
import { heldBy, leftTo, onePrivilege, privilegeList, type RolePrivilege } from "./privilege-lists.ts";
import { rightsOf, rolesOfTeam, sumOf } from "./rights.ts";
import { grant } from "./roles.ts";

type Bound = (request: ApiRequest, row: Row, operation: Segment) => Reply;

/** Messages about roles and rights: the tables they are bound to, and what they do. */
const MESSAGES: Record<string, { on: string[]; method: "GET" | "POST"; does: string; handle: Bound }> = {
  AddPrivilegesRole: {
    on: ["role"],
    method: "POST",
    does: "Adds privileges to a role, or changes their depth",
    handle: (request, row) => changePrivileges(request, row, false),
  },
  ReplacePrivilegesRole: {
    on: ["role"],
    method: "POST",
    does: "Gives a role these privileges and no others",
    handle: (request, row) => changePrivileges(request, row, true),
  },
  RemovePrivilegeRole: { on: ["role"], method: "POST", does: "Takes a privilege from a role", handle: removePrivilege },
  RetrieveUserPrivileges: {
    on: ["systemuser"],
    method: "GET",
    does: "The privileges of a user, by its own roles and those of its teams",
    handle: (request, row) =>
      privileges(request, "RetrieveUserPrivileges", leftTo(request.environment, rolesOf(request, row))),
  },
  RetrieveUserPrivilegeByPrivilegeName: {
    on: ["systemuser"],
    method: "GET",
    does: "One privilege of a user, or an empty list",
    handle(request, row, operation) {
      const name = parameter(request, operation, "PrivilegeName").replace(/^'(.*)'$/s, "$1");
      const held = leftTo(request.environment, rolesOf(request, row));
      const found = held.filter(({ PrivilegeName }) => PrivilegeName.toLowerCase() === name.toLowerCase());
      return privileges(request, "RetrieveUserPrivilegeByPrivilegeName", found);
    },
  },
  RetrieveTeamPrivileges: {
    on: ["team"],
    method: "GET",
    does: "The privileges of a team's roles",
    handle: (request, row) =>
      privileges(
        request,
        "RetrieveTeamPrivileges",
        leftTo(request.environment, rolesOfTeam(request.environment, idOf(row))),
      ),
  },
  RetrievePrincipalAccess: {
    on: ["systemuser", "team"],
    method: "GET",
    does: "What a user or a team may do with a record",
    handle: principalAccess,
  },
};

export const SECURITY_OPERATIONS: Operation[] = [
  ...Object.entries(MESSAGES).map(([name, { does }]) => ({
    name,
    does,
    source: "Web API function and action reference",
  })),
  {
    name: "RetrieveRolePrivilegesRole",
    does: "The privileges of a role with their depth",
    source: "Web API function reference",
  },
];

/** The messages bound to a row, for the router. */
export const SECURITY_BOUND = Object.fromEntries(
  Object.entries(MESSAGES).map(([name, { on, method, handle }]) => [
    name,
    (request: ApiRequest, table: Table, row: Segment, operation: Segment): Reply => {
      if (!on.includes(table.name)) throw errors.noSuchSegment(operation.name);
      requireMethod(request, method);
      requirePrivilege(request, table, method === "GET" ? "Read" : "Write");
      const key = parsePredicate(table, row.key!);
      const found = findRow(table, key);
      if (!found) throw missing(table, key);
      return handle(request, found, operation);
    },
  ]),
);

/** `GET /RetrieveRolePrivilegesRole(RoleId=...)`. */
export function rolePrivileges(request: ApiRequest, root: Segment): Reply {
  requireMethod(request, "GET");
  const roles = request.environment.tables.get("role")!;
  requirePrivilege(request, roles, "Read");
  const id = parameter(request, root, "RoleId").toLowerCase();
  if (!GUID.test(id)) throw errors.badQuery("The parameter 'RoleId' must be a GUID.");
  if (!roles.byId.has(id)) throw errors.missing("role", id);
  return privileges(request, "RetrieveRolePrivilegesRole", heldBy(request.environment, [id]));
}

function changePrivileges(request: ApiRequest, role: Row, replace: boolean): Reply {
  refuseAdministrator(role);
  const list = privilegeList(request.environment, jsonBody(request, "roles"));
  transact(request, (tx) => {
    if (replace) for (const [, pair] of pairsOf(tx, role)) deleteFrom(tx, heldTable(tx), pair);
    const held = pairsOf(tx, role);
    // A privilege named twice has the depth it was given last.
    for (const [id, mask] of new Map(list.map((each) => [each.id, each.mask]))) {
      const before = held.get(id);
      if (before) deleteFrom(tx, heldTable(tx), before);
      grant(seeding(tx), idOf(role), id, mask);
    }
  });
  return noContent(list.length);
}

function removePrivilege(request: ApiRequest, role: Row): Reply {
  refuseAdministrator(role);
  const id = onePrivilege(request.environment, jsonBody(request, "roles"));
  transact(request, (tx) => {
    const pair = pairsOf(tx, role).get(id);
    if (pair) deleteFrom(tx, heldTable(tx), pair);
  });
  return noContent(1);
}

const heldTable = (tx: Transaction): Table => tx.environment.tables.get("roleprivileges")!;

/** Pairs are no rows a client writes one by one. */
const seeding = (tx: Transaction): Transaction => ({ ...tx, actor: { ...tx.actor, seeding: true } });

function pairsOf(tx: Transaction, role: Row): Map<string, Row> {
  const table = heldTable(tx);
  const of = table.columns.get("roleid")!;
  const privilege = table.columns.get("privilegeid")!;
  const own = table.rows.filter((row) => isAlive(row) && read(row, of) === idOf(role));
  return new Map(own.map((row) => [String(read(row, privilege)), row]));
}

/** `RetrievePrincipalAccess(Target=@t)?@t={"@odata.id":"accounts(id)"}`; an owner who has none by roles has none here. */
function principalAccess(request: ApiRequest, principal: Row, operation: Segment): Reply {
  const { environment } = request;
  const text = parameter(request, operation, "Target").replaceAll("'", '"');
  const reference = /"@odata\.id"\s*:\s*"([^"]+)"/.exec(text)?.[1];
  if (reference === undefined) throw errors.badQuery("The parameter 'Target' must be an entity reference.");
  const { table, key } = parseReference(environment, reference);
  if (!findRow(table, key)) throw missing(table, key);
  const user = environment.tables.get("systemuser")!.byId.get(idOf(principal)) === principal;
  const rights = user
    ? rightsOf(environment, idOf(principal))
    : sumOf(environment, rolesOfTeam(environment, idOf(principal)));
  const actor = { user: idOf(principal), bypassPlugins: false, seeding: false, rights };
  const names = PRIVILEGES.filter((privilege) => mayDo(environment, actor, table, privilege));
  return complexReply(request, "RetrievePrincipalAccessResponse", {
    AccessRights: names.length === 0 ? "None" : names.map((name) => `${name}Access`).join(", "),
  });
}

const rolesOf = (request: ApiRequest, user: Row): string[] => rightsOf(request.environment, idOf(user)).roles;

function privileges(request: ApiRequest, message: string, list: RolePrivilege[]): Reply {
  return complexReply(request, `${message}Response`, { RolePrivileges: list });
}

/** One parameter of a function, in the brackets or by an alias. Throws 400 where it is missing. */
function parameter(request: ApiRequest, operation: Segment, name: string): string {
  const given = new RegExp(`(?:^|,)\\s*${name}\\s*=\\s*('(?:[^']|'')*'|[^,]+)`).exec(operation.key ?? "")?.[1]?.trim();
  const value = given?.startsWith("@") ? new Map(pairs(request.call.query)).get(given) : given;
  if (value === undefined) throw errors.badQuery(`The parameter '${name}' of '${operation.name}' is missing.`);
  return value;
}
