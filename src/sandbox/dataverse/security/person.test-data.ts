import type { RawClient } from "../../raw-client.test-data.ts";
import { roleId } from "../delivered-ids.ts";

/** Entra's object id of the person below. */
export const OBJECT = "e39c5d16-675b-48d1-8e67-667427e9c084";

/** A user with these roles, as an administrator would have set it up; the answer is its id. */
export async function person(client: RawClient, roles: string[], more: Record<string, unknown> = {}): Promise<string> {
  const user = { firstname: "Impersonated", lastname: "User", azureactivedirectoryobjectid: OBJECT, ...more };
  const id = (await client.control("POST", "seed", { table: "systemuser", rows: [user] })).json.ids[0];
  for (const role of roles) await giveRole(client, id, roleId(role));
  return id;
}

/** Through the Web API, as documented for assigning roles. */
export async function giveRole(client: RawClient, user: string, role: string): Promise<void> {
  const answer = await client.api("POST", `systemusers(${user})/systemuserroles_association/$ref`, {
    "@odata.id": `${client.sandbox.origin}/api/data/v9.2/roles(${role})`,
  });
  if (answer.status !== 204) throw new Error(answer.text);
}
