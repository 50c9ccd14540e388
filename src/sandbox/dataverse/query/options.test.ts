import { beforeEach, expect, test } from "vitest";
import { targets, useSandbox } from "../../raw-client.test-data.ts";
import { ACCOUNT, CONTACT, createFamily, numbers } from "./family.test-data.ts";

// query/overview.md and the pages it names, dataverse.md section 6.
const client = useSandbox();
beforeEach(() => createFamily(client));

const get = (path: string, headers: Record<string, string> = {}) => client.api("GET", path, undefined, headers);

test("$select: the id is always there, a currency beside money, blanks and repetitions do not matter", async () => {
  const { json } = await get(`accounts(${ACCOUNT(1)})?$select=name, revenue,name`);
  expect(Object.keys(json).sort()).toEqual([
    "@odata.context",
    "@odata.etag",
    "_transactioncurrencyid_value",
    "accountid",
    "name",
    "revenue",
  ]);
  expect(json.revenue).toBe(100);
  const all = await get(`accounts(${ACCOUNT(1)})?$select=*`);
  expect(Object.keys(all.json).length).toBeGreaterThan(100);
  expect(all.json.entityimage).toBeNull();
});

test("$orderby: several columns, columns of linked rows, a lookup by its row's name, empty ones first", async () => {
  const order = async (text: string, more = "") =>
    numbers(await get(`contacts?$select=contactid&$orderby=${text}${more}`), "contactid");
  expect(await order("jobtitle desc,lastname")).toEqual([3, 1, 4, 2, 5, 6]);
  expect(await order("parentcustomerid_account/name desc,lastname desc")).toEqual([4, 2, 1, 3, 6, 5]);
  expect(await order("_parentcustomerid_value,lastname")).toEqual([6, 5, 3, 1, 2, 4]);
  expect(await order("@p1 desc,@p2", "&@p1=jobtitle&@p2=lastname")).toEqual([3, 1, 4, 2, 5, 6]);
  expect(await order("@nothing,lastname desc")).toEqual([6, 5, 4, 2, 1, 3]);
});

test("$orderby: pages in the order of a lookup and of linked columns", async () => {
  for (const text of ["_parentcustomerid_value,jobtitle desc", "parentcustomerid_account/name desc", "donotemail"]) {
    const whole = numbers(await get(`contacts?$orderby=${text}`), "contactid");
    const seen: number[] = [];
    let path: string | undefined = `contacts?$select=contactid&$orderby=${text}`;
    while (path !== undefined) {
      const page = await get(path, { Prefer: "odata.maxpagesize=2" });
      seen.push(...numbers(page, "contactid"));
      path = page.json["@odata.nextLink"]?.split("/v9.2/")[1];
    }
    expect(seen).toEqual(whole);
  }
});

test("$orderby: pages of many rows are those of the whole order", async () => {
  const rows = Array.from({ length: 4000 }, (_, n) => ({ lastname: `n${(n * 7919) % 4001}`, numberofchildren: n % 7 }));
  for (const part of [rows.slice(0, 2000), rows.slice(2000)]) {
    const made = await client.api("POST", "contacts/Microsoft.Dynamics.CRM.CreateMultiple", targets(part));
    expect(made.status).toBe(200);
  }
  const path = "contacts?$select=lastname,numberofchildren&$filter=numberofchildren ne null";
  const order = (row: { numberofchildren: number; lastname: string }) => `${row.numberofchildren} ${row.lastname}`;
  const seen: string[] = [];
  let next: string | undefined = `${path}&$orderby=numberofchildren,lastname`;
  while (next !== undefined) {
    const page = await get(next, { Prefer: "odata.maxpagesize=700" });
    seen.push(...page.json.value.map(order));
    next = page.json["@odata.nextLink"]?.split("/v9.2/")[1];
  }
  expect(seen).toEqual(rows.map(order).sort());
});

test("$top: without pages it is the end, beside odata.maxpagesize it is ignored", async () => {
  const top = await get("contacts?$top=2");
  expect([numbers(top, "contactid"), top.json["@odata.nextLink"]]).toEqual([[1, 2], undefined]);
  const paged = await get("contacts?$top=2", { Prefer: "odata.maxpagesize=3" });
  expect(numbers(paged, "contactid")).toEqual([1, 2, 3]);
  expect(paged.json["@odata.nextLink"]).toContain("$skiptoken=");
  expect(numbers(await get("contacts?$top=0"), "contactid")).toEqual([]);
});

test("$count: whatever the page, and -1 in the annotation when it was not asked for", async () => {
  const prefer = { Prefer: 'odata.maxpagesize=2,odata.include-annotations="Microsoft.Dynamics.CRM.*"' };
  const asked = await get("contacts?$count=true&$filter=jobtitle ne null", prefer);
  expect(asked.json).toMatchObject({
    "@odata.count": 3,
    "@Microsoft.Dynamics.CRM.totalrecordcount": 3,
    "@Microsoft.Dynamics.CRM.totalrecordcountlimitexceeded": false,
  });
  expect(asked.json["@Microsoft.Dynamics.CRM.globalmetadataversion"]).toMatch(/^\d+$/);
  const not = await get("contacts?$count=false", prefer);
  expect(not.json["@Microsoft.Dynamics.CRM.totalrecordcount"]).toBe(-1);
  expect(not.json["@odata.count"]).toBeUndefined();
});

test("/$count: with a filter, as text", async () => {
  const answer = await get("contacts/$count?$filter=parentcustomerid_account/name eq 'Contoso'");
  expect([answer.text, answer.headers["content-type"]]).toEqual(["3", "text/plain"]);
});

