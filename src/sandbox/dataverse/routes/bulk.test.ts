import { expect, test } from "vitest";
import { addCustomerKey, targets, useSandbox } from "../../raw-client.test-data.ts";

// Bulk messages, dataverse.md section 7.
const client = useSandbox();
const ACTION = "contacts/Microsoft.Dynamics.CRM.";
const A = "11111111-1111-1111-1111-111111111111";
const B = "22222222-2222-2222-2222-222222222222";
const post = (action: string, body: unknown) => client.api("POST", ACTION + action, body);
const names = async () =>
  (await client.api("GET", "contacts?$select=lastname")).json.value.map((each: { lastname: string }) => each.lastname);

test("CreateMultiple: answers the ids in order, own ids included", async () => {
  const answer = await post(
    "CreateMultiple",
    targets([{ lastname: "a" }, { lastname: "b", contactid: B }, { lastname: "c" }]),
  );
  expect(answer.status).toBe(200);
  expect(answer.json["@odata.context"]).toMatch(/#Microsoft\.Dynamics\.CRM\.CreateMultipleResponse$/);
  const rows = await Promise.all(
    answer.json.Ids.map((id: string) => client.api("GET", `contacts(${id})?$select=lastname`)),
  );
  expect(rows.map((row) => row.json.lastname)).toEqual(["a", "b", "c"]);
  expect(answer.json.Ids[1]).toBe(B);
});

test("UpdateMultiple: takes the primary id only; of two items for one row the first counts", async () => {
  await post(
    "CreateMultiple",
    targets([
      { contactid: A, lastname: "a" },
      { contactid: B, lastname: "b" },
    ]),
  );
  const answer = await post(
    "UpdateMultiple",
    targets([
      { contactid: A, lastname: "a1" },
      { contactid: A, lastname: "a2" },
      { contactid: B, lastname: "b1" },
    ]),
  );
  expect([answer.status, answer.text]).toEqual([204, ""]);
  expect(await names()).toEqual(["a1", "b1"]);
  expect((await post("UpdateMultiple", targets([{ lastname: "x" }]))).status).toBe(400);
});

test("UpsertMultiple: by key and by id says nothing of what it did", async () => {
  await addCustomerKey(client);
  await post("CreateMultiple", targets([{ new_customerno: "1", lastname: "a" }]));
  const body = targets([
    { "@odata.id": "contacts(new_customerno='1')", lastname: "a1" },
    { "@odata.id": "contacts(new_customerno='2')", lastname: "b" },
    { contactid: A, lastname: "c" },
  ]);
  const answer = await post("UpsertMultiple", body);
  expect([answer.status, answer.text]).toEqual([204, ""]);
  expect(await names()).toEqual(["a1", "b", "c"]);
  expect((await client.api("GET", "contacts(new_customerno='2')?$select=new_customerno")).json.new_customerno).toBe(
    "2",
  );
});

test("UpsertMultiple: with two items for one row fails as a whole", async () => {
  await addCustomerKey(client);
  const item = { "@odata.id": "contacts(new_customerno='1')", lastname: "a" };
  expect(
    (await post("UpsertMultiple", targets([item, { ...item, "@odata.id": "contacts(new_customerno='1 ')" }]))).status,
  ).toBe(412);
  expect(await names()).toEqual([]);
});

test.each([
  ["CreateMultiple", { lastname: "x".repeat(51) }, 400, "0x80044331"],
  ["CreateMultiple", { new_customerno: "K" }, 412, "0x80060892"],
  ["UpdateMultiple", { contactid: B, lastname: "x" }, 404, "0x80040217"],
  ["UpsertMultiple", { contactid: B, "parentcustomerid_account@odata.bind": `/accounts(${B})` }, 404, "0x80040217"],
])("%s: one bad item undoes all, and the error does not say which", async (action, bad, status, code) => {
  await addCustomerKey(client);
  await post("CreateMultiple", targets([{ contactid: A, lastname: "old", new_customerno: "K", jobtitle: "j" }]));
  const delta = (await client.api("GET", "contacts", undefined, { Prefer: "odata.track-changes" })).json[
    "@odata.deltaLink"
  ];
  const good =
    action === "CreateMultiple"
      ? { lastname: "new" }
      : { contactid: A, lastname: "new", new_customerno: "L", jobtitle: null };
  const answer = await post(action, targets([good, bad]));
  expect([answer.status, answer.json.error.code]).toEqual([status, code]);
  expect(Object.keys(answer.json.error)).toEqual(["code", "message"]);
  expect(await names()).toEqual(["old"]);
  // The key index, the columns and the change log are as they were.
  expect((await client.api("GET", "contacts(new_customerno='K')?$select=jobtitle")).json).toMatchObject({
    contactid: A,
    jobtitle: "j",
  });
  expect((await client.api("GET", "contacts(new_customerno='L')")).status).toBe(404);
  expect((await client.api("GET", delta.split("/v9.2/")[1])).json.value).toEqual([]);
});

test("a later item may refer to an earlier one", async () => {
  const body = targets([
    { contactid: A, lastname: "a" },
    { contactid: B, "parentcustomerid_contact@odata.bind": `/contacts(${A})` },
  ]);
  expect((await post("CreateMultiple", body)).status).toBe(200);
  expect((await client.api("GET", `contacts(${B})?$select=_parentcustomerid_value`)).json._parentcustomerid_value).toBe(
    A,
  );
});

test.each([
  ["no Targets", {}],
  ["Targets no list", { Targets: {} }],
  ["no items", { Targets: [] }],
  ["no type", { Targets: [{ lastname: "x" }] }],
  ["another table's type", targets([{ name: "x" }], "account")],
  ["an item that is no object", { Targets: [5] }],
  ["a second parameter", { ...targets([{}]), Nope: 1 }],
])("refused: %s", async (_name, body) => {
  const answer = await post("CreateMultiple", body);
  expect(answer.status).toBe(400);
  expect((await client.api("GET", "contacts/$count")).text).toBe("0");
});

test("tables without the messages say so; the verb is POST", async () => {
  expect(
    (await client.api("POST", "listmembers/Microsoft.Dynamics.CRM.CreateMultiple", targets([{}], "listmember"))).status,
  ).toBe(400);
  expect((await client.api("GET", `${ACTION}CreateMultiple`)).status).toBe(404);
});

test("thousand rows a call, eight calls in flight: all there, none twice", async () => {
  await addCustomerKey(client);
  const batch = (n: number) =>
    targets(
      Array.from({ length: 1000 }, (_, i) => ({
        "@odata.id": `contacts(new_customerno='${n * 1000 + i}')`,
        lastname: `n${i}`,
      })),
    );
  const answers = await Promise.all([0, 1, 2, 3, 4, 5, 6, 7, 0].map((n) => post("UpsertMultiple", batch(n))));
  expect(answers.every((answer) => answer.status === 204)).toBe(true);
  const { json } = await client.api("GET", "RetrieveTotalRecordCount(EntityNames=['contact'])");
  expect(json.EntityRecordCountCollection).toEqual({ Count: 1, IsReadOnly: false, Keys: ["contact"], Values: [8000] });
});

test("DeleteMultiple: is refused on standard tables, in the service's words", async () => {
  const answer = await post("DeleteMultiple", targets([{ contactid: A }]));
  expect([answer.status, answer.json.error.message]).toEqual([501, "DeleteMultiple has not yet been implemented."]);
});

test("UpdateMultiple: alternate keys are not supported, with or without @odata.id", async () => {
  await addCustomerKey(client);
  await post("CreateMultiple", targets([{ contactid: A, new_customerno: "1", lastname: "a" }]));
  const byKey = { "@odata.id": "contacts(new_customerno='1')", lastname: "x" };
  expect((await post("UpdateMultiple", targets([byKey]))).status).toBe(400);
  expect((await post("UpdateMultiple", targets([{ new_customerno: "1", lastname: "x" }]))).status).toBe(400);
  expect(await names()).toEqual(["a"]);
});

test("UpsertMultiple: @odata.id may be a full address, by id or key; of another set or no text it is a 400", async () => {
  await addCustomerKey(client);
  const base = `${client.sandbox.origin}/api/data/v9.2`;
  const full = [
    { "@odata.id": `${base}/contacts(${A})`, lastname: "a" },
    { "@odata.id": `${base}/contacts(new_customerno='1')`, lastname: "b" },
  ];
  expect((await post("UpsertMultiple", targets(full))).status).toBe(204);
  expect(await names()).toEqual(["a", "b"]);
  for (const reference of [`accounts(${A})`, "contacts", "contacts(nope='1')", "", 5, null]) {
    const answer = await post("UpsertMultiple", targets([{ "@odata.id": reference, lastname: "x" }]));
    expect([reference, answer.status]).toEqual([reference, 400]);
  }
});

test("CreateMultiple: items may nest related rows and bind lookups; one bad nested row undoes all", async () => {
  const nested = {
    lastname: "a",
    parentcustomerid_account: { name: "Firm" },
    Contact_Tasks: [{ subject: "call" }],
  };
  const good = await post("CreateMultiple", targets([nested]));
  expect(good.status).toBe(200);
  const row = await client.api("GET", `contacts(${good.json.Ids[0]})?$expand=parentcustomerid_account($select=name)`);
  expect(row.json.parentcustomerid_account.name).toBe("Firm");
  const bad = { lastname: "b", parentcustomerid_account: { name: "x".repeat(500) } };
  expect((await post("CreateMultiple", targets([nested, bad]))).status).toBe(400);
  expect((await client.api("GET", "accounts/$count")).text).toBe("1");
});

test("Prefer: return=representation and $select change nothing, nor are they said to be applied", async () => {
  const headers = { Prefer: "return=representation" };
  const answer = await client.api(
    "POST",
    `${ACTION}CreateMultiple?$select=lastname`,
    targets([{ lastname: "a" }]),
    headers,
  );
  expect(answer.status).toBe(200);
  expect(Object.keys(answer.json)).toEqual(["@odata.context", "Ids"]);
  expect(answer.headers["preference-applied"]).toBeUndefined();
  const update = await client.api(
    "POST",
    `${ACTION}UpdateMultiple`,
    targets([{ contactid: answer.json.Ids[0], lastname: "b" }]),
    headers,
  );
  expect([update.status, update.text]).toEqual([204, ""]);
});

test("a plug-in that throws for one item undoes all: 0x80040265 with its own text (section 14)", async () => {
  await client.control("POST", "plugins", {
    table: "contact",
    column: "lastname",
    equals: "bad",
    throws: "No bad ones.",
  });
  const answer = await post("CreateMultiple", targets([{ lastname: "a" }, { lastname: "bad" }]));
  expect([answer.status, answer.json.error.code, answer.json.error.message]).toEqual([
    400,
    "0x80040265",
    "No bad ones.",
  ]);
  expect(await names()).toEqual([]);
});
