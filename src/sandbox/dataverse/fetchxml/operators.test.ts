import { beforeEach, expect, test } from "vitest";
import { targets, useSandbox } from "../../raw-client.test-data.ts";
import { sendFetch, valuesIn } from "./fetch.test-data.ts";

// Condition operators by value: the page fetchxml/reference/operators. That negations keep empty rows is Sql4Cds issue 167.
const client = useSandbox();
const id = (n: number) => `${String(n).padStart(8, "0")}-0000-0000-0000-000000000000`;

/** Names of the rows of `table` a condition finds, in order. */
async function found(set: string, table: string, name: string, condition: string): Promise<string> {
  const xml = `<fetch><entity name='${table}'><attribute name='${name}'/><filter>${condition}</filter></entity></fetch>`;
  return valuesIn(await sendFetch(client, set, xml), name).join(" ");
}

const contacts =
  (attribute: string, operator: string, ...values: string[]) =>
  async () => {
    const inside = values.slice(0, -1).map((value) => `<value>${value}</value>`);
    const condition = `<condition attribute='${attribute}' operator='${operator}'>${inside.join("")}</condition>`;
    expect(await found("contacts", "contact", "lastname", condition)).toBe(values.at(-1));
  };

beforeEach(async () => {
  const rows = [
    { lastname: "Ada", firstname: "Ann", numberofchildren: 1, donotemail: true, birthdate: "2000-01-31" },
    { lastname: "Bob", firstname: "ánna", numberofchildren: 2, donotemail: false, birthdate: "2000-02-01" },
    { lastname: "Cy", firstname: "50% off", numberofchildren: 3, familystatuscode: 2 },
    { lastname: "Di" },
  ].map((row, n) => ({ contactid: id(n + 1), ...row }));
  await client.api("POST", "contacts/Microsoft.Dynamics.CRM.CreateMultiple", targets(rows));
});

test("condition eq: by value", contacts("numberofchildren", "eq", "2", "Bob"));
test("condition ne: by value", contacts("numberofchildren", "ne", "2", "Ada Cy Di"));
test("condition neq: by value", contacts("firstname", "neq", "ann", "Bob Cy Di"));
test("condition gt: by value", contacts("numberofchildren", "gt", "1", "Bob Cy"));
test("condition ge: by value", contacts("numberofchildren", "ge", "2", "Bob Cy"));
test("condition lt: by value", contacts("numberofchildren", "lt", "2", "Ada"));
test("condition le: by value", contacts("birthdate", "le", "2000-01-31", "Ada"));
test("condition null: by value", contacts("numberofchildren", "null", "Di"));
test("condition not-null: by value", contacts("numberofchildren", "not-null", "Ada Bob Cy"));
test("condition in: by value", contacts("firstname", "in", "ANN", "anna", "Ada Bob"));
test("condition not-in: by value", contacts("numberofchildren", "not-in", "1", "3", "Bob Di"));
test("condition between: by value", contacts("numberofchildren", "between", "2", "3", "Bob Cy"));
test("condition not-between: by value", contacts("numberofchildren", "not-between", "2", "3", "Ada"));
test("condition like: by value", contacts("firstname", "like", "a_%na", "Bob"));
test("condition not-like: by value", contacts("firstname", "not-like", "%n%", "Cy Di"));
test("condition begins-with: by value", contacts("firstname", "begins-with", "AN", "Ada Bob"));
test("condition not-begin-with: by value", contacts("firstname", "not-begin-with", "an", "Cy Di"));
test("condition ends-with: by value", contacts("firstname", "ends-with", "na", "Bob"));
test("condition not-end-with: by value", contacts("firstname", "not-end-with", "na", "Ada Cy Di"));

