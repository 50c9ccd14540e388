import { expect, test } from "vitest";
import { addCustomerKey, idIn, targets, useSandbox } from "../raw-client.test-data.ts";

// Optional parameters: dataverse.md section 12; optional-parameters.md, bypass-custom-business-logic.md.
const client = useSandbox();
const ID = "11111111-1111-1111-1111-111111111111";
const detect = { "MSCRM.SuppressDuplicateDetection": "false" };
const codeOf = (answer: { status: number; json: { error: { code: string } } }) => [
  answer.status,
  answer.json?.error?.code,
];
const monte = { firstname: "Monte", lastname: "Orton", emailaddress1: "monte.orton@example.com" };
const count = async (set: string) => Number((await client.api("GET", `${set}/$count`)).text);

test("MSCRM.SuppressDuplicateDetection: off by default, 412 when turned on", async () => {
  expect((await client.api("POST", "leads", { subject: "a", ...monte })).status).toBe(204);
  expect((await client.api("POST", "leads", { subject: "b", ...monte })).status).toBe(204);
  const suppressed = { "MSCRM.SuppressDuplicateDetection": "true" };
  expect((await client.api("POST", "leads", { subject: "c", ...monte }, suppressed)).status).toBe(204);
  const refused = await client.api("POST", "leads", { subject: "d", ...monte }, detect);
  expect(codeOf(refused)).toEqual([412, "0x80040333"]);
  expect(refused.json.error.message).toBe(
    "A record was not created or updated because a duplicate of the current record already exists.",
  );
  expect(await count("leads")).toBe(3);
});

test("MSCRM.SuppressDuplicateDetection: on updates and in bulk, without regard to case; blanks are no duplicates", async () => {
  await client.api("POST", "contacts", { emailaddress1: "A@example.com" });
  const other = idIn(await client.api("POST", "contacts", { lastname: "B" }, detect));
  expect((await client.api("POST", "contacts", { lastname: "C" }, detect)).status).toBe(204);
  const change = { emailaddress1: "a@EXAMPLE.com" };
  expect(codeOf(await client.api("PATCH", `contacts(${other})`, change, detect))).toEqual([412, "0x80040333"]);
  // A row is no duplicate of itself.
  const [own] = (await client.api("GET", "contacts?$filter=emailaddress1 ne null")).json.value;
  expect((await client.api("PATCH", `contacts(${own.contactid})`, change, detect)).status).toBe(204);
  const path = "contacts/Microsoft.Dynamics.CRM.CreateMultiple";
  const twins = targets([{ emailaddress1: "t@example.com" }, { emailaddress1: "t@example.com" }]);
  expect(codeOf(await client.api("POST", path, twins, detect))).toEqual([412, "0x80040333"]);
  expect((await client.api("POST", path, twins)).status).toBe(200);
});

test("MSCRM.SuppressDuplicateDetection: the organisation can switch detection off", async () => {
  await client.api("POST", "leads", { subject: "a", ...monte });
  const [organization] = (await client.api("GET", "organizations?$select=name")).json.value;
  const path = `organizations(${organization.organizationid})`;
  await client.api("PATCH", path, { isduplicatedetectionenabled: false });
  expect((await client.api("POST", "leads", { subject: "b", ...monte }, detect)).status).toBe(204);
});

