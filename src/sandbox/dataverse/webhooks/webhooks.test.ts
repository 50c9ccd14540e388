import { expect, test } from "vitest";
import { targets, useSandbox } from "../../raw-client.test-data.ts";
import { register, useReceiver } from "./receiver.test-data.ts";

// Webhooks: dataverse.md section 13; use-webhooks.md and register-web-hook.md.
const client = useSandbox();
const hook = useReceiver();
const ID = "11111111-1111-1111-1111-111111111111";
const ASYNC = { mode: 1 };
const ENTITY = "Entity:http://schemas.microsoft.com/xrm/2011/Contracts";
const create = (body: Record<string, unknown>) => client.api("POST", "contacts", body);
const drain = () => client.control("POST", "webhooks/drain");
const names = () => hook.received.map((each) => `${each.json.MessageName} ${each.json.PrimaryEntityName}`);
const attributes = (entity: { Attributes: { key: string; value: unknown }[] }) =>
  Object.fromEntries(entity.Attributes.map(({ key, value }) => [key, value]));
const count = async () => Number((await client.api("GET", "contacts/$count")).text);

test("RemoteExecutionContext: an update as the documentation prints it", async () => {
  await create({ contactid: ID, firstname: "Jim", lastname: "Glynn" });
  const ids = await register(client, { url: `${hook.origin}/a` }, "Update", "contact", {
    mode: 1,
    filteringattributes: "firstname,lastname",
  });
  await client.api("PATCH", `contacts(${ID})`, { firstname: "James" });
  await drain();
  const [{ json, text, headers } = { json: {}, text: "", headers: {} }] = hook.received;
  expect(hook.received).toHaveLength(1);
  const user = (await client.api("GET", "WhoAmI")).json;
  expect(json).toMatchObject({
    BusinessUnitId: user.BusinessUnitId,
    CorrelationId: expect.stringMatching(/^[0-9a-f-]{36}$/),
    Depth: 1,
    InitiatingUserId: user.UserId,
    IsExecutingOffline: false,
    IsInTransaction: false,
    IsOfflinePlayback: false,
    IsolationMode: 1,
    MessageName: "Update",
    Mode: 1,
    OperationCreatedOn: expect.stringMatching(/^\/Date\(\d+\+0000\)\/$/),
    OperationId: expect.stringMatching(/^[0-9a-f-]{36}$/),
    OrganizationId: user.OrganizationId,
    OutputParameters: [],
    OwningExtension: {
      Id: ids.step,
      KeyAttributes: [],
      LogicalName: "sdkmessageprocessingstep",
      Name: null,
      RowVersion: null,
    },
    PreEntityImages: [],
    PrimaryEntityId: ID,
    PrimaryEntityName: "contact",
    RequestId: null,
    SecondaryEntityName: "none",
    SharedVariables: [],
    Stage: 40,
    UserId: user.UserId,
  });
  const target = json.InputParameters[0];
  expect(target).toMatchObject({
    key: "Target",
    value: {
      __type: ENTITY,
      EntityState: null,
      FormattedValues: [],
      Id: ID,
      KeyAttributes: [],
      LogicalName: "contact",
      RelatedEntities: [],
      RowVersion: null,
    },
  });
  // Only what was written, and what the server changed with it.
  const written = attributes(target.value);
  expect(written).toMatchObject({ firstname: "James", contactid: ID, fullname: "James Glynn" });
  expect(written).not.toHaveProperty("lastname");
  expect(attributes(json.PostEntityImages[0].value)).toEqual({ fullname: "James Glynn", contactid: ID });
  expect(json.PostEntityImages[0].key).toBe("AsynchronousStepPrimaryName");
  expect(json.ParentContext).toMatchObject({ Stage: 30, ParentContext: null, MessageName: "Update" });
  expect(text).toContain('"__type":"Entity:http:\\/\\/schemas.microsoft.com\\/xrm\\/2011\\/Contracts"');
  expect(headers).toMatchObject({
    "x-ms-dynamics-organization": client.sandbox.origin.replace("http://", ""),
    "x-ms-dynamics-entity-name": "contact",
    "x-ms-dynamics-request-name": "Update",
    "x-ms-correlation-request-id": json.CorrelationId,
  });
  expect(headers).not.toHaveProperty("x-ms-dynamics-msg-size-exceeded");
});

