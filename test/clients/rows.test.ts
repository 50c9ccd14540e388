import { expect, test } from "vitest";
import { useDynamicsWebApi } from "./dynamics-web-api.ts";

// What the client offers for rows, called as its documentation shows (dynamics-web-api, README "Create a table row" and
// following). It was written by others against real Dataverse: what it reads out of answers is what they look like.

const client = useDynamicsWebApi();
const refusal = async (work: Promise<unknown>) =>
  work.then(
    () => expect.fail("it should have been refused"),
    (error: { status: number; code: string; message: string }) => error,
  );

test("create gives the id, retrieve the row with its annotations (section 4)", async () => {
  const { api } = client;
  const id = await api.create<Record<string, unknown>, string>({
    collection: "contacts",
    data: { firstname: "Ada", lastname: "Lovelace", familystatuscode: 2 },
  });
  expect(id).toMatch(/^[0-9a-f-]{36}$/);
  const row = await api.retrieve({
    collection: "contacts",
    key: id,
    select: ["fullname", "familystatuscode"],
    includeAnnotations: "OData.Community.Display.V1.FormattedValue",
  });
  expect(row).toMatchObject({ contactid: id, fullname: "Ada Lovelace", familystatuscode: 2 });
  expect(row["familystatuscode@OData.Community.Display.V1.FormattedValue"]).toBe("Married");
  expect(row["@odata.etag"]).toMatch(/^W\/"\d+"$/);
});

test("create and update return the representation when they are asked to (section 4)", async () => {
  const { api } = client;
  const made = await api.create({
    collection: "accounts",
    data: { name: "Contoso", "primarycontactid@odata.bind": null },
    returnRepresentation: true,
    select: ["name", "accountid"],
  });
  expect(made).toMatchObject({ name: "Contoso" });
  const changed = await api.update({
    collection: "accounts",
    key: (made as unknown as { accountid: string }).accountid,
    data: { name: "Fabrikam" },
    returnRepresentation: true,
    select: ["name"],
  });
  expect(changed).toMatchObject({ name: "Fabrikam" });
});

test("update, a single property, and delete (section 4)", async () => {
  const { api } = client;
  const id = await api.create<Record<string, unknown>, string>({
    collection: "contacts",
    data: { lastname: "Hopper" },
  });
  await api.update({ collection: "contacts", key: id, data: { firstname: "Grace" } });
  await api.updateSingleProperty({ collection: "contacts", key: id, fieldValuePair: { jobtitle: "Admiral" } });
  const select = ["fullname", "jobtitle"];
  expect(await api.retrieve({ collection: "contacts", key: id, select })).toMatchObject({
    fullname: "Grace Hopper",
    jobtitle: "Admiral",
  });
  await api.deleteRecord({ collection: "contacts", key: id, property: "jobtitle" });
  expect(await api.retrieve({ collection: "contacts", key: id, select })).toMatchObject({ jobtitle: null });
  await api.deleteRecord({ collection: "contacts", key: id });
  expect(await refusal(api.retrieve({ collection: "contacts", key: id, select }))).toMatchObject({
    status: 404,
    code: "0x80040217",
  });
});

test("upsert creates, changes, and obeys If-Match and If-None-Match (section 4)", async () => {
  const { api } = client;
  const key = "aaaaaaaa-0000-4000-8000-000000000001";
  await api.upsert({ collection: "contacts", key, data: { lastname: "One" } });
  await api.upsert({ collection: "contacts", key, data: { lastname: "Two" } });
  const row = await api.retrieve({ collection: "contacts", key, select: ["lastname"] });
  expect(row.lastname).toBe("Two");
  // The client takes the two refusals that mean "left alone" for null.
  expect(await api.upsert({ collection: "contacts", key, data: { lastname: "3" }, ifnonematch: "*" })).toBeNull();
  const other = "aaaaaaaa-0000-4000-8000-000000000002";
  expect(await api.upsert({ collection: "contacts", key: other, data: { lastname: "3" }, ifmatch: "*" })).toBeNull();
  const stale = api.update({ collection: "contacts", key, data: { lastname: "4" }, ifmatch: 'W/"1"' });
  expect(await stale.catch((error) => error.status ?? error)).not.toBe(204);
  await api.update({ collection: "contacts", key, data: { lastname: "5" }, ifmatch: row["@odata.etag"] });
  expect(await api.retrieve({ collection: "contacts", key, select: ["lastname"] })).toMatchObject({ lastname: "5" });
});

test("an alternate key in place of the id (section 4)", async () => {
  const { api } = client;
  const contact = "LogicalName='contact'";
  await api.createAttribute({
    entityKey: contact,
    data: {
      "@odata.type": "Microsoft.Dynamics.CRM.StringAttributeMetadata",
      SchemaName: "new_Number",
      MaxLength: 20,
    } as never,
  });
  const keys = { SchemaName: "new_NumberKey", KeyAttributes: ["new_number"] };
  await client.post(`EntityDefinitions(${contact})/Keys`, keys);
  await api.retrieveEntity({ key: contact, select: ["LogicalName"], expand: [{ property: "Keys" }] });
  await api.upsert({ collection: "contacts", key: "new_number='A 1'", data: { lastname: "Keyed" } });
  await api.upsert({ collection: "contacts", key: "new_number='A 1'", data: { firstname: "Once" } });
  const { value } = await api.retrieveMultiple({ collection: "contacts", select: ["fullname", "new_number"] });
  expect(value).toMatchObject([{ fullname: "Once Keyed", new_number: "A 1" }]);
});

