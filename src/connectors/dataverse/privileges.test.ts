import { afterEach, expect, test } from "vitest";
import { needOf } from "../../core/check.ts";
import { syncFile } from "../../core/project.ts";
import type { Column, ObjectSchema } from "../../core/schema.ts";
import { privilegeNames, rightsFor } from "./privileges.ts";
import { refusal, type Stub, startStub } from "./stub.ts";

let stub: Stub | undefined;
afterEach(async () => {
  await stub?.close();
  stub = undefined;
});

/** What each part of a sync asks for, beyond what reading its table and making its records takes. */

const column = (name: string, more: Partial<Column> = {}): Column => ({
  ...{ name, title: name, type: "text", required: false, create: true, update: true },
  ...more,
});
const at = (object: string) => ({ object, set: `${object}s`, navigation: object });
const contact: ObjectSchema = {
  ...{ name: "contact", title: "Contact", set: "contacts", id: "contactid", label: "fullname", keys: [] },
  columns: [
    column("number"),
    column("statuscode", { type: "status" }),
    column("firm", { type: "lookup", targets: [at("account")] }),
    column("customer", { type: "lookup", targets: [at("account"), at("contact")] }),
    column("ownerid", { type: "lookup", targets: [at("systemuser"), at("team")] }),
  ],
  can: { bulk: true, deltas: true },
};

test.each([
  ["nothing more", {}, []],
  ["a lookup", { firm: { from: "f", lookup: { by: "name" } } }, ["account Read", "contact Append", "account AppendTo"]],
  [
    "a lookup that makes its parents, in the one table it may point at",
    { firm: { from: "f", lookup: { by: "name", missing: "create" } } },
    ["account Read", "account Create", "contact Append", "account AppendTo"],
  ],
  [
    "a lookup that makes its parents in one of two tables, and finds rows of its own run in the other",
    {
      customer: {
        from: "f",
        lookup: [
          { object: "Contact", by: "number" },
          { object: "Account", by: "name", missing: "create" },
        ],
      },
    },
    ["account Read", "contact Write", "account Create", "contact Append", "contact AppendTo", "account AppendTo"],
  ],
  ["an owner", { ownerid: "f" }, ["systemuser Read", "team Read", "contact Assign"]],
  ["a status, which is set once the record is there", { statuscode: "f" }, ["contact Write"]],
])("%s", (_, more, rights) => {
  const settings = { model: "m", to: "crm", object: "contact", match: "number", mode: "create" };
  const sync = syncFile.parse({ ...settings, mapping: { number: "number", ...more } });
  const wanted = rightsFor(needOf(sync), contact).map(({ object, right }) => `${object} ${right}`);
  expect(wanted).toEqual(["contact Read", "contact Create", ...rights]);
});

test("a table that is not there takes no privilege; one that may not be looked at is an error", async () => {
  const names = (object: string) => privilegeNames(stub!.session.api, object);
  stub = await startStub(({ path }) => {
    if (path.includes("'nope'")) return refusal(404, "0x80060888");
    if (path.includes("'secret'")) return refusal(403, "0x80040220", "is missing prvReadEntity");
    return { body: { Privileges: [{ Name: "prvWriteContact", PrivilegeType: "Write", PrivilegeId: "p" }] } };
  });
  expect(await names("contact")).toEqual(new Map([["Write", "prvWriteContact"]]));
  expect(await names("nope")).toEqual(new Map());
  await expect(names("secret")).rejects.toMatchObject({ code: "not_allowed" });
});