test("RemoteExecutionContext: the Target of an update tells who and when, also where that is as before (section 13)", async () => {
  await create({ contactid: ID, lastname: "a" });
  await register(client, { url: hook.origin }, "Update", "contact", ASYNC);
  await register(client, { url: hook.origin }, "UpdateMultiple", "contact", ASYNC);
  const user = (await client.api("GET", "WhoAmI")).json.UserId;
  await client.api("PATCH", `contacts(${ID})`, { lastname: "b" });
  await client.api("PATCH", `contacts(${ID})`, { lastname: "c" }, { MSCRMCallerID: user });
  await client.api(
    "POST",
    "contacts/Microsoft.Dynamics.CRM.UpdateMultiple",
    targets([{ contactid: ID, lastname: "d" }]),
  );
  await drain();
  const sent = hook.received.flatMap(
    ({ json }) => json.InputParameters[0].value.Entities ?? json.InputParameters[0].value,
  );
  // Each of the three writes is told to both steps.
  expect(sent).toHaveLength(6);
  for (const target of sent) {
    expect(attributes(target)).toMatchObject({
      modifiedon: expect.stringMatching(/^\/Date\(\d+\)\/$/),
      modifiedby: expect.objectContaining({ Id: user, LogicalName: "systemuser" }),
    });
    expect(attributes(target)).not.toHaveProperty("createdon");
  }
});

test("RemoteExecutionContext: a creation whole, every value in its shape; a deletion by reference", async () => {
  await register(client, { url: hook.origin }, "Create", "contact", ASYNC);
  await register(client, { url: hook.origin }, "Delete", "contact", ASYNC);
  await client.api("POST", "accounts", { accountid: ID, name: "A" });
  await create({
    contactid: ID,
    lastname: "a/b",
    birthdate: "1980-05-31",
    gendercode: 2,
    creditlimit: 12.5,
    numberofchildren: 3,
    donotemail: true,
    "parentcustomerid_account@odata.bind": `/accounts(${ID})`,
  });
  await client.api("DELETE", `contacts(${ID})`);
  await drain();
  const [created, deleted] = hook.received.map((each) => each.json);
  expect(created.OutputParameters).toEqual([{ key: "id", value: ID }]);
  const type = (name: string) => `${name}:http://schemas.microsoft.com/xrm/2011/Contracts`;
  expect(attributes(created.InputParameters[0].value)).toMatchObject({
    lastname: "a/b",
    birthdate: `/Date(${Date.parse("1980-05-31")})/`,
    gendercode: { __type: type("OptionSetValue"), Value: 2 },
    statecode: { __type: type("OptionSetValue"), Value: 0 },
    creditlimit: { __type: type("Money"), Value: 12.5 },
    numberofchildren: 3,
    donotemail: true,
    createdon: expect.stringMatching(/^\/Date\(\d+\)\/$/),
    parentcustomerid: {
      __type: type("EntityReference"),
      Id: ID,
      KeyAttributes: [],
      LogicalName: "account",
      Name: null,
      RowVersion: null,
    },
  });
  expect(deleted.InputParameters).toEqual([
    {
      key: "Target",
      value: {
        __type: type("EntityReference"),
        Id: ID,
        KeyAttributes: [],
        LogicalName: "contact",
        Name: null,
        RowVersion: null,
      },
    },
  ]);
});

test("x-ms-dynamics-msg-size-exceeded: over 256 KB the parameters and images are left out", async () => {
  await register(client, { url: hook.origin }, "Create", "contact", ASYNC);
  await create({ contactid: ID, lastname: "a" });
  await client.api("DELETE", `contacts(${ID})`);
  await client.api("POST", "EntityDefinitions(LogicalName='contact')/Attributes", {
    "@odata.type": "Microsoft.Dynamics.CRM.MemoAttributeMetadata",
    SchemaName: "new_Long",
    MaxLength: 1_000_000,
  });
  await create({ contactid: ID, lastname: "a", new_long: "x".repeat(300_000) });
  await drain();
  const [small, large] = hook.received;
  expect(small!.headers).not.toHaveProperty("x-ms-dynamics-msg-size-exceeded");
  expect(large!.headers).toHaveProperty("x-ms-dynamics-msg-size-exceeded");
  expect(large!.json).toMatchObject({
    PrimaryEntityId: ID,
    InputParameters: [],
    PreEntityImages: [],
    PostEntityImages: [],
    ParentContext: null,
  });
});

test.each([
  ["WebhookKey", 4, "a b&c", "/?x=1&code=a+b%26c", {}],
  ["HttpHeader", 5, "Key1: Value1\nKey2: Value2", "/?x=1", { key1: "Value1", key2: "Value2" }],
  ["HttpQueryString", 6, "Key1=Value1&Key2=Value2", "/?x=1&Key1=Value1&Key2=Value2", {}],
  ["HttpHeader", 5, '<settings><setting name="Key1" value="a &amp; b" /></settings>', "/?x=1", { key1: "a & b" }],
])("Webhook authtype: %s, %i, %s", async (_name, authtype, authvalue, url, headers) => {
  await register(client, { url: `${hook.origin}/?x=1`, authtype, authvalue }, "Create", "contact", ASYNC);
  await create({ lastname: "a" });
  await drain();
  expect(hook.received[0]).toMatchObject({ url, headers });
});

