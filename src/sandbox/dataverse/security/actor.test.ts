import { expect, test } from "vitest";
import { useSandbox } from "../../raw-client.ts";
import { roleId } from "./roles.ts";

// Impersonation: dataverse.md section 12 and impersonate-another-user-web-api.md; who may come in: section 2.
const client = useSandbox();

const OBJECT = "e39c5d16-675b-48d1-8e67-667427e9c084";

/** A person with a role, as an administrator would have set up. */
async function person(role: string | undefined, more: Record<string, unknown> = {}): Promise<string> {
  const seeded = await client.control("POST", "seed", {
    table: "systemuser",
    rows: [{ firstname: "Impersonated", lastname: "User", azureactivedirectoryobjectid: OBJECT, ...more }],
  });
  const [id] = seeded.json.ids;
  if (role !== undefined) await give(id, role);
  return id;
}

async function give(user: string, role: string): Promise<void> {
  const pair = { systemuserid: user, roleid: roleId(role) };
  expect((await client.control("POST", "seed", { table: "systemuserroles", rows: [pair] })).status).toBe(200);
}

test.each([
  ["CallerObjectId", () => OBJECT],
  ["MSCRMCallerID", (user: string) => user],
])("%s makes the row the other's, and tells who really wrote it", async (name, value) => {
  const user = await person("System Administrator");
  const { UserId: app } = (await client.api("GET", "WhoAmI")).json;
  const headers = { [name]: value(user) };
  expect((await client.api("GET", "WhoAmI", undefined, headers)).json.UserId).toBe(user);
  const body = { name: "Sample Account created using impersonation" };
  const made = await client.api("POST", "accounts", body, { ...headers, prefer: "return=representation" });
  expect(made.json).toMatchObject({ _createdby_value: user, _createdonbehalfby_value: app, _ownerid_value: user });
  const path = `accounts(${made.json.accountid})`;
  const own = await client.api("PATCH", path, { name: "x" }, { prefer: "return=representation" });
  expect(own.json).toMatchObject({ _modifiedby_value: app, _modifiedonbehalfby_value: null });
  const again = await client.api("PATCH", path, { name: "y" }, { ...headers, prefer: "return=representation" });
  expect(again.json).toMatchObject({ _modifiedby_value: user, _modifiedonbehalfby_value: app });
});
