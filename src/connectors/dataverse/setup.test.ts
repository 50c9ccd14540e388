import { afterEach, expect, test } from "vitest";
import { ensureColumn, ensureKey, ensureSolution } from "./index.ts";
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

const loyalty = { name: "Loyalty", title: "Loyalty programme", prefix: "loy", options: 20_000 };
/** Answers as an environment with these publishers and solutions, to which what is posted is added. */
const solutions = (rows: { publishers: object[]; solutions: object[] }) => (seen: Seen) => {
  const set = /\/(publishers|solutions)/.exec(seen.path)![1] as keyof typeof rows;
  if (seen.method === "GET") return { body: { value: rows[set] } };
  rows[set].push({ ...JSON.parse(seen.body), ...(set === "publishers" && { publisherid: "the-publisher" }) });
  return { status: 204 };
};

test("a solution is made once, with a publisher of its own", async () => {
  stub = await startStub(solutions({ publishers: [], solutions: [] }));
  expect(await ensureSolution(stub.session, loyalty)).toBe(true);
  expect(await ensureSolution(stub.session, loyalty)).toBe(false);
  const posts = stub.seen.filter((s) => s.method === "POST");
  expect(posts.map((s) => [s.path, JSON.parse(s.body)])).toEqual([
    [
      "/api/data/v9.2/publishers",
      {
        uniquename: "Loyalty",
        friendlyname: "Loyalty programme",
        customizationprefix: "loy",
        customizationoptionvalueprefix: 20000,
      },
    ],
    [
      "/api/data/v9.2/solutions",
      {
        uniquename: "Loyalty",
        friendlyname: "Loyalty programme",
        version: "1.0.0.0",
        "publisherid@odata.bind": "/publishers(the-publisher)",
      },
    ],
  ]);
});

test("a publisher whose prefix somebody changed is named, and nothing is made", async () => {
  const publishers = [{ publisherid: "the-publisher", customizationprefix: "cust" }];
  stub = await startStub(solutions({ publishers, solutions: [] }));
  await expect(ensureSolution(stub.session, loyalty)).rejects.toMatchObject({
    code: "destination_failed",
    message: expect.stringContaining("prefix cust, not loy"),
  });
  expect(stub.seen.some((s) => s.method === "POST")).toBe(false);
});

test("columns and keys go into the solution that is named", async () => {
  stub = await startStub((r) => (r.method === "GET" ? { body: { value: [] } } : { status: 204 }));
  await ensureColumn(stub.session, "contact", tier, "Loyalty");
  await ensureColumn(stub.session, "contact", tier);
  const posts = stub.seen.filter((s) => s.method === "POST");
  expect(posts.map((s) => s.headers["mscrm.solutionuniquename"])).toEqual(["Loyalty", undefined]);
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
  expect(await ensureKey(stub.session, "contact", number, "Loyalty")).toBe(true);
  expect(made!.headers["mscrm.solutionuniquename"]).toBe("Loyalty");
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
