import { beforeEach, expect, test } from "vitest";
import { type Answer, targets, useSandbox } from "../../raw-client.test-data.ts";

// Queries, dataverse.md section 6.
const client = useSandbox();
const ACCOUNT = "aaaaaaaa-0000-4000-8000-000000000001";
const ID = (n: number) => `cccccccc-0000-4000-8000-00000000000${n}`;

beforeEach(async () => {
  await client.api("POST", "accounts", { accountid: ACCOUNT, name: "Contoso" });
  await client.api(
    "POST",
    "contacts/Microsoft.Dynamics.CRM.CreateMultiple",
    targets([
      {
        contactid: ID(1),
        firstname: "Ada",
        lastname: "Öztürk",
        numberofchildren: 2,
        gendercode: 2,
        birthdate: "1980-05-31",
        creditlimit: 100,
        "parentcustomerid_account@odata.bind": `/accounts(${ACCOUNT})`,
      },
      {
        contactid: ID(2),
        firstname: "ada",
        lastname: "Smith",
        numberofchildren: 0,
        gendercode: 1,
        donotemail: true,
        jobtitle: "50% off_[x]",
      },
      { contactid: ID(3), firstname: "Bob", lastname: null, jobtitle: "O'Neil & co; +1" },
      {
        contactid: ID(4),
        firstname: "Ada ",
        lastname: "smith",
        numberofchildren: 7,
        birthdate: "1999-01-01",
      },
    ]),
  );
});

const found = (answer: Answer): number[] =>
  answer.json.value.map((each: { contactid: string }) => Number(each.contactid.slice(-1)));
const filter = async (text: string) =>
  client.api("GET", `contacts?$select=contactid&$filter=${encodeURIComponent(text)}`);

test.each([
  ["firstname eq 'ADA'", [1, 2, 4]],
  ["lastname eq 'ozturk'", [1]],
  ["lastname ne 'smith'", [1]],
  ["lastname ne 'smith' or lastname eq null", [1, 3]],
  ["not (lastname eq 'smith')", [1]],
  ["lastname eq null", [3]],
  ["lastname ne null and not contains(firstname,'d')", []],
  ["numberofchildren gt 0", [1, 4]],
  ["numberofchildren ge 0 and numberofchildren lt 7", [1, 2]],
  ["numberofchildren le 0", [2]],
  ["firstname gt 'ada'", [3]],
  ["gendercode eq 2 or gendercode eq 1", [1, 2]],
  ["donotemail eq true", [2]],
  ["donotemail", [2]],
  ["birthdate eq 1980-05-31", [1]],
  ["birthdate gt 1980-05-31", [4]],
  ["createdon gt 2020-01-01", [1, 2, 3, 4]],
  ["createdon lt 2020-01-01T00:00:00+01:00", []],
  ["creditlimit eq 100.0", [1]],
  ["_parentcustomerid_value eq aaaaaaaa-0000-4000-8000-000000000001", [1]],
  ["_parentcustomerid_value ne null", [1]],
  [`contactid eq ${ID(3).toUpperCase()}`, [3]],
  ["parentcustomerid_account/name eq 'contoso'", [1]],
  ["contains(lastname,'MIT')", [2, 4]],
  ["startswith(firstname,'b')", [3]],
  ["endswith(lastname,'turk')", [1]],
  ["contains(jobtitle,'50[%] off')", [2]],
  ["contains(jobtitle,'5_% off')", [2]],
  ["contains(jobtitle,'[^0-9]% off')", [2]],
  ["startswith(jobtitle,'[0-4]')", []],
  ["jobtitle eq 'O''Neil & co; +1'", [3]],
  ['Microsoft.Dynamics.CRM.In(PropertyName=\'firstname\',PropertyValues=["BOB","x"])', [3]],
  ['Microsoft.Dynamics.CRM.In(PropertyName=\'numberofchildren\',PropertyValues=["2","7"])', [1, 4]],
  ["Microsoft.Dynamics.CRM.NotIn(PropertyName='firstname',PropertyValues=['ada'])", [3]],
  ["firstname eq lastname", []],
  ["numberofchildren eq gendercode", [1]],
  ["(firstname eq 'bob' or firstname eq 'ada') and (gendercode eq 1)", [2]],
  [Array.from({ length: 500 }, (_, n) => `firstname eq 'x${n}'`).join(" or "), []],
])("$filter=%.70s", async (text, ids) => {
  const answer = await filter(text);
  expect(answer.status, answer.text).toBe(200);
  expect(found(answer)).toEqual(ids);
});

