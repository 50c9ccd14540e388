import { beforeEach, expect, test } from "vitest";
import { targets, useSandbox } from "../../raw-client.test-data.ts";

// Marketing lists, dataverse.md section 11, and the action pages named in the tests.
const client = useSandbox();
const id = (n: number) => `${String(n).padStart(8, "0")}-0000-0000-0000-000000000000`;
const LIST = id(1);
const OTHER = id(2);
const DYNAMIC = id(3);
const action = (name: string, body?: unknown, list = LIST) =>
  client.api("POST", `lists(${list})/Microsoft.Dynamics.CRM.${name}`, body);
const contact = (n: number) => ({ "@odata.type": "Microsoft.Dynamics.CRM.contact", contactid: id(n) });
const list = (listid: string) => ({ "@odata.type": "Microsoft.Dynamics.CRM.list", listid });
const members = async (of = LIST) => {
  const rows = await client.api("GET", `listmembers?$select=_entityid_value,entitytype&$filter=_listid_value eq ${of}`);
  return rows.json.value.map((row: { _entityid_value: string }) => row._entityid_value).sort();
};
const count = async (of = LIST) => (await client.api("GET", `lists(${of})?$select=membercount`)).json.membercount;
const refusal = (answer: { status: number; json: { error: { code: string } } }) => [
  answer.status,
  answer.json.error.code,
];

beforeEach(async () => {
  const people = [11, 12, 13].map((n) => ({ contactid: id(n), lastname: `n${n}` }));
  await client.api("POST", "contacts/Microsoft.Dynamics.CRM.CreateMultiple", targets(people));
  await client.api("POST", "accounts", { accountid: id(21), name: "A" });
  const query = `<fetch><entity name='contact'><attribute name='contactid'/><filter><condition attribute='lastname' operator='ne' value='n12'/></filter></entity></fetch>`;
  const lists = [
    { listid: LIST, listname: "static", createdfromcode: 2 },
    { listid: OTHER, listname: "accounts", createdfromcode: 1 },
    { listid: DYNAMIC, listname: "dynamic", createdfromcode: 2, type: true, query },
  ];
  await client.api("POST", "lists/Microsoft.Dynamics.CRM.CreateMultiple", targets(lists, "list"));
});