test("PublishDuplicateRule: a rule of the client's own, over two tables", async () => {
  const rule = idIn(
    await client.api("POST", "duplicaterules", {
      name: "Leads that are contacts",
      baseentityname: "lead",
      matchingentityname: "contact",
      DuplicateRule_DuplicateRuleConditions: [
        { baseattributename: "lastname", matchingattributename: "lastname", operatorcode: 0 },
        { baseattributename: "mobilephone", matchingattributename: "mobilephone", operatorcode: 2, operatorparam: 4 },
      ],
    }),
  );
  await client.api("POST", "contacts", { lastname: "Orton", mobilephone: "0041 79 1234" });
  const lead = { subject: "s", lastname: "ORTON", mobilephone: "1234" };
  expect((await client.api("POST", "leads", lead, detect)).status).toBe(204);
  const published = await client.api("POST", `duplicaterules(${rule})/Microsoft.Dynamics.CRM.PublishDuplicateRule`);
  expect([published.status, typeof published.json.JobId]).toEqual([200, "string"]);
  expect(codeOf(await client.api("POST", "leads", lead, detect))).toEqual([412, "0x80040333"]);
  expect((await client.api("POST", "leads", { ...lead, mobilephone: "1235" }, detect)).status).toBe(204);
});

// The operators of DuplicateRuleCondition: 1 the first characters, 3 the day.
test.each([
  [{ operatorcode: 1, operatorparam: 4 }, "mobilephone", "0041 79", "0041 80", "0042 79"],
  [{ operatorcode: 3 }, "lastonholdtime", "2020-05-06T01:00:00Z", "2020-05-06T23:00:00Z", "2020-05-07T01:00:00Z"],
])("PublishDuplicateRule: a condition with %o", async (operator, column, first, same, other) => {
  const condition = { baseattributename: column, matchingattributename: column, ...operator };
  const made = await client.api("POST", "duplicaterules", {
    name: "r",
    baseentityname: "contact",
    matchingentityname: "contact",
    DuplicateRule_DuplicateRuleConditions: [condition],
  });
  await client.api("POST", `duplicaterules(${idIn(made)})/Microsoft.Dynamics.CRM.PublishDuplicateRule`);
  const create = (value: string) => client.api("POST", "contacts", { lastname: "x", [column]: value }, detect);
  expect([(await create(first)).status, (await create(other)).status]).toEqual([204, 204]);
  expect(codeOf(await create(same))).toEqual([412, "0x80040333"]);
});

test("UnpublishDuplicateRule: takes a rule out of force", async () => {
  await client.api("POST", "leads", { subject: "a", ...monte });
  const rules = await client.api("GET", "duplicaterules?$select=name&$filter=baseentityname eq 'lead'");
  const DuplicateRuleId = rules.json.value[0].duplicateruleid;
  expect((await client.api("POST", "UnpublishDuplicateRule", { DuplicateRuleId })).status).toBe(204);
  expect((await client.api("POST", "leads", { subject: "b", ...monte }, detect)).status).toBe(204);
  expect((await client.api("POST", "UnpublishDuplicateRule", { DuplicateRuleId: ID })).status).toBe(404);
  expect((await client.api("POST", "UnpublishDuplicateRule", {})).status).toBe(400);
});

