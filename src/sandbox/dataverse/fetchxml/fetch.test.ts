import { beforeEach, expect, test } from "vitest";
import { targets, useSandbox } from "../../raw-client.test-data.ts";
import { sendFetch, valuesIn } from "./fetch.test-data.ts";

// FetchXML over the Web API: dataverse.md section 6, and the pages of fetchxml/ named in the tests.
const client = useSandbox();
const id = (n: number) => `${String(n).padStart(8, "0")}-0000-0000-0000-000000000000`;
const fetch = (set: string, xml: string, headers?: Record<string, string>) => sendFetch(client, set, xml, headers);

beforeEach(async () => {
  const accounts = [
    { accountid: id(1), name: "Litware", numberofemployees: 10, revenue: 1000.5 },
    { accountid: id(2), name: "Adventure", numberofemployees: 20 },
    { accountid: id(3), name: "Fabrikam" },
  ];
  await client.api("POST", "accounts/Microsoft.Dynamics.CRM.CreateMultiple", targets(accounts, "account"));
  const at = (n: number) => ({ "parentcustomerid_account@odata.bind": `accounts(${id(n)})` });
  const contacts = [
    { contactid: id(11), firstname: "Ada", lastname: "Bauer", preferredcontactmethodcode: 2, ...at(1) },
    { contactid: id(12), firstname: "Bo", lastname: "Czar", ...at(1) },
    { contactid: id(13), firstname: "Cy", lastname: "Adam", ...at(2) },
    { contactid: id(14), firstname: "Di", lastname: "Di" },
  ];
  await client.api("POST", "contacts/Microsoft.Dynamics.CRM.CreateMultiple", targets(contacts));
  await client.api("PATCH", `accounts(${id(1)})`, { "primarycontactid@odata.bind": `contacts(${id(12)})` });
});

test("fetchXml: selected columns, id and etag; empty columns are left out (page retrieve-data)", async () => {
  const xml = "<fetch><entity name='account'><attribute name='name'/><attribute name='revenue'/></entity></fetch>";
  const answer = await fetch("accounts", xml, {});
  expect(answer.status).toBe(200);
  expect(answer.json["@odata.context"]).toMatch(
    /#accounts\(name,revenue,accountid,_transactioncurrencyid_value,transactioncurrencyid,transactioncurrencyid\(\)\)$/,
  );
  expect(Object.keys(answer.json)).toEqual(["@odata.context", "value"]);
  expect(Object.keys(answer.json.value[0])).toEqual([
    "@odata.etag",
    "name",
    "revenue",
    "accountid",
    "_transactioncurrencyid_value",
  ]);
  expect(answer.json.value[2]).toEqual({ "@odata.etag": expect.any(String), name: "Fabrikam", accountid: id(3) });
});