test("odata.maxpagesize: applied and said so, with the link to the next page", async () => {
  const answer = await get("contacts?$select=fullname", { Prefer: "odata.maxpagesize=4" });
  expect(answer.headers["preference-applied"]).toBe("odata.maxpagesize=4");
  expect(answer.json.value).toHaveLength(4);
  const next = await get(answer.json["@odata.nextLink"].split("/v9.2/")[1], { Prefer: "odata.maxpagesize=4" });
  expect(numbers(next, "contactid")).toEqual([5, 6]);
  expect(next.json["@odata.nextLink"]).toBeUndefined();
});

test("Parameter aliases: for values and columns, unassigned ones are null, odd ones a 400", async () => {
  const path = "contacts?$select=contactid&$filter=@p1 ne @p3 and lastname eq @p2&@p1=jobtitle&@p2='Byron'";
  expect(numbers(await get(path), "contactid")).toEqual([1]);
  expect((await get("contacts?$filter=lastname eq @p1&@p1='a' 'b'")).status).toBe(400);
  expect((await get("contacts?$filter=lastname eq @p1&@p1=@p1")).status).toBe(400);
  expect((await get("contacts?$orderby=@p1&@p1=lastname desc")).status).toBe(400);
});

test("Refused options: each says so", async () => {
  for (const [option, text] of [
    ["$skip=1", "Skip Clause is not supported in CRM"],
    ["$search=x", "Search Clause is not supported in CRM"],
    ["$format=json", "$format"],
    ["$compute=a", "$compute"],
    ["$levels=1", "$levels"],
    ["$Select=name", "$Select"],
  ]) {
    const answer = await get(`contacts?${option}`);
    expect([answer.status, answer.json.error.code]).toEqual([400, "0x80060888"]);
    expect(answer.json.error.message).toContain(text);
  }
});

// webapi/query/sql.md and dataverse.md section 6 have both on entity sets only. That they are a 400 elsewhere is ours.
test.each([
  `contacts(${CONTACT(1)})?fetchXml=<fetch/>`,
  `contacts(${CONTACT(1)})?sql=select fullname from contact`,
  "contacts/$count?fetchXml=<fetch/>",
  "contacts/$count?sql=select fullname from contact",
  `accounts(${ACCOUNT(1)})/contact_customer_accounts?fetchXml=<fetch/>`,
  "EntityDefinitions?sql=select fullname from contact",
  "contacts?fetchXml=<fetch><entity name='contact'/></fetch>&sql=select fullname from contact",
])("Refused options: a query of its own in the wrong place: %s", async (path) => {
  const answer = await get(path);
  expect([answer.status, answer.json.error.code]).toEqual([400, "0x80060888"]);
  expect(answer.json.error.message).toMatch(/The query parameter (fetchXml|sql) /);
});

test.each([
  ["$select=Name", "Could not find a property named 'Name'"],
  ["$select=fullname,,lastname", "Could not find a property named ''"],
  ["$select=ownerid", "Could not find a property named 'ownerid'"],
  ["$select=primarycontactid/fullname", "Could not find a property named 'primarycontactid/fullname'"],
  ["$select=*,nope", "Could not find a property named 'nope'"],
  ["$orderby=ownerid", "Could not find a property named 'ownerid'"],
  ["$orderby=lastname,", "Syntax error"],
  ["$orderby=length(lastname)", "SingleValueFunctionCall"],
  ["$orderby=contact_customer_contacts/lastname", "is not a single value"],
  ["$top=1.5", "$top"],
  ["$count=TRUE", "$count"],
  ["$top=1&$top=2", "more than once"],
  ["savedQuery=x", "savedQuery"],
  ["$skiptoken=%3Ccookie%20pagenumber=%222%22%20pagingcookie=%22x%22%20/%3E", "Paging Cookie"],
])("%s is refused", async (option, message) => {
  const answer = await get(`contacts?${option}`);
  expect([400, 501]).toContain(answer.status);
  expect(answer.json.error.message).toContain(message);
});

test("a $skiptoken that was tampered with is a 400, or a page, and never more (section 6)", async () => {
  const first = await get("contacts?$select=contactid&$orderby=lastname", { Prefer: "odata.maxpagesize=2" });
  const link = String(first.json["@odata.nextLink"].split("/v9.2/")[1]);
  for (const [from, to] of [
    ["%2522after%2522%253A", "%2522after%2522%253A-"],
    ["values", "valuez"],
    ["%255B", "%255B%255B"],
    ["last", "lost"],
    ["pagingcookie", "pagincookie"],
    ["%253C", "%253"],
  ] as const) {
    expect([200, 400]).toContain((await get(link.replaceAll(from, to))).status);
  }
  expect((await get(`${link}&$filter=contactid eq ${CONTACT(1)}`)).status).toBe(200);
});

test("options of other makes are passed over, unknown ones of OData are not", async () => {
  expect((await get("contacts?$nope=1")).status).toBe(400);
  expect((await get("contacts?tag=anything&x=1")).status).toBe(200);
});

test.each([
  "$filter=fullname eq 'x'",
  "$orderby=fullname",
  "$top=1",
  "$count=true",
  "$apply=aggregate($count as n)",
  "$deltatoken=1",
])("one row is no collection: %s is a 400", async (option) => {
  for (const path of [`contacts(${CONTACT(1)})`, `contacts(${CONTACT(1)})/parentcustomerid_account`]) {
    const answer = await get(`${path}?${option}`);
    expect([answer.status, answer.json.error.message]).toEqual([400, expect.stringContaining("not a collection")]);
  }
});
