import type { Batch, Membership } from "../../core/connector.ts";
import { SluiceError } from "../../core/errors.ts";
import type { ObjectSchema } from "../../core/schema.ts";
import type { Fault } from "./faults.ts";
import type { Part } from "./parts.ts";

/** What the members of a marketing list are, by its `createdfromcode`, and the relationship that holds them (dataverse.md section 11). */
export const memberTables: Record<number, string> = { 1: "account", 2: "contact", 4: "lead" };
export const listRelationship = (object: string) => `list${object}_association`;

/** Members of a marketing list are written by actions of the list. */
export const isList = ({ object, relationship }: Membership): boolean =>
  object === "list" && Object.values(memberTables).some((table) => relationship === listRelationship(table));

/** What stands against the whole list (dataverse.md section 11): no row of it is at fault. */
const ofTheList: Record<string, string> = {
  "0x8004f701": "is dynamic now",
  "0x8004033a": "is inactive now",
  "0x8004022e": "is locked now",
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

/** @throws SluiceError mapping_unfit where the list changed since it was looked at */
export function refuseList(into: Membership, { code, message }: Fault): void {
  const why = isList(into) ? ofTheList[code] : undefined;
  if (why)
    throw new SluiceError("mapping_unfit", `The marketing list ${into.id} ${why}: ${message} (${code}).`, {
      remedy: "Make it a static, active, unlocked list again in Dynamics, or name another in the sync's audiences.",
    });
}

const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));
