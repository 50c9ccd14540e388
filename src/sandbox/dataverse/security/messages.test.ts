import { expect, test } from "vitest";
import { type Answer, getToken, idIn, useSandbox } from "../../raw-client.test-data.ts";
import { roleId } from "../delivered-ids.ts";
import { giveRole, person } from "./person.test-data.ts";

// Roles and privileges: dataverse.md section 2; the messages: Web API function and action references.
const client = useSandbox();

type Held = { PrivilegeName: string; Depth: string; PrivilegeId: string };

const refusal = ({ status, json }: Answer) => [status, json.error.code];
const api = client.api;

async function privilegeNamed(name: string): Promise<string> {
  const answer = await api("GET", `privileges?$select=privilegeid,name&$filter=name eq '${name}'`);
  expect(answer.json.value).toHaveLength(1);
  return answer.json.value[0].privilegeid;
}

async function newRole(name = "Sync"): Promise<string> {
  const businessUnit = (await api("GET", "WhoAmI")).json.BusinessUnitId;
  const body = { name, "businessunitid@odata.bind": `/businessunits(${businessUnit})` };
  const made = await api("POST", "roles", body);
  expect(made.status).toBe(204);
  return idIn(made);
}

async function add(role: string, names: string[], depth: unknown = "Global"): Promise<Answer> {
  const ids = await Promise.all(names.map(privilegeNamed));
  const Privileges = ids.map((PrivilegeId) => ({ PrivilegeId, Depth: depth }));
  return api("POST", `roles(${role})/Microsoft.Dynamics.CRM.AddPrivilegesRole`, { Privileges });
}

async function heldBy(role: string): Promise<Held[]> {
  const answer = await api("GET", `RetrieveRolePrivilegesRole(RoleId=${role})`);
  expect(answer.status).toBe(200);
  return answer.json.RolePrivileges;
}

test("AddPrivilegesRole: the user may do that and no more, from the next request on", async () => {
  const role = await newRole();
  const user = await person(client, []);
  await giveRole(client, user, role);
  const as = { MSCRMCallerID: user };
  expect((await add(role, ["prvReadContact", "prvCreateContact"])).status).toBe(204);
  expect((await api("GET", "contacts", undefined, as)).status).toBe(200);
  const made = await api("POST", "contacts", { lastname: "x" }, as);
  expect(made.status).toBe(204);
  const refused = await api("PATCH", `contacts(${idIn(made)})`, { lastname: "y" }, as);
  expect(refusal(refused)).toEqual([403, "0x80040220"]);
  expect(refused.json.error.message).toBe(
    `Principal user (Id=${user}, type=8, roleCount=1, privilegeCount=2, accessMode=0), is missing prvWriteContact privilege (Id=${await privilegeNamed("prvWriteContact")}) on OTC=2 for entity 'contact'. context.Caller=${user}`,
  );
  expect(refusal(await api("DELETE", `contacts(${idIn(made)})`, undefined, as))).toEqual([403, "0x80040220"]);
  expect(refusal(await api("GET", "accounts", undefined, as))).toEqual([403, "0x80040220"]);
  await add(role, ["prvWriteContact"]);
  expect((await api("PATCH", `contacts(${idIn(made)})`, { lastname: "y" }, as)).status).toBe(204);
});

test("an upsert needs Create where it creates, and Write where it changes", async () => {
  const role = await newRole();
  const user = await person(client, []);
  await giveRole(client, user, role);
  await add(role, ["prvReadContact", "prvWriteContact"]);
  const put = () => api("PATCH", "contacts(00000000-0000-0000-0000-00000000000a)", {}, { MSCRMCallerID: user });
  const refused = await put();
  expect(refusal(refused)).toEqual([403, "0x80040220"]);
  expect(refused.json.error.message).toContain("is missing prvCreateContact privilege");
  await add(role, ["prvCreateContact"]);
  expect([(await put()).status, (await put()).status]).toEqual([204, 204]);
});

test("AddPrivilegesRole: depths by name and by number, twice is the last; a table made later has its privileges", async () => {
  const role = await newRole();
  await add(role, ["prvReadContact"], "Basic");
  await add(role, ["prvReadContact"], "3");
  await add(role, ["prvReadAccount"], 1);
  const held = await heldBy(role);
  expect(held.map(({ PrivilegeName, Depth }) => [PrivilegeName, Depth]).sort()).toEqual([
    ["prvReadAccount", "Local"],
    ["prvReadContact", "Global"],
  ]);
  const label = { LocalizedLabels: [{ Label: "Thing", LanguageCode: 1033 }] };
  const made = await api("POST", "EntityDefinitions", {
    "@odata.type": "Microsoft.Dynamics.CRM.EntityMetadata",
    SchemaName: "new_Thing",
    DisplayName: label,
    DisplayCollectionName: label,
    OwnershipType: "UserOwned",
    Attributes: [
      {
        "@odata.type": "Microsoft.Dynamics.CRM.StringAttributeMetadata",
        SchemaName: "new_Name",
        IsPrimaryName: true,
        MaxLength: 100,
      },
    ],
  });
  expect([made.text, made.status]).toEqual(["", 204]);
  const id = await privilegeNamed("prvReadnew_Thing");
  const user = await person(client, ["Service Reader"]);
  expect((await api("GET", "new_things", undefined, { MSCRMCallerID: user })).status).toBe(200);
  expect((await heldBy(roleId("System Administrator"))).map(({ PrivilegeId }) => PrivilegeId)).toContain(id);
});

