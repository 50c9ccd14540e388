import type { Environment } from "../environment.ts";
import { namedGuid } from "../guids.ts";
import type { Table } from "../model.ts";

/** The privileges a table has, with the access right each stands for (the column `accessright` of privilege). */
export const ACCESS_RIGHTS = {
  Read: 1,
  Write: 2,
  Append: 4,
  AppendTo: 16,
  Create: 32,
  Delete: 65_536,
  Share: 262_144,
  Assign: 524_288,
} as const;
export type Privilege = keyof typeof ACCESS_RIGHTS;
export const PRIVILEGES = Object.keys(ACCESS_RIGHTS) as [Privilege, ...Privilege[]];

/** Privileges that belong to no table. Ids where the documentation prints them (bypass-custom-business-logic.md). */
const NAMED: Record<string, string> = {
  prvActOnBehalfOfAnotherUser: namedGuid("privilege prvActOnBehalfOfAnotherUser"),
  prvBypassCustomBusinessLogic: "0ea552b0-a491-4470-9a1b-82068deccf66",
  prvBypassCustomPlugins: "148a9eaf-d0c4-4196-9852-c3a38e35f6a1",
  prvOverrideCreatedOnCreatedBy: namedGuid("privilege prvOverrideCreatedOnCreatedBy"),
  prvBulkDelete: namedGuid("privilege prvBulkDelete"),
  prvMerge: namedGuid("privilege prvMerge"),
  ...Object.fromEntries(
    ["Entity", "Attribute", "Relationship", "OptionSet"].flatMap((part) =>
      ["Create", "Write", "Delete"].map((right) => {
        const name = `prv${right}${part}`;
        return [name, namedGuid(`privilege ${name}`)];
      }),
    ),
  ),
};

export const NAMED_PRIVILEGES = Object.keys(NAMED);

/** `table` and `right` are missing where the privilege belongs to no table. */
export type PrivilegeFact = { id: string; name: string; table?: string; right?: Privilege };

export const privilegeName = (right: Privilege, table: Table): string => `prv${right}${table.schema}`;

/** The id of a privilege follows from its name, so that it survives a reset. */
export const privilegeId = (name: string): string => NAMED[name] ?? namedGuid(`privilege ${name}`);

/**
 * Tables of pairs have no privileges of their own: whoever may see both ends may see that they belong together.
 */
export const hasPrivileges = (table: Table): boolean => !table.intersect && !table.within;

const known = new WeakMap<Environment, { version: number; facts: Map<string, PrivilegeFact> }>();

/** Every privilege there is, by id; made again when the schema has changed. */
export function privilegesOf(environment: Environment): Map<string, PrivilegeFact> {
  const found = known.get(environment);
  if (found?.version === environment.metadataVersion) return found.facts;
  const facts = new Map<string, PrivilegeFact>();
  for (const table of environment.tables.values()) {
    if (!hasPrivileges(table)) continue;
    for (const right of PRIVILEGES) {
      const name = privilegeName(right, table);
      const id = privilegeId(name);
      facts.set(id, { id, name, table: table.name, right });
    }
  }
  for (const [name, id] of Object.entries(NAMED)) facts.set(id, { id, name });
  known.set(environment, { version: environment.metadataVersion, facts });
  return facts;
}
