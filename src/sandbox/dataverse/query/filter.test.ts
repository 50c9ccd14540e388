import { beforeEach, expect, test } from "vitest";
import { useSandbox } from "../../raw-client.test-data.ts";
import { ACCOUNT, CONTACT, createFamily, LIST, numbers } from "./family.test-data.ts";

// query/filter-rows.md of Microsoft's documentation, and dataverse.md section 6.
const client = useSandbox();
beforeEach(() => createFamily(client));

const filtered = (set: string, filter: string) =>
  client.api("GET", `${set}?$filter=${encodeURIComponent(filter)}&$top=50`);
const contacts = async (filter: string) => numbers(await filtered("contacts", filter), "contactid");
const accounts = async (filter: string) => numbers(await filtered("accounts", filter), "accountid");

test("eq ne gt ge lt le: values, columns of the same row, nothing", async () => {
  expect(await contacts("firstname eq 'ada'")).toEqual([1]);
  expect(await contacts("firstname lt lastname")).toEqual([1, 2, 4, 6]);
  expect(await contacts("lastname ge 'Dorn' and lastname le 'eck'")).toEqual([4, 5]);
  expect(await contacts("jobtitle ne 'boss'")).toEqual([3]);
  expect(await contacts("null eq jobtitle")).toEqual([2, 5, 6]);
  expect(await contacts(`_parentcustomerid_value eq ${ACCOUNT(1)}`)).toEqual([1, 2, 3]);
  expect(await contacts("createdon le modifiedon")).toHaveLength(6);
  expect(await contacts("statecode eq 0 and true eq true")).toHaveLength(6);
});

test("and or not: brackets, and what is neither true nor false", async () => {
  expect(await contacts("not (jobtitle eq 'boss')")).toEqual([3]);
  expect(await contacts("not not (jobtitle eq 'boss')")).toEqual([1, 4]);
  expect(await contacts("jobtitle eq 'boss' or lastname eq 'cole' and firstname eq 'nobody'")).toEqual([1, 4]);
  expect(await contacts("(jobtitle eq 'boss' or lastname eq 'cole') and not contains(firstname,'d')")).toEqual([2]);
});

test("contains: wildcards as in LIKE", async () => {
  expect(await contacts("contains(lastname,'E')")).toEqual([2, 3, 5, 6]);
  expect(await contacts("contains(lastname,'a%l')")).toEqual([3]);
  expect(await contacts("contains(lastname,'_y')")).toEqual([1, 6]);
  expect(await contacts("contains(lastname,'[^ab]e')")).toEqual([2, 6]);
});

test("startswith: the start only", async () => {
  expect(await contacts("startswith(lastname,'e')")).toEqual([5]);
  expect(await contacts("startswith(lastname,'%y')")).toEqual([1, 6]);
});

test("endswith: the end only", async () => {
  expect(await contacts("endswith(lastname,'CK')")).toEqual([5]);
  expect(await contacts("endswith(lastname,'b%')")).toEqual([1, 3]);
});

test("Lookup path: one and two steps, several targets, the owner by cast", async () => {
  expect(await contacts("parentcustomerid_account/name eq 'contoso'")).toEqual([1, 2, 3]);
  expect(await contacts("parentcustomerid_account/parentaccountid/name eq 'Holding'")).toEqual([1, 2, 3, 4]);
  expect(await contacts("parentcustomerid_contact/parentcustomerid_account/name eq 'Contoso'")).toEqual([5]);
  expect(await contacts("parentcustomerid_account/accountid eq null")).toEqual([5, 6]);
  expect(await contacts("createdby/systemuserid ne null and createdby/fullname ne 'x'")).toHaveLength(6);
  expect(await contacts("ownerid/Microsoft.Dynamics.CRM.systemuser/domainname eq 'app@sandbox.local'")).toHaveLength(6);
  expect(await contacts("ownerid/Microsoft.Dynamics.CRM.team/name ne null")).toEqual([]);
  expect(await contacts("ownerid/ownerid ne null")).toHaveLength(6);
});

test("any: over one-to-many and many-to-many, nested, negated, and without a test", async () => {
  expect(await accounts("contact_customer_accounts/any(c:c/jobtitle eq 'boss')")).toEqual([1, 2]);
  expect(await accounts("contact_customer_accounts/any(c:c/jobtitle eq 'boss' and c/lastname eq 'Dorn')")).toEqual([2]);
  expect(await accounts("contact_customer_accounts/any()")).toEqual([1, 2]);
  expect(await accounts("not contact_customer_accounts/any()")).toEqual([3]);
  expect(await accounts("Account_Tasks/any(t:contains(t/subject,'2')) and name eq 'Contoso'")).toEqual([1]);
  expect(
    await accounts("account_parent_account/any(a:a/contact_customer_accounts/any(c:c/lastname eq 'Abel'))"),
  ).toEqual([3]);
  expect(await contacts("listcontact_association/any(l:l/listname eq 'L2')")).toEqual([1]);
  expect(
    numbers(await filtered("lists", `listcontact_association/any(c:c/contactid eq ${CONTACT(4)})`), "listid"),
  ).toEqual([Number(LIST(1).slice(-1))]);
  expect(await accounts("contact_customer_accounts/any(c:c/listcontact_association/any())")).toEqual([1, 2]);
  expect(await accounts("contact_customer_accounts/any(c:c/createdby/fullname eq '# sandbox application')")).toEqual([
    1, 2,
  ]);
  expect(
    await accounts(
      `contact_customer_accounts/any(c:c/Microsoft.Dynamics.CRM.In(PropertyName='firstname',PropertyValues=["Di"]))`,
    ),
  ).toEqual([2]);
});