test("texts compare without case and accents, ids with and without braces, choices and booleans by number", async () => {
  await contacts("lastname", "eq", "ADA", "Ada")();
  await contacts("contactid", "eq", `{${id(2)}}`, "Bob")();
  await contacts("familystatuscode", "eq", "2", "Cy")();
  await contacts("donotemail", "eq", "1", "Ada")();
  await contacts("donotemail", "eq", "false", "Bob Cy Di")();
  await contacts("firstname", "like", "50[%]%", "Cy")();
  await contacts("birthdate", "eq", "1/31/2000", "Ada")();
  await contacts("lastname", "eq", "<![CDATA[Cy]]>", "Cy")();
});

test("virtual companions can be compared with, though they are no properties (section 3)", async () => {
  await contacts("familystatuscodename", "eq", "married", "Cy")();
  await contacts("owneridname", "like", "%application%", "Ada Bob Cy Di")();
  const xml =
    "<fetch><entity name='contact'><attribute name='owneridname'/><filter><condition attribute='owneridtype' operator='eq' value='team'/></filter></entity></fetch>";
  expect((await sendFetch(client, "contacts", xml)).json.value).toEqual([]);
});

const users = (condition: string) => found("contacts", "contact", "lastname", condition);
test("condition eq-userid: the caller's rows", async () => {
  expect(await users("<condition attribute='ownerid' operator='eq-userid'/>")).toBe("Ada Bob Cy Di");
});

test("condition ne-userid: rows of others, and empty lookups", async () => {
  expect(await users("<condition attribute='ownerid' operator='ne-userid'/>")).toBe("");
  expect(await users("<condition attribute='parentcustomerid' operator='ne-userid'/>")).toBe("Ada Bob Cy Di");
});

async function ownTeam(): Promise<void> {
  const me = (await client.api("GET", "WhoAmI")).json.UserId;
  await client.api("POST", "teams", { teamid: id(90), name: "T" });
  await client.api("POST", `teams(${id(90)})/teammembership_association/$ref`, {
    "@odata.id": `${client.sandbox.origin}/api/data/v9.2/systemusers(${me})`,
  });
  await client.api("PATCH", `contacts(${id(2)})`, { "ownerid@odata.bind": `teams(${id(90)})` });
}

test("condition eq-userteams: rows of the caller's teams", async () => {
  await ownTeam();
  expect(await users("<condition attribute='ownerid' operator='eq-userteams'/>")).toBe("Bob");
});

test("condition eq-useroruserteams: rows of the caller or their teams", async () => {
  await ownTeam();
  expect(await users("<condition attribute='ownerid' operator='eq-useroruserteams'/>")).toBe("Ada Bob Cy Di");
});

test("condition eq-useroruserhierarchy: rows of the caller or users under them", async () => {
  await ownTeam();
  expect(await users("<condition attribute='ownerid' operator='eq-useroruserhierarchy'/>")).toBe("Ada Cy Di");
});

test("condition eq-useroruserhierarchyandteams: their teams' rows as well", async () => {
  await ownTeam();
  expect(await users("<condition attribute='ownerid' operator='eq-useroruserhierarchyandteams'/>")).toBe(
    "Ada Bob Cy Di",
  );
});

test("condition eq-businessid: rows of the caller's business unit", async () => {
  expect(await users("<condition attribute='owningbusinessunit' operator='eq-businessid'/>")).toBe("Ada Bob Cy Di");
});

test("condition ne-businessid: rows of other business units", async () => {
  expect(await users("<condition attribute='owningbusinessunit' operator='ne-businessid'/>")).toBe("");
});

test("condition eq-userlanguage: the language of the caller, 1033", async () => {
  await client.api("PATCH", `contacts(${id(3)})`, { adx_preferredlcid: 1033 });
  expect(await users("<condition attribute='adx_preferredlcid' operator='eq-userlanguage'/>")).toBe("Cy");
});

