import { expect, test } from "vitest";
import { addCustomerKey, idIn, useSandbox } from "../../raw-client.test-data.ts";

// Everything here: dataverse.md section 4, unless another is named.
const client = useSandbox();
const ID = "11111111-1111-1111-1111-111111111111";
const full = { Prefer: "return=representation" };
const codeOf = (answer: { status: number; json: { error: { code: string } } }) => [
  answer.status,
  answer.json?.error?.code,
];

test("POST answers 204 with the id, or 201 with the row and no id header", async () => {
  const plain = await client.api("POST", "contacts", { lastname: "A" });
  expect([plain.status, plain.text]).toEqual([204, ""]);
  expect(idIn(plain)).not.toBe("");
  const shown = await client.api("POST", "contacts?$select=lastname", { lastname: "B" }, full);
  expect(shown.status).toBe(201);
  expect(shown.headers["preference-applied"]).toBe("return=representation");
  expect(shown.headers).not.toHaveProperty("odata-entityid");
  expect(Object.keys(shown.json)).toEqual(["@odata.context", "@odata.etag", "lastname", "contactid"]);
  expect(shown.json["@odata.context"]).toMatch(/\$metadata#contacts\(lastname\)\/\$entity$/);
  expect(shown.headers.etag).toBe(shown.json["@odata.etag"]);
});

test("an id in the body is used; a second row with it is a 412", async () => {
  expect(idIn(await client.api("POST", "contacts", { contactid: ID.toUpperCase() }))).toBe(ID);
  expect(codeOf(await client.api("POST", "contacts", { contactid: ID }))).toEqual([412, "0x80040237"]);
});

test("GET without $select returns every column, the server's own filled", async () => {
  await client.api("POST", "contacts", { contactid: ID, firstname: "Ada", lastname: "Lovelace" });
  const { json } = await client.api("GET", `contacts(${ID})`);
  expect(json).toMatchObject({
    fullname: "Ada Lovelace",
    statecode: 0,
    statuscode: 1,
    customertypecode: 1,
    donotemail: false,
    _owninguser_value: json._ownerid_value,
    _createdby_value: json._modifiedby_value,
    createdon: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
    jobtitle: null,
  });
  expect(json["@odata.etag"]).toBe(`W/"${json.versionnumber}"`);
  // Companions are in metadata only (section 3).
  expect(json).not.toHaveProperty("owneridname");
  expect(json).not.toHaveProperty("parentcustomerid");
  expect((await client.api("GET", `contacts(contactid=${ID})?$select=fullname`)).status).toBe(200);
});

test("PATCH on an absent id creates it, on a present one changes it", async () => {
  const made = await client.api("PATCH", `contacts(${ID})`, { lastname: "A", jobtitle: "x" });
  expect([made.status, idIn(made)]).toEqual([204, ID]);
  const changed = await client.api("PATCH", `contacts(${ID})?$select=lastname,jobtitle`, { lastname: "B" }, full);
  expect(changed.status).toBe(200);
  expect(changed.json).toMatchObject({ lastname: "B", jobtitle: "x", contactid: ID });
  expect((await client.api("PATCH", "contacts(22222222-2222-2222-2222-222222222222)", {}, full)).status).toBe(201);
});

test("conditions: If-Match, If-None-Match", async () => {
  const patch = (headers: Record<string, string>) => client.api("PATCH", `contacts(${ID})`, { lastname: "x" }, headers);
  expect(codeOf(await patch({ "If-Match": "*" }))).toEqual([404, "0x80040217"]);
  expect((await patch({ "If-None-Match": "*" })).status).toBe(204);
  expect(codeOf(await patch({ "If-None-Match": "*" }))).toEqual([412, "0x80040237"]);
  expect((await patch({ "If-None-Match": "null" })).status).toBe(204);
  const etag = String((await client.api("GET", `contacts(${ID})`)).headers.etag);
  expect((await client.api("GET", `contacts(${ID})`, undefined, { "If-None-Match": etag })).status).toBe(304);
  expect((await patch({ "If-Match": etag })).status).toBe(204);
  expect(codeOf(await patch({ "If-Match": etag }))).toEqual([412, "0x80060882"]);
  expect((await client.api("GET", `contacts(${ID})`, undefined, { "If-None-Match": etag })).status).toBe(200);
  expect(codeOf(await client.api("DELETE", `contacts(${ID})`, undefined, { "If-Match": etag }))).toEqual([
    412,
    "0x80060882",
  ]);
  expect((await client.api("DELETE", `contacts(${ID})`, undefined, { "If-Match": "*" })).status).toBe(204);
});

test("etags of a table without optimistic concurrency are refused", async () => {
  await client.control("POST", "seed", { table: "msdynci_prediction", rows: [{ msdynci_predictionid: ID }] });
  const path = `msdynci_predictions(${ID})`;
  expect(codeOf(await client.api("PATCH", path, {}, { "If-Match": 'W/"1"' }))).toEqual([400, "0x8006088d"]);
});

test("DELETE: 204, then 404; the row is gone", async () => {
  await client.api("POST", "contacts", { contactid: ID });
  expect((await client.api("DELETE", `contacts(${ID})`)).status).toBe(204);
  expect(codeOf(await client.api("DELETE", `contacts(${ID})`))).toEqual([404, "0x80040217"]);
  expect(codeOf(await client.api("GET", `contacts(${ID})`))).toEqual([404, "0x80040217"]);
});

test("alternate key: create, find without regard to case, accents and trailing blanks, and the key form comes back", async () => {
  await addCustomerKey(client);
  const made = await client.api("PATCH", "contacts(new_customerno='Zoë-1')", { lastname: "A" });
  expect(made.headers["odata-entityid"]).toMatch(/contacts\(new_customerno='Zo%C3%AB-1'\)$/);
  const found = await client.api("GET", "contacts(new_customerno='zoe-1 ')?$select=new_customerno");
  expect(found.json.new_customerno).toBe("Zoë-1");
  expect(codeOf(await client.api("POST", "contacts", { new_customerno: "ZOE-1" }))).toEqual([412, "0x80060892"]);
  expect(codeOf(await client.api("GET", "contacts(new_customerno='none')"))).toEqual([404, "0x80060891"]);
  expect(codeOf(await client.api("PATCH", "contacts(new_customerno='none')", {}, { "If-Match": "*" }))).toEqual([
    404,
    "0x80060891",
  ]);
});

test("a key cannot be changed through itself; on creation the body wins over the address", async () => {
  await addCustomerKey(client);
  await client.api("PATCH", "contacts(new_customerno='1')", { lastname: "A" });
  const changed = await client.api(
    "PATCH",
    "contacts(new_customerno='1')?$select=new_customerno,lastname",
    { new_customerno: "9", lastname: "B" },
    full,
  );
  expect(changed.json).toMatchObject({ new_customerno: "1", lastname: "B" });
  const made = await client.api(
    "PATCH",
    "contacts(new_customerno='2')?$select=new_customerno",
    { new_customerno: "3" },
    full,
  );
  expect(made.json.new_customerno).toBe("3");
  const moved = await client.api(
    "PATCH",
    `contacts(${made.json.contactid})?$select=new_customerno`,
    { new_customerno: "4" },
    full,
  );
  expect(moved.json.new_customerno).toBe("4");
  expect((await client.api("GET", "contacts(new_customerno='3')")).status).toBe(404);
});

test("rows without a value are not covered by the key", async () => {
  await addCustomerKey(client);
  for (let n = 0; n < 3; n++)
    expect((await client.api("POST", "contacts", { new_customerno: n === 0 ? null : "" })).status).toBe(204);
  expect((await client.api("GET", "contacts/$count")).text).toBe("3");
  expect((await client.api("PATCH", "contacts(new_customerno=null)", {})).status).toBe(400);
  expect((await client.api("PATCH", "contacts(new_customerno='')", {})).status).toBe(400);
});

test("composite keys, quotes in them, and column sets that are no key", async () => {
  await client.api("POST", "EntityDefinitions(LogicalName='contact')/Keys", {
    SchemaName: "new_Two",
    KeyAttributes: ["firstname", "emailaddress1"],
  });
  await client.api("GET", "EntityDefinitions(LogicalName='contact')/Keys");
  const address = "contacts(emailaddress1='a@b.example',firstname='O''Neil, x')";
  expect((await client.api("PATCH", address, { lastname: "A" })).status).toBe(204);
  expect((await client.api("GET", `${address}?$select=firstname`)).json.firstname).toBe("O'Neil, x");
  const wrong = await client.api("GET", "contacts(firstname='a')");
  expect(wrong.status).toBe(400);
  expect(wrong.json.error.message).toMatch(
    /^The key in the request URI is not valid for resource 'Microsoft\.Dynamics\.CRM\.contact'/,
  );
  expect((await client.api("GET", "contacts(12)")).status).toBe(400);
});

test.each([..."/#<>*%&:\\?+"])("the character %s cannot be used in a key address, even encoded", async (char) => {
  await addCustomerKey(client);
  const value = `a${char}b`;
  await client.api("POST", "contacts", { new_customerno: value });
  expect((await client.api("GET", `contacts(new_customerno='${encodeURIComponent(value)}')`)).status).toBe(400);
  // Uniqueness is enforced nevertheless, and a filter finds the row.
  expect((await client.api("POST", "contacts", { new_customerno: value })).status).toBe(412);
  const found = await client.api("GET", `contacts?$filter=${encodeURIComponent(`new_customerno eq '${value}'`)}`);
  expect(found.json.value).toHaveLength(1);
});

test("single properties: GET, PUT, DELETE", async () => {
  await client.api("POST", "contacts", { contactid: ID, firstname: "Ada" });
  expect((await client.api("GET", `contacts(${ID})/firstname`)).json.value).toBe("Ada");
  expect((await client.api("PUT", `contacts(${ID})/firstname`, { value: "Grace" })).status).toBe(204);
  expect((await client.api("GET", `contacts(${ID})/fullname`)).json.value).toBe("Grace");
  expect((await client.api("DELETE", `contacts(${ID})/firstname`)).status).toBe(204);
  expect((await client.api("GET", `contacts(${ID})/firstname`)).status).toBe(204);
});

test.each([
  ["GET", "Contacts", 404, "0x8006088a"],
  ["GET", "contacts/Nope", 404, "0x8006088a"],
  ["PUT", "contacts", 405, "0x0"],
  ["GET", `contacts(${ID})/nope`, 404, "0x80040217"],
])("%s %s is a %i", async (method, path, status, code) => {
  expect(codeOf(await client.api(method, path, method === "GET" ? undefined : {}))).toEqual([status, code]);
});

test.each([
  ["GET", "contacts/$count?$apply=groupby((lastname))", "$apply"],
  ["GET", "contacts?savedQuery=00000000-0000-0000-00aa-000010001002", "savedQuery"],
  ["GET", "contacts?userQuery=00000000-0000-0000-00aa-000010001002", "userQuery"],
  ["POST", "InitializeFrom", "InitializeFrom"],
  ["POST", `lists(${ID})/Microsoft.Dynamics.CRM.CreateActivitiesList`, "CreateActivitiesList"],
  ["POST", "contacts/Microsoft.Dynamics.CRM.DeleteMultiple", "DeleteMultiple"],
])("what is not built is a 501 that names it: %s %s", async (method, path, name) => {
  const answer = await client.api(method, path, method === "GET" ? undefined : {});
  expect(answer.status).toBe(501);
  expect(answer.json.error.message).toContain(name);
});