test("all-attributes: every column with a value; the same without any attribute (page all-attributes)", async () => {
  const all = await fetch("accounts", "<fetch><entity name='account'><all-attributes/></entity></fetch>", {});
  const none = await fetch("accounts", "<fetch><entity name='account'/></fetch>", {});
  expect(all.json).toEqual(none.json);
  expect(all.json["@odata.context"]).toMatch(/#accounts$/);
  expect(all.json.value[0]).toMatchObject({ name: "Litware", statecode: 0, _primarycontactid_value: id(12) });
  expect(Object.values(all.json.value[1])).not.toContain(null);
});

test("attribute alias: the alias is the key, AttributeName tells the column (page select-columns)", async () => {
  const xml = `<fetch><entity name='contact'>
    <attribute name='preferredcontactmethodcode' alias='how'/><attribute name='parentcustomerid' alias='firm'/>
    <attribute name='parentcustomerid'/>
    <filter><condition attribute='lastname' operator='eq' value='bauer'/></filter></entity></fetch>`;
  const { json } = await fetch("contacts", xml);
  expect(json.value[0]).toEqual({
    "@odata.etag": expect.any(String),
    "how@OData.Community.Display.V1.AttributeName": "preferredcontactmethodcode",
    "how@OData.Community.Display.V1.FormattedValue": "Email",
    how: 2,
    "firm@OData.Community.Display.V1.AttributeName": "parentcustomerid",
    "firm@OData.Community.Display.V1.FormattedValue": "Litware",
    "firm@Microsoft.Dynamics.CRM.lookuplogicalname": "account",
    firm: id(1),
    "_parentcustomerid_value@OData.Community.Display.V1.FormattedValue": "Litware",
    "_parentcustomerid_value@Microsoft.Dynamics.CRM.associatednavigationproperty": "parentcustomerid_account",
    "_parentcustomerid_value@Microsoft.Dynamics.CRM.lookuplogicalname": "account",
    _parentcustomerid_value: id(1),
    contactid: id(11),
  });
});

// page filter-rows
test.each([
  ["and", "Bo"],
  ["or", "Ada Bo Cy"],
])("filter type %s: several conditions, also in filters within", async (type, found) => {
  const xml = `<fetch><entity name='contact'><attribute name='firstname'/><filter type='${type}'>
    <condition attribute='lastname' operator='ne' value='Bauer'/><condition attribute='lastname' operator='ne' value='Di'/>
    <filter type='and'><condition attribute='firstname' operator='eq' value='Bo'/><condition attribute='lastname' operator='eq' value='Czar'/></filter>
    </filter><filter><condition attribute='parentcustomerid' operator='not-null'/></filter></entity></fetch>`;
  expect(valuesIn(await fetch("contacts", xml), "firstname").join(" ")).toBe(found);
});

test("link-entity: columns of the link are alias.column; without alias the table's name and a number (page join-tables)", async () => {
  const xml = (alias: string) =>
    `<fetch><entity name='account'><attribute name='name'/><link-entity name='contact' from='contactid' to='primarycontactid' ${alias}><attribute name='fullname'/></link-entity></entity></fetch>`;
  const { json } = await fetch("accounts", xml("alias='pc'"));
  expect(json.value).toHaveLength(1);
  expect(json.value[0]).toMatchObject({
    name: "Litware",
    "pc.fullname": "Bo Czar",
    "pc.fullname@OData.Community.Display.V1.AttributeName": "fullname",
  });
  expect(valuesIn(await fetch("accounts", xml("")), "contact1.fullname")).toEqual(["Bo Czar"]);
  // Version 8.2 wrote the dot as XML names do (dynamics-web-api issue 25).
  const old = await client.raw(
    "GET",
    `/api/data/v8.2/accounts?fetchXml=${encodeURIComponent(xml("alias='pc'"))}`,
    undefined,
    {
      authorization: `Bearer ${client.token}`,
    },
  );
  expect(old.json.value[0].pc_x002e_fullname).toBe("Bo Czar");
});

const joined = (type: string, filter = "") =>
  `<fetch><entity name='account'><attribute name='name'/><link-entity name='contact' from='parentcustomerid' to='accountid' link-type='${type}' alias='c'><attribute name='lastname'/>${filter}</link-entity></entity></fetch>`;
const pairsOf = async (xml: string) =>
  (await fetch("accounts", xml)).json.value.map((row: Record<string, unknown>) => [
    row.name,
    row["c.lastname"] ?? null,
  ]);

test("link-type inner: one row for each pair (page join-tables)", async () => {
  expect(await pairsOf(joined("inner"))).toEqual([
    ["Litware", "Bauer"],
    ["Litware", "Czar"],
    ["Adventure", "Adam"],
  ]);
});

// The page link-entity: a missing `from` or `to` follows from the relationship between the two tables.
test.each([
  ["from='parentcustomerid'", ["Bauer", "Czar", "Adam"]],
  ["to='primarycontactid'", ["Czar"]],
])("link-entity with %s alone", async (given, found) => {
  const xml = `<fetch><entity name='account'><attribute name='name'/><link-entity name='contact' ${given} alias='c'><attribute name='lastname'/></link-entity></entity></fetch>`;
  const answer = await fetch("accounts", xml, {});
  expect(valuesIn(answer, "c.lastname")).toEqual(found);
  // Of a linked row only what is asked for is shown, and not its id.
  expect(Object.keys(answer.json.value[0]).sort()).toEqual(["@odata.etag", "accountid", "c.lastname", "name"]);
});

test("link-type outer: rows without a match too; the link's filter belongs to the join (page filter-rows)", async () => {
  const filter = "<filter><condition attribute='lastname' operator='eq' value='Czar'/></filter>";
  expect(await pairsOf(joined("outer", filter))).toEqual([
    ["Litware", "Czar"],
    ["Adventure", null],
    ["Fabrikam", null],
  ]);
});

test("condition entityname: is applied after the join, so rows not in a set are found (page join-tables)", async () => {
  const xml = `<fetch><entity name='account'><attribute name='name'/>
    <link-entity name='contact' from='parentcustomerid' to='accountid' link-type='outer' alias='contact'/>
    <filter><condition entityname='contact' attribute='parentcustomerid' operator='null'/></filter></entity></fetch>`;
  expect(valuesIn(await fetch("accounts", xml), "name")).toEqual(["Fabrikam"]);
});

const lastnames = "<attribute name='lastname'/>";
test("link-type exists: each row once, no columns of the link (page join-tables)", async () => {
  expect(await pairsOf(joined("exists"))).toEqual([
    ["Litware", null],
    ["Adventure", null],
  ]);
});

test("link-type in: as exists (page join-tables)", async () => {
  expect(await pairsOf(joined("in"))).toEqual([
    ["Litware", null],
    ["Adventure", null],
  ]);
});

test("link-type matchfirstrowusingcrossapply: the first match with its columns (page join-tables)", async () => {
  expect(await pairsOf(joined("matchfirstrowusingcrossapply"))).toEqual([
    ["Litware", "Bauer"],
    ["Adventure", "Adam"],
  ]);
});

const linkFilter = (type: string) =>
  `<fetch><entity name='account'><attribute name='name'/><filter><link-entity name='contact' from='parentcustomerid' to='accountid' link-type='${type}'><filter><condition attribute='lastname' operator='eq' value='Czar'/></filter></link-entity></filter></entity></fetch>`;

test("link-type any: some linked row matches (page filter-rows)", async () => {
  expect(valuesIn(await fetch("accounts", linkFilter("any")), "name")).toEqual(["Litware"]);
});

test("link-type not any: no linked row matches (page filter-rows)", async () => {
  expect(valuesIn(await fetch("accounts", linkFilter("not any")), "name")).toEqual(["Adventure", "Fabrikam"]);
});

test("link-type all: linked rows there are, and none matches (page filter-rows)", async () => {
  expect(valuesIn(await fetch("accounts", linkFilter("all")), "name")).toEqual(["Adventure"]);
});

test("link-type not all: means the same as any (page filter-rows)", async () => {
  expect(valuesIn(await fetch("accounts", linkFilter("not all")), "name")).toEqual(["Litware"]);
});

test("filter: or with a link in it, and nested filters (page filter-rows)", async () => {
  const xml = `<fetch><entity name='contact'>${lastnames}<filter type='or'>
    <link-entity name='account' from='primarycontactid' to='contactid' link-type='any'/>
    <filter type='and'><condition attribute='firstname' operator='eq' value='DI'/><condition attribute='statecode' operator='eq' value='0'/></filter>
    </filter></entity></fetch>`;
  expect(valuesIn(await fetch("contacts", xml), "lastname")).toEqual(["Czar", "Di"]);
});

test("condition valueof: columns of one row, and of two tables (page filter-rows)", async () => {
  const same = `<fetch><entity name='contact'>${lastnames}<filter><condition attribute='firstname' operator='eq' valueof='lastname'/></filter></entity></fetch>`;
  expect(valuesIn(await fetch("contacts", same), "lastname")).toEqual(["Di"]);
  await client.api("PATCH", `contacts(${id(13)})`, { firstname: "Adventure", lastname: null });
  const cross = `<fetch><entity name='contact'><attribute name='fullname'/><filter><condition attribute='fullname' operator='eq' valueof='acct.name'/></filter>
    <link-entity name='account' from='accountid' to='parentcustomerid' link-type='outer' alias='acct'/></entity></fetch>`;
  expect(valuesIn(await fetch("contacts", cross), "fullname")).toEqual(["Adventure"]);
});

test("order: lookups by name, choices by label, links' columns (page order-rows)", async () => {
  const by = (order: string) => `<fetch><entity name='contact'>${lastnames}${order}</entity></fetch>`;
  expect(valuesIn(await fetch("contacts", by("<order attribute='lastname' descending='true'/>")), "lastname")).toEqual([
    "Di",
    "Czar",
    "Bauer",
    "Adam",
  ]);
  const byFirm = by("<order attribute='parentcustomerid' descending='true'/><order attribute='lastname'/>");
  expect(valuesIn(await fetch("contacts", byFirm), "lastname")).toEqual(["Bauer", "Czar", "Adam", "Di"]);
  const byLink = by(
    "<link-entity name='account' from='accountid' to='parentcustomerid' alias='a'/><order entityname='a' attribute='name'/><order attribute='lastname'/>",
  );
  expect(valuesIn(await fetch("contacts", byLink), "lastname")).toEqual(["Adam", "Bauer", "Czar"]);
});

test("fetch useraworderby: choices by their numbers instead of their labels (page order-rows)", async () => {
  // 1 Any, 2 Email, 4 Fax, 3 Phone: labels and numbers disagree between Fax and Phone.
  await client.api("PATCH", `contacts(${id(12)})`, { preferredcontactmethodcode: 3 });
  await client.api("PATCH", `contacts(${id(13)})`, { preferredcontactmethodcode: 4 });
  const xml = (raw: string) =>
    `<fetch ${raw}><entity name='contact'>${lastnames}<filter><condition attribute='preferredcontactmethodcode' operator='ge' value='3'/></filter><order attribute='preferredcontactmethodcode'/></entity></fetch>`;
  expect(valuesIn(await fetch("contacts", xml("")), "lastname")).toEqual(["Adam", "Czar"]);
  expect(valuesIn(await fetch("contacts", xml("useraworderby='1'")), "lastname")).toEqual(["Czar", "Adam"]);
});

test("fetch distinct: each combination of values once, without ids (page overview)", async () => {
  const xml = `<fetch distinct='true'><entity name='contact'><attribute name='parentcustomerid'/><order attribute='parentcustomerid'/></entity></fetch>`;
  const { json } = await fetch("contacts", xml, {});
  expect(json.value).toEqual([{}, { _parentcustomerid_value: id(2) }, { _parentcustomerid_value: id(1) }]);
});

test("fetch top: at most so many rows, and no paging (page overview)", async () => {
  const answer = await fetch("contacts", `<fetch top='2'><entity name='contact'>${lastnames}</entity></fetch>`);
  expect(answer.json.value).toHaveLength(2);
  expect(answer.text).not.toContain("morerecords");
});

test("many-to-many: through the intersect table, or found without from and to (page link-entity)", async () => {
  const me = (await client.api("GET", "WhoAmI")).json.UserId;
  await client.api("POST", "teams", { teamid: id(90), name: "T" });
  await client.api("POST", `teams(${id(90)})/teammembership_association/$ref`, {
    "@odata.id": `${client.sandbox.origin}/api/data/v9.2/systemusers(${me})`,
  });
  const long = `<fetch><entity name='systemuser'><attribute name='systemuserid'/><link-entity name='teammembership' from='systemuserid' to='systemuserid' intersect='true'><link-entity name='team' from='teamid' to='teamid' alias='team'><attribute name='name'/></link-entity></link-entity></entity></fetch>`;
  const short = `<fetch><entity name='systemuser'><attribute name='systemuserid'/><link-entity name='team' alias='team'><attribute name='name'/></link-entity></entity></fetch>`;
  const answers = await Promise.all([fetch("systemusers", long, {}), fetch("systemusers", short, {})]);
  expect(answers[0].status).toBe(200);
  expect(answers[0].json).toEqual(answers[1].json);
});