test("AddMemberList: answers the listmember's id; adding again is no error and makes no second row", async () => {
  const first = await action("AddMemberList", { EntityId: id(11) });
  expect(first.status).toBe(200);
  expect(first.json["@odata.context"]).toMatch(/#Microsoft\.Dynamics\.CRM\.AddMemberListResponse$/);
  expect((await action("AddMemberList", { EntityId: id(11) })).json.Id).toBe(first.json.Id);
  expect(await members()).toEqual([id(11)]);
  const row = await client.api("GET", `listmembers(${first.json.Id})?$select=_listid_value,_entityid_value,entitytype`);
  expect(row.json).toMatchObject({ _listid_value: LIST, _entityid_value: id(11), entitytype: "contact" });
  // The general N:N form of the same relation.
  const pairs = await client.api("GET", `lists(${LIST})/listcontact_association?$select=contactid`);
  expect(pairs.json.value.map((row: { contactid: string }) => row.contactid)).toEqual([id(11)]);
  expect(await count()).toBe(1);
});

test("the general form of association makes the same listmember rows", async () => {
  const reference = { "@odata.id": `${client.sandbox.origin}/api/data/v9.2/contacts(${id(12)})` };
  expect((await client.api("POST", `lists(${LIST})/listcontact_association/$ref`, reference)).status).toBe(204);
  expect([await members(), await count()]).toEqual([[id(12)], 1]);
  expect((await action("RemoveMemberList", { EntityId: id(12) })).status).toBe(204);
  expect([await members(), await count()]).toEqual([[], 0]);
});

test("RemoveMemberList: takes the row out; one that is not in it is no error", async () => {
  await action("AddMemberList", { EntityId: id(11) });
  expect((await action("RemoveMemberList", { EntityId: id(11) })).status).toBe(204);
  expect((await action("RemoveMemberList", { EntityId: id(11) })).status).toBe(204);
  expect([await members(), await count()]).toEqual([[], 0]);
});

test("AddListMembersList: many at once, all or none", async () => {
  const good = await client.api("POST", "AddListMembersList", {
    List: list(LIST),
    Members: [contact(11), contact(12), contact(11)],
  });
  expect([good.status, good.text]).toEqual([204, ""]);
  expect(await members()).toEqual([id(11), id(12)]);
  const bad = await client.api("POST", "AddListMembersList", { List: list(LIST), Members: [contact(13), contact(99)] });
  expect(refusal(bad)).toEqual([404, "0x80040217"]);
  expect([await members(), await count()]).toEqual([[id(11), id(12)], 2]);
});

test("CopyDynamicListToStatic: a new static list of those the query finds (page mt593064)", async () => {
  const answer = await action("CopyDynamicListToStatic", undefined, DYNAMIC);
  expect(answer.status).toBe(200);
  const { json } = await client.api("GET", `lists(${answer.json.StaticListId})`);
  expect(json).toMatchObject({ listname: "dynamic", type: false, query: null, createdfromcode: 2, membercount: 2 });
  expect(await members(answer.json.StaticListId)).toEqual([id(11), id(13)]);
  expect(refusal(await action("CopyDynamicListToStatic", {}))).toEqual([400, "0x8004f704"]);
});

test("CopyMembersList: without doubles, to a list of the same kind only (page mt607620)", async () => {
  await client.api("POST", "lists", { listid: id(4), listname: "target", createdfromcode: 2 });
  await client.api("POST", "AddListMembersList", { List: list(LIST), Members: [contact(11), contact(12)] });
  await action("AddMemberList", { EntityId: id(12) }, id(4));
  expect((await action("CopyMembersList", { TargetList: list(id(4)) })).status).toBe(204);
  expect(await members(id(4))).toEqual([id(11), id(12)]);
  expect((await action("CopyMembersList", { TargetList: list(OTHER) })).status).toBe(400);
  expect(refusal(await action("CopyMembersList", { TargetList: list(DYNAMIC) }))).toEqual([400, "0x8004f701"]);
});

test("QualifyMemberList: true leaves the given ones, false removes them (page mt607614)", async () => {
  await client.api("POST", "AddListMembersList", { List: list(LIST), Members: [contact(11), contact(12)] });
  await action("QualifyMemberList", { ListMember: [contact(12), contact(13)], OverrideorRemove: true });
  expect(await members()).toEqual([id(12), id(13)]);
  await action("QualifyMemberList", { ListMember: [contact(13)], OverrideorRemove: false });
  expect(await members()).toEqual([id(12)]);
});

test("dynamic list: has no members to write; queries and locks are for one kind each", async () => {
  for (const [name, body] of [
    ["AddMemberList", { EntityId: id(11) }],
    ["RemoveMemberList", { EntityId: id(11) }],
    ["QualifyMemberList", { ListMember: [], OverrideorRemove: true }],
  ] as const) {
    expect(refusal(await action(name, body, DYNAMIC))).toEqual([400, "0x8004f701"]);
  }
  const query = { query: "<fetch><entity name='contact'/></fetch>" };
  expect(refusal(await client.api("PATCH", `lists(${LIST})`, query))).toEqual([400, "0x8004f702"]);
  expect(refusal(await client.api("POST", "lists", { listname: "x", createdfromcode: 2, ...query }))).toEqual([
    400,
    "0x8004f702",
  ]);
  expect(refusal(await client.api("PATCH", `lists(${DYNAMIC})`, { lockstatus: true }))).toEqual([400, "0x8004f703"]);
  expect((await client.api("PATCH", `lists(${DYNAMIC})`, query)).status).toBe(204);
});

test("an inactive list refuses members (0x8004033a), a locked one too", async () => {
  await client.api("PATCH", `lists(${LIST})`, { lockstatus: true });
  expect(refusal(await action("AddMemberList", { EntityId: id(11) }))).toEqual([400, "0x8004022e"]);
  await client.api("PATCH", `lists(${LIST})`, { lockstatus: false, statecode: 1 });
  expect(refusal(await action("AddMemberList", { EntityId: id(11) }))).toEqual([400, "0x8004033a"]);
});

test("the kind of member is fixed by createdfromcode", async () => {
  await client.api("PATCH", `lists(${LIST})`, { createdfromcode: 1 });
  const { json } = await client.api("GET", `lists(${LIST})?$select=createdfromcode,membertype`);
  expect(json).toMatchObject({ createdfromcode: 2, membertype: 2 });
  expect(refusal(await action("AddMemberList", { EntityId: id(21) }))).toEqual([404, "0x80040217"]);
  const account = { "@odata.type": "Microsoft.Dynamics.CRM.account", accountid: id(21) };
  const answer = await client.api("POST", "AddListMembersList", { List: list(LIST), Members: [account] });
  expect(answer.status).toBe(400);
});

test.each([
  ["AddMemberList", {}],
  ["AddMemberList", { EntityId: 5 }],
  ["AddMemberList", { EntityId: id(11), More: 1 }],
  ["AddMemberList", []],
  ["CopyMembersList", { TargetList: "x" }],
  ["CopyMembersList", { TargetList: contact(11) }],
  ["QualifyMemberList", { ListMember: {}, OverrideorRemove: true }],
  ["QualifyMemberList", { ListMember: [], OverrideorRemove: "yes" }],
  ["QualifyMemberList", { ListMember: [{ contactid: id(11) }], OverrideorRemove: true }],
])("wrong parameters are a 400 in the envelope: %s %j", async (name, body) => {
  const answer = await action(name, body);
  expect(refusal(answer)).toEqual([400, "0x80048d19"]);
});

test("the actions are for lists that exist, and for POST", async () => {
  expect((await action("AddMemberList", { EntityId: id(11) }, id(99))).status).toBe(404);
  expect((await client.api("POST", `contacts(${id(11)})/Microsoft.Dynamics.CRM.AddMemberList`, {})).status).toBe(404);
  expect((await client.api("GET", `lists(${LIST})/Microsoft.Dynamics.CRM.AddMemberList`)).status).toBe(404);
  expect((await client.api("GET", "AddListMembersList")).status).toBe(404);
});

test("a dynamic list takes no members by association or deep insert either", async () => {
  const reference = { "@odata.id": `contacts(${id(11)})` };
  const refused = [400, "0x8004f701"];
  expect(refusal(await client.api("POST", `lists(${DYNAMIC})/listcontact_association/$ref`, reference))).toEqual(
    refused,
  );
  const back = { "@odata.id": `lists(${DYNAMIC})` };
  expect(refusal(await client.api("POST", `contacts(${id(11)})/listcontact_association/$ref`, back))).toEqual(refused);
  const body = { listname: "l", createdfromcode: 2, type: true, listcontact_association: [{ lastname: "x" }] };
  expect(refusal(await client.api("POST", "lists", body))).toEqual(refused);
  expect(await members(DYNAMIC)).toEqual([]);
});

test("a static list with members does not become dynamic (a guess); an empty one does (section 11: type can be updated)", async () => {
  await action("AddMemberList", { EntityId: id(11) });
  expect(refusal(await client.api("PATCH", `lists(${LIST})`, { type: true }))).toEqual([400, "0x80040203"]);
  expect([await members(), await count()]).toEqual([[id(11)], 1]);
  expect((await client.api("PATCH", `lists(${LIST})`, { type: false })).status).toBe(204);
  await action("RemoveMemberList", { EntityId: id(11) });
  expect((await client.api("PATCH", `lists(${LIST})`, { type: true })).status).toBe(204);
});
