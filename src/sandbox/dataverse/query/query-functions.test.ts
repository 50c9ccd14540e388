import { beforeEach, expect, test } from "vitest";
import { useSandbox } from "../../raw-client.test-data.ts";
import { label } from "../metadata/definitions.test-data.ts";
import { ACCOUNT, CONTACT, createFamily, numbers } from "./family.test-data.ts";

// The pages of the query functions (Web API reference); query/filter-rows.md; query-hierarchical-data.md.
const client = useSandbox();
beforeEach(() => createFamily(client));

const rows = async (set: string, id: string, filter: string, more = "") =>
  numbers(await client.api("GET", `${set}?$select=${id}&$filter=${encodeURIComponent(filter)}${more}`), id);
const contacts = (filter: string, more = "") => rows("contacts", "contactid", `Microsoft.Dynamics.CRM.${filter}`, more);
const accounts = (filter: string) => rows("accounts", "accountid", `Microsoft.Dynamics.CRM.${filter}`);
const me = async () => (await client.api("GET", "WhoAmI")).json as { UserId: string; BusinessUnitId: string };

test("In: any of a list, values as texts, aliases too", async () => {
  expect(await contacts(`In(PropertyName='firstname',PropertyValues=["ADA","Bob","O'Neil"])`)).toEqual([1, 2]);
  expect(await contacts("In(PropertyName=@p1,PropertyValues=@p2)", `&@p1='lastname'&@p2=["Cole"]`)).toEqual([2]);
  expect(await contacts(`In(PropertyName='contactid',PropertyValues=["${CONTACT(3)}"])`)).toEqual([3]);
  expect(await contacts(`In(PropertyName='parentcustomerid',PropertyValues=["${ACCOUNT(2)}"])`)).toEqual([4]);
  expect(await contacts("In(PropertyName='firstname',PropertyValues=[])")).toEqual([]);
});

test("NotIn: none of a list; empty values are in neither", async () => {
  expect(await contacts(`NotIn(PropertyName='jobtitle',PropertyValues=["boss"])`)).toEqual([3]);
});

test("Between: both ends are in it", async () => {
  await client.api("PATCH", `contacts(${CONTACT(2)})`, { numberofchildren: 2 });
  await client.api("PATCH", `contacts(${CONTACT(3)})`, { numberofchildren: 5 });
  await client.api("PATCH", `contacts(${CONTACT(4)})`, { numberofchildren: 6 });
  expect(await contacts(`Between(PropertyName='numberofchildren',PropertyValues=["2","5"])`)).toEqual([2, 3]);
  expect(await contacts(`Between(PropertyName='lastname',PropertyValues=["b","cole"])`)).toEqual([1, 2]);
  expect(await contacts(`Between(PropertyName='createdon',PropertyValues=["2020-01-01","2999-12-31"])`)).toHaveLength(
    6,
  );
});

test("NotBetween: outside both ends, empty values left out", async () => {
  await client.api("PATCH", `contacts(${CONTACT(2)})`, { numberofchildren: 2 });
  await client.api("PATCH", `contacts(${CONTACT(3)})`, { numberofchildren: 9 });
  expect(await contacts(`NotBetween(PropertyName='numberofchildren',PropertyValues=["2","5"])`)).toEqual([3]);
});

/** Adds a choices column to contact and gives it to three of them: 1 and 2; 2; none. */
async function addChoices(): Promise<void> {
  const made = await client.api("POST", "EntityDefinitions(LogicalName='contact')/Attributes", {
    "@odata.type": "Microsoft.Dynamics.CRM.MultiSelectPicklistAttributeMetadata",
    SchemaName: "new_Tags",
    DisplayName: label("Tags"),
    OptionSet: {
      "@odata.type": "Microsoft.Dynamics.CRM.OptionSetMetadata",
      IsGlobal: false,
      OptionSetType: "Picklist",
      Options: [1, 2, 12].map((Value) => ({ Value, Label: label(`L${Value}`) })),
    },
  });
  expect(made.status, made.text).toBe(204);
  await client.api("PATCH", `contacts(${CONTACT(1)})`, { new_tags: "1,2" });
  await client.api("PATCH", `contacts(${CONTACT(2)})`, { new_tags: "12" });
}

test("ContainValues: any of the values, whole values only", async () => {
  await addChoices();
  expect(await contacts(`ContainValues(PropertyName='new_tags',PropertyValues=["2","7"])`)).toEqual([1]);
  const { json } = await client.api("GET", `contacts(${CONTACT(1)})?$select=new_tags`, undefined, {
    Prefer: 'odata.include-annotations="OData.Community.Display.V1.FormattedValue"',
  });
  expect(json["new_tags@OData.Community.Display.V1.FormattedValue"]).toBe("L1; L2");
});

test("DoesNotContainValues: rows with other values", async () => {
  await addChoices();
  expect(await contacts(`DoesNotContainValues(PropertyName='new_tags',PropertyValues=["2"])`)).toEqual([2]);
});

test("EqualUserId: rows of the caller, by column or property name", async () => {
  await client.api("POST", "contacts", { contactid: CONTACT(7) }, { "x-sandbox-user": "someone" });
  expect(await contacts("EqualUserId(PropertyName='createdby')")).toEqual([1, 2, 3, 4, 5, 6]);
  expect(await contacts("EqualUserId(PropertyName='_ownerid_value')")).toEqual([1, 2, 3, 4, 5, 6]);
});

test("NotEqualUserId: rows of others", async () => {
  await client.api("POST", "contacts", { contactid: CONTACT(7) }, { "x-sandbox-user": "someone" });
  expect(await contacts("NotEqualUserId(PropertyName='createdby')")).toEqual([7]);
});

