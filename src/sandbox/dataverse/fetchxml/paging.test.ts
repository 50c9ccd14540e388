import { beforeEach, expect, test } from "vitest";
import { type Answer, targets, useSandbox } from "../../raw-client.test-data.ts";
import { sendFetch, valuesIn } from "./fetch.test-data.ts";

// Paging and counting: dataverse.md section 6, and the pages fetchxml/page-results and count-rows.
const client = useSandbox();
const fetch = (xml: string, headers?: Record<string, string>) => sendFetch(client, "contacts", xml, headers);
const query = (attributes: string, inside = "<order attribute='lastname'/>") =>
  `<fetch ${attributes}><entity name='contact'><attribute name='lastname'/>${inside}</entity></fetch>`;
const COOKIE = "@Microsoft.Dynamics.CRM.fetchxmlpagingcookie";
const MORE = "@Microsoft.Dynamics.CRM.morerecords";

/** As the page says: decode `pagingcookie` twice, escape it for XML. */
function cookieOf(answer: Answer): string {
  const outer = /pagingcookie="([^"]*)"/.exec(answer.json[COOKIE])![1]!;
  const text = decodeURIComponent(decodeURIComponent(outer));
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}

async function allPages(inside?: string, extra = ""): Promise<unknown[]> {
  const found: unknown[] = [];
  let cookie = "";
  for (let page = 1; page < 10; page++) {
    const answer = await fetch(query(`count='3' page='${page}' ${cookie} ${extra}`, inside));
    found.push(...valuesIn(answer, "lastname"));
    if (!(MORE in answer.json)) return found;
    cookie = `paging-cookie="${cookieOf(answer)}"`;
  }
  throw new Error("no end");
}

beforeEach(async () => {
  const rows = ["d", "a", "c", "a", "b", "é", "f"].map((lastname, n) => ({ lastname, firstname: n < 4 ? "x" : null }));
  await client.api("POST", "contacts/Microsoft.Dynamics.CRM.CreateMultiple", targets(rows));
});

test("fetch paging-cookie: the annotation's form, and the way through all pages", async () => {
  const first = await fetch(query("count='3' page='1'"));
  expect(first.json[MORE]).toBe(true);
  expect(first.json[COOKIE]).toMatch(
    /^<cookie pagenumber="2" pagingcookie="%253ccookie%2520page%253d%25221%2522%253e%253clastname%2520last%253d%2522b%2522%2520first%253d%2522a%2522%2520%252f%253e%253ccontactid%2520last%253d%2522%257b[0-9A-F-]{36}%257d%2522/,
  );
  expect(await allPages()).toEqual(["a", "a", "b", "c", "d", "é", "f"]);
  expect(await allPages("<order attribute='firstname'/><order attribute='lastname' descending='true'/>")).toEqual([
    "f",
    "é",
    "b",
    "d",
    "c",
    "a",
    "a",
  ]);
  expect(await allPages("")).toEqual(["d", "a", "c", "a", "b", "é", "f"]);
});

test("fetch paging-cookie: numbers and dates go on where they were, not as texts (page page-results)", async () => {
  const rows = [100, 9, 10, 8, 90, 1000].map((numberofchildren, n) => ({
    lastname: `n${numberofchildren}`,
    numberofchildren,
    donotemail: n % 2 === 0,
    birthdate: `20${n + 10}-01-02`,
  }));
  await client.api("POST", "contacts/Microsoft.Dynamics.CRM.CreateMultiple", targets(rows));
  const filled = "<filter><condition attribute='numberofchildren' operator='not-null'/></filter>";
  expect(await allPages(`${filled}<order attribute='numberofchildren'/>`)).toEqual([
    "n8",
    "n9",
    "n10",
    "n90",
    "n100",
    "n1000",
  ]);
  expect(await allPages(`${filled}<order attribute='birthdate' descending='true'/>`)).toEqual(
    rows.map(({ lastname }) => lastname).reverse(),
  );
  expect(await allPages(`${filled}<order attribute='donotemail' descending='true'/>`)).toEqual([
    "n100",
    "n10",
    "n90",
    "n9",
    "n8",
    "n1000",
  ]);
});