test.each([
  ["nope eq 1", "Could not find a property named 'nope' on type 'Microsoft.Dynamics.CRM.contact'."],
  ["Firstname eq 'x'", "Could not find a property named 'Firstname'"],
  ["parentcustomerid eq null", "Could not find a property named 'parentcustomerid'"],
  ["owneridname eq 'x'", "Could not find a property named 'owneridname'"],
  [
    "firstname eq 5",
    "incompatible types was detected. Found operand types 'Edm.String' and 'Edm.Int32' for operator kind 'Equal'",
  ],
  ["contactid eq 'x'", "'Edm.Guid' and 'Edm.String'"],
  ["gendercode eq '1'", "'Edm.Int32' and 'Edm.String'"],
  ["contains(numberofchildren,'1')", "No function signature"],
  ["firstname", "boolean"],
  ["firstname eq", "Syntax error"],
  ["firstname eq 'x", "There is an unterminated literal at position 15 in 'firstname eq 'x'."],
  ["nofunction(firstname)", "unknown function"],
])("$filter=%s is a 400", async (text, message) => {
  const answer = await filter(text);
  expect([answer.status, answer.json.error.code]).toEqual([400, "0x80060888"]);
  expect(answer.json.error.message).toContain(message);
});

test("parameter aliases; an unassigned one is null", async () => {
  expect(found(await client.api("GET", "contacts?$filter=firstname eq @p1&@p1='bob'"))).toEqual([3]);
  expect(found(await client.api("GET", "contacts?$filter=lastname eq @p1"))).toEqual([3]);
});

test.each([
  ["$orderby=lastname,firstname desc", [3, 1, 2, 4]],
  ["$orderby=numberofchildren desc", [4, 1, 2, 3]],
  ["$orderby=gendercode", [3, 4, 2, 1]],
  ["$top=2", [1, 2]],
  ["$top=2&$orderby=birthdate desc", [4, 1]],
])("%s", async (options, ids) => {
  expect(found(await client.api("GET", `contacts?${options}`))).toEqual(ids);
});

test("pages follow the cookie, also in an order, and the end has no link", async () => {
  for (const order of [
    "",
    "&$orderby=lastname desc",
    "&$orderby=lastname,numberofchildren desc",
    "&$filter=contactid ne null",
  ]) {
    const whole = found(await client.api("GET", `contacts?$select=lastname${order}`));
    const seen: number[] = [];
    let path: string | undefined = `contacts?$select=lastname${order}`;
    let pages = 0;
    while (path !== undefined) {
      const answer: Answer = await client.api("GET", path, undefined, { Prefer: "odata.maxpagesize=1" });
      expect(answer.headers["preference-applied"]).toBe("odata.maxpagesize=1");
      seen.push(...found(answer));
      path = answer.json["@odata.nextLink"]?.split("/v9.2/")[1];
      if (path !== undefined)
        expect(path).toMatch(/\$skiptoken=%3Ccookie%20pagenumber=%22|\$skiptoken=%3Ccookie%20pagenumber%3D%22/);
      pages++;
    }
    expect(seen).toEqual(whole);
    expect(pages).toBe(4);
  }
});

test("a row deleted or added between pages disturbs no other", async () => {
  const prefer = { Prefer: "odata.maxpagesize=2" };
  const first = await client.api("GET", "contacts?$select=lastname", undefined, prefer);
  await client.api("DELETE", `contacts(${ID(1)})`);
  await client.api("POST", "contacts", { contactid: ID(5) });
  const second = await client.api("GET", first.json["@odata.nextLink"].split("/v9.2/")[1], undefined, prefer);
  expect(found(second)).toEqual([3, 4]);
});

