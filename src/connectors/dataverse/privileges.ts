import { z } from "zod";
import type { Need } from "../../core/check.ts";
import type { MembershipTarget } from "../../core/project.ts";
import { columnsNamed, type ObjectSchema } from "../../core/schema.ts";
import type { WebApi } from "./http.ts";
import { getJson, jsonOf, readWhole } from "./json.ts";

/** PrivilegeType of the metadata; Share is nothing Sluice needs. */
export type Right = "Create" | "Read" | "Write" | "Delete" | "Append" | "AppendTo" | "Assign";
export type Wanted = { object: string; right: Right; why: string };

/**
 * The rights a sync needs: on its own table, and on those its lookups point at. A lookup takes Append on the row's table
 * and AppendTo on the other; a new owner takes Assign (dataverse.md section 2; the page "How access to a record is
 * determined"). Every table that is matched or looked up in must be readable as well. Members: the pages "AddMemberList
 * message privileges", "RemoveMemberList message privileges" and "Associate message privileges"; the record addressed is
 * the primary one.
 */
export function rightsFor(need: Need, schema: ObjectSchema): Wanted[] {
  const own = (right: Right, why: string): Wanted => ({ object: schema.name, right, why });
  const all = [own("Read", "records are matched and compared")];
  if (need.creates) all.push(own("Create", "new rows become records"));
  if (need.updates) all.push(own("Write", "changed rows change their records"));
  if (need.deletes) all.push(own("Delete", "onLeave: delete"));
  for (const name of need.columns) {
    const [column] = columnsNamed(schema, name);
    if (column?.type === "state" || column?.type === "status")
      all.push(own("Write", `${column.name} is set on records that are there`));
    if (column?.type !== "lookup" && column?.type !== "parties") continue;
    const targets = (column.targets ?? []).map((target) => target.object);
    const ways = need.lookups[name] ?? [{ creates: false }];
    const among = ({ object }: (typeof ways)[number]) => (object === undefined ? targets : [object.toLowerCase()]);
    const why = `${column.name} points at it`;
    const others = (right: Right) => ways.flatMap(among).map((object): Wanted => ({ object, right, why }));
    all.push(...others("Read"));
    if (ways.flatMap(among).includes(schema.name))
      all.push(own("Write", `${column.name} points at records of the same run`));
    for (const object of ways.filter((way) => way.creates).flatMap(among))
      all.push({ object, right: "Create", why: `${column.name} has missing: create` });
    if (column.name === "ownerid") all.push(own("Assign", "ownerid gives records another owner"));
    else all.push(own("Append", `${column.name} points at another record`), ...others("AppendTo"));
  }
  for (const target of need.memberships) {
    const pair = "list" in target ? undefined : (schema.pairs ?? []).find((one) => isNamed(one.name, target));
    if (pair === undefined && !("list" in target)) continue; // a run refuses it by name
    const object = pair?.object ?? "list";
    const why = "its records have members";
    const rights: Right[] = pair ? ["Read", "Write", "Append"] : ["Read", "AppendTo"];
    all.push(...rights.map((right) => ({ object, right, why })));
    all.push(own(pair ? "AppendTo" : "Append", `records become members of ${object}`));
  }
  return [...new Map(all.map((one) => [`${one.object} ${one.right}`, one])).values()];
}

const isNamed = (name: string, target: MembershipTarget): boolean =>
  "relationship" in target && target.relationship.toLowerCase() === name.toLowerCase();

const privileges = z.object({
  Privileges: z.array(z.object({ Name: z.string(), PrivilegeType: z.string() })),
});

/**
 * The names of a table's privileges, such as prvWriteContact; activities share those of the table Activity. None where
 * there is no such table: a run refuses it by name.
 */
export async function privilegeNames(api: WebApi, object: string, signal?: AbortSignal): Promise<Map<string, string>> {
  const path = `EntityDefinitions(LogicalName='${object}')?$select=Privileges`;
  const call = { path, doing: `ask for the privileges of ${object}` };
  const answer = await readWhole(api, call, signal);
  if (answer.status === 404) return new Map();
  const { Privileges } = jsonOf(answer, call.doing, privileges);
  return new Map(Privileges.map((one) => [one.PrivilegeType, one.Name]));
}

const held = z.object({ RolePrivileges: z.array(z.object({ PrivilegeName: z.string(), Depth: z.string() })) });

/** Privilege -> depth (Basic, Local, Deep, Global) of a user, by its own roles and those of its teams. */
export async function privilegesHeld(api: WebApi, user: string, signal?: AbortSignal): Promise<Map<string, string>> {
  const path = `systemusers(${user})/Microsoft.Dynamics.CRM.RetrieveUserPrivileges()`;
  const { RolePrivileges } = await getJson(api, { path, doing: "ask what we may do" }, held, signal);
  return new Map(RolePrivileges.map((one) => [one.PrivilegeName, one.Depth]));
}
