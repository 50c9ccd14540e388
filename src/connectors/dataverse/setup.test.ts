import { afterEach, expect, test } from "vitest";
import { ensureColumn, ensureKey } from "./index.ts";
import { type Reply, refusal, type Seen, type Stub, startStub } from "./stub.ts";

let stub: Stub;
afterEach(() => stub.close());

const tier = { name: "new_LoyaltyTier", title: "Loyalty tier", type: "text", maxLength: 40 } as const;
const number = { name: "new_Number", title: "Number", columns: ["new_no"] };
const key = (EntityKeyIndexStatus: string): Reply => ({
  body: { value: [{ LogicalName: "new_number", KeyAttributes: ["new_no"], EntityKeyIndexStatus }] },
});

test("a column is made once, in the documented form", async () => {
  let made = false;
  stub = await startStub((r) => {
    if (r.method === "GET") return { body: { value: made ? [{ LogicalName: "new_loyaltytier" }] : [] } };
    made = true;
    return { status: 204 };
  });
  expect(await ensureColumn(stub.session, "contact", tier)).toBe(true);
  expect(await ensureColumn(stub.session, "contact", tier)).toBe(false);
  const posts = stub.seen.filter((s) => s.method === "POST");
  expect(posts).toHaveLength(1);
  expect(posts[0]?.path).toBe("/api/data/v9.2/EntityDefinitions(LogicalName='contact')/Attributes");
  expect(JSON.parse(posts[0]!.body)).toMatchObject({
    "@odata.type": "Microsoft.Dynamics.CRM.StringAttributeMetadata",
    AttributeType: "String",
    AttributeTypeName: { Value: "StringType" },
    SchemaName: "new_LoyaltyTier",
    MaxLength: 40,
    FormatName: { Value: "Text" },
    DisplayName: { LocalizedLabels: [{ Label: "Loyalty tier", LanguageCode: 1033 }] },
  });
});

test.each([
  [{ type: "integer" }, "Integer", { MinValue: -2147483648 }],
  [{ type: "decimal", precision: 3 }, "Decimal", { Precision: 3 }],
  [{ type: "boolean" }, "Boolean", { OptionSet: { TrueOption: { Value: 1 }, FalseOption: { Value: 0 } } }],
  [{ type: "date" }, "DateTime", { Format: "DateOnly", DateTimeBehavior: { Value: "DateOnly" } }],
  [{ type: "datetime" }, "DateTime", { DateTimeBehavior: { Value: "UserLocal" } }],
] as const)("%o", async (column, type, specifics) => {
  stub = await startStub((r) => (r.method === "GET" ? { body: { value: [] } } : { status: 204 }));
  await ensureColumn(stub.session, "contact", { name: "new_x", title: "x", ...column });
  expect(JSON.parse(stub.seen.at(-1)!.body)).toMatchObject({ AttributeType: type, ...specifics });
});

test("a key is waited for until it is active", async () => {
  const states = ["Pending", "InProgress", "Active"];
  let made: Seen | undefined;
  stub = await startStub((r) => {
    if (r.method === "POST") made = r;
    if (r.method === "POST") return { status: 204 };
    return made ? key(states.shift()!) : { body: { value: [] } };
  });
  expect(await ensureKey(stub.session, "contact", number)).toBe(true);
  expect(stub.clock.pauses).toEqual([2000, 2000]);
  expect(JSON.parse(made!.body)).toMatchObject({ SchemaName: "new_Number", KeyAttributes: ["new_no"] });
});

test("a key that is there is not made again; one that failed or never ends is an error", async () => {
  stub = await startStub(() => key("Active"));
  expect(await ensureKey(stub.session, "contact", number)).toBe(false);
  expect(stub.seen.every((s) => s.method === "GET")).toBe(true);
  await stub.close();
  stub = await startStub(() => key("Failed"));
  await expect(ensureKey(stub.session, "contact", number)).rejects.toMatchObject({
    code: "destination_failed",
    remedy: expect.stringContaining("new_no"),
  });
  await stub.close();
  stub = await startStub(() => key("Pending"));
  await expect(ensureKey(stub.session, "contact", number)).rejects.toThrow("still Pending");
});

test("a missing right is named", async () => {
  stub = await startStub((r) =>
    r.method === "GET"
      ? { body: { value: [] } }
      : refusal(403, "0x80040220", "is missing prvCreateAttribute privilege"),
  );
  await expect(ensureColumn(stub.session, "contact", tier)).rejects.toMatchObject({
    code: "not_allowed",
    message: expect.stringContaining("prvCreateAttribute"),
  });
});
