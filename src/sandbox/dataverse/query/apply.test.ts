import { beforeEach, expect, test } from "vitest";
import { targets, useSandbox } from "../../raw-client.test-data.ts";
import { ACCOUNT, CONTACT, createFamily } from "./family.test-data.ts";

// query/aggregate-data.md of Microsoft's documentation.
const client = useSandbox();
beforeEach(async () => {
  await createFamily(client);
  await client.api("PATCH", `accounts(${ACCOUNT(2)})`, { revenue: 50.5, accountcategorycode: 1 });
  await client.api("POST", "accounts", { name: "Empty" });
  await client.api("PATCH", `accounts(${ACCOUNT(3)})`, { statecode: 1 });
});

const FORMATTED = "@OData.Community.Display.V1.FormattedValue";
const apply = (text: string, more = "", prefer = 'odata.include-annotations="*"') =>
  client.api("GET", `accounts?$apply=${encodeURIComponent(text)}${more}`, undefined, { Prefer: prefer });
const rows = async (text: string, more = "") => {
  const answer = await apply(text, more, "odata.maxpagesize=100");
  expect(answer.status, answer.text).toBe(200);
  return answer.json.value;
};

test("$apply groupby: distinct values, empty ones left out, with labels", async () => {
  const { json } = await apply("groupby((statecode,statuscode,accountcategorycode))");
  expect(json["@odata.context"]).toMatch(/\$metadata#accounts$/);
  expect(json.value).toEqual([
    {
      [`statecode${FORMATTED}`]: "Active",
      statecode: 0,
      [`statuscode${FORMATTED}`]: "Active",
      statuscode: 1,
    },
    {
      [`statecode${FORMATTED}`]: "Active",
      statecode: 0,
      [`statuscode${FORMATTED}`]: "Active",
      statuscode: 1,
      [`accountcategorycode${FORMATTED}`]: "Preferred Customer",
      accountcategorycode: 1,
    },
    {
      [`statecode${FORMATTED}`]: "Inactive",
      statecode: 1,
      [`statuscode${FORMATTED}`]: "Inactive",
      statuscode: 2,
    },
  ]);
});

test("$apply groupby: counts, sums and averages by group", async () => {
  const { json } = await apply(
    "groupby((statuscode),aggregate($count as count,revenue with sum as total,revenue with average as mean))",
  );
  expect(json.value[0]).toEqual({
    [`statuscode${FORMATTED}`]: "Active",
    statuscode: 1,
    [`count${FORMATTED}`]: "3",
    count: 3,
    [`total${FORMATTED}`]: "$150.50",
    total: 150.5,
    [`mean${FORMATTED}`]: "$75.25",
    mean: 75.25,
  });
  expect((await apply("aggregate(revenue with sum as total)")).text).toContain('"total":650.500000000}');
});

test("$apply groupby: a linked column goes by the name of its table, text without its case", async () => {
  expect(await rows("groupby((primarycontactid/fullname),aggregate(revenue with sum as total))")).toEqual([
    { total: 500 },
    { contact_fullname: "Ada Byron", total: 150.5 },
  ]);
  await client.api("PATCH", `contacts(${CONTACT(2)})`, { jobtitle: "BOSS" });
  const { json } = await client.api(
    "GET",
    "contacts?$apply=groupby((jobtitle),aggregate($count as n))&$orderby=jobtitle desc",
  );
  expect(json.value).toEqual([{ jobtitle: "clerk", n: 1 }, { jobtitle: "boss", n: 3 }, { n: 2 }]);
});

test("$apply groupby: lookups and two-option columns", async () => {
  const { json } = await apply("groupby((_parentaccountid_value,creditonhold),aggregate($count as n))");
  expect(json.value[1]).toMatchObject({
    _parentaccountid_value: ACCOUNT(3),
    [`_parentaccountid_value${FORMATTED}`]: "Holding",
    creditonhold: false,
    n: 2,
  });
});

test("$apply aggregate: over everything, dates too, and over nothing", async () => {
  const [all] = await rows(
    "aggregate($count as n,revenue with min as low,revenue with max as high,createdon with max as last,accountcategorycode with countdistinct as kinds)",
  );
  expect(all).toMatchObject({ n: 4, low: 50.5, high: 500, kinds: 1, last: expect.stringMatching(/^\d{4}-.*Z$/) });
  const { json } = await apply("aggregate(createdon with min as first)");
  expect(json.value[0][`first${FORMATTED}`]).toMatch(/^\d+\/\d+\/\d{4} \d+:\d\d [AP]M$/);
  expect(await rows("filter(name eq 'nobody')/aggregate($count as n,revenue with max as high)")).toEqual([{ n: 0 }]);
});

test("$apply filter: in front, with aliases and linked columns", async () => {
  expect(await rows("filter(primarycontactid/lastname eq @p1)/groupby((name))", "&@p1='Byron'")).toEqual([
    { name: "Contoso" },
    { name: "Fabrikam" },
  ]);
  expect(await rows("filter(contains(name,'o)/x') or name eq 'Empty')/aggregate($count as n)")).toEqual([{ n: 1 }]);
});

test("$apply: groups come in pages and can be counted; a collection of a row can be aggregated", async () => {
  const first = await apply("groupby((name))", "&$count=true", "odata.maxpagesize=3");
  expect([first.json["@odata.count"], first.json.value.length]).toEqual([4, 3]);
  const next = await client.api("GET", first.json["@odata.nextLink"].split("/v9.2/")[1], undefined, {
    Prefer: "odata.maxpagesize=3",
  });
  expect(next.json.value).toEqual([{ name: "Holding" }]);
  expect(next.json["@odata.nextLink"]).toBeUndefined();
  const some = await client.api(
    "GET",
    `accounts(${ACCOUNT(1)})/contact_customer_accounts?$apply=aggregate($count as n)`,
  );
  expect(some.json.value).toEqual([{ n: 3 }]);
});

test.each([
  ["groupby((createdon))", "", "Grouping by 'createdon'"],
  [
    "groupby((name),aggregate($count as n))",
    "&$orderby=n",
    "The query node SingleValueOpenPropertyAccess is not supported.",
  ],
  ["groupby((nope))", "", "Could not find a property named 'nope' on type 'Microsoft.Dynamics.CRM.account'."],
  ["aggregate(name with sum as x)", "", "cannot be aggregated"],
  ["aggregate(revenue with median as x)", "", "'median'"],
  ["aggregate(revenue with sum as x,revenue with max as x)", "", "'x' is used twice"],
  ["aggregate(revenue sum x)", "", "Syntax error"],
  ["groupby(name)", "", "Syntax error"],
  ["groupby((name)", "", "Syntax error"],
  ["groupby((name))/groupby((name))", "", "Syntax error"],
  ["filter(name eq 'x')", "", "Syntax error"],
  ["", "", "Syntax error"],
  ["topcount(1,revenue)", "", "Syntax error"],
  ["groupby((name))", "&$select=name", "$select"],
  ["groupby((name))", "&$expand=ownerid", "$expand"],
  ["groupby((contact_customer_accounts/lastname))", "", "is not a single value"],
])("$apply=%s%s is a 400", async (text, more, message) => {
  const answer = await apply(text, more);
  expect([answer.status, answer.json.error.code], answer.text).toEqual([400, "0x80060888"]);
  expect(answer.json.error.message).toContain(message);
});

test("$apply: more than 50,000 rows are too many (dataverse.md section 6)", async () => {
  const body = targets(
    Array.from({ length: 1000 }, () => ({ lastname: "x" })),
    "lead",
  );
  for (let n = 0; n < 50; n++) await client.api("POST", "leads/Microsoft.Dynamics.CRM.CreateMultiple", body);
  const full = await client.api("GET", "leads?$apply=aggregate($count as n)");
  expect(full.json.value).toEqual([{ n: 50_000 }]);
  await client.api("POST", "leads", { lastname: "y" });
  const over = await client.api("GET", "leads?$apply=aggregate($count as n)");
  expect([over.status, over.json.error.code]).toEqual([400, "0x8004e023"]);
  expect((await client.api("GET", "leads?$apply=filter(lastname eq 'y')/aggregate($count as n)")).json.value).toEqual([
    { n: 1 },
  ]);
});