test("retrieveMultiple: filter, order, top, count, pages; retrieveAll follows the links (section 6)", async () => {
  const { api } = client;
  for (let n = 0; n < 7; n++) {
    await api.create({ collection: "contacts", data: { lastname: `L${n}`, numberofchildren: n } });
  }
  const first = await api.retrieveMultiple({
    collection: "contacts",
    select: ["lastname"],
    filter: "numberofchildren ge 2 and startswith(lastname,'l')",
    orderBy: ["numberofchildren desc"],
    maxPageSize: 3,
    count: true,
  });
  expect(first.value.map((row) => row.lastname)).toEqual(["L6", "L5", "L4"]);
  expect(first.oDataCount).toBe(5);
  const second = await api.retrieveMultiple({ collection: "contacts", maxPageSize: 3 }, first.oDataNextLink!);
  expect(second.value.map((row) => row.lastname)).toEqual(["L3", "L2"]);
  const top = await api.retrieveMultiple({ collection: "contacts", top: 2, orderBy: ["lastname asc"] });
  expect(top.value).toHaveLength(2);
  const all = await api.retrieveAll({ collection: "contacts", select: ["lastname"], maxPageSize: 2 });
  expect(all.value).toHaveLength(7);
  expect(await api.count({ collection: "contacts" })).toBe(7);
  expect(await api.count({ collection: "contacts", filter: "numberofchildren lt 2" })).toBe(2);
  expect(await api.countAll({ collection: "contacts" })).toBe(7);
});

test("track changes: a delta link and what it brings (section 10)", async () => {
  const { api } = client;
  const id = await api.create<Record<string, unknown>, string>({ collection: "contacts", data: { lastname: "A" } });
  const first = await api.retrieveMultiple({ collection: "contacts", select: ["lastname"], trackChanges: true });
  await api.deleteRecord({ collection: "contacts", key: id });
  await api.create({ collection: "contacts", data: { lastname: "B" } });
  const delta = await api.retrieveMultiple({ collection: "contacts" }, first.oDataDeltaLink!);
  expect(delta.value).toMatchObject([{ lastname: "B" }, { id, reason: "deleted" }]);
});

test("expand, over lookups and collections (section 6)", async () => {
  const { api } = client;
  const account = await api.create<Record<string, unknown>, string>({
    collection: "accounts",
    data: { name: "Contoso" },
  });
  for (const lastname of ["A", "B"]) {
    const data = { lastname, "parentcustomerid_account@odata.bind": `/accounts(${account})` };
    await api.create({ collection: "contacts", data });
  }
  const { value } = await api.retrieveMultiple({
    collection: "contacts",
    select: ["lastname", "_parentcustomerid_value"],
    expand: [{ property: "parentcustomerid_account", select: ["name"] }],
    orderBy: ["lastname"],
    includeAnnotations: "*",
  });
  expect(value[0]).toMatchObject({ lastname: "A", parentcustomerid_account: { name: "Contoso" } });
  expect(value[0]["_parentcustomerid_value@Microsoft.Dynamics.CRM.lookuplogicalname"]).toBe("account");
  const row = await api.retrieve({
    collection: "accounts",
    key: account,
    select: ["name"],
    expand: [{ property: "contact_customer_accounts", select: ["lastname"], orderBy: ["lastname desc"], top: 1 }],
  });
  expect(row.contact_customer_accounts).toMatchObject([{ lastname: "B" }]);
  const children = await api.retrieve({
    collection: "accounts",
    key: account,
    navigationProperty: "contact_customer_accounts",
    select: ["lastname"],
  });
  expect(children.value).toHaveLength(2);
});

test("associate and disassociate, many to many and single-valued (section 4)", async () => {
  const { api } = client;
  const list = await api.create<Record<string, unknown>, string>({
    collection: "lists",
    data: { listname: "News", createdfromcode: 2 },
  });
  const contact = await api.create<Record<string, unknown>, string>({
    collection: "contacts",
    data: { lastname: "A" },
  });
  const members = async () => {
    const nav = { navigationProperty: "listcontact_association", select: ["contactid"] };
    return (await api.retrieve({ collection: "lists", key: list, ...nav })).value as unknown[];
  };
  const link = { collection: "lists", primaryKey: list, relationshipName: "listcontact_association" };
  await api.associate({ ...link, relatedCollection: "contacts", relatedKey: contact });
  expect(await members()).toHaveLength(1);
  await api.disassociate({ ...link, relatedKey: contact });
  expect(await members()).toHaveLength(0);

  const account = await api.create<Record<string, unknown>, string>({
    collection: "accounts",
    data: { name: "Contoso" },
  });
  const single = { collection: "accounts", primaryKey: account, navigationProperty: "primarycontactid" };
  await api.associateSingleValued({ ...single, relatedCollection: "contacts", relatedKey: contact });
  const read = () => api.retrieve({ collection: "accounts", key: account, select: ["_primarycontactid_value"] });
  expect(await read()).toMatchObject({ _primarycontactid_value: contact });
  await api.disassociateSingleValued(single);
  expect(await read()).toMatchObject({ _primarycontactid_value: null });
});