test("the last page has neither cookie nor morerecords; without the annotations being asked for none has", async () => {
  const last = await fetch(query("count='3' page='3'"));
  expect(last.json.value).toHaveLength(1);
  expect(Object.keys(last.json)).not.toContain(COOKIE);
  expect(Object.keys(last.json)).not.toContain(MORE);
  expect(Object.keys((await fetch(query("count='3'"), {})).json)).toEqual(["@odata.context", "value"]);
});

test("a cookie stays where it was when rows before it come or go", async () => {
  const first = await fetch(query("count='3'"));
  await client.api("POST", "contacts", { lastname: "a" });
  const gone = first.json.value[2].contactid;
  await client.api("DELETE", `contacts(${gone})`);
  const next = await fetch(query(`count='3' page='2' paging-cookie="${cookieOf(first)}"`));
  expect(valuesIn(next, "lastname")).toEqual(["c", "d", "é"]);
});

test("fetch count and page: simple paging ends at 50,000 rows; a page number beyond it needs a cookie", async () => {
  expect(valuesIn(await fetch(query("count='3' page='2'")), "lastname")).toEqual(["c", "d", "é"]);
  expect(valuesIn(await fetch(query("count='5000' page='10'")), "lastname")).toEqual([]);
  expect((await fetch(query("count='5000' page='11'"))).status).toBe(400);
  expect((await fetch(query("count='9999'"))).json.value).toHaveLength(7);
});

test("rows that links give several times are paged by counting", async () => {
  const link = "<link-entity name='contact' from='firstname' to='firstname' alias='o'/><order attribute='lastname'/>";
  expect((await allPages(link)).length).toBe(16);
  // Sorting by a link's column: no row of the entity can be found again, so no cookie place (page page-results).
  const sorted =
    "<link-entity name='account' from='accountid' to='parentcustomerid' link-type='outer' alias='a'/><order entityname='a' attribute='name'/>";
  expect((await allPages(sorted)).length).toBe(7);
});

test("fetch returntotalrecordcount: the same as $count=true, with its annotations (page count-rows)", async () => {
  const attribute = await fetch(query("count='2' returntotalrecordcount='true'"));
  expect(attribute.json).toMatchObject({
    "@odata.count": 7,
    "@Microsoft.Dynamics.CRM.totalrecordcount": 7,
    "@Microsoft.Dynamics.CRM.totalrecordcountlimitexceeded": false,
  });
  const option = await client.api("GET", `contacts?fetchXml=${encodeURIComponent(query("count='2'"))}&$count=true`);
  expect(option.json["@odata.count"]).toBe(7);
  const without = await fetch(query("count='2'"));
  expect(without.json["@Microsoft.Dynamics.CRM.totalrecordcount"]).toBe(-1);
  expect(Object.keys(without.json)).not.toContain("@odata.count");
});

test.each(["page='1'", "count='2'", "paging-cookie=''", "returntotalrecordcount='true'"])(
  "top excludes paging: %s (page page-results)",
  async (attribute) => {
    const answer = await fetch(query(`top='2' ${attribute}`));
    expect([answer.status, answer.json.error.code]).toEqual([400, "0x80040203"]);
    expect(answer.json.error.message).toBe(
      `The top attribute can't be specified with paging attribute ${attribute.split("=")[0]}`,
    );
  },
);

test.each([
  "x",
  "<cookie/>",
  "<cookie page='1'><lastname last='a'/></cookie>",
  "<cookie page='1'><lastname last='a'/><contactid last='1'/></cookie>",
])("a cookie that is none is a 400: %s", async (cookie) => {
  const answer = await fetch(query(`count='3' page='2' paging-cookie="${cookie.replaceAll("<", "&lt;")}"`));
  expect([answer.status, answer.json.error.code]).toEqual([400, "0x80040203"]);
});