/** a above b above c, and d alone. */
async function tree(operator: string): Promise<string> {
  for (const [n, parent] of [
    ["5", ""],
    ["6", "5"],
    ["7", "6"],
    ["8", ""],
  ]) {
    const link = parent === "" ? {} : { "parentaccountid@odata.bind": `accounts(${id(Number(parent))})` };
    await client.api("POST", "accounts", { accountid: id(Number(n)), name: "abcd"[Number(n) - 5], ...link });
  }
  return found(
    "accounts",
    "account",
    "name",
    `<condition attribute='accountid' operator='${operator}' value='${id(6)}'/>`,
  );
}

test("condition under: rows below in the hierarchy (page query-hierarchical-data)", async () => {
  expect(await tree("under")).toBe("c");
});

test("condition eq-or-under: the row and those below it", async () => {
  expect(await tree("eq-or-under")).toBe("b c");
});

test("condition not-under: all others", async () => {
  expect(await tree("not-under")).toBe("a b d");
});

test("condition above: rows above in the hierarchy", async () => {
  expect(await tree("above")).toBe("a");
});

test("condition eq-or-above: the row and those above it", async () => {
  expect(await tree("eq-or-above")).toBe("a b");
});

async function addInterests(): Promise<void> {
  const column = {
    "@odata.type": "Microsoft.Dynamics.CRM.MultiSelectPicklistAttributeMetadata",
    SchemaName: "new_Interests",
    OptionSet: {
      Options: [1, 2, 3].map((Value) => ({
        Value,
        Label: { LocalizedLabels: [{ Label: `L${Value}`, LanguageCode: 1033 }] },
      })),
    },
  };
  await client.api("POST", "EntityDefinitions(LogicalName='contact')/Attributes", column);
  await client.api("PATCH", `contacts(${id(1)})`, { new_interests: "1,2" });
  await client.api("PATCH", `contacts(${id(2)})`, { new_interests: "3" });
}

test("condition contain-values: a multi-select choice with one of the values", async () => {
  await addInterests();
  await contacts("new_interests", "contain-values", "2", "3", "Ada Bob")();
});

test("condition not-contain-values: with none of them", async () => {
  await addInterests();
  await contacts("new_interests", "not-contain-values", "2", "Bob Cy Di")();
});

test.each([
  ["0x80041103", "<condition attribute='Lastname' operator='null'/>"],
  ["0x80041120", "<condition attribute='lastname' operator='equals' value='x'/>"],
  ["0x80040203", "<condition attribute='lastname' operator='eq'/>"],
  ["0x80040203", "<condition attribute='numberofchildren' operator='eq' value='x'/>"],
  ["0x80040203", "<condition attribute='numberofchildren' operator='between' value='1'/>"],
  ["0x80040203", "<condition attribute='lastname' operator='in'/>"],
  ["0x80040203", "<condition attribute='contactid' operator='eq' value='12'/>"],
  ["0x80040203", "<condition attribute='donotemail' operator='eq' value='perhaps'/>"],
  ["0x80040239", "<condition attribute='createdon' operator='on' value='2024-02-30'/>"],
  ["0x8004110c", "<condition attribute='createdon' operator='last-x-days' value='0'/>"],
  ["0x80041106", "<condition attribute='lastname' operator='today'/>"],
  ["0x80041106", "<condition attribute='familystatuscode' operator='contain-values' value='1'/>"],
  ["0x80041106", "<condition attribute='contactid' operator='under' value='00000001-0000-0000-0000-000000000000'/>"],
  ["0x80041111", "<condition attribute='lastname' operator='eq' valueof='numberofchildren'/>"],
  ["0x80041120", "<condition attribute='lastname' operator='like' valueof='firstname'/>"],
  ["0x8004110a", "<condition entityname='nobody' attribute='lastname' operator='null'/>"],
  ["0x80041123", "<condition operator='null'/>"],
])("refused with %s: %s", async (code, condition) => {
  const xml = `<fetch><entity name='contact'><filter>${condition}</filter></entity></fetch>`;
  const answer = await sendFetch(client, "contacts", xml);
  expect([answer.status, answer.json.error.code]).toEqual([400, code]);
});