test("all: of nothing it is true", async () => {
  expect(await accounts("contact_customer_accounts/all(c:c/jobtitle eq 'boss')")).toEqual([3, 2]);
  expect(await accounts("contact_customer_accounts/all(c:c/firstname ne null)")).toEqual([3, 1, 2]);
});

test("$filter: text with every character that has to be encoded", async () => {
  const name = "a+b&c/d:e;f=g?h@i$j,k#l%m'n\"o[p]q";
  await client.api("PATCH", `contacts(${CONTACT(2)})`, { jobtitle: name });
  expect(await contacts(`jobtitle eq '${name.replaceAll("'", "''")}'`)).toEqual([2]);
});

test.each([
  [
    "contact_customer_contacts/any(c:c/nope eq 1)",
    "Could not find a property named 'nope' on type 'Microsoft.Dynamics.CRM.contact'.",
  ],
  ["nope/any(c:c/x eq 1)", "Could not find a property named 'nope'"],
  ["contact_customer_contacts/any(c:firstname eq 'x')", "lambda variable 'c'"],
  ["contact_customer_contacts/any(c:c eq 'x')", "lambda variable 'c'"],
  ["contact_customer_contacts/any(c:d/firstname eq 'x')", "lambda variable 'c'"],
  [
    "contact_customer_contacts/any(c:c/contact_customer_contacts/any(d:d/firstname eq c/firstname))",
    "lambda variable 'd'",
  ],
  ["contact_customer_contacts/all()", "Syntax error"],
  ["contact_customer_contacts/any(c)", "Syntax error"],
  ["contact_customer_contacts/any(c:c/firstname eq 'x'", "Syntax error"],
  ["parentcustomerid_account/any(a:a/name eq 'x')", "not a collection"],
  ["parentcustomerid_account/Account_Tasks/any(t:t/subject eq 'x')", "nested in a lookup"],
  ["contact_customer_contacts/firstname eq 'x'", "is not a single value"],
  ["contact_customer_contacts/$count gt 1", "The query node Count is not supported."],
  ["ownerid/fullname eq 'x'", "Could not find a property named 'fullname' on type 'Microsoft.Dynamics.CRM.principal'."],
  ["ownerid/Microsoft.Dynamics.CRM.account/name eq 'x'", "neither a base type nor a sub-type"],
  ["length(firstname) gt 3", "The query node SingleValueFunctionCall is not supported."],
  ["tolower(firstname) eq 'x'", "The query node SingleValueFunctionCall is not supported."],
  ["numberofchildren add 1 eq 2", "The query node BinaryOperator is not supported."],
  ["firstname in ('x','y')", "Syntax error"],
  [`contactid eq '${CONTACT(1)}'`, "'Edm.Guid' and 'Edm.String'"],
  [`_parentcustomerid_value eq '${ACCOUNT(1)}'`, "'Edm.Guid' and 'Edm.String'"],
  ["createdon gt '2020-01-01'", "'Edm.DateTimeOffset' and 'Edm.String'"],
  ["birthdate eq 2020-01-01T00:00:00Z", "'Edm.Date' and 'Edm.DateTimeOffset'"],
  ["createdon gt 2020-13-01", "2020-13-01"],
  ["firstname eq true", "'Edm.String' and 'Edm.Boolean'"],
  ["lastname eq 'O'Bryan'", "There is an unterminated literal at position 21 in 'lastname eq 'O'Bryan''."],
  ["firstname eq 'x' and", "Syntax error"],
  ['firstname eq "x"', "Syntax error: character '\"' is not valid at position 13"],
  ["firstname & lastname", "Syntax error: character '&' is not valid at position 10"],
  ["substringof('x',firstname)", "An unknown function with name 'substringof' was found."],
  ["contains(firstname)", "Syntax error"],
])("$filter=%s is a 400", async (text, message) => {
  const answer = await filtered("contacts", text);
  expect([answer.status, answer.json.error.code], answer.text).toEqual([400, "0x80060888"]);
  expect(answer.json.error.message).toContain(message);
});