test.each([
  ["no list", {}],
  ["not a list", { Privileges: "x" }],
  ["no id", { Privileges: [{ Depth: "Global" }] }],
  ["a depth that is none", { Privileges: [{ PrivilegeId: "0ea552b0-a491-4470-9a1b-82068deccf66", Depth: "Far" }] }],
  ["a depth beyond", { Privileges: [{ PrivilegeId: "0ea552b0-a491-4470-9a1b-82068deccf66", Depth: 9 }] }],
])("AddPrivilegesRole: %s is a 400 and changes nothing", async (_what, body) => {
  const role = await newRole();
  const answer = await api("POST", `roles(${role})/Microsoft.Dynamics.CRM.AddPrivilegesRole`, body);
  expect(refusal(answer)).toEqual([400, "0x80048d19"]);
  expect(await heldBy(role)).toEqual([]);
});

test("AddPrivilegesRole: an unknown privilege is a 404; the administrator's role stays; other tables have no such message", async () => {
  const Privileges = [{ PrivilegeId: "99999999-9999-4999-8999-999999999999", Depth: "Global" }];
  const path = (row: string) => `${row}/Microsoft.Dynamics.CRM.AddPrivilegesRole`;
  expect(refusal(await api("POST", path(`roles(${await newRole()})`), { Privileges }))).toEqual([404, "0x80040217"]);
  const administrator = path(`roles(${roleId("System Administrator")})`);
  expect(refusal(await api("POST", administrator, { Privileges: [] }))).toEqual([400, "0x80041d31"]);
  const account = idIn(await api("POST", "accounts", {}));
  expect((await api("POST", path(`accounts(${account})`), { Privileges: [] })).status).toBe(404);
  expect((await api("GET", path(`roles(${roleId("Delegate")})`))).status).toBe(404);
});

test("ReplacePrivilegesRole: these and no others", async () => {
  const role = await newRole();
  await add(role, ["prvReadContact", "prvReadAccount"]);
  const Privileges = [{ PrivilegeId: await privilegeNamed("prvReadLead"), Depth: "Global" }];
  const path = `roles(${role})/Microsoft.Dynamics.CRM.ReplacePrivilegesRole`;
  expect((await api("POST", path, { Privileges })).status).toBe(204);
  expect((await heldBy(role)).map(({ PrivilegeName }) => PrivilegeName)).toEqual(["prvReadLead"]);
});

test("RemovePrivilegeRole: by reference or id; what is not held is no error", async () => {
  const role = await newRole();
  await add(role, ["prvReadContact", "prvReadAccount"]);
  const path = `roles(${role})/Microsoft.Dynamics.CRM.RemovePrivilegeRole`;
  const privilegeid = await privilegeNamed("prvReadContact");
  expect((await api("POST", path, { Privilege: { privilegeid } })).status).toBe(204);
  expect((await heldBy(role)).map(({ PrivilegeName }) => PrivilegeName)).toEqual(["prvReadAccount"]);
  expect((await api("POST", path, { PrivilegeId: privilegeid })).status).toBe(204);
  expect(refusal(await api("POST", path, { Privilege: 5 }))).toEqual([400, "0x80048d19"]);
});