test("EqualBusinessId: the caller's business unit", async () => {
  expect(await contacts("EqualBusinessId(PropertyName='owningbusinessunit')")).toHaveLength(6);
});

test("NotEqualBusinessId: other business units", async () => {
  expect(await contacts("NotEqualBusinessId(PropertyName='owningbusinessunit')")).toEqual([]);
});

test("EqualUserLanguage: columns with the caller's language", async () => {
  await client.api("PATCH", `contacts(${CONTACT(2)})`, { numberofchildren: 1033 });
  expect(await contacts("EqualUserLanguage(PropertyName='numberofchildren')")).toEqual([2]);
});

/** A team of the caller that owns contact 2, and a user who reports to the caller and owns contact 3. */
async function shareOut(): Promise<void> {
  const { UserId, BusinessUnitId } = await me();
  const [team, user] = ["99999999-0000-4000-8000-000000000001", "99999999-0000-4000-8000-000000000002"];
  await client.control("POST", "seed", {
    table: "team",
    rows: [{ teamid: team, name: "T", "businessunitid@odata.bind": `/businessunits(${BusinessUnitId})` }],
  });
  await client.control("POST", "seed", { table: "teammembership", rows: [{ teamid: team, systemuserid: UserId }] });
  await client.control("POST", "seed", {
    table: "systemuser",
    rows: [{ systemuserid: user, lastname: "Report", "parentsystemuserid@odata.bind": `/systemusers(${UserId})` }],
  });
  for (const [n, owner] of [
    [2, `/teams(${team})`],
    [3, `/systemusers(${user})`],
  ]) {
    const answer = await client.api("PATCH", `contacts(${CONTACT(n as number)})`, { "ownerid@odata.bind": owner });
    expect(answer.status, answer.text).toBe(204);
  }
}

test("EqualUserTeams: rows of the caller's teams", async () => {
  await shareOut();
  expect(await contacts("EqualUserTeams(PropertyName='ownerid')")).toEqual([2]);
});

test("EqualUserOrUserTeams: rows of the caller and their teams", async () => {
  await shareOut();
  expect(await contacts("EqualUserOrUserTeams(PropertyName='ownerid')")).toEqual([1, 2, 4, 5, 6]);
});

test("EqualUserOrUserHierarchy: rows of the caller and of who reports to them", async () => {
  await shareOut();
  expect(await contacts("EqualUserOrUserHierarchy(PropertyName='ownerid')")).toEqual([1, 3, 4, 5, 6]);
});

test("EqualUserOrUserHierarchyAndTeams: and of teams", async () => {
  await shareOut();
  expect(await contacts("EqualUserOrUserHierarchyAndTeams(PropertyName='ownerid')")).toEqual([1, 2, 3, 4, 5, 6]);
});

test("Above: rows above one in the hierarchy, circles gone through once", async () => {
  expect(await accounts(`Above(PropertyName='accountid',PropertyValue='${ACCOUNT(1)}')`)).toEqual([3]);
  await client.api("PATCH", `accounts(${ACCOUNT(3)})`, { "parentaccountid@odata.bind": `/accounts(${ACCOUNT(1)})` });
  expect(await accounts(`Above(PropertyName='accountid',PropertyValue='${ACCOUNT(1)}')`)).toEqual([3]);
});

test("AboveOrEqual: and the row itself", async () => {
  expect(await accounts(`AboveOrEqual(PropertyName='accountid',PropertyValue='${ACCOUNT(1)}')`)).toEqual([3, 1]);
});

test("Under: rows below one", async () => {
  expect(await accounts(`Under(PropertyName='accountid',PropertyValue='${ACCOUNT(3)}')`)).toEqual([1, 2]);
});

test("UnderOrEqual: and the row itself", async () => {
  expect(await accounts(`UnderOrEqual(PropertyName='accountid',PropertyValue='${ACCOUNT(3)}')`)).toEqual([3, 1, 2]);
});

test("NotUnder: rows not below one", async () => {
  expect(await accounts(`NotUnder(PropertyName='accountid',PropertyValue='${ACCOUNT(3)}')`)).toEqual([3]);
});

test.each(["Contains(PropertyName='lastname',PropertyValue='x')", "EqualRoleBusinessId(PropertyName='ownerid')"])(
  "%s is not built, and its 501 names it",
  async (text) => {
    const answer = await client.api("GET", `contacts?$filter=Microsoft.Dynamics.CRM.${text}`);
    expect([answer.status, answer.json.error.message]).toEqual([501, expect.stringContaining(text.split("(")[0]!)]);
  },
);

test.each([
  [`In(PropertyName='numberofchildren',PropertyValues=["x"])`, "Edm.Int32"],
  ["In(PropertyName='firstname',PropertyValues='x')", "Collection(Edm.String)"],
  [
    "In(PropertyName='firstname',PropertyValues=['a'b'])",
    "Invalid JSON. A comma character ',' was expected in scope 'Array'.",
  ],
  ["Between(PropertyName='firstname',PropertyValues=['a'])", "two values"],
  ["ContainValues(PropertyName='firstname',PropertyValues=['a'])", "ContainValues"],
  ["EqualUserId(PropertyName='firstname')", "EqualUserId"],
  ["Under(PropertyName='contactid',PropertyValue='x')", "Edm.Guid"],
  [`Under(PropertyName='contactid',PropertyValue='${CONTACT(1)}')`, "hierarch"],
])("%s is a 400", async (text, message) => {
  const answer = await client.api("GET", `contacts?$filter=${encodeURIComponent(`Microsoft.Dynamics.CRM.${text}`)}`);
  expect(answer.status, answer.text).toBe(400);
  expect(answer.json.error.message).toContain(message);
});