test("Webhook filteringattributes: an update that writes none of them tells nothing; one that writes the same value does", async () => {
  await create({ contactid: ID, lastname: "a", jobtitle: "j" });
  await register(client, { url: hook.origin }, "Update", "contact", { mode: 1, filteringattributes: "jobtitle" });
  await client.api("PATCH", `contacts(${ID})`, { lastname: "b" });
  await client.api("PATCH", `contacts(${ID})`, { jobtitle: "j" });
  await drain();
  expect(names()).toEqual(["Update contact"]);
});

test("a step runs for single writes, bulk messages, upserts and batches alike, and not when it is disabled", async () => {
  const { step } = await register(client, { url: hook.origin }, "Create", "contact", ASYNC);
  await register(client, { url: hook.origin }, "Update", undefined, ASYNC);
  await client.api(
    "POST",
    "contacts/Microsoft.Dynamics.CRM.CreateMultiple",
    targets([{ contactid: ID, lastname: "a" }, { lastname: "b" }]),
  );
  await client.api("PATCH", `contacts(${ID})`, { lastname: "c" });
  await client.api("PATCH", "contacts(22222222-2222-2222-2222-222222222222)", { lastname: "new" });
  const part =
    'Content-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\nPOST /api/data/v9.2/contacts HTTP/1.1\r\nContent-Type: application/json\r\n\r\n{"lastname":"batch"}\r\n';
  await client.api("POST", "$batch", `--b\r\n${part}--b--\r\n`, { "content-type": "multipart/mixed; boundary=b" });
  await drain();
  expect(names()).toEqual(["Create contact", "Create contact", "Update contact", "Create contact", "Create contact"]);
  await client.api("PATCH", `sdkmessageprocessingsteps(${step})`, { statecode: 1, statuscode: 2 });
  await create({ lastname: "quiet" });
  await drain();
  expect(names().filter((each) => each === "Create contact")).toHaveLength(4);
});

test("Webhook step of CreateMultiple: is told of all rows at once, and of a single creation too (section 7)", async () => {
  await register(client, { url: hook.origin }, "CreateMultiple", "contact", ASYNC);
  await client.api(
    "POST",
    "contacts/Microsoft.Dynamics.CRM.CreateMultiple",
    targets([{ lastname: "a" }, { lastname: "b" }]),
  );
  await create({ lastname: "c" });
  await drain();
  const collections = hook.received.map((each) => each.json.InputParameters[0]);
  expect(collections.map((each) => [each.key, each.value.Entities.length])).toEqual([
    ["Targets", 2],
    ["Targets", 1],
  ]);
});

test("Webhook images: before and after, with the columns they name", async () => {
  await create({ contactid: ID, lastname: "old", jobtitle: "j" });
  const { step } = await register(client, { url: hook.origin }, "Update", "contact", {});
  await client.api("POST", "sdkmessageprocessingstepimages", {
    entityalias: "both",
    imagetype: 2,
    attributes: "lastname",
    messagepropertyname: "Target",
    "sdkmessageprocessingstepid@odata.bind": `/sdkmessageprocessingsteps(${step})`,
  });
  await client.api("PATCH", `contacts(${ID})`, { lastname: "new" });
  const { PreEntityImages: pre, PostEntityImages: post } = hook.received[0]!.json;
  expect([pre[0].key, attributes(pre[0].value)]).toEqual(["both", { lastname: "old", contactid: ID }]);
  expect([post[0].key, attributes(post[0].value)]).toEqual(["both", { lastname: "new", contactid: ID }]);
});

test("Webhook step of Associate: and of Disassociate, both ends and the relationship", async () => {
  await client.api("POST", "lists", { listid: ID, listname: "l", type: false, createdfromcode: 2 });
  await create({ contactid: ID, lastname: "a" });
  await register(client, { url: hook.origin }, "Associate", undefined, ASYNC);
  await register(client, { url: hook.origin }, "Disassociate", undefined, ASYNC);
  const reference = { "@odata.id": `contacts(${ID})` };
  expect((await client.api("POST", `lists(${ID})/listcontact_association/$ref`, reference)).status).toBe(204);
  await client.api("DELETE", `lists(${ID})/listcontact_association(${ID})/$ref`);
  await drain();
  expect(hook.received.map((each) => each.json.MessageName)).toEqual(["Associate", "Disassociate"]);
  const [target, relationship, related] = hook.received[0]!.json.InputParameters;
  expect(relationship.value.SchemaName).toBe("listcontact_association");
  expect([target.value.Id, related.value[0].Id]).toEqual([ID, ID]);
  expect([target.value.LogicalName, related.value[0].LogicalName].sort()).toEqual(["contact", "list"]);
});