test("FetchXML, by pages with the cookie (section 6)", async () => {
  const { api } = client;
  for (let n = 0; n < 5; n++) await api.create({ collection: "contacts", data: { lastname: `L${n}` } });
  const fetchXml = `<fetch count="2"><entity name="contact"><attribute name="lastname"/><order attribute="lastname"/></entity></fetch>`;
  const first = await api.fetch({ collection: "contacts", fetchXml, includeAnnotations: "*" });
  expect(first.value).toHaveLength(2);
  const { value } = await api.fetchAll({ collection: "contacts", fetchXml, includeAnnotations: "*" });
  expect(value.map((row) => row.lastname)).toEqual(["L0", "L1", "L2", "L3", "L4"]);
});

test("functions and actions, bound and unbound (sections 2, 6, 7)", async () => {
  const { api } = client;
  const who = await api.callFunction("WhoAmI");
  expect(who).toMatchObject({ UserId: expect.any(String), OrganizationId: expect.any(String) });
  const counted = await api.callFunction({
    name: "RetrieveTotalRecordCount",
    parameters: { EntityNames: ["contact"] },
  });
  expect(counted).toMatchObject({ EntityRecordCountCollection: { Keys: ["contact"], Values: [0] } });
  const type = "Microsoft.Dynamics.CRM.contact";
  const made = await api.callAction({
    collection: "contacts",
    actionName: "Microsoft.Dynamics.CRM.CreateMultiple",
    action: {
      Targets: [
        { "@odata.type": type, lastname: "A" },
        { "@odata.type": type, lastname: "B" },
      ],
    },
  });
  expect(made.Ids).toHaveLength(2);
  const list = await api.create<Record<string, unknown>, string>({
    collection: "lists",
    data: { listname: "News", createdfromcode: 2 },
  });
  const added = await api.callAction({
    collection: "lists",
    key: list,
    actionName: "Microsoft.Dynamics.CRM.AddMemberList",
    action: { EntityId: made.Ids[0] },
  });
  expect(added).toMatchObject({ Id: expect.any(String) });
});

test("a batch with a change set that refers to its own rows (section 8)", async () => {
  const { api } = client;
  api.startBatch();
  api.create({ collection: "accounts", data: { name: "Contoso" }, contentId: "1", inChangeSet: true });
  api.create({
    collection: "contacts",
    data: { lastname: "A", "parentcustomerid_account@odata.bind": "$1" },
    contentId: "2",
    inChangeSet: true,
  });
  api.retrieveMultiple({ collection: "accounts", select: ["name"], inChangeSet: false });
  const answers = await api.executeBatch();
  expect(answers[0]).toMatch(/^[0-9a-f-]{36}$/);
  expect(answers[2].value).toMatchObject([{ name: "Contoso" }]);
  const { value } = await api.retrieveMultiple({ collection: "contacts", select: ["_parentcustomerid_value"] });
  expect(value).toMatchObject([{ _parentcustomerid_value: answers[0] }]);

  api.startBatch();
  api.create({ collection: "contacts", data: { lastname: "ok" }, inChangeSet: false });
  api.create({ collection: "contacts", data: { nonsense: 1 }, inChangeSet: false });
  api.create({ collection: "contacts", data: { lastname: "late" }, inChangeSet: false });
  const [ok, refused, late] = await api.executeBatch({ continueOnError: true });
  expect([ok, late]).toEqual([expect.any(String), expect.any(String)]);
  expect(refused).toMatchObject({ status: 400, error: { code: "0x80048d19" } });
  expect(await api.count({ collection: "contacts" })).toBe(3);
});

test("impersonation and duplicate detection ride on headers (section 12)", async () => {
  const { api } = client;
  const unknown = {
    collection: "contacts",
    data: { lastname: "A" },
    impersonate: "aaaaaaaa-0000-4000-8000-00000000dead",
  };
  expect((await refusal(api.create(unknown))).status).toBeGreaterThanOrEqual(400);
  const twin = { lastname: "Twin", emailaddress1: "twin@example.com" };
  await api.create({ collection: "contacts", data: twin });
  await api.create({ collection: "contacts", data: twin });
  const refused = await refusal(api.create({ collection: "contacts", data: twin, duplicateDetection: true }));
  expect(refused).toMatchObject({ status: 412, code: "0x80040333" });
});

test("errors reach the client with status, code and message (section 14)", async () => {
  const { api } = client;
  const refused = await refusal(api.create({ collection: "contacts", data: { lastname: "x".repeat(51) } }));
  expect(refused).toMatchObject({ status: 400, code: "0x80044331" });
  expect(refused.message).toContain("maximum allowed length of '50'");
});
