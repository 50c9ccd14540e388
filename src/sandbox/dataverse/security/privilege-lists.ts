import { z } from "zod";
import type { Environment } from "../environment.ts";
import { errors } from "../errors.ts";
import { GUID } from "../guids.ts";
import { read } from "../model.ts";
import { isAlive } from "../row.ts";
import { privilegesOf } from "./catalogue.ts";

/** PrivilegeDepth by its number; `privilegedepthmask` has one bit for each. */
const DEPTHS = ["Basic", "Local", "Deep", "Global"];

/** A privilege as RolePrivilege shows it (Web API reference: RolePrivilege ComplexType). */
export type RolePrivilege = {
  Depth: string;
  PrivilegeId: string;
  BusinessUnitId: string;
  PrivilegeName: string;
  RecordFilterId: string;
  RecordFilterUniqueName: string;
};

/** The privileges of roles taken together, each with the greatest depth any of them gives it. */
export function heldBy(environment: Environment, roles: string[]): RolePrivilege[] {
  const wanted = new Set(roles);
  const held = environment.tables.get("roleprivileges")!;
  const [role, privilege, depth] = ["roleid", "privilegeid", "privilegedepthmask"].map(
    (name) => held.columns.get(name)!,
  );
  const masks = new Map<string, number>();
  for (const row of held.rows) {
    if (!isAlive(row) || !wanted.has(String(read(row, role!)))) continue;
    const id = String(read(row, privilege!));
    masks.set(id, Math.max(masks.get(id) ?? 0, Number(read(row, depth!))));
  }
  const facts = privilegesOf(environment);
  return [...masks].flatMap(([id, mask]) => {
    const fact = facts.get(id);
    if (!fact) return [];
    return {
      Depth: DEPTHS[Math.min(3, Math.max(0, Math.floor(Math.log2(mask))))]!,
      PrivilegeId: id,
      BusinessUnitId: environment.businessUnit,
      PrivilegeName: fact.name,
      RecordFilterId: "00000000-0000-0000-0000-000000000000",
      RecordFilterUniqueName: "",
    };
  });
}

/** The same without what the control API has taken away from everybody. */
export function leftTo(environment: Environment, roles: string[]): RolePrivilege[] {
  const facts = privilegesOf(environment);
  return heldBy(environment, roles).filter(({ PrivilegeId, PrivilegeName }) => {
    const { table, right } = facts.get(PrivilegeId)!;
    return !environment.denied.has(table === undefined ? PrivilegeName : `${right} ${table}`);
  });
}

const guid = z
  .string()
  .regex(GUID)
  .transform((id) => id.toLowerCase());

/** Depth comes as a name, a number, or (in a sample of the documentation) a number in quotes. */
const DEPTH = z
  .union([z.enum(DEPTHS as [string, ...string[]]), z.int(), z.string().regex(/^\d$/)])
  .transform((given) => {
    const at = DEPTHS.indexOf(String(given));
    return 2 ** (at < 0 ? Number(given) : at);
  });

const PRIVILEGE_LIST = z.object({
  Privileges: z.array(z.object({ PrivilegeId: guid, Depth: DEPTH.default(1) })),
});
const ONE_PRIVILEGE = z.union([
  z.object({ Privilege: z.object({ privilegeid: guid }) }).transform(({ Privilege }) => Privilege.privilegeid),
  z.object({ PrivilegeId: guid }).transform(({ PrivilegeId }) => PrivilegeId),
]);

/** The parameter `Privileges` of an action: ids with depth masks. Throws for what is no such list or no privilege. */
export function privilegeList(environment: Environment, body: unknown): { id: string; mask: number }[] {
  const parsed = PRIVILEGE_LIST.safeParse(body);
  if (!parsed.success) throw malformed("Privileges");
  const list = parsed.data.Privileges.map(({ PrivilegeId, Depth }) => ({ id: PrivilegeId, mask: Depth }));
  for (const { id, mask } of list) {
    if (mask > 8) throw malformed("Privileges");
    if (!privilegesOf(environment).has(id)) throw errors.missing("privilege", id);
  }
  return list;
}

/** The parameter `Privilege` (a reference), or `PrivilegeId`, of RemovePrivilegeRole. */
export function onePrivilege(environment: Environment, body: unknown): string {
  const parsed = ONE_PRIVILEGE.safeParse(body);
  if (!parsed.success) throw malformed("Privilege");
  if (!privilegesOf(environment).has(parsed.data)) throw errors.missing("privilege", parsed.data);
  return parsed.data;
}

function malformed(parameter: string): Error {
  return errors.badJson("roles", `The parameter '${parameter}' is missing or not of its type.`);
}
