import { afterEach, expect, test } from "vitest";
import type { Membership } from "../../core/connector.ts";
import type { ObjectSchema } from "../../core/schema.ts";
import { environment } from "./environment.test-data.ts";
import { ofFlow, ofStep, ofWorkflow } from "./logic.ts";
import { refusal, type Seen, type Stub, startStub } from "./stub.ts";

let stub: Stub;
afterEach(() => stub?.close());

const contact = { name: "contact" } as ObjectSchema;
const list: Membership = {
  ...{ relationship: "listcontact_association", object: "list", set: "lists", id: "1" },
  ...{ navigation: "listcontact_association", title: "a list" },
};
const pair: Membership = { ...list, relationship: "new_friends", object: "new_club", set: "new_clubs" };
const step = { name: "s", sync: true, message: "Update", table: "contact" };
const signal = new AbortController().signal;

test("a step runs for its message on its table, for an update of its columns; without a table for every one", () => {
  expect(ofStep({ ...step, columns: ["fax"] }, contact, [])).toEqual([
    { kind: "plug-in step", name: "s", sync: true, filtered: false, op: "update", columns: ["fax"] },
  ]);
  expect(ofStep({ ...step, message: "CreateMultiple", columns: ["fax"] }, contact, [])).toMatchObject([
    { op: "create" },
  ]);
  expect(ofStep({ ...step, message: "CreateMultiple", columns: ["fax"] }, contact, [])[0]).not.toHaveProperty(
    "columns",
  );
  expect(ofStep({ ...step, table: "account" }, contact, [])).toEqual([]);
  expect(ofStep({ name: "s", sync: false, message: "Delete" }, contact, [])).toMatchObject([
    { op: "delete", sync: false },
  ]);
  expect(ofStep({ ...step, message: "Merge" }, contact, [])).toEqual([]);
});

test("members of a list come by its actions, others by Associate; adding many at once runs at most that often", () => {
  const into = (message: string, table?: string) =>
    ofStep({ name: "s", sync: true, message, ...(table && { table }) }, contact, [list, pair]);
  expect(into("AddListMembersList", "list")).toMatchObject([{ op: "add", into: list, filtered: true }]);
  expect(into("RemoveMemberList", "list")).toMatchObject([{ op: "remove", into: list, filtered: false }]);
  expect(into("Associate")).toMatchObject([{ op: "add", into: pair }]);
  expect(into("Disassociate", "new_club")).toMatchObject([{ op: "remove", into: pair }]);
  expect(into("Associate", "account")).toEqual([]);
});

test("a workflow runs for what it says; of a smaller scope for some of the rows", () => {
  const workflow = { name: "w", mode: 1, scope: 4, triggeroncreate: true, triggerondelete: true };
  expect(ofWorkflow({ ...workflow, triggeronupdateattributelist: "fax, LastName" })).toEqual([
    { kind: "workflow", name: "w", sync: true, filtered: false, op: "create" },
    { kind: "workflow", name: "w", sync: true, filtered: false, op: "update", columns: ["fax", "lastname"] },
    { kind: "workflow", name: "w", sync: true, filtered: false, op: "delete" },
  ]);
  expect(ofWorkflow({ name: "w", mode: 0, scope: 1, triggeroncreate: true })).toMatchObject([
    { sync: false, filtered: true },
  ]);
});

test.each([
  [1, "create"],
  [2, "delete"],
  [3, "update"],
  [4, "create update"],
  [5, "create delete"],
  [6, "update delete"],
  [7, "create update delete"],
])("a flow of message %i runs after %s", (message, ops) => {
  const found = ofFlow({ name: "f", message, scope: 4 });
  expect(found.map(({ op, sync }) => [op, sync])).toEqual(ops.split(" ").map((op) => [op, false]));
});

/** What an environment answers about logic: a step, a workflow, two flows, and audit of one column. */
function logical(request: Seen) {
  const path = request.path.replace("/api/data/v9.2/", "");
  const value = (...rows: object[]) => ({ body: { value: rows } });
  if (path.startsWith("sdkmessageprocessingsteps"))
    return value(
      {
        name: "s",
        mode: 0,
        sdkmessageid: { name: "Create" },
        sdkmessagefilterid: { primaryobjecttypecode: "contact" },
      },
      {
        name: "t",
        mode: 0,
        sdkmessageid: { name: "Create" },
        sdkmessagefilterid: { primaryobjecttypecode: "account" },
      },
      { name: "u", mode: 1, sdkmessageid: { name: "Delete" }, sdkmessagefilterid: null },
    );
  const id = "de7153ba-9221-4079-82cc-c884bbd05dc0";
  if (path.includes("category eq 5")) return value({ workflowid: id.toUpperCase(), name: "Welcome" });
  if (path.startsWith("workflows")) return value({ name: "w", mode: 0, scope: 4, triggeroncreate: true });
  if (path.startsWith("callbackregistrations")) {
    const owner = { "_ownerid_value@OData.Community.Display.V1.FormattedValue": "Ana" };
    return value(
      { name: id, message: 3, scope: 4, filteringattributes: "fax" },
      { name: "Callback Registration Id: 7", message: 1, scope: 4, filterexpression: "x eq 1", ...owner },
    );
  }
  if (path.startsWith("organizations?$select=isauditenabled")) return value({ isauditenabled: true });
  if (path.includes("$select=IsAuditEnabled")) {
    const Attributes = [
      { LogicalName: "fax", IsAuditEnabled: { Value: true } },
      { LogicalName: "lastname", IsAuditEnabled: { Value: false } },
    ];
    return { body: { IsAuditEnabled: { Value: true }, Attributes } };
  }
  return environment(request);
}

test("six requests tell everything by name, and what bypass and suppressFlows leave out", async () => {
  stub = await startStub(logical, { config: { bypass: ["customAsync"], suppressFlows: true } });
  const object = await stub.session.describe("contact");
  const before = stub.seen.length;
  const { triggers, audited, unknown } = await stub.session.logic(object, [], signal);
  expect(stub.seen.length - before).toBe(6);
  expect(triggers.map(({ kind, name, op, leftOut }) => [kind, name, op, leftOut])).toEqual([
    ["plug-in step", "s", "create", false],
    ["plug-in step", "u", "delete", true],
    ["workflow", "w", "create", true],
    ["flow", "Welcome", "update", true],
    ["flow", "Callback Registration Id: 7, owned by Ana", "create", true],
  ]);
  expect(triggers.map((one) => one.filtered)).toEqual([false, false, false, false, true]);
  expect([[...audited!], unknown]).toEqual([["fax"], []]);
});

test("who may not look is told so in a sentence each, and the rest is there", async () => {
  const blind = /processingsteps|workflows|organizations\?\$select=isaudit/;
  stub = await startStub((r) => (blind.test(r.path) ? refusal(403, "0x80040220", "missing prvRead") : logical(r)));
  const logic = await stub.session.logic(await stub.session.describe("contact"), [], signal);
  expect(logic.unknown).toHaveLength(3);
  expect(logic.unknown).toContainEqual(
    expect.stringMatching(/^Plug-in steps of contact could not be looked at\. .*prvRead/),
  );
  expect(logic).not.toHaveProperty("audited");
  expect(logic.triggers).toMatchObject([
    { kind: "flow", name: "de7153ba-9221-4079-82cc-c884bbd05dc0", columns: ["fax"] },
    { kind: "flow", name: "Callback Registration Id: 7, owned by Ana" },
  ]);
});
