import type { Batch, Membership } from "../../core/connector.ts";
import type { ObjectSchema } from "../../core/schema.ts";
import type { Fault } from "./faults.ts";
import type { Part } from "./parts.ts";
import type { PartResult } from "./settle.ts";

/** What the members of a marketing list are, by its `createdfromcode`, and the relationship that holds them (dataverse.md section 11). */
export const memberTables: Record<number, string> = { 1: "account", 2: "contact", 4: "lead" };
export const listRelationship = (object: string) => `list${object}_association`;

/** Members of a marketing list are written by actions of the list. */
export const isList = ({ object, relationship }: Membership): boolean =>
  object === "list" && Object.values(memberTables).some((table) => relationship === listRelationship(table));

/** What stands against the whole list (dataverse.md section 11), and what then is to be done: no row of it is at fault. */
const ofTheList: Record<string, string> = {
  "0x8004f701": "is dynamic now: make it a static one again",
  "0x8004033a": "is inactive now: activate it",
  "0x8004022e": "is locked now: unlock it",
};

/** One row's request: the actions of a marketing list, or a reference of the relationship. */
export function memberPart(root: string, object: ObjectSchema, { op, into }: Batch, id: string): Part {
  const { set, id: of, navigation } = into!;
  const path = `${set}(${of})`;
  if (isList(into!)) {
    const action = op === "add" ? "AddMemberList" : "RemoveMemberList";
    return { method: "POST", path: `${path}/Microsoft.Dynamics.CRM.${action}`, body: json({ EntityId: id }) };
  }
  if (op === "remove") return { method: "DELETE", path: `${path}/${navigation}(${id})/$ref` };
  return {
    method: "POST",
    path: `${path}/${navigation}/$ref`,
    body: json({ "@odata.id": `${root}${object.set}(${id})` }),
  };
}

/** Whether a refusal says that there is nothing to do: it is a member already, or there is nothing left to take out. */
export const isDone = ({ op }: Batch, { kind }: Fault): boolean => kind === (op === "add" ? "duplicate" : "missing");

/**
 * Where the list has changed since it was looked at, the outcome of every row that was to be written to it: they wait,
 * and other rows go on. Undefined where a refusal says something else.
 */
export function refusedList(into: Membership, { code, message }: Fault): PartResult | undefined {
  const why = isList(into) ? ofTheList[code] : undefined;
  return why === undefined
    ? undefined
    : { status: "rejected", code, message: `${into.title} ${why} in Dynamics, or name another. ${message}` };
}

const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));