test("$top does not count beside maxpagesize", async () => {
  const answer = await client.api("GET", "contacts?$top=1", undefined, { Prefer: "odata.maxpagesize=3" });
  expect(found(answer)).toEqual([1, 2, 3]);
});

test("counts: in the answer, as plain text, filtered", async () => {
  const answer = await client.api("GET", "contacts?$count=true&$top=1&$filter=firstname eq 'ada'", undefined, {
    Prefer: 'odata.include-annotations="*"',
  });
  expect(answer.json).toMatchObject({
    "@odata.count": 3,
    "@Microsoft.Dynamics.CRM.totalrecordcount": 3,
    "@Microsoft.Dynamics.CRM.totalrecordcountlimitexceeded": false,
  });
  const plain = await client.api("GET", "contacts/$count?$filter=firstname eq 'ada'");
  expect([plain.text, plain.headers["content-type"]]).toEqual(["3", "text/plain"]);
});

test("counts and pages stop at 5000", async () => {
  for (let n = 0; n < 6; n++) {
    await client.api(
      "POST",
      "accounts/Microsoft.Dynamics.CRM.CreateMultiple",
      targets(
        Array.from({ length: 1000 }, () => ({ name: n < 5 ? "x" : "y" })),
        "account",
      ),
    );
  }
  const answer = await client.api("GET", "accounts?$select=name&$count=true", undefined, {
    Prefer: "odata.maxpagesize=9999",
  });
  expect(answer.json["@odata.count"]).toBe(5000);
  expect(answer.json.value).toHaveLength(5000);
  // query/count-rows.md: the annotation tells 5000 from more.
  const Prefer = 'odata.maxpagesize=1,odata.include-annotations="Microsoft.Dynamics.CRM.totalrecordcountlimitexceeded"';
  const exceeded = async (query: string) =>
    (await client.api("GET", `accounts?$select=name&$count=true${query}`, undefined, { Prefer })).json[
      "@Microsoft.Dynamics.CRM.totalrecordcountlimitexceeded"
    ];
  expect([await exceeded(""), await exceeded("&$filter=name eq 'x'")]).toEqual([true, false]);
  expect((await client.api("GET", "accounts/$count")).text).toBe("5000");
  const rest = await client.api("GET", answer.json["@odata.nextLink"].split("/v9.2/")[1]);
  expect(rest.json.value).toHaveLength(1001);
});

test("formatted values", async () => {
  await client.control("POST", "seed", {
    table: "contact",
    rows: [
      {
        contactid: ID(9),
        createdon: "2023-04-07T14:59:01Z",
        gendercode: 2,
        creditlimit: 20000,
        donotemail: false,
        birthdate: "1980-05-03",
        numberofchildren: 1234,
        address1_latitude: -1.5,
      },
    ],
  });
  const names = "createdon,gendercode,creditlimit,donotemail,birthdate,numberofchildren,statecode,address1_latitude";
  const { json } = await client.api("GET", `contacts(${ID(9)})?$select=${names}`, undefined, {
    Prefer: 'odata.include-annotations="OData.Community.Display.V1.*"',
  });
  const formatted = names.split(",").map((name) => json[`${name}@OData.Community.Display.V1.FormattedValue`]);
  expect(formatted).toEqual([
    "4/7/2023 2:59 PM",
    "Female",
    "$20,000.00",
    "Allow",
    "5/3/1980",
    "1,234",
    "Active",
    "-1.50000",
  ]);
});

test.each([
  ["$skip=1", "Skip Clause is not supported in CRM"],
  ["$search=x", "not supported"],
  ["$format=json", "not supported"],
  ["$nope=1", "$nope"],
  ["$top=-1", "$top"],
  ["$top=x", "$top"],
  ["$count=yes", "$count"],
  ["$orderby=nope", "nope"],
  ["$orderby=firstname up", "Syntax error"],
  ["$select=Name", "Could not find a property named 'Name'"],
  ["$skiptoken=x", "Paging Cookie"],
  ["$filter=%E0%A4%A", "percent-encoded"],
])("%s is a 400", async (options, message) => {
  const answer = await client.api("GET", `contacts?${options}`);
  expect(answer.status).toBe(400);
  expect(answer.json.error.message).toContain(message);
});