test.each([502, 503, 504])("Webhook retry: %i is tried once more, other failures are not", async (status) => {
  await register(client, { url: hook.origin }, "Create", "contact");
  hook.answers.push(status);
  expect((await create({ lastname: "a" })).status).toBe(204);
  hook.answers.push(status, status);
  expect((await create({ lastname: "b" })).status).toBe(400);
  hook.answers.push(500);
  expect((await create({ lastname: "c" })).status).toBe(400);
  expect(hook.received).toHaveLength(5);
});

test("GET webhooks: each message with its attempts and what came of it", async () => {
  await register(client, { url: hook.origin }, "Create", "contact", ASYNC);
  hook.answers.push(503, 500);
  await create({ lastname: "a" });
  await create({ lastname: "b" });
  await drain();
  const { deliveries } = (await client.control("GET", "webhooks")).json;
  expect(deliveries.map((each: { state: string; attempts: unknown[] }) => [each.state, each.attempts])).toEqual([
    ["failed", [{ status: 503 }, { status: 500 }]],
    ["succeeded", [{ status: 200 }]],
  ]);
  expect(JSON.parse(deliveries[0].body).MessageName).toBe("Create");
  await client.control("POST", "reset");
  expect((await client.control("GET", "webhooks")).json.deliveries).toEqual([]);
});

test("POST webhooks: every second message twice; settings that are none are refused", async () => {
  await register(client, { url: hook.origin }, "Create", "contact", ASYNC);
  await client.control("POST", "webhooks", { duplicateEvery: 2 });
  for (const lastname of ["a", "b", "c"]) await create({ lastname });
  await drain();
  const told = hook.received.map((each) => attributes(each.json.InputParameters[0].value).lastname);
  expect(told).toEqual(["a", "b", "b", "c"]);
  for (const body of [{ timeoutMs: 0 }, { duplicateEvery: -1 }, { colour: "red" }]) {
    expect((await client.control("POST", "webhooks", body)).status).toBe(400);
  }
});

test("POST webhooks/drain: waits for what is on its way", async () => {
  await register(client, { url: hook.origin }, "Create", "contact", ASYNC);
  let done = false;
  hook.answers.push(async () => {
    await client.api("GET", "WhoAmI");
    done = true;
    return 200;
  });
  await create({ lastname: "a" });
  await drain();
  expect(done).toBe(true);
});

test("the authentication value can be written and never read (section 13)", async () => {
  const { endpoint } = await register(client, { url: hook.origin, authvalue: "hush" }, "Create", "contact");
  const all = [
    await client.api("GET", `serviceendpoints(${endpoint})`),
    await client.api("GET", "serviceendpoints"),
    await client.control("GET", "rows/serviceendpoint"),
  ];
  for (const answer of all) expect(answer.text).not.toContain("hush");
});

test("Webhook asynchronous: told after the answer; a failure fails nothing", async () => {
  await register(client, { url: hook.origin }, "Create", "contact", ASYNC);
  hook.answers.push(500);
  expect((await create({ lastname: "a" })).status).toBe(204);
  await drain();
  expect(hook.received[0]!.json).toMatchObject({ Mode: 1, IsInTransaction: false });
  expect(await count()).toBe(1);
});

test("Webhook authtype: a key is put behind `?code=`", async () => {
  await register(client, { url: `${hook.origin}/f`, authtype: 4, authvalue: "k" }, "Create", "contact", ASYNC);
  await create({ lastname: "a" });
  await drain();
  expect(hook.received[0]!.url).toBe("/f?code=k");
});

test("Webhook retry: one more attempt after 503", async () => {
  await register(client, { url: hook.origin }, "Create", "contact");
  hook.answers.push(503);
  expect([(await create({ lastname: "a" })).status, hook.received.length]).toEqual([204, 2]);
});

test("Webhook asynchronous: a failed system job is found by its step, as the documentation asks for it", async () => {
  const { step } = await register(client, { url: hook.origin }, "Create", "contact", ASYNC);
  hook.answers.push(500, 200);
  await create({ lastname: "a" });
  await create({ lastname: "b" });
  await drain();
  // register-web-hook.md, "Query failed asynchronous jobs for a given step".
  const query = `asyncoperations?$orderby=completedon desc&$filter=statuscode eq 31 and _owningextensionid_value eq ${step}&$select=name,friendlymessage,errorcode,message,completedon`;
  const { value } = (await client.api("GET", query)).json;
  expect(value).toHaveLength(1);
  expect(value[0]).toMatchObject({ name: "step", errorcode: -2147220891 });
  expect(value[0].message).toContain("500");
  const all = (
    await client.api("GET", `asyncoperations?$filter=_owningextensionid_value eq ${step}&$select=statuscode`)
  ).json;
  expect(all.value.map((each: { statuscode: number }) => each.statuscode).sort()).toEqual([30, 31]);
});
