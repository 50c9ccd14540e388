import { expect, test } from "vitest";
import { idIn, useSandbox } from "../../raw-client.test-data.ts";

// The BulkDelete action's reference; the shape of its query as Microsoft's client for Python sends it.
const client = useSandbox();
const later = () => client.control("POST", "clock", { advanceMs: 60_000 });

const condition = (AttributeName: string, Operator: string, values: unknown[] = []) => ({
  "@odata.type": "Microsoft.Dynamics.CRM.ConditionExpression",
  AttributeName,
  Operator,
  Values: values.map((Value) => ({ Value, Type: "System.String" })),
});
const query = (EntityName: string, ...conditions: unknown[]) => ({
  "@odata.type": "Microsoft.Dynamics.CRM.QueryExpression",
  EntityName,
  ColumnSet: { AllColumns: false, Columns: [] },
  Criteria: { FilterOperator: "And", Conditions: conditions },
});
const bulkDelete = (QuerySet: unknown, more: object = {}) =>
  client.api("POST", "BulkDelete", {
    QuerySet,
    JobName: "clean up",
    SendEmailNotification: false,
    ToRecipients: [],
    CCRecipients: [],
    RecurrencePattern: "",
    StartDateTime: "2020-01-01T00:00:00Z",
    ...more,
  });

test("BulkDelete: the job waits, then is done, and its rows are gone", async () => {
  const ids: string[] = [];
  for (const lastname of ["a", "b", "c"]) ids.push(idIn(await client.api("POST", "contacts", { lastname })));
  const made = await bulkDelete([query("contact", condition("contactid", "In", ids.slice(0, 2)))]);
  expect(made.status).toBe(200);
  expect(made.json["@odata.context"]).toMatch(/#Microsoft\.Dynamics\.CRM\.BulkDeleteResponse$/);
  const job = `asyncoperations(${made.json.JobId})?$select=statecode,statuscode,operationtype,name`;
  await later();
  const { json } = await client.api("GET", job);
  expect(json).toMatchObject({ statecode: 3, statuscode: 30, operationtype: 13, name: "clean up" });
  const rest = await client.api("GET", "contacts?$select=lastname");
  expect(rest.json.value.map((each: { lastname: string }) => each.lastname)).toEqual(["c"]);
  const done = await client.api("GET", `bulkdeleteoperations?$filter=_asyncoperationid_value eq ${made.json.JobId}`);
  expect(done.json.value[0]).toMatchObject({ successcount: 2, failurecount: 0, statuscode: 30 });
});

test("BulkDelete: what an environment cannot be without stays, and counts as failed", async () => {
  await client.api("POST", "roles", { name: "R" });
  const made = await bulkDelete([query("role")]);
  await later();
  const { json } = await client.api("GET", "roles?$select=name");
  expect(json.value).toHaveLength(7);
  const done = await client.api("GET", `bulkdeleteoperations?$filter=_asyncoperationid_value eq ${made.json.JobId}`);
  expect(done.json.value[0]).toMatchObject({ successcount: 1, failurecount: 7 });
});

test("BulkDelete: not before StartDateTime, and with what its queries find by then", async () => {
  const { json } = await client.control("GET", "clock");
  const start = new Date(Date.parse(json.now ?? json.time ?? new Date().toISOString()) + 600_000).toISOString();
  const made = await bulkDelete([query("contact", condition("lastname", "Equal", ["x"]))], { StartDateTime: start });
  await client.api("POST", "contacts", { lastname: "x" });
  await later();
  const job = `asyncoperations(${made.json.JobId})?$select=statuscode`;
  expect((await client.api("GET", job)).json.statuscode).toBe(0);
  await client.control("POST", "clock", { advanceMs: 600_000 });
  expect((await client.api("GET", job)).json.statuscode).toBe(30);
  expect((await client.api("GET", "contacts")).json.value).toEqual([]);
});

test("BulkDelete: rows that may not go are counted, the others go", async () => {
  await client.api("POST", "EntityDefinitions", {
    SchemaName: "new_Child",
    Attributes: [
      { "@odata.type": "StringAttributeMetadata", SchemaName: "new_Name", IsPrimaryName: true, MaxLength: 10 },
    ],
  });
  await client.api("POST", "RelationshipDefinitions", {
    "@odata.type": "Microsoft.Dynamics.CRM.OneToManyRelationshipMetadata",
    SchemaName: "new_contact_child",
    ReferencedEntity: "contact",
    ReferencingEntity: "new_child",
    CascadeConfiguration: { Delete: "Restrict" },
    Lookup: { SchemaName: "new_Parent" },
  });
  const held = idIn(await client.api("POST", "contacts", { lastname: "held" }));
  for (const lastname of ["free", "free"]) await client.api("POST", "contacts", { lastname });
  await client.api("POST", "new_childs", { new_name: "c", "new_Parent@odata.bind": `/contacts(${held})` });
  await bulkDelete([query("contact")]);
  await later();
  const { json } = await client.api("GET", "bulkdeleteoperations");
  expect(json.value[0]).toMatchObject({ successcount: 2, failurecount: 1 });
  expect((await client.api("GET", "contacts?$select=lastname")).json.value).toHaveLength(1);
});

test.each([
  ["no queries", [], {}],
  ["no query", [5], {}],
  ["no table", [query("nope")], {}],
  ["no column", [query("contact", condition("nope", "Equal", ["x"]))], {}],
  ["no operator", [query("contact", condition("lastname", "Resembles", ["x"]))], {}],
  ["no job name", [query("contact")], { JobName: undefined }],
  ["no date", [query("contact")], { StartDateTime: "soon" }],
  ["a misspelt parameter", [query("contact")], { StartDatetime: "2099-01-01T00:00:00Z" }],
])("BulkDelete: %s is refused", async (_name, queries, more) => {
  const answer = await bulkDelete(queries, more);
  expect([answer.status, typeof answer.json.error.code]).toEqual([400, "string"]);
});

test("BulkDelete: links and recurrence are not built and say so", async () => {
  const linked = await bulkDelete([{ ...query("contact"), LinkEntities: [{}] }]);
  expect([linked.status, linked.json.error.message]).toEqual([501, expect.stringContaining("LinkEntities")]);
  expect((await bulkDelete([query("contact")], { RecurrencePattern: "FREQ=DAILY" })).status).toBe(501);
});