test("RetrieveRolePrivilegesRole: names, ids and depths", async () => {
  const answer = await api("GET", `RetrieveRolePrivilegesRole(RoleId=@p)?@p=${roleId("Delegate")}`);
  expect(answer.json["@odata.context"]).toMatch(/#Microsoft\.Dynamics\.CRM\.RetrieveRolePrivilegesRoleResponse$/);
  expect(answer.json.RolePrivileges).toEqual([
    {
      Depth: "Global",
      PrivilegeId: await privilegeNamed("prvActOnBehalfOfAnotherUser"),
      BusinessUnitId: (await api("GET", "WhoAmI")).json.BusinessUnitId,
      PrivilegeName: "prvActOnBehalfOfAnotherUser",
      RecordFilterId: "00000000-0000-0000-0000-000000000000",
      RecordFilterUniqueName: "",
    },
  ]);
  expect((await api("GET", "RetrieveRolePrivilegesRole(RoleId=1)")).status).toBe(400);
  expect((await api("GET", "RetrieveRolePrivilegesRole()")).status).toBe(400);
  expect((await api("GET", `RetrieveRolePrivilegesRole(RoleId=${await privilegeNamed("prvReadLead")})`)).status).toBe(
    404,
  );
});

test("RetrieveUserPrivileges: roles of the user and of its teams together", async () => {
  const user = await person(client, ["Delegate"]);
  const role = await newRole();
  await add(role, ["prvReadLead"]);
  const team = idIn(await api("POST", "teams", { name: "Sales" }));
  const ref = (path: string) => ({ "@odata.id": `${client.sandbox.origin}/api/data/v9.2/${path}` });
  expect((await api("POST", `teams(${team})/teamroles_association/$ref`, ref(`roles(${role})`))).status).toBe(204);
  const joined = await api("POST", `teams(${team})/teammembership_association/$ref`, ref(`systemusers(${user})`));
  expect(joined.status).toBe(204);
  const answer = await api("GET", `systemusers(${user})/Microsoft.Dynamics.CRM.RetrieveUserPrivileges()`);
  const names = answer.json.RolePrivileges.map(({ PrivilegeName }: Held) => PrivilegeName).sort();
  expect(names).toEqual(["prvActOnBehalfOfAnotherUser", "prvReadLead"]);
  expect((await api("GET", "leads", undefined, { MSCRMCallerID: user })).status).toBe(200);
});

test("RetrieveTeamPrivileges: what the team's roles give", async () => {
  const team = idIn(await api("POST", "teams", { name: "Sales" }));
  const reference = { "@odata.id": `roles(${roleId("Delegate")})` };
  await api("POST", `teams(${team})/teamroles_association/$ref`, reference);
  const answer = await api("GET", `teams(${team})/Microsoft.Dynamics.CRM.RetrieveTeamPrivileges`);
  expect(answer.json.RolePrivileges).toMatchObject([{ PrivilegeName: "prvActOnBehalfOfAnotherUser" }]);
});

test("RetrieveUserPrivilegeByPrivilegeName: one privilege or none", async () => {
  const user = await person(client, ["Delegate"]);
  const call = (name: string) =>
    api(
      "GET",
      `systemusers(${user})/Microsoft.Dynamics.CRM.RetrieveUserPrivilegeByPrivilegeName(PrivilegeName='${name}')`,
    );
  expect((await call("prvActOnBehalfOfAnotherUser")).json.RolePrivileges).toMatchObject([{ Depth: "Global" }]);
  expect((await call("prvReadAccount")).json.RolePrivileges).toEqual([]);
  const missing = `systemusers(${user})/Microsoft.Dynamics.CRM.RetrieveUserPrivilegeByPrivilegeName`;
  expect((await api("GET", missing)).status).toBe(400);
});

test("RetrievePrincipalAccess: the rights by name", async () => {
  const user = await person(client, ["Service Writer"]);
  const account = idIn(await api("POST", "accounts", {}));
  const call = (target: string) =>
    api(
      "GET",
      `systemusers(${user})/Microsoft.Dynamics.CRM.RetrievePrincipalAccess(Target=@t)?@t=${encodeURIComponent(target)}`,
    );
  // The second spelling is the documentation's (use-web-api-functions.md).
  for (const target of [`{"@odata.id":"accounts(${account})"}`, `{'@odata.id':'accounts(${account})'}`]) {
    expect((await call(target)).json.AccessRights).toBe("ReadAccess, WriteAccess, CreateAccess");
  }
  expect((await call("{}")).status).toBe(400);
  expect((await call('{"@odata.id":"accounts(99999999-9999-4999-8999-999999999999)"}')).status).toBe(404);
});

test("roles: every environment has some, with what they hold as rows", async () => {
  const answer = await api("GET", "roles?$select=name&$orderby=name");
  expect(answer.json.value.map(({ name }: { name: string }) => name)).toEqual([
    "Basic User",
    "Delegate",
    "Service Deleted",
    "Service Reader",
    "Service Writer",
    "System Administrator",
    "System Customizer",
  ]);
  const path = `roles(${roleId("Delegate")})?$select=name&$expand=roleprivileges_association($select=name)`;
  expect((await api("GET", path)).json.roleprivileges_association).toMatchObject([
    { name: "prvActOnBehalfOfAnotherUser" },
  ]);
  const pairs = await api("GET", `roleprivilegescollection?$filter=roleid eq ${roleId("Delegate")}`);
  expect(pairs.json.value).toMatchObject([{ privilegedepthmask: 8 }]);
});

test("privileges: one for each right on each table, read only; ids where the documentation prints them", async () => {
  const answer = await api("GET", "privileges?$select=name,accessright&$filter=endswith(name,'Contact')");
  const rights = answer.json.value.map((each: { name: string; accessright: number }) => [each.name, each.accessright]);
  expect(Object.fromEntries(rights)).toEqual({
    prvAppendContact: 4,
    prvAppendToContact: 16,
    prvAssignContact: 524288,
    prvCreateContact: 32,
    prvDeleteContact: 65536,
    prvReadContact: 1,
    prvShareContact: 262144,
    prvWriteContact: 2,
  });
  expect(await privilegeNamed("prvBypassCustomBusinessLogic")).toBe("0ea552b0-a491-4470-9a1b-82068deccf66");
  expect((await api("POST", "privileges", { name: "x" })).status).toBe(400);
});

test("who is no administrator cannot give himself a role", async () => {
  const user = await person(client, ["Service Writer"]);
  const as = { MSCRMCallerID: user };
  const path = `systemusers(${user})/systemuserroles_association/$ref`;
  const reference = { "@odata.id": `roles(${roleId("System Administrator")})` };
  expect(refusal(await api("POST", path, reference, as))).toEqual([403, "0x80040220"]);
  const id = "99999999-9999-4999-8999-999999999999";
  const pair = { systemuserid: user, roleid: roleId("System Administrator"), systemuserroleid: id };
  expect(refusal(await api("POST", "systemuserrolescollection", pair, as))).toEqual([405, "0x80040800"]);
  const basic = await person(client, ["Basic User"], { azureactivedirectoryobjectid: id });
  expect(refusal(await api("DELETE", `roles(${roleId("Delegate")})`, undefined, { MSCRMCallerID: basic }))).toEqual([
    403,
    "0x80040220",
  ]);
});

test("who is no customizer cannot change the schema", async () => {
  const user = await person(client, ["Service Writer"]);
  const as = { MSCRMCallerID: user };
  const contact = "EntityDefinitions(LogicalName='contact')";
  const column = { "@odata.type": "Microsoft.Dynamics.CRM.StringAttributeMetadata", SchemaName: "new_X", MaxLength: 5 };
  const refused = await api("POST", `${contact}/Attributes`, column, as);
  expect(refusal(refused)).toEqual([403, "0x80040220"]);
  expect(refused.json.error.message).toContain("is missing prvCreateAttribute privilege");
  for (const [method, path] of [
    ["POST", "EntityDefinitions"],
    ["DELETE", contact],
    ["POST", "RelationshipDefinitions"],
    ["DELETE", "GlobalOptionSetDefinitions(Name='x')"],
  ] as const) {
    expect(refusal(await api(method, path, method === "POST" ? {} : undefined, as))).toEqual([403, "0x80040220"]);
  }
  await giveRole(client, user, roleId("System Customizer"));
  expect((await api("POST", `${contact}/Attributes`, column, as)).status).toBe(204);
});

test("a role taken away is gone at once; without any the user is refused", async () => {
  const user = await person(client, ["Service Reader", "Delegate"]);
  const as = { MSCRMCallerID: user };
  const leave = (role: string) =>
    api("DELETE", `systemusers(${user})/systemuserroles_association(${roleId(role)})/$ref`);
  expect((await api("GET", "contacts", undefined, as)).status).toBe(200);
  expect((await leave("Service Reader")).status).toBe(204);
  expect(refusal(await api("GET", "contacts", undefined, as))).toEqual([403, "0x80040220"]);
  await leave("Delegate");
  expect(refusal(await api("GET", "contacts", undefined, as))).toEqual([403, "0x80042f09"]);
});

test("an application user is the row with the token's client id: made, without role, with one, disabled", async () => {
  const clientId = "12121212-3434-4545-8686-787878787878";
  await client.control("POST", "apps", { clientId, secrets: [{ value: "s3cret" }] });
  const answer = await getToken(client, { client_id: clientId, client_secret: "s3cret" });
  expect(answer.status).toBe(200);
  const as = { authorization: `Bearer ${answer.json.access_token}` };
  const contacts = () => api("GET", "contacts", undefined, as);
  expect(refusal(await contacts())).toEqual([403, "0x80072560"]);
  const created = await api("POST", "systemusers", { applicationid: clientId, lastname: "Other" });
  expect([created.text, created.status]).toEqual(["", 204]);
  const user = idIn(created);
  expect(refusal(await contacts())).toEqual([403, "0x80042f09"]);
  await giveRole(client, user, roleId("Service Reader"));
  expect((await contacts()).status).toBe(200);
  expect((await api("GET", "WhoAmI", undefined, as)).json.UserId).toBe(user);
  const refused = await api("POST", "contacts", {}, as);
  expect(refusal(refused)).toEqual([403, "0x80040220"]);
  await api("PATCH", `systemusers(${user})`, { isdisabled: true });
  expect(refusal(await contacts())).toEqual([403, "0x80040225"]);
});