test("RetrieveDuplicates: of a row there is, and of one that is only described (run-duplicate-detection)", async () => {
  const first = idIn(await client.api("POST", "accounts", { name: "A", emailaddress1: "a@example.com" }));
  const second = idIn(await client.api("POST", "accounts", { name: "B", emailaddress1: "a@example.com" }));
  const ask = (entity: string, more = "") =>
    client.api(
      "GET",
      `RetrieveDuplicates(BusinessEntity=@p1,MatchingEntityName=@p2,PagingInfo=@p3)?@p1=${entity}&@p2='account'&@p3={'PageNumber':1,'Count':50}${more}`,
    );
  const one = await ask(`{'@odata.type':'Microsoft.Dynamics.CRM.account','accountid':'${first}'}`);
  expect(one.status).toBe(200);
  expect(one.json["@odata.context"]).toMatch(/\$metadata#accounts$/);
  expect(one.json.value.map((each: { accountid: string }) => each.accountid)).toEqual([second]);
  const described = await ask("{'@odata.type':'Microsoft.Dynamics.CRM.account','emailaddress1':'a@example.com'}");
  expect(described.json.value).toHaveLength(2);
  for (const wrong of ["{", "[]", "null", "{'@odata.type':'nope'}", "{}"]) expect((await ask(wrong)).status).toBe(400);
  expect((await client.api("GET", "RetrieveDuplicates")).status).toBe(400);
  expect((await client.api("POST", "RetrieveDuplicates", {})).status).toBe(404);
});

const guarded = async (headers: Record<string, string>) => {
  await addCustomerKey(client);
  await client.control("POST", "plugins", { table: "contact", column: "lastname", equals: "x", throws: "No." });
  return client.api("POST", "contacts", { lastname: "x" }, headers);
};

test("MSCRM.BypassBusinessLogicExecution: CustomSync lets no plug-in run, CustomAsync alone does", async () => {
  const name = "MSCRM.BypassBusinessLogicExecution";
  expect(codeOf(await guarded({ [name]: "CustomAsync" }))).toEqual([400, "0x80040265"]);
  expect((await guarded({ [name]: "CustomSync" })).status).toBe(204);
  expect((await guarded({ [name]: "CustomSync,CustomAsync" })).status).toBe(204);
  expect((await guarded({ [name]: "Everything" })).status).toBe(400);
});

test("MSCRM.BypassCustomPluginExecution: true lets no plug-in run", async () => {
  expect((await guarded({ "MSCRM.BypassCustomPluginExecution": "true" })).status).toBe(204);
  expect(codeOf(await guarded({ "MSCRM.BypassCustomPluginExecution": "false" }))).toEqual([400, "0x80040265"]);
  expect((await guarded({ "MSCRM.BypassCustomPluginExecution": "yes" })).status).toBe(400);
});

test("MSCRM.BypassBusinessLogicExecutionStepIds: at most three ids", async () => {
  const ask = (value: string) =>
    client.api("GET", "WhoAmI", undefined, { "MSCRM.BypassBusinessLogicExecutionStepIds": value });
  expect((await ask(ID)).status).toBe(200);
  expect((await ask(`${ID}, ${ID},${ID}`)).status).toBe(200);
  expect((await ask([ID, ID, ID, ID].join())).status).toBe(400);
  expect((await ask("step")).status).toBe(400);
});

test.each([
  ["prvBypassCustomPlugins", "MSCRM.BypassCustomPluginExecution", "true"],
  ["prvBypassCustomBusinessLogic", "MSCRM.BypassBusinessLogicExecution", "CustomSync"],
  ["prvBypassCustomBusinessLogic", "MSCRM.BypassBusinessLogicExecutionStepIds", ID],
])("bypassing needs the privilege %s: %s", async (privilege, name, value) => {
  const user = { "x-sandbox-user": "Nobody" };
  await client.api("GET", "WhoAmI", undefined, user);
  const found = await client.api("GET", "systemusers?$select=systemuserid&$filter=lastname eq 'Nobody'");
  const path = `systemusers(${found.json.value[0].systemuserid})/systemuserroles_association`;
  const held = await client.api("GET", `${path}/$ref`);
  const role = await client.api("GET", "roles?$select=roleid&$filter=name eq 'Basic User'");
  await client.api("POST", `${path}/$ref`, { "@odata.id": `roles(${role.json.value[0].roleid})` });
  for (const each of held.json.value)
    await client.api("DELETE", `${path}/$ref?$id=${encodeURIComponent(each["@odata.id"])}`);
  const refused = await client.api("POST", "contacts", {}, { ...user, [name]: value });
  expect(codeOf(refused)).toEqual([403, "0x80040220"]);
  expect(refused.json.error.message).toContain(privilege);
});

test("MSCRM.SuppressCallbackRegistrationExpanderJob: is accepted", async () => {
  const headers = { "MSCRM.SuppressCallbackRegistrationExpanderJob": "true" };
  expect((await client.api("POST", "contacts", {}, headers)).status).toBe(204);
});

test("tag: is accepted in the URL", async () => {
  expect((await client.api("POST", "contacts?tag=mine", {})).status).toBe(204);
});
